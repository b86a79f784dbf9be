"""DuckDB as an engine, on a locked-down connection."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

import duckdb
import pyarrow as pa

from carlang.database import Limits, engine_error, locked_connection, time_limit
from carlang.engine.protocol import Answer
from carlang.errors import EngineError
from carlang.sql import DuckDBDialect


class DuckDBEngine:
    """Reads files below `folder`, if there is one, and nothing else; takes no more than `limits` allow."""

    def __init__(self, folder: Path | None, limits: Limits) -> None:
        self.dialect = DuckDBDialect()
        self._limits = limits
        # What does not fit into memory is spilled here: not in the store, which may be read-only.
        self._scratch = tempfile.TemporaryDirectory(prefix="carlang-")
        try:
            self._connection = locked_connection(folder, limits, Path(self._scratch.name))
        except EngineError:
            self._scratch.cleanup()
            raise

    def execute(self, statement: str, tables: Mapping[str, pa.Table] | None = None) -> None:
        """Run a statement that gives no rows, without a limit of time: making a view reads no more than footers."""
        for name, table in (tables or {}).items():
            self._connection.register(name, table)
        try:
            self._connection.execute(statement)
        except duckdb.Error as error:
            raise engine_error(error) from error
        finally:
            for name in tables or ():
                self._connection.unregister(name)

    def query(self, text: str, limit: int | None = None) -> Answer:
        """Run a query; one that takes longer than the limits allow is interrupted."""
        try:
            with time_limit(self._connection, self._limits.seconds):
                return _fetched(self._connection.sql(text), limit)
        except duckdb.Error as error:
            raise engine_error(error) from error

    def close(self) -> None:
        """Close the connection and remove what it spilled."""
        self._connection.close()
        self._scratch.cleanup()


def _fetched(relation: duckdb.DuckDBPyRelation, limit: int | None) -> Answer:
    if limit is None:
        table = relation.to_arrow_table()
        return Answer(table, table.num_rows)
    # Batch by batch, so that rows beyond the limit are counted and let go.
    reader = relation.to_arrow_reader()
    kept: list[pa.RecordBatch] = []
    total = 0
    for batch in reader:
        if total < limit:
            kept.append(batch.slice(0, limit - total))
        total += batch.num_rows
    return Answer(pa.Table.from_batches(kept, schema=reader.schema), total)
