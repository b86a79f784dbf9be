"""What a file is, by its content: the registries of archives and readers, and the walk through both."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from enum import Enum
from typing import BinaryIO, cast

from carlang.readers import tuning
from carlang.readers.answer_tables import AnswerTablesReader
from carlang.readers.clixml_file import ClixmlReader
from carlang.readers.compressed_file import BZIP2, GZIP, XZ, ZSTANDARD
from carlang.readers.csv_file import CsvReader
from carlang.readers.deadline import TimeUpError
from carlang.readers.event_listing import EventListingReader
from carlang.readers.evtx_file import EvtxReader
from carlang.readers.expansion import Expansion
from carlang.readers.json_documents import JsonDocumentsReader
from carlang.readers.json_lines import JsonLinesReader
from carlang.readers.parquet_file import ParquetReader
from carlang.readers.raw_stream import RawStream
from carlang.readers.records import (
    STREAM_FAULTS,
    Archive,
    ExpansionError,
    LogFile,
    Reader,
    ReadFault,
    Records,
    one_line,
    read_some,
)
from carlang.readers.system_log import SystemLogReader
from carlang.readers.tar_file import TarFile
from carlang.readers.text import is_utf16
from carlang.readers.w3c_file import W3cReader
from carlang.readers.xml_file import EventXmlReader
from carlang.readers.zeek_file import ZeekReader
from carlang.readers.zip_file import ZipFile

ARCHIVES: tuple[Archive, ...] = (GZIP, ZSTANDARD, XZ, BZIP2, ZipFile(), TarFile())
READERS: tuple[Reader, ...] = (
    EvtxReader(),
    ParquetReader(),
    SystemLogReader(),
    ClixmlReader(),
    EventXmlReader(),
    EventListingReader(),
    ZeekReader(),
    W3cReader(),
    AnswerTablesReader(),
    JsonDocumentsReader(),
    CsvReader(),
    JsonLinesReader(),
)
"""The first that matches reads a file. The order matters from system logs on, as all of them are text: the more a
format asks of a file's head, the earlier it is tried. JSON lines take any text that is left."""

_KNOWN_BINARIES = {
    b"\x89PNG": "a PNG image",
    b"\xff\xd8\xff": "a JPEG image",
    b"%PDF": "a PDF document",
    b"MZ": "a Windows program",
    b"\x7fELF": "a Linux program",
    b"SQLite format 3": "an SQLite database",
    b"\xd4\xc3\xb2\xa1": "a packet capture",
    b"\x0a\x0d\x0d\x0a": "a packet capture",
    b"LfLe": "an event log of Windows XP (EVT)",
    b"PARE": "an encrypted Parquet file",
    b"7z\xbc\xaf\x27\x1c": "a 7-Zip archive, which is not unpacked here",
    b"Rar!\x1a\x07": "a RAR archive, which is not unpacked here",
    b"MSCF": "a cabinet file, which is not unpacked here",
    b"\x04\x22\x4d\x18": "an LZ4 file, which is not unpacked here",
}


def read_log(log: LogFile) -> Iterator[tuple[str, Records | ReadFault]]:
    """Read a file, and the files in it where it is an archive; each item comes with the name of its file.

    A file that breaks off gives what was read before and a fault; the next file of the archive is read all the same.
    So does one at which a reader fails in a way that nobody thought of. Where the source becomes more than its
    `expansion` allows, the reading ends, with a fault that says so.
    """
    expansion = log.expansion or Expansion.of(log.path)
    yield from _read_any(replace(log, expansion=expansion), expansion, 0)


class Form(Enum):
    """How a file that grew tells what is new in it."""

    LINES = "lines"
    """What is new stands behind what there was."""
    NUMBERED = "numbered"
    """Records have numbers that stay theirs."""
    OTHER = "other"
    """The file has to be read as a whole."""


def form_of(head: bytes) -> Form:
    """Tell from a file's first bytes what is new in it when it has grown."""
    if any(archive.matches(head) for archive in ARCHIVES):
        return Form.OTHER
    match next((reader for reader in READERS if reader.matches(head)), None):
        case EvtxReader():
            return Form.NUMBERED
        # In UTF-16 a line does not end with its newline's first byte.
        case JsonLinesReader() | SystemLogReader() | W3cReader() if not is_utf16(head):
            return Form.LINES
        case _:
            return Form.OTHER


def _read_any(log: LogFile, expansion: Expansion, depth: int) -> Iterator[tuple[str, Records | ReadFault]]:
    try:
        buffered, head = _peek(log)
        # An archive is opened whatever a reader would make of its bytes: what counts is in it.
        archive = next((a for a in ARCHIVES if a.matches(head)), None)
        if archive is None:
            yield from _read_log(buffered, head)
        elif depth >= tuning.DEEPEST_ARCHIVE:
            reason = f"archives in archives, deeper than {tuning.DEEPEST_ARCHIVE}"
            yield log.name, ReadFault(f"unpack it and name the folder: {reason}")
        else:
            for inner in archive.files(buffered):
                if isinstance(inner, ReadFault):
                    yield log.name, inner
                    continue
                expansion.member()
                try:
                    expansion.expect(inner.size or 0, depth)
                except ExpansionError as error:  # the file alone: nothing of it was unpacked
                    yield inner.name, ReadFault(str(error))
                    continue
                counted = replace(inner, stream=expansion.counted(inner.stream, depth), expansion=expansion)
                yield from _read_any(counted, expansion, depth + 1)
                if expansion.is_over:  # whether somebody on the way took the error for the end of the data or not
                    return
    except ExpansionError as error:
        expansion.is_over = True
        yield log.name, ReadFault(str(error))
    except STREAM_FAULTS as error:
        if str(error) == _INTERRUPTED:
            raise KeyboardInterrupt from error
        yield log.name, ReadFault(f"it breaks off: {one_line(error)}")
    except TimeUpError:
        raise
    except Exception as error:  # noqa: BLE001  # whatever a library does at one file is that file's, and no other's
        yield log.name, ReadFault(f"it cannot be read on: {type(error).__name__}: {one_line(error)}")


_INTERRUPTED = "Query interrupted"
"""What DuckDB says, in a RuntimeError, where Ctrl-C comes while it executes in the main thread."""


def _read_log(log: LogFile, head: bytes) -> Iterator[tuple[str, Records | ReadFault]]:
    if not head:
        log.stream.read(1)  # raises where it broke off before its first byte
        return
    reader = next((r for r in READERS if r.matches(head)), None)
    if reader is None:
        if log.path is None and len(head) == tuning.HEAD and not head.strip(b"\0"):
            # Nobody has so many zeros for their own sake: what comes out of the archive is counted, and named.
            while read_some(log.stream, tuning.PIECE):
                pass
        kind = next((kind for magic, kind in _KNOWN_BINARIES.items() if head.startswith(magic)), "binary data")
        yield log.name, ReadFault(f"not a log that can be read: {kind}")
        return
    for item in reader.read(log):
        yield log.name, item


def _peek(log: LogFile) -> tuple[LogFile, bytes]:
    stream = log.stream
    if log.path is None:
        # The wrapper may not close the stream under it: the archive does that.
        stream = cast("BinaryIO", _Unclosed(stream, tuning.HEAD))
        return replace(log, stream=stream), stream.peek(tuning.HEAD)[: tuning.HEAD]  # type: ignore[attr-defined]
    head = stream.read(tuning.HEAD)
    # What the file is, is told by its beginning, also where that was read before.
    stream.seek(log.begin)
    return log, head


class _Unclosed(RawStream):
    """A stream that can be looked ahead into once, at its beginning; closing it leaves the inner stream open."""

    def __init__(self, inner: BinaryIO, ahead: int) -> None:
        self._inner = inner
        self._ahead = b""
        self._fault: Exception | None = None
        pieces: list[bytes] = []
        try:
            while ahead > 0 and (piece := read_some(inner, ahead)):
                pieces.append(piece)
                ahead -= len(piece)
        except STREAM_FAULTS as error:
            self._fault = error  # what came before it is worth reading
        self._ahead = b"".join(pieces)

    def peek(self, size: int) -> bytes:
        """Return the first bytes; they are read again afterwards."""
        return self._ahead[:size]

    def read1(self, size: int = -1) -> bytes:
        """Read a piece."""
        return self.read(size)

    def read(self, size: int = -1) -> bytes:
        """Read on, from what was looked at first: of a size no more than a piece, lest a fault behind it takes it."""
        if self._ahead:
            cut = len(self._ahead) if size < 0 else size
            piece, self._ahead = self._ahead[:cut], self._ahead[cut:]
            return piece if size >= 0 else piece + self.read()
        if self._fault is not None:
            raise self._fault
        return self._inner.read() if size < 0 else read_some(self._inner, size)
