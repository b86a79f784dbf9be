"""DuckDB as an engine, on a locked-down connection."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
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
from carlang.engine.removing import Remover
from carlang.errors import EngineError
from carlang.results import Spool, Stored
from carlang.sql import dialect_named, late_dialect

_BATCH = 10_000
"""How many rows come from the engine at once. It gathers a million unless told otherwise, beside its own limit."""

_MOST_HELD = 192 * 10**6
"""How many bytes of rows are held in memory, whatever it has: some hundred thousand rows. More of them lie in a file,
which costs some microseconds a row, and more where outputs would share them."""


class DuckDBEngine:
    """Reads files below `folder`, if there is one, and nothing else; takes no more than `limits` allow.

    The rows of all answers are kept together: what is more than their part of the memory lies in a file. Texts of
    statements are kept for later runs, unless there is none that would ask for them again.
    """

    def __init__(self, folder: Path | None, limits: Limits, *, keep_texts: bool = True) -> None:
        self.dialect = late_dialect("duckdb") if keep_texts else dialect_named("duckdb")
        self._limits = limits
        # What does not fit into memory is spilled here: not in the store, which may be read-only.
        self._scratch = tempfile.TemporaryDirectory(prefix="carlang-")
        try:
            self._connection = locked_connection(folder, limits.for_engine(), Path(self._scratch.name))
        except EngineError:
            self._scratch.cleanup()
            raise
        self._memory = None if limits.memory is None else resolved_bytes(limits.memory)
        self.spool = Spool(_held(self._memory))
        """Where the rows of answers are kept: in memory as long as they are few."""

    def execute(
        self, statement: str, tables: Mapping[str, pa.Table] | None = None, *, takes_time: bool = False
    ) -> None:
        """Run a statement that gives no rows; without a limit of time where it does no more than read footers."""
        with self._limited(tables, self._limits.seconds if takes_time else None):
            interruptible(self._connection, lambda: self._connection.execute(statement))

    def query(self, text: str, limit: int | None = None) -> Answer:
        """Run a query; one that takes longer than the limits allow is interrupted."""
        self._require_least()
        with self._limited({}, self._limits.seconds):
            return interruptible(self._connection, lambda: self._fetched(self._connection.sql(text), limit))

    def query_without(self, text: str, exclusions: int, limit: int | None = None) -> Answer:
        """Run a query as `query` does, without the rows that are like one of so many exclusions."""
        self._require_least()
        remover = Remover(exclusions)
        with self._limited({}, self._limits.seconds):
            return interruptible(self._connection, lambda: self._fetched(self._connection.sql(text), limit, remover))

    def read(
        self, text: str, take: Callable[[pa.RecordBatch], object], tables: Mapping[str, pa.Table] | None = None
    ) -> pa.Schema:
        """Run a query as `query` does, and have all of its rows taken batch by batch."""
        self._require_least()

        def work() -> pa.Schema:
            with self._connection.sql(text).to_arrow_reader(_BATCH) as reader:
                for batch in reader:
                    take(batch)
            return reader.schema

        with self._limited(tables, self._limits.seconds):
            return interruptible(self._connection, work)

    def close(self) -> None:
        """Close the connection and remove what it spilled."""
        self._connection.close()
        self._scratch.cleanup()

    @contextmanager
    def _limited(self, tables: Mapping[str, pa.Table] | None, seconds: float | None) -> Iterator[None]:
        """Bound what the connection does in this block, which can read tables; what fails is an `EngineError`."""
        for name, table in (tables or {}).items():
            self._connection.register(name, table)
        try:
            with time_limit(self._connection, seconds):
                yield
        except duckdb.Error as error:
            raise engine_error(error) from error
        except OSError as error:
            raise EngineError(f"the rows of a query cannot be kept: {error.strerror or error}") from error
        finally:
            for name in tables or ():
                self._connection.unregister(name)

    def _require_least(self) -> None:
        """Raise `EngineError` where the memory is less than any query takes."""
        if self._memory is not None and self._memory < LEAST_MEMORY:
            least = f"{LEAST_MEMORY // 10**6} MB are the least that a query takes"
            raise EngineError(f"ran out of memory; give it more with --memory-limit ({least})")

    def _fetched(self, relation: duckdb.DuckDBPyRelation, limit: int | None, remover: Remover | None = None) -> Answer:
        # Batch by batch, so that rows beyond the limit are counted and let go.
        kept: list[tuple[int, pa.RecordBatch | Stored]] = []
        total = 0
        # Closed also where a batch cannot be kept, as the connection does nothing else while a result is open.
        with relation.to_arrow_reader(_BATCH) as reader:
            for fetched in reader:
                batch = remover.left_of(fetched) if remover else fetched
                if limit is None or total < limit:
                    kept.append(self.spool.add(batch if limit is None else batch.slice(0, limit - total)))
                total += batch.num_rows
        if remover is None:
            return Answer(self.spool.rows(reader.schema, kept), total)
        return Answer(self.spool.rows(remover.schema_of(reader.schema), kept), total, remover.excluded)


def _held(memory: int | None) -> int:
    """Return how many bytes of rows are held in memory: half of what is not the engine's, or less."""
    return _MOST_HELD if memory is None else min(_MOST_HELD, round(memory * (1 - ENGINE_SHARE) / 2))
