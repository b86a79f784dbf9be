"""What `--explain` says of a record is what an ingest stores of it: the same events, with the same values."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
import zipfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from carlang.loading import ExplainedEvent, ExplainedRecord, explain
from carlang.mapping import builtin_sensors
from carlang.model import builtin_model
from carlang.store import open_store
from tests.ingesting import load, query, sysmon_create, write_lines
from tests.mapping import test_sensor_network, test_sensor_records
from tests.mapping.sensor_records import windows

_EVERYTHING = 1_000_000

# A record of each sensor that the cases of the other tests have none of.
_MORE: list[Any] = [
    sysmon_create(),
    windows(("System", "Service Control Manager"), 7045, ServiceName="a", ImagePath="C:\\b.exe"),
    windows(("Microsoft-Windows-Bits-Client/Operational", "Microsoft-Windows-Bits-Client"), 3, jobTitle="x"),
    windows(("Microsoft-Windows-TaskScheduler/Operational", "Microsoft-Windows-TaskScheduler"), 106, TaskName="\\t"),
]

_CAR: list[Any] = [
    {"object": "process", "action": "create", "time": "2020-01-01T00:00:00Z", "exe": "at.exe", "hostname": "H"},
    {"object": "file", "action": "create", "fields": {"time": "2020-01-01T00:00:00Z", "file_path": "C:\\a"}},
    {"data_model": {"object": "flow", "action": "start", "fields": {"dest_port": 445}}},
    {"object": "process", "action": "no such action", "exe": "at.exe"},
]

_OTHERS: list[Any] = [
    {"Channel": "Unheard of", "EventID": 1, "Hostname": "H"},
    {"anything": 1},
    {"event_id": 1, "log_name": "Microsoft-Windows-Sysmon/Operational", "process_path": "C:\\a\\b.exe"},
    # Names no log: its mapping is guessed by its members.
    {"UtcTime": "2020-01-02 03:04:05.678", "ProcessGuid": "x", "ProcessId": 1, "Image": "a", "CommandLine": "b"},
    {"Channel": "Security", "EventID": 4624, "Hostname": "H", "TargetUserName": "adam", "LogonType": "3"},
]

_AUDIT = """\
type=SYSCALL msg=audit(1604994496.155:1): arch=c000003e syscall=59 success=yes ppid=2 pid=3 uid=1000 exe="/bin/sh"
type=EXECVE msg=audit(1604994496.155:1): argc=1 a0="sh"
no line of an audit log
type=USER_LOGIN msg=audit(1604994501.155:6): pid=9 uid=0 msg='op=login acct="root" addr=10.0.0.9 res=success'
"""


# Logs that are no JSON, by the names of their files.
_TEXTS = {
    "audit.log": _AUDIT,
    "iis.log": "#Version: 1.0\n#Fields: date time c-ip cs-method cs-uri-stem sc-status\n"
    "2023-05-04 00:00:01 10.0.0.4 GET /1 200\n",
    "access.log": '203.0.113.7 - adam [04/May/2023:10:00:00 +0200] "GET /a?b HTTP/1.1" 200 612 "-" "curl/8.0"\n',
    "squid.log": "1683187200.000 5 203.0.113.7 TCP_TUNNEL/200 39 CONNECT a.example:443 - HIER_DIRECT/192.0.2.9 -\n",
}


_SERVICES = [
    {
        "Timestamp": "2024-03-21T10:00:00.123Z",
        "DeviceName": "host1.example.com",
        "ActionType": "ProcessCreated",
        "FileName": "at.exe",
        "FolderPath": "C:\\Windows\\System32\\at.exe",
        "ProcessId": 4242,
        "ProcessCommandLine": "at 10:00 calc.exe",
        "InitiatingProcessFileName": "cmd.exe",
    },
    {
        "class_uid": 1007,
        "category_uid": 1,
        "activity_id": 1,
        "type_uid": 100701,
        "time": 1711015200123,
        "metadata": {"version": "1.3.0", "product": {"name": "Example"}},
        "device": {"hostname": "HOST1", "type_id": 2},
        "process": {"pid": 4242, "cmd_line": "at 10:00 calc.exe", "file": {"name": "at.exe", "path": "/usr/bin/at"}},
    },
    {
        "@timestamp": "2024-03-21T10:00:00.123Z",
        "event": {"category": ["process"], "type": ["start"], "action": "start", "module": "endpoint"},
        "host": {"hostname": "HOST1"},
        "process": {"pid": 4242, "command_line": "at 10:00 calc.exe", "executable": "C:\\at.exe"},
    },
]


def _all_records() -> list[Any]:
    cases = [record for _, record, _ in test_sensor_records.CASES + test_sensor_network.CASES]
    return [*cases, *_MORE, *_CAR, *_OTHERS, *_SERVICES]


def _stored(store: Path) -> dict[str, list[dict[str, str | None]]]:
    """Return all events of a store by their source, each column as the text that DuckDB makes of it."""
    events: dict[str, list[dict[str, str | None]]] = {}
    for name in {file.object for file in open_store(store).files()}:
        rows = query(store, "SELECT COLUMNS(*)::VARCHAR FROM events", name)
        columns = [row[0] for row in query(store, "DESCRIBE FROM events", name)]
        for row in rows:
            event = dict(zip(columns, row, strict=True))
            events.setdefault(str(event["source"]), []).append(event)
    return events


def _is(explained: ExplainedEvent, stored: dict[str, str | None]) -> bool:
    fields = {field.name: field.value for field in explained.fields}
    fields |= {"object": explained.object, "action": explained.action}
    return all(stored.get(name) == value for name, value in fields.items())


def _compare(explained: Sequence[ExplainedRecord], store: Path) -> None:
    """Match every explained event with one that is stored of the same source, until none is left of either."""
    stored = _stored(store)
    for record in explained:
        for event in record.events:
            candidates = stored.get(record.source, [])
            match = next((each for each in candidates if _is(event, each)), None)
            assert match is not None, (record, candidates)
            candidates.remove(match)
    assert {source: events for source, events in stored.items() if events} == {}


def _check(sources: Sequence[Path], tmp_path: Path, **options: Any) -> list[ExplainedRecord]:
    explained = explain(sources, model=builtin_model(), first=_EVERYTHING, **options)
    report = load(tmp_path / "store", *sources, **options)
    faults = Counter(record.source for record in explained if record.fault)
    assert faults.total() == report.rejected
    assert len(explained) == report.records
    _compare(explained, tmp_path / "store")
    return explained


def test_each_record_of_every_sensor_is_explained_as_it_is_stored(tmp_path: Path) -> None:
    """A record a file, so that an event's source is its record."""
    folder = tmp_path / "logs"
    folder.mkdir()
    logs = [write_lines(folder / f"{number:03}.json", [record]) for number, record in enumerate(_all_records())]
    for name, text in _TEXTS.items():
        (folder / name).write_text(text, "utf-8")
        logs.append(folder / name)
    explained = _check(logs, tmp_path)
    sensors = {event.sensor for record in explained for event in record.events}
    assert sensors == {*builtin_sensors(builtin_model()).names, "car"}


@pytest.mark.parametrize("sensor", ["process/create", "sysmon", "zeek"])
def test_records_are_explained_by_the_sensor_that_is_asked_for(sensor: str, tmp_path: Path) -> None:
    folder = tmp_path / "logs"
    folder.mkdir()
    logs = [write_lines(folder / f"{number:03}.json", [record]) for number, record in enumerate(_all_records())]
    explained = _check(logs, tmp_path, sensor=sensor, hostname="HOST9")
    kinds = {f"{event.object}/{event.action}" for record in explained for event in record.events}
    assert (kinds == {"process/create"}) == (sensor == "process/create")


def test_a_document_in_the_model_is_explained_as_the_event_that_it_is(tmp_path: Path) -> None:
    (record,) = _check([write_lines(tmp_path / "car.json", _CAR[:1])], tmp_path)
    (event,) = record.events
    assert (event.sensor, event.object, event.action) == ("car", "process", "create")
    assert {field.name: field.value for field in event.fields}["exe"] == "at.exe"


def test_archives_tables_and_what_cannot_be_read_are_explained_as_they_are_stored(tmp_path: Path) -> None:
    lines = "".join(json.dumps(record) + "\n" for record in [*_OTHERS, *_CAR, sysmon_create(7)])
    broken = f'{lines}{{"cut": \n\n[1]\n{lines}'.encode()
    folder = tmp_path / "logs"
    folder.mkdir()
    (folder / "a.gz").write_bytes(gzip.compress(broken))
    with zipfile.ZipFile(folder / "b.zip", "w") as archive:
        archive.writestr("one.json", lines)
        archive.writestr("two.gz", gzip.compress(broken))
        archive.writestr("image.png", b"\x89PNG\r\n\x1a\n" + bytes(100))
    with tarfile.open(folder / "c.tar", "w") as tar:
        entry = tarfile.TarInfo("d.json")
        entry.size = len(broken)
        tar.addfile(entry, io.BytesIO(broken))
    (folder / "e.csv").write_text("Channel,EventID,Hostname,User\nDoors,1,H,adam\nDoors,2,H\nDoors,3,H,eve\n", "utf-8")
    (folder / "f.gz").write_bytes(gzip.compress(broken)[:-20])
    (folder / "g.json").write_text(json.dumps([*_CAR, *_OTHERS], indent=1), "utf-8")
    explained = _check([*sorted(folder.iterdir()), tmp_path / "gone.json"], tmp_path)
    assert {Path(record.source).name for record in explained if record.fault} >= {"a.gz", "e.csv", "f.gz", "gone.json"}


def test_records_are_explained_in_the_order_in_which_they_are_read(tmp_path: Path) -> None:
    lines = [json.dumps(record) for record in [*_OTHERS, *_CAR]]
    log = tmp_path / "log.json"
    log.write_text("\n".join([*lines, "no record", *lines]), "utf-8")
    explained = explain([log, log.with_name("gone"), log.with_name("*.none")], model=builtin_model(), first=12)
    assert [record.number for record in explained] == [*range(1, 13), None, None]


def test_real_logs_are_explained_as_they_are_stored(real_logs: Path, tmp_path: Path) -> None:
    logs = sorted((real_logs / "evtx").rglob("*.evtx"), key=lambda path: path.stat().st_size)[:12]
    assert _check(logs, tmp_path)
