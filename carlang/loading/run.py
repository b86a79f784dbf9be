"""The whole of an ingest: sources are found, read, mapped, and committed so that each is added once or not at all."""

from __future__ import annotations

import os
import tempfile
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from carlang.errors import IngestOptionError
from carlang.loading.growth import Growth, History
from carlang.loading.loader import Batch, ChangedError, FileCount, Loader, marks_of
from carlang.loading.pipeline import RecordsError
from carlang.loading.progress import Progress
from carlang.loading.report import (
    Guessed,
    Hollow,
    IngestReport,
    NotGuessed,
    PassedOver,
    Rejection,
    SourceReport,
    Status,
)
from carlang.mapping.event_mapping import EventMapping, ObjectAction
from carlang.mapping.guessing import Doubt, Doubts, add_doubts
from carlang.mapping.mapper import LogName, Statements
from carlang.mapping.record_times import add_spellings
from carlang.mapping.router import GuessCount, GuessCounts, add_guesses
from carlang.mapping.sensors import chosen_sensors
from carlang.mapping.times import checked_zone
from carlang.model.schema import Model
from carlang.readers import budget, tuning
from carlang.readers.containers import read_log
from carlang.readers.deadline import Deadline, TimeUpError
from carlang.readers.digests import RewrittenError, digests
from carlang.readers.expansion import Expansion
from carlang.readers.file_state import FileState, change, opened_twice
from carlang.readers.records import LogFile, ReadFault
from carlang.readers.source_stream import SourceStream
from carlang.readers.sources import SourceFile, SourceKind, find_sources
from carlang.readers.streams import spool
from carlang.store import RAW, Store, create_store, model_columns

LEAST_MEMORY = tuning.LEAST_MEMORY
"""The least limit of memory, in bytes."""

DEDUPE = "record"
"""The way in which duplicates can be found."""


def ingest(  # noqa: PLR0913  # the options of one command
    sources: Sequence[str | Path],
    store: str | Path | Store,
    *,
    model: Model,
    sensor: str = "auto",
    hostname: str | None = None,
    keep_raw: bool = False,
    strict: bool = False,
    dedupe: str | None = None,
    timezone: str | None = None,
    progress: Progress | None = None,
    timeout: float | None = None,
    expand_limit: int | None = None,
    memory_limit: int | None = None,
) -> IngestReport:
    """Read raw logs into an event store, which is made where there is none, and say what became of each source.

    Args:
        sources: Files, folders (with all files below) and patterns, `-` for standard input; archives are unpacked as
            they are read.
        store: A folder, or a store that can be written.
        model: The data model, whose fields become the columns.
        sensor: The sensor whose mapping applies, by name or by its mapping file; `auto` goes by each record's channel
            and event id. An object and action, `process/create`, takes every record as fields of such an event.
        hostname: The host of records that name none.
        keep_raw: Whether events keep their record as JSON in a column `raw`.
        strict: Whether all of a source is left out of which anything is rejected.
        dedupe: `record` leaves out the events of records that are in the store from another export of the same log.
        timezone: The zone of times that name none, `Europe/Berlin` or `+02:00`; where None they are taken as UTC, and
            the report says of which sources that is so.
        progress: What to tell how far the ingest is.
        timeout: Seconds after which no more is read: what was committed stays, and the report names the rest.
        expand_limit: Bytes that one source may become when it is unpacked, or read from a stream; where None,
            `tuning.EXPANDED`, and no more than a multiple of an archive's size.
        memory_limit: Bytes that engines, and records and events on their way, may take together beyond what an ingest
            of one record takes; not less than `LEAST_MEMORY`.

    Raises:
        IngestError: There is no such sensor, time zone, or way to find duplicates.
        DataFileError: The mapping file has faults.
        StoreError: The store cannot be made or written.
    """
    begun = time.monotonic()
    deadline = Deadline(timeout)
    if dedupe not in (None, DEDUPE):
        raise IngestOptionError(f"duplicates cannot be found by `{dedupe}`; `{DEDUPE}` is what there is")
    sensors = chosen_sensors(sensor, model)
    zone = None if timezone is None else checked_zone(timezone)
    opened = _opened(store, model)
    if keep_raw:
        opened.add_columns({RAW: "VARCHAR"})
    # A folder of logs may hold the store itself, whose Parquet files would be read as a log.
    folder = opened.path.absolute()
    listed = [
        file
        for file in find_sources(sources)
        if file.kind is SourceKind.STREAM or not file.path.absolute().is_relative_to(folder)
    ]
    files = [file for file in listed if file.kind is not SourceKind.PASSED_OVER]
    if progress:
        progress.start(sum(file.size for file in files))
    statements = Statements(sensors, model, hostname, keep_raw, timezone=zone)
    with (
        opened.writing() as staging,
        tempfile.TemporaryDirectory(prefix="carlang-") as scratch,
        budget.limit_memory(memory_limit, Path(scratch)),
    ):
        run = _Run(
            opened,
            lambda: Loader(opened, statements, deadline, staging),
            _Bounds(deadline, expand_limit, Path(scratch)),
            strict=strict,
            dedupe=dedupe is not None,
            progress=progress,
        )
        run.read(files)
    return run.report(listed, sensors.mappings, time.monotonic() - begun)


def _guessed(mapping: EventMapping, count: GuessCount) -> Guessed:
    return Guessed(mapping.sensor, mapping.object, mapping.action, count.records, count.least_share)


def _opened(store: str | Path | Store, model: Model) -> Store:
    if not isinstance(store, Store):
        return create_store(store, model)
    store.refresh()
    store.add_columns(model_columns(model))
    return store


@dataclass(frozen=True, slots=True)
class _Bounds:
    """What bounds an ingest: its time, what a source may become, and where streams are spooled to."""

    deadline: Deadline
    expand_limit: int | None
    scratch: Path


class _Run:
    """The state of one ingest: sources still to be read, and what is known of those that were."""

    def __init__(  # what one ingest is told
        self,
        store: Store,
        open_loader: Callable[[], Loader],
        bounds: _Bounds,
        *,
        strict: bool,
        dedupe: bool,
        progress: Progress | None,
    ) -> None:
        self.store = store
        self.strict = strict
        self.dedupe = dedupe
        self.progress = progress
        self.loader: Loader
        self.reports: dict[str, SourceReport] = {}
        self.events: Counter[ObjectAction] = Counter()
        self.unmapped: Counter[LogName] = Counter()
        self.hollow: Counter[tuple[LogName, ObjectAction]] = Counter()
        self.rejections: list[Rejection] = []
        self.guesses: GuessCounts = {}
        self.doubts: Doubts = {}
        self.misfits: Counter[tuple[str, str]] = Counter()
        self.unread_times: Counter[str] = Counter()
        self.duplicates: Counter[str] = Counter()
        self._open_loader = open_loader
        self._bounds = bounds
        self._deadline = bounds.deadline
        self._digests: dict[str, SourceFile] = {}
        self._hasher = ThreadPoolExecutor(1, "carlang-digest")
        # Whether the store may hold a source already: an empty store holds none, and asks for no digest beforehand.
        self._known = bool(store.files())
        self._sizes: set[int] = set()
        self._batch: list[SourceFile] = []
        """The sources of the open batch."""
        self._alone: set[str] = set()
        """Sources that get a batch of their own: records of one of them could not be mapped, or the store has something
        of them already that is to be settled."""
        self._changed: set[str] = set()
        self._marks: set[str] = set()
        """The marks of the files of the open batch: one that is in it under another name may have grown meanwhile."""
        self._committed = time.monotonic()
        self._spooled: dict[str, tuple[SourceFile, str | None]] = {}

    def report(self, listed: Sequence[SourceFile], mappings: Sequence[EventMapping], seconds: float) -> IngestReport:
        """Return what became of the sources that were listed, and of their records."""
        return IngestReport(
            seconds=seconds,
            sources=tuple(self.reports[file.name] for file in listed if file.kind is not SourceKind.PASSED_OVER),
            events={(makes.object, makes.action): count for makes, count in sorted(self.events.items())},
            unmapped=dict(self.unmapped.most_common()),
            rejections=tuple(self.rejections[: tuning.SHOWN_REJECTIONS]),
            # In the order of the mapping files, not in that of the records.
            guesses=tuple(_guessed(m, self.guesses[m]) for m in dict.fromkeys(mappings) if m in self.guesses),
            misfits=dict(sorted(self.misfits.items())),
            unread_times=dict(self.unread_times.most_common()),
            not_guessed=tuple(
                NotGuessed(m.sensor, m.object, m.action, doubt.value, self.doubts[m, doubt])
                for m in dict.fromkeys(mappings)
                for doubt in Doubt
                if (m, doubt) in self.doubts
            ),
            duplicates=self.duplicates.total(),
            passed_over=tuple(
                PassedOver(file.name, str(file.fault)) for file in listed if file.kind is SourceKind.PASSED_OVER
            ),
            hollow=tuple(
                Hollow(channel, event_id, makes.object, makes.action, count)
                for ((channel, event_id), makes), count in self.hollow.most_common()
            ),
        )

    def read(self, files: Sequence[SourceFile]) -> None:
        """Read all sources, in order; what there is no time for is reported as not read."""
        waiting = deque(files)
        try:
            with self._hasher:
                try:
                    while waiting:
                        self._read_all(waiting)
                finally:
                    self._deadline.stop()  # for a digest that is still in the making
        except TimeUpError:
            reason = f"the time was up: {self._deadline.seconds:g} s"
            for file in files:
                if file.name not in self.reports:
                    self.reports[file.name] = SourceReport(file.name, Status.UNREAD, reason=reason)

    def _read_all(self, waiting: deque[SourceFile]) -> None:
        """Read what waits, until records of a batch cannot be mapped: its sources wait again then, each for itself."""
        try:
            with self._open_loader() as self.loader:
                while waiting or self._batch:
                    if waiting and not (self._batch and waiting[0].name in self._alone):
                        self._deadline.check()
                        file = waiting.popleft()
                        if not self._read(file):
                            waiting.appendleft(file)
                        elif waiting and not self._is_due(waiting[0]):
                            continue
                    waiting.extendleft(reversed(self._commit()))
        except RecordsError as error:
            waiting.extendleft(reversed(self._set_apart(error)))

    def _is_due(self, following: SourceFile) -> bool:
        """Tell whether the batch is to be committed before the next source is read."""
        # Strict commits file by file: what is left out may not be in one Parquet file with what is added.
        if self.strict or self.loader.batch.size >= tuning.COMMIT:
            return True
        if any(file.name in self._alone for file in self._batch):
            return True
        seconds = self._deadline.seconds
        if seconds is None:
            return False
        # What takes its time may take all that is left of it, and what was read before would be lost with it.
        return following.size >= tuning.COMMIT or time.monotonic() - self._committed > seconds * tuning.COMMIT_SHARE

    def _set_apart(self, error: RecordsError) -> list[SourceFile]:
        """Give the open batch up; returns its sources, to be read again alone, or rejects the one that was alone."""
        batch, self._batch = self._batch, []
        names = {file.name for file in batch}
        self._digests = {key: file for key, file in self._digests.items() if file.name not in names}
        # One that was changed is given a second chance.
        if len(batch) == 1 and not (isinstance(error, ChangedError) and batch[0].name not in self._changed):
            self._reject(batch[0], error.reason)
            return []
        if isinstance(error, ChangedError):
            self._changed.add(batch[-1].name)
        self._alone |= names
        return batch

    def _read(self, file: SourceFile) -> bool:
        """Read a source; False where it needs a batch of its own, and has to wait until the open one is committed."""
        if self.progress:
            self.progress.file(file.name)
        try:
            if file.fault:
                self._reject(file, file.fault)
                return True
            on_disk, left_out = self._on_disk(file)
            if on_disk.size == 0:
                self.reports[file.name] = SourceReport(file.name, Status.EMPTY, reason="the file is empty")
            else:
                return self._load(on_disk, left_out)
        except OSError as error:
            self._reject(file, error.strerror or str(error))
        return True

    def _on_disk(self, file: SourceFile) -> tuple[SourceFile, str | None]:
        """Return a source as a file on disk, and what of a stream was left out; a stream can be read but once."""
        if file.kind is not SourceKind.STREAM:
            return file, None
        if file.name not in self._spooled:
            target = self._bounds.scratch / str(len(self._spooled))
            left_out = spool(file, target, self._bounds.expand_limit, self._deadline)
            on_disk = SourceFile(file.name, target, target.stat().st_size, kind=SourceKind.STREAM)
            self._spooled[file.name] = on_disk, left_out
        return self._spooled[file.name]

    def _load(self, file: SourceFile, left_out: str | None) -> bool:
        first, second = opened_twice(file.path)
        with first as opened, second as hashed:
            state = FileState.of(os.fstat(opened.fileno()))
            history = History.of(file, opened, state.size, self.store)
            key = self._hasher.submit(digests, hashed, state.size, history.lengths, self._deadline)
            try:
                # The store cannot hold a file before anything was committed to it, nor the batch one of another size:
                # the digest is taken while such a file is read, and nobody waits for it.
                if (self._known or state.size in self._sizes) and self._present(file, key.result().whole):
                    return True
                growth = history.growth(opened, key.result(), self.store) if history.is_known else Growth()
                if growth.has_former or history.path_mark in self._marks:
                    if self._batch:
                        return False
                    self._alone.add(file.name)
                self._sizes.add(state.size)
                counted = self.loader.begin(file.name, key, history, growth)
                self._batch.append(file)
                if history.path_mark:
                    self._marks.add(history.path_mark)
                self._take(file, opened, counted, left_out)
                self._digests[counted.digest] = file
                remark = change(file.path, opened, state, counted.digest, self._deadline)
                counted.remark = remark or counted.remark
            except RewrittenError as error:
                raise ChangedError(file.name) from error
            except KeyboardInterrupt:
                self._deadline.stop()
                raise
            finally:
                wait([key])  # it reads the second handle
        return True

    def _take(self, file: SourceFile, opened: BinaryIO, counted: FileCount, left_out: str | None) -> None:
        """Hand what is new in a source to the loader."""
        growth, size = counted.growth, counted.history.size
        stream = cast("BinaryIO", SourceStream(opened, size, self._deadline))
        expansion = Expansion(size, self._bounds.expand_limit)
        log = LogFile(file.name, stream, file.path, expansion=expansion, begin=growth.begin, line=growth.line)
        passed = 0
        for source, item in read_log(log):
            self._deadline.check()
            self.loader.add(source, item)
            # How far the file on disk was read, not the text in it: an archive's text has no known size.
            self._advance(opened.tell() - passed)
            passed = opened.tell()
        if left_out:
            self.loader.add(file.name, ReadFault(left_out))
        self._advance(file.size - passed)
        if growth.begin:
            counted.remark = f"it has grown since it was read: what stands behind byte {growth.begin:,} was added"
        elif file.name in self._changed:
            counted.remark = "it was changed while it was read, and read again"

    def _present(self, file: SourceFile, key: str) -> bool:
        """Tell whether a source is in the store already, or in the batch under another name, and report it."""
        twin = self._digests.get(key)
        if not twin and not self.store.has_source(key):
            return False
        reason = f"its content is that of {twin.name}" if twin else None
        self.reports[file.name] = SourceReport(file.name, Status.PRESENT, reason=reason)
        self._advance(file.size)
        return True

    def _advance(self, size: int) -> None:
        if self.progress and size > 0:
            self.progress.advance(size)

    def _reject(self, file: SourceFile, reason: str) -> None:
        self.rejections.append(Rejection(file.name, None, reason))
        self.reports[file.name] = SourceReport(file.name, Status.REJECTED, rejected=1, reason=reason)
        self._advance(file.size)

    def _commit(self) -> list[SourceFile]:
        """Commit the batch; returns the sources to read again because another ingest added one of the batch first."""
        batch = self.loader.finish()
        self._batch, self._marks = [], set()
        self._committed = time.monotonic()
        good = [file for file in batch.files if file.records and not (self.strict and file.rejected)]
        if not good:
            self.loader.give_up(batch)
            self._report(batch, frozenset())
            return []
        names = {digest: name for file in good for digest, name in file.names(self.store).items()}
        dropped, replaces = self.loader.settle(batch, dedupe=self.dedupe)
        marks = marks_of(good)
        if self.store.commit(batch.staged, names, marks=marks.new, expected=marks.expected, replaces=replaces):
            # One Parquet file holds events of many sources; those of a source that came first cannot be taken out.
            self.loader.give_up(batch)
            self._known = True
            return [self._digests.pop(file.digest) for file in batch.files]
        self.events += batch.events
        self.unmapped += batch.unmapped
        self.hollow += batch.hollow
        self.misfits += batch.misfits
        add_spellings(self.unread_times, batch.unread_times)
        self.duplicates += dropped
        add_guesses(self.guesses, batch.guesses)
        add_doubts(self.doubts, batch.doubts)
        self._report(batch, frozenset(names))
        return []

    def _report(self, batch: Batch, committed: frozenset[str]) -> None:
        self.rejections += batch.rejections
        for file in batch.files:
            self.reports[file.name] = file.report(added=file.digest in committed, strict=self.strict)
