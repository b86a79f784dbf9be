"""Many small entries in a few files: a segment has all that a process computed, and is never changed.

A process that compiles a thousand programs would else write a thousand files, which takes longer than to compile them,
and a database of entries would have to be locked while it is written. A segment is

    magic, digest of the index, number of entries; the index: key, digest, offset and length of each; the entries

and takes its name when it is complete. Those that are small are merged once there are many, the newest entry first, up
to a number of bytes. What is cut off, was changed, is another's or another version's is not there.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import struct
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from carlang.cache.environment import digest_of, environment
from carlang.cache.folder import SUFFIX, cache_folder, opened, write_whole

_MAGIC = b"carlang segment 1\n"
_HEAD = struct.Struct(f"<{len(_MAGIC)}s16sI")
_ENTRY = struct.Struct("<16s16sQI")

_MOST_SEGMENTS = 8
"""How many segments there may be before they are merged: each costs a process the reading of an index."""

_MOST_WAITING = 512
"""How many entries wait in memory to be written: what a process computes that is killed is lost."""

_LARGEST = 64 * 2**20
"""How many bytes the entries of all segments may have when they are merged; the rest, the oldest, is left out."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where an entry stands: a descriptor of its segment, offset and length; and its digest."""

    handle: int
    offset: int
    length: int
    digest: bytes

    def read(self) -> bytes | None:
        """Return the entry, or None where it was changed."""
        try:
            content = _read_at(self.handle, self.offset, self.length)
        except OSError:
            return None
        return content if digest_of(content) == self.digest else None


class Segments:
    """The entries of a folder for the environment at hand, and those that wait to be written."""

    def __init__(self, folder: Path, environment_: str) -> None:
        self.folder = folder
        self._prefix = f"segment-{environment_}-"
        self._places: dict[bytes, _Place] = {}
        self._waiting: dict[bytes, bytes] = {}
        self._lock = threading.Lock()
        for segment in self._files():
            self._places.update(_index(segment))

    def get(self, key: bytes) -> bytes | None:
        """Return the entry of a key, or None."""
        waiting = self._waiting.get(key)
        if waiting is not None:
            return waiting
        place = self._places.get(key)
        return place.read() if place else None

    def put(self, key: bytes, content: bytes, *, unless_there: bool = False) -> None:
        """Keep an entry; it is written with others, at the end of the process at last."""
        if unless_there and self.get(key) == content:
            return
        with self._lock:
            self._waiting[key] = content
            full = len(self._waiting) >= _MOST_WAITING
        if full:
            self.flush()

    def flush(self) -> None:
        """Write what waits."""
        with self._lock:
            waiting, self._waiting = self._waiting, {}
        if waiting:
            with contextlib.suppress(OSError):  # a full disk, a quota: the next process computes it again
                self._write(waiting)
                self._merge()

    def _write(self, entries: Mapping[bytes, bytes]) -> None:
        content = _segment(entries)
        # In the order of their names segments are in the order of their age.
        file = self.folder / f"{self._prefix}{time.time_ns():020d}-{digest_of(content).hex()[:8]}{SUFFIX}"
        write_whole(file, content)
        self._places.update(_index(file))

    def _merge(self) -> None:
        """Make one segment of all, where there are many; another process that does so too comes to the same."""
        segments = self._files()
        if len(segments) <= _MOST_SEGMENTS:
            return
        entries: dict[bytes, bytes] = {}
        size = 0
        for segment in reversed(segments):
            places = _index(segment)
            for key, place in places.items():
                content = None if key in entries else place.read()
                if content is not None and size + len(content) <= _LARGEST:
                    entries[key] = content
                    size += len(content)
            for handle in {place.handle for place in places.values()}:
                os.close(handle)
        self._write(entries)
        for segment in segments:
            with contextlib.suppress(OSError):  # another process was first
                segment.unlink()

    def _files(self) -> list[Path]:
        """Return the segments, the oldest first."""
        try:
            files = sorted(self.folder.iterdir())
        except OSError:
            return []
        return [file for file in files if file.name.startswith(self._prefix) and file.suffix == SUFFIX]


def _segment(entries: Mapping[bytes, bytes]) -> bytes:
    offset = _HEAD.size + _ENTRY.size * len(entries)
    index = bytearray()
    for key, content in entries.items():
        index += _ENTRY.pack(key, digest_of(content), offset, len(content))
        offset += len(content)
    return b"".join((_HEAD.pack(_MAGIC, digest_of(bytes(index)), len(entries)), index, *entries.values()))


def _index(segment: Path) -> dict[bytes, _Place]:
    """Return the places of a segment's entries; of one that is damaged, or not to be trusted, none."""
    handle = opened(segment)
    if handle is None:
        return {}
    places: dict[bytes, _Place] = {}
    with contextlib.suppress(OSError, struct.error):
        magic, digest, count = _HEAD.unpack(_read_at(handle, 0, _HEAD.size))
        index = _read_at(handle, _HEAD.size, _ENTRY.size * count) if magic == _MAGIC else b""
        if magic == _MAGIC and digest == digest_of(index):
            places = {key: _Place(handle, at, length, of) for key, of, at, length in _ENTRY.iter_unpack(index)}
    if not places:
        os.close(handle)
    return places


_reading = threading.Lock()


def _read_at(handle: int, offset: int, length: int) -> bytes:
    if hasattr(os, "pread"):
        return os.pread(handle, length, offset)
    with _reading:  # Windows has one place in a file for all threads
        os.lseek(handle, offset, os.SEEK_SET)
        return os.read(handle, length)


_opened: dict[Path, Segments] = {}
_opening = threading.Lock()


def segments() -> Segments | None:
    """Return the segments of the cache folder, or None where nothing can be kept."""
    folder = cache_folder()
    if folder is None:
        return None
    kept = _opened.get(folder)
    if kept is None:
        of = environment()
        if of is None:
            return None
        with _opening:
            kept = _opened.setdefault(folder, Segments(folder, of))
    return kept


@atexit.register
def flush() -> None:
    """Write what this process has computed and not written yet."""
    for kept in list(_opened.values()):
        kept.flush()
