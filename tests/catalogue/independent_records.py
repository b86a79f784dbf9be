"""Read recordings as raw records with Python's own JSON, zip and tar, and the `evtx` package alone.

It shares nothing with what it is a check of: Windows records as XML in JSON, flat, of winlogbeat 6 and of HELK, Zeek's
logs and auditd's lines, each read by hand.
"""

from __future__ import annotations

import json
import re
import tarfile
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from evtx import PyEvtxParser

SYSMON = "microsoft-windows-sysmon/operational"
AUDITD = "auditd"
_FOLDERS = ("evtx", "otrf", "zeek", "car-true-positives")
_SERIAL = re.compile(r"^(?:node=\S+ )?type=(\S+) msg=audit\(\d+\.\d+:(\d+)\): ?(.*)")
_PAIR = re.compile(r"(\w+)=(\"[^\"]*\"|'[^']*'|\S+)")

# HELK gives the members of records names of its own, some of which mean different things in different records.
_HELK = {
    "CommandLine": "process_command_line",
    "CurrentDirectory": "process_current_directory",
    "GrantedAccess": "process_granted_access",
    "CallTrace": "process_call_trace",
    "Image": "process_path",
    "IntegrityLevel": "process_integrity_level",
    "ParentCommandLine": "process_parent_command_line",
    "ParentImage": "process_parent_path",
    "ParentProcessId": "process_parent_id",
    "ProcessId": "process_id",
    "SourceImage": "process_path",
    "StartFunction": "thread_start_function",
    "TargetFilename": "file_name",
    "TargetImage": "process_target_path",
    "User": "user_account",
}


@dataclass(frozen=True)
class Raw:
    """A record: the recording it stands in, its log in lower case, its event's number, its members, its own number."""

    recording: str
    log: str
    id: int | None
    host: str
    level: str
    data: Mapping[str, Any] = field(repr=False)
    written: datetime | None = None
    record: str = ""

    @property
    def time(self) -> datetime | None:
        """The time of what the record tells of: Sysmon says it beside that of the record."""
        return moment(self.data.get("UtcTime")) if self.log == SYSMON else self.written

    def get(self, *names: str) -> str:
        """Return the first of some members that has a value, in lower case; empty if none has."""
        for name in names:
            value = self.data.get(name)
            text = "" if value is None else str(value).lower()
            if text.strip() not in ("", "-"):
                return text
        return ""

    def number(self, *names: str) -> int | None:
        """Return the first of some members as a number, written in decimal or hexadecimal."""
        text = self.get(*names)
        return int(text, 0) if re.fullmatch(r"0x[0-9a-f]+|\d+", text) else None


def recordings(folder: Path) -> Iterator[Path]:
    """Yield the recordings in a folder of them."""
    for name in _FOLDERS:
        yield from sorted(path for path in (folder / name).rglob("*") if path.is_file())


def read(path: Path) -> Iterator[Raw]:
    """Read a recording, or the files in an archive."""
    if path.suffix == ".evtx":
        for found in PyEvtxParser(str(path)).records_json():
            assert found is not None, "the package's types allow it, its iterator never gives it"
            yield from _record(path.name, json.loads(found["data"]))
    elif path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                if not name.startswith("__MACOSX") and not name.endswith("/"):
                    with archive.open(name) as file:
                        yield from _lines(path.name, file)
    elif path.name.endswith(".tar.gz"):
        with tarfile.open(path) as tar:
            for member in tar:
                if inner := tar.extractfile(member) if member.isfile() else None:
                    yield from _lines(path.name, inner)
    else:
        document = json.loads(path.read_text(encoding="utf-8"), strict=False)
        yield from _record(path.name, document)


def _lines(recording: str, lines: Iterable[bytes]) -> Iterator[Raw]:
    audited: dict[str, dict[str, str]] = {}
    for line in lines:
        if line.startswith(b"{"):
            yield from _record(recording, json.loads(line))
        elif match := _SERIAL.match(line.decode()):
            kind, serial, text = match.groups()
            members = {f"{kind}.{name}": value.strip("\"'") for name, value in _PAIR.findall(text)}
            audited.setdefault(serial, {}).update(members)
    for members in audited.values():
        yield Raw(recording, AUDITD, None, "", "", members)


def _record(recording: str, found: dict[str, Any]) -> Iterator[Raw]:
    record = found.get("_source", found)
    if "Event" in record:
        system = record["Event"]["System"]
        number = system["EventID"]
        user_data = record["Event"].get("UserData") or {}
        inner = [value for key, value in user_data.items() if key != "#attributes"]
        data = record["Event"].get("EventData") or (inner[0] if inner else None)
        yield Raw(
            recording,
            str(system["Channel"]).lower(),
            int(number["#text"] if isinstance(number, dict) else number),
            _short(system["Computer"]),
            str(system.get("Level", "")),
            data if isinstance(data, dict) else {},
            moment(system["TimeCreated"]["#attributes"]["SystemTime"]),
            str(system["EventRecordID"]),
        )
    elif "@stream" in record:
        yield Raw(recording, f"zeek/{record['@stream']}", None, "", "", record)
    elif "EventID" in record:
        host = _short(record.get("Hostname") or "")
        level = str(record.get("Severity") or "").lower()
        own = str(record.get("RecordNumber") or "")
        written = _local(record) if "EventTime" in record else moment(record.get("TimeCreated") or record["@timestamp"])
        yield Raw(recording, str(record["Channel"]).lower(), int(record["EventID"]), host, level, record, written, own)
    elif "event_id" in record:
        host = _short(record.get("computer_name") or record.get("host_name") or "")
        data = record.get("event_data") or _helk(record)
        level = str(record.get("level", "")).lower()
        written = moment(record.get("@timestamp"))
        own, log = str(record.get("record_number") or ""), str(record["log_name"]).lower()
        yield Raw(recording, log, int(record["event_id"]), host, level, data, written, own)


def moment(text: Any) -> datetime | None:
    """Return the time that a record writes, UTC where it does not say."""
    if not text:
        return None
    time = datetime.fromisoformat(str(text).strip())
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _local(record: Mapping[str, Any]) -> datetime | None:
    """Return a time of NXLog, which is local: of when it received a record, Logstash tells the same in UTC."""
    time, received, told = (moment(record.get(name)) for name in ("EventTime", "EventReceivedTime", "@timestamp"))
    if time is None or received is None or told is None:
        return time
    return time + round((told - received) / _ZONE_STEP) * _ZONE_STEP


_ZONE_STEP = timedelta(minutes=15)


def _helk(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return HELK's members under the names of the record's own, paths with single backslashes."""
    return {own: _single(record[name]) for own, name in _HELK.items() if name in record}


def _single(value: Any) -> Any:
    """Undo what some of HELK's pipelines do to texts: double each backslash."""
    if isinstance(value, str) and "\\" in value and "\\" not in value.replace("\\\\", ""):
        return value.replace("\\\\", "\\")
    return value


def _short(name: str) -> str:
    return name.lower().split(".", maxsplit=1)[0]
