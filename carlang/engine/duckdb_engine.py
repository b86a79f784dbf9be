"""DuckDB as an engine, on a locked-down connection."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

import duckdb
import pyarrow as pa

from carlang.database import (
    ENGINE_SHARE,
    LEAST_MEMORY,
    Limits,
    engine_error,
    interruptible,
    locked_connection,
    resolved_bytes,
    time_limit,
)
from carlang.engine.protocol import Answer
from carlang.errors import EngineError
from carlang.sql import DuckDBDialect

_BATCH = 10_000
"""How many rows come from the engine at once. It gathers a million unless told otherwise, beside its own limit."""


class DuckDBEngine:
    """Reads files below `folder`, if there is one, and nothing else; takes no more than `limits` allow.

    The rows of all answers count together, as whoever asks keeps them.
    """

    def __init__(self, folder: Path | None, limits: Limits) -> None:
        self.dialect = DuckDBDialect()
        self._limits = limits
        # What does not fit into memory is spilled here: not in the store, which may be read-only.
        self._scratch = tempfile.TemporaryDirectory(prefix="carlang-")
        try:
            self._connection = locked_connection(folder, limits.for_engine(), Path(self._scratch.name))
        except EngineError:
            self._scratch.cleanup()
            raise
        self._kept = 0
        self._memory = None if limits.memory is None else resolved_bytes(limits.memory)

    def execute(
        self, statement: str, tables: Mapping[str, pa.Table] | None = None, *, takes_time: bool = False
    ) -> None:
        """Run a statement that gives no rows; without a limit of time where it does no more than read footers."""
        for name, table in (tables or {}).items():
            self._connection.register(name, table)
        try:
            with time_limit(self._connection, self._limits.seconds if takes_time else None):
                interruptible(self._connection, lambda: self._connection.execute(statement))
        except duckdb.Error as error:
            raise engine_error(error) from error
        finally:
            for name in tables or ():
                self._connection.unregister(name)

    def query(self, text: str, limit: int | None = None) -> Answer:
        """Run a query; one that takes longer than the limits allow is interrupted."""
        if self._memory is not None and self._memory < LEAST_MEMORY:
            least = f"{LEAST_MEMORY // 10**6} MB are the least that a query takes"
            raise EngineError(f"ran out of memory; give it more with --memory-limit ({least})")
        try:
            with time_limit(self._connection, self._limits.seconds):
                return interruptible(self._connection, lambda: self._fetched(self._connection.sql(text), limit))
        except duckdb.Error as error:
            raise engine_error(error) from error

    def close(self) -> None:
        """Close the connection and remove what it spilled."""
        self._connection.close()
        self._scratch.cleanup()

    def _fetched(self, relation: duckdb.DuckDBPyRelation, limit: int | None) -> Answer:
        # Batch by batch, so that rows beyond the limit are counted and let go.
        kept: list[pa.RecordBatch] = []
        total, size = 0, 0
        # Closed also where the rows are too many, as the connection does nothing else while a result is open.
        with relation.to_arrow_reader(_BATCH) as reader:
            for batch in reader:
                if limit is None or total < limit:
                    kept.append(batch if limit is None else batch.slice(0, limit - total))
                    size += kept[-1].nbytes
                    self._require(size)
                total += batch.num_rows
        self._kept += size
        return Answer(pa.Table.from_batches(kept, schema=reader.schema), total)

    def _require(self, size: int) -> None:
        """Raise `EngineError` where rows of a size, beside those of earlier answers, are more than may be kept."""
        if self._memory is None:
            return
        room = round(self._memory * (1 - ENGINE_SHARE))
        if self._kept + size > room:
            raise EngineError(
                f"ran out of memory; give it more with --memory-limit, or keep fewer rows with --limit"
                f" (the rows of a run may take {room / 1e6:,.0f} MB of it)"
            )
