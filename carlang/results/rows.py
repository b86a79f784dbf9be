"""Rows that are read batch by batch, and more than once, without standing in memory as a whole.

An Arrow table is such rows as well: what reads rows asks for no more than tables have.
"""

from __future__ import annotations

import tempfile
import threading
import weakref
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import IO, Any, Protocol

import pyarrow as pa

BATCH_ROWS = 10_000
"""How many rows a batch has where nothing else is asked for: with fifty columns, some megabytes."""


class Rows(Protocol):
    """Rows in their order."""

    @property
    def schema(self) -> Any:
        """The names and types of the columns, as Arrow has them."""
        ...

    @property
    def num_rows(self) -> int:
        """The number of rows."""
        ...

    def to_batches(self, max_chunksize: int | None = None) -> Iterable[Any]:
        """Return the rows as Arrow's batches, of so many rows at most."""
        ...


def table_of(rows: Rows) -> pa.Table:
    """Return rows as one Arrow table."""
    return rows if isinstance(rows, pa.Table) else pa.Table.from_batches(list(rows.to_batches()), schema=rows.schema)


def first_rows(rows: Rows, count: int) -> pa.Table:
    """Return the first of some rows as an Arrow table; no more than these are read."""
    batches: list[pa.RecordBatch] = []
    left = count
    for batch in rows.to_batches(max_chunksize=max(count, 1)):
        if left <= 0:
            break
        batches.append(batch.slice(0, left))
        left -= batches[-1].num_rows
    return pa.Table.from_batches(batches, schema=rows.schema)


@dataclass(frozen=True, slots=True)
class CastRows:
    """Rows with some columns of other types."""

    rows: Rows
    schema: pa.Schema

    @property
    def num_rows(self) -> int:
        """The number of rows."""
        return self.rows.num_rows

    def to_batches(self, max_chunksize: int | None = None) -> Iterator[pa.RecordBatch]:
        """Yield the rows, cast when they are asked for."""
        for batch in self.rows.to_batches(max_chunksize=max_chunksize):
            yield batch.cast(self.schema)


@dataclass(frozen=True, slots=True)
class TakenRows:
    """Some rows of tables that others take rows from as well.

    `parts` are tables, each with the numbers of those of its rows that are taken, as an Arrow array.
    """

    schema: pa.Schema
    parts: tuple[tuple[pa.Table, pa.Array], ...]

    @property
    def num_rows(self) -> int:
        """The number of rows that are taken."""
        return sum(len(numbers) for _, numbers in self.parts)

    def to_batches(self, max_chunksize: int | None = None) -> Iterator[pa.RecordBatch]:
        """Yield the rows, each batch taken when it is asked for."""
        size = max_chunksize or BATCH_ROWS
        for table, numbers in self.parts:
            for start in range(0, len(numbers), size):
                yield from table.take(numbers.slice(start, size)).combine_chunks().to_batches()


@dataclass(frozen=True, slots=True)
class Stored:
    """Where in the file of a spool a batch lies."""

    offset: int
    size: int


@dataclass(frozen=True, slots=True)
class SpooledRows:
    """Rows that a spool keeps."""

    spool: Spool
    schema: pa.Schema
    num_rows: int
    parts: tuple[pa.RecordBatch | Stored, ...]

    def to_batches(self, max_chunksize: int | None = None) -> Iterator[pa.RecordBatch]:
        """Yield the rows as they were kept, those in the file read when they are asked for."""
        for part in self.parts:
            batch = self.spool.read(part) if isinstance(part, Stored) else part
            size = max_chunksize or max(batch.num_rows, 1)
            for start in range(0, batch.num_rows, size):
                yield batch.slice(start, size)


class Spool:
    """Keeps batches of rows: in memory up to so many bytes together, the others in a file.

    The file has no name, so that it is gone with the last rows in it, however the process ends. Safe to use from
    several threads.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self._held = 0
        self._file: IO[bytes] | None = None
        self._end = 0
        self._lock = threading.Lock()

    def keep(self, schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> SpooledRows:
        """Keep batches as rows; raises `OSError` where the file cannot be written."""
        parts = [self.add(batch) for batch in batches]
        return self.rows(schema, parts)

    def rows(self, schema: pa.Schema, parts: Sequence[tuple[int, pa.RecordBatch | Stored]]) -> SpooledRows:
        """Return batches that were added as rows."""
        return SpooledRows(self, schema, sum(count for count, _ in parts), tuple(part for _, part in parts))

    def add(self, batch: pa.RecordBatch) -> tuple[int, pa.RecordBatch | Stored]:
        """Keep a batch; return the number of its rows, and what `rows` takes for it."""
        if self.hold(batch.nbytes):
            return batch.num_rows, batch
        return batch.num_rows, self._store(batch)

    def hold(self, size: int) -> bool:
        """Count rows of so many bytes among those in memory, if they may be there."""
        with self._lock:
            may_be = self._held + size <= self.most
            self._held += size if may_be else 0
            return may_be

    def release(self, size: int) -> None:
        """Count rows of so many bytes no more among those in memory."""
        with self._lock:
            self._held -= size

    def read(self, stored: Stored) -> pa.RecordBatch:
        """Read a batch from the file."""
        with self._lock:
            if self._file is None:
                raise AssertionError("a batch is said to lie in a file that there is none of")
            self._file.seek(stored.offset)
            data = self._file.read(stored.size)
        with pa.ipc.open_stream(data) as reader:
            return reader.read_next_batch()

    def _store(self, batch: pa.RecordBatch) -> Stored:
        sink = pa.BufferOutputStream()
        # The fast one: a batch is written and read once or twice.
        with pa.ipc.new_stream(sink, batch.schema, options=pa.ipc.IpcWriteOptions(compression="lz4")) as writer:
            writer.write_batch(batch)
        data = sink.getvalue()
        with self._lock:
            if self._file is None:
                self._file = tempfile.TemporaryFile(prefix="carlang-")  # noqa: SIM115  # open while there are rows in it
                weakref.finalize(self, self._file.close)
            self._file.seek(self._end)
            self._file.write(data)
            stored = Stored(self._end, data.size)
            self._end += data.size
        return stored
