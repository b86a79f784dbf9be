"""Queries about events that are known to be of interest: on a locked connection, opened for the first of them."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import duckdb
import pyarrow as pa

from carlang.database import Limits, engine_error, interruptible, locked_connection, time_limit
from carlang.store.store import Store


class Lookup:
    """Reads a store's files and nothing else, within limits; use it as a context manager, which closes it."""

    def __init__(self, store: Store, limits: Limits) -> None:
        self.store = store
        self._limits = limits
        self._open = ExitStack()
        self._connection: duckdb.DuckDBPyConnection | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def rows(self, query: str, tables: Mapping[str, pa.Table]) -> list[tuple[Any, ...]]:
        """Return the rows of a query, which can read `tables` by their names; raises `EngineError` past the limits."""
        if self._connection is None:
            scratch = self._open.enter_context(tempfile.TemporaryDirectory(prefix="carlang-"))
            self._connection = locked_connection(self.store.path, self._limits.for_engine(), Path(scratch))
            self._open.callback(self._connection.close)
        connection = self._connection
        for name, table in tables.items():
            connection.register(name, table)
        try:
            with time_limit(connection, self._limits.seconds):
                return interruptible(connection, lambda: connection.execute(query).fetchall())
        except duckdb.Error as error:
            raise engine_error(error) from error
        finally:
            for name in tables:
                connection.unregister(name)
