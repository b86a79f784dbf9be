"""Run analytics over a store: one, whose faults are raised, or many, none of which stops the others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

from carlang.analytic import planned_output, with_whys
from carlang.analytic.compiled import CompiledAnalytic
from carlang.analytic.judging import Judged, gaps_of, is_idle, judge_analytics
from carlang.analytic.options import RunOptions
from carlang.analytic.parameters import known_parameters
from carlang.analytic.screened import Screens
from carlang.deadline import limit_time
from carlang.diagnostics import Diagnostic, Severity
from carlang.diagnostics.codes import OUT_OF_TIME
from carlang.engine import Session, Window
from carlang.errors import EngineError
from carlang.model import Model, builtin_model
from carlang.resolve import Given
from carlang.resolve.bound import BoundOutput
from carlang.resolve.tested import looked_at_columns
from carlang.results import (
    AnalyticOutput,
    Excluded,
    Failed,
    Judgement,
    NotRun,
    Output,
    Result,
    RunReport,
    State,
)
from carlang.store import Store

if TYPE_CHECKING:
    from carlang.analytic.planning import PlannedOutput
    from carlang.analytic.whys import Outcome, Ran

_UNANSWERED = (State.BLIND, State.NOT_ASKED)
"""States in which finding no row says nothing."""


def run_one(analytic: CompiledAnalytic, store: Store, options: RunOptions, params: Mapping[str, Any]) -> Result:
    """Run one analytic.

    Raises `CompileError` where it has errors, `ParameterError` for parameters that it does not have or that are
    missing, `EngineError` where its query fails.
    """
    with limit_time(options.limits.seconds):
        if late := _late(analytic.diagnostics, options):
            raise EngineError(late)
        outputs = analytic.outputs()
        known_parameters(params, [analytic])
        given = analytic.given(params)
        (judged,) = judge_analytics([analytic], store, options, params)
    with limit_time(options.limits.seconds), opened_session(store, analytic.model, options) as session:
        screens = Screens(options.baseline)
        tables = []
        for output in outputs:
            screens.expect(analytic.id, output)
            screen = screens.of(output).conditions
            tables.append(session.run(output, options.now, options.limit, given, screen))
    answers = [_answer(output, table, of) for table, (output, of) in zip(tables, judged.outputs, strict=True)]
    not_run = [
        _not_run(analytic, answer.judgement, answer.name)
        for answer in answers
        if answer.judgement and answer.judgement.state in _UNANSWERED and not answer.total + sum(answer.excluded)
    ]
    return Result(answers, not_run)


class RunListener(Protocol):
    """Who is told how far a run of many analytics is."""

    def doing(self, what: str) -> None:
        """Take note of what the run is at before it asks anything, such as `planning`."""

    def done(self, outcomes: Sequence[Outcome]) -> None:
        """Take note of an analytic that is done, and of what became of its outputs."""


class _Nobody:
    """The listener of a run that nobody waits for."""

    def doing(self, what: str) -> None:
        """Let it be."""

    def done(self, outcomes: Sequence[Outcome]) -> None:
        """Let it be."""


def run_analytics(
    analytics: Sequence[CompiledAnalytic],
    store: Store,
    options: RunOptions,
    params: Mapping[str, Any],
    listener: RunListener | None = None,
) -> RunReport:
    """Run many analytics over one store.

    Each ends up with its results, or among those that the store cannot support, or among those that failed. The
    listener is told of each analytic when it is done. Raises `ParameterError` for a parameter that none of them has.
    """
    listener = listener or _Nobody()
    listener.doing("reading programs")
    with limit_time(options.limits.seconds):
        known_parameters(params, analytics)
    screens = Screens(options.baseline)
    model = analytics[0].model if analytics else builtin_model()
    with limit_time(options.limits.seconds), opened_session(store, model, options) as session:
        listener.doing("looking at what the store can answer")
        all_judged = list(_judged(analytics, store, options, params))
        ran = _ran(all_judged, session, options, screens, listener)
        if options.why is not None:
            listener.doing("asking why")
            ran = with_whys(ran, session, store, options)
    everything = [each for _, of_analytic in ran for each in of_analytic]
    answered = [judged for judged, _ in ran if isinstance(judged, Judged)]
    warnings = [d for a in analytics for d in a.diagnostics if d.severity is Severity.WARNING]
    return RunReport(
        options.now,
        str(store.path),
        tuple(each for each in everything if isinstance(each, AnalyticOutput)),
        tuple(each for each in everything if isinstance(each, NotRun)),
        tuple(each for each in everything if isinstance(each, Failed)),
        (*warnings, *screens.remarks(analytics)),
        gaps=gaps_of(answered, store, options),
        files_counted=store.silent_files(),
        unplanned=session.unplanned,
        baseline=screens.use(),
    )


def _ran(
    all_judged: Sequence[Judged | Failed],
    session: Session,
    options: RunOptions,
    screens: Screens,
    listener: RunListener,
) -> list[Ran]:
    """Run what can be, planned together; return what became of each analytic, with the numbers of its rows."""
    listener.doing("planning")
    to_run = _to_run(all_judged)
    for analytic, output, _ in to_run:
        screens.expect(analytic.id, output)
    session.prepare([(output, values) for _, output, values in to_run], screens.alone)
    listener.doing("asking")
    ran: list[Ran] = []
    number = 1
    for judged in all_judged:
        outcomes = [judged] if isinstance(judged, Failed) else list(_outcomes(judged, session, options, screens))
        of_analytic, number = _numbered(outcomes, number)
        listener.done(of_analytic)
        ran.append((judged, of_analytic))
    return ran


def _numbered(outcomes: Sequence[Outcome], number: int) -> tuple[list[Outcome], int]:
    """Return outcomes with the numbers of their first rows, counted on from one, and the number of what comes next."""
    numbered: list[Outcome] = []
    for outcome in outcomes:
        if isinstance(outcome, AnalyticOutput):
            numbered.append(replace(outcome, number=number))
            number += outcome.output.total
        else:
            numbered.append(outcome)
    return numbered, number


def explain_plan(
    analytics: Sequence[CompiledAnalytic], store: Store, options: RunOptions, params: Mapping[str, Any]
) -> list[PlannedOutput]:
    """Return how `run_analytics` would plan the outputs of analytics together; those that it would not run are none.

    Raises `ParameterError` for a parameter that none of them has.
    """
    known_parameters(params, analytics)
    model = analytics[0].model if analytics else builtin_model()
    with limit_time(options.limits.seconds), opened_session(store, model, options) as session:
        to_run = _to_run(list(_judged(analytics, store, options, params)))
        decisions = session.prepare([(output, given) for _, output, given in to_run])
    ids = {id(output): analytic.id for analytic, output, _ in to_run}
    return [planned_output(ids[id(each.output)], each) for each in decisions]


def _to_run(judged: Sequence[Judged | Failed]) -> list[tuple[CompiledAnalytic, BoundOutput, Given]]:
    """Return the outputs that will be asked of the engine, with the values of their inputs."""
    return [
        (each.analytic, output, each.given)
        for each in judged
        if isinstance(each, Judged) and each.given is not None
        for output, judgement in each.outputs
        if not is_idle(judgement)
    ]


def _judged(
    analytics: Sequence[CompiledAnalytic], store: Store, options: RunOptions, params: Mapping[str, Any]
) -> Iterator[Judged | Failed]:
    """Yield the analytics with what the store can say of them, or with the news that there was no time for that.

    All together where that is quick enough: they ask for the same events. Else each for itself, so that one whose
    judging takes too long, or too much memory, stops no other.
    """
    try:
        yield from judge_analytics(analytics, store, options, params)
    except EngineError:
        for analytic in analytics:
            try:
                yield from judge_analytics([analytic], store, options, params)
            except EngineError as error:
                yield Failed(analytic.id, analytic.title, error=str(error))


def _late(diagnostics: Sequence[Diagnostic], options: RunOptions) -> str | None:
    """Return what is to be said of an analytic whose time was up while it was being compiled, if it was."""
    if all(diagnostic.code is not OUT_OF_TIME for diagnostic in diagnostics):
        return None
    return f"ran longer than {options.limits.seconds or 0:g} s while it was being compiled; give it more with --timeout"


def opened_session(store: Store, model: Model, options: RunOptions) -> Session:
    """Open a session over what a run with these options looks at."""
    window = Window(options.since, options.until)
    return Session(store, model, options.limits, window, records_apart=options.records_apart)


def _outcomes(judged: Judged, session: Session, options: RunOptions, screens: Screens) -> Iterator[Outcome]:
    analytic = judged.analytic
    if judged.given is None:
        if judged.parameter:
            yield from (_not_run(analytic, judgement, output.name) for output, judgement in judged.outputs)
        else:
            yield Failed(analytic.id, analytic.title, analytic.diagnostics, _late(analytic.diagnostics, options))
        return
    for output, judgement in judged.outputs:
        if is_idle(judgement):
            yield _not_run(analytic, judgement, output.name)
            continue
        try:
            table = session.run(output, options.now, options.limit, judged.given, screens.of(output).conditions)
        except EngineError as error:
            yield Failed(analytic.id, analytic.title, error=str(error))
            continue
        excluded = screens.excluded(output, table)
        if judgement.state in _UNANSWERED and not table.total and not excluded:
            yield _not_run(analytic, judgement, output.name)
        else:
            yield _result(analytic, _answer(output, table, judgement), excluded)


def _answer(output: BoundOutput, table: Output, judgement: Judgement) -> Output:
    """Return the rows of an output with what is known of it beside them."""
    columns = looked_at_columns(output.stream)
    return replace(table, judgement=judgement, tested=columns.tested, computed=columns.computed)


def _result(analytic: CompiledAnalytic, answer: Output, excluded: tuple[Excluded, ...]) -> AnalyticOutput:
    """Return an output with what reports need to know of its analytic."""
    data = analytic.data
    return AnalyticOutput(
        analytic.id,
        analytic.title,
        analytic.file,
        analytic.techniques,
        answer,
        data.false_positives,
        data.level_of(answer.name),
        data.analytic_types,
        data.tactics,
        analytic.program,
        excluded=excluded,
        author=data.author,
        license=data.license,
        description=data.description,
    )


def _not_run(analytic: CompiledAnalytic, judgement: Judgement, output: str) -> NotRun:
    return NotRun(analytic.id, analytic.title, judgement.reasons, output, judgement)
