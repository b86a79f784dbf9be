"""The way of raw records to events, in several threads. Whoever wants events, to store or to explain them, takes it.

Records are gathered until they make a chunk, whatever files they come from. A chunk is sorted by route; the records of
a route are mapped when there are enough of them. What comes out goes to a sink, in the order in which it went in.
"""

from __future__ import annotations

import tempfile
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self, TypeVar

import pyarrow as pa
import pyarrow.compute as pc

from carlang.errors import IngestError
from carlang.loading.waiting import WaitingRecords
from carlang.loading.workers import Workers
from carlang.mapping.guessing import Doubts
from carlang.mapping.mapper import Mapped, Mapper, Routed, Statements
from carlang.mapping.router import GuessCounts, Route, Router
from carlang.mapping.tables import CHUNK_SCHEMA
from carlang.readers import budget, tuning
from carlang.readers.deadline import Deadline, TimeUpError
from carlang.readers.records import ReadFault, Records, counted
from carlang.store import not_written, storage_fault

_Result = TypeVar("_Result")


class RecordsError(IngestError):
    """Something of the open batch cannot be used, so that nothing of it can; `reason` is what a source of it says."""

    def __init__(self, message: str, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


class Sink(Protocol):
    """What takes the results; all calls come from the thread that gives the records."""

    def reject(self, rows: pa.Table) -> None:
        """Take what is no record: position, file, source, number, line, fault."""
        ...

    def count_guesses(self, guesses: GuessCounts, doubts: Doubts) -> None:
        """Take the news that mappings were guessed, and which were not."""
        ...

    def take(self, mapped: Mapped) -> None:
        """Take what became of records of one route."""
        ...


class Pipeline:
    """Routes and maps records; used as a context manager. A batch ends between two files, when nothing waits."""

    def __init__(self, statements: Statements, sink: Sink, threads: int, deadline: Deadline | None = None) -> None:
        self._deadline = deadline or Deadline()
        self._sink = sink
        self._threads = threads
        self._files: list[str] = []
        self._tables: list[pa.Table] = []
        self._rows = 0
        self._taken = 0
        self._size = 0
        self._waiting = WaitingRecords()
        self._spool = tempfile.TemporaryDirectory(prefix="carlang-")
        router = Router(statements.sensors)
        self._workers = Workers(threads, lambda: Mapper(statements, router, self._spool.name))
        self._routing: deque[Future[Routed]] = deque()
        self._mapping: deque[tuple[Future[Mapped], int]] = deque()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self._workers.interrupt()
        self._workers.close()
        self._spool.cleanup()
        self._waiting.clear()

    @property
    def scratch(self) -> str:
        """A folder for what does not fit in memory; it lives as long as the pipeline."""
        return self._spool.name

    def begin(self, name: str) -> None:
        """Turn to a new file."""
        self._files.append(name)

    def add(self, source: str, item: Records | ReadFault) -> None:
        """Take records, or the news that something could not be read, of the file begun last."""
        if isinstance(item, ReadFault):
            self._append(source, [item.number], [item.text], [item.reason], pa.nulls(1, pa.string()))
            return
        most = budget.most_of_record()
        if most is not None and len(item.lines) and pc.max(pc.binary_length(item.lines)).as_py() > most:
            item = self._without_longer(source, item, most)
        count = len(item.lines)
        shapes = pa.repeat(pa.scalar(item.shape, pa.string()), count)
        self._append(source, item.numbers, item.lines, pa.nulls(count, pa.string()), shapes)
        self._size += item.size
        if self._size >= budget.within(tuning.CHUNK):
            self._flush()

    def _without_longer(self, source: str, item: Records, most: int) -> Records:
        """Return records without those of more bytes than may be on their way, which are faults."""
        too_long = pc.greater(pc.binary_length(item.lines), most)
        shown = pc.utf8_slice_codeunits(item.lines.filter(too_long), 0, tuning.SHOWN_TEXT)
        reason = budget.of_limit(f"a record of more than {most >> 20} MB")
        for number, text in zip(item.numbers.filter(too_long).to_pylist(), shown.to_pylist(), strict=True):
            self.add(source, ReadFault(reason, number, text))
        fits = pc.invert(too_long)
        lines = item.lines.filter(fits)
        return replace(item, lines=lines, numbers=item.numbers.filter(fits), size=lines.nbytes)

    def _append(self, source: str, *values: object) -> None:
        columns = zip(("number", "line", "fault", "shape"), values, strict=True)
        arrays = [pa.array(column, CHUNK_SCHEMA.field(name).type) for name, column in columns]
        count = len(arrays[0])
        file = pa.repeat(pa.scalar(len(self._files) - 1, pa.int32()), count)
        rows = [counted(self._rows, count), file, pa.repeat(pa.scalar(source), count), *arrays]
        self._tables.append(pa.Table.from_arrays(rows, schema=CHUNK_SCHEMA))
        self._rows += count

    def finish(self) -> None:
        """Map all that waits; the sink has everything of the batch then, and the next one begins."""
        self._flush()
        while self._routing:
            self._take_routed()
        self._map(self._waiting.all())
        while self._mapping:
            self._take_mapped()
        self._files = []
        self._taken = 0

    def submit(self, task: Callable[[Mapper], _Result]) -> Future[_Result]:
        """Have something else done by the idlest mapper."""
        return self._workers.submit(task)

    def result(self, future: Future[_Result]) -> _Result:
        """Wait for a task; whatever goes wrong in it becomes a `RecordsError` that names the files."""
        try:
            return self._deadline.result(future)
        except TimeUpError:
            raise
        except Exception as error:
            if storage_fault(error):  # no fault of a source: there is no room for what does not fit in memory
                raise not_written(Path(self._spool.name), error) from error
            # Records of some files are in one task. The fault is in the last ones or in those that still waited.
            names = ", ".join(dict.fromkeys(self._files[-3:]))
            raise RecordsError(
                f"records of {names} (or before) cannot be mapped: {budget.said(error)}",
                f"its records cannot be mapped: {budget.said(error)}",
            ) from error

    def _flush(self) -> None:
        """Have what was gathered routed, as soon as there is a thread for it."""
        if not self._tables:
            return
        chunk, begin = pa.concat_tables(self._tables).combine_chunks(), self._taken
        self._taken += self._rows
        self._tables, self._rows, self._size = [], 0, 0
        # No more than a chunk a thread: each is held with its lines, headers and data.
        while len(self._routing) >= self._threads:
            self._take_routed()
        self._routing.append(self._workers.submit(lambda mapper: mapper.route(chunk, begin)))

    def _take_routed(self) -> None:
        """Take the records of the oldest chunk."""
        routed = self.result(self._routing.popleft())
        self._sink.count_guesses(routed.guesses, routed.doubts)
        if routed.rejected is not None:
            self._sink.reject(routed.rejected)
        for route, rows in routed.routes.items():
            self._waiting.add(route, rows)
        self._map(self._waiting.full())

    def _map(self, ready: Iterable[tuple[Route, pa.Table]]) -> None:
        """Have events made, in several threads."""
        for route, rows in ready:
            # Those that are done are taken first: their events and records are let go as soon as can be.
            while self._mapping and (self._mapping[0][0].done() or self._is_far_ahead(rows.nbytes)):
                self._take_mapped()
            self._mapping.append((self._workers.submit(partial(_map, route, rows)), rows.nbytes))

    def _is_far_ahead(self, size: int) -> bool:
        """Tell whether records of a size are too many to wait for their workers as well."""
        waiting = size + sum(size for _, size in self._mapping)
        return len(self._mapping) >= tuning.ROUTES_AHEAD or waiting > budget.within(tuning.BYTES_AHEAD)

    def _take_mapped(self) -> None:
        """Take what became of the oldest records that are being mapped."""
        self._sink.take(self.result(self._mapping.popleft()[0]))


def _map(route: Route, rows: pa.Table, mapper: Mapper) -> Mapped:
    return mapper.map(route, rows)
