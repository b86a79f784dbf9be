"""The library: what `import carlang` hands on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from carlang import importers as files
from carlang.database import Limits
from carlang.diagnostics import Diagnostic, Severity, has_errors, nearest
from carlang.engine import Session, Window, missing_events, unsure_absence
from carlang.errors import CompileError, EngineError
from carlang.loading import IngestReport, Progress
from carlang.loading import ingest as ingest_sources
from carlang.model import Kind, Model, builtin_model
from carlang.program import CompiledProgram, compile_program
from carlang.project import Catalogue, shipped_catalogue
from carlang.resolve import Given, MissingParameterError, ParameterError, WrongParameterError, given_values
from carlang.resolve.bound import BoundExpr, BoundInput, BoundOutput
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
from carlang.source import Source
from carlang.store import Store, open_store

PROGRAM = "<program>"
"""What a program that came as text is called in diagnostics."""


@dataclass(frozen=True)
class Analytic:
    """An analytic ready to be checked, compiled and run.

    `data` is what its file says: metadata, programs, tests. A file can hold several programs; their outputs come one
    after another, a name that occurs again with a number behind it.
    """

    data: files.AnalyticFile
    model: Model
    catalogue: Catalogue = field(default_factory=shipped_catalogue, repr=False)

    @property
    def id(self) -> str:
        """The analytic's id, such as `CAR-2013-05-004`."""
        return self.data.id

    @property
    def title(self) -> str:
        """The analytic's title."""
        return self.data.title

    @property
    def techniques(self) -> tuple[str, ...]:
        """The ATT&CK techniques it covers, subtechniques in place of their technique where they are named."""
        return self.data.techniques

    @property
    def file(self) -> str:
        """The file it was read from."""
        return self.data.file

    @property
    def program(self) -> str:
        """The text of its program; of several, one after another."""
        return "\n".join(source.text for source in self.data.sources)

    @cached_property
    def compiled(self) -> tuple[CompiledProgram, ...]:
        """Its programs, parsed and resolved."""
        return tuple(compile_program(source, self.model, self.program_of, self.data.id) for source in self.data.sources)

    def program_of(self, id_: str) -> Source | None:
        """Return the program of another analytic: beside this one's file, on the search path, or in the catalogue."""
        folder = Path(self.data.file).parent
        beside = Catalogue([folder], shipped=False).find(id_) if Path(self.data.file).is_file() else None
        found = beside or self.catalogue.find(id_)
        return found.sources[0] if found and found.sources else None

    @cached_property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """Everything found in its file and programs."""
        return (*self.data.diagnostics, *(d for program in self.compiled for d in program.diagnostics))

    def check(self) -> list[Diagnostic]:
        """Return everything found in its file and programs."""
        return list(self.diagnostics)

    @cached_property
    def inputs(self) -> tuple[BoundInput, ...]:
        """Its parameters; raises `CompileError` where it has errors."""
        found = {each.name: each for program in self.compiled for each in program.require().inputs}
        return tuple(found.values())

    def given(self, params: Mapping[str, Any]) -> Given:
        """Return the values of its inputs in a run; raises `ParameterError` where one lacks its value."""
        values: dict[tuple[str, Kind], BoundExpr] = {}
        for program in self.compiled:
            values.update(given_values(program.require().inputs, params))
        return values

    def outputs(self) -> list[BoundOutput]:
        """Return its outputs under the names they have in results; raises `CompileError` where it has errors."""
        if has_errors(self.diagnostics) or not self.compiled:
            raise CompileError(self.diagnostics)
        found: dict[str, BoundOutput] = {}
        for program in self.compiled:
            for output in program.require().outputs:
                name, number = output.name, 2
                while name in found:
                    name, number = f"{output.name}_{number}", number + 1
                found[name] = BoundOutput(name, output.stream)
        return list(found.values())

    def sql(
        self, dialect: str = "duckdb", now: datetime | None = None, params: Mapping[str, Any] | None = None
    ) -> dict[str, str]:
        """Return the SQL of each output by name.

        Raises `CompileError` where it has errors, `ParameterError` where an input lacks its value.
        """
        from_files = [program.sql(_instant(now), dialect, params) for program in self.compiled]
        names = [output.name for output in self.outputs()]
        return dict(zip(names, (text for found in from_files for text in found.values()), strict=True))

    def run(
        self,
        store: Store | None = None,
        params: Mapping[str, Any] | None = None,
        now: datetime | None = None,
        **options: Any,
    ) -> Result:
        """Run it over a store, the sample where none is given.

        `now` is the instant that the program calls `now`, the clock's where None. `options` are those of `run_all`
        that bound a run: `since`, `until`, `limit`, `memory_limit`, `timeout`.

        Raises `CompileError` where it has errors, `ParameterError` for parameters that it does not have or that are
        missing, `EngineError` where its query fails.
        """
        outputs = self.outputs()
        known_parameters(params, [self])
        given = self.given(params or {})
        settings = RunOptions(now=now, **options)
        with settings.session(store or open_store(), self.model) as session:
            return Result([session.run(output, settings.instant, settings.limit, given) for output in outputs])


@dataclass(frozen=True)
class RunOptions:
    """What bounds a run: the instant called `now`, a window of event times, rows an output, memory, seconds a query."""

    now: datetime | None = None
    since: datetime | None = None
    until: datetime | None = None
    limit: int | None = None
    memory_limit: str | None = None
    timeout: float | None = None

    @cached_property
    def instant(self) -> datetime:
        """The one instant of the run, UTC."""
        return _instant(self.now)

    def session(self, store: Store, model: Model) -> Session:
        """Open a session with these bounds."""
        window = Window(self.since and _instant(self.since), self.until and _instant(self.until))
        return Session(store, model, Limits(self.memory_limit, self.timeout), window)


def load(path: str | Path, *, model: Model | None = None) -> Analytic:
    """Load an analytic: a `.car` file, CAR's Markdown or YAML, or the id of one that ships with the package.

    Never raises on a bad file: `check()` says what is wrong with it, `run()` raises then.
    """
    found = None
    if not Path(path).exists() and isinstance(path, str):
        found = shipped_catalogue().find(path)
    return Analytic(found or files.load_file(Path(path)), model or builtin_model())


def load_text(text: str, name: str = PROGRAM, *, model: Model | None = None) -> Analytic:
    """Load an analytic from text; `name` is what diagnostics call it."""
    return Analytic(files.load_text(text, name), model or builtin_model())


def check(text: str, *, model: Model | None = None) -> list[Diagnostic]:
    """Return every fault of a program, and remarks on it, by place; never raises on a bad program."""
    return load_text(text, model=model).check()


def run(
    text: str,
    store: Store | None = None,
    params: Mapping[str, Any] | None = None,
    now: datetime | None = None,
    **options: Any,
) -> Result:
    """Run a program given as text; see `Analytic.run`."""
    return load_text(text).run(store, params, now, **options)


def run_all(  # noqa: PLR0913  # the bounds of a run, each by name
    analytics: Iterable[Analytic],
    store: Store | None = None,
    *,
    params: Mapping[str, Any] | None = None,
    now: datetime | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    limit: int | None = None,
    memory_limit: str | None = None,
    timeout: float | None = None,
) -> RunReport:
    """Run many analytics over one store.

    Each ends up with its results, or among those that the store cannot support, or among those that failed; none
    stops the others.

    Args:
        analytics: What to run.
        store: Where; the sample store where None.
        params: Values of the analytics' inputs.
        now: The instant that programs call `now`; the clock's where None.
        since: Events before this instant are left out. Events without a time are always taken.
        until: Events at and after this instant are left out.
        limit: How many rows an output keeps; its `total` still counts all.
        memory_limit: What DuckDB may take, such as `2GB`.
        timeout: Seconds that one query may run.
    """
    chosen = list(analytics)
    known_parameters(params, chosen)
    options = RunOptions(now, since, until, limit, memory_limit, timeout)
    opened = store or open_store()
    results: list[AnalyticOutput] = []
    not_run: list[NotRun] = []
    failed: list[Failed] = []
    with options.session(opened, chosen[0].model if chosen else builtin_model()) as session:
        for analytic in chosen:
            for outcome in _outcomes(analytic, session, opened, options, params or {}):
                match outcome:
                    case AnalyticOutput():
                        results.append(outcome)
                    case NotRun():
                        not_run.append(outcome)
                    case Failed():
                        failed.append(outcome)
    warnings = [d for a in chosen for d in a.diagnostics if d.severity is Severity.WARNING]
    name = str(opened.path)
    return RunReport(options.instant, name, tuple(results), tuple(not_run), tuple(failed), tuple(warnings))


def _outcomes(
    analytic: Analytic, session: Session, store: Store, options: RunOptions, params: Mapping[str, Any]
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
        reason = WrongParameter(error.name, repr(error.value), error.expected)
        yield NotRun(analytic.id, analytic.title, (reason,))
        return
    for output in outputs:
        if reasons := missing_events(output, store, analytic.model):
            yield NotRun(analytic.id, analytic.title, reasons, output.name)
            continue
        try:
            found = session.run(output, options.instant, options.limit, given)
        except EngineError as error:
            yield Failed(analytic.id, analytic.title, error=str(error))
            continue
        reasons = () if found.total else unsure_absence(output, store, analytic.model)
        if reasons:
            yield NotRun(analytic.id, analytic.title, reasons, output.name)
        else:
            yield _named(analytic, found)


def _named(analytic: Analytic, output: Output) -> AnalyticOutput:
    return AnalyticOutput(analytic.id, analytic.title, analytic.file, analytic.techniques, output)


def known_parameters(params: Mapping[str, Any] | None, analytics: Sequence[Analytic]) -> None:
    """Raise `ParameterError` for a parameter that none of the analytics has."""
    known: set[str] = set()
    for analytic in analytics:
        if not has_errors(analytic.diagnostics):
            known |= {each.name for each in analytic.inputs}
    for name in params or {}:
        if name not in known:
            of = analytics[0].id if len(analytics) == 1 else "any of the analytics"
            near = nearest(name, known)
            raise ParameterError(f"`{name}` is not a parameter of {of}" + (f"; did you mean `{near}`?" if near else ""))


def ingest(  # noqa: PLR0913  # the options of an ingest, each by name
    sources: Sequence[str | Path],
    store: str | Path | Store,
    *,
    model: Model | None = None,
    sensor: str = "auto",
    hostname: str | None = None,
    keep_raw: bool = False,
    strict: bool = False,
    dedupe: str | None = None,
    progress: Progress | None = None,
) -> IngestReport:
    """Read raw logs into an event store, which is made where there is none; see `carlang.loading.ingest`."""
    return ingest_sources(
        sources,
        store,
        model=model or builtin_model(),
        sensor=sensor,
        hostname=hostname,
        keep_raw=keep_raw,
        strict=strict,
        dedupe=dedupe,
        progress=progress,
    )


def _instant(moment: datetime | None) -> datetime:
    if moment is None:
        return datetime.now(UTC)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
