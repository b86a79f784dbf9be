"""The library's door: what `import carlang` hands on, with every option by name and checked before anything runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from os import PathLike
from pathlib import Path
from typing import Any

from carlang import analytic as core
from carlang import importers, outgoing, triage
from carlang.analytic import (
    NO_STORE,
    CompiledAnalytic,
    OptionError,
    Parameter,
    RunOptions,
    of_type,
    opened_store,
    path_text,
    shown,
)
from carlang.diagnostics import Diagnostic
from carlang.loading import LEAST_MEMORY, IngestReport, Progress
from carlang.loading import ingest as ingest_sources
from carlang.model import Model
from carlang.outgoing import Exported, Exporter
from carlang.project import Project, catalogue_of
from carlang.results import GroupBy, Result, RunReport
from carlang.store import Store
from carlang.vocabulary import ClassEntry, class_entries, wanted


class Analytic:
    """An analytic ready to be checked, compiled and run; `load`, `load_text` and `catalogue` give it.

    A file can hold several programs; their outputs come one after another, a name that occurs again with a number
    behind it.
    """

    __slots__ = ("_compiled",)

    def __init__(self, compiled: CompiledAnalytic) -> None:
        self._compiled = compiled

    def __repr__(self) -> str:
        return f"Analytic({self.id!r}, {self.file!r})"

    @property
    def id(self) -> str:
        """The analytic's id, such as `CAR-2013-05-004`."""
        return self._compiled.id

    @property
    def title(self) -> str:
        """The analytic's title."""
        return self._compiled.title

    @property
    def description(self) -> str:
        """What it is about, as Markdown."""
        return self._compiled.data.description

    @property
    def false_positives(self) -> tuple[str, ...]:
        """What is known to match without being an attack, each with its reason."""
        return self._compiled.data.false_positives

    @property
    def level(self) -> str | None:
        """How much a hit of it matters, `informational` to `critical`; None where its file does not say."""
        level = self._compiled.data.level
        return None if level is None else level.text

    @property
    def author(self) -> str:
        """Who wrote it; empty where its file does not say."""
        return self._compiled.data.author

    @property
    def tags(self) -> tuple[str, ...]:
        """What it is tagged with."""
        return self._compiled.data.tags

    @property
    def techniques(self) -> tuple[str, ...]:
        """The ATT&CK techniques it covers, subtechniques in place of their technique where they are named."""
        return self._compiled.techniques

    @property
    def file(self) -> str:
        """The file it was read from."""
        return self._compiled.file

    @property
    def program(self) -> str:
        """The text of its program; of several, one after another."""
        return self._compiled.program

    @property
    def inputs(self) -> tuple[Parameter, ...]:
        """Its parameters; raises `CompileError` where it has errors."""
        return core.parameters(self._compiled)

    def check(self) -> list[Diagnostic]:
        """Return everything found in its file and programs, and in the tests that it carries."""
        return list(core.checked(self._compiled))

    def export(
        self,
        dialect: str = outgoing.SIGMA,
        params: Mapping[str, Any] | None = None,
        pipelines: Sequence[tuple[str, str]] = (),
    ) -> Exported:
        """Return the analytic as Sigma rules, or in the dialect of one of pySigma's backends, such as `sqlite`.

        `diagnostics` of what comes back say of outputs that have no rule why. `pipelines` are names and texts of those
        that rules go through before a backend. Raises `ExportError` for a dialect that is not there.
        """
        return Exporter(dialect, pipelines).exported(self._compiled, params)

    def sql(
        self, dialect: str = "duckdb", now: datetime | str | None = None, params: Mapping[str, Any] | None = None
    ) -> dict[str, str]:
        """Return the SQL of each output by name.

        Raises `CompileError` where it has errors, `ParameterError` for parameters that it does not have or
        that are missing, `ValueError` for a dialect that there is not.
        """
        of_type("dialect", dialect, str, "the name of a dialect")
        moment, values = core.instant("now", now), core.values_by_name(params)
        self._compiled.outputs()  # what is wrong with it comes before what is wrong with parameters
        core.known_parameters(values, [self._compiled])
        return self._compiled.sql(dialect, moment, values)

    def run(  # noqa: PLR0913  # the bounds of a run, each by name
        self,
        store: Store | str | PathLike[str] | None = None,
        *,
        params: Mapping[str, Any] | None = None,
        now: datetime | str | None = None,
        since: datetime | str | None = None,
        until: datetime | str | None = None,
        limit: int | None = None,
        memory_limit: str | None = None,
        timeout: timedelta | str | float | None = None,
        records_apart: bool = False,
    ) -> Result:
        """Run it over a store, the sample where none is given; the options are those of `run_all`.

        Raises `CompileError` where it has errors, `ParameterError` for parameters that it does not have or that are
        missing, `OptionError` for an option's value that cannot be, `EngineError` where its query fails.
        """
        options = RunOptions.of(
            now=now,
            since=since,
            until=until,
            limit=limit,
            memory_limit=memory_limit,
            timeout=timeout,
            records_apart=records_apart,
        )
        values = core.values_by_name(params)
        return core.run_one(self._compiled, core.opened_store(store), options, values)


def load(target: str | PathLike[str], *, model: Model | None = None, project: Project | None = None) -> Analytic:
    """Load an analytic: a `.car` file, CAR's Markdown or YAML, or the id of one.

    An id is looked for on the search path of the project, where one is given, then among the analytics that ship with
    the package. The data model is `model`, else the project's, else the built-in one. Never raises on a bad file:
    `check()` says what is wrong with it, `run()` raises then.
    """
    path = Path(path_text("target", target, "is neither a path nor the id of an analytic"))
    file = None
    if isinstance(target, str) and not path.exists():
        file = catalogue_of(_project(project)).find(target)
    return _analytic(file or importers.load_file(path), model, project)


def load_text(
    text: str, name: str = core.PROGRAM, *, model: Model | None = None, project: Project | None = None
) -> Analytic:
    """Load an analytic from text; `name` is what diagnostics call it, `model` and `project` are those of `load`."""
    of_type("text", text, str, "the text of a program")
    of_type("name", name, str, "a text")
    return _analytic(importers.load_text(text, name), model, project)


def catalogue(project: Project | None = None) -> tuple[Analytic, ...]:
    """Return every analytic on a project's search path and those that ship with the package, in the order of ids."""
    return tuple(_analytic(file, None, project) for file in catalogue_of(_project(project)).all())


def check(text: str, *, model: Model | None = None, project: Project | None = None) -> list[Diagnostic]:
    """Return every fault of a program, and remarks on it, by place; never raises on a bad program."""
    return load_text(text, model=model, project=project).check()


def fields(
    name: str | None = None,
    store: Store | str | PathLike[str] | None = None,
    *,
    model: Model | None = None,
    project: Project | None = None,
) -> tuple[ClassEntry, ...]:
    """Return what can be asked of events: classes with their fields, and what sensors call these.

    Args:
        name: An object, `Process`; a class of events, `Process:Create`; a field of one, `Process.exe`; or a field at
            large, `exe`, which gives every object that has it. Names of sensors and products lead to what they mean.
            Where None, every object.
        store: Where to look how much of the fields is filled; nowhere where None.
        model: The data model; the project's where None, else the built-in one.
        project: Where the data model comes from, where `model` does not say.

    Raises:
        CompileError: The name means nothing; its diagnostics say what was probably meant.
        StoreError: The store cannot be opened or read.
    """
    used = _model(model, _project(project))
    meant = wanted(of_type("name", name, str | None, "a text"), used)
    return class_entries(meant, used, None if store is None else core.opened_store(store))


def run(  # noqa: PLR0913  # the bounds of a run, each by name
    text: str,
    store: Store | str | PathLike[str] | None = None,
    *,
    params: Mapping[str, Any] | None = None,
    now: datetime | str | None = None,
    since: datetime | str | None = None,
    until: datetime | str | None = None,
    limit: int | None = None,
    memory_limit: str | None = None,
    timeout: timedelta | str | float | None = None,
    records_apart: bool = False,
    model: Model | None = None,
    project: Project | None = None,
) -> Result:
    """Run a program given as text; see `Analytic.run`."""
    return load_text(text, model=model, project=project).run(
        store,
        params=params,
        now=now,
        since=since,
        until=until,
        limit=limit,
        memory_limit=memory_limit,
        timeout=timeout,
        records_apart=records_apart,
    )


def rank(
    report: RunReport,
    store: Store | str | PathLike[str] | None = None,
    *,
    group_by: GroupBy | str | None = None,
    memory_limit: str | None = None,
    timeout: timedelta | str | float | None = None,
) -> RunReport:
    """Return a run of `run_all` with its `triage`: incidents, the heaviest first, and what each weight is the sum of.

    Args:
        report: The run, whose rows are looked at: up to 50,000 of each output.
        store: Where it ran: the store that says how rare values are; the sample store where None.
        group_by: What the hits are put together by as well: `host`, `user`, `process`, `analytic` or `tactic`.
        memory_limit: What DuckDB may take, such as `2GB`.
        timeout: How long one query may take.

    Raises:
        OptionError: An option has a value that it cannot have.
        EngineError: A query of the store went beyond the limits.
        StoreError: The store cannot be opened or read.
    """
    options = RunOptions.of(memory_limit=memory_limit, timeout=timeout)
    names = [each.value for each in GroupBy]
    by = group_by.value if isinstance(group_by, GroupBy) else group_by
    if by is not None and by not in names:
        raise OptionError(f"group_by: {shown(by)} is none of {', '.join(names)}")
    return triage.ranked(report, opened_store(store), options.limits, None if by is None else GroupBy(by))


def run_all(  # noqa: PLR0913  # the bounds of a run, each by name
    analytics: Iterable[Analytic],
    store: Store | str | PathLike[str] | None = None,
    *,
    params: Mapping[str, Any] | None = None,
    now: datetime | str | None = None,
    since: datetime | str | None = None,
    until: datetime | str | None = None,
    limit: int | None = None,
    memory_limit: str | None = None,
    timeout: timedelta | str | float | None = None,
    records_apart: bool = False,
    baseline: str | PathLike[str] | None = None,
    why: int | None = None,
) -> RunReport:
    """Run many analytics over one store.

    Each ends up with its results, or among those that the store cannot support, or among those that failed; none
    stops the others.

    Args:
        analytics: What to run.
        store: Where: a store, or the path of one; the sample store where None.
        params: Values of the analytics' parameters.
        now: The instant that programs call `now`; the clock's where None. Times are a `datetime`, or a text such as
            `2020-09-01` or `2020-09-01T12:00:00+02:00`; without a zone they are UTC.
        since: Events before this instant are left out. Events without a time are always taken.
        until: Events at and after this instant are left out.
        limit: How many rows an output keeps; its `total` still counts all.
        memory_limit: What DuckDB may take, such as `2GB`.
        timeout: How long an analytic may take to compile, the store to be judged for it, and one query to run: a
            `timedelta`, a number of seconds, or a text such as `60s` or `2m`.
        records_apart: Whether each record is an event, also where records of two sensors tell of one occurrence.
        baseline: The file of a baseline, which takes rows away before they are counted and limited. The report's
            `baseline` says how many, each result's `excluded` by what.
        why: Of how many rows of each output to say what they met, 0 for none; its `why` has that, the rows left after
            each condition, and what came nearest where there are no rows. It is not asked where None.

    Raises:
        OptionError: An option has a value that it cannot have; nothing has run then.
        ParameterError: None of the analytics has a parameter of that name.
        StoreError: The store cannot be opened or read.
        CompileError: The baseline cannot be read or has errors; nothing has run then.
    """
    options = RunOptions.of(
        now=now,
        since=since,
        until=until,
        limit=limit,
        memory_limit=memory_limit,
        timeout=timeout,
        records_apart=records_apart,
        baseline=baseline,
        why=why,
    )
    values = core.values_by_name(params)
    chosen = _compiled(analytics)
    return core.run_analytics(chosen, core.opened_store(store), options, values)


def ingest(  # noqa: PLR0913  # the options of an ingest, each by name
    sources: str | PathLike[str] | Sequence[str | PathLike[str]],
    store: Store | str | PathLike[str],
    *,
    model: Model | None = None,
    project: Project | None = None,
    sensor: str | PathLike[str] = "auto",
    hostname: str | None = None,
    keep_raw: bool = False,
    strict: bool = False,
    dedupe: str | None = None,
    timezone: str | None = None,
    progress: Progress | None = None,
    timeout: timedelta | str | float | None = None,
    expand_limit: int | str | None = None,
    memory_limit: str | None = None,
) -> IngestReport:
    """Read raw logs into an event store, which is made where there is none, and say what became of each source.

    Args:
        sources: Files, folders (with all files below), patterns and `-`, which is standard input, or one of them;
            archives are unpacked as they are read.
        store: A folder, or a store that can be written.
        model: The data model, whose fields become the columns; the project's where None, else the built-in one.
        project: Where the data model comes from, where `model` does not say.
        sensor: The sensor whose mapping applies, by name or by its mapping file; `auto` goes by each record's channel
            and event id. An object and action, `process/create`, takes every record as fields of such an event.
        hostname: The host of records that name none.
        keep_raw: Whether events keep their record as JSON in a column `raw`.
        strict: Whether a source of which anything is rejected is left out as a whole.
        dedupe: `record` leaves out the events of records that are in the store from another export of the same log.
        timezone: The zone of times that name none, `Europe/Berlin` or `+02:00`; where None they are taken as UTC, and
            the report says of which sources that is so.
        progress: What to tell how far the ingest is.
        timeout: How long it may take: a `timedelta`, a number of seconds, or a text such as `60s` or `2m`. What was
            committed by then stays, and the report names the rest.
        expand_limit: Bytes, also as a text such as `200GB`, that one source may become when it is unpacked, or read
            from a stream. Where None, 64 GB and no more than 200 times the size of an archive.
        memory_limit: What DuckDB, Arrow and the records that wait may take together, such as `2GB` or `50%`, beyond
            what the process takes for a file of one record.

    Raises:
        OptionError: An argument has a value that it cannot have; nothing was read or made then.
        IngestError: There is no such sensor, time zone, or way to find duplicates.
        CarlangError: The mapping file has faults.
        StoreError: The store cannot be made or written.
    """
    return ingest_sources(
        _paths(sources),
        store if isinstance(store, Store) else path_text("store", store, NO_STORE),
        model=_model(model, _project(project)),
        sensor=path_text("sensor", sensor, "is neither a sensor's name nor a mapping file"),
        hostname=of_type("hostname", hostname, str | None, "a text"),
        keep_raw=of_type("keep_raw", keep_raw, bool, "True or False"),
        strict=of_type("strict", strict, bool, "True or False"),
        dedupe=dedupe,
        timezone=of_type("timezone", timezone, str | None, "a text"),
        progress=of_type("progress", progress, Progress | None, "an object with start, file and advance"),
        timeout=core.seconds("timeout", timeout),
        expand_limit=core.size("expand_limit", expand_limit),
        memory_limit=core.memory("memory_limit", memory_limit, LEAST_MEMORY),
    )


def _analytic(file: importers.AnalyticFile, model: Model | None, project: Project | None) -> Analytic:
    used = _project(project)
    return Analytic(CompiledAnalytic(file, _model(model, used), catalogue_of(used)))


def _project(project: Project | None) -> Project:
    """Return the project that was given, else one that says nothing."""
    of_type("project", project, Project | None, "a Project; Project.find and Project.read give one")
    return Project() if project is None else project


def _model(model: Model | None, project: Project) -> Model:
    """Return the data model that was given, else the project's."""
    of_type("model", model, Model | None, "a Model; builtin_model and load_model give one")
    return project.model if model is None else model


def _compiled(analytics: Iterable[Analytic]) -> list[CompiledAnalytic]:
    """Return what stands behind the door's analytics."""
    chosen = list(analytics) if isinstance(analytics, Iterable) else [None]
    if all(isinstance(each, Analytic) for each in chosen):
        return [each._compiled for each in chosen if each]  # noqa: SLF001  # the door's own room
    raise OptionError(f"analytics: {shown(analytics)} is not a list of analytics; `load` and `load_text` give one each")


def _paths(sources: str | PathLike[str] | Sequence[str | PathLike[str]]) -> list[str]:
    """Return the paths of sources; a text is one path, not one a letter."""
    neither = "is neither a path nor a list of paths"
    if isinstance(sources, str | PathLike):
        return [path_text("sources", sources, neither)]
    listed = list(sources) if isinstance(sources, Iterable) else [None]
    if not all(isinstance(source, str | PathLike) for source in listed):
        raise OptionError(f"sources: {shown(sources)} {neither}")
    return [path_text("sources", source, neither) for source in listed]
