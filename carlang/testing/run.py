"""Run the tests that an analytic carries, and find the parts of its programs that none of them depends on."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic

from carlang.analytic import CompiledAnalytic, case_faults, case_instant
from carlang.database import Limits
from carlang.deadline import limit_time
from carlang.diagnostics import Diagnostic, has_errors
from carlang.engine import MemorySession, QuerySession, Session
from carlang.errors import CarlangError
from carlang.importers import Case, EquivalentMutant
from carlang.loading import ingest
from carlang.model import Model
from carlang.store import open_store
from carlang.testing.equivalents import explained
from carlang.testing.events import event_tables
from carlang.testing.expectations import Mismatch, mismatches
from carlang.testing.survivors import Survivor, candidates, surviving

DEFAULT_NOW = datetime(2020, 1, 1, tzinfo=UTC)
"""What `now` is in a test that does not say."""


@dataclass(frozen=True)
class CaseResult:
    """How a test went: passed where there are neither mismatches nor an error."""

    name: str
    mismatches: tuple[Mismatch, ...] = ()
    error: str | None = None
    seconds: float = 0.0

    @property
    def passed(self) -> bool:
        """Whether every output gave what the test expects."""
        return not self.mismatches and self.error is None


@dataclass(frozen=True)
class AnalyticResult:
    """How the tests of an analytic went, and the mutants of its program that passed them all.

    `equivalent` are those that the analytic names as such, `survivors` the others; `in_vain` is what it names wrongly.
    """

    analytic: str
    file: str
    cases: tuple[CaseResult, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    survivors: tuple[Survivor, ...] = ()
    equivalent: tuple[Survivor, ...] = ()
    in_vain: tuple[tuple[EquivalentMutant, str], ...] = ()
    mutants: int = 0

    @property
    def passed(self) -> bool:
        """Whether it compiles, has tests, all of them pass, and no mutant survived that it does not name rightly."""
        sound = not has_errors(self.diagnostics) and bool(self.cases)
        return sound and all(case.passed for case in self.cases) and not (self.survivors or self.in_vain)


def run_tests(
    analytic: CompiledAnalytic, *, mutate: bool = False, limits: Limits | None = None, records_apart: bool = False
) -> AnalyticResult:
    """Run the tests of an analytic; with `mutate`, every mutant of its programs against them too.

    `limits` bound each program's compilation and each query. Records of one occurrence are one event, as in a run,
    unless they are to be `records_apart`.
    """
    limits = limits or Limits()
    with limit_time(limits.seconds):
        return _run_tests(analytic, mutate=mutate, limits=limits, records_apart=records_apart)


def _run_tests(analytic: CompiledAnalytic, *, mutate: bool, limits: Limits, records_apart: bool) -> AnalyticResult:
    diagnostics = analytic.diagnostics
    if has_errors(diagnostics):
        return AnalyticResult(analytic.id, analytic.file, diagnostics=diagnostics)
    alive = list(candidates(analytic)) if mutate else []
    count = len(alive)
    results = []
    # Hundreds of mutants would fill the cache with texts that differ from the program's in a word.
    with MemorySession(analytic.model, limits, records_apart=records_apart, keep_texts=not mutate) as memory:
        for case in analytic.data.tests:
            begun = monotonic()
            if faults := case_faults(case, analytic):
                results.append(CaseResult(case.name, error=faults_text(case, faults), seconds=monotonic() - begun))
                continue
            try:
                with session_of(case, analytic, memory, limits) as session:
                    case_result = _run_case(analytic, case, session)
                    if case_result.passed:
                        alive = surviving(alive, session, case, now_of(case))
            except CarlangError as error:
                case_result = CaseResult(case.name, error=str(error))
            results.append(replace(case_result, seconds=monotonic() - begun))
    result = AnalyticResult(analytic.id, analytic.file, tuple(results), diagnostics, mutants=count)
    if not mutate or not all(case.passed for case in results):
        return result
    data = analytic.data
    told = explained([candidate.survivor for candidate in alive], data.equivalent_mutants, data.sources)
    return replace(result, survivors=told.others, equivalent=told.equivalent, in_vain=told.in_vain)


def faults_text(case: Case, faults: Sequence[Diagnostic]) -> str:
    """Return what is wrong with a test, a line a fault, each with its place if the test stands anywhere."""
    places = [fault.location for fault in faults]
    heads = [f"{place.file}:{place.line}:{place.column}: " if case.origin else "" for place in places]
    hints = [f"; {fault.label}" if fault.label else "" for fault in faults]
    return "\n".join(f"{head}{fault.message}{hint}" for head, fault, hint in zip(heads, faults, hints, strict=True))


class _FolderSession:
    """A session over a log that is ingested into a store of its own, which goes when the session ends."""

    def __init__(self, log: Path, model: Model, limits: Limits, *, records_apart: bool) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="carlang-test-")
        self._records_apart = records_apart
        self._log, self._model, self._limits = log, model, limits

    def __enter__(self) -> QuerySession:
        report = ingest([self._log], self._folder.name, model=self._model)
        # Where a part of it is lost, that a program finds nothing in the rest, or enough, shows nothing.
        if report.rejected or not report.records:
            reason = next((source.reason for source in report.sources if source.reason), "it holds no records")
            self._folder.cleanup()
            raise CarlangError(reason if reason.startswith(str(self._log)) else f"{self._log}: {reason}")
        store = open_store(self._folder.name)
        self._session = Session(store, self._model, self._limits, records_apart=self._records_apart)
        return self._session

    def __exit__(self, *error: object) -> None:
        if hasattr(self, "_session"):
            self._session.close()
        self._folder.cleanup()


def session_of(
    case: Case, analytic: CompiledAnalytic, memory: MemorySession, limits: Limits
) -> AbstractContextManager[QuerySession]:
    """Return a session over what a test gives: `memory` with its events, or one of its own over its log."""
    if case.log is not None:
        beside = Path(case.origin.source.name if case.origin else analytic.file).parent
        return _FolderSession(beside / case.log, analytic.model, limits, records_apart=memory.records_apart)
    memory.load(event_tables(case.events, analytic.model))
    return nullcontext(memory)


def _run_case(analytic: CompiledAnalytic, case: Case, session: QuerySession) -> CaseResult:
    outputs = analytic.outputs()
    given = analytic.given(case.params)
    return CaseResult(case.name, tuple(mismatches(session, outputs, case, now_of(case), given)))


def now_of(case: Case) -> datetime:
    """Return what `now` is in a test."""
    return case_instant(case.now) or DEFAULT_NOW
