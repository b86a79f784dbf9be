"""Unpacks files of a compressed stream or several after one another: gzip, Zstandard, xz and bzip2.

Such a file holds one file, under the archive's name; a tar file inside is an archive of its own. Where the compressed
bytes are damaged, what was unpacked before is handed on, and the reading goes on where another stream begins.
"""

from __future__ import annotations

import bz2
import lzma
import re
import zlib
from collections.abc import Callable, Iterator
from typing import BinaryIO, Protocol, cast

from carlang.readers import budget, tuning
from carlang.readers.compression import zstd
from carlang.readers.raw_stream import RawStream
from carlang.readers.records import STREAM_FAULTS, LogFile, ReadFault, one_line, read_some


class Decompressor(Protocol):
    """What the libraries have in common."""

    @property
    def eof(self) -> bool:
        """Whether the end of the stream was reached."""
        ...

    @property
    def unused_data(self) -> bytes:
        """What was given and stands behind the end."""
        ...

    def unpack(self, data: bytes, size: int) -> bytes:
        """Return about as much as `size` of what `data`, and what was given before, holds."""
        ...

    @property
    def wants_more(self) -> bool:
        """Whether there is nothing to unpack without more data."""
        ...


class CompressedFile:
    """Files of one kind of compression."""

    def __init__(self, name: str, magic: bytes, make: Callable[[], Decompressor]) -> None:
        self.name = name
        self._begin = re.compile(magic, re.DOTALL)
        self._make = make

    def matches(self, head: bytes) -> bool:
        """Such a file begins with its magic."""
        return self._begin.match(head) is not None

    def files(self, log: LogFile) -> Iterator[LogFile | ReadFault]:
        """Open the one file in it, and what is left of it behind each place that is damaged."""
        source = _Source(log.stream)
        while True:
            streams = _Streams(source, self._begin, self._make)
            yield LogFile(log.name, cast("BinaryIO", streams))
            if not streams.is_over:
                return  # whoever reads wants no more of it
            if streams.garbage:
                begin = source.position
                if (left := source.skip_to(self._begin)) or source.position > begin:
                    yield ReadFault(f"{source.position - begin} bytes at byte {begin} are no {self.name} stream")
                if not left:
                    return
            elif not source.skip_to(self._begin):
                return


class _Source:
    """The compressed bytes, of which some may be put back."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._back = b""
        self.position = 0

    def read(self) -> bytes:
        """Return some bytes; none at the end."""
        piece, self._back = self._back, b""
        piece = piece or read_some(self._stream, tuning.COMPRESSED_PIECE)
        self.position += len(piece)
        return piece

    def put_back(self, piece: bytes) -> None:
        """Have bytes read again."""
        self._back = piece + self._back
        self.position -= len(piece)

    def skip_to(self, begin: re.Pattern[bytes]) -> bool:
        """Skip what is no beginning of a stream; tells whether there was one."""
        waiting = b""
        while piece := self.read():
            waiting += piece
            if magic := begin.search(waiting):
                self.put_back(waiting[magic.start() :])
                return True
            waiting = waiting[-_LONGEST_MAGIC:]
        return False


_LONGEST_MAGIC = 16
_PADDING = b"\0\r\n"
"""Tapes fill up with zeros, and editors, transfers and version control end a file with a newline."""


class _Streams(RawStream):
    """What streams that follow one another hold, up to their end or to the first damage, which is raised."""

    def __init__(self, source: _Source, begin: re.Pattern[bytes], make: Callable[[], Decompressor]) -> None:
        self._source = source
        self._begin = begin
        self._make = make
        self._decompressor = make()
        self._stream_begin = self._piece_begin = source.position
        self._piece = b""
        self._fault: Exception | None = None
        self._ahead: list[bytes] = []
        self.is_over = False
        self.garbage = False
        """Whether what stands behind the last stream is none."""

    def read1(self, size: int = -1) -> bytes:
        """Return what can be unpacked next, up to a size; empty at the end."""
        most = tuning.PIECE if size < 0 else size
        while most and not self._ahead and not self.is_over:
            self._unpack(most)
        if not self._ahead or not most:
            if most and self._fault is not None:
                fault, self._fault = self._fault, None
                raise fault
            return b""
        piece = self._ahead.pop(0)
        if len(piece) > most:
            self._ahead.insert(0, piece[most:])
        return piece[:most]

    def _unpack(self, size: int) -> None:
        """Unpack some more, or find out that there is no more."""
        try:
            data = b""
            if wants_more := self._decompressor.wants_more:
                self._piece_begin = self._source.position
                self._piece = data = self._source.read()
            if piece := self._decompressor.unpack(data, size):
                self._ahead.append(piece)
            elif wants_more and not data:
                self._end(EOFError("the compressed data ends before the end of its stream"))
                return
            if self._decompressor.eof:
                self._source.put_back(self._decompressor.unused_data)
                self._next_stream()
        except _PartlyUnpackedError as error:
            self._ahead += error.pieces
            self._end(error)
        except STREAM_FAULTS as error:
            self._end(error)

    def _end(self, fault: Exception) -> None:
        self._fault = fault
        self.is_over = True
        # The piece in which the damage was noticed may hold the beginning of the next stream.
        self._source.put_back(self._piece[max(0, self._stream_begin + 1 - self._piece_begin) :])

    def _next_stream(self) -> None:
        """Turn to the stream behind the one that has ended; padding is passed over."""
        rest = b""
        while len(rest) < _LONGEST_MAGIC and (piece := self._source.read()):
            rest = (rest + piece).lstrip(_PADDING)
        self._source.put_back(rest)
        if rest and self._begin.match(rest):
            self._stream_begin = self._source.position
            self._decompressor = self._make()
        else:
            self.is_over = True
            self.garbage = bool(rest)


class _PartlyUnpackedError(OSError):
    """Compressed data is damaged: what could be unpacked before that."""

    def __init__(self, reason: str, pieces: list[bytes]) -> None:
        super().__init__(reason)
        self.pieces = pieces


class _Gzip:
    """zlib's decompressor, which remembers where it was: what stands before the damage in a piece is not lost."""

    def __init__(self) -> None:
        self._zlib = zlib.decompressobj(zlib.MAX_WBITS | 16)

    @property
    def eof(self) -> bool:
        return self._zlib.eof

    @property
    def unused_data(self) -> bytes:
        return self._zlib.unused_data

    @property
    def wants_more(self) -> bool:
        return not self._zlib.unconsumed_tail

    def unpack(self, data: bytes, size: int) -> bytes:
        packed = self._zlib.unconsumed_tail + data
        before = self._zlib.copy()
        try:
            return self._zlib.decompress(packed, size)
        except zlib.error as error:
            raise _PartlyUnpackedError(one_line(error), list(_by_byte(before, packed))) from error


def _by_byte(decompressor: zlib._Decompress, data: bytes) -> Iterator[bytes]:
    """Unpack up to the very byte that is damaged."""
    for index in range(len(data)):
        try:
            if piece := decompressor.decompress(data[index : index + 1]):
                yield piece
        except zlib.error:
            return


class _Other:
    """A decompressor of the standard library's usual form."""

    def __init__(self, decompressor: bz2.BZ2Decompressor | lzma.LZMADecompressor | zstd.ZstdDecompressor) -> None:
        self._decompressor = decompressor

    @property
    def eof(self) -> bool:
        return self._decompressor.eof

    @property
    def unused_data(self) -> bytes:
        return self._decompressor.unused_data

    @property
    def wants_more(self) -> bool:
        return self._decompressor.needs_input

    def unpack(self, data: bytes, size: int) -> bytes:
        try:
            return self._decompressor.decompress(data, size)
        except (lzma.LZMAError, zstd.ZstdError) as error:
            # The libraries tell it by their words alone: "Memory usage limit exceeded", "requires too much memory".
            if "memory" not in str(error).lower():
                raise
            raise OSError(budget.of_limit(one_line(error))) from error


def _zstd() -> Decompressor:
    # As a power of two.
    largest = budget.window(tuning.LARGEST_WINDOW).bit_length() - 1
    return _Other(zstd.ZstdDecompressor(options={zstd.DecompressionParameter.window_log_max: largest}))


def _xz() -> Decompressor:
    return _Other(lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=budget.window(tuning.LARGEST_WINDOW)))


GZIP = CompressedFile("gzip", rb"\x1f\x8b\x08[\x00-\x1f].{4}[\x00\x02\x04][\x00-\x0d\xff]", _Gzip)
ZSTANDARD = CompressedFile("Zstandard", rb"\x28\xb5\x2f\xfd|[\x50-\x5f]\x2a\x4d\x18", _zstd)
XZ = CompressedFile("xz", rb"\xfd7zXZ\x00", _xz)
BZIP2 = CompressedFile("bzip2", rb"BZh[1-9](?:1AY&SY|\x17\x72\x45\x38\x50\x90)", lambda: _Other(bz2.BZ2Decompressor()))
