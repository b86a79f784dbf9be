"""What readers hand on: raw records by the thousand, as Arrow arrays, and the places where reading failed."""

from __future__ import annotations

import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, BinaryIO, Protocol

import pyarrow as pa
import pyarrow.compute as pc

from carlang.readers.compression import zstd

if TYPE_CHECKING:
    from carlang.readers.expansion import Expansion

XML = "xml"
"""The shape of records that go by the XML of Windows events."""


@dataclass(frozen=True)
class Records:
    """Raw records, each the text of a JSON object, with their numbers in the source (a line or a record).

    `shape` is that of all of them where the reader knows it, and that all of them are whole.
    """

    lines: pa.Array = field(repr=False)
    numbers: pa.Array = field(repr=False)
    size: int = 0
    shape: str | None = None

    def __post_init__(self) -> None:
        if len(self.lines) != len(self.numbers):  # here it is the fault of one file, further on of many
            raise ValueError(f"{len(self.lines)} records have {len(self.numbers)} numbers")

    @classmethod
    def of(cls, lines: Sequence[str] | Sequence[bytes], numbers: Sequence[int] | range, size: int) -> Records:
        """Make records of UTF-8 texts; `size` is their length in bytes, near enough."""
        return cls(pa.array(lines, type=pa.string()), pa.array(numbers, type=pa.int64()), size)

    @classmethod
    def of_text(cls, text: bytes, first: int) -> Records:
        """Make a record of each line of a text, which is counted from `first`; what is not UTF-8 becomes U+FFFD."""
        # As one value that Arrow cuts: a list of Python's bytes would cost more than all that comes after it.
        array = _text_array(text)
        try:
            array.validate(full=True)
        except pa.ArrowInvalid:
            array = _text_array(text.decode("utf-8", "replace").encode())
        lines = pc.list_flatten(pc.split_pattern(array, "\n"))
        return cls(lines, counted(first, len(lines)), len(text))

    def first(self, count: int) -> Records:
        """Return the first records, as many of them as `count` says."""
        return replace(self, lines=self.lines[:count], numbers=self.numbers[:count])


def counted(first: int, count: int) -> pa.Array:
    """Return the numbers from `first` on."""
    return pc.add(pc.cumulative_sum(pa.repeat(pa.scalar(1, pa.int64()), count)), first - 1)


def _text_array(text: bytes) -> pa.Array:
    offsets = pa.array([0, len(text)], pa.int32()).buffers()[1]
    return pa.Array.from_buffers(pa.string(), 1, [None, offsets, pa.py_buffer(text)])


@dataclass(frozen=True, slots=True)
class ReadFault:
    """Something in a source that could not be read: why, at which line or record, and its text if there is one."""

    reason: str
    number: int | None = None
    text: str | None = None


@dataclass(frozen=True)
class LogFile:
    """A stream of bytes to read: a file, or a file inside an archive. `path` is set where it is a file of its own.

    `size` is what an archive says that the file has, and `expansion` what its source may still become. Of a file of
    lines, what stands before `begin` was read by another ingest; `line` is the number of the line there.
    """

    name: str
    stream: BinaryIO = field(repr=False)
    path: Path | None = None
    size: int | None = None
    expansion: Expansion | None = field(default=None, repr=False)
    begin: int = 0
    line: int = 1


class Reader(Protocol):
    """Something that reads one kind of log file."""

    name: str

    def matches(self, head: bytes) -> bool:
        """Tell from a file's first bytes whether this reader is for it."""
        ...

    def read(self, log: LogFile) -> Iterator[Records | ReadFault]:
        """Read a file's records in order; a fault does not end the reading where there is a way on."""
        ...


class Archive(Protocol):
    """Something that unpacks one kind of archive."""

    name: str

    def matches(self, head: bytes) -> bool:
        """Tell from a file's first bytes whether it is such an archive."""
        ...

    def files(self, log: LogFile) -> Iterator[LogFile | ReadFault]:
        """Open the files in the archive, one after the other; each is valid until the next is asked for."""
        ...


class ExpansionError(Exception):
    """A source becomes more than it may; the message says which limit it is, and how to raise it."""


STREAM_FAULTS: tuple[type[Exception], ...] = (
    ExpansionError,
    OSError,
    EOFError,
    ValueError,
    RuntimeError,
    zlib.error,
    zstd.ZstdError,
    lzma.LZMAError,
    zipfile.BadZipFile,
    tarfile.TarError,
)
"""What Python's readers of files and archives raise for broken input."""


def read_some(stream: BinaryIO, size: int) -> bytes:
    """Read up to `size` bytes, fewer where that spares what a broken stream gave before it broke; empty at the end."""
    read1 = getattr(stream, "read1", None)
    piece: bytes = read1(size) if read1 is not None else stream.read(size)
    return piece


def read_exactly(stream: BinaryIO, size: int) -> tuple[bytes, Exception | None]:
    """Read so many bytes, fewer at the end and where the stream breaks; also returns what broke it."""
    pieces: list[bytes] = []
    left = size
    try:
        while left and (piece := read_some(stream, left)):
            pieces.append(piece)
            left -= len(piece)
    except STREAM_FAULTS as error:
        return b"".join(pieces), error
    return b"".join(pieces), None


def copy_readable(stream: BinaryIO, target: IO[bytes], size: int) -> Exception | None:
    """Copy a stream by pieces of a size up to its end, or to where it breaks; returns what broke it."""
    try:
        while piece := read_some(stream, size):
            target.write(piece)
    except STREAM_FAULTS as error:
        return error
    finally:
        target.seek(0)
    return None


def utf8_name(name: str) -> str:
    """Return a file's name as UTF-8 can hold it, other bytes as escapes: file systems and tar files may have any."""
    return name.encode("utf-8", "backslashreplace").decode("utf-8")


def one_line(error: Any) -> str:
    """Return what an error says in its first line, in UTF-8."""
    return utf8_name(str(error).split("\n", 1)[0].strip()) or type(error).__name__
