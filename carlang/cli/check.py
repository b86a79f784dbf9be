"""`carlang check`: every fault in every program."""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Any

import typer

from carlang.analytic import CompiledAnalytic, seconds
from carlang.cli import exits
from carlang.cli.console import put, put_diagnostics, put_json, put_program, say, say_block, say_diagnostics
from carlang.cli.exits import UsageError
from carlang.cli.fixing import Fixed, fix_all
from carlang.cli.options import Expression, StorePath, Targets, Timeout, open_project
from carlang.cli.targets import find_analytics
from carlang.deadline import limit_time
from carlang.diagnostics import Diagnostic, Severity, diagnostic_json, has_errors
from carlang.engine import hollow_records, missing_events
from carlang.results import Reason, reasons_text
from carlang.store import Store, open_store

FORMATS = ("text", "json")

Unsupported = tuple[CompiledAnalytic, str, tuple[Reason, ...]]
"""An analytic, one of its outputs, and why a store cannot support it."""


def check(
    targets: Targets = None,
    expression: Expression = None,
    store: StorePath = None,
    format_: Annotated[str, typer.Option("--format", metavar="FORMAT", help=" | ".join(FORMATS))] = "text",
    timeout: Timeout = None,
    *,
    fix: Annotated[bool, typer.Option("--fix", help="Apply the repairs that are certain, and show them.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Warnings count as errors.")] = False,
) -> int:
    """Report every fault in every program; with a store, also what the store cannot support.

    With --fix, certain repairs are written to the files first; a program that came as text goes to standard output.
    """
    if format_ not in FORMATS:
        raise UsageError(f"--format: there is no format {format_!r}; choose one of {', '.join(FORMATS)}")
    project = open_project()
    with limit_time(seconds("--timeout", timeout)):
        analytics = find_analytics(targets or [], expression, project)
        fixed = fix_all(analytics, targets or []) if fix else []
        analytics = [each.analytic for each in fixed] if fix else analytics
        diagnostics = [d for analytic in analytics for d in analytic.diagnostics]
    path = project.store_path(store)
    opened = open_store(path) if path else None
    unsupported = _unsupported(analytics, opened) if opened else []
    incomplete = _incomplete(analytics, opened) if opened else []
    if format_ == "json":
        _put_json(analytics, unsupported, incomplete, fixed)
    else:
        _put_fixed(fixed)
        _put_text(diagnostics, unsupported, incomplete, len(analytics), beside=any(each.text for each in fixed))
    faulty = (
        has_errors(diagnostics)
        or any(each.problem for each in fixed)
        or (strict and any(d.severity is Severity.WARNING for d in diagnostics))
    )
    return exits.FAULTY if faulty else exits.DONE


def _unsupported(analytics: list[CompiledAnalytic], store: Store) -> list[Unsupported]:
    """Return what a store cannot support: the analytic, its output, the reasons."""
    unsupported: list[Unsupported] = []
    for analytic in analytics:
        if has_errors(analytic.diagnostics):
            continue
        for output in analytic.outputs():
            if reasons := missing_events(output, store, analytic.model):
                unsupported.append((analytic, output.name, reasons))  # noqa: PERF401  # two loops and a guard read better so
    return unsupported


def _incomplete(analytics: list[CompiledAnalytic], store: Store) -> list[Unsupported]:
    """Return what runs on a store, over a part of the events that were logged: the analytic, its output, why."""
    return [
        (analytic, output.name, reasons)
        for analytic in analytics
        if not has_errors(analytic.diagnostics)
        for output in analytic.outputs()
        if not missing_events(output, store, analytic.model) and (reasons := hollow_records(output, store))
    ]


def _put_fixed(fixed: list[Fixed]) -> None:
    """Show what was repaired; a program that came as text goes to standard output, alone."""
    texts = [each.text for each in fixed if each.text]
    for each in fixed:
        if each.diff:
            (say_block if texts else put_program)(each.diff)
        if each.problem:
            say(f"error: {each.problem}")
    for text in texts:
        put_program(text.removesuffix("\n"))
    if fixed:
        count = sum(each.repairs for each in fixed)
        say(f"{count} repair{'' if count == 1 else 's'} applied")


def _put_text(
    diagnostics: list[Diagnostic],
    unsupported: list[Unsupported],
    incomplete: list[Unsupported],
    count: int,
    *,
    beside: bool,
) -> None:
    """Show what was found: on standard output, or on standard error `beside` a program that stands there alone."""
    write = say if beside else put
    if diagnostics:
        (say_diagnostics if beside else put_diagnostics)(diagnostics, end="")
    for analytic, output, reasons in unsupported:
        write(f"{analytic.id}: `{output}` cannot run on this store: {reasons_text(reasons)}")
    for analytic, output, reasons in incomplete:
        write(f"{analytic.id}: `{output}` does not see all that was logged: {reasons_text(reasons)}")
    totals = Counter(d.severity.value for d in diagnostics)
    counts = ", ".join(f"{n} {kind}{'' if n == 1 else 's'}" for kind, n in sorted(totals.items()))
    say(f"{count} program{'' if count == 1 else 's'} checked: {counts or 'no faults'}")


def _put_json(
    analytics: list[CompiledAnalytic], unsupported: list[Unsupported], incomplete: list[Unsupported], fixed: list[Fixed]
) -> None:
    document: dict[str, Any] = {
        "version": 1,
        "analytics": [
            {
                "analytic": analytic.id,
                "file": analytic.file,
                "valid": not has_errors(analytic.diagnostics),
                "diagnostics": [diagnostic_json(d) for d in analytic.diagnostics],
            }
            for analytic in analytics
        ],
        "not_supported": [
            {"analytic": analytic.id, "output": output, "reason": reasons_text(reasons)}
            for analytic, output, reasons in unsupported
        ],
        "incomplete": [
            {"analytic": analytic.id, "output": output, "reason": reasons_text(reasons)}
            for analytic, output, reasons in incomplete
        ],
    }
    if fixed:
        document["fixed"] = [
            {
                "analytic": each.analytic.id,
                "file": each.analytic.file,
                "repairs": each.repairs,
                "diff": each.diff,
                "program": each.text or None,
                "problem": each.problem or None,
            }
            for each in fixed
        ]
    put_json(document)
