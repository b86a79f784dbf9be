"""The chunks of an EVTX file: which are damaged, what can be carved of those, and which records should be in them.

A file is a header of 4 KiB and chunks of 64 KiB, each with the numbers of its records and with checksums of its header
and of its records. The parser judges neither, and ends a chunk at its first record whose size is wrong. So a chunk that
is damaged is made over before it is parsed: a new header, without the tables of names and templates that the parser
does without, and for each stretch that is no record the frame of one, over which the parser finds the next.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import BinaryIO

from carlang.readers.records import read_exactly

HEADER = 4096
CHUNK = 65536
FILE_MAGIC = b"ElfFile\0"
CHUNK_MAGIC = b"ElfChnk\0"

HEADER_OF_CHUNK = 512
"""Where the records of a chunk begin; what stands before them has the numbers and the checksums of all."""

_RECORD_MAGIC = b"**\0\0"
_FRAME = 28
"""Bytes of the shortest record: magic, size, number, time, and the size again."""
MOST_RECORDS = (CHUNK - HEADER_OF_CHUNK) // _FRAME
_ALIGNED = 8
_ID, _TIME, _BODY, _END_AT = 8, 16, 24, 48
_NEVER = 0xFFFFFFFFFFFFFFFF
# The years 1980 and 2200, in the units of 100 ns since 1601 that Windows has.
_EARLIEST, _LATEST = 119600064000000000, 189025920000000000
_SIZE = struct.Struct("<I")
_NUMBERS = struct.Struct("<QQQQIIII")
_FILE = struct.Struct("<QQQIHHHH")
_TABLES = slice(128, HEADER_OF_CHUNK)
CHECKSUMS = 128
"""What stands before this in a chunk tells it from all others: numbers, and the checksums of header and records."""
_CHECKSUM_AT = 124
_FLAGS_AT = 120
_DIRTY = 1


class Damage(Enum):
    """What is wrong with a chunk."""

    ZEROS = "it is all zeros"
    CUT = "the file ends in it"
    MAGIC = "Invalid EVTX chunk header magic"
    HEADER = "the checksum of its header is wrong"
    RECORDS = "the checksum of its records is wrong"


@dataclass(frozen=True, slots=True)
class FileHeader:
    """What a file's header says; `fault` is why it is not to be believed."""

    fault: str | None
    next_record: int = 0
    chunks: int = 0
    is_dirty: bool = False
    """Whether the file was copied while it was being written: what stands here may be older than the records."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """A chunk of a file with what its header says, where that is to be believed: the first and the last record.

    Records have a number, by which none is left out, and an id, which an export of some records keeps.
    """

    index: int
    offset: int
    damage: Damage | None
    content: bytes
    numbers: tuple[int, int] | None = None
    ids: tuple[int, int] | None = None

    @property
    def count(self) -> int:
        """How many records it should have."""
        return self.numbers[1] - self.numbers[0] + 1 if self.numbers else 0


def file_header(head: bytes) -> FileHeader:
    """Read the header of a file."""
    if len(head) < HEADER:
        return FileHeader("the file ends within its header")
    if not head.startswith(FILE_MAGIC):
        return FileHeader("the file has no header of an EVTX file")
    if zlib.crc32(head[:_FLAGS_AT]) != _SIZE.unpack_from(head, _CHECKSUM_AT)[0]:
        return FileHeader("the checksum of the file's header is wrong")
    _, _, next_record, _, _, _, _, chunks = _FILE.unpack_from(head, len(FILE_MAGIC))
    return FileHeader(None, next_record, chunks, bool(_SIZE.unpack_from(head, _FLAGS_AT)[0] & _DIRTY))


def read_chunks(stream: BinaryIO, begun: bytes = b"") -> Iterator[Chunk | Exception]:
    """Yield the chunks behind a file's header, and what broke the stream, if anything did.

    Where bytes were lost or came in, the next chunk is found by its magic and its checksum. Zeros at the end of a file,
    kept for more records, are chunks too. `begun` are bytes of the stream that were read before.
    """
    waiting = begun
    offset = HEADER - len(begun)
    index = 0
    broken = None
    while True:
        if broken is None and len(waiting) < CHUNK + HEADER_OF_CHUNK:
            more, broken = read_exactly(stream, CHUNK + HEADER_OF_CHUNK - len(waiting))
            waiting += more
        if not waiting:
            break
        chunk = _judged(index, offset, waiting[:CHUNK])
        size = len(chunk.content)
        if chunk.damage is not None and (following := _next_chunk(waiting)) is not None and following < size:
            size = following
            damage = chunk.damage if chunk.content.startswith(CHUNK_MAGIC) else Damage.MAGIC
            chunk = Chunk(index, offset, damage, waiting[:size], chunk.numbers, chunk.ids)
        yield chunk
        waiting = waiting[size:]
        offset += size
        index += size >= HEADER_OF_CHUNK
    if broken is not None:
        yield broken


def _next_chunk(content: bytes) -> int | None:
    """Return where the next chunk begins behind the beginning of some bytes."""
    position = 0
    while (position := content.find(CHUNK_MAGIC, position + 1)) >= 0:
        if _header_is_right(content[position : position + HEADER_OF_CHUNK]):
            return position
    return None


def _header_is_right(head: bytes) -> bool:
    if len(head) < HEADER_OF_CHUNK:
        return False
    checksum = zlib.crc32(head[_TABLES], zlib.crc32(head[:_FLAGS_AT]))
    return bool(checksum == _SIZE.unpack_from(head, _CHECKSUM_AT)[0])


def _judged(index: int, offset: int, content: bytes) -> Chunk:
    if not content.strip(b"\0"):
        return Chunk(index, offset, Damage.ZEROS, content)
    if len(content) < CHUNK:
        return Chunk(index, offset, Damage.CUT, content)
    if not content.startswith(CHUNK_MAGIC):
        return Chunk(index, offset, Damage.MAGIC, content)
    if not _header_is_right(content[:HEADER_OF_CHUNK]):
        return Chunk(index, offset, Damage.HEADER, content)
    first, last, first_id, last_id, _, _, end, checksum = _NUMBERS.unpack_from(content, len(CHUNK_MAGIC))
    damage = None if zlib.crc32(content[HEADER_OF_CHUNK:end]) == checksum else Damage.RECORDS
    return Chunk(index, offset, damage, content, (first, last), (first_id, last_id))


def parsable(chunks: bytes) -> bytes:
    """Return a file of some chunks, with a header that the parser takes."""
    header = bytearray(HEADER)
    header[: len(FILE_MAGIC)] = FILE_MAGIC
    # The version, 3.1 or 3.2, stands in front of the header's size; more the parser does not look at.
    struct.pack_into("<QQQIHHHH", header, len(FILE_MAGIC), 0, 0, 1, 128, 1, 3, HEADER, len(chunks) // CHUNK)
    return bytes(header) + chunks


@dataclass(frozen=True, slots=True)
class Carved:
    """A chunk made over: where its frames of records begin, and how many of them were made for what is no record."""

    content: bytes
    frames: tuple[int, ...]
    gaps: int

    def without(self, frame: int) -> Carved:
        """Return the chunk with one frame emptied; what other records may need of it, as a template, stays."""
        content = bytearray(self.content)
        content[self.frames[frame] + _BODY] = 0  # the end of a record's tokens
        return Carved(bytes(content), self.frames, self.gaps)


def carved(damaged: Chunk) -> Carved:
    """Return a damaged chunk made over such that the parser finds all records in it that are whole.

    What lies behind its last record is left of what the chunk held before; where its header does not say which that is,
    it is told by its ids, which are no higher than those before it.
    """
    chunk = bytearray(damaged.content.ljust(CHUNK, b"\0"))
    is_told = damaged.ids is not None
    end = min(CHUNK, _SIZE.unpack_from(chunk, _END_AT)[0]) if is_told else CHUNK
    gaps = 0
    frames: list[int] = []
    position = last = HEADER_OF_CHUNK
    highest: int | None = None
    while position + _FRAME <= end:
        size = _record_size(chunk, position)
        if size is not None and not is_told and not _follows(chunk, position, size, highest):
            break
        if size is None:
            following = _next_record(chunk, position + _ALIGNED, highest)
            has_magic = chunk.startswith(_RECORD_MAGIC, position)
            if following is None and not is_told and not has_magic:
                break
            gaps += 1
            size = min(end, CHUNK if following is None else following) - position
            if size < _FRAME:  # too short for a record of its own: it is left to the one before
                size += position - last
                position = last
                del frames[-1:]
            elif not _EARLIEST < struct.unpack_from("<Q", chunk, position + _TIME)[0] < _LATEST:
                # The parser gives up a chunk at a time that is none.
                chunk[position + _ID : position + _TIME + 8] = bytes(_TIME + 8 - _ID)
        _frame(chunk, position, size)
        frames.append(position)
        number = _id_at(chunk, position)
        highest = number if highest is None or highest < number <= highest + MOST_RECORDS else highest
        last, position = position, position + size
    chunk[:HEADER_OF_CHUNK] = bytes(HEADER_OF_CHUNK)
    chunk[: len(CHUNK_MAGIC)] = CHUNK_MAGIC
    # At the record that is said to be the last the parser stops: there is none of that number.
    _NUMBERS.pack_into(chunk, len(CHUNK_MAGIC), 0, _NEVER, 0, _NEVER, 128, last, position, 0)
    return Carved(bytes(chunk), tuple(frames), gaps)


def _frame(chunk: bytearray, position: int, size: int) -> None:
    """Write what a record begins and ends with."""
    chunk[position : position + len(_RECORD_MAGIC)] = _RECORD_MAGIC
    _SIZE.pack_into(chunk, position + len(_RECORD_MAGIC), size)
    _SIZE.pack_into(chunk, position + size - _SIZE.size, size)


def _id_at(chunk: bytearray, position: int) -> int:
    return int(struct.unpack_from("<Q", chunk, position + _ID)[0])


def _follows(chunk: bytearray, position: int, size: int, highest: int | None) -> bool:
    """Tell by its id, or by that of the record behind it, whether a record belongs to those before it."""
    if highest is None or highest < _id_at(chunk, position) <= highest + MOST_RECORDS:
        return True
    behind = position + size
    return _record_size(chunk, behind) is not None and highest < _id_at(chunk, behind) <= highest + MOST_RECORDS


def _record_size(chunk: bytearray, position: int) -> int | None:
    """Return the size of a record, which it has at its beginning and at its end; None where there is none.

    One of magic and size may be damaged, if the other, and what follows, leave no doubt.
    """
    if position + _FRAME > CHUNK:
        return None
    (size,) = _SIZE.unpack_from(chunk, position + len(_RECORD_MAGIC))
    end = position + size
    if size < _FRAME or end > CHUNK:
        return None
    if _SIZE.unpack_from(chunk, end - _SIZE.size)[0] == size:
        return int(size)
    is_record = chunk.startswith(_RECORD_MAGIC, position) and chunk.startswith(_RECORD_MAGIC, end)
    return int(size) if is_record else None


def _next_record(chunk: bytearray, position: int, highest: int | None) -> int | None:
    while (position := chunk.find(_RECORD_MAGIC, position)) >= 0:
        size = _record_size(chunk, position) if position % _ALIGNED == 0 else None
        if size is not None and _follows(chunk, position, size, highest):
            return position
        position += 1
    return None
