"""Run analytics over a store: one, whose faults are raised, or many, none of which stops the others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from carlang.analytic.compiled import CompiledAnalytic
from carlang.analytic.options import RunOptions
from carlang.analytic.parameters import known_parameters
from carlang.deadline import limit_time
from carlang.diagnostics import Severity
from carlang.engine import Session, Window, missing_events, unsure_absence
from carlang.errors import CompileError, EngineError
from carlang.model import Model, builtin_model
from carlang.resolve import MissingParameterError, WrongParameterError
from carlang.resolve.bound import BoundOutput
from carlang.results import (
    AnalyticOutput,
    Failed,
    MissingParameter,
    NotRun,
    Output,
    Result,
    RunReport,
    WrongParameter,
)
from carlang.store import Store


def run_one(analytic: CompiledAnalytic, store: Store, options: RunOptions, params: Mapping[str, Any]) -> Result:
    """Run one analytic.

    Raises `CompileError` where it has errors, `ParameterError` for parameters that it does not have or that are
    missing, `EngineError` where its query fails.
    """
    with limit_time(options.limits.seconds):
        outputs = analytic.outputs()
        known_parameters(params, [analytic])
        given = analytic.given(params)
    with limit_time(options.limits.seconds), _session(store, analytic.model, options) as session:
        tables = [session.run(output, options.now, options.limit, given) for output in outputs]
    not_run = [_not_run(analytic, output, table, store) for output, table in zip(outputs, tables, strict=True)]
    return Result(tables, [each for each in not_run if each])


def run_analytics(
    analytics: Sequence[CompiledAnalytic], store: Store, options: RunOptions, params: Mapping[str, Any]
) -> RunReport:
    """Run many analytics over one store.

    Each ends up with its results, or among those that the store cannot support, or among those that failed. Raises
    `ParameterError` for a parameter that none of them has.
    """
    with limit_time(options.limits.seconds):
        known_parameters(params, analytics)
    results: list[AnalyticOutput] = []
    not_run: list[NotRun] = []
    failed: list[Failed] = []
    model = analytics[0].model if analytics else builtin_model()
    with limit_time(options.limits.seconds), _session(store, model, options) as session:
        for analytic in analytics:
            for outcome in _outcomes(analytic, session, store, options, params):
                match outcome:
                    case AnalyticOutput():
                        results.append(outcome)
                    case NotRun():
                        not_run.append(outcome)
                    case Failed():
                        failed.append(outcome)
    warnings = [d for a in analytics for d in a.diagnostics if d.severity is Severity.WARNING]
    return RunReport(options.now, str(store.path), tuple(results), tuple(not_run), tuple(failed), tuple(warnings))


def _session(store: Store, model: Model, options: RunOptions) -> Session:
    return Session(store, model, options.limits, Window(options.since, options.until))


def _outcomes(
    analytic: CompiledAnalytic, session: Session, store: Store, options: RunOptions, params: Mapping[str, Any]
) -> Iterator[AnalyticOutput | NotRun | Failed]:
    try:
        outputs = analytic.outputs()
        given = analytic.given(params)
    except CompileError as error:
        yield Failed(analytic.id, analytic.title, error.diagnostics)
        return
    except MissingParameterError as error:
        yield NotRun(analytic.id, analytic.title, (MissingParameter(error.name),))
        return
    except WrongParameterError as error:
        yield NotRun(analytic.id, analytic.title, (WrongParameter(error.name, repr(error.value), error.expected),))
        return
    for output in outputs:
        # A query over tables that are not there gives nothing at best: it is not worth its time.
        if reasons := missing_events(output, store, analytic.model):
            yield NotRun(analytic.id, analytic.title, reasons, output.name)
            continue
        try:
            table = session.run(output, options.now, options.limit, given)
        except EngineError as error:
            yield Failed(analytic.id, analytic.title, error=str(error))
            continue
        not_run = _not_run(analytic, output, table, store)
        yield not_run or AnalyticOutput(analytic.id, analytic.title, analytic.file, analytic.techniques, table)


def _not_run(analytic: CompiledAnalytic, output: BoundOutput, table: Output, store: Store) -> NotRun | None:
    """Return why the rows of an output say nothing of what there is to find, if the store is the reason."""
    reasons = missing_events(output, store, analytic.model)
    if not reasons and not table.total:
        reasons = unsure_absence(output, store, analytic.model)
    return NotRun(analytic.id, analytic.title, reasons, output.name) if reasons else None
