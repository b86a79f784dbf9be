"""The reader of Windows event log files (EVTX)."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any, cast

import pyarrow as pa
from evtx import PyEvtxParser

from carlang.readers import budget, tuning
from carlang.readers.evtx_chunks import (
    CHECKSUMS,
    CHUNK_MAGIC,
    FILE_MAGIC,
    HEADER,
    Chunk,
    Damage,
    FileHeader,
    carved,
    file_header,
    parsable,
    read_chunks,
)
from carlang.readers.evtx_missing import DamagedRun, missing_text
from carlang.readers.records import XML, LogFile, ReadFault, Records, one_line, read_exactly
from carlang.readers.text import is_text

_NOTHING = '{"Event":null}'
"""What the parser makes of a frame without a record in it."""


class EvtxReader:
    """Reads the records of an EVTX file as JSON; what is damaged is named with the records that are missing."""

    name = "EVTX"

    def matches(self, head: bytes) -> bool:
        """An EVTX file begins with its magic; where its header is damaged or missing, its first chunk does."""
        return head.startswith(FILE_MAGIC) or (head.find(CHUNK_MAGIC, 0, 2 * HEADER) >= 0 and not is_text(head))

    def read(self, log: LogFile) -> Iterator[Records | ReadFault]:
        """Read chunk by chunk; where the stream breaks, what came before the break is read first."""
        head, broken = read_exactly(log.stream, HEADER)
        header = file_header(head)
        if header.fault:
            yield ReadFault(header.fault)
        reading = _Reading(header)
        # Where bytes of the file's header were lost, the first chunk begins in its place.
        begin = head.find(CHUNK_MAGIC) if header.fault else -1
        for chunk in read_chunks(log.stream, head[begin:] if begin >= 0 else b"") if broken is None else ():
            if isinstance(chunk, Exception):
                broken = chunk
            else:
                yield from reading.take(chunk)
        yield from reading.finish()
        if broken is not None:
            raise broken


@dataclass
class _Parsed:
    """The records of some chunks as the parser gives them, and what it says of those that it cannot read."""

    lines: list[str] = field(default_factory=list)
    ids: list[int] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    outcomes: int = 0
    """How many frames of records these are, with those in which there is nothing."""


def _parse_damaged(chunk: Chunk) -> tuple[_Parsed, int]:
    """Return what is left of a damaged chunk, and how many stretches in it are no records.

    At some faults the parser gives up the chunk: the record at which it did is emptied, and the chunk parsed again.
    """
    made_over = carved(chunk)
    faults: list[str] = []
    emptied: set[int] = set()
    while True:
        parsed = _parse(made_over.content)
        frame = parsed.outcomes - bool(parsed.faults)
        if parsed.outcomes >= len(made_over.frames) or frame in emptied or not parsed.faults:
            return replace(parsed, faults=[*faults, *parsed.faults]), made_over.gaps
        faults.append(parsed.faults[-1])
        emptied.add(frame)
        made_over = made_over.without(frame)


def _parse(chunks: bytes) -> _Parsed:
    parsed = _Parsed()
    try:
        records = cast("Iterator[dict[str, Any]]", PyEvtxParser(io.BytesIO(parsable(chunks)), 1).records_json())
    except BaseException as error:  # noqa: BLE001  # the parser's panics are no exceptions
        parsed.faults.append(_fault(error))
        return parsed
    more = True
    while more:
        some: list[dict[str, Any]] = []
        try:
            some.extend(islice(records, tuning.EVTX_AT_ONCE))  # what came before a fault is kept
            more = len(some) == tuning.EVTX_AT_ONCE
        except BaseException as error:  # noqa: BLE001  # as above
            parsed.faults.append(_fault(error))
            parsed.outcomes += 1
        parsed.outcomes += len(some)
        there = [record for record in some if record["data"] != _NOTHING]
        parsed.lines += [record["data"] for record in there]
        parsed.ids += [record["event_record_id"] for record in there]
    return parsed


def _fault(error: BaseException) -> str:
    """Return what the parser says; its panics are no `Exception`s, whatever else is not is raised again."""
    if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
        raise error
    return one_line(error)


class _Reading:
    """The reading of one file: good chunks are parsed some at a time, damaged ones alone."""

    def __init__(self, header: FileHeader) -> None:
        self._header = header
        self._good: list[Chunk] = []
        self._run = DamagedRun()
        self._last: Chunk | None = None
        self._seen: set[bytes] = set()
        self._spans: list[tuple[int, int]] = []
        self._missing: list[tuple[tuple[int, int], Chunk]] = []
        self._chunks = 0
        self._ready = _Parsed()

    def take(self, chunk: Chunk) -> Iterator[Records | ReadFault]:
        """Read the next chunk."""
        self._chunks += chunk.damage is not Damage.CUT and len(chunk.content) >= CHECKSUMS
        if chunk.damage is not None:
            yield from self._parse_good()
            parsed, gaps = _Parsed(), 0
            if chunk.damage is not Damage.ZEROS:
                parsed, gaps = _parse_damaged(chunk)
            self._run.add(chunk, parsed.ids, parsed.faults, gaps)
            yield from self._records(parsed)
            return
        # A block that was written twice: its records are there already.
        digest = chunk.content[:CHECKSUMS]
        if digest in self._seen:
            yield ReadFault(f"chunk {chunk.index} at byte {chunk.offset} stands in the file before: it was left out")
            return
        self._seen.add(digest)
        self._spans.append(chunk.ids or (0, 0))
        if self._run.chunks:
            yield from self._run.report(self._last, chunk)
        elif self._last is not None and (missing := self._run.between(self._last, chunk)):
            self._missing.append((missing, chunk))
        self._run = DamagedRun()
        self._last = chunk
        self._good.append(chunk)
        if len(self._good) >= budget.within(tuning.EVTX_CHUNKS):
            yield from self._parse_good()

    def finish(self) -> Iterator[Records | ReadFault]:
        """Return what is left, and what the file's header says is missing at its end."""
        yield from self._parse_good()
        yield from self._records(_Parsed(), last=True)
        for (first, last), chunk in self._missing:
            # Chunks may stand in another order than their records.
            if not any(begin <= last and end >= first for begin, end in self._spans):
                text = missing_text((first, last), ())
                yield ReadFault(f"before chunk {chunk.index} at byte {chunk.offset} {text}", first)
        yield from self._run.report_end(self._last, self._header, self._chunks)

    def _parse_good(self) -> Iterator[Records | ReadFault]:
        chunks, self._good = self._good, []
        if not chunks:
            return
        parsed = _parse(b"".join(chunk.content for chunk in chunks))
        expected = sum(chunk.count for chunk in chunks)
        if len(parsed.ids) == expected and not parsed.faults:
            yield from self._records(parsed)
            return
        for chunk in chunks:
            parsed = _parse(chunk.content)
            if parsed.faults:
                # At the first record whose size is wrong the parser gives up a chunk.
                again, _ = _parse_damaged(chunk)
                parsed = again if len(again.ids) > len(parsed.ids) else parsed
            yield from self._records(parsed)
            for fault in parsed.faults:
                yield ReadFault(f"chunk {chunk.index}: {fault}")
            if len(parsed.ids) + len(parsed.faults) < chunk.count:
                lost = missing_text(chunk.ids, parsed.ids)
                yield ReadFault(f"chunk {chunk.index} has {len(parsed.ids)} of {chunk.count} records: {lost}")

    def _records(self, parsed: _Parsed, *, last: bool = False) -> Iterator[Records]:
        self._ready.lines += parsed.lines
        self._ready.ids += parsed.ids
        size = sum(map(len, self._ready.lines)) if last or len(self._ready.lines) >= tuning.EVTX_AT_ONCE else 0
        if self._ready.lines and (last or size >= budget.within(tuning.BLOCK)):
            lines = pa.array(self._ready.lines, pa.string())
            yield Records(lines, pa.array(self._ready.ids, pa.int64()), lines.nbytes, XML)
            self._ready = _Parsed()
