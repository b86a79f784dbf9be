"""What a record that names no log is taken for: never by names that listings have as well."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.cli.commands import carlang
from tests.ingesting import load, sysmon_create, write_lines

_SYSMON = sysmon_create()["Event"]["EventData"]
_TIME = {"timestamp": "2024-03-21T10:00:00Z"}

_PROCESS = {
    "ProcessId": 50,
    "ParentProcessId": 4,
    "CommandLine": "at 10:00 calc.exe",
    "User": "EXAMPLE\\ann",
}

_LISTINGS = {
    "collection script": {**_PROCESS, "ProcessName": "at.exe", "Path": "C:\\at.exe", "CreationDate": "2024-03-21"},
    "the same with a time": {**_PROCESS, **_TIME, "Description": "at.exe"},
    "with hashes and a level": {
        **_PROCESS,
        **_TIME,
        "Image": "C:\\at.exe",
        "Hashes": "MD5=1",
        "IntegrityLevel": "High",
    },
    "wmic": {
        "Node": "HOST1",
        "CommandLine": "at",
        "ExecutablePath": "C:\\at.exe",
        "ParentProcessId": 1,
        "ProcessId": 5,
    },
    "tasklist": {"Image Name": "at.exe", "PID": "50", "Session Name": "Console", "Session#": "1", "Mem Usage": "4 K"},
    "Get-Process": {"Id": 50, "ProcessName": "at", "Path": "C:\\at.exe", "Company": "E", "StartTime": "2024-03-21"},
    "osquery's processes": {"pid": "50", "name": "at", "path": "/bin/at", "cmdline": "at", "parent": "1", "uid": "0"},
    "Velociraptor's pslist": {
        "Pid": 50,
        "Ppid": 4,
        "Name": "at",
        "CommandLine": "at",
        "Exe": "C:\\at.exe",
        "Username": "a",
    },
    "renamed": {
        "process_id": 1,
        "process_path": "C:\\at.exe",
        "process_command_line": "at",
        "user_account": "a",
        **_TIME,
    },
    "netstat": {
        "Protocol": "TCP",
        "LocalAddress": "10.0.0.1",
        "LocalPort": 1,
        "RemoteAddress": "10.0.0.2",
        "State": "UP",
    },
    "connections": {
        "Protocol": "tcp",
        "SourceIp": "10.0.0.1",
        "SourcePort": 1,
        "DestinationIp": "10.0.0.2",
        "DestinationPort": 2,
        "ProcessId": 4,
        **_TIME,
    },
    "services": {"ServiceName": "x", "ImagePath": "C:\\x.exe", "StartType": "auto", "AccountName": "a", **_TIME},
}


@pytest.mark.parametrize("record", _LISTINGS.values(), ids=_LISTINGS.keys())
def test_a_listing_makes_no_events(record: dict[str, Any], store: Path, tmp_path: Path) -> None:
    report = load(store, write_lines(tmp_path / "log.json", [record]))
    assert report.events == {("event", "log"): 1}
    assert report.guesses == ()


_BARE = {
    "Sysmon, a start": ({**_SYSMON}, ("process", "create")),
    "Sysmon, a connection": (
        {
            "UtcTime": "2024-03-21 10:00:00.123",
            "ProcessGuid": "{0197231e-fa9d-6938-d910-000000000800}",
            "Image": "C:\\at.exe",
            "Initiated": "true",
            "SourceIp": "10.0.0.1",
            "SourceHostname": "a",
            "DestinationIp": "10.0.0.2",
            "DestinationHostname": "b",
        },
        ("flow", "start"),
    ),
    "Security, a start": (
        {
            **_TIME,
            "SubjectUserSid": "S-1-5-18",
            "NewProcessId": "0x440",
            "NewProcessName": "C:\\at.exe",
            "ProcessId": "0x4",
            "CommandLine": "at",
        },
        ("process", "create"),
    ),
    "with its event id": (
        {"EventID": 1, **_TIME, "Image": "C:\\at.exe", "ParentImage": "C:\\cmd.exe", "CommandLine": "at"},
        ("process", "create"),
    ),
}


@pytest.mark.parametrize(("record", "makes"), _BARE.values(), ids=_BARE.keys())
def test_names_that_one_kind_of_event_has_alone_make_an_event(
    record: dict[str, Any], makes: tuple[str, str], store: Path, tmp_path: Path
) -> None:
    report = load(store, write_lines(tmp_path / "log.json", [record]))
    assert set(report.events) - {("event", "log")} == {makes}
    assert report.not_guessed == ()


def test_a_record_without_a_time_is_not_guessed(store: Path, tmp_path: Path) -> None:
    record = {name: value for name, value in _SYSMON.items() if name != "UtcTime"}
    report = load(store, write_lines(tmp_path / "log.json", [record]))
    assert report.events == {("event", "log"): 1}
    (doubt,) = report.not_guessed
    assert (doubt.sensor, doubt.object, doubt.action, doubt.count) == ("sysmon", "process", "create", 1)
    assert doubt.reason == "they have no time"


def test_what_several_kinds_of_events_have_is_not_guessed(store: Path, tmp_path: Path) -> None:
    names = ("UtcTime", "ProcessGuid", "ProcessId", "Image", "User")
    report = load(store, write_lines(tmp_path / "log.json", [{name: _SYSMON[name] for name in names}]))
    assert report.events == {("event", "log"): 1}
    assert [doubt.reason for doubt in report.not_guessed] == ["other records have these members too"]


def test_the_report_counts_what_was_not_guessed_and_says_how_to_say_it(store: Path, tmp_path: Path) -> None:
    log = write_lines(tmp_path / "log.json", [_LISTINGS["collection script"]] * 3)
    said = carlang("ingest", log, "--store", store).out
    assert "not guessed: 3 records name no log and look like sysmon process/create, but" in said
    assert "--sensor sysmon" in said
    (counted,) = carlang("ingest", log, "--store", tmp_path / "b", "--format", "json").json()["not_guessed"]
    assert (counted["sensor"], counted["count"]) == ("sysmon", 3)
    report = load(tmp_path / "c", log, sensor="sysmon")
    assert report.events == {("process", "create"): 3}
    assert load(tmp_path / "d", log, sensor="process/create").events == {("process", "create"): 3}


_DOCUMENT = sysmon_create()


@pytest.mark.parametrize(
    "action",
    [
        {"index": {"_index": "logs"}},
        {"index": {}},
        {"create": {"_index": "logs", "_id": 'a "b" {c}', "pipeline": None, "require_alias": True}},
        {"index": {"_index": "logs", "_type": "_doc", "_id": 7, "routing": "x", "dynamic_templates": {"a": "b"}}},
    ],
)
def test_lines_of_the_bulk_form_are_no_records(action: dict[str, Any], store: Path, tmp_path: Path) -> None:
    delete = {"delete": {"_index": "logs", "_id": "2"}}
    report = load(store, write_lines(tmp_path / "log.json", [action, _DOCUMENT, delete, action, _DOCUMENT]))
    assert report.events == {("process", "create"): 2}
    assert report.records == 2


@pytest.mark.parametrize(
    "record", [{"index": 5}, {"index": {"user": "ann"}}, {"delete": {"_id": "2"}, "by": "ann"}, {"create": ["_id"]}]
)
def test_what_is_like_a_line_of_the_bulk_form_is_a_record(record: dict[str, Any], store: Path, tmp_path: Path) -> None:
    report = load(store, write_lines(tmp_path / "log.json", [record]))
    assert report.events == {("event", "log"): 1}
