"""Copies of the log's entries, each made as soon as its commit is.

Where the log loses an entry, or a part of one, nothing in it says so: the table is then silently smaller, or an older
one. The copies say so, and bring it back. The name of each holds its version and the digest of its bytes.
"""

from __future__ import annotations

import hashlib
import os
import re
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from carlang.store.commits import Previous, actions, added_files, is_whole, record_of
from carlang.store.storage import not_written

LOG_FOLDER = "_delta_log"
COPIES_FOLDER = "_commits"
"""Where a store keeps them; readers of the table skip it."""

_DIGITS = 16  # of the digest: enough that no damage keeps it, and the name stays short
_COPY = re.compile(r"(\d{20})-([0-9a-f]{16})\.json")
_ENTRY = re.compile(r"(\d{20})\.json")
_CHECKPOINT = re.compile(r"(\d{20})\.checkpoint.*\.parquet")


@dataclass(frozen=True, slots=True)
class EntryCopy:
    """A copy of an entry: the version that it made, and where the copy is."""

    version: int
    path: Path

    def content(self) -> bytes | None:
        """Return the bytes of the entry, None where the copy is damaged too."""
        try:
            content = self.path.read_bytes()
        except OSError:
            return None
        return content if self.path.name == _name(self.version, content) else None


def entry_path(store: Path, version: int) -> Path:
    """Return where the log has the entry of a version."""
    return store / LOG_FOLDER / f"{version:020}.json"


def entries(store: Path) -> dict[int, Path]:
    """Return the entries of the log by version, in order."""
    return dict(sorted(_numbered(store / LOG_FOLDER, _ENTRY)))


def checkpoints(store: Path) -> dict[int, Path]:
    """Return the log's checkpoints by version, in order: each stands for all entries up to it."""
    return dict(sorted(_numbered(store / LOG_FOLDER, _CHECKPOINT)))


def copies(store: Path) -> dict[int, EntryCopy]:
    """Return the copies of entries by version, in order."""
    return {version: EntryCopy(version, path) for version, path in sorted(_numbered(store / COPIES_FOLDER, _COPY))}


def previous_commit(store: Path, version: int) -> Previous:
    """Return what the entry of a version did, for the record of the next."""
    try:
        content = entry_path(store, version).read_bytes()
    except OSError:  # a checkpoint stands for it
        return Previous(version)
    record = record_of(content)
    if record is None:
        return Previous(version)
    return Previous(version, record.commit, len(added_files(content)), record.replaces)


def copy_entries(store: Path) -> None:
    """Copy the entries of the log of which there is no copy yet.

    Several processes may do so at the same time: a copy appears whole, and is the same whoever made it. An entry that
    was damaged before it could be copied is left out.
    """
    folder = store / COPIES_FOLDER
    known = copies(store)
    try:
        for version, path in entries(store).items():
            if version not in known and is_whole(content := path.read_bytes()):
                folder.mkdir(exist_ok=True)
                write_whole(folder / _name(version, content), content)
    except OSError as error:
        raise not_written(folder, error) from error


def first_loss(store: Path) -> EntryCopy | None:
    """Return the first copy that has more than the log, None where the log has all that it takes to read the table.

    To be called before the log is read: an entry that comes in between has its copy later. Entries of the same size are
    not compared, nor those that a checkpoint stands for: that costs hardly more than to list two folders.
    """
    covered = max(checkpoints(store), default=-1)
    later = {version: each for version, each in copies(store).items() if version > covered}
    return next(_losses(store, later, lambda entry, copy: entry.stat().st_size == copy.stat().st_size), None)


def losses(store: Path) -> list[EntryCopy]:
    """Return the copies, in order, of entries that the log has no more, or that lack something there."""
    return list(_losses(store, copies(store), lambda entry, copy: entry.read_bytes() == copy.read_bytes()))


def _losses(store: Path, known: Mapping[int, EntryCopy], same: Callable[[Path, Path], bool]) -> Iterator[EntryCopy]:
    log = entries(store)
    covered = max(checkpoints(store), default=-1)
    for version, each in known.items():
        try:
            if version in log and same(log[version], each.path):
                continue
            content = each.content()
            # Entries that a checkpoint stands for may be gone.
            if content is None or (version not in log and version <= covered):
                continue
            if version not in log or actions(content) - actions(log[version].read_bytes()):
                yield each
        except FileNotFoundError:
            continue  # a vacuum has deleted the copy in the meantime, or deltalake an old entry


def write_whole(path: Path, content: bytes) -> None:
    """Write a file that is there whole or not at all, even after a power cut."""
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _numbered(folder: Path, pattern: re.Pattern[str]) -> Iterator[tuple[int, Path]]:
    if folder.is_dir():
        for path in folder.iterdir():
            if match := pattern.fullmatch(path.name):
                yield int(match[1]), path


def _name(version: int, content: bytes) -> str:
    return f"{version:020}-{hashlib.sha256(content).hexdigest()[:_DIGITS]}.json"
