"""Run the tests of a baseline: what an analytic finds in their events, and what exclusions leave of it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from time import monotonic

from carlang.analytic import CompiledAnalytic, case_faults
from carlang.baseline import Baseline, Screening
from carlang.database import Limits
from carlang.deadline import limit_time
from carlang.diagnostics import has_errors, nearest
from carlang.engine import MemorySession
from carlang.errors import CarlangError
from carlang.importers import Case
from carlang.model import Model
from carlang.testing.expectations import mismatch_of
from carlang.testing.run import AnalyticResult, CaseResult, faults_text, now_of, session_of

BASELINE = "baseline"
"""What stands in results for the id of an analytic."""

Find = Callable[[str], CompiledAnalytic | None]
"""Gives the analytic of an id."""


def run_exclusion_tests(
    baseline: Baseline,
    find: Find,
    ids: Collection[str],
    model: Model,
    *,
    limits: Limits | None = None,
    records_apart: bool = False,
) -> AnalyticResult:
    """Run the tests of a baseline; `ids` are those that `find` knows. What is in review takes nothing away."""
    limits = limits or Limits()
    if has_errors(baseline.diagnostics):
        return AnalyticResult(BASELINE, baseline.file, diagnostics=baseline.diagnostics)
    results = []
    with limit_time(limits.seconds), MemorySession(model, limits, records_apart=records_apart) as memory:
        for case in baseline.tests:
            begun = monotonic()
            analytic = find(case.analytic)
            if analytic is None:
                result = CaseResult(case.name, error=_unknown(case, ids))
            else:
                result = _run_case(baseline, case, analytic, memory, limits)
            results.append(replace(result, seconds=monotonic() - begun))
    return AnalyticResult(BASELINE, baseline.file, tuple(results), baseline.diagnostics)


def _unknown(case: Case, ids: Collection[str]) -> str:
    meant = nearest(case.analytic, ids)
    return f"there is no analytic `{case.analytic}`" + (f"; did you mean `{meant}`?" if meant else "")


def _run_case(
    baseline: Baseline, case: Case, analytic: CompiledAnalytic, memory: MemorySession, limits: Limits
) -> CaseResult:
    """Run a test. One in which nothing is found would pass whatever the exclusions are."""
    try:
        outputs = analytic.outputs()
        if faults := case_faults(case, analytic):
            return CaseResult(case.name, error=faults_text(case, faults))
        screening, values, rows = Screening(baseline), analytic.given(case.params), 0
        mismatches = []
        with session_of(case, analytic, memory, limits) as session:
            for output in outputs:
                screen = screening.screen(analytic.id, output.name, output.stream.columns)
                outcome = session.run(output, now_of(case), given=values, exclusions=screen.conditions)
                rows += outcome.total + sum(outcome.excluded)
                if mismatch := mismatch_of(outcome, output, case):
                    mismatches.append(mismatch)
        if not rows:
            return CaseResult(
                case.name, error=f"`{analytic.id}` finds nothing in these events, with the baseline or not"
            )
        return CaseResult(case.name, tuple(mismatches))
    except CarlangError as error:
        return CaseResult(case.name, error=str(error))
