"""Run the tests that an analytic carries, and find the conditions that none of them depends on."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Any

from carlang.analytic import CompiledAnalytic
from carlang.database import Limits
from carlang.deadline import limit_time
from carlang.diagnostics import Diagnostic, has_errors
from carlang.engine import MemorySession, Session
from carlang.errors import CarlangError
from carlang.importers import Case
from carlang.loading import ingest
from carlang.model import Kind, Model
from carlang.program import CompiledProgram, compile_tree
from carlang.resolve import Given, given_values
from carlang.resolve.bound import BoundOutput
from carlang.results import Output
from carlang.source import Source, Span
from carlang.store import open_store
from carlang.testing.events import EventError, event_tables, instant, seconds
from carlang.testing.mutants import mutants

Row = Mapping[str, Any]
Runner = Session | MemorySession

DEFAULT_NOW = datetime(2020, 1, 1, tzinfo=UTC)
"""What `now` is in a test that does not say."""


@dataclass(frozen=True)
class Mismatch:
    """An output that gives other rows than a test expects: those that are missing, and those that are too many.

    Where the test expects a number of rows, `wanted` is that number.
    """

    output: str
    wanted: int
    found: int
    missing: tuple[Row, ...] = ()
    unexpected: tuple[Row, ...] = ()


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
class Survivor:
    """A condition that can be dropped or negated without any test noticing."""

    source: Source
    span: Span
    change: str

    @property
    def text(self) -> str:
        """The condition as it is written, on one line."""
        return " ".join(self.source.text[self.span.start : self.span.end].split())


@dataclass(frozen=True)
class AnalyticResult:
    """How the tests of an analytic went, and the mutants of its program that passed them all."""

    analytic: str
    file: str
    cases: tuple[CaseResult, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    survivors: tuple[Survivor, ...] = ()
    mutants: int = 0

    @property
    def passed(self) -> bool:
        """Whether it compiles, has tests, all of them pass, and no mutant survived."""
        sound = not has_errors(self.diagnostics) and bool(self.cases)
        return sound and all(case.passed for case in self.cases) and not self.survivors


@dataclass
class _Work:
    analytic: CompiledAnalytic
    programs: list[CompiledProgram]
    results: list[CaseResult] = field(default_factory=list)
    alive: list[tuple[CompiledProgram, int, Survivor]] = field(default_factory=list)


def run_tests(analytic: CompiledAnalytic, *, mutate: bool = False, limits: Limits | None = None) -> AnalyticResult:
    """Run the tests of an analytic; with `mutate`, every mutant of its programs against them too.

    `limits` bound each program's compilation and each query.
    """
    limits = limits or Limits()
    with limit_time(limits.seconds):
        return _run_tests(analytic, mutate=mutate, limits=limits)


def _run_tests(analytic: CompiledAnalytic, *, mutate: bool, limits: Limits) -> AnalyticResult:
    diagnostics = analytic.diagnostics
    if has_errors(diagnostics):
        return AnalyticResult(analytic.id, analytic.file, diagnostics=diagnostics)
    work = _Work(analytic, list(analytic.compiled))
    if mutate:
        work.alive = list(_mutated(analytic))
    count = len(work.alive)
    for case in analytic.data.tests:
        begun = monotonic()
        try:
            with _session(case, analytic.model, Path(analytic.file).parent, limits) as session:
                result = _run_case(work, case, session)
        except EventError as fault:
            span = case.span("events", *fault.path) if case.origin else None
            location = _place(case, span)
            result = CaseResult(case.name, error=f"{location}{fault}")
        except CarlangError as error:
            result = CaseResult(case.name, error=str(error))
        work.results.append(_timed(result, monotonic() - begun))
    survivors = tuple(s for _, _, s in work.alive) if all(r.passed for r in work.results) else ()
    return AnalyticResult(analytic.id, analytic.file, tuple(work.results), diagnostics, survivors, count)


def _timed(result: CaseResult, taken: float) -> CaseResult:
    return CaseResult(result.name, result.mismatches, result.error, taken)


def _place(case: Case, span: Span | None) -> str:
    if case.origin is None or span is None:
        return ""
    location = case.origin.source.location(span)
    return f"{location.file}:{location.line}:{location.column}: "


def _mutated(analytic: CompiledAnalytic) -> Iterator[tuple[CompiledProgram, int, Survivor]]:
    """Yield the mutants of each program that mean anything, with the program's place among the analytic's."""
    for index, program in enumerate(analytic.compiled):
        for mutant in mutants(program.ast):
            compiled = compile_tree(mutant.program, program.source, analytic.model, analytic.program_of, analytic.id)
            if compiled.bound is not None:
                yield compiled, index, Survivor(program.source, mutant.span, mutant.change)


class _FolderSession:
    """A session over a log that is ingested into a store of its own, which goes when the session ends."""

    def __init__(self, log: Path, model: Model, limits: Limits) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="carlang-test-")
        self._log, self._model, self._limits = log, model, limits

    def __enter__(self) -> Runner:
        report = ingest([self._log], self._folder.name, model=self._model)
        if report.records == report.rejected:
            reason = next((source.reason for source in report.sources if source.reason), "it holds no records")
            self._folder.cleanup()
            raise CarlangError(f"{self._log}: {reason}")
        self._session = Session(open_store(self._folder.name), self._model, self._limits)
        return self._session

    def __exit__(self, *error: object) -> None:
        if hasattr(self, "_session"):
            self._session.close()
        self._folder.cleanup()


def _session(case: Case, model: Model, folder: Path, limits: Limits) -> MemorySession | _FolderSession:
    if case.log is not None:
        beside = Path(case.origin.source.name).parent if case.origin else folder
        return _FolderSession(beside / case.log, model, limits)
    tables = event_tables(case.events, model)
    session = MemorySession(model, limits)
    session.load(tables)
    return session


def _run_case(work: _Work, case: Case, session: Runner) -> CaseResult:
    now = instant(case.now) or DEFAULT_NOW
    outputs = work.analytic.outputs()
    unknown = [name for name in case.expect if name not in {o.name for o in outputs}]
    if unknown:
        return CaseResult(case.name, error=f"the program has no output `{unknown[0]}`")
    values = work.analytic.given(case.params)
    mismatches = list(_mismatches(session, outputs, case, now, values))
    work.alive = [m for m in work.alive if _survives(session, m, work, case, now)]
    return CaseResult(case.name, tuple(mismatches))


def _survives(
    session: Runner, mutant: tuple[CompiledProgram, int, Survivor], work: _Work, case: Case, now: datetime
) -> bool:
    """Tell whether a mutant gives what the test expects; one that fails to run does not."""
    compiled, index, _ = mutant
    program = compiled.require()
    before = sum(len(p.require().outputs) for p in work.programs[:index])
    names = [o.name for o in work.analytic.outputs()][before : before + len(program.outputs)]
    outputs = [BoundOutput(name, o.stream) for name, o in zip(names, program.outputs, strict=True)]
    try:
        values = given_values(program.inputs, case.params)
        return not any(_mismatches(session, outputs, case, now, values))
    except CarlangError:
        return False


def _mismatches(
    session: Runner, outputs: Sequence[BoundOutput], case: Case, now: datetime, values: Given
) -> Iterator[Mismatch]:
    """Compare each output with what the test expects; one that it does not name must be empty."""
    for output in outputs:
        outcome = session.run(output, now, given=values)
        expected = case.expect.get(output.name, ())
        if isinstance(expected, int):
            if outcome.total != expected:
                yield Mismatch(output.name, expected, outcome.total, unexpected=tuple(outcome.rows()))
        else:
            mismatch = _compared(outcome, expected)
            if mismatch:
                yield mismatch


def _compared(actual: Output, expected: Iterable[Row]) -> Mismatch | None:
    """Match each expected row with a row of its own that has the values it names."""
    rest = actual.rows()
    kinds = {c.name: c.type.kind for c in actual.columns}
    missing = []
    wanted = list(expected)
    # A row that names many fields has few to choose from: it chooses before those that would do with any.
    for row in sorted(wanted, key=lambda r: -len(r)):
        match = next((i for i, candidate in enumerate(rest) if _has(candidate, row, kinds)), None)
        if match is None:
            missing.append(row)
        else:
            rest.pop(match)
    if not missing and not rest:
        return None
    return Mismatch(actual.name, len(wanted), actual.total, tuple(missing), tuple(rest))


def _has(actual: Row, wanted: Row, kinds: Mapping[str, Kind]) -> bool:
    return all(key in actual and _equal(actual[key], value, kinds[key]) for key, value in wanted.items())


def _equal(actual: Any, wanted: Any, kind: Kind) -> bool:
    if kind is Kind.TIME and wanted is not None:
        return bool(actual == instant(wanted))
    if isinstance(actual, timedelta):
        return isinstance(wanted, int | float) and seconds(actual) == wanted
    if kind not in (Kind.INTEGER, Kind.PORT, Kind.FLOAT, Kind.BOOLEAN, Kind.LIST) and wanted is not None:
        return bool(actual == str(wanted))
    return bool(actual == wanted)
