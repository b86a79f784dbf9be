"""Where it is told what a code means: `carlang explain`, or a page on the web where somebody has set these up."""

from __future__ import annotations

from collections.abc import Iterable

from carlang.diagnostics.codes import Code
from carlang.diagnostics.diagnostic import Diagnostic
from carlang.escapes import printable

PLACE = "{code}"
"""What stands for the code in the address of pages."""
_LISTED = 8
"""How many codes a line names: as many as 80 columns hold."""


def explained_by(code: Code) -> str:
    """Return the command that shows the page of a code."""
    return f"carlang explain {code.name}"


def page_address(code: Code, pages: str) -> str:
    """Return the address of a code's page, where `pages` is that of all of them, with or without `{code}` in it."""
    return pages.replace(PLACE, code.name) if PLACE in pages else f"{pages}{code.name}"


def see_text(diagnostics: Iterable[Diagnostic], pages: str | None = None) -> str:
    """Return where the codes of diagnostics are explained, each code once; nothing where there are none."""
    codes = list({diagnostic.code: None for diagnostic in diagnostics})
    if not codes:
        return ""
    more = " …" if len(codes) > _LISTED else ""
    if pages is None:
        return f"see: carlang explain {' '.join(code.name for code in codes[:_LISTED])}{more}"
    return "\n".join(printable(f"see: {page_address(code, pages)}") for code in codes[:_LISTED]) + more
