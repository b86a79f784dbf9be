# ruff: noqa: INP001  # a script, not a module
"""Write into docs/sigma-export.md what of the catalogue goes out: `python docs/generate_sigma_export.py`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import carlang
from carlang.diagnostics import Diagnostic

PAGE = Path(__file__).parent / "sigma-export.md"
BEGIN = "<!-- Written by docs/generate_sigma_export.py from here to the end; run it again when analytics change. -->"


def tables() -> str:
    """Return the part of the page that is generated."""
    exported = {analytic.id: analytic.export() for analytic in carlang.catalogue()}
    written = {(id_, piece.rule.output) for id_, each in exported.items() for piece in each.pieces}
    rules = sum(len(each.pieces) for each in exported.values())
    refused = [(id_, fault) for id_, each in exported.items() for fault in each.diagnostics]
    head = (
        f"Of {len(written) + len(refused)} outputs of {len(exported)} analytics {len(written)} go out,"
        f" as {rules} rules; {len(refused)} do not."
    )
    rows = [f"| {id_} | {', '.join(f'`{output}`' for output in outputs)} |" for id_, outputs in _by_analytic(written)]
    whys = [f"| {id_} | {_why(fault)} |" for id_, fault in refused]
    out = "\n".join(["| analytic | outputs |", "|---|---|", *rows])
    return "\n\n".join([head, out, "\n".join(["| stays | what of it | why |", "|---|---|---|", *whys])]) + "\n"


def _by_analytic(written: set[tuple[str, str]]) -> Iterator[tuple[str, list[str]]]:
    for id_ in sorted({id_ for id_, _ in written}):
        yield id_, sorted(output for other, output in written if other == id_)


def _why(fault: Diagnostic) -> str:
    return f"{fault.label.removeprefix('of output ')} | {fault.message}"


def page() -> str:
    """Return the page as it is, with its tables anew."""
    text, _, _ = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    return f"{text}{BEGIN}\n\n{tables()}"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
