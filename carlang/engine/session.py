"""Sessions: programs in, results out, over a store or over events in memory."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from datetime import datetime
from types import TracebackType
from typing import Self

import pyarrow as pa

from carlang.database import Limits
from carlang.deadline import TimeUpError, task
from carlang.engine.duckdb_engine import DuckDBEngine
from carlang.engine.protocol import Engine
from carlang.errors import EngineError
from carlang.model.schema import Model
from carlang.model.types import Column, Kind
from carlang.resolve import Given
from carlang.resolve.bound import BoundOutput, Events, streams_below
from carlang.results import Output
from carlang.sql import INCOMING, EventFiles, Window, lower, lower_incoming, lower_schema, lower_table
from carlang.store import Store, StoreFile


class QuerySession(ABC):
    """Runs bound programs on an engine, one query an output; use it as a context manager, which closes the engine.

    The tables of events are made when a program first reads them. Safe to use from several threads, which take turns.
    """

    def __init__(self, engine: Engine, model: Model) -> None:
        self._engine = engine
        self._model = model
        # An engine runs one query at a time, and no table may be made while one that needs it is on its way.
        self._lock = threading.Lock()
        self._engine.execute(engine.dialect.text(lower_schema()))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the engine."""
        self._engine.close()

    def run(self, output: BoundOutput, now: datetime, limit: int | None = None, given: Given | None = None) -> Output:
        """Return the rows of an output; `limit` cuts the table, not the count, `given` are the values of inputs.

        Raises `EngineError` where the query fails or goes beyond the session's limits.
        """
        dialect = self._engine.dialect
        # Lowered outside the lock: one thread can do so while another's query runs.
        try:
            with task():
                query = dialect.text(lower(output, dialect, now, given or {}))
        except TimeUpError as error:
            raise EngineError(f"{error}; give it more with --timeout") from error
        except RecursionError as error:
            raise EngineError("the program is nested too deeply to be run; give parts of it names") from error
        objects = {s.object for e in streams_below(output.stream) if isinstance(e, Events) for s in e.sets}
        with self._lock:
            for name in sorted(objects):  # sorted, so that a fault is always that of the same object
                self._provide(name)
            answer = self._engine.query(query, limit)
        return Output(output.name, output.stream.columns, _typed(answer.table, output.stream.columns), answer.total)

    @abstractmethod
    def _provide(self, name: str) -> None:
        """Make the table of an object's events, where it is not there."""


class Session(QuerySession):
    """A session over the files that a store has when the session begins, and over events in a window of time."""

    def __init__(self, store: Store, model: Model, limits: Limits | None = None, window: Window | None = None) -> None:
        super().__init__(DuckDBEngine(store.path, limits or Limits()), model)
        self._store = store
        self._window = window or Window()
        self._tables: set[str] = set()

    def _provide(self, name: str) -> None:
        if name in self._tables:
            return
        dialect = self._engine.dialect
        table = lower_table(dialect, self._model.objects[name], self._files(name), self._window)
        self._engine.execute(dialect.text(table))
        self._tables.add(name)

    def _files(self, name: str) -> list[EventFiles]:
        types = self._store.columns(name)
        paths: dict[str, list[str]] = {}
        columns: dict[str, dict[str, str]] = {}
        for file in self._store.files(name):
            if file.rows and self._in_window(file):  # a file left out here costs nothing; the view is exact anyhow
                paths.setdefault(file.action, []).append(str(file.path.resolve()))
                # A column that no file of the action has filled is not read.
                filled = {c: type_ for c, type_ in types.items() if c in file.filled}
                columns.setdefault(file.action, {}).update(filled)
        return [EventFiles(action, files, columns[action]) for action, files in sorted(paths.items())]

    def _in_window(self, file: StoreFile) -> bool:
        """Tell whether a file may hold events of the window, by the times that its statistics name."""
        # Events without a time lie in every window, and statistics do not see them.
        if file.first_time is None or file.last_time is None or file.filled.get("time", 0) < file.rows:
            return True
        since, until = self._window.since, self._window.until
        return (since is None or file.last_time >= since) and (until is None or file.first_time < until)


class MemorySession(QuerySession):
    """A session over events in memory, which `load` exchanges."""

    def __init__(self, model: Model, limits: Limits | None = None) -> None:
        super().__init__(DuckDBEngine(None, limits or Limits()), model)
        self._tables: dict[str, pa.Table] = {}
        self._filled: set[str] = set()

    def load(self, tables: Mapping[str, pa.Table]) -> None:
        """Take events, a table an object with all columns that the model has for it; others have none then."""
        with self._lock:
            self._tables = dict(tables)
            self._filled.clear()

    def _provide(self, name: str) -> None:
        if name in self._filled:
            return
        dialect, owner, table = self._engine.dialect, self._model.objects[name], self._tables.get(name)
        if table is None:  # a program may search for events that a test has none of
            self._engine.execute(dialect.text(lower_table(dialect, owner, [], Window(), kind="TABLE")))
        else:
            self._engine.execute(dialect.text(lower_incoming(owner)), {INCOMING: table})
        self._filled.add(name)


def _typed(table: pa.Table, columns: Iterable[Column]) -> pa.Table:
    """Give durations, which the engine computes as numbers of microseconds, their own type."""
    for index, column in enumerate(columns):
        kind: pa.DataType | None = None
        if column.type.kind is Kind.DURATION:
            kind = pa.duration("us")
        elif column.type.item is not None and column.type.item.kind is Kind.DURATION:
            kind = pa.list_(pa.duration("us"))
        if kind is not None:
            table = table.set_column(index, column.name, table.column(index).cast(kind))
    return table
