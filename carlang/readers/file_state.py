"""Whether a file stays what it is while it is read."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from carlang.readers.deadline import Deadline
from carlang.readers.digests import RewrittenError, digests


@dataclass(frozen=True, slots=True)
class FileState:
    """What tells, without a look into it, that a file is the same and has not been written to."""

    size: int
    written: int
    inode: int
    device: int

    @classmethod
    def of(cls, status: os.stat_result) -> FileState:
        """Return the state that a file's status shows."""
        return cls(status.st_size, status.st_mtime_ns, status.st_ino, status.st_dev)


def change(path: Path, opened: BinaryIO, before: FileState, digest: str, deadline: Deadline) -> str | None:
    """Say what became of a file since its reading began; None where it is as it was.

    `opened` is a handle of it that nobody reads any more. A file that grew, or that another one took the place of, was
    read as it was. Raises `RewrittenError` where that cannot be said, as its bytes are others now.
    """
    try:
        named = FileState.of(path.stat())
    except OSError:
        named = None
    state = FileState.of(os.fstat(opened.fileno()))
    if (state.size, state.written) != (before.size, before.written):
        opened.seek(0)
        if digests(opened, before.size, (), deadline).whole != digest:
            raise RewrittenError
    if named is None:
        return "it was deleted while it was read: what it held was read"
    if (named.inode, named.device) != (before.inode, before.device):
        return "another file took its place while it was read: what it held was read, what is there now was not"
    if state.size > before.size:
        more = state.size - before.size
        return f"it grew while it was read: the next ingest reads the {more:,} bytes that came after"
    return None


def opened_twice(path: Path) -> tuple[BinaryIO, BinaryIO]:
    """Open a file for two readers, each with a place of its own: the same file, also where the name goes to another."""
    first = path.open("rb")
    try:
        second = path.open("rb")
        while not os.path.sameopenfile(first.fileno(), second.fileno()):
            first.close()
            first, second = second, path.open("rb")
    except BaseException:
        first.close()
        raise
    return first, second
