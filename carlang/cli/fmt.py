"""`carlang fmt`: the canonical layout."""

from __future__ import annotations

from typing import Annotated

from carlang.analytic import CompiledAnalytic
from carlang.cli import exits
from carlang.cli.console import put, put_program, say, say_diagnostics
from carlang.cli.declared import Option
from carlang.cli.options import Expression, Targets, open_project
from carlang.cli.rewriting import document_of, is_text, require_paths, rewritten, save, unified
from carlang.cli.targets import find_analytics
from carlang.diagnostics import Diagnostic, Severity
from carlang.importers import Form, RewriteError
from carlang.source import Source
from carlang.syntax import format_program, parse


def fmt(
    targets: Targets = None,
    expression: Expression = None,
    *,
    check: Annotated[bool, Option("--check", help="Change nothing; name what would be changed.")] = False,
    diff: Annotated[bool, Option("--diff", help="Change nothing; show what would be changed.")] = False,
) -> int:
    """Write programs in the canonical layout; comments stay. A program with syntax errors is left as it is."""
    analytics = find_analytics(targets or [], expression, open_project())
    require_paths(analytics, targets or [])
    status, changed = exits.DONE, 0
    for analytic in analytics:
        try:
            differs = _format(analytic, check=check, diff=diff)
        except RewriteError as error:
            say(f"error: {error}")
            differs = None
        changed += bool(differs)
        if differs is None or (differs and check):
            status = exits.FAULTY
    if not all(map(is_text, analytics)):
        done = "would be changed" if check or diff else "changed"
        say(f"{len(analytics)} file{'' if len(analytics) == 1 else 's'}: {changed} {done}")
    return status


def _format(analytic: CompiledAnalytic, *, check: bool, diff: bool) -> bool | None:
    """Format a document; tell whether that changes it, or return None where it has errors."""
    faults = _faults(analytic)
    if faults:
        say_diagnostics(faults)
        return None
    document = document_of(analytic)
    if document.form in (Form.YAML, Form.SIGMA):
        whose = "Sigma" if document.form is Form.SIGMA else "CAR's YAML"
        say(f"{analytic.file}: {whose} is not rewritten; `carlang import` makes a .car file of it")
        text = document.text
    else:
        text = rewritten(document, [(source, _formatted(source)) for source in analytic.data.sources])
    differs = text != document.text
    if diff and differs:
        put_program(unified(analytic.file, document.text, text))
    elif check and differs:
        put(analytic.file)
    elif is_text(analytic) and not (check or diff):
        put_program(text.removesuffix("\n"))
    elif differs:
        save(document, text)
    return differs


def _formatted(source: Source) -> str:
    return format_program(source) or source.text


def _faults(analytic: CompiledAnalytic) -> list[Diagnostic]:
    """Return what keeps an analytic from being formatted: no program to be read, or faults of syntax."""
    around = [] if analytic.data.sources else list(analytic.data.diagnostics)
    faults = [d for source in analytic.data.sources for d in parse(source).diagnostics]
    return [d for d in [*around, *faults] if d.severity is Severity.ERROR]
