"""Count the records of logs by channel and event id with Python's own JSON, zip and tar, and the `evtx` package alone.

It shares nothing with what it is a check of. As a script it prints the counts: `python independent_counts.py PATH…`.
"""

from __future__ import annotations

import json
import re
import sys
import tarfile
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evtx import PyEvtxParser

Kind = tuple[str, int | None]
"""A channel in lower case and an event id; Zeek's logs and auditd's have no ids."""

_AUDIT = re.compile(rb"^(?:node=\S+ )?type=(\S+) msg=audit\((\d+\.\d+:\d+)\)")


@dataclass(frozen=True)
class RawRecord:
    """A record: its kind, its own members, and the text that it was read from."""

    kind: Kind
    data: dict[str, Any] = field(repr=False)
    text: str = field(repr=False)


def records(path: Path) -> Iterator[RawRecord]:
    """Read a file, or the files in an archive."""
    if path.suffix == ".evtx":
        for record in PyEvtxParser(str(path)).records_json():
            if record is not None:
                yield _record(json.loads(record["data"]), record["data"])
    else:
        for content in _contents(path):
            yield from _text_records(content)


def count(paths: Iterable[Path]) -> Counter[Kind]:
    """Count the records of files by their kinds."""
    return Counter(record.kind for path in paths for record in records(path))


def _contents(path: Path) -> Iterator[bytes]:
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                if not name.startswith("__MACOSX") and not name.endswith("/"):
                    yield archive.read(name)
    elif path.name.endswith(".tar.gz"):
        with tarfile.open(path) as archive:
            for member in archive:
                if file := archive.extractfile(member) if member.isfile() else None:
                    yield file.read()
    else:
        yield path.read_bytes()


def _text_records(content: bytes) -> Iterator[RawRecord]:
    lines = [line for line in content.split(b"\n") if line.strip()]
    if _AUDIT.match(content):
        serials: dict[bytes, Counter[bytes]] = {}
        for line in lines:
            if match := _AUDIT.match(line):
                serials.setdefault(match.group(2), Counter())[match.group(1)] += 1
        for serial, kinds in serials.items():
            kinds[b"EXECVE"] = min(1, kinds[b"EXECVE"])  # arguments that are too long for one line go on in more
            yield RawRecord(("auditd", None), {"lines": kinds.total()}, serial.decode())
        return
    try:
        parsed = [(json.loads(line), line.decode()) for line in lines]
    except ValueError:
        text = content.decode("utf-8-sig").strip()
        parsed = [(document, "") for document in _documents(text)]
    for record, text in parsed:
        yield from (_record(r, text) for r in (record if isinstance(record, list) else [record]))


def _documents(text: str) -> Iterator[Any]:
    """Yield JSON values that follow one another, or those of one array."""
    decoder = json.JSONDecoder(strict=False)
    position = 0
    while position < len(text):
        value, position = decoder.raw_decode(text, position)
        yield from value if isinstance(value, list) else [value]
        while position < len(text) and text[position].isspace():
            position += 1


def _record(found: dict[str, Any], text: str) -> RawRecord:
    record = found.get("_source", found)
    if "Event" in record:
        system, event_data = record["Event"]["System"], record["Event"].get("EventData")
        event_id = system["EventID"]
        number = event_id["#text"] if isinstance(event_id, dict) else event_id
        user_data = record["Event"].get("UserData") or {}
        inner = [value for key, value in user_data.items() if key != "#attributes"]
        data = event_data or (inner[0] if inner else {})
        return RawRecord((system["Channel"].lower(), int(number)), data if isinstance(data, dict) else {}, text)
    if "@stream" in record:
        return RawRecord((f"zeek/{record['@stream']}", None), record, text)
    if "EventID" in record:
        return RawRecord((record["Channel"].lower(), int(record["EventID"])), record, text)
    data = record.get("event_data") or record.get("user_data") or record
    return RawRecord((record["log_name"].lower(), int(record["event_id"])), data, text)


if __name__ == "__main__":
    for (channel, number), total in sorted(count(map(Path, sys.argv[1:])).items(), key=str):
        print(channel, "" if number is None else number, total, sep="\t")  # noqa: T201  # a script
