"""Records of Windows event logs, read from recordings without any of carlang's own code.

EVTX is read by the `evtx` package; recordings of NXLog are JSON lines in archives.
"""

from __future__ import annotations

import json
import zipfile
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from evtx import PyEvtxParser

SYSMON = "Microsoft-Windows-Sysmon/Operational"
_QUARTER = timedelta(minutes=15)

Datum = tuple[str | None, str]
"""A piece of an event's data: its name, if it has one, and its text."""

_NXLOG_FRAME = frozenset(
    [
        "AccountName",
        "AccountType",
        "Category",
        "Channel",
        "Domain",
        "EventID",
        "EventReceivedTime",
        "EventTime",
        "EventType",
        "ExecutionProcessID",
        "Hostname",
        "Keywords",
        "Message",
        "Opcode",
        "OpcodeValue",
        "ProviderGuid",
        "RecordNumber",
        "Severity",
        "SeverityValue",
        "SourceModuleName",
        "SourceModuleType",
        "SourceName",
        "Task",
        "ThreadID",
        "UserID",
        "Version",
        "ActivityID",
        "RelatedActivityID",
        "@timestamp",
        "@version",
        "host",
        "port",
        "tags",
    ]
)
"""What NXLog and the Logstash behind it say of a record, and not of the event."""


@dataclass(frozen=True, slots=True)
class Record:
    """A record as Windows has it: `System`, and the event's own data in the order of its template.

    `user_data` is the name of the element below `UserData`, where there is one. `numbers` are names of data that are
    numbers in the log itself; a message is there only where the recording kept it.
    """

    provider: str
    provider_guid: str
    event_id: int
    version: int
    level: int
    task: int
    opcode: int
    keywords: str
    time: datetime
    record_id: int
    process_id: int
    thread_id: int
    channel: str
    computer: str
    user_sid: str
    data: tuple[Datum, ...]
    user_data: str | None = None
    numbers: frozenset[str] = frozenset()
    message: str | None = None

    @property
    def is_sysmon(self) -> bool:
        return self.channel == SYSMON

    @property
    def named(self) -> dict[str, str]:
        """The data by name; those without are `Data`, `Data_2`… in no exporter, and are left out here."""
        return {name: text for name, text in self.data if name is not None}

    @property
    def unnamed(self) -> list[str]:
        return [text for name, text in self.data if name is None]


def read(recording: Path) -> Iterator[Record]:
    """Return the records of a recording: an EVTX file, or NXLog's JSON lines in a ZIP archive."""
    if recording.suffix == ".evtx":
        yield from _evtx(recording)
        return
    with zipfile.ZipFile(recording) as archive:
        for line in archive.read(archive.namelist()[0]).decode("utf-8").splitlines():
            if line.strip():
                yield _nxlog(json.loads(line))


def source(recording: Path) -> str:
    """Return what carlang calls the file that a recording's records stand in."""
    if recording.suffix == ".evtx":
        return str(recording)
    with zipfile.ZipFile(recording) as archive:
        return f"{recording}!{archive.namelist()[0]}"


def few(records: Iterable[Record], of_each: int, also: Container[int]) -> list[Record]:
    """Return the first records of each event id and log, and those with certain numbers.

    Records of one recording that share a number are left out: they could not be told apart by it.
    """
    every = list(records)
    numbers = Counter(record.record_id for record in every)
    kinds: Counter[tuple[str, int]] = Counter()
    kept = []
    for record in every:
        kinds[record.channel, record.event_id] += 1
        is_wanted = kinds[record.channel, record.event_id] <= of_each or record.record_id in also
        if is_wanted and numbers[record.record_id] == 1:
            kept.append(record)
    return kept


def _evtx(path: Path) -> Iterator[Record]:
    for record in filter(None, PyEvtxParser(str(path)).records_json()):
        yield _of_event(json.loads(record["data"])["Event"])


def _of_event(event: Mapping[str, Any]) -> Record:
    system = event["System"]
    data, user_data = _data(event)
    execution = _attributes(system.get("Execution"))
    return Record(
        provider=_attributes(system["Provider"])["Name"],
        provider_guid=_attributes(system["Provider"]).get("Guid", "").strip("{}"),
        event_id=int(_text(system["EventID"])),
        version=int(system.get("Version") or 0),
        level=int(system["Level"]),
        task=int(system["Task"]),
        opcode=int(system.get("Opcode") or 0),
        keywords=system["Keywords"],
        time=datetime.fromisoformat(_attributes(system["TimeCreated"])["SystemTime"]),
        record_id=int(system["EventRecordID"]),
        process_id=int(execution.get("ProcessID", 0)),
        thread_id=int(execution.get("ThreadID", 0)),
        channel=system["Channel"],
        computer=system["Computer"],
        user_sid=_attributes(system.get("Security")).get("UserID", ""),
        data=tuple(data),
        user_data=user_data,
        numbers=frozenset(name for name, value in (event.get("EventData") or {}).items() if type(value) is int),
    )


def _data(event: Mapping[str, Any]) -> tuple[list[Datum], str | None]:
    if event.get("UserData"):
        ((element, held),) = event["UserData"].items()
        return [(name, _text(value)) for name, value in held.items() if name != "#attributes"], element
    data: list[Datum] = []
    for name, value in (event.get("EventData") or {}).items():
        if name == "#attributes":
            continue
        # Elements without a name are one member, a list of their texts.
        if name == "Data":
            texts = value["#text"] if isinstance(value, dict) else value
            data += [(None, _text(text)) for text in (texts if isinstance(texts, list) else [texts])]
        else:
            data.append((name, _text(value)))
    return data, None


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return _text(value.get("#text"))
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def _attributes(element: Any) -> Mapping[str, Any]:
    attributes: Mapping[str, Any] = element["#attributes"] if isinstance(element, dict) else {}
    return attributes


def _nxlog(line: Mapping[str, Any]) -> Record:
    channel, message = str(line["Channel"]), line.get("Message")
    data = _of_message(line, message) if channel == SYSMON and message else _of_line(line)
    return Record(
        provider=line["SourceName"],
        provider_guid=line.get("ProviderGuid", "").strip("{}"),
        event_id=int(line["EventID"]),
        version=int(line.get("Version", 0)),
        level={"ERROR": 2, "WARNING": 3}.get(line.get("Severity", ""), 0 if channel == "Security" else 4),
        task=int(line.get("Task", 0)),
        opcode=int(line.get("OpcodeValue", 0)),
        keywords=f"{int(line.get('Keywords', 0)) & 0xFFFFFFFFFFFFFFFF:#x}",
        time=_time(line["EventTime"], line["EventReceivedTime"], line["@timestamp"]),
        record_id=int(line["RecordNumber"]),
        process_id=int(line.get("ExecutionProcessID", 0)),
        thread_id=int(line.get("ThreadID", 0)),
        channel=channel,
        computer=line["Hostname"],
        user_sid=line.get("UserID", ""),
        data=data,
        message=message,
    )


def _of_line(line: Mapping[str, Any]) -> tuple[Datum, ...]:
    return tuple((name, str(value)) for name, value in line.items() if name not in _NXLOG_FRAME)


def _of_message(line: Mapping[str, Any], message: str) -> tuple[Datum, ...]:
    """Return the data in the order of the message, which alone has Sysmon's EventType: NXLog has another."""
    pairs = [text.partition(": ") for text in message.splitlines()[1:]]
    said = [(name.rstrip(":"), value) for name, _, value in pairs]
    return tuple((name, value if name in _NXLOG_FRAME else str(line.get(name, value))) for name, value in said)


def _time(written: str, received: str, shipped: str) -> datetime:
    """Return when a record was written: NXLog says so in local time, and twice when it was received."""
    zone = datetime.fromisoformat(shipped) - datetime.fromisoformat(received).replace(tzinfo=UTC)
    return datetime.fromisoformat(written).replace(tzinfo=UTC) + round(zone / _QUARTER) * _QUARTER


def iso(time: datetime, digits: int = 6) -> str:
    """Return a UTC time as ISO 8601 without its zone, with so many digits behind the second."""
    text = time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")
    return text.ljust(len(text) - 6 + digits, "0") if digits > 6 else text[: len(text) - 6 + digits]


def lines(records: Sequence[Mapping[str, Any]]) -> bytes:
    """Return records as JSON lines."""
    return "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records).encode()
