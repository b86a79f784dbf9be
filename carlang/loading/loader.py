"""Takes raw records in, chunk by chunk, and writes them as the events of a store."""

from __future__ import annotations

import os
import tempfile
from collections import Counter, deque
from collections.abc import Iterable
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from carlang.database.connection import open_memory
from carlang.database.quoting import text_literal
from carlang.errors import IngestError
from carlang.loading.duplicates import drop_duplicates
from carlang.loading.lanes import Lanes
from carlang.loading.parts import Kind, Part, Parts, write_part
from carlang.loading.rejected import RejectedFile, Row, described
from carlang.loading.report import Rejection
from carlang.loading.workers import Workers
from carlang.mapping.classify import Classifier
from carlang.mapping.event_mapping import Sensors
from carlang.mapping.mapper import CHUNK_SCHEMA, Lane, Mapped, Mapper, Sorted, Statements
from carlang.model.schema import Model
from carlang.readers.records import Fault, Records, counted
from carlang.store import REJECTED_FOLDER, Store

CHUNK = 7 << 20
"""How much raw text is sorted at once."""

THREADS = min(4, os.cpu_count() or 1)
_MEMORY = "512MB"
_SHOWN = 20

_MOST_WRITTEN = 64 << 20
"""How much may wait to be written."""

_AHEAD = 16
"""How many lanes may wait for their workers: those of one worker are not to keep the others idle."""

_Result = TypeVar("_Result")


@dataclass
class FileCount:
    """A file of the batch: what was found in it so far. Its digest may still be in the making."""

    name: str
    key: str | Future[str]
    mapped: int = 0
    unmapped: int = 0
    rejected: int = 0
    reason: str | None = None

    @property
    def digest(self) -> str:
        """The digest of the file's bytes."""
        return self.key if isinstance(self.key, str) else self.key.result()

    @property
    def records(self) -> int:
        """The number of records that were understood."""
        return self.mapped + self.unmapped


@dataclass
class Batch:
    """Whole files that are committed together: their counts, and the Parquet files written for them."""

    files: list[FileCount] = field(default_factory=list)
    parts: list[tuple[Path, str, str]] = field(default_factory=list)
    events: Counter[Kind] = field(default_factory=Counter)
    unmapped: Counter[tuple[str | None, int | None]] = field(default_factory=Counter)
    guessed: dict[int, tuple[int, float]] = field(default_factory=dict)
    rejections: list[Rejection] = field(default_factory=list)
    size: int = 0


class Loader:
    """Maps records to events in several threads; used as a context manager.

    Records are gathered until they make a chunk, whatever files they come from. A chunk is sorted into lanes, by the
    mappings that are for its records; a lane is mapped when it holds enough. What comes out is taken in the order in
    which it went in. A batch ends between two files, when all lanes are empty.
    """

    def __init__(
        self,
        store: Store,
        model: Model,
        sensors: Sensors,
        *,
        hostname: str | None = None,
        keep_raw: bool = False,
        forced: int | None = None,
    ) -> None:
        self.store = store
        self.batch = Batch()
        self._mappings = sensors.mappings
        self._classifier = Classifier(sensors, forced)
        self._tables: list[pa.Table] = []
        self._rows = 0
        self._waiting = 0
        self._parts = Parts(store, model)
        self._lanes = Lanes()
        self._rejected: dict[int, RejectedFile] = {}
        self._spool = tempfile.TemporaryDirectory(prefix="carlang-")
        statements = Statements(sensors, model, hostname, keep_raw)
        self._workers = Workers(THREADS, lambda: Mapper(statements, self._classifier, self._spool.name))
        self._sorting: deque[Future[Sorted]] = deque()
        self._mapping: deque[Future[Mapped]] = deque()
        self._writing: deque[tuple[Future[None], int]] = deque()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self._workers.interrupt()
        self._workers.close()
        self._spool.cleanup()
        if kind is not None:
            self._discard()

    def begin(self, name: str, key: str | Future[str]) -> FileCount:
        """Turn to a new file, given with its digest."""
        count = FileCount(name, key)
        self.batch.files.append(count)
        return count

    def add(self, source: str, item: Records | Fault) -> None:
        """Take records, or the news that something could not be read, of the file begun last."""
        place = len(self.batch.files) - 1
        if isinstance(item, Fault):
            self._append(place, source, [item.number], [item.text], [item.reason], pa.nulls(1, pa.string()))
            return
        count = len(item.lines)
        shapes = pa.repeat(pa.scalar(item.shape, pa.string()), count)
        self._append(place, source, item.numbers, item.lines, pa.nulls(count, pa.string()), shapes)
        self._waiting += item.size
        self.batch.size += item.size
        if self._waiting >= CHUNK:
            self._flush()

    def _append(self, place: int, source: str, *given: object) -> None:
        columns = zip(("number", "line", "fault", "shape"), given, strict=True)
        arrays = [pa.array(values, CHUNK_SCHEMA.field(name).type) for name, values in columns]
        count = len(arrays[0])
        where = [pa.repeat(pa.scalar(place, pa.int32()), count), pa.repeat(pa.scalar(source), count)]
        rows = [counted(self._rows, count), *where, *arrays]
        self._tables.append(pa.Table.from_arrays(rows, schema=CHUNK_SCHEMA))
        self._rows += count

    def take(self) -> Batch:
        """Finish the batch and begin the next."""
        self._flush()
        while self._sorting:
            self._take_sorted()
        self._map(self._lanes.all())
        while self._mapping:
            self._take_mapped()
        self._write(self._parts.all())
        while self._writing:
            self._done(self._writing.popleft()[0])
        for rejected in self._rejected.values():
            rejected.close()
        self._rejected = {}
        batch, self.batch = self.batch, Batch()
        return batch

    def drop_duplicates(self, batch: Batch) -> Counter[str]:
        """Take the events out of a finished batch that the store holds already; returns how many by source."""
        with open_memory() as connection:
            connection.execute(f"SET memory_limit = '{_MEMORY}'")
            connection.execute(f"SET temp_directory = {text_literal(self._spool.name)}")
            batch.parts, sources, kinds = drop_duplicates(connection, self.store, batch.parts)
        batch.events = batch.events - kinds
        return sources

    def _flush(self) -> None:
        """Have what is waiting sorted, as soon as there is a thread for it."""
        if not self._tables:
            return
        chunk = pa.concat_tables(self._tables).combine_chunks()
        self._tables, self._rows, self._waiting = [], 0, 0
        while len(self._sorting) >= THREADS:
            self._take_sorted()
        self._sorting.append(self._workers.submit(lambda mapper: mapper.sort(chunk)))

    def _take_sorted(self) -> None:
        """Take the records of the oldest chunk."""
        result = self._done(self._sorting.popleft())
        for place, (count, share) in result.guessed.items():
            before, least = self.batch.guessed.get(place, (0, 1.0))
            self.batch.guessed[place] = (before + count, min(least, share))
        if result.rejected is not None:
            self._reject(result.rejected)
        for lane, rows in result.lanes.items():
            if self._lanes.add(lane, rows):
                self._workers.submit(partial(_prepared, lane), lane)
        self._map(self._lanes.full())

    def _map(self, ready: Iterable[tuple[Lane, pa.Table]]) -> None:
        """Have events made, in several threads."""
        for lane, rows in ready:
            while len(self._mapping) >= _AHEAD or (self._mapping and self._mapping[0].done()):
                self._take_mapped()
            self._mapping.append(self._workers.submit(partial(_mapped, lane, rows), lane))

    def _take_mapped(self) -> None:
        """Take what became of the records that were given to be mapped first."""
        result = self._done(self._mapping.popleft())
        for place, count in result.mapped.items():
            self.batch.files[place].mapped += count
        for place, count in result.unmapped.items():
            self.batch.files[place].unmapped += count
        self.batch.unmapped += result.kinds
        for place, events in result.events:
            mapping = self._mappings[place]
            kind = (mapping.object, mapping.action)
            self.batch.events[kind] += events.num_rows
            self._parts.add(kind, events)
        self._write(self._parts.full())

    def _write(self, parts: Iterable[Part]) -> None:
        for part in parts:
            self.batch.parts.append((part.path, *part.kind))
            size = part.events.nbytes
            while self._writing and size + sum(waiting for _, waiting in self._writing) > _MOST_WRITTEN:
                self._done(self._writing.popleft()[0])
            self._writing.append((self._workers.submit(partial(_written, part)), size))

    def _done(self, future: Future[_Result]) -> _Result:
        try:
            return future.result()
        except duckdb.Error as error:
            names = ", ".join(dict.fromkeys(f.name for f in self.batch.files[-3:]))
            raise IngestError(f"records of {names} (or before) cannot be mapped: {error}") from error

    def _reject(self, rows: pa.Table) -> None:
        """Count what was rejected, show the first and keep all."""
        for place in rows["file"].unique().to_pylist():
            file = self.batch.files[place]
            own = rows.filter(pc.equal(rows["file"], place))
            columns = (own[name].to_pylist() for name in ("source", "number", "line", "fault"))
            found: list[Row] = list(zip(*columns, strict=True))
            file.rejected += len(found)
            shown = [Rejection(source, number, reason) for source, number, _, reason in found[:_SHOWN]]
            self.batch.rejections += shown
            file.reason = file.reason or described(shown[0])
            if place not in self._rejected:
                self._rejected[place] = RejectedFile(self.store.path / REJECTED_FOLDER, file.digest)
            self._rejected[place].write(found)

    def _discard(self) -> None:
        """Give the batch up; what was written for it is deleted."""
        self._parts.clear()
        self._lanes.clear()
        for rejected in self._rejected.values():
            rejected.close()
        delete_parts(self.batch)
        self.batch = Batch()


def _prepared(lane: Lane, mapper: Mapper) -> None:
    mapper.prepare(lane)


def _mapped(lane: Lane, rows: pa.Table, mapper: Mapper) -> Mapped:
    return mapper.map(lane, rows)


def _written(part: Part, mapper: Mapper) -> None:
    write_part(part, mapper.connection)


def delete_parts(batch: Batch) -> None:
    """Delete the Parquet files that were written for a batch."""
    for path, _, _ in batch.parts:
        path.unlink(missing_ok=True)
