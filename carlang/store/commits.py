"""What a commit says of itself in the log: its files with their digests and sources, and the commit before it.

It stands in the entry's `commitInfo`, which readers of Delta pass over. An entry that was cut is told by it, and what a
lost file held.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import duckdb

from carlang.database.connection import open_memory
from carlang.store.files import damaged
from carlang.store.storage import first_line

COMMIT_KEY = "carlang"
"""The member of `commitInfo`."""

# Sources that are counted by name for one file. Not measured: an archive may hold a million members, and an entry of
# the log is read whole; the rest is one number.
_NAMED_SOURCES = 1000
OTHER_SOURCES = ""
"""The name under which the rows of the sources beyond those are counted."""


@dataclass(frozen=True, slots=True)
class FileRecord:
    """The SHA-256 of a data file, and how many rows it has of each source by name."""

    sha256: str
    rows: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Previous:
    """What an entry says of the one before it, in case that is lost.

    The name of its commit, None where another program made it, how many files it added, and which it removed.
    """

    version: int
    commit: str | None = None
    files: int = 0
    replaces: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CommitRecord:
    """What a commit says of itself.

    `files` are those that it adds, by path within the store; `replaces` are those that it removes; `sources` are the
    names of what was ingested by digest; `previous` is what was committed before.
    """

    commit: str
    files: Mapping[str, FileRecord] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)
    replaces: tuple[str, ...] = ()
    previous: Previous | None = None

    def to_json(self) -> str:
        """Return the record as it stands in the log."""
        files = {path: {"sha256": each.sha256, "rows": dict(each.rows)} for path, each in self.files.items()}
        said = {
            "commit": self.commit,
            "files": files,
            "sources": dict(self.sources),
            "replaces": list(self.replaces),
            "previous": None if self.previous is None else asdict(self.previous),
        }
        return json.dumps(said, separators=(",", ":"))


def commit_record(info: Mapping[str, Any]) -> CommitRecord | None:
    """Return what a `commitInfo` says of its commit; None where another program wrote it."""
    try:
        said = json.loads(info[COMMIT_KEY])
        previous = said["previous"]
        return CommitRecord(
            commit=str(said["commit"]),
            files={path: FileRecord(str(f["sha256"]), dict(f["rows"])) for path, f in said["files"].items()},
            sources=dict(said["sources"]),
            replaces=tuple(said["replaces"]),
            previous=None if previous is None else _previous(previous),
        )
    except (ValueError, KeyError, TypeError, AttributeError, IndexError):
        return None


def _previous(said: Mapping[str, Any]) -> Previous:
    return Previous(int(said["version"]), said["commit"], int(said["files"]), tuple(said["replaces"]))


def record_of(entry: bytes) -> CommitRecord | None:
    """Return what an entry of the log says of its commit; None where its writer said nothing, or it is lost."""
    infos = (line["commitInfo"] for line in entry_lines(entry) if isinstance(line.get("commitInfo"), dict))
    return next((record for info in infos if (record := commit_record(info))), None)


def added_files(entry: bytes) -> list[str]:
    """Return the paths, within the store, of the files that an entry of the log adds; if it was cut, in whole lines."""
    return [unquote(str(line["add"]["path"])) for line in entry_lines(entry) if "add" in line]


def added_rows(entry: bytes) -> int | None:
    """Return the number of rows in the files that an entry of the log adds; None where it adds none or does not say."""
    try:
        rows = [int(json.loads(line["add"]["stats"])["numRecords"]) for line in entry_lines(entry) if "add" in line]
    except (ValueError, KeyError, TypeError):
        return None
    return sum(rows) if rows else None


def is_whole(entry: bytes | None) -> bool:
    """Tell whether an entry of the log is there and has all that it had, as far as it says so itself."""
    if entry is None:
        return False
    try:
        lines = [json.loads(line) for line in entry.splitlines()]
    except ValueError:
        return False
    record = record_of(entry)
    if record is None:
        return bool(lines)
    expected = {("add", name) for name in record.files} | {("remove", name) for name in record.replaces}
    return expected | {("txn", digest) for digest in record.sources} <= actions(entry)


def actions(entry: bytes) -> set[tuple[str, str]]:
    """Return what an entry does, each action by its kind and what it concerns; if it was cut, what is whole."""
    concerns = {"add": "path", "remove": "path", "txn": "appId", "metaData": "id", "protocol": "minReaderVersion"}
    return {
        (kind, unquote(str(body.get(concerns.get(kind, "")))))
        for line in entry_lines(entry)
        for kind, body in line.items()
        if isinstance(body, dict) and kind != "commitInfo"
    }


def entry_lines(entry: bytes) -> Iterator[dict[str, Any]]:
    """Yield the lines of an entry of the log that are whole."""
    for line in entry.splitlines():
        try:
            action = json.loads(line)
        except ValueError:
            continue
        if isinstance(action, dict):
            yield action


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def file_records(paths: Sequence[Path], columns: Iterable[frozenset[str]]) -> Iterator[FileRecord]:
    """Describe files of a store, given with the names of their columns."""
    query = (
        "SELECT source, count(*) FROM read_parquet($file, hive_partitioning = false) GROUP BY source ORDER BY 2 DESC, 1"
    )
    with open_memory() as connection:
        for path, names in zip(paths, columns, strict=True):
            try:
                counted = connection.execute(query, {"file": str(path)}).fetchall() if "source" in names else []
            except duckdb.Error as error:
                raise damaged(path, first_line(error)) from error
            rows: Counter[str] = Counter()
            for index, (source, count) in enumerate(counted):
                rows[OTHER_SOURCES if source is None or index >= _NAMED_SOURCES else source] += count
            yield FileRecord(file_digest(path), rows)
