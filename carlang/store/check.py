"""Verify a store: its log, each file that the log names, and what lies beside them in its folder.

First the log, as nothing can be said of files while it is not known which there are: each entry has to be there, to be
JSON, and to have all that it had when it was written, by its copy or by what it says of itself. Then the files of the
table, or of its last version before the damage: each has to have the size, rows and statistics that the log says and,
in a thorough check, the bytes of which the log has the digest, and the events by host that its footer says. What is
there and was never named is listed too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from os import PathLike
from pathlib import Path
from typing import Any

import duckdb

from carlang.database.connection import open_memory, open_shared
from carlang.database.interrupts import interruptible
from carlang.errors import StoreError
from carlang.store.commits import FileRecord, added_rows, file_digest, record_of
from carlang.store.copies import LOG_FOLDER, entry_path
from carlang.store.counting import count_rows, parquet_rows
from carlang.store.delta import DeltaLog
from carlang.store.files import DamageError, StoreFile, read_footers
from carlang.store.footer import statistics
from carlang.store.history import History, read_history
from carlang.store.merging import merge_inventories
from carlang.store.paths import check_size
from carlang.store.plain import plain_parts
from carlang.store.storage import first_line, not_written


class Fault(Enum):
    """What is wrong."""

    ENTRY_MISSING = "entry missing"
    ENTRY_CUT = "entry cut"
    LOG = "log"
    FILE_MISSING = "file missing"
    FILE_DAMAGED = "file damaged"
    STATISTICS = "statistics"
    NEVER_NAMED = "of no commit"

    @property
    def is_damage(self) -> bool:
        """Whether something of the store is not what it was; a file of no commit takes space, and no more."""
        return self is not Fault.NEVER_NAMED


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is wrong: where, what, how many rows of which sources are in it as far as it is known."""

    fault: Fault
    path: Path
    reason: str
    rows: int | None = None
    sources: Mapping[str, int] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return the finding as plain data."""
        sources = [{"source": name, "rows": rows} for name, rows in self.sources.items()]
        return {
            "fault": self.fault.value,
            "damage": self.fault.is_damage,
            "path": str(self.path),
            "reason": self.reason,
            "rows": self.rows,
            "sources": sources,
        }


@dataclass(frozen=True, slots=True)
class StoreCheck:
    """What a check found, in how many files with how many rows; `digests` of them were compared with their digest.

    `version` is the version of the table that was checked: the newest, or the last before the log's first damage.
    """

    path: Path
    version: int | None
    files: int
    rows: int
    digests: int
    findings: tuple[Finding, ...]

    @property
    def is_whole(self) -> bool:
        """Whether all that was committed is there."""
        return not any(finding.fault.is_damage for finding in self.findings)

    def to_json(self) -> dict[str, Any]:
        """Return the check as plain data."""
        return {
            "path": str(self.path),
            "whole": self.is_whole,
            "version": self.version,
            "files": self.files,
            "rows": self.rows,
            "digests": self.digests,
            "findings": [finding.to_json() for finding in self.findings],
        }


def check_store(store: str | PathLike[str], *, quick: bool = False) -> StoreCheck:
    """Verify the store in a folder, which need not be one that can be opened.

    A `quick` check reads no data: it finds files that are missing or were cut, and not a byte that was flipped.

    Raises `StoreError` where there is nothing that could be a store.
    """
    path = Path(store)
    if not (path / LOG_FOLDER).is_dir():
        return _check_plain(path, quick=quick)
    try:
        history = read_history(path)
    except OSError as error:
        raise not_written(Path(error.filename or path), error, "cannot be read") from error
    findings = list(_log_findings(history))
    damaged = history.first_damaged
    if damaged == 0:
        return StoreCheck(path, None, 0, 0, 0, (*findings, *_never_named(history, frozenset())))
    try:
        log = DeltaLog(path, None if damaged is None else damaged - 1)
        files = log.described()
    except StoreError as error:
        findings.append(Finding(Fault.LOG, path / LOG_FOLDER, str(error)))
        return StoreCheck(path, None, 0, 0, 0, tuple(findings))
    digests = 0
    for file, size in files:
        name = file.path.relative_to(path).as_posix()
        record = history.files.get(name)
        if reason := _file_fault(file, size, record, quick=quick):
            fault = Fault.FILE_DAMAGED if file.path.exists() else Fault.FILE_MISSING
            findings.append(Finding(fault, file.path, reason, file.rows, record.rows if record else {}))
        elif not quick and (reason := _miscounted(file)):
            findings.append(Finding(Fault.STATISTICS, file.path, reason, file.rows, record.rows if record else {}))
        digests += record is not None and not quick
    findings += _never_named(history, frozenset(file.path for file, _ in files))
    return StoreCheck(path, log.version, len(files), sum(file.rows for file, _ in files), digests, tuple(findings))


def _log_findings(history: History) -> Iterator[Finding]:
    """Yield what the log lacks, with the rows that were in it."""
    for version in sorted({*history.lost, *history.broken}):
        path = entry_path(history.store, version)
        copy = history.lost.get(version)
        content = history.contents.get(version) or history.log.get(version, b"")
        record = record_of(content)
        sources = Counter[str]()
        for file in record.files.values() if record else ():
            sources.update(file.rows)
        fault = Fault.ENTRY_CUT if version in history.log else Fault.ENTRY_MISSING
        said = "it lacks something that was committed" if version in history.log else "it was committed, and is gone"
        known = f"there is a copy of it, {copy.path.name}" if copy else "there is no copy of it"
        yield Finding(fault, path, f"{said}; {known}", added_rows(content) or sources.total() or None, sources)


def _file_fault(file: StoreFile, size: int, record: FileRecord | None, *, quick: bool) -> str | None:
    """Say what is wrong with a file that the log names, None where nothing is."""
    try:
        check_size(file.path, size)
        (actual,) = read_footers([(file.path, file.object, file.action)])
        if difference := _difference(file, actual):
            return difference
        if quick:
            return None
        if record is None:
            return _unreadable_page(file.path)
        if file_digest(file.path) != record.sha256:
            return "its bytes are not those that were committed: the digest differs"
    except DamageError as error:
        return error.reason
    except OSError as error:
        return error.strerror or str(error)
    return None


def _difference(said: StoreFile, actual: StoreFile) -> str | None:
    """Compare what the log says of a file with its footer."""
    if said.rows < 0:  # another writer of Delta left the statistics out
        return None
    if said.rows != actual.rows:
        return f"it has {actual.rows:,} rows where the log says {said.rows:,}"
    if (said.first_time, said.last_time) != (actual.first_time, actual.last_time):
        return "its times are not those that the log says"
    if dict(said.filled) != {column: count for column, count in actual.filled.items() if column in said.filled}:
        return "the numbers of its values are not those that the log says"
    return None


def _unreadable_page(path: Path) -> str | None:
    """Read every page of a file of which no digest is known; only some damage shows there."""
    with open_memory() as connection:
        try:
            query = "SELECT bit_xor(hash(events)) FROM read_parquet($file, hive_partitioning = false) AS events"
            interruptible(connection, lambda: connection.execute(query, {"file": str(path)}))
        except duckdb.InterruptException:
            raise
        except duckdb.Error as error:
            return first_line(error)
    return None


def _miscounted(file: StoreFile) -> str | None:
    """Say what is wrong with the inventory in a file's footer, None where nothing is, or where there is none."""
    said, known = statistics([file])
    if not known:
        return None
    (actual,) = read_footers([(file.path, file.object, file.action)])
    with open_shared() as connection:
        counted = count_rows(connection, parquet_rows([actual]), actual)
    if merge_inventories([said]).equals(counted):
        return None
    return (
        "the events by host that its footer says are not those in it, and what the store can answer is judged by them"
    )


def _never_named(history: History, live: frozenset[Path]) -> Iterator[Finding]:
    for path in sorted(history.store.glob("object=*/action=*/**/*.parquet")):
        name = path.relative_to(history.store).as_posix()
        if path not in live and name not in history.named:
            reason = "no commit that is left names it" if history.broken else "no commit names it"
            yield Finding(Fault.NEVER_NAMED, path, f"{reason}; a vacuum deletes it when it is old enough")


def _check_plain(path: Path, *, quick: bool) -> StoreCheck:
    """Verify a plain tree: that each file can be read is all that can be known of it."""
    parts = plain_parts(path)
    if not parts:
        raise StoreError(f"{path} is not an event store: it has neither a Delta log nor Parquet files")
    findings: list[Finding] = []
    rows = 0
    for part in parts:
        try:
            (file,) = read_footers([part])
            rows += file.rows
            reason = None if quick else _unreadable_page(part[0])
            if not quick and not reason and (miscounted := _miscounted(file)):
                findings.append(Finding(Fault.STATISTICS, part[0], miscounted, file.rows))
        except DamageError as error:
            reason = error.reason
        if reason:
            findings.append(Finding(Fault.FILE_DAMAGED, part[0], reason))
    return StoreCheck(path, None, len(parts), rows, 0, tuple(findings))
