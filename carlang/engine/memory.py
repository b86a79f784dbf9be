"""A session over events in memory: those of an analytic's tests."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa

from carlang.database import Limits
from carlang.engine.duckdb_engine import DuckDBEngine
from carlang.engine.query_session import QuerySession
from carlang.engine.tied import shared_classes
from carlang.model.schema import Class, Model
from carlang.sql import INCOMING, Window, lower_incoming, lower_numbered, lower_table

_SEEN = pa.schema([(name, pa.string()) for name in ("hostname", "object", "action", "sensor")])


class MemorySession(QuerySession):
    """A session over events in memory, which `load` exchanges; `keep_texts` as for the engine."""

    def __init__(
        self,
        model: Model,
        limits: Limits | None = None,
        *,
        records_apart: bool = False,
        keep_texts: bool = True,
    ) -> None:
        engine = DuckDBEngine(None, limits or Limits(), keep_texts=keep_texts)
        super().__init__(engine, model, records_apart=records_apart)
        self._tables: dict[str, pa.Table] = {}
        self._filled: set[str] = set()
        self._numbered_rows = 0
        self._classes: frozenset[Class] | None = None

    def load(self, tables: Mapping[str, pa.Table]) -> None:
        """Take events, a table an object with all columns that the model has for it; others have none then."""
        with self._lock:
            self._tables = dict(tables)
            self._filled.clear()
            self._occurrences.clear()
            self._classes = None

    def _provide(self, name: str) -> None:
        if name in self._filled:
            return
        dialect, owner, table = self._engine.dialect, self._model.objects[name], self._tables.get(name)
        if table is None:  # a program may search for events that a test has none of
            self._engine.execute(dialect.text_of(lower_table, dialect, owner, [], Window(), kind="TABLE"))
        else:
            self._engine.execute(dialect.text_of(lower_incoming, owner), {INCOMING: table})
        self._filled.add(name)

    def _provide_numbered(self, name: str) -> None:
        dialect = self._engine.dialect
        self._provide(name)
        self._engine.execute(dialect.text_of(lower_numbered, dialect, self._model.objects[name], self._numbered_rows))
        self._numbered_rows += self._tables[name].num_rows if name in self._tables else 0

    def _all_have_ids(self, name: str) -> bool:
        table = self._tables.get(name)
        return table is None or table["record_id"].null_count == 0

    def _shared_classes(self) -> frozenset[Class]:
        if self._classes is None:
            columns = ["hostname", "object", "action", "sensor"]
            seen = [_SEEN.empty_table(), *(table.select(columns).cast(_SEEN) for table in self._tables.values())]
            self._classes = shared_classes(pa.concat_tables(seen).rename_columns({"hostname": "host"}), self._model)
        return self._classes
