"""The Delta Lake table of a store: its log decides which files and which sources the store holds."""

from __future__ import annotations

import dataclasses
import json
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
from deltalake import CommitProperties, DeltaTable, Field, Schema, Transaction
from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError
from deltalake.schema import PrimitiveType
from deltalake.transaction import AddAction, RemoveAction

from carlang.errors import StoreError
from carlang.store.columns import PARTITIONS, RECORD_ID
from carlang.store.commits import COMMIT_KEY, CommitRecord, record_of
from carlang.store.copies import LOG_FOLDER, copy_entries, entries, entry_path, first_loss, previous_commit
from carlang.store.delta_columns import delta_fields, duckdb_columns
from carlang.store.files import StoreFile, damaged, read_footers
from carlang.store.paths import check_size, path_within
from carlang.store.storage import first_line, not_written

# Everything that deltalake raises: its Rust side also surfaces as plain OSError and ValueError.
_FAULTS = (DeltaError, OSError, ValueError)
# Of two writers at the same version of the log one loses, reads the log anew and tries again. 30 attempts with growing
# pauses are some 9 seconds of losing every time: more than a dozen ingests that commit at once need.
_ATTEMPTS = 30
_PAUSE = 0.02
"""Seconds before the second attempt; before the third it is twice that, and so on."""

PRESENT = 1
"""What remains of the version of a source's Delta app transaction, halved, while the source is in the table: it is 1
when the source comes in, 2 when a repair has given its events up, 3 when it was read again."""

_TEXT = PrimitiveType("string")

_UNKNOWN = -1
"""The number of rows of a file that the log has no statistics for."""


@dataclass(frozen=True, slots=True)
class Marks:
    """Numbers that a commit sets under names, and what it expects to be set before; None where it expects nothing."""

    new: Mapping[str, int] = field(default_factory=dict)
    expected: Mapping[str, int | None] = field(default_factory=dict)


class DeltaLog:
    """The log of a store's table, at one version until `refresh` or a commit."""

    def __init__(self, path: Path, version: int | None = None) -> None:
        self.path = path
        self._table = _open(path, version)

    @property
    def version(self) -> int:
        """The version of the table that was read."""
        return self._table.version()

    @classmethod
    def create(cls, path: Path, columns: Mapping[str, str]) -> DeltaLog:
        """Open the table in a folder, or create it with these columns; add the columns that it lacks."""
        if not (path / LOG_FOLDER).is_dir():
            # Without the property, statistics would be kept for the first 32 columns only.
            settings: dict[str, str | None] = {"delta.dataSkippingNumIndexedCols": "-1"}
            schema = Schema(delta_fields(columns))
            try:
                DeltaTable.create(path, schema, mode="ignore", partition_by=list(PARTITIONS), configuration=settings)
            except CommitFailedError:
                pass  # another process made it in the meantime
            except _FAULTS as error:
                raise not_written(path, error, "cannot become an event store") from error
        log = cls(path)
        log.add_columns(columns)
        log.make_record_ids_text()
        copy_entries(path)
        return log

    @property
    def columns(self) -> dict[str, str]:
        """The columns of the table, each with its DuckDB type."""
        return duckdb_columns(self._table.schema().fields)

    def refresh(self) -> None:
        """Read what others have committed since."""
        self._table = _open(self.path)

    def add_columns(self, columns: Mapping[str, str]) -> None:
        """Add those of the columns that the table does not have yet."""
        for attempt in range(_ATTEMPTS):
            known = self.columns
            missing = {name: type_ for name, type_ in columns.items() if name not in known}
            if not missing:
                return
            try:
                self._table.alter.add_columns(delta_fields(missing))
            except DeltaError as error:
                # Another process may have added the same columns. The library has no error of its own for that, so all
                # are tried again, and the columns are compared anew.
                if attempt == _ATTEMPTS - 1:
                    raise not_written(self.path, error, "takes no columns") from error
                time.sleep(_PAUSE * (attempt + 1))
            except _FAULTS as error:
                raise not_written(self.path, error) from error
            self.refresh()

    def make_record_ids_text(self) -> None:
        """Let the table say that ids of records are text, where carlang 0.1 said that they are numbers.

        Its files keep their numbers, which readers of the store cast, until `compact` writes them anew.
        """
        for attempt in range(_ATTEMPTS):
            fields = self._table.schema().fields
            if all(f.name != RECORD_ID or f.type == _TEXT for f in fields):
                return
            changed = [Field(f.name, _TEXT if f.name == RECORD_ID else f.type, nullable=f.nullable) for f in fields]
            # deltalake changes a column's type only together with files that are overwritten. These filters match none.
            nothing = [(name, "=", "-") for name in PARTITIONS]
            try:
                self._table.create_write_transaction(
                    [], "overwrite", Schema(changed), list(PARTITIONS), partition_filters=nothing
                )
            except CommitFailedError as error:
                if attempt == _ATTEMPTS - 1:
                    raise not_written(self.path, error) from error
                time.sleep(_PAUSE * (attempt + 1))
            except _FAULTS as error:
                raise not_written(self.path, error) from error
            self.refresh()

    def has_source(self, digest: str) -> bool:
        """Tell whether a source of this digest is part of the table."""
        return (self._table.transaction_version(digest) or 0) % 2 == PRESENT

    def files(self) -> tuple[StoreFile, ...]:
        """Return the files that the log names, described by its statistics, in the order of their paths."""
        files = self.described()
        for file, size in files:
            check_size(file.path, size)
        # Another writer of Delta may leave the statistics out. The footers have them too, but have to be opened.
        undescribed = [f for f, _ in files if f.rows == _UNKNOWN]
        from_footers = {f.path: f for f in read_footers([(f.path, f.object, f.action) for f in undescribed])}
        return tuple(from_footers.get(f.path, f) for f, _ in files)

    def described(self) -> list[tuple[StoreFile, int]]:
        """Return the files that the log names as it describes them, each with its size; none of them is looked at."""
        files = ((self._file(row), int(row["size_bytes"])) for row in self._named())
        return sorted(files, key=lambda each: each[0].path)

    def _file(self, row: Mapping[str, Any]) -> StoreFile:
        path = path_within(self.path, row["path"])
        prefix = "null_count."
        nulls = {k.removeprefix(prefix): v for k, v in row.items() if k.startswith(prefix) and v is not None}
        rows = row["num_records"]
        described = rows is not None and (rows == 0 or bool(nulls))
        return StoreFile(
            path=path,
            object=str(row.get("partition.object")),
            action=str(row.get("partition.action")),
            rows=rows if described else _UNKNOWN,
            first_time=row.get("min.time"),
            last_time=row.get("max.time"),
            filled={column: rows - count for column, count in nulls.items()} if described else {},
        )

    def mark(self, name: str) -> int | None:
        """Return the number that a commit set under a name; None where none did."""
        return self._table.transaction_version(name)

    def overtaken(self, digests: Sequence[str], marks: Marks, replaces: Sequence[Path]) -> frozenset[str]:
        """Return what another writer was first with: digests of sources, marks, names of files that were replaced."""
        named = {path_within(self.path, row["path"]) for row in self._named()} if replaces else set()
        return frozenset(
            [
                *(digest for digest in digests if self.has_source(digest)),
                *(name for name, number in marks.expected.items() if self.mark(name) != number),
                *(path.name for path in replaces if path not in named),
            ]
        )

    def commit(
        self,
        files: Sequence[StoreFile],
        digests: Sequence[str],
        record: CommitRecord,
        marks: Marks,
        replaces: Sequence[Path] = (),
    ) -> frozenset[str]:
        """Add files and the digests of their sources, set marks and take files out, in one transaction.

        Returns the empty set, or what another writer was first with; then nothing was added.
        """
        now = int(time.time() * 1000)
        added = [_add_action(self.path, f, now) for f in files]
        for attempt in range(_ATTEMPTS):
            # Asked again before each attempt: the writer that was first may have brought the same source.
            if first := self.overtaken(digests, marks, replaces):
                return first
            removed = self._removals(replaces, now, data_change=True) or []
            sources = [Transaction(d, (self.mark(d) or 0) + 1, now) for d in digests]
            sources += [Transaction(name, number, now) for name, number in marks.new.items()]
            if self._append([*removed, *added], record, attempt, sources):
                break
        return frozenset()

    def replace(
        self, old: Sequence[Path], new: Sequence[StoreFile], record: CommitRecord, forgotten: Sequence[str] = ()
    ) -> bool:
        """Remove files and add others, which hold the same events, in one transaction.

        Where sources are `forgotten`, by digest, the others hold the same events without theirs, and the sources count
        as never added. Returns False, and changes nothing, where the table no longer has one of the files.
        """
        changes = bool(forgotten)
        for attempt in range(_ATTEMPTS):
            now = int(time.time() * 1000)
            removed = self._removals(old, now, data_change=changes)
            if removed is None:
                return False
            added = [_add_action(self.path, file, now, data_change=changes) for file in new]
            versions = {digest: self._table.transaction_version(digest) or 0 for digest in forgotten}
            sources = [Transaction(d, version + 1, now) for d, version in versions.items() if version % 2 == PRESENT]
            if self._append([*removed, *added], record, attempt, sources):
                return True
        return False

    def _removals(self, paths: Sequence[Path], now: int, *, data_change: bool) -> list[RemoveAction] | None:
        """Return what takes files out of the table; None where it does not have one of them any more."""
        named = {path_within(self.path, row["path"]): row for row in self._named()}
        if not all(path in named for path in paths):
            return None
        return [
            RemoveAction(
                named[path]["path"],
                data_change=data_change,
                deletion_timestamp=now,
                size=named[path]["size_bytes"],
                partition_values={name: named[path][f"partition.{name}"] for name in PARTITIONS},
            )
            for path in paths
        ]

    def _named(self) -> list[dict[str, Any]]:
        actions: list[dict[str, Any]] = pa.table(self._table.get_add_actions(flatten=True)).to_pylist()
        return actions

    def _append(
        self,
        actions: Sequence[AddAction | RemoveAction],
        record: CommitRecord,
        attempt: int,
        sources: Sequence[Transaction] = (),
    ) -> bool:
        """Write one entry of the log; False, after a pause, where another writer took its number first.

        Either way the table is at its newest version afterwards. Raises `StoreError` at the last attempt.
        """
        before = self._table.version()
        record = dataclasses.replace(record, previous=previous_commit(self.path, before))
        properties = CommitProperties(
            custom_metadata={COMMIT_KEY: record.to_json()},
            app_transactions=list(sources),
            # Left to itself, deltalake retries without asking whether the files are still part of the table, and two
            # compactions would each add the events of the same files.
            max_commit_retries=0,
        )
        try:
            self._table.create_write_transaction(
                list(actions), "append", self._table.schema(), list(PARTITIONS), commit_properties=properties
            )
        except _FAULTS as error:
            # An error may also come after the entry was written, from what deltalake does behind it. Only the log
            # knows whether the commit was made.
            if not self._has_commit(record.commit, before):
                if not isinstance(error, CommitFailedError):
                    raise not_written(self.path, error) from error
                if attempt == _ATTEMPTS - 1:
                    raise StoreError(f"{self.path}: the commit failed: {first_line(error)}; try again") from error
                time.sleep(_PAUSE * (attempt + 1))
                self.refresh()
                return False
        self.refresh()
        copy_entries(self.path)
        return True

    def _has_commit(self, commit: str, before: int) -> bool:
        """Tell whether the log has a commit among its entries after a version."""
        later = (path.read_bytes() for version, path in entries(self.path).items() if version > before)
        return any(record.commit == commit for record in map(record_of, later) if record)

    def new_file(self, object_name: str, action: str) -> Path:
        """Return the path for a new file where the table has those of its object and action."""
        folder = self.path / f"object={object_name}" / f"action={action}"
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise not_written(folder, error) from error
        return folder / f"{uuid.uuid4()}.parquet"

    def placed(self, file: StoreFile) -> StoreFile:
        """Move a file to where the table has those of its object and action, just before a commit names it."""
        target = self.new_file(file.object, file.action).with_name(file.path.name)
        try:
            file.path.replace(target)
        except OSError as error:
            raise not_written(target, error) from error
        return dataclasses.replace(file, path=target)

    def checkpoint(self) -> None:
        """Write the table's state into one file: opening reads every entry since the last, and ingests write none."""
        try:
            self._table.create_checkpoint()
        except _FAULTS as error:
            raise not_written(self.path, error) from error

    def unnamed(self, hours: int, *, never: bool) -> list[Path]:
        """Return the files that the table has not named for so many hours, and those as old that it `never` did.

        Raises `StoreError` where the log cannot be read.
        """
        try:
            names = self._table.vacuum(
                hours,
                dry_run=True,
                enforce_retention_duration=False,  # it refuses anything below a week; how long is the caller's choice
                full=never,
            )
        except _FAULTS as error:
            raise damaged(self.path / LOG_FOLDER, first_line(error)) from error
        return sorted({path_within(self.path, name) for name in names})


def _open(path: Path, version: int | None = None) -> DeltaTable:
    if version is None and (lost := first_loss(path)):
        entry = entry_path(path, lost.version)
        reason = "it lacks something that was committed" if entry.exists() else "it was committed, and is gone"
        raise damaged(entry, reason)
    try:
        table = DeltaTable(path, version)
        partitions = table.metadata().partition_columns
    except TableNotFoundError as error:
        raise damaged(path / LOG_FOLDER, "it holds no version of the table") from error
    except _FAULTS as error:
        raise damaged(_faulty_entry(path / LOG_FOLDER), first_line(error)) from error
    if partitions != list(PARTITIONS):
        raise StoreError(f"{path} is a Delta table, but not one of events by object and action; name another folder")
    return table


def _faulty_entry(folder: Path) -> Path:
    """Return the first entry of the log that is not JSON lines, else the log: deltalake's errors do not name it."""
    for entry in sorted(folder.glob("*.json")):
        try:
            for line in entry.read_text("utf-8").splitlines():
                json.loads(line)
        except (OSError, ValueError):
            return entry
    return folder


def _add_action(root: Path, file: StoreFile, now: int, *, data_change: bool = True) -> AddAction:
    return AddAction(
        path=file.path.relative_to(root).as_posix(),
        size=file.path.stat().st_size,
        partition_values={"object": file.object, "action": file.action},
        modification_time=now,
        data_change=data_change,  # false tells readers that follow the log that no event is new
        stats=file_statistics(file),
    )


def file_statistics(file: StoreFile) -> str:
    """Return what the log says of the rows of a file, as it stands there."""
    statistics: dict[str, Any] = {"numRecords": file.rows}
    bounds = list(_bounds(file))
    if bounds:
        statistics |= {"minValues": {"time": bounds[0]}, "maxValues": {"time": bounds[1]}}
    statistics["nullCount"] = {column: file.rows - count for column, count in file.filled.items()}
    return json.dumps(statistics, separators=(",", ":"))


def _bounds(file: StoreFile) -> Iterator[str]:
    for moment in (file.first_time, file.last_time):
        if isinstance(moment, datetime):
            yield moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
