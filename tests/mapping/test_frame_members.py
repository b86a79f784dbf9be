"""A record that says when, where and by whom it was written, and not what happened, is no event, in any export."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pyarrow as pa

from carlang.mapping import EventMapping, Sensors, builtin_sensors
from carlang.mapping.events import events_query, is_guarded
from carlang.mapping.mapper import Mapper, Statements
from carlang.mapping.router import Router
from carlang.mapping.tables import CHUNK_SCHEMA, RECORDS_SCHEMA
from carlang.model import builtin_model
from carlang.readers.records import counted
from carlang.store import CLAIMED_BY
from tests.ingesting import load, query, sysmon_create, write_lines

Record = dict[str, Any]

FRAME: Record = {
    "ProcessId": 5,
    "ProcessID": 5,
    "process_id": 5,
    "ExecutionProcessID": 5,
    "Execution_ProcessID": 5,
    "Execution.ProcessID": 5,
    "Execution": {"ProcessID": 5, "ThreadID": 6},
    "ThreadId": 6,
    "ThreadID": 6,
    "thread_id": 6,
    "winlog.process.pid": 5,
    "RecordNumber": 7,
    "RecordId": 7,
    "RecordID": 7,
    "EventRecordID": 7,
    "record_number": 7,
    "Version": 2,
    "Level": 4,
    "Task": 1,
    "TaskCategory": "Process Create",
    "Opcode": 0,
    "Keywords": "0x8000000000000000",
    "EventType": "INFO",
    "Type": "Information",
    "Severity": "INFO",
    "SeverityValue": 2,
    "Qualifiers": 0,
    "UserId": "S-1-5-18",
    "UserID": "S-1-5-18",
    "Security_UserID": "S-1-5-18",
    "Security": {"UserID": "S-1-5-18"},
    "User": "NT AUTHORITY\\SYSTEM",
    "UserName": "NT AUTHORITY\\SYSTEM",
    "AccountName": "SYSTEM",
    "AccountType": "User",
    "Domain": "NT AUTHORITY",
    "Sid": "S-1-5-18",
    "MachineName": "H",
    "Computer": "H",
    "Hostname": "H",
    "host": "H",
    "ProviderGuid": "{5770385f-c22a-43e0-bf4c-06f5698ffbd9}",
    "Provider": {"Name": "P", "Guid": "{5770385f-c22a-43e0-bf4c-06f5698ffbd9}"},
    "Message": "Something happened.",
    "ActivityId": "{5770385f-c22a-43e0-bf4c-06f5698ffbd9}",
    "RelatedActivityId": None,
    "Correlation": {"ActivityID": None},
    "Bookmark": {},
    "ContainerLog": "c:\\case\\log.evtx",
    "SystemTime": "2024-03-21T10:00:00Z",
    "TimeCreated": "2024-03-21T10:00:00Z",
    "@timestamp": "2024-03-21T10:00:00Z",
}
"""What tools call the members of a record's frame."""


def _winlog(channel: str, provider: str, event_id: int) -> Record:
    return {
        "@timestamp": "2024-03-21T10:00:00Z",
        "message": "Something happened.",
        "event": {"code": str(event_id), "provider": provider},
        "host": {"name": "H"},
        "log": {"level": "information"},
        "winlog": {
            "channel": channel,
            "provider_name": provider,
            "event_id": event_id,
            "record_id": 7,
            "computer_name": "H",
            "process": {"pid": 5, "thread": {"id": 6}},
            "user": {"identifier": "S-1-5-18", "name": "SYSTEM", "domain": "NT AUTHORITY", "type": "User"},
            "task": "Process Create",
            "opcode": "Info",
            "version": 2,
        },
    }


def _system(channel: str, provider: str, event_id: int) -> Record:
    made: Record = sysmon_create()["Event"]["System"]
    system = {"Channel": channel, "Provider": {"Name": provider}, "EventID": event_id, "Version": 2, "Task": 1}
    return made | system | {name: FRAME[name] for name in ("Execution", "Security", "Correlation")}


def _wazuh(channel: str, provider: str, event_id: int) -> Record:
    system = {"channel": channel, "providerName": provider, "eventID": str(event_id), "processID": "5"}
    return {"data": {"win": {"system": system | {"message": "Something happened.", "computer": "H"}}}}


SHAPES: Mapping[str, Callable[[str, str, int], Record]] = {
    "xml": lambda c, p, i: {"Event": {"System": _system(c, p, i), "EventData": None}},
    "velociraptor": lambda c, p, i: {"System": _system(c, p, i), "EventData": {}, "Message": "Something happened."},
    "wazuh": _wazuh,
    "winlogbeat": _winlog,
    "ecs": lambda c, p, i: _winlog(c, p, i) | {"process": {}, "related": {"user": ["SYSTEM"]}},
    "beats": lambda c, p, i: {
        "log_name": c,
        "source_name": p,
        "event_id": i,
        "computer_name": "H",
        "record_number": "7",
        **{name: FRAME[name] for name in ("process_id", "thread_id", "@timestamp")},
        "user": {"identifier": "S-1-5-18", "name": "SYSTEM", "type": "User"},
        "task": "Process Create",
    },
    "evtxecmd": lambda c, p, i: {
        "Channel": c,
        "EventId": i,
        **FRAME,
        "Provider": p,
        "Payload": "",
        "MapDescription": "Process created",
        # A column that is filled out of the event's data.
        "UserName": "",
    },
    "getwinevent": lambda c, p, i: {"LogName": c, "ProviderName": p, "Id": i, **FRAME, "Properties": []},
    "geteventlog": lambda c, p, i: {"LogName": c, "Source": p, "InstanceId": i, **FRAME, "ReplacementStrings": []},
    "fluentbit": lambda c, p, i: {"Channel": c, "ProviderName": p, "EventID": i, **FRAME, "StringInserts": []},
    "string_inserts": lambda c, p, i: {"channel": c, "source_name": p, "event_id": i, **FRAME, "string_inserts": []},
    "splunk": lambda c, p, i: {
        "_time": "2024-03-21T10:00:00Z",
        "source": f"XmlWinEventLog:{c}",
        "sourcetype": "XmlWinEventLog",
        "EventCode": i,
        **FRAME,
        "SourceName": p,
        "LogName": c,
    },
    "sentinel_event": lambda c, p, i: {
        "TimeGenerated": "2024-03-21T10:00:00Z",
        "EventLog": c,
        "Source": p,
        "EventID": i,
        **FRAME,
        "EventData": "",
        "RenderedDescription": "Something happened.",
        "UserName": "N/A",
    },
    "sentinel_security": lambda c, p, i: {
        "TimeGenerated": "2024-03-21T10:00:00Z",
        "Channel": c,
        "EventSourceName": p,
        "EventID": i,
        **FRAME,
        "Activity": "x",
        "Account": "H\\SYSTEM",
        "Process": "svchost.exe",
        "SystemProcessId": 5,
    },
    "event_data": lambda c, p, i: {"Channel": c, "EventID": i, **FRAME, "Provider": p, "EventData": {}},
    "flat": lambda c, p, i: {"Channel": c, "SourceName": p, "EventID": i, **FRAME},
    "flat, by its log alone": lambda c, _, i: {"LogName": c, "EventCode": i, **FRAME},
    "flat, by its provider alone": lambda _, p, i: {"SourceName": p, "EventID": i, **FRAME},
    "unknown": lambda c, p, i: {"channel": c, "provider": p, "event_id": i, **FRAME},
}
"""Records of a channel, a provider and an event id that have nothing but their frame, by who exports them so."""

OTHERS: Mapping[str, Callable[[str, int], Record]] = {
    "ecs": lambda category, _: {
        "@timestamp": "2024-03-21T10:00:00Z",
        "event": {"category": [category], "type": ["start", "end", "creation", "deletion", "change"], "kind": "event"},
        "host": {"name": "H"},
        "agent": {"type": "endpoint"},
        "user": {"name": "SYSTEM", "domain": "NT AUTHORITY", "id": "S-1-5-18"},
        "message": "Something happened.",
        "process": {},
    },
    "zeek": lambda log, _: {"_path": log, "ts": 1711015200.5, "_system_name": "s", "_write_ts": 1711015201},
    "Defender": lambda log, _: {
        "ActionType": log,
        "DeviceId": "d",
        "DeviceName": "H",
        "Timestamp": "2024-03-21T10:00:00Z",
        "ReportId": 7,
        "TenantId": "t",
        "MachineGroup": "g",
        "AdditionalFields": "{}",
    },
    "OCSF": lambda log, id_: {
        "class_uid": int(log),
        "activity_id": id_,
        "category_uid": 1,
        "type_uid": int(log) * 100 + id_,
        "time": 1711015200500,
        "severity": "Informational",
        "severity_id": 1,
        "message": "Something happened.",
        "metadata": {"version": "1.1.0", "product": {"name": "x"}, "uid": "7"},
        "device": {"hostname": "H"},
    },
}


# Of them, the records are those of the logs of the same sensors on Windows.
_LIKE_OTHERS = {"Linux-Sysmon/Operational", "PowerShellCore/Operational"}


def _hollow(mappings: list[EventMapping]) -> Iterator[Record]:
    """Yield a record of each event id of a sensor in each shape."""
    for channel, provider, event_id in dict.fromkeys((m.channel, m.provider, i) for m in mappings for i in _ids(m)):
        family, _, log = (channel or "").partition("/")
        if channel in _LIKE_OTHERS:
            continue
        if provider and channel:
            yield from (make(channel, provider, event_id) for make in SHAPES.values())
        elif family in OTHERS:
            yield OTHERS[family](log, event_id)
    yield {"Channel": "auditd", "serial": 7, "hostname": "H", "time": 1711015200.5, "SYSCALL": {}}
    yield {"name": "q", "hostIdentifier": "H", "unixTime": 1711015200, "action": "added", "counter": 3, "columns": {}}


def _ids(mapping: EventMapping) -> tuple[int, ...]:
    return mapping.event_ids or (0,)


def _made(records: Sequence[Record], sensors: Sensors, folder: Path) -> set[tuple[str, str, str]]:
    """Return the shapes of records that become events, and of which objects and actions these are.

    The queries are those of an ingest without the fields of the events, to plan which takes most of its time.
    """
    with closing(Mapper(Statements(sensors, builtin_model()), Router(sensors), str(folder))) as mapper:
        routed = mapper.route(_chunk(records))
        assert routed.rejected is None
        assert routed.guesses == {}
        of_mapping: dict[EventMapping, list[pa.Table]] = {}
        for route, rows in routed.routes.items():
            numbered = rows.append_column(CLAIMED_BY, pa.nulls(rows.num_rows, pa.string()))
            for mapping in (each for each in route.mappings if not each.keeps):
                of_mapping.setdefault(mapping, []).append(numbered.select(RECORDS_SCHEMA.names))
        return {row for mapping, tables in of_mapping.items() for row in _events(mapper, mapping, tables)}


def _events(mapper: Mapper, mapping: EventMapping, tables: list[pa.Table]) -> Iterator[tuple[str, str, str]]:
    mapper.connection.register("records", pa.concat_tables(tables))
    events = events_query(mapping, {}, hostname=None, keep_raw=False)
    hollow = "NOT hollow" if is_guarded(mapping) else "true"
    query = f"SELECT DISTINCT shape FROM ({events}) JOIN records USING (position) WHERE {hollow}"  # noqa: S608
    mapper.macros.make_known(query)
    for (shape,) in mapper.connection.execute(query).fetchall():
        yield (shape, mapping.object, mapping.action)


def _chunk(records: Sequence[Record]) -> pa.Table:
    lines = pa.array([json.dumps(record) for record in records])
    numbers, nothing = counted(1, len(lines)), pa.nulls(len(lines), pa.string())
    files, sources = pa.repeat(pa.scalar(0, pa.int32()), len(lines)), pa.repeat(pa.scalar("log"), len(lines))
    return pa.table([counted(0, len(lines)), files, sources, numbers, lines, nothing, nothing], schema=CHUNK_SCHEMA)


# These ids say everything by themselves.
_SAY_ALL = {("system", "boot"), ("system", "shutdown"), ("system", "audit_stop"), ("system", "log_full")}


def test_frames_alone_make_no_events(tmp_path: Path) -> None:
    sensors = builtin_sensors(builtin_model())
    records = list(_hollow([mapping for mapping in sensors.mappings if not mapping.keeps]))
    made = _made(records, sensors, tmp_path)
    assert {(shape, *kind) for shape, *kind in made if tuple(kind) not in _SAY_ALL} == set()
    assert {tuple(kind) for _, *kind in made} == _SAY_ALL


_FLAT = {"Channel": "Security", "EventID": 4688, "Computer": "H", "TimeCreated": "2024-03-21T10:00:00Z"}


def test_a_process_id_beside_members_of_the_event_is_the_events_own(tmp_path: Path) -> None:
    records = [
        _FLAT | {"ProcessId": 5, "ThreadId": 6},
        _FLAT | {"ProcessId": "0x5", "ThreadId": 6, "NewProcessName": "C:\\at.exe"},
        # HELK's name for it, which is none of a frame
        _FLAT | {"ProcessId": 5, "process_path": "C:\\mmc.exe"},
    ]
    store = tmp_path / "store"
    report = load(store, write_lines(tmp_path / "log.json", records))
    assert report.events == {("event", "log"): 3, ("process", "create"): 2}
    ((claimed, data),) = query(store, "SELECT claimed_by, event_data FROM events WHERE claimed_by IS NOT NULL", "event")
    assert (claimed, json.loads(data)) == ("process/create", records[0])
    assert query(store, "SELECT exe, ppid FROM events ORDER BY exe", "process") == [("at.exe", 5), ("mmc.exe", 5)]
