"""The members of a zip file that its directory does not tell of, by the local header before each.

A local header has the name, and mostly the sizes; a zip that was written as a stream has them behind the data. Then the
data ends where its compression does or, of what is not compressed, at the next header.
"""

from __future__ import annotations

import os
import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO, BinaryIO, Protocol, cast

from carlang.readers import tuning
from carlang.readers.raw_stream import RawStream
from carlang.readers.records import LogFile, ReadFault, read_some

_LOCAL = struct.Struct("<4s2xHH4xIIIHH")
LOCAL_MAGIC = b"PK\x03\x04"
_NEXT = (LOCAL_MAGIC, b"PK\x07\x08", b"PK\x01\x02")
"""What may stand behind a member: the next one, its own sizes, or the directory."""
_STORED, _DEFLATED = 0, 8
_ENCRYPTED, _STREAMED, _UTF8 = 1, 8, 0x800
_LONG = 0xFFFFFFFF
"""The size of a member of 4 GiB or more, which stands elsewhere."""


def local_members(
    name: str, stream: IO[bytes], begin: int = 0, end: int | None = None
) -> Iterator[LogFile | ReadFault]:
    """Open what stands behind each local header between two positions, one after the other."""
    limit = stream.seek(0, os.SEEK_END) if end is None else end
    position = begin
    while (header_at := _find(stream, position, limit, (LOCAL_MAGIC,))) is not None:
        position = header_at
        stream.seek(position)
        header = stream.read(_LOCAL.size)
        if len(header) < _LOCAL.size:
            return
        _, flags, method, crc, size, _, name_size, extra_size = _LOCAL.unpack(header)
        member = stream.read(name_size).decode("utf-8" if flags & _UTF8 else "cp437", "replace")
        data = position + _LOCAL.size + name_size + extra_size
        position += len(LOCAL_MAGIC)
        if is_passed_over(member):
            continue
        if flags & _ENCRYPTED or method not in (_STORED, _DEFLATED):
            reason = "it is encrypted" if flags & _ENCRYPTED else f"its compression ({method}) is not known"
            yield ReadFault(f"{member} cannot be unpacked: {reason}")
            continue
        content: _Content
        if method == _DEFLATED:
            content = _Inflated(stream, data)
        else:
            if flags & _STREAMED or size == _LONG:
                size = (_find(stream, data, limit, _NEXT) or limit) - data
            content = _Stored(stream, data, size)
        yield LogFile(f"{name}!{member}", checked(content, None if flags & _STREAMED else crc))
        position = max(position, content.end)


def unlisted_members(name: str, stream: IO[bytes], archive: zipfile.ZipFile) -> Iterator[LogFile | ReadFault]:
    """Open members that stand between those of the directory and are not in it, as where it was cut."""
    position = 0
    begins = sorted(entry.header_offset for entry in archive.infolist())
    sizes = {entry.header_offset: entry.compress_size for entry in archive.infolist()}
    for begin in [*begins, archive.start_dir]:
        hidden = _find(stream, position, begin, (LOCAL_MAGIC,)) if begin - position >= _LOCAL.size else None
        if hidden is not None:
            yield ReadFault(f"the zip file is damaged: its directory leaves out what stands at byte {hidden}")
            yield from local_members(name, stream, hidden, begin)
        stream.seek(begin)
        header = stream.read(_LOCAL.size)
        if begin in sizes and len(header) == _LOCAL.size:
            *_, name_size, extra_size = _LOCAL.unpack(header)
            position = begin + _LOCAL.size + name_size + extra_size + sizes[begin]
        else:
            position = begin


def is_passed_over(member: str) -> bool:
    """Tell folders, and the resource forks that macOS adds, from the files of an archive."""
    return member.endswith("/") or member.startswith("__MACOSX/")


def checked(stream: _Readable, crc: int | None) -> BinaryIO:
    """Return a stream that raises behind its last byte if its checksum is wrong, where it is known."""
    return cast("BinaryIO", _Checked(stream, crc))


def _find(stream: IO[bytes], begin: int, end: int, magics: tuple[bytes, ...]) -> int | None:
    """Return where the first of some magics stands between two positions."""
    stream.seek(begin)
    waiting = b""
    while begin + len(waiting) < end and (piece := stream.read(min(tuning.PIECE, end - begin - len(waiting)))):
        waiting += piece
        if offsets := [offset for magic in magics if (offset := waiting.find(magic)) >= 0]:
            return begin + min(offsets)
        begin += max(0, len(waiting) - len(LOCAL_MAGIC) + 1)
        waiting = waiting[-len(LOCAL_MAGIC) + 1 :]
    return None


class _Readable(Protocol):
    def read1(self, size: int, /) -> bytes: ...


class _Content(_Readable, Protocol):
    end: int


class _Stored:
    """The bytes of a member that is not compressed."""

    def __init__(self, stream: IO[bytes], begin: int, size: int) -> None:
        self._stream = stream
        self._position = begin
        self.end = begin + size

    def read1(self, size: int = -1, /) -> bytes:
        left = self.end - self._position
        self._stream.seek(self._position)
        piece = self._stream.read(left if size < 0 else min(size, left))
        if left and size and not piece:
            raise EOFError(f"{left} bytes of it are missing")
        self._position += len(piece)
        return piece


class _Inflated:
    """What the bytes of a compressed member become; where they end is known when all are read."""

    def __init__(self, stream: IO[bytes], begin: int) -> None:
        self._stream = stream
        self._position = begin
        self._zlib = zlib.decompressobj(-zlib.MAX_WBITS)
        self.end = begin

    def read1(self, size: int = -1, /) -> bytes:
        most = tuning.PIECE if size < 0 else size
        while most and not self._zlib.eof:
            data = self._zlib.unconsumed_tail
            if not data:
                self._stream.seek(self._position)
                data = self._stream.read(tuning.ZIP_PIECE)
                self._position += len(data)
            if piece := self._zlib.decompress(data, most):
                return piece
            if not data:
                raise EOFError("it ends within its compressed data")
        self.end = self._position - len(self._zlib.unused_data)
        return b""


class _Checked(RawStream):
    """A stream whose checksum is compared at its end, when all that there is of it was handed on."""

    def __init__(self, stream: _Readable, crc: int | None) -> None:
        self._stream = stream
        self._expected = crc
        self._crc = 0

    def read1(self, size: int = -1) -> bytes:
        """Read a little: of a piece that is damaged nothing comes."""
        piece = read_some(cast("BinaryIO", self._stream), tuning.ZIP_PIECE if size < 0 else min(size, tuning.ZIP_PIECE))
        self._crc = zlib.crc32(piece, self._crc)
        if size and not piece and self._expected not in (None, self._crc):
            self._expected = None  # said once
            raise zipfile.BadZipFile("it is damaged: its checksum is not that in the archive")
        return piece
