"""Unpacks tar files as streams, member by member, up to the two blocks of zeros that end them.

`tarfile` takes a header that it cannot read, or the end of the data, for the end of the archive. Here it is told to go
on, and every block that is no header is noted: it belongs to a member whose header is damaged, and whose bytes are read
all the same.
"""

from __future__ import annotations

import re
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import IO, BinaryIO, cast

from carlang.readers import tuning
from carlang.readers.raw_stream import RawStream
from carlang.readers.records import LogFile, ReadFault, one_line, read_some, utf8_name

_MAGIC_AT = 257
_MAGIC = b"ustar"
_SIZE = slice(124, 136)
_END = 2  # blocks of zeros


class TarFile:
    """A tar file; links and devices are passed over, nothing but what is damaged is written to disk."""

    name = "tar"

    def matches(self, head: bytes) -> bool:
        """A tar file has its magic in the first header, or, before 1988, a checksum that is right."""
        return head[_MAGIC_AT : _MAGIC_AT + len(_MAGIC)] == _MAGIC or _is_header(head[: tarfile.BLOCKSIZE])

    def files(self, log: LogFile) -> Iterator[LogFile | ReadFault]:
        """Open the regular files, without the resource forks that macOS adds as `._name`."""
        with tempfile.SpooledTemporaryFile(tuning.PIECE, prefix="carlang-") as damaged:
            blocks = _Blocks(log.stream, damaged)
            entries = _entries(blocks)
            while True:
                entry = next(entries, None)
                yield from blocks.report(log.name)
                if entry is None:
                    return
                if isinstance(entry, ReadFault):
                    yield entry
                else:
                    yield from _opened(log.name, blocks, *entry)


def _is_header(block: bytes) -> bool:
    try:
        tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
    except tarfile.HeaderError:
        return False
    return True


def _entries(blocks: _Blocks) -> Iterator[tuple[tarfile.TarFile, tarfile.TarInfo] | ReadFault]:
    """Yield the headers, and the faults behind which the reading begins anew."""
    while True:
        begin = blocks.tell()
        try:
            archive = tarfile.TarFile(
                fileobj=cast("IO[bytes]", blocks), ignore_zeros=True, tarinfo=_header_class(blocks), errorlevel=0
            )
            while entry := archive.next():
                archive.members.clear()  # type: ignore[attr-defined]  # which would grow with the archive
                yield archive, entry
        except (tarfile.TarError, ValueError) as error:
            if not blocks.at_end:
                yield ReadFault(f"the tar file is damaged at byte {blocks.tell()}: {one_line(error)}")
        if blocks.at_end or blocks.tell() == begin:
            return


def _opened(name: str, blocks: _Blocks, archive: tarfile.TarFile, entry: tarfile.TarInfo) -> Iterator[LogFile]:
    # A kind that nobody knows is a regular file, as POSIX has it.
    is_file = entry.isreg() or entry.type not in tarfile.SUPPORTED_TYPES
    if not is_file or PurePosixPath(entry.name).name.startswith("._"):
        return
    stream = archive.extractfile(entry) if entry.issparse() else _Member(blocks, entry.size)
    yield LogFile(f"{name}!{utf8_name(entry.name)}", cast("BinaryIO", stream))


def _header_class(blocks: _Blocks) -> type[tarfile.TarInfo]:
    class Header(tarfile.TarInfo):
        """A header whose reading is watched."""

        @classmethod
        def fromtarfile(cls, tarfile: tarfile.TarFile) -> Header:
            blocks.expect_header()
            try:
                return super().fromtarfile(tarfile)
            finally:
                blocks.judge_header()

    return Header


class _Blocks:
    """A stream that is read forwards, in which headers are looked for."""

    def __init__(self, stream: BinaryIO, damaged: IO[bytes]) -> None:
        self._stream = stream
        self._position = 0
        self._header: bytes | None = None
        self._zeros = 0
        self._bad_at: int | None = None
        self.at_end = False
        self._damaged = damaged

    def tell(self) -> int:
        """Return how much was read."""
        return self._position

    def seek(self, position: int) -> int:
        """Read on to a position."""
        while self._position < position and self.read(min(position - self._position, tuning.PIECE)):
            pass
        return self._position

    def read(self, size: int) -> bytes:
        """Read so many bytes, fewer at the end."""
        pieces: list[bytes] = []
        left = size
        while left and (piece := self.read1(left)):
            pieces.append(piece)
            left -= len(piece)
        content = b"".join(pieces)
        if self._header == b"":
            self._header = content
        return content

    def read1(self, size: int) -> bytes:
        """Read what is there, up to a size."""
        piece = read_some(self._stream, size)
        self._position += len(piece)
        self.at_end = size > 0 and not piece
        return piece

    def expect_header(self) -> None:
        """Say that what is read next is a header."""
        self._header = b""

    def judge_header(self) -> None:
        """Note what was read as a header: zeros, a header, or what is none and is kept."""
        block, self._header = self._header or b"", None
        if not block:
            return
        self._zeros = self._zeros + 1 if not block.strip(b"\0") else 0
        if _is_header(block):
            return
        if self._bad_at is None and not self._zeros:
            self._bad_at = self._position - len(block)
        if self._bad_at is not None:
            self._damaged.write(block)

    def report(self, name: str) -> Iterator[LogFile | ReadFault]:
        """Yield what was noted since the last time: faults, and the bytes behind a bad header as a file."""
        if self._bad_at is not None:
            begin, self._bad_at = self._bad_at, None
            size = self._damaged.tell() - self._zeros * tarfile.BLOCKSIZE * (self._zeros >= _END)
            self._damaged.seek(0)
            header = self._damaged.read(tarfile.BLOCKSIZE)
            yield ReadFault(
                f"the tar file is damaged at byte {begin}: no header of a member, {size} bytes up to the next"
            )
            if header[_MAGIC_AT : _MAGIC_AT + len(_MAGIC)] == _MAGIC:
                size -= tarfile.BLOCKSIZE
            else:
                self._damaged.seek(0)
            # The size that it has is right where the next header follows on as many bytes.
            told = header[_SIZE].strip(b" \0")
            if re.fullmatch(rb"[0-7]+", told) and 0 <= size - int(told, 8) < tarfile.BLOCKSIZE:
                size = int(told, 8)
            if size > 0 and len(header) == tarfile.BLOCKSIZE:
                yield LogFile(f"{name}!damaged at byte {begin}", cast("BinaryIO", _Member(self._damaged, size)))
            self._damaged.seek(0)
            self._damaged.truncate()
        if self.at_end and self._zeros < _END:
            reason = f"the tar file is cut off at byte {self._position}: the blocks that end it are missing"
            self._zeros = _END  # said once
            yield ReadFault(reason)


class _Member(RawStream):
    """The bytes of a member; that there are fewer than its header says is raised behind the last."""

    def __init__(self, stream: _Blocks | IO[bytes], size: int) -> None:
        self._stream = stream
        self._left = size

    def read1(self, size: int = -1) -> bytes:
        """Read what is there, up to a size."""
        most = self._left if size < 0 else min(size, self._left)
        piece = read_some(cast("BinaryIO", self._stream), most) if most else b""
        if most and not piece:
            left, self._left = self._left, 0
            raise EOFError(f"{left} bytes of it are missing")
        self._left -= len(piece)
        return piece
