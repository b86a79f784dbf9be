"""Rebuild an entry of the log of which nothing is left, from the footers of the files that it named.

That a commit was made is known from the entry behind it, which names it and the number of its files, or from what is
left of the entry itself. A file belongs to it if its footer says so, and if it still has the name that the footer says:
a copy of a file is no second file of the commit.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from carlang.errors import StoreError
from carlang.store.columns import PARTITIONS
from carlang.store.commits import COMMIT_KEY, CommitRecord, Previous, entry_lines, file_records, record_of
from carlang.store.delta import PRESENT, file_statistics
from carlang.store.files import StoreFile, read_footers
from carlang.store.footer import Footer, footers
from carlang.store.history import History
from carlang.store.plain import plain_parts


@dataclass(frozen=True)
class Rebuilt:
    """An entry of the log as it can be made again, and the files that it adds."""

    content: bytes
    files: tuple[StoreFile, ...]


def rebuilt_entry(history: History, version: int) -> Rebuilt | str:
    """Return the entry of a version that is lost, or say why it cannot be made again."""
    left = record_of(history.log.get(version, b""))
    known = _known(history, version, left)
    if known is None or known.commit is None:
        return "nothing is left that names its commit"
    files = list(_files_of(history, known.commit))
    # A file that a later commit took out again may have been deleted since: its entry need not name it.
    retired = len(_removed_later(history, version) - history.named - {_name(history, file) for file, _ in files})
    if len(files) + retired < known.files:
        return f"{len(files)} of the {known.files} files of its commit are there"
    content = _content(history, left or CommitRecord(known.commit), files, known.replaces)
    return Rebuilt(content, tuple(file for file, _ in files))


def _known(history: History, version: int, left: CommitRecord | None) -> Previous | None:
    """Return what is known of a version that is lost: from what is left of it, or from the entry behind it."""
    if left:
        return Previous(version, left.commit, len(left.files), left.replaces)
    behind = history.records.get(version + 1)
    return behind.previous if behind and behind.previous and behind.previous.version == version else None


def _files_of(history: History, commit: str) -> Iterator[tuple[StoreFile, Footer]]:
    for part in plain_parts(history.store):
        if _name_of(history.store, part[0]) in history.named:
            continue
        try:
            footer = footers([part[0]]).get(part[0])
            if footer and footer.commit == commit and footer.name == part[0].name:
                (file,) = read_footers([part])
                yield file, footer
        except StoreError:  # a file that cannot be read cannot be brought back
            continue


def _removed_later(history: History, version: int) -> set[str]:
    later = (content for number, content in history.contents.items() if number > version)
    return {str(line["remove"]["path"]) for content in later for line in entry_lines(content) if "remove" in line}


def _content(
    history: History, left: CommitRecord, identified: Sequence[tuple[StoreFile, Footer]], replaces: Sequence[str]
) -> bytes:
    now = int(time.time() * 1000)
    files = [file for file, _ in identified]
    # A file that replaces others holds what was ingested before it: its sources are in the log already.
    new = [footer for _, footer in identified if not footer.replaces]
    sources = sorted({source for footer in new for source in footer.sources} | sources_left(history))
    marks = {name: number for footer in new for name, number in footer.marks.items()}
    data_change = bool(new) or not files
    described = file_records([file.path for file in files], [frozenset(file.filled) for file in files])
    records = {_name(history, file): record for file, record in zip(files, described, strict=True)}
    # What is left of the entry knows the names of the sources, and the digests that the files had when it was written.
    names = {source: left.sources.get(source, "") for source in sources}
    record = CommitRecord(left.commit, {**records, **left.files}, names, tuple(replaces))
    lines: list[dict[str, Any]] = [
        {"commitInfo": {"timestamp": now, "operation": "WRITE", COMMIT_KEY: record.to_json()}},
        *({"remove": _removed(name, now)} for name in replaces),
        *({"add": _added(history, file, now, data_change=data_change)} for file in files),
        *_transactions(dict.fromkeys(sources, PRESENT) | marks, now),
    ]
    return _written(lines)


def empty_entry(commit: str, sources: AbstractSet[str]) -> bytes:
    """Return an entry that adds no file, for the place of one that is given up; the sources count as ingested."""
    now = int(time.time() * 1000)
    record = CommitRecord(commit, sources=dict.fromkeys(sorted(sources), ""))
    info = {"timestamp": now, "operation": "WRITE", COMMIT_KEY: record.to_json()}
    return _written([{"commitInfo": info}, *_transactions(dict.fromkeys(sorted(sources), PRESENT), now)])


def sources_left(history: History) -> set[str]:
    """Return the sources of which the table has events, in merged files, though no entry that is left names them."""
    known = {
        str(line["txn"]["appId"])
        for content in history.contents.values()
        for line in entry_lines(content)
        if "txn" in line
    }
    paths = [path for name in history.named if (path := history.store / name).is_file()]
    left: set[str] = set()
    for path in paths:
        try:
            left.update(source for footer in footers([path]).values() for source in footer.sources)
        except StoreError:  # a damaged file says nothing; the check names it
            continue
    return left - known


def _transactions(numbers: Mapping[str, int], now: int) -> Iterator[dict[str, Any]]:
    for name, number in numbers.items():
        yield {"txn": {"appId": name, "version": number, "lastUpdated": now}}


def _written(lines: Sequence[dict[str, Any]]) -> bytes:
    return "".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines).encode()


def _removed(name: str, now: int) -> dict[str, Any]:
    parts = dict(part.split("=", 1) for part in name.split("/")[:-1] if "=" in part)
    values = {key: parts.get(key) for key in PARTITIONS}
    return {
        "path": name,
        "dataChange": False,
        "deletionTimestamp": now,
        "extendedFileMetadata": False,
        "partitionValues": values,
    }


def _added(history: History, file: StoreFile, now: int, *, data_change: bool) -> dict[str, Any]:
    return {
        "path": _name(history, file),
        "partitionValues": {"object": file.object, "action": file.action},
        "size": file.path.stat().st_size,
        "modificationTime": now,
        "dataChange": data_change,
        "stats": file_statistics(file),
    }


def _name(history: History, file: StoreFile) -> str:
    return _name_of(history.store, file.path)


def _name_of(store: Path, path: Path) -> str:
    return path.relative_to(store).as_posix()
