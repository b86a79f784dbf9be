# ruff: noqa: INP001  # a folder of commands, not a package
"""Small files of each format, made of real recordings, and what has to be left of one that is damaged."""

from __future__ import annotations

import csv
import gzip
import io
import json
import tarfile
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa
from evtx import PyEvtxParser
from pyarrow import parquet

from carlang.readers.compression import zstd
from carlang.readers.containers import read_log
from carlang.readers.records import LogFile, Records

_RECORDS = 40
_EVTX = "evtx/Lateral Movement/LM_sysmon_3_12_13_1_SharpRDP.evtx"
_ZIP = "otrf/cmd_mshta_vbscript_execute_psh.zip"


@dataclass(frozen=True)
class Base:
    """A file of one format. `head` are its lines that are no records; `lines` those that are, each alone."""

    name: str
    content: bytes = field(repr=False)
    lines: tuple[bytes, ...] | None = field(default=None, repr=False)
    head: tuple[bytes, ...] = field(default=(), repr=False)
    another: Callable[[int], bytes] = field(default=lambda _: b"", repr=False)
    key: Callable[[str], str] = str
    """What of a record's text tells it from others."""

    @cached_property
    def texts(self) -> list[str]:
        """The records of the file as it is."""
        items = (item for _, item in read_log(LogFile("base", io.BytesIO(self.content))))
        return [text for item in items if isinstance(item, Records) for text in item.lines.to_pylist()]

    @property
    def records(self) -> int:
        """How many records the file has."""
        return len(self.texts)

    def neighbour(self, number: int) -> bytes:
        """Return an undamaged file of the format with as many records, unlike that of any other number."""
        return self.another(number)

    def _whole(self, content: bytes) -> list[int] | None:
        """Return which of the lines stand in a damaged file as they were; None where they are no records any more."""
        if self.lines is None:
            return None
        there = Counter(content.split(b"\n"))
        if any(line not in there for line in self.head):
            return None
        whole = []
        for number, line in enumerate(self.lines):
            # Taken out as it is found: of two equal lines one may be gone.
            if there[line]:
                there[line] -= 1
                whole.append(number)
        return whole

    def untouched(self, content: bytes) -> int:
        """Return how many lines of a damaged file are as they were."""
        return len(self._whole(content) or ())

    def objection(self, content: bytes, texts: Sequence[str], faults: int) -> str | None:
        """Say what of a damaged file is missing, though no fault tells of it; None where nothing is."""
        if self.lines is None:
            missing = Counter(map(self.key, self.texts)) - Counter(map(self.key, texts))
            return f"{missing.total()} records are missing without a fault" if missing and not faults else None
        if (numbers := self._whole(content)) is None:
            present = sum(line in set(content.split(b"\n")) for line in self.lines)
            counted = len(texts) + faults
            return f"{present} lines, {counted} records and faults" if counted < present else None
        there = set(map(self.key, texts))
        lost = [number for number in numbers if self.key(self.texts[number]) not in there]
        return (
            f"{len(lost)} whole lines are lost with {faults} faults, as line {lost[0]}" if len(lost) > faults else None
        )


def base_files(data: Path) -> list[Base]:
    """Return a file of each format, made of recordings in a folder."""
    evtx = (data / _EVTX).read_bytes()
    recorded = _recorded(data / _ZIP)
    parsed = PyEvtxParser(io.BytesIO(evtx), 1).records()
    xml = [str(record["data"]).partition("?>")[2] for record in parsed if record]
    flat = [line.replace("\n", "").replace("> <", "><") for line in xml[:_RECORDS]]
    return [
        Base("EVTX", evtx, another=lambda number: _later_evtx(evtx, number)),
        _lines_of("JSON", [json.dumps(record) for record in recorded]),
        _lines_of("XML", flat, "<Events>", "</Events>"),
        _lines_of("CSV", *_csv(recorded)),
        _lines_of("Zeek", *_zeek()),
        _lines_of("W3C", *_w3c()),
        _lines_of("access log", [_request(number) for number in range(_RECORDS)]),
        # A damaged line may have the number of another event, and is a part of that one then.
        replace(_lines_of("auditd", [_audit(number) for number in range(_RECORDS)]), key=_serial),
        # A footer has no checksum: a column may have got another name, and all its values.
        Base("Parquet", _parquet(recorded), another=lambda number: _parquet(_numbered(recorded, number)), key=_values),
        Base("zip", _zip(recorded), another=lambda number: _zip(_numbered(recorded, number))),
        _in_tar(recorded),
        Base("gz", gzip.compress(_json(recorded)), another=lambda n: gzip.compress(_json(_numbered(recorded, n)))),
        Base("zst", _zst(_json(recorded)), another=lambda n: _zst(_json(_numbered(recorded, n)))),
    ]


def _lines_of(name: str, lines: Sequence[str], *around: str) -> Base:
    """Make a file of a line a record; `around` are the lines before the first and behind the last."""
    before, behind = around[:1], around[1:]
    encoded = tuple(line.encode() for line in lines)

    def written(more: Sequence[str] = ()) -> bytes:
        return "".join(f"{line}\n" for line in (*before, *lines, *behind, *more)).encode()

    # A blank line more makes another file of the same records.
    return Base(
        name,
        written(),
        encoded,
        tuple(line.encode() for text in before for line in text.split("\n")),
        lambda number: written([""] * (number + 1)),
    )


def _recorded(path: Path) -> list[dict[str, Any]]:
    with zipfile.ZipFile(path) as archive, archive.open(archive.infolist()[0]) as member:
        return [json.loads(next(member)) for _ in range(_RECORDS)]


def _numbered(records: Sequence[dict[str, Any]], number: int) -> list[dict[str, Any]]:
    return [{**record, "number": number} for record in records]


def _json(records: Sequence[dict[str, Any]]) -> bytes:
    return "".join(json.dumps(record) + "\n" for record in records).encode()


def _later_evtx(content: bytes, number: int) -> bytes:
    """Return a file with zeros more at its end, where room is kept for records."""
    return content + bytes(65536 * (number + 1))


def _csv(records: Sequence[dict[str, Any]]) -> tuple[list[str], str]:
    names = ["Channel", "EventID", "Hostname", "RecordNumber", "EventTime", "SourceName", "Message"]
    rows = []
    for record in records:
        target = io.StringIO()
        cells = [str(record.get(name, "")).replace("\r", "").replace("\n", " ") for name in names]
        csv.writer(target, lineterminator="").writerow(cells)
        rows.append(target.getvalue())
    return rows, ",".join(names)


def _zeek() -> tuple[list[str], str]:
    names = ["ts", "uid", "id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p", "proto", "service", "conn_state"]
    types = ["time", "string", "addr", "port", "addr", "port", "enum", "string", "string"]
    head = ["#separator \\x09", "#path\tconn", "\t".join(["#fields", *names]), "\t".join(["#types", *types])]
    rows = [
        f"1588316{number:03}.5\tC{number}\t10.0.0.{number}\t{50_000 + number}\t10.0.1.1\t445\ttcp\tgssapi,smb\tSF"
        for number in range(_RECORDS)
    ]
    return rows, "\n".join(head)


def _w3c() -> tuple[list[str], str]:
    head = ["#Software: Microsoft Internet Information Services 10.0"]
    head += ["#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query c-ip sc-status"]
    rows = [
        f"2023-05-04 10:00:{number:02} 10.0.0.4 GET /a/{number}.aspx q={number} 203.0.113.{number} 200"
        for number in range(_RECORDS)
    ]
    return rows, "\n".join(head)


def _request(number: int) -> str:
    start = f"203.0.113.{number} - - [04/May/2023:10:00:{number:02} +0200]"
    return rf'{start} "GET /a/{number}?q=\"1\" HTTP/1.1" 200 {number} "-" "Mozilla/5.0 (X11; \x22)"'


def _audit(number: int) -> str:
    return (
        f"type=SYSCALL msg=audit(1588316619.{number:03}:{number}): arch=c000003e syscall=59 success=yes exit=0"
        f' pid={number} uid=0 comm="at" exe="/usr/bin/at" key=(null)'
    )


def _serial(text: str) -> str:
    return str(json.loads(text).get("serial"))


def _values(text: str) -> str:
    return json.dumps([*json.loads(text).values()])


def _parquet(records: Sequence[dict[str, Any]]) -> bytes:
    names = ("Channel", "EventID", "Hostname", "RecordNumber", "Message", "number")
    rows = [{name: record.get(name) for name in names} for record in records]
    target = io.BytesIO()
    parquet.write_table(pa.Table.from_pylist(rows), target, row_group_size=10, write_page_checksum=True)
    return target.getvalue()


def _zip(records: Sequence[dict[str, Any]]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, part in enumerate(_parts(records)):
            archive.writestr(f"{number}.json", _json(part))
    return target.getvalue()


def _parts(records: Sequence[dict[str, Any]]) -> Iterator[Sequence[dict[str, Any]]]:
    for begin in range(0, len(records), 10):
        yield records[begin : begin + 10]


def _tar(records: Sequence[dict[str, Any]]) -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as archive:
        for number, part in enumerate(_parts(records)):
            entry = tarfile.TarInfo(f"{number}.json")
            content = _json(part)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return target.getvalue()


def _in_tar(records: Sequence[dict[str, Any]]) -> Base:
    """Make a tar file, in which lines that are not damaged are as they were. The first of a member follows on zeros."""
    lines = tuple(json.dumps(record).encode() for record in records)
    return Base("tar", _tar(records), lines, another=lambda number: _tar(_numbered(records, number)))


def _zst(content: bytes) -> bytes:
    return zstd.compress(content, options={zstd.CompressionParameter.checksum_flag: 1})
