"""Damaged EVTX files: what can be carved is read, and the records that are missing are named by their numbers."""

from __future__ import annotations

import gzip
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.readers.damage import read_all

_HEADER, _CHUNK = 4096, 65536
_ALL = range(1, 566)
# The first and the last record of the chunks of the file, and the last chunk; two more are zeros, kept for records.
_FIRST, _SECOND, _THIRD = range(1, 45), range(45, 88), range(88, 125)
_LAST, _LAST_CHUNK = range(558, 566), 14


def _at(chunk: int, byte: int = 0) -> int:
    return _HEADER + chunk * _CHUNK + byte


def _set(content: bytes, position: int, value: bytes) -> bytes:
    return content[:position] + value + content[position + len(value) :]


def _record(content: bytes, number: int) -> int:
    """Return where a record begins."""
    position = content.index(b"**\0\0")
    while struct.unpack_from("<Q", content, position + 8)[0] != number:
        position = content.index(b"**\0\0", position + 4)
    return position


def _with_header(content: bytes, **values: int) -> bytes:
    """Change values of the file's header, and its checksum with them."""
    head = bytearray(content[:_HEADER])
    for name, value in values.items():
        struct.pack_into(*{"chunks": ("<H", head, 42), "flags": ("<I", head, 120)}[name], value)
    struct.pack_into("<I", head, 124, zlib.crc32(bytes(head[:120])))
    return bytes(head) + content[_HEADER:]


_DAMAGED: dict[str, tuple[Callable[[bytes], bytes], set[int], str | None]] = {
    "nothing": (lambda c: c, set(), None),
    "a chunk of zeros": (
        lambda c: _set(c, _at(1), bytes(_CHUNK)),
        set(_SECOND),
        "chunk 1 at byte 69632: it is all zeros; 0 records of it were read; records 45 to 87 are missing",
    ),
    "two chunks of zeros": (
        lambda c: _set(c, _at(1), bytes(2 * _CHUNK)),
        {*_SECOND, *_THIRD},
        "records 45 to 124 are missing",
    ),
    "the first chunk of zeros": (lambda c: _set(c, _at(0), bytes(_CHUNK)), set(_FIRST), "records 1 to 44 are missing"),
    "the last chunk of zeros": (
        lambda c: _set(c, _at(_LAST_CHUNK), bytes(_CHUNK)),
        set(_LAST),
        "records 558 to 565 are missing",
    ),
    "the magic of a chunk": (
        lambda c: _set(c, _at(1), b"X"),
        set(),
        "Invalid EVTX chunk header magic; 43 records of it were read; no record is missing",
    ),
    "the numbers of a chunk": (
        lambda c: _set(c, _at(1, 8), b"\xff" * 32),
        set(),
        "the checksum of its header is wrong; 43 records of it were read; no record is missing",
    ),
    "the tables of a chunk": (
        lambda c: _set(c, _at(1, 128), b"\xff" * 384),
        set(),
        "the checksum of its header is wrong; 43 records of it were read; no record is missing",
    ),
    "the magic of a record": (
        lambda c: _set(c, _record(c, 46), b"XX"),
        set(),
        "the checksum of its records is wrong; 43 records of it were read; no record is missing",
    ),
    "the size of a record": (lambda c: _set(c, _record(c, 46) + 4, b"\xff\xff"), set(), "no record is missing"),
    "a record": (lambda c: _set(c, _record(c, 60), b"\xee" * 1000), {60}, "record 60 is missing"),
    "the end of a chunk": (
        lambda c: _set(c, _record(c, 86), bytes(_at(2) - _record(c, 86))),
        {86, 87},
        "records 86 to 87 are missing",
    ),
    "bytes too many": (lambda c: c[: _at(2, 7)] + b"abc" + c[_at(2, 7) :], set(_THIRD), "chunks 2 to 3"),
    "bytes too few": (lambda c: c[: _at(1, 60_000)] + c[_at(1, 60_100) :], set(range(80, 88)), "chunk 1"),
    "a chunk taken out": (
        lambda c: c[: _at(1)] + c[_at(2) :],
        set(_SECOND),
        "before chunk 1 at byte 69632 records 45 to 87",
    ),
    "a chunk twice": (lambda c: c[: _at(2)] + c[_at(1) :], set(), "chunk 2 at byte 135168 stands in the file before"),
    "chunks exchanged": (lambda c: c[: _at(1)] + c[_at(2) : _at(3)] + c[_at(1) : _at(2)] + c[_at(3) :], set(), None),
    "cut between chunks": (
        lambda c: c[: _at(5)],
        set(range(203, 566)),
        "the file is cut off: it holds 5 of 15 chunks; records 203 to 565 are missing",
    ),
    "cut in a chunk": (
        lambda c: c[: _record(c, 338)],
        set(range(338, 566)),
        "it holds 8 of 15 chunks; 18 records of it were read; records 338 to 565 are missing",
    ),
    "cut behind the last record": (lambda c: c[: _at(_LAST_CHUNK + 1, -100)], set(), "no record is missing"),
    "the file's header of zeros": (lambda c: _set(c, 0, bytes(_HEADER)), set(), "the file has no header"),
    "the file's header": (lambda c: _set(c, 42, b"\x63"), set(), "the checksum of the file's header is wrong"),
    "bytes of the file's header": (lambda c: c[100:], set(), "the file has no header"),
    "fewer chunks counted": (lambda c: _with_header(c, chunks=10), set(), None),
    "more chunks counted": (
        lambda c: _with_header(c[: _at(_LAST_CHUNK + 1)], chunks=20),
        set(),
        "the file is cut off: it holds 15 of 20 chunks",
    ),
    "copied while it was written": (
        lambda c: _set(_with_header(c, chunks=3, flags=1), _at(_LAST_CHUNK, 8), b"\x11"),
        set(),
        None,
    ),
}


@pytest.mark.parametrize("damage", _DAMAGED)
def test_missing_records_are_named_and_all_others_read(damage: str, real_logs: Path) -> None:
    make, missing, said = _DAMAGED[damage]
    content = (real_logs / "evtx/AutomatedTestingTools/PanacheSysmon_vs_AtomicRedTeam01.evtx").read_bytes()
    numbers, _, faults = read_all(make(content))
    assert len(numbers) == len(set(numbers))
    lost = set(_ALL) - set(numbers)
    # Of bytes that came in or were lost, only the chunk in which they were may suffer.
    assert lost <= missing if "bytes too" in damage else lost == missing
    assert len(faults) == (said is not None)
    assert all(str(said) in fault for fault in faults), faults


def test_records_of_a_damaged_chunk_are_those_of_the_whole(real_logs: Path) -> None:
    content = (real_logs / "evtx/AutomatedTestingTools/PanacheSysmon_vs_AtomicRedTeam01.evtx").read_bytes()
    _, whole, _ = read_all(content)
    numbers, carved, _ = read_all(_set(content, _record(content, 60), b"\xee" * 1000))
    assert carved == [line for number, line in enumerate(whole, start=1) if number in numbers]


def test_no_whole_file_is_taken_for_damaged(real_logs: Path) -> None:
    """Exports have gaps in the ids of their records, and logs that went round have other chunks first."""
    for path in sorted((real_logs / "evtx").rglob("*.evtx")):
        numbers, _, faults = read_all(path.read_bytes())
        assert (path.name, faults) == (path.name, [])
        assert numbers


def test_what_a_cut_archive_holds_of_an_evtx_file_is_read(real_logs: Path) -> None:
    content = (real_logs / "evtx/AutomatedTestingTools/PanacheSysmon_vs_AtomicRedTeam01.evtx").read_bytes()
    packed = gzip.compress(content, 1)
    numbers, _, faults = read_all(packed[: len(packed) // 2])
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) > len(_ALL) / 3
    assert f"records {len(numbers) + 1} to 565 are missing" in faults[0]
    assert "it breaks off" in faults[1]
