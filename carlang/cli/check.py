"""`carlang check`: every fault in every program."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any

from carlang.analytic import CompiledAnalytic, Judged, RunOptions, checked, judge_analytics
from carlang.cli import exits
from carlang.cli.baselines import checked_baseline, split_targets
from carlang.cli.console import (
    agreed,
    asks,
    put,
    put_diagnostics,
    put_json,
    put_program,
    say,
    say_block,
    say_diagnostics,
)
from carlang.cli.declared import Option
from carlang.cli.exits import UsageError
from carlang.cli.fixing import Agrees, Fixed, fix_all
from carlang.cli.options import Expression, SigmaPipelines, StorePath, Targets, Timeout, open_project, say_counted
from carlang.cli.targets import find_analytics
from carlang.deadline import limit_time
from carlang.diagnostics import Diagnostic, Severity, diagnostic_json, has_errors, sarif_log
from carlang.results import Judgement, State, counted, judgement_json, judgement_text, reasons_text
from carlang.store import open_store

FORMATS = ("text", "json", "sarif")

OutputJudgement = tuple[CompiledAnalytic, str, Judgement]
"""An analytic, one of its outputs, and what a store can say of it."""


def check(  # noqa: PLR0913  # the options that the command has
    targets: Targets = None,
    expression: Expression = None,
    store: StorePath = None,
    now: Annotated[str | None, Option(metavar="T", help="The instant that programs call now.")] = None,
    format_: Annotated[str, Option("--format", metavar="FORMAT", help=" | ".join(FORMATS))] = "text",
    timeout: Timeout = None,
    pipeline: SigmaPipelines = None,
    *,
    fix: Annotated[bool, Option("--fix", help="Apply the repairs that are certain, and show them.")] = False,
    likely: Annotated[bool, Option("--likely", help="With --fix, the likely repairs too; asks first.")] = False,
    yes: Annotated[bool, Option("--yes", help="With --likely, do not ask.")] = False,
    strict: Annotated[bool, Option("--strict", help="Warnings count as errors.")] = False,
) -> int:
    """Report every fault in every program; with a store, also what the store cannot support.

    With --fix, certain repairs are written to the files first, with --likely likely ones too, which are shown and asked
    for; a program that came as text goes to standard output.
    """
    if format_ not in FORMATS:
        raise UsageError(f"--format: there is no format {format_!r}; choose one of {', '.join(FORMATS)}")
    if fix and format_ == "sarif":
        raise UsageError("--fix: what was repaired has no place in SARIF; take text or json, and check again")
    agrees = _agreement(fix=fix, likely=likely, yes=yes)
    options = RunOptions.of(now=now, timeout=timeout, command=True)
    project = open_project(pipelines=pipeline)
    with limit_time(options.limits.seconds):
        baselines, others = split_targets(targets)
        named = bool(others) or expression is not None or not baselines
        analytics = find_analytics(others, expression, project) if named else []
        fixed = fix_all(analytics, others, agrees) if fix else []
        analytics = [each.analytic for each in fixed] if fix else analytics
        of_analytics = [(analytic, checked(analytic)) for analytic in analytics]
        of_baselines = {target: checked_baseline(target, project) for target in baselines}
        diagnostics = [d for _, of_analytic in of_analytics for d in of_analytic]
        diagnostics += [d for of_baseline in of_baselines.values() for d in of_baseline]
    path = project.store_path(store)
    opened = open_store(path) if path and named else None  # what a baseline says hangs on no store
    if opened:
        say_counted(opened.silent_files())
    judgements = _judgements(judge_analytics(analytics, opened, options, {})) if opened else []
    pages = project.pages_address()
    if format_ == "json":
        _put_json(of_analytics, of_baselines, judgements, fixed, pages)
    elif format_ == "sarif":
        put_json(sarif_log(diagnostics, pages))
        _put_judgements(judgements, say)
    else:
        _put_fixed(fixed)
        count = _count(len(analytics), len(baselines))
        _put_text(diagnostics, judgements, count, pages, beside=any(each.text for each in fixed))
    faulty = (
        has_errors(diagnostics)
        or any(each.problem for each in fixed)
        or (strict and any(d.severity is Severity.WARNING for d in diagnostics))
    )
    return exits.FAULTY if faulty else exits.DONE


def _agreement(*, fix: bool, likely: bool, yes: bool) -> Agrees | None:
    """Return what agrees to likely repairs, None where they are not wanted; raises where nobody can be asked."""
    if (likely and not fix) or (yes and not likely):
        raise UsageError("--likely goes with --fix, and --yes with --likely")
    if not likely:
        return None
    if yes:
        return lambda _file, _diff: True
    if not asks():
        raise UsageError("--fix --likely asks before it writes, and there is no terminal to ask on; --yes says yes")

    def agrees(file: str, diff: str) -> bool:
        say_block(diff)
        return agreed(f"{file}: apply these repairs, of which some are likely and none is certain to mean the same?")

    return agrees


def _judgements(judged: list[Judged]) -> list[OutputJudgement]:
    """Return what a store can say of each output of each analytic that has no errors."""
    return [(each.analytic, output.name, judgement) for each in judged for output, judgement in each.outputs]


def _in_state(judgements: list[OutputJudgement], *states: State) -> list[OutputJudgement]:
    return [entry for entry in judgements if entry[2].state in states]


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
    judgements: list[OutputJudgement],
    count: str,
    pages: str | None,
    *,
    beside: bool,
) -> None:
    """Show what was found: on standard output, or on standard error `beside` a program that stands there alone."""
    write = say if beside else put
    if diagnostics:
        (say_diagnostics if beside else put_diagnostics)(diagnostics, end="", pages=pages)
    _put_judgements(judgements, write)
    totals = Counter(d.severity.value for d in diagnostics)
    counts = ", ".join(f"{n} {kind}{'' if n == 1 else 's'}" for kind, n in sorted(totals.items()))
    say(f"{count} checked: {counts or 'no faults'}")


def _count(programs: int, baselines: int) -> str:
    """Return how many of what were checked."""
    counts = [counted(programs, "program")] if programs or not baselines else []
    return ", ".join([*counts, *([counted(baselines, "baseline")] if baselines else [])])


def _put_judgements(judgements: list[OutputJudgement], write: Callable[[str], None]) -> None:
    """Show what a store cannot answer, a line an output."""
    for analytic, output, judgement in _in_state(judgements, State.BLIND):
        write(f"{analytic.id}: `{output}` cannot run on this store: {reasons_text(judgement.reasons)}")
    for analytic, output, judgement in _in_state(judgements, State.NOT_ASKED):
        write(f"{analytic.id}: `{output}` is not asked on this store: {reasons_text(judgement.reasons)}")
    for analytic, output, judgement in _in_state(judgements, State.PARTLY):
        write(f"{analytic.id}: `{output}` does not see all that was logged: {judgement_text(judgement)}")


def _put_json(
    of_analytics: Sequence[tuple[CompiledAnalytic, Sequence[Diagnostic]]],
    of_baselines: Mapping[str, Sequence[Diagnostic]],
    judgements: list[OutputJudgement],
    fixed: list[Fixed],
    pages: str | None,
) -> None:
    document: dict[str, Any] = {
        "version": 1,
        "analytics": [
            {"analytic": analytic.id, **_file_json(analytic.file, diagnostics, pages)}
            for analytic, diagnostics in of_analytics
        ],
        "not_supported": [
            {"analytic": analytic.id, "output": output, "reason": reasons_text(judgement.reasons)}
            for analytic, output, judgement in _in_state(judgements, State.BLIND, State.NOT_ASKED)
        ],
        "incomplete": [
            {"analytic": analytic.id, "output": output, "reason": judgement_text(judgement)}
            for analytic, output, judgement in _in_state(judgements, State.PARTLY)
        ],
        "judgements": [
            {"analytic": analytic.id, "output": output, "judgement": judgement_json(judgement)}
            for analytic, output, judgement in judgements
        ],
    }
    if of_baselines:
        document["baselines"] = [_file_json(file, diagnostics, pages) for file, diagnostics in of_baselines.items()]
    if fixed:
        document["fixed"] = [_fixed_json(each) for each in fixed]
    put_json(document)


def _file_json(file: str, diagnostics: Sequence[Diagnostic], pages: str | None) -> dict[str, Any]:
    return {
        "file": file,
        "valid": not has_errors(diagnostics),
        "diagnostics": [diagnostic_json(d, pages) for d in diagnostics],
    }


def _fixed_json(fixed: Fixed) -> dict[str, Any]:
    return {
        "analytic": fixed.analytic.id,
        "file": fixed.analytic.file,
        "repairs": fixed.repairs,
        "diff": fixed.diff,
        "program": fixed.text or None,
        "problem": fixed.problem or None,
    }
