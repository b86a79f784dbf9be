"""The whole of an ingest: sources are found, read, mapped, and committed so that each is added once or not at all."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from carlang.errors import IngestError, IngestOptionError
from carlang.loading.loader import Batch, FileCount, Loader, delete_staged
from carlang.loading.progress import Progress
from carlang.loading.report import Guessed, Hollow, IngestReport, NotGuessed, Rejection, SourceReport, Status
from carlang.mapping.event_mapping import EventMapping, ObjectAction
from carlang.mapping.guessing import Doubt, Doubts, add_doubts
from carlang.mapping.mapper import LogName, Statements
from carlang.mapping.router import GuessCount, GuessCounts, add_guesses
from carlang.mapping.sensors import chosen_sensors
from carlang.model.schema import Model
from carlang.readers import tuning
from carlang.readers.containers import read_log
from carlang.readers.records import LogFile
from carlang.readers.sources import SourceFile, digest, find_sources
from carlang.store import RAW, Store, create_store, model_columns

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
    progress: Progress | None = None,
) -> IngestReport:
    """Read raw logs into an event store, which is made where there is none, and say what became of each source.

    Args:
        sources: Files, folders (with all files below) and patterns; archives are unpacked as they are read.
        store: A folder, or a store that can be written.
        model: The data model, whose fields become the columns.
        sensor: The sensor whose mapping applies, by name or by its mapping file; `auto` goes by each record's channel
            and event id. An object and action, `process/create`, takes every record as fields of such an event.
        hostname: The host of records that name none.
        keep_raw: Whether events keep their record as JSON in a column `raw`.
        strict: Whether all of a source is left out of which anything is rejected.
        dedupe: `record` leaves out the events of records that are in the store from another export of the same log.
        progress: What to tell how far the ingest is.

    Raises:
        IngestError: There is no such sensor, or no such way to find duplicates.
        DataFileError: The mapping file has faults.
        StoreError: The store cannot be made or written.
    """
    begun = time.monotonic()
    if dedupe not in (None, DEDUPE):
        raise IngestOptionError(f"duplicates cannot be found by `{dedupe}`; `{DEDUPE}` is what there is")
    sensors = chosen_sensors(sensor, model)
    opened = _opened(store, model)
    if keep_raw:
        opened.add_columns({RAW: "VARCHAR"})
    # A folder of logs may hold the store itself, whose Parquet files would be read as a log.
    folder = opened.path.absolute()
    files = [file for file in find_sources(sources) if not file.path.absolute().is_relative_to(folder)]
    if progress:
        progress.start(sum(file.size for file in files))
    loader = Loader(opened, Statements(sensors, model, hostname, keep_raw))
    run = _Run(opened, loader, strict=strict, dedupe=dedupe is not None, progress=progress)
    run.read(files)
    return IngestReport(
        seconds=time.monotonic() - begun,
        sources=tuple(run.reports[file.name] for file in files),
        events={(makes.object, makes.action): count for makes, count in sorted(run.events.items())},
        unmapped=dict(run.unmapped.most_common()),
        rejections=tuple(run.rejections[: tuning.SHOWN_REJECTIONS]),
        # In the order of the mapping files, not in that of the records.
        guesses=tuple(_guessed(m, run.guesses[m]) for m in dict.fromkeys(sensors.mappings) if m in run.guesses),
        misfits=dict(sorted(run.misfits.items())),
        not_guessed=tuple(
            NotGuessed(m.sensor, m.object, m.action, doubt.value, run.doubts[m, doubt])
            for m in dict.fromkeys(sensors.mappings)
            for doubt in Doubt
            if (m, doubt) in run.doubts
        ),
        duplicates=run.duplicates.total(),
        hollow=tuple(
            Hollow(channel, event_id, makes.object, makes.action, count)
            for ((channel, event_id), makes), count in run.hollow.most_common()
        ),
    )


def _guessed(mapping: EventMapping, count: GuessCount) -> Guessed:
    return Guessed(mapping.sensor, mapping.object, mapping.action, count.records, count.least_share)


def _opened(store: str | Path | Store, model: Model) -> Store:
    if not isinstance(store, Store):
        return create_store(store, model)
    store.refresh()
    store.add_columns(model_columns(model))
    return store


class _Run:
    """The state of one ingest: sources still to be read, and what is known of those that were."""

    def __init__(self, store: Store, loader: Loader, *, strict: bool, dedupe: bool, progress: Progress | None) -> None:
        self.store = store
        self.strict = strict
        self.dedupe = dedupe
        self.progress = progress
        self.loader = loader
        self.reports: dict[str, SourceReport] = {}
        self.events: Counter[ObjectAction] = Counter()
        self.unmapped: Counter[LogName] = Counter()
        self.hollow: Counter[tuple[LogName, ObjectAction]] = Counter()
        self.rejections: list[Rejection] = []
        self.guesses: GuessCounts = {}
        self.doubts: Doubts = {}
        self.misfits: Counter[tuple[str, str]] = Counter()
        self.duplicates: Counter[str] = Counter()
        self._digests: dict[str, SourceFile] = {}
        self._hasher = ThreadPoolExecutor(1, "carlang-digest")
        # Whether the store may hold a source already: an empty store holds none, and asks for no digest beforehand.
        self._known = bool(store.files())
        self._sizes: set[int] = set()

    def read(self, files: Sequence[SourceFile]) -> None:
        """Read all sources, in order; those of a batch that another ingest overtook are read again."""
        waiting = deque(files)
        with self._hasher, self.loader:
            while waiting or self.loader.batch.files:
                if waiting:
                    self._read(waiting.popleft())
                # Strict commits file by file: what is left out may not be in one Parquet file with what is added.
                if not waiting or self.strict or self.loader.batch.size >= tuning.COMMIT:
                    waiting.extendleft(reversed(self._commit()))

    def _read(self, file: SourceFile) -> None:
        if self.progress:
            self.progress.file(file.name)
        try:
            if file.fault:
                self._reject(file, file.fault)
            elif file.size == 0:
                self.reports[file.name] = SourceReport(file.name, Status.EMPTY, reason="the file is empty")
            else:
                self._load(file)
        except OSError as error:
            self._reject(file, error.strerror or str(error))

    def _load(self, file: SourceFile) -> None:
        key = self._hasher.submit(digest, file.path)
        # The store cannot hold a file before anything was committed to it, nor the batch one of another size: the
        # digest is taken while such a file is read, and nobody waits for it.
        if (self._known or file.size in self._sizes) and self._present(file, key.result()):
            return
        self._sizes.add(file.size)
        with file.path.open("rb") as stream:
            self.loader.begin(file.name, key)
            passed = 0
            for source, item in read_log(LogFile(file.name, stream, file.path)):
                self.loader.add(source, item)
                # How far the file on disk was read, not the text in it: an archive's text has no known size.
                self._advance(stream.tell() - passed)
                passed = stream.tell()
            self._advance(file.size - passed)
        self._digests[_digest(file, key)] = file

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
        good = [file for file in batch.files if file.records and not (self.strict and file.rejected)]
        if not good:
            delete_staged(batch)
            self._report(batch, frozenset())
            return []
        digests = [file.digest for file in good]
        dropped = self.loader.drop_duplicates(batch) if self.dedupe else Counter()
        if self.store.commit(batch.staged, digests):
            # One Parquet file holds events of many sources; those of a source that came first cannot be taken out.
            delete_staged(batch)
            self._known = True
            return [self._digests.pop(file.digest) for file in batch.files]
        self.events += batch.events
        self.unmapped += batch.unmapped
        self.hollow += batch.hollow
        self.misfits += batch.misfits
        self.duplicates += dropped
        add_guesses(self.guesses, batch.guesses)
        add_doubts(self.doubts, batch.doubts)
        self._report(batch, frozenset(digests))
        return []

    def _report(self, batch: Batch, committed: frozenset[str]) -> None:
        self.rejections += batch.rejections
        for file in batch.files:
            self.reports[file.name] = _reported(file, added=file.digest in committed, strict=self.strict)


def _digest(file: SourceFile, key: Future[str]) -> str:
    try:
        return key.result()
    except OSError as error:  # its records are among those of others by now
        raise IngestError(f"{file.name} cannot be read: {error.strerror or error}; nothing of it was added") from error


def _reported(file: FileCount, *, added: bool, strict: bool) -> SourceReport:
    if added:
        return SourceReport(file.name, Status.INGESTED, file.mapped, file.unmapped, file.rejected, file.reason)
    if not file.records and not file.rejected:
        return SourceReport(file.name, Status.EMPTY, reason="no records in it")
    reason = f"left out as a whole: {file.reason}" if strict and file.records else file.reason
    return SourceReport(file.name, Status.REJECTED, rejected=file.rejected, reason=reason)
