"""Sessions: programs in, results out, on a connection of their own."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

import duckdb
import pyarrow as pa

from carlang.database import Limits, engine_error, locked_connection, time_limit
from carlang.errors import EngineError
from carlang.model.schema import Model
from carlang.model.types import Column, Kind
from carlang.resolve import Given
from carlang.resolve.bound import BoundOutput, Events, streams_below
from carlang.results import Output
from carlang.sql import INCOMING, DuckDBDialect, EventFiles, Window, lower, lower_incoming, lower_schema, lower_table
from carlang.store import Store, StoreFile

_DIALECT = DuckDBDialect()


class QuerySession:
    """Runs bound programs on a connection of its own, one query an output; use it as a context manager.

    Safe to use from several threads, which take turns.
    """

    def __init__(self, folder: Path | None, model: Model, limits: Limits | None = None) -> None:
        self._model = model
        self._limits = limits or Limits()
        self._scratch = tempfile.TemporaryDirectory(prefix="carlang-")
        self._lock = threading.Lock()
        try:
            self._connection = locked_connection(folder, self._limits, Path(self._scratch.name))
        except EngineError:
            self._scratch.cleanup()
            raise
        self._execute(_DIALECT.text(lower_schema()))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection and remove what it spilled."""
        self._connection.close()
        self._scratch.cleanup()

    def run(self, output: BoundOutput, now: datetime, limit: int | None = None, given: Given | None = None) -> Output:
        """Return the rows of an output; `limit` cuts the table, not the count, `given` are the values of inputs.

        Raises `EngineError` where the query fails or goes beyond the session's limits.
        """
        query = _DIALECT.text(lower(output, _DIALECT, now, given or {}))
        with self._lock:
            self._provide(output)
            try:
                with time_limit(self._connection, self._limits.seconds):
                    table, total = _fetched(self._connection.sql(query), limit)
            except duckdb.Error as error:
                raise engine_error(error) from error
        return Output(output.name, output.stream.columns, _typed(table, output.stream.columns), total)

    def _provide(self, output: BoundOutput) -> None:
        """Make the tables of the objects that an output reads, where they are not there."""

    def _execute(self, statement: str) -> None:
        try:
            self._connection.execute(statement)
        except duckdb.Error as error:
            raise engine_error(error) from error


class Session(QuerySession):
    """A session over the files that a store has when the session begins."""

    def __init__(self, store: Store, model: Model, limits: Limits | None = None, window: Window | None = None) -> None:
        super().__init__(store.path, model, limits)
        self._store = store
        self._window = window or Window()
        self._tables: set[str] = set()

    def _provide(self, output: BoundOutput) -> None:
        for events in streams_below(output.stream):
            if isinstance(events, Events):
                self._make_tables(event_set.object for event_set in events.sets)

    def _make_tables(self, objects: Iterable[str]) -> None:
        for name in objects:
            if name not in self._tables:
                owner = self._model.objects[name]
                self._execute(_DIALECT.text(lower_table(_DIALECT, owner, self._files(name), self._window)))
                self._tables.add(name)

    def _files(self, name: str) -> list[EventFiles]:
        types = self._store.columns(name)
        found: dict[str, list[str]] = {}
        columns: dict[str, dict[str, str]] = {}
        for file in self._store.files(name):
            if file.rows and self._in_window(file):
                found.setdefault(file.action, []).append(str(file.path.resolve()))
                present = {c: kind for c, kind in types.items() if c in file.filled}
                columns.setdefault(file.action, {}).update(present)
        return [EventFiles(action, paths, columns[action]) for action, paths in sorted(found.items())]

    def _in_window(self, file: StoreFile) -> bool:
        if file.first_time is None or file.last_time is None or file.filled.get("time", 0) < file.rows:
            return True
        since, until = self._window.since, self._window.until
        return (since is None or file.last_time >= since) and (until is None or file.first_time < until)


class MemorySession(QuerySession):
    """A session over events in memory, which `load` exchanges."""

    def __init__(self, model: Model, limits: Limits | None = None) -> None:
        super().__init__(None, model, limits)
        self._tables: dict[str, pa.Table] = {}
        self._filled: set[str] = set()

    def load(self, tables: Mapping[str, pa.Table]) -> None:
        """Take events, a table an object with all columns that the model has for it; others have none then."""
        with self._lock:
            self._tables = dict(tables)
            self._filled.clear()

    def _provide(self, output: BoundOutput) -> None:
        for events in streams_below(output.stream):
            if isinstance(events, Events):
                for event_set in events.sets:
                    self._fill(event_set.object)

    def _fill(self, name: str) -> None:
        if name in self._filled:
            return
        owner = self._model.objects[name]
        table = self._tables.get(name)
        if table is None:
            self._execute(_DIALECT.text(lower_table(_DIALECT, owner, [], Window(), kind="TABLE")))
        else:
            self._connection.register(INCOMING, table)
            self._execute(_DIALECT.text(lower_incoming(owner)))
            self._connection.unregister(INCOMING)
        self._filled.add(name)


def _fetched(relation: duckdb.DuckDBPyRelation, limit: int | None) -> tuple[pa.Table, int]:
    """Return the first rows and the number of all; rows beyond the limit are counted and let go."""
    if limit is None:
        table = relation.to_arrow_table()
        return table, table.num_rows
    reader = relation.to_arrow_reader()
    kept: list[pa.RecordBatch] = []
    total = 0
    for batch in reader:
        if total < limit:
            kept.append(batch.slice(0, limit - total))
        total += batch.num_rows
    return pa.Table.from_batches(kept, schema=reader.schema), total


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
