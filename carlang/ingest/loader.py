"""Takes raw records in, chunk by chunk, and writes them as the events of a store."""

from __future__ import annotations

import os
import tempfile
import threading
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from carlang.errors import IngestError
from carlang.ingest.classify import Classifier
from carlang.ingest.duplicates import drop_duplicates
from carlang.ingest.mapper import CHUNK_SCHEMA, Mapped, Mapper, Statements
from carlang.ingest.mapping import Sensors
from carlang.ingest.parts import Kind, Part, Parts, write_part
from carlang.ingest.records import Fault, Records, counted
from carlang.ingest.rejected import RejectedFile, Row, described
from carlang.ingest.report import Rejection
from carlang.model.schema import Model
from carlang.store import REJECTED_FOLDER, Store
from carlang.store.files import open_memory
from carlang.store.quoting import text_literal

CHUNK = 16 << 20
"""How much raw text is mapped at once."""

THREADS = min(4, os.cpu_count() or 1)
_MEMORY = "512MB"
_LITTLE = 1 << 20
_ENOUGH = 8192
_MOST_DEFERRED = 24 << 20
_SHOWN = 20

_Result = TypeVar("_Result")


@dataclass
class FileCount:
    """A file of the batch: what was found in it so far."""

    name: str
    digest: str
    mapped: int = 0
    unmapped: int = 0
    rejected: int = 0
    reason: str | None = None

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


class Deferred:
    """Rows for mappings' queries that wait until they are worth a run."""

    def __init__(self) -> None:
        self.places: dict[int, list[pa.Table]] = {}

    def add(self, place: int, rows: pa.Table) -> None:
        """Take rows for the mapping at a place."""
        self.places.setdefault(place, []).append(rows)

    def full(self) -> Iterator[tuple[int, pa.Table]]:
        """Take out what is worth a run, and everything where all together is too much to keep."""
        size = sum(table.nbytes for tables in self.places.values() for table in tables)
        for place, tables in list(self.places.items()):
            if size > _MOST_DEFERRED or sum(table.num_rows for table in tables) >= _ENOUGH:
                yield place, pa.concat_tables(self.places.pop(place))

    def all(self) -> Iterator[tuple[int, pa.Table]]:
        """Take out everything."""
        for place in list(self.places):
            yield place, pa.concat_tables(self.places.pop(place))


class Loader:
    """Maps records to events in several threads; used as a context manager.

    Records are gathered until they make a chunk, whatever files they come from, and are then mapped; what comes out
    is taken in the order in which it went in. A batch ends between two files.
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
        self._statements = Statements(sensors, model, hostname, keep_raw)
        self._tables: list[pa.Table] = []
        self._rows = 0
        self._waiting = 0
        self._parts = Parts(store)
        self._deferred = Deferred()
        self._rejected: dict[int, RejectedFile] = {}
        self._spool = tempfile.TemporaryDirectory(prefix="carlang-")
        self._threads = ThreadPoolExecutor(THREADS, "carlang-ingest")
        self._mapping: deque[Future[Mapped]] = deque()
        self._writing: deque[Future[None]] = deque()
        self._local = threading.local()
        self._mappers: list[Mapper] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            for mapper in self._mappers:
                mapper.connection.interrupt()
        self._threads.shutdown(cancel_futures=True)
        for mapper in self._mappers:
            mapper.close()
        self._spool.cleanup()
        if kind is not None:
            self._discard()

    def begin(self, name: str, digest: str) -> FileCount:
        """Turn to a new file."""
        count = FileCount(name, digest)
        self.batch.files.append(count)
        return count

    def add(self, source: str, item: Records | Fault) -> None:
        """Take records, or the news that something could not be read, of the file begun last."""
        place = len(self.batch.files) - 1
        if isinstance(item, Fault):
            self._append(place, source, [item.number], [item.text], [item.reason])
            return
        count = len(item.lines)
        self._append(place, source, item.numbers, item.lines, pa.nulls(count, pa.string()))
        self._waiting += item.size
        self.batch.size += item.size
        if self._waiting >= CHUNK:
            self._flush()

    def _append(self, place: int, source: str, numbers: object, lines: object, faults: object) -> None:
        names = ("number", "line", "fault")
        columns = zip(names, (numbers, lines, faults), strict=True)
        given = [pa.array(values, CHUNK_SCHEMA.field(name).type) for name, values in columns]
        count = len(given[0])
        where = [pa.repeat(pa.scalar(place, pa.int32()), count), pa.repeat(pa.scalar(source), count)]
        rows = [counted(self._rows, count), *where, *given]
        self._tables.append(pa.Table.from_arrays(rows, schema=CHUNK_SCHEMA))
        self._rows += count

    def take(self) -> Batch:
        """Finish the batch and begin the next."""
        self._flush()
        while self._mapping or self._deferred.places:
            if self._mapping:
                self._take_mapped()
            else:
                self._map_deferred(self._deferred.all())
        self._write(self._parts.all())
        while self._writing:
            self._done(self._writing.popleft())
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
        """Have what is waiting mapped, as soon as there is a thread for it."""
        if not self._tables:
            return
        chunk = pa.concat_tables(self._tables).combine_chunks()
        self._tables, self._rows, self._waiting = [], 0, 0
        while len(self._mapping) >= THREADS:
            self._take_mapped()
        self._mapping.append(self._threads.submit(self._map, chunk))

    def _mapper(self) -> Mapper:
        """Return the mapper of this thread."""
        mapper: Mapper | None = getattr(self._local, "mapper", None)
        if mapper is None:
            mapper = self._local.mapper = Mapper(self._statements, self._classifier, self._spool.name)
            self._mappers.append(mapper)
        return mapper

    def _map(self, chunk: pa.Table) -> Mapped:
        return self._mapper().map(chunk)

    def _write_part(self, part: Part) -> None:
        write_part(part, self._mapper().connection)

    def _take_mapped(self) -> None:
        """Take what became of the oldest chunk."""
        result = self._done(self._mapping.popleft())
        for place, count in result.mapped.items():
            self.batch.files[place].mapped += count
        for place, count in result.unmapped.items():
            self.batch.files[place].unmapped += count
        self.batch.unmapped += result.kinds
        for place, (count, share) in result.guessed.items():
            before, least = self.batch.guessed.get(place, (0, 1.0))
            self.batch.guessed[place] = (before + count, min(least, share))
        if result.rejected is not None:
            self._reject(result.rejected)
        for place, events in result.events:
            mapping = self._mappings[place]
            kind = (mapping.object, mapping.action)
            self.batch.events[kind] += events.num_rows
            self._parts.add(kind, events)
        self._write(self._parts.full())
        for place, rows in result.deferred:
            self._deferred.add(place, rows)
        self._map_deferred(self._deferred.full())

    def _map_deferred(self, ready: Iterable[tuple[int, pa.Table]]) -> None:
        for place, rows in ready:
            self._mapping.append(self._threads.submit(lambda *given: self._mapper().map_deferred(*given), place, rows))

    def _write(self, parts: Iterable[Part]) -> None:
        for part in parts:
            self.batch.parts.append((part.path, *part.kind))
            # Little at a time needs no second thread, which would have to be made ready first.
            while len(self._writing) >= (THREADS if part.events.nbytes > _LITTLE else 1):
                self._done(self._writing.popleft())
            self._writing.append(self._threads.submit(self._write_part, part))

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
        self._deferred = Deferred()
        for rejected in self._rejected.values():
            rejected.close()
        delete_parts(self.batch)
        self.batch = Batch()


def delete_parts(batch: Batch) -> None:
    """Delete the Parquet files that were written for a batch."""
    for path, _, _ in batch.parts:
        path.unlink(missing_ok=True)
