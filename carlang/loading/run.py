"""The whole of an ingest: sources are found, read, mapped, and committed so that each is added once or not at all."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from carlang.errors import IngestError
from carlang.loading.loader import Batch, FileCount, Loader, delete_parts
from carlang.loading.progress import Progress
from carlang.loading.report import Guessed, IngestReport, Rejection, SourceReport, Status
from carlang.mapping.car_documents import car_mapping, car_mappings, named_class
from carlang.mapping.event_mapping import AUTO, Sensors
from carlang.mapping.sensors import chosen_sensors
from carlang.model.schema import Model
from carlang.readers.containers import read_member
from carlang.readers.records import Member
from carlang.readers.sources import SourceFile, digest, find_sources
from carlang.store import RAW, Store, create_store, model_columns

DEDUPE = "record"
"""The way in which duplicates can be found."""

_SHOWN = 20

COMMIT = 64 << 20
"""How much raw text is committed at once, where a source is not more than that."""


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
        strict: Whether a source of which anything is rejected is left out as a whole.
        dedupe: `record` leaves out the events of records that are in the store from another export of the same log.
        progress: What to tell how far the ingest is.

    Raises:
        IngestError: There is no such sensor, or no such way to find duplicates.
        DataFileError: The mapping file has faults.
        StoreError: The store cannot be made or written.
    """
    begun = time.monotonic()
    if dedupe not in (None, DEDUPE):
        raise IngestError(f"duplicates cannot be found by `{dedupe}`; `{DEDUPE}` is what there is")
    sensors, forced = _sensors(sensor, model)
    opened = _opened(store, model)
    if keep_raw:
        opened.add_columns({RAW: "VARCHAR"})
    inside = opened.path.absolute()
    files = [file for file in find_sources(sources) if not file.path.absolute().is_relative_to(inside)]
    if progress:
        progress.start(sum(file.size for file in files))
    loader = Loader(opened, model, sensors, hostname=hostname, keep_raw=keep_raw, forced=forced)
    run = _Run(opened, loader, strict=strict, dedupe=dedupe is not None, progress=progress)
    run.read(files)
    return IngestReport(
        seconds=time.monotonic() - begun,
        sources=tuple(run.reports[file.name] for file in files),
        events=dict(sorted(run.events.items())),
        unmapped=dict(run.unmapped.most_common()),
        rejections=tuple(run.rejections[:_SHOWN]),
        guesses=tuple(_guess(sensors, place, *found) for place, found in sorted(run.guessed.items())),
        duplicates=run.duplicates.total(),
    )


def _sensors(sensor: str, model: Model) -> tuple[Sensors, int | None]:
    """Return the mappings that apply, and the place of the one that is for every record, if there is one."""
    if named := named_class(model, sensor):
        return Sensors((car_mapping(model, *named),)), 0
    chosen = chosen_sensors(sensor, model)
    documents = car_mappings(model) if sensor == AUTO else ()
    return Sensors(chosen.mappings + documents, chosen.kept), None


def _guess(sensors: Sensors, place: int, count: int, share: float) -> Guessed:
    mapping = sensors.mappings[place]
    return Guessed(mapping.sensor, mapping.object, mapping.action, count, share)


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
        self.events: Counter[tuple[str, str]] = Counter()
        self.unmapped: Counter[tuple[str | None, int | None]] = Counter()
        self.rejections: list[Rejection] = []
        self.guessed: dict[int, tuple[int, float]] = {}
        self.duplicates: Counter[str] = Counter()
        self._digests: dict[str, SourceFile] = {}
        self._hasher = ThreadPoolExecutor(1, "carlang-digest")
        self._known = bool(store.files())
        self._sizes: set[int] = set()

    def read(self, files: Sequence[SourceFile]) -> None:
        """Read all sources, in order; those of a batch that another ingest overtook are read again."""
        waiting = deque(files)
        with self._hasher, self.loader:
            while waiting or self.loader.batch.files:
                if waiting:
                    self._read(waiting.popleft())
                if not waiting or self.strict or self.loader.batch.size >= COMMIT:
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
        # Of a file that cannot be known, the digest is taken while it is read.
        if (self._known or file.size in self._sizes) and self._present(file, key.result()):
            return
        self._sizes.add(file.size)
        with file.path.open("rb") as stream:
            self.loader.begin(file.name, key)
            passed = 0
            for source, item in read_member(Member(file.name, stream, file.path)):
                self.loader.add(source, item)
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
        batch = self.loader.take()
        good = [file for file in batch.files if file.records and not (self.strict and file.rejected)]
        if not good:
            delete_parts(batch)
            self._report(batch, frozenset())
            return []
        digests = [file.digest for file in good]
        dropped = self.loader.drop_duplicates(batch) if self.dedupe else Counter()
        if self.store.commit(batch.parts, digests):
            delete_parts(batch)
            self._known = True
            return [self._digests.pop(file.digest) for file in batch.files]
        self.events += batch.events
        self.unmapped += batch.unmapped
        self.duplicates += dropped
        for place, (count, share) in batch.guessed.items():
            before, least = self.guessed.get(place, (0, 1.0))
            self.guessed[place] = (before + count, min(least, share))
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
