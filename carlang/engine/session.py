"""Sessions: programs in, results out, over a store or over events in memory."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import pyarrow as pa

from carlang import sql
from carlang.database import Limits, limit_memory
from carlang.deadline import TimeUpError, task
from carlang.engine.duckdb_engine import DuckDBEngine
from carlang.engine.planned import Asked, Decision, ObjectEvents, Planned
from carlang.engine.protocol import Answer, Engine
from carlang.engine.selections import Request, Selections
from carlang.engine.tied import classes_with_ties, make_tables, shared_classes, wider
from carlang.errors import EngineError
from carlang.model.schema import Class, Model
from carlang.model.types import Column, Kind
from carlang.plan import EventFile, can_pay, demands
from carlang.resolve import Given
from carlang.resolve.bound import BoundExpr, BoundOutput, BoundStream, Events, streams_below
from carlang.results import CastRows, Output, Rows, table_of
from carlang.sql import (
    EventFiles,
    Window,
    lower_nothing,
    lower_schema,
    lower_table,
    shown_columns,
    tied_objects,
)
from carlang.store import Store, StoreFile

if TYPE_CHECKING:
    from carlang.sql import Dialect, Selection, Source


class QuerySession(ABC):
    """Runs bound programs on an engine, one query an output; use it as a context manager, which closes the engine.

    The tables of events are made when a program first reads them. Safe to use from several threads, which take turns.
    """

    def __init__(self, engine: Engine, model: Model, *, records_apart: bool = False) -> None:
        self._engine = engine
        self._model = model
        self.records_apart = records_apart
        self._window = Window()
        self._occurrences: dict[str, frozenset[Class]] = {}
        self._ties: dict[int, frozenset[Class]] = {}
        """What is known of outputs that are planned together, by identity."""
        self._empty: dict[tuple[Column, ...], Answer] = {}
        # An engine runs one query at a time, and no table may be made while one that needs it is on its way.
        self._lock = threading.Lock()
        self._engine.execute(engine.dialect.text_of(lower_schema))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the engine."""
        self._engine.close()

    def run(
        self,
        output: BoundOutput,
        now: datetime,
        limit: int | None = None,
        given: Given | None = None,
        exclusions: Sequence[BoundExpr] = (),
    ) -> Output:
        """Return the rows of an output; `limit` cuts the table, not the count, `given` are the values of inputs.

        Records of one occurrence are one row, unless the session has records apart. `exclusions` are conditions on the
        rows; those for which one holds are counted and let go.
        Raises `EngineError` where the query fails or goes beyond the session's limits.
        """
        if self._finds_nothing(output, given):
            return self._nothing(output)
        with self._lock:
            answer = None if exclusions else self._answered(output, given, Request(now, limit))
            if answer is not None:
                return _output(output, answer, self._tied(output))
        query, tied = self._query(output, now, given, exclusions)
        with self._lock:
            self._provide_tables(output, tied)
            self._show(output, given)
            if exclusions:
                answer = self._engine.query_without(query, len(exclusions), limit)
            else:
                answer = self._engine.query(query, limit)
        return _output(output, answer, tied)

    def ask(
        self,
        stream: BoundStream,
        lowering: Callable[[Dialect, frozenset[Class]], Any],
        columns: Sequence[Column] = (),
    ) -> pa.Table:
        """Return what a query says of all that a stream reads; `lowering` makes it for the classes that are tied.

        `columns` are those of the answer, where values of their types are shown. Raises `EngineError` as `run` does.
        """
        asked = BoundOutput("asked", stream)
        dialect = self._engine.dialect
        with self._lock:
            tied = self._tied(asked)
        query = _in_time(lambda: dialect.text(lowering(dialect, tied)))
        with self._lock:
            self._provide_tables(asked, tied)
            self._show(asked, None)
            return table_of(_typed(self._engine.query(query).rows, columns))

    def _provide_tables(self, output: BoundOutput, tied: frozenset[Class]) -> None:
        """Make the tables that an output reads, where they are not there."""
        for name in _objects_of(output):
            self._provide(name)
        for name in sorted(tied_objects(output, tied) - self._occurrences.keys()):
            self._provide_occurrences(name)

    def prepare(self, asked: Sequence[tuple[BoundOutput, Given]], alone: Collection[int] = ()) -> Sequence[Decision]:
        """Plan outputs together that will be run with these values of their inputs, and say what was decided of each.

        Each is run as ever, with the same rows, and those that share what they look at take less time. Those that are
        run with exclusions, by identity in `alone`, have a query of their own.
        """
        del asked, alone
        return ()

    @property
    def unplanned(self) -> tuple[str, ...]:
        """Why outputs of which objects could not be planned together, where that failed."""
        return ()

    def _show(self, output: BoundOutput, given: Given | None) -> None:
        """Have the tables of events show what an output is to see of them, which are all unless it was planned."""
        del output, given

    def _finds_nothing(self, output: BoundOutput, given: Given | None) -> bool:
        """Tell whether it is known already that an output has no rows, and what its columns are."""
        del output, given
        return False

    def _answered(self, output: BoundOutput, given: Given | None, request: Request) -> Answer | None:
        """Return the answer of an output that is asked for together with others."""
        del output, given, request
        return None

    def _nothing(self, output: BoundOutput) -> Output:
        """Return an output without rows."""
        with self._lock:
            tied = self._tied(output)
            columns = shown_columns(output, tied)
            if columns not in self._empty:  # most outputs of a catalogue have the columns of one of few classes
                dialect = self._engine.dialect
                self._empty[columns] = self._engine.query(dialect.text_of(lower_nothing, dialect, columns))
            return _output(output, self._empty[columns], tied)

    def sql(self, output: BoundOutput, now: datetime, given: Given | None = None) -> str:
        """Return the query that `run` asks of the engine; raises as it does."""
        return self._query(output, now, given)[0]

    def _query(
        self, output: BoundOutput, now: datetime, given: Given | None, exclusions: Sequence[BoundExpr] = ()
    ) -> tuple[str, frozenset[Class]]:
        """Return an output's query, and the classes of its events of which records are tied."""
        dialect = self._engine.dialect
        with self._lock:
            tied = self._tied(output)
        # Lowered outside the lock: one thread can do so while another's query runs.
        return _in_time(lambda: dialect.query_of(output, now, given or {}, tied, exclusions)), tied

    def _tied(self, output: BoundOutput) -> frozenset[Class]:
        """Return the classes of an output's events of which records are tied, their tables made."""
        known = self._ties.get(id(output))
        if known is not None:
            return known
        asked = frozenset() if self.records_apart else classes_with_ties(output, self._model)
        shared = asked & self._shared_classes() if asked else asked
        for name in sorted({name for name, _ in shared} - self._occurrences.keys()):
            self._provide_occurrences(name)
        return frozenset(c for c in shared if c in self._occurrences[c[0]])

    def _provide_occurrences(self, name: str) -> None:
        """Make the tables of an object's tied records and occurrences, and remember of which classes there are some."""
        self._provide_numbered(name)
        ties = [tie for tie in self._model.ties if tie.object == name and tie.event_class in self._shared_classes()]
        owner, all_have_ids = self._model.objects[name], self._all_have_ids(name)
        self._occurrences[name] = make_tables(self._engine, owner, ties, self._window, all_have_ids=all_have_ids)

    @abstractmethod
    def _provide(self, name: str) -> None:
        """Make the table of an object's events, where it is not there."""

    @abstractmethod
    def _provide_numbered(self, name: str) -> None:
        """Make the table of an object's events with numbers, those around the window among them."""

    @abstractmethod
    def _all_have_ids(self, name: str) -> bool:
        """Tell whether each record of an object has an id."""

    @abstractmethod
    def _shared_classes(self) -> frozenset[Class]:
        """Return the classes that two sensors of one host tell of."""


class Session(QuerySession):
    """A session over the files that a store has when the session begins, and over events in a window of time."""

    def __init__(
        self,
        store: Store,
        model: Model,
        limits: Limits | None = None,
        window: Window | None = None,
        *,
        records_apart: bool = False,
    ) -> None:
        engine = DuckDBEngine(store.path, limits or Limits())
        super().__init__(engine, model, records_apart=records_apart)
        self._store = store
        self._memory = (limits or Limits()).for_engine().memory
        self._window = window or Window()
        self._tables: set[str] = set()
        self._first_files: dict[str, int] = {}
        self._numbered_files = 0
        self._classes: frozenset[Class] | None = None
        self._planned = Planned(self._engine, limits or Limits(), self._window)
        self._selections = Selections(engine, engine.spool)
        self._asked: Sequence[tuple[BoundOutput, Given]] = ()
        self._shown: dict[str, int] = {}
        """The objects whose tables show the events of a leaf, and of which."""

    def prepare(self, asked: Sequence[tuple[BoundOutput, Given]], alone: Collection[int] = ()) -> Sequence[Decision]:
        """Plan outputs together: those that search for few of an object's events have these kept, read once.

        What was planned before is let go.
        """
        wanted: dict[str, list[Asked]] = {}
        for output, given in asked:
            for demand in demands(output, given):
                wanted.setdefault(demand.object, []).append(Asked(output, given, demand))
        with self._lock:
            try:
                self._ties.clear()
                # Before anything is kept: with a record its partner is.
                self._ties = {id(output): self._tied(output) for output, _ in asked}
                self._asked = asked  # what is known by identity has to live as long
            except EngineError as error:
                self._planned.failures["records of two sensors"] = str(error)
                return ()
            for name in list(self._shown):
                self._show_all(name)
            self._planned.let_go()
            self._selections.expect((each for each in asked if id(each[0]) not in alone), self._source)
            for name, of_object in sorted(wanted.items()):
                try:
                    self._prepare_object(name, of_object)
                except EngineError as error:
                    self._planned.failures[name] = str(error)
            return tuple(self._planned.decisions)

    @property
    def unplanned(self) -> tuple[str, ...]:
        """Why outputs of which objects could not be planned together, where that failed."""
        return tuple(f"{name}: {reason}" for name, reason in self._planned.failures.items())

    def _prepare_object(self, name: str, asked: Sequence[Asked]) -> None:
        groups = self._files(name, wider(self._window))
        if not groups or not self._planned.has_room:
            return
        rows = sum(file.rows for file in self._store.files(name))
        if can_pay(len(asked), rows):
            self._provide_numbered(name)
        paths = [(path, group.action) for group in groups for path in group.paths]
        first = self._first_files.get(name, 0)
        files = [EventFile(Path(path), action, first + index) for index, (path, action) in enumerate(paths)]
        columns = {column: type_ for group in groups for column, type_ in group.columns.items()}
        events = ObjectEvents(self._model.objects[name], files, columns, rows)
        self._planned.keep(events, asked, self._selections.expected, tied=name in self._occurrences)

    def _source(self, output: BoundOutput, selection: Selection) -> Source:
        tied = self._tied(output)
        dialect, owner = self._engine.dialect, self._model.objects[selection.object]
        columns, shown = selection.events.columns, shown_columns(output, tied)
        return sql.Source(dialect, owner, columns, shown, self._window, tied=bool(tied_objects(output, tied)))

    def _answered(self, output: BoundOutput, given: Given | None, request: Request) -> Answer | None:
        return self._selections.answer(output, given, request, self._planned, self._show_numbered)

    def _show_numbered(self, name: str) -> None:
        """Have the table of an object's numbered events show all of them."""
        if name in self._shown:
            self._show_all(name)
        self._provide_numbered(name)

    def _finds_nothing(self, output: BoundOutput, given: Given | None) -> bool:
        return self._planned.finds_nothing(output, given)

    def _show(self, output: BoundOutput, given: Given | None) -> None:
        for name in _objects_of(output):
            leaf = self._planned.kept_leaf_of(output, given, name)
            if leaf == self._shown.get(name):
                continue
            if leaf is None:
                self._show_all(name)
            else:
                self._planned.show(self._model.objects[name], leaf)
                self._shown[name] = leaf

    def _show_all(self, name: str) -> None:
        """Have an object's tables show all events again."""
        del self._shown[name]
        self._tables.discard(name)
        self._provide(name)
        if name in self._occurrences:
            self._provide_numbered(name)

    def _provide(self, name: str) -> None:
        if name in self._tables:
            return
        dialect = self._engine.dialect
        owner, files = self._model.objects[name], self._files(name, self._window)
        self._engine.execute(dialect.text_of(lower_table, dialect, owner, files, self._window))
        self._tables.add(name)

    def _provide_numbered(self, name: str) -> None:
        dialect, files = self._engine.dialect, self._files(name, wider(self._window))
        if name not in self._first_files:
            self._first_files[name] = self._numbered_files
            self._numbered_files += sum(len(group.paths) for group in files)
        # All rows of the files: whether a record is in the window is known when its occurrence is.
        first = self._first_files[name]
        owner = self._model.objects[name]
        self._engine.execute(dialect.text_of(lower_table, dialect, owner, files, Window(), numbered_from=first))

    def _all_have_ids(self, name: str) -> bool:
        return all(file.filled.get("record_id", 0) >= file.rows for file in self._store.files(name))

    def _shared_classes(self) -> frozenset[Class]:
        if self._classes is None:
            with limit_memory(self._memory):
                seen = self._store.inventory(classes=(), fields=())
            self._classes = shared_classes(seen, self._model)
        return self._classes

    def _files(self, name: str, window: Window) -> list[EventFiles]:
        types = self._store.columns(name)
        by_action: dict[str, list[StoreFile]] = {}
        for file in self._store.files(name):
            if file.rows and _in_window(file, window):  # a file left out here costs nothing; the view is exact anyhow
                by_action.setdefault(file.action, []).append(file)
        return [self._event_files(action, files, types) for action, files in sorted(by_action.items())]

    def _event_files(self, action: str, files: Sequence[StoreFile], types: Mapping[str, str]) -> EventFiles:
        # A column that no file of the action has filled is not read.
        columns = {c: type_ for c, type_ in types.items() if any(c in file.filled for file in files)}
        # A table of a log has one type for a column; files of a plain tree, whoever wrote them, need not.
        alike = self._store.writable and all(columns.keys() <= file.filled.keys() for file in files)
        return EventFiles(action, [str(file.path.resolve()) for file in files], columns, alike)


def _in_time(lowered: Callable[[], str]) -> str:
    """Return the text of a query as far as there is time, and depth, to write it; raises `EngineError` beyond."""
    try:
        with task():
            return lowered()
    except TimeUpError as error:
        raise EngineError(f"{error}; give it more with --timeout") from error
    except RecursionError as error:
        raise EngineError("the program is nested too deeply to be run; give parts of it names") from error


def _objects_of(output: BoundOutput) -> list[str]:
    """Return the objects whose events an output searches; sorted, so that a fault is always that of the same one."""
    return sorted({s.object for e in streams_below(output.stream) if isinstance(e, Events) for s in e.sets})


def _output(output: BoundOutput, answer: Answer, tied: frozenset[Class]) -> Output:
    columns = shown_columns(output, tied)
    names = tuple(sorted("/".join(event_class) for event_class in tied))
    return Output(
        output.name, columns, _typed(answer.rows, columns), answer.total, tied=names, excluded=answer.excluded
    )


def _in_window(file: StoreFile, window: Window) -> bool:
    """Tell whether a file may hold events of a window, by the times that its statistics name."""
    # Events without a time lie in every window, and statistics do not see them.
    if file.first_time is None or file.last_time is None or file.filled.get("time", 0) < file.rows:
        return True
    since, until = window.since, window.until
    return (since is None or file.last_time >= since) and (until is None or file.first_time < until)


def _typed(rows: Rows, columns: Iterable[Column]) -> Rows:
    """Give durations, which the engine computes as numbers of microseconds, their own type."""
    schema = rows.schema
    for index, column in enumerate(columns):
        kind: pa.DataType | None = None
        if column.type.kind is Kind.DURATION:
            kind = pa.duration("us")
        elif column.type.item is not None and column.type.item.kind is Kind.DURATION:
            kind = pa.list_(pa.duration("us"))
        if kind is not None:
            schema = schema.set(index, pa.field(column.name, kind))
    return rows if schema.equals(rows.schema) else CastRows(rows, schema)
