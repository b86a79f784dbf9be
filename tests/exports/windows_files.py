"""Exports by tools that read a log's file, or ask Windows for its records: EvtxECmd, PowerShell, Velociraptor.

Written from what the tools' own sources and documentation say of their output.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from tests.exports.records import SYSMON, Record, iso, lines

_HEXADECIMAL = re.compile(r"0x(0|[1-9a-f][0-9a-f]*)")
_LEVELS = {0: "LogAlways", 1: "Critical", 2: "Error", 3: "Warning", 4: "Info", 5: "Verbose"}
_DISPLAYED_LEVELS = {1: "Critical", 2: "Error", 3: "Warning", 5: "Verbose"}
_ZONE = timezone(timedelta(hours=2))

_EVTXECMD_COLUMNS = [
    "RecordNumber",
    "EventRecordId",
    "TimeCreated",
    "EventId",
    "Level",
    "Provider",
    "Channel",
    "ProcessId",
    "ThreadId",
    "Computer",
    "ChunkNumber",
    "UserId",
    "MapDescription",
    "UserName",
    "RemoteHost",
    "PayloadData1",
    "PayloadData2",
    "PayloadData3",
    "PayloadData4",
    "PayloadData5",
    "PayloadData6",
    "ExecutableInfo",
    "HiddenRecord",
    "SourceFile",
    "Keywords",
    "ExtraDataOffset",
    "Payload",
]


def evtxecmd_json(records: Iterable[Record]) -> bytes:
    """Return what `EvtxECmd --json` writes: a line a record, the data as JSON text in `Payload`."""
    return b"\xef\xbb\xbf" + lines([_evtxecmd(r, n, f"{iso(r.time, 7)}+00:00") for n, r in enumerate(records, 1)])


def evtxecmd_csv(records: Iterable[Record]) -> bytes:
    """Return what `EvtxECmd --csv` writes: the same by columns, times with a blank and no zone."""
    text = io.StringIO()
    writer = csv.DictWriter(text, _EVTXECMD_COLUMNS, restval="", extrasaction="ignore")
    writer.writeheader()
    for number, record in enumerate(records, 1):
        row = _evtxecmd(record, number, iso(record.time, 7).replace("T", " "))
        writer.writerow(row | {"HiddenRecord": "False"})
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def _evtxecmd(record: Record, number: int, time: str) -> dict[str, Any]:
    return {
        "PayloadData1": f"ProcessID: {record.named.get('ProcessId', '')}",
        "PayloadData2": "RuleName: -",
        "MapDescription": "",
        "ChunkNumber": 0,
        "Computer": record.computer,
        "Payload": json.dumps(_payload(record), ensure_ascii=False),
        "UserId": record.user_sid,
        "Channel": record.channel,
        "Provider": record.provider,
        "EventId": record.event_id,
        "EventRecordId": str(record.record_id),
        "ProcessId": record.process_id,
        "ThreadId": record.thread_id,
        "Level": _LEVELS.get(record.level, str(record.level)),
        "Keywords": record.keywords,
        "SourceFile": "C:\\case\\log.evtx",
        "ExtraDataOffset": 0,
        "HiddenRecord": False,
        "TimeCreated": time,
        "RecordNumber": number,
    }


def _payload(record: Record) -> dict[str, Any]:
    """Return the data as the converter of XML to JSON behind EvtxECmd does: a single element is no list."""
    if record.user_data:
        return {"UserData": {record.user_data: dict(record.data)}}
    named: list[dict[str, str]] = []
    other: dict[str, str] = {}
    for name, text in record.data:
        if name == "Binary":
            other[name] = text
        elif name is not None:
            # An element without text has none of its own.
            named.append({"@Name": name, "#text": text} if text else {"@Name": name})
    # Data without names is one text, as EvtxECmd joins it.
    held: Any = ", ".join(record.unnamed) if record.unnamed else (named[0] if len(named) == 1 else named)
    return {"EventData": ({"Data": held} if held else {}) | other}


def getwinevent_51(records: Iterable[Record]) -> bytes:
    """Return what Windows PowerShell's `Get-WinEvent | ConvertTo-Json -Depth 3` prints, redirected: UTF-16."""
    text = json.dumps([_getwinevent(r, f"/Date({_milliseconds(r)})/", {}) for r in records], indent=4)
    return text.encode("utf-16")


def getwinevent_7(records: Iterable[Record]) -> bytes:
    """Return what PowerShell 7 prints for the same: times in the machine's zone, enumerations by number."""
    made = [_getwinevent(r, _local(r), {"LogLevel": None}) for r in records]
    return json.dumps(made, indent=2, ensure_ascii=False).encode()


def getwinevent_selected(records: Iterable[Record]) -> bytes:
    """Return the short form that people paste: `| Select-Object TimeCreated, Id, … Message | ConvertTo-Json`."""
    names = ("TimeCreated", "Id", "ProviderName", "LogName", "MachineName", "RecordId", "LevelDisplayName", "Message")
    made = [_getwinevent(r, _local(r), {}) for r in records]
    return json.dumps([{name: event[name] for name in names} for event in made], ensure_ascii=False).encode()


def _milliseconds(record: Record) -> int:
    return (record.time - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def _local(record: Record) -> str:
    return record.time.astimezone(_ZONE).isoformat()


def _getwinevent(record: Record, time: str, more: dict[str, Any]) -> dict[str, Any]:
    return {
        "Id": record.event_id,
        "Version": record.version,
        "Qualifiers": None,
        "Level": record.level,
        "Task": record.task,
        "Opcode": record.opcode,
        "Keywords": _signed(int(record.keywords, 16)),
        "RecordId": record.record_id,
        "ProviderName": record.provider,
        "ProviderId": record.provider_guid.lower() or None,
        "LogName": record.channel,
        "ProcessId": record.process_id,
        "ThreadId": record.thread_id,
        "MachineName": record.computer,
        "UserId": {"BinaryLength": 12, "AccountDomainSid": None, "Value": record.user_sid} if record.user_sid else None,
        "TimeCreated": time,
        "ActivityId": None,
        "RelatedActivityId": None,
        "ContainerLog": "c:\\case\\log.evtx",
        "MatchedQueryIds": [],
        "Bookmark": {},
        "LevelDisplayName": _DISPLAYED_LEVELS.get(record.level, "Information"),
        "OpcodeDisplayName": "Info",
        "TaskDisplayName": None,
        "KeywordsDisplayNames": [],
        "Properties": [{"Value": _property(record, name, text)} for name, text in record.data],
        "Message": record.message or _rendered(record),
    } | more


def _signed(number: int) -> int:
    return number - (1 << 64) if number >> 63 else number


def _property(record: Record, name: str | None, text: str) -> Any:
    """Return a value as .NET has it: numbers are numbers, also those that the XML shows in hexadecimal."""
    if name in record.numbers:
        return int(text)
    # Defender writes its codes as texts.
    is_number = record.channel in ("Security", SYSMON) and _HEXADECIMAL.fullmatch(text)
    return int(text, 16) if is_number else text


_SYSMON_TITLES = {1: "Process Create", 3: "Network connection detected", 5: "Process terminated", 7: "Image loaded"}


def _rendered(record: Record) -> str | None:
    """Return Sysmon's message, whose labels are the names of the data; a machine without the provider has none."""
    if not record.is_sysmon:
        return None
    title = _SYSMON_TITLES.get(record.event_id, "Sysmon event")
    return "\r\n".join([f"{title}:", *(f"{name}: {text}" for name, text in record.data)])


def velociraptor(records: Iterable[Record]) -> bytes:
    """Return rows of `SELECT * FROM parse_evtx(…)`: `System` and `EventData` without an `Event` around them."""
    return lines([_velociraptor(record) for record in records])


def velociraptor_artifact(records: Iterable[Record]) -> bytes:
    """Return rows of the artifact Windows.EventLogs.Evtx, which names some of the header once more."""
    made = []
    for record in records:
        row = _velociraptor(record)
        head = {"TimeCreated": iso(record.time, 0).rstrip(".") + "Z", "Channel": record.channel}
        ids = {"EventRecordID": record.record_id, "EventID": record.event_id, "FullPath": "C:\\case\\log.evtx"}
        made.append(row | head | ids)
    return lines(made)


def _velociraptor(record: Record) -> dict[str, Any]:
    system = {
        "Provider": {"Name": record.provider, "Guid": record.provider_guid},
        "EventID": {"Value": record.event_id},
        "Version": record.version,
        "Level": record.level,
        "Task": record.task,
        "Opcode": record.opcode,
        "Keywords": int(record.keywords, 16),
        "TimeCreated": {"SystemTime": record.time.timestamp()},
        "EventRecordID": record.record_id,
        "Correlation": {},
        "Execution": {"ProcessID": record.process_id, "ThreadID": record.thread_id},
        "Channel": record.channel,
        "Computer": record.computer,
        "Security": {"UserID": record.user_sid} if record.user_sid else {},
    }
    values: dict[str, Any] = {name: _property(record, name, text) for name, text in record.data if name is not None}
    if record.user_data:
        return {"System": system, "UserData": {record.user_data: values}, "Message": ""}
    if record.unnamed:
        values["Data"] = record.unnamed if len(record.unnamed) > 1 else record.unnamed[0]
    return {"System": system, "EventData": values, "Message": ""}
