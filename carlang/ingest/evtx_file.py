"""The reader of Windows event log files (EVTX)."""

from __future__ import annotations

import os
import shutil
import struct
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from evtx import PyEvtxParser

from carlang.ingest.records import Fault, Member, Records, one_line

_MAGIC = b"ElfFile\0"
_HEADER = 4096
_CHUNK = 65536
_CHUNK_COUNT = struct.Struct("<H")
_CHUNK_COUNT_AT = 42
_MANY = 4096


class EvtxReader:
    """Reads the records of an EVTX file as JSON; a chunk or record that is damaged is named, the others are read."""

    name = "EVTX"

    def matches(self, head: bytes) -> bool:
        """An EVTX file begins with its magic."""
        return head.startswith(_MAGIC)

    def read(self, member: Member) -> Iterator[Records | Fault]:
        """Read the file itself, or a copy of the stream on disk: the parser wants to seek."""
        if member.path is not None:
            yield from _read(member.path)
            return
        with tempfile.TemporaryDirectory(prefix="carlang-") as folder:
            copy = Path(folder) / "log.evtx"
            with copy.open("wb") as target:
                shutil.copyfileobj(member.stream, target)
            yield from _read(copy)


def _read(path: Path) -> Iterator[Records | Fault]:
    try:
        records = PyEvtxParser(os.fspath(path), 1).records_json()
    except BaseException as error:  # noqa: BLE001  # the parser's panics are no exceptions
        yield Fault(f"not a readable EVTX file: {_fault(error)}")
        return
    for item in _batches(records):
        if isinstance(item, Fault):
            yield item
        elif item:
            lines = [record["data"] for record in item]
            yield Records.of(lines, [record["event_record_id"] for record in item], sum(map(len, lines)))
    if missing := _missing(path):
        yield Fault(missing)


def _batches(records: Iterable[Any]) -> Iterator[list[dict[str, Any]] | Fault]:
    """Yield records by the thousand, and faults; after a fault the parser goes on with the next record or chunk."""
    batch: list[dict[str, Any]] = []
    while True:
        try:
            for record in records:
                batch.append(record)  # what came before a fault has to be kept
                if len(batch) >= _MANY:
                    break
            else:
                yield batch
                return
        except BaseException as error:  # noqa: BLE001  # as above
            yield Fault(_fault(error))
            continue
        yield batch
        batch = []


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
    whole = (size - _HEADER) // _CHUNK
    if whole >= chunks:
        return None
    return f"the file is cut off: it holds {whole} of {chunks} chunks"
