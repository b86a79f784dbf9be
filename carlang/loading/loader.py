"""Takes raw records in and writes them as the events of a store, batch by batch."""

from __future__ import annotations

import uuid
from collections import Counter, deque
from collections.abc import Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from carlang.database.connection import open_memory
from carlang.database.interrupts import interruptible
from carlang.loading.duplicates import drop_duplicates
from carlang.loading.former import Formers
from carlang.loading.growth import Growth, History
from carlang.loading.pipeline import Pipeline, RecordsError
from carlang.loading.rejected import RejectedFile, RejectedText, described
from carlang.loading.report import Rejection, SourceReport, Status
from carlang.loading.staging import FileOfEvents, WaitingEvents, write_events
from carlang.mapping.event_mapping import ObjectAction
from carlang.mapping.guessing import Doubts, add_doubts
from carlang.mapping.mapper import LogName, Mapped, Mapper, Statements
from carlang.mapping.record_times import add_spellings
from carlang.mapping.router import GuessCounts, add_guesses
from carlang.readers import budget, tuning
from carlang.readers.containers import Form
from carlang.readers.deadline import Deadline
from carlang.readers.digests import Digests, RewrittenError
from carlang.readers.records import ReadFault, Records
from carlang.store import REJECTED_FOLDER, Footer, Marks, StagedFile, Staging, Store, StoreFile, not_written, written_to


class ChangedError(RecordsError):
    """A source was changed while it was read, so that nobody knows what was read."""

    def __init__(self, name: str) -> None:
        reason = (
            "it was changed while it was read, twice; nothing of it was added: ingest it, or a copy, when it is at rest"
        )
        super().__init__(f"{name}: {reason}", reason)


@dataclass
class FileCount:
    """A file of the batch: what was read of it so far. Its digest may still be in the making."""

    name: str
    key: Digests | Future[Digests]
    history: History
    growth: Growth
    mapped: int = 0
    unmapped: int = 0
    rejected: int = 0
    unzoned: int = 0
    reason: str | None = None
    remark: str | None = None

    @property
    def digests(self) -> Digests:
        """The digests of the file's bytes; raises `RecordsError` where the file could not be read to its end."""
        if isinstance(self.key, Digests):
            return self.key
        try:
            return self.key.result()
        except OSError as error:  # its records are among those of others by now
            reason = f"it cannot be read: {error.strerror or error}; nothing of it was added"
            raise RecordsError(f"{self.name}: {reason}", reason) from error
        except RewrittenError as error:
            raise ChangedError(self.name) from error

    @property
    def digest(self) -> str:
        """The digest of all of the file's bytes."""
        return self.digests.whole

    def names(self, store: Store) -> dict[str, str]:
        """Return the digests by which the store is to know the file: also without half a record at its end."""
        read = self.digests.beginnings.get(self.history.read)
        is_new = read is not None and self.history.read > 0 and not store.has_source(read.digest)
        return {self.digest: self.name} | ({read.digest: self.name} if read and is_new else {})

    @property
    def stored_digests(self) -> set[str]:
        """The digests by which the store is to know the file, or knows it already."""
        read = self.digests.beginnings.get(self.history.read)
        return {self.digest} | ({read.digest} if read and self.history.read > 0 else set())

    @property
    def is_readable(self) -> bool:
        """Whether the file could be read a second time, to its end; where not, whoever commits it gives it up."""
        try:
            return bool(self.digests)
        except RecordsError:
            return False

    @property
    def records(self) -> int:
        """The number of records that were understood."""
        return self.mapped + self.unmapped

    def report(self, *, added: bool, strict: bool) -> SourceReport:
        """Return what is said of the file when its batch was committed or left out."""
        if added:
            counts = (self.mapped, self.unmapped, self.rejected)
            return SourceReport(self.name, Status.INGESTED, *counts, self.reason, self.unzoned, self.remark)
        if not self.records and not self.rejected:
            return SourceReport(self.name, Status.EMPTY, reason="no records in it", remark=self.remark)
        reason = f"left out as a whole: {self.reason}" if strict and self.records else self.reason
        return SourceReport(self.name, Status.REJECTED, rejected=self.rejected, reason=reason, remark=self.remark)


def marks_of(files: Sequence[FileCount]) -> Marks:
    """Return the marks that a commit of files sets."""
    marks = [file.history.marks(file.name) for file in files]
    new = {name: number for each in marks for name, number in each.new.items()}
    return Marks(new, {name: number for each in marks for name, number in each.expected.items()})


@dataclass
class Batch:
    """Whole files that are committed together: their counts, and the Parquet files written for them."""

    files: list[FileCount] = field(default_factory=list)
    staged: list[StagedFile] = field(default_factory=list)
    events: Counter[ObjectAction] = field(default_factory=Counter)
    unmapped: Counter[LogName] = field(default_factory=Counter)
    hollow: Counter[tuple[LogName, ObjectAction]] = field(default_factory=Counter)
    guesses: GuessCounts = field(default_factory=dict)
    doubts: Doubts = field(default_factory=dict)
    misfits: Counter[tuple[str, str]] = field(default_factory=Counter)
    unread_times: Counter[str] = field(default_factory=Counter)
    rejections: list[Rejection] = field(default_factory=list)
    size: int = 0
    commit: str = field(default_factory=lambda: uuid.uuid4().hex)


class Loader:
    """Stores what comes out of a pipeline; used as a context manager. A batch ends between two files.

    Parquet files are written into the staging of whoever writes to the store, or where the store would have them: then
    those of a batch that is given up stay there until a vacuum.
    """

    def __init__(
        self,
        store: Store,
        statements: Statements,
        deadline: Deadline | None = None,
        staging: Staging | None = None,
    ) -> None:
        self._deadline = deadline or Deadline()
        self.store = store
        self.batch = Batch()
        self._staging = staging
        self._events = WaitingEvents(self._new_file, statements.model)
        self._rejected: dict[int, RejectedFile] = {}
        self._writing: deque[tuple[Future[None], int]] = deque()
        self._pipeline = Pipeline(statements, self, budget.threads(), self._deadline)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Before files are deleted: a worker may be writing one.
        self._pipeline.__exit__(kind, error, trace)
        if kind is not None:
            self._discard()

    def _new_file(self, makes: ObjectAction) -> Path:
        return self._staging.new_file() if self._staging else self.store.new_file(makes.object, makes.action)

    def begin(
        self,
        name: str,
        key: Digests | Future[Digests],
        history: History | None = None,
        growth: Growth = Growth(),  # noqa: B008  # which is frozen
    ) -> FileCount:
        """Turn to a new file, given with its digests and what the store has of it."""
        file = FileCount(name, key, history or History(), growth)
        self.batch.files.append(file)
        self._pipeline.begin(name)
        return file

    def add(self, source: str, item: Records | ReadFault) -> None:
        """Take records, or the news that something could not be read, of the file begun last."""
        if isinstance(item, Records):
            self.batch.size += item.size
        self._pipeline.add(source, item)

    def finish(self) -> Batch:
        """Finish the batch and begin the next."""
        self._pipeline.finish()
        self._write(self._events.all())
        while self._writing:
            self._written()
        for rejected in self._rejected.values():
            rejected.close()
        self._rejected = {}
        batch, self.batch = self.batch, Batch()
        return batch

    def settle(self, batch: Batch, *, dedupe: bool) -> tuple[Counter[str], list[StoreFile]]:
        """Settle a finished batch with what the store holds.

        Where `dedupe`, events whose records the store has from another source are taken out. Where the batch is one
        file of which the store has a former state, that is replaced, or what it has is taken out of the batch.

        Returns how many events were taken out as duplicates, by source, and the store's files that the batch replaces.
        """
        duplicates: Counter[str] = Counter()
        former_file = next((file for file in batch.files if file.growth.has_former), None)
        if not dedupe and former_file is None:
            return duplicates, []
        with (
            written_to(self.store.path),
            open_memory(
                memory=budget.engine_memory(tuning.DUPLICATES_MEMORY, 1), scratch=self._pipeline.scratch
            ) as connection,
        ):
            formers = Formers.of(connection, self.store, former_file.history.path_mark if former_file else None)
            if dedupe:
                left = interruptible(
                    connection, lambda: drop_duplicates(connection, self.store, batch.staged, formers.condition)
                )
                batch.staged, duplicates = left.staged, left.sources
                batch.events = batch.events - left.dropped
            if former_file is None:
                return duplicates, []
            is_numbered = former_file.growth.form is Form.NUMBERED
            settled = interruptible(
                connection,
                lambda: formers.settle(connection, self._new_file, batch.staged, is_numbered=is_numbered),
            )
        batch.staged = settled.staged
        batch.events = batch.events - settled.removed - settled.known
        former_file.remark = settled.remark
        return duplicates, settled.replaces

    def reject(self, rows: pa.Table) -> None:
        """Count what was rejected, show the first and keep all."""
        for index in rows["file"].unique().to_pylist():
            file = self.batch.files[index]
            of_file = rows.filter(pc.equal(rows["file"], index)).select(["source", "number", "line", "fault"])
            texts = [RejectedText(*row.values()) for row in of_file.to_pylist()]
            file.rejected += len(texts)
            shown = [Rejection(each.source, each.number, each.reason) for each in texts[: tuning.SHOWN_REJECTIONS]]
            self.batch.rejections += shown
            file.reason = file.reason or described(shown[0])
            if index not in self._rejected:
                self._rejected[index] = RejectedFile(self.store.path / REJECTED_FOLDER, file.digest)
            self._rejected[index].write(texts)

    def count_guesses(self, guesses: GuessCounts, doubts: Doubts) -> None:
        """Count guesses of the batch, and what was in doubt."""
        add_guesses(self.batch.guesses, guesses)
        add_doubts(self.batch.doubts, doubts)

    def take(self, mapped: Mapped) -> None:
        """Count what became of records, and have their events written where they are worth a file."""
        for index, count in mapped.mapped.items():
            self.batch.files[index].mapped += count
        for index, count in mapped.unmapped.items():
            self.batch.files[index].unmapped += count
        for index, count in mapped.unzoned.items():
            self.batch.files[index].unzoned += count
        self.batch.unmapped += mapped.unmapped_logs
        self.batch.hollow += mapped.hollow
        self.batch.misfits += mapped.misfits
        add_spellings(self.batch.unread_times, mapped.unread_times)
        for made in mapped.events:
            self.batch.events[made.mapping.makes] += made.rows.num_rows
            self._events.add(made.mapping.makes, made.rows, mapped.mapped.keys() | mapped.unmapped.keys())
        self._write(self._events.full())

    def _write(self, files: Iterable[FileOfEvents]) -> None:
        for file in files:
            # Noted before it is written, so that an ingest that is broken off knows what to delete.
            self.batch.staged.append(file.staged)
            size = file.events.nbytes
            while self._writing and size + sum(waiting for _, waiting in self._writing) > budget.within(
                tuning.BYTES_OF_FILES
            ):
                self._written()
            batch = self.batch.commit, [self.batch.files[index] for index in sorted(file.sources)]
            self._writing.append((self._pipeline.submit(partial(_write, file, *batch)), size))

    def _written(self) -> None:
        """Wait for the oldest file that is being written; what goes wrong is no fault of a source."""
        try:
            self._deadline.result(self._writing.popleft()[0])
        except duckdb.Error as error:
            raise not_written(self.store.path, error) from error

    def _discard(self) -> None:
        """Give the batch up; what was written for it is deleted."""
        self._events.clear()
        for rejected in self._rejected.values():
            rejected.close()
        self.give_up(self.batch)
        self.batch = Batch()

    def give_up(self, batch: Batch) -> None:
        """Delete the Parquet files that were written for a batch and that no commit has moved to their places.

        What has come there stays, whatever became of the commit.
        """
        if self._staging:
            for staged in batch.staged:
                staged.path.unlink(missing_ok=True)


def _write(file: FileOfEvents, commit: str, sources: Sequence[FileCount], mapper: Mapper) -> None:
    # The digests of the last sources may still be in the making. To wait for them costs little: a file of events takes
    # as much text as is hashed several times over meanwhile.
    known = [source for source in sources if source.is_readable]
    footer = Footer(
        name=file.staged.path.name,
        commit=commit,
        sources=tuple(digest for source in known for digest in source.stored_digests),
        marks=dict(marks_of(known).new),
    )
    write_events(file, footer, mapper.connection)
