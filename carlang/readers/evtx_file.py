"""The reader of Windows event log files (EVTX)."""

from __future__ import annotations

import os
import shutil
import struct
import tempfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, cast

import pyarrow as pa
from evtx import PyEvtxParser

from carlang.readers import tuning
from carlang.readers.records import XML, LogFile, ReadFault, Records, one_line

_MAGIC = b"ElfFile\0"
# The format's own sizes: a header of 4 KiB, which has the number of the chunks of 64 KiB after it.
_HEADER = 4096
_CHUNK = 65536
_CHUNK_COUNT = struct.Struct("<H")
_CHUNK_COUNT_AT = 42


class EvtxReader:
    """Reads the records of an EVTX file as JSON; a chunk or record that is damaged is named, the others are read."""

    name = "EVTX"

    def matches(self, head: bytes) -> bool:
        """An EVTX file begins with its magic."""
        return head.startswith(_MAGIC)

    def read(self, log: LogFile) -> Iterator[Records | ReadFault]:
        """Read the file itself, or a copy of the stream on disk: the parser wants to seek."""
        if log.path is not None:
            yield from _read(log.path)
            return
        with tempfile.TemporaryDirectory(prefix="carlang-") as folder:
            copy = Path(folder) / "log.evtx"
            with copy.open("wb") as target:
                shutil.copyfileobj(log.stream, target)
            yield from _read(copy)


def _read(path: Path) -> Iterator[Records | ReadFault]:
    try:
        records = cast("Iterator[dict[str, Any]]", PyEvtxParser(os.fspath(path), 1).records_json())
    except BaseException as error:  # noqa: BLE001  # the parser's panics are no exceptions
        yield ReadFault(f"not a readable EVTX file: {_fault(error)}")
        return
    yield from _batches(records)
    if missing := _missing(path):
        yield ReadFault(missing)


def _batches(records: Iterator[dict[str, Any]]) -> Iterator[Records | ReadFault]:
    """Yield records by the thousand, and faults; after a fault the parser goes on with the next record or chunk."""
    lines: list[pa.Array] = []
    numbers: list[int] = []
    size = 0
    more = True
    while more:
        some: list[dict[str, Any]] = []
        fault = None
        try:
            some.extend(islice(records, tuning.EVTX_AT_ONCE))  # what came before a fault is kept
            more = len(some) == tuning.EVTX_AT_ONCE
        except BaseException as error:  # noqa: BLE001  # as above
            fault = ReadFault(_fault(error))
        lines.append(pa.array([record["data"] for record in some], pa.string()))
        numbers += [record["event_record_id"] for record in some]
        size += lines[-1].nbytes
        if numbers and (size >= tuning.BLOCK or not more or fault):
            yield Records(pa.concat_arrays(lines), pa.array(numbers, pa.int64()), size, XML)
            lines, numbers, size = [], [], 0
        if fault:
            yield fault


def _fault(error: BaseException) -> str:
    """Return what the parser says; its panics are no `Exception`s, whatever else is not is raised again."""
    if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
        raise error
    return one_line(error)


def _missing(path: Path) -> str | None:
    """Say what part of the file is not there, by its header; the parser stops at a cut without a word."""
    size = path.stat().st_size
    with path.open("rb") as file:
        header = file.read(_HEADER)
    if len(header) < _HEADER:
        return "the file ends within its header"
    (chunks,) = _CHUNK_COUNT.unpack_from(header, _CHUNK_COUNT_AT)
    complete = (size - _HEADER) // _CHUNK
    if complete >= chunks:
        return None
    return f"the file is cut off: it holds {complete} of {chunks} chunks"
