"""Event stores: a folder with a Delta Lake table of events, or a plain, read-only tree of Parquet files."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files as package_files
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa

from carlang import store
from carlang.database.connection import open_shared
from carlang.errors import StoreError
from carlang.model.schema import Model
from carlang.store.columns import RECORD_ID, model_columns
from carlang.store.commits import CommitRecord, FileRecord, file_records
from carlang.store.copies import LOG_FOLDER
from carlang.store.files import StagedFile, StoreFile, damaged, files_with_numbers, read_footers
from carlang.store.footer import footers
from carlang.store.info import StoreInfo
from carlang.store.inventory import Inventory, classes_seen_twice, hollow_counts
from carlang.store.plain import plain_files, plain_parts
from carlang.store.seen import HostInfo
from carlang.store.statistics import Class
from carlang.store.storage import not_written

if TYPE_CHECKING:
    from carlang.store.delta import DeltaLog

REJECTED_FOLDER = "_rejected"
"""Where a store keeps what an ingest could not read; readers of the table skip it."""


@dataclass(frozen=True, slots=True)
class Staging:
    """The folder in which a writer of a store has the files that no commit names yet."""

    folder: Path

    def new_file(self) -> Path:
        """Return the path for a new file; a commit moves it to its place."""
        return self.folder / f"{uuid.uuid4()}.parquet"


class Store:
    """An open event store; `open_store` and `create_store` make it.

    It shows the version at which it was opened until something is committed through it or it is refreshed. Safe to
    use from several threads.
    """

    def __init__(self, path: Path, log: DeltaLog | None) -> None:
        self.path = path
        self._log = log
        self._lock = threading.RLock()
        self._files: tuple[StoreFile, ...] | None = None
        self._columns: dict[str, dict[str, str]] = {}
        self._inventory: Inventory | None = None

    def __repr__(self) -> str:
        return f"Store({str(self.path)!r})"

    @property
    def writable(self) -> bool:
        """Whether events can be added: a Delta table, not a plain tree."""
        return self._log is not None

    def files(self, object: str | None = None, actions: Iterable[str] | None = None) -> tuple[StoreFile, ...]:  # noqa: A002
        """Return the store's files, or those of one object and some of its actions."""
        with self._lock:
            if self._files is None:
                self._files = self._log.files() if self._log else plain_files(self.path)
            files = self._files
        wanted = None if actions is None else frozenset(actions)
        return tuple(
            f for f in files if (object is None or f.object == object) and (wanted is None or f.action in wanted)
        )

    def columns(self, object: str) -> dict[str, str]:  # noqa: A002
        """Return the columns that an object's files have, each with its DuckDB type."""
        with self._lock:
            if object not in self._columns:
                files = self.files(object)
                present = {column for f in files for column in f.filled}
                types = self._log.columns if self._log else _types(files)
                self._columns[object] = {column: type_ for column, type_ in types.items() if column in present}
            return dict(self._columns[object])

    def info(self) -> StoreInfo:
        """Sum up what the store holds: rows, times, sensors, and the share of rows that fill each field."""
        seen = self.inventory(())
        return store.describe(str(self.path), self.files(), seen, writable=self.writable)

    def hollow(self) -> Mapping[Class, int]:
        """Return how many records are no events, having nothing of them in it, by what object and action they name."""
        return hollow_counts(self.inventory(()))

    def inventory(self, classes: Collection[Class] | None = None, fields: Collection[str] | None = None) -> pa.Table:
        """Return who is seen: events by host, object, action, log and sensor, as `statistics.SCHEMA` says.

        It is read from the files' footers. Of files that say nothing in theirs, events are counted: what is asked for,
        classes and fields, once; of other classes there are hosts and sensors alone.
        """
        with self._lock:
            return self._seen().table(classes, fields)

    def silent_files(self) -> int:
        """Return how many files do not say in their footers whose events they have, so that these are read."""
        with self._lock:
            return self._seen().silent

    def _seen(self) -> Inventory:
        if self._inventory is None:
            self._inventory = Inventory(self.files())
        return self._inventory

    def classes_seen_twice(self) -> frozenset[Class]:
        """Return the objects and actions of which some host has events from more than one sensor."""
        return classes_seen_twice(self.inventory(()))

    def hosts(self) -> Iterator[HostInfo]:
        """Yield the hosts of the store's events, by name, with what each has of them."""
        return store.hosts_of(self.inventory())

    def refresh(self) -> None:
        """Read what others have committed since the store was opened."""
        with self._lock:
            if self._log:
                self._log.refresh()
            self._forget()

    def has_source(self, digest: str) -> bool:
        """Tell whether the source with this SHA-256 digest was ingested."""
        return self._log is not None and self._log.has_source(digest)

    def mark(self, name: str) -> int | None:
        """Return the number that a commit set under a name; None where none did."""
        return self._log.mark(name) if self._log else None

    def add_columns(self, columns: Mapping[str, str]) -> None:
        """Add columns, given with DuckDB types, that the table may not have yet."""
        with self._lock:
            self._writable_log().add_columns(columns)

    def new_file(self, object: str, action: str) -> Path:  # noqa: A002
        """Return the path for a new file of events; readers do not see the file before `commit` names it."""
        return self._writable_log().new_file(object, action)

    @contextmanager
    def writing(self) -> Iterator[Staging]:
        """Be one of the store's writers in this block, and have a place for files that no commit names yet.

        What is still there at the end of the block goes with it. Files that are not part of the store can be deleted
        there without a thought, as the log never names one; no writer deletes anything anywhere else.

        Raises `StoreError` where the store is read-only or is being vacuumed.
        """
        self._writable_log()
        with store.writing(self.path) as folder:
            yield Staging(folder)

    def commit(
        self,
        files: Sequence[StagedFile],
        digests: Sequence[str] | Mapping[str, str],
        *,
        marks: Mapping[str, int] | None = None,
        expected: Mapping[str, int | None] | None = None,
        replaces: Sequence[StoreFile] = (),
    ) -> frozenset[str]:
        """Add staged files and the digests of their sources, if known with their names, all of it or nothing.

        `marks` are set, where they are `expected` so far, and files that the new ones replace are taken out, in the
        same commit.

        Returns what another writer was first with: digests that it committed, marks that it set, files that it
        replaced. If there is any, nothing was added, and the caller writes its sources again.
        """
        log = self._writable_log()
        described = read_footers(
            [(f.path, f.object, f.action) for f in files]
        )  # before the lock: it takes a while, and concerns nobody else's files
        records, commit = self._records(described), _commit(described)
        to_set = store.Marks(marks or {}, expected or {})
        with self._lock:
            log.refresh()
            self._forget()
            if present := log.overtaken(list(digests), to_set, [file.path for file in replaces]):
                return present
            placed = [log.placed(file) for file in described]
            names = dict(digests) if isinstance(digests, Mapping) else dict.fromkeys(digests, "")
            replaced = tuple(self._name(file.path) for file in replaces)
            record = CommitRecord(commit, self._by_name(placed, records), names, replaced)
            return log.commit(placed, list(digests), record, to_set, [file.path for file in replaces])

    def replace(self, files: Sequence[StoreFile], path: Path) -> bool:
        """Replace files of one object and action by a written one that holds the same events, in one transaction.

        Returns False, and changes nothing, where the table no longer has one of the files.
        """
        log = self._writable_log()
        (described,) = read_footers([(path, files[0].object, files[0].action)])
        records, commit = self._records([described]), _commit([described])
        with self._lock:
            log.refresh()
            self._forget()
            if not {file.path for file in files} <= {file.path for file in self.files()}:
                return False
            placed = log.placed(described)
            replaces = tuple(self._name(file.path) for file in files)
            record = CommitRecord(commit, self._by_name([placed], records), replaces=replaces)
            done = log.replace([file.path for file in files], [placed], record)
            self._forget()
        return done

    def make_record_ids_text(self) -> tuple[StoreFile, ...]:
        """Let the table say that ids of records are text; returns the files that still have numbers."""
        with self._lock:
            self._writable_log().make_record_ids_text()
            self._forget()
        return files_with_numbers(RECORD_ID, self.files())

    def unnamed(self, hours: int, *, never: bool) -> list[Path]:
        """Return the files that the store has not had for so many hours, and those as old that it `never` had."""
        with self._lock:
            return self._writable_log().unnamed(hours, never=never)

    def checkpoint(self) -> None:
        """Write the table's state into one file, so that the store opens fast after many commits."""
        with self._lock:
            self._writable_log().checkpoint()

    def _records(self, files: Sequence[StoreFile]) -> list[FileRecord]:
        return list(file_records([file.path for file in files], [frozenset(file.filled) for file in files]))

    def _by_name(self, files: Sequence[StoreFile], records: Sequence[FileRecord]) -> dict[str, FileRecord]:
        return {self._name(file.path): record for file, record in zip(files, records, strict=True)}

    def _name(self, path: Path) -> str:
        return path.relative_to(self.path).as_posix()

    def _writable_log(self) -> DeltaLog:
        if self._log is None:
            raise StoreError(
                f"{self.path} is a plain tree of Parquet files, which is only read; "
                "ingest into a new folder, which then becomes a store that can be written"
            )
        return self._log

    def _forget(self) -> None:
        self._files = None
        self._columns = {}
        self._inventory = None


def open_store(path: str | PathLike[str] | None = None) -> Store:
    """Open the event store in a folder, or the sample store that ships with the package."""
    if path is None:
        return Store(_sample(), None)
    folder = Path(path)
    if not folder.exists():
        raise StoreError(f"there is no event store at {folder}; `carlang ingest SOURCE --store {folder}` makes one")
    if not folder.is_dir():
        raise StoreError(f"{folder} is a file; an event store is a folder with a Delta table or Parquet files")
    if (folder / LOG_FOLDER).is_dir():
        return Store(folder, store.DeltaLog(folder))
    if not plain_parts(folder):
        raise StoreError(
            f"{folder} is not an event store: it has neither a Delta log nor Parquet files in "
            f"<object>/<action>/; `carlang ingest SOURCE --store {folder}` makes it one"
        )
    return Store(folder, None)


def create_store(path: str | Path, model: Model) -> Store:
    """Open the store in a folder for writing, made where there is none; columns new in the model are added."""
    folder = Path(path)
    if folder.exists() and not folder.is_dir():
        raise StoreError(f"{folder} is a file; name a folder for the event store")
    if folder.is_dir() and not (folder / LOG_FOLDER).is_dir() and plain_parts(folder):
        raise StoreError(f"{folder} is a plain tree of Parquet files, which is only read; name another folder")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise not_written(folder, error, "cannot be made") from error
    return Store(folder, store.DeltaLog.create(folder, model_columns(model)))


def _commit(files: Sequence[StoreFile]) -> str:
    """Return the name of the commit that the footers of new files hold, or a new one."""
    names = {footer.commit for footer in footers([file.path for file in files]).values()}
    return names.pop() if len(names) == 1 else uuid.uuid4().hex


def _sample() -> Path:
    folder = Path(str(package_files("carlang") / "sample"))
    if not folder.is_dir():
        raise StoreError(f"the sample store is missing from the installation ({folder}); install carlang anew")
    return folder


def _types(files: Sequence[StoreFile]) -> dict[str, str]:
    if not files:
        return {}
    query = "DESCRIBE SELECT * FROM read_parquet($files, union_by_name = true, hive_partitioning = false)"
    with open_shared() as connection:
        try:
            rows = connection.execute(query, {"files": [str(f.path) for f in files]}).fetchall()
        except duckdb.Error as error:
            raise damaged(files[0].path.parent, str(error).split("\n", 1)[0]) from error
    return {row[0]: row[1] for row in rows}
