from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.ingesting import load, query, sysmon_create, write_lines

_EXPECTED = (
    "2020-01-02 03:04:05.678+00",
    "HOST1",
    "HOST1.example.com",
    "at.exe",
    "at 10:00 calc.exe",
    1088,
    7,
    "{365abb72-0fa6-5cea-0000-001049b50a00}",
    "EXAMPLE\\adam",
    "aa11",
    "bb22",
    "cc33",
    "cmd.exe",
    "High",
    "sysmon",
    1,
)
_COLUMNS = (
    "time::VARCHAR, hostname, fqdn, exe, command_line, pid, ppid, guid, user, sha1_hash, md5_hash, sha256_hash,"
    " parent_exe, integrity_level, sensor, record_id::BIGINT"
)


def _select(columns: str) -> str:
    return f"SELECT DISTINCT {columns} FROM events"  # noqa: S608  # the columns stand above


_DATA = sysmon_create()["Event"]["EventData"]

_FLAT = {
    "Channel": "Microsoft-Windows-Sysmon/Operational",
    "EventID": 1,
    "SourceName": "Microsoft-Windows-Sysmon",
    "Hostname": "HOST1.example.com",
    "RecordNumber": 1,
    "ExecutionProcessID": 99,
    **_DATA,
}

_BEATS_6 = {
    "event_id": 1,
    "log_name": "Microsoft-Windows-Sysmon/Operational",
    "source_name": "Microsoft-Windows-Sysmon",
    "computer_name": "HOST1.example.com",
    "record_number": "1",
    "process_id": 99,
    "host": {"name": "collector"},
    "@timestamp": "2020-01-02T03:04:06Z",
    "event_data": _DATA,
}

_BEATS_7 = {
    "@timestamp": "2020-01-02T03:04:06Z",
    "host": {"name": "collector"},
    "winlog": {
        "channel": "Microsoft-Windows-Sysmon/Operational",
        "event_id": "1",
        "provider_name": "Microsoft-Windows-Sysmon",
        "computer_name": "HOST1.example.com",
        "record_id": 1,
        "event_data": _DATA,
    },
}

_HELK = {
    "@event_date_creation": "2020-01-02T03:04:05.678Z",
    "@timestamp": "2020-01-02T03:04:09Z",
    "event_id": 1,
    "log_name": "Microsoft-Windows-Sysmon/Operational",
    "source_name": "Microsoft-Windows-Sysmon",
    "host_name": "HOST1.example.com",
    "host": {"name": "collector"},
    "record_number": "1",
    "process_guid": "365abb72-0fa6-5cea-0000-001049b50a00",
    "process_id": "1088",
    "process_path": "C:\\Windows\\System32\\at.exe",
    "process_command_line": "at 10:00 calc.exe",
    "process_parent_id": "7",
    "process_parent_path": "C:\\Windows\\System32\\cmd.exe",
    "process_integrity_level": "High",
    "user_account": "EXAMPLE\\adam",
    "hash_sha1": "AA11",
    "hash_md5": "BB22",
    "hash_sha256": "CC33",
}

_TEXT_ID = sysmon_create()
_TEXT_ID["Event"]["System"]["EventID"] = {"#text": "1", "#attributes": {"Qualifiers": 0}}
_UPPER = sysmon_create()
_UPPER["Event"]["System"]["Channel"] = "MICROSOFT-WINDOWS-SYSMON/OPERATIONAL"
_NO_CHANNEL = sysmon_create()
del _NO_CHANNEL["Event"]["System"]["Channel"]


@pytest.mark.parametrize(
    "record",
    [
        pytest.param(sysmon_create(), id="nested"),
        pytest.param(_TEXT_ID, id="event id with attributes"),
        pytest.param(_UPPER, id="channel in capitals"),
        pytest.param(_NO_CHANNEL, id="provider alone"),
        pytest.param(_FLAT, id="flat"),
        pytest.param({**_FLAT, "EventID": "1"}, id="flat with a text as event id"),
        pytest.param(_BEATS_6, id="winlogbeat 6"),
        pytest.param(_BEATS_7, id="winlogbeat 7"),
        pytest.param(_HELK, id="HELK"),
        pytest.param({"_index": "logs", "_source": _BEATS_6}, id="Elasticsearch export"),
        pytest.param({"_index": "logs", "_source": _BEATS_7}, id="Elasticsearch export of winlogbeat 7"),
        pytest.param({"preview": False, "result": _FLAT}, id="Splunk export"),
    ],
)
def test_a_record_gives_the_same_event_in_every_shape(record: Any, store: Path, tmp_path: Path) -> None:
    report = load(store, write_lines(tmp_path / "log.json", [record]))
    assert report.events == {("process", "create"): 1}
    assert query(store, _select(_COLUMNS)) == [_EXPECTED]


def test_shapes_may_be_mixed_in_a_file(store: Path, tmp_path: Path) -> None:
    records = [sysmon_create(), _FLAT, _BEATS_6, _BEATS_7, _HELK, {"_source": _HELK}, {"unknown": 1}]
    report = load(store, write_lines(tmp_path / "log.json", records))
    assert report.events == {("event", "log"): 1, ("process", "create"): 6}
    assert query(store, _select(_COLUMNS), "process") == [_EXPECTED]


def _security(event_id: int, **data: Any) -> dict[str, Any]:
    return {
        "EventTime": "2020-10-13 00:26:28",
        "EventReceivedTime": "2020-10-13 00:26:31",
        "@timestamp": "2020-10-13T04:26:30.140Z",
        "Channel": "security",
        "EventID": event_id,
        "Hostname": "HOST2",
        "SourceName": "Microsoft-Windows-Security-Auditing",
        "Message": "a long text",
        **data,
    }


_CREATED = {
    "NewProcessId": "0x440",
    "NewProcessName": "C:\\Windows\\System32\\cmd.exe",
    "ProcessId": "0x39c",
    "ParentProcessName": "C:\\Windows\\explorer.exe",
    "CommandLine": "",
    "MandatoryLabel": "S-1-16-12288",
    "SubjectUserName": "adam",
    "SubjectDomainName": "EXAMPLE",
    "SubjectUserSid": "S-1-5-21-1",
    "TargetUserName": "-",
    "TargetDomainName": "-",
    "TargetUserSid": "S-1-0-0",
}


def test_local_times_become_utc_by_when_the_collector_received_them(store: Path, tmp_path: Path) -> None:
    load(store, write_lines(tmp_path / "log.json", [_security(4688, **_CREATED)]))
    assert query(store, "SELECT time::VARCHAR, hostname, fqdn FROM events", "process") == [
        ("2020-10-13 04:26:28+00", "HOST2", None)
    ]


@pytest.mark.parametrize(
    ("target", "user", "sid"),
    [
        ({}, "EXAMPLE\\adam", "S-1-5-21-1"),
        ({"TargetUserName": "beth", "TargetDomainName": "D", "TargetUserSid": "S-1-5-21-2"}, "D\\beth", "S-1-5-21-2"),
        ({"TargetUserName": "HOST2$", "TargetDomainName": "D"}, "D\\HOST2$", None),
    ],
    ids=["creator", "target", "target without a sid"],
)
def test_the_user_of_4688_is_whose_token_the_process_got(
    target: dict[str, str], user: str, sid: str | None, store: Path, tmp_path: Path
) -> None:
    load(store, write_lines(tmp_path / "log.json", [_security(4688, **{**_CREATED, **target})]))
    columns = "user, sid, pid, ppid, exe, parent_exe, integrity_level, command_line, sensor"
    assert query(store, _select(columns), "process") == [
        (user, sid, 1088, 924, "cmd.exe", "explorer.exe", "High", None, "windows_security")
    ]


def test_4689_ends_a_process(store: Path, tmp_path: Path) -> None:
    data = {"ProcessId": "0x440", "ProcessName": "C:\\a\\b.exe", "SubjectUserName": "adam", "SubjectDomainName": "D"}
    report = load(store, write_lines(tmp_path / "log.json", [_security(4689, **data)]))
    assert report.events == {("event", "log"): 1, ("process", "terminate"): 1}
    assert query(store, "SELECT pid, exe, user FROM events", "process") == [(1088, "b.exe", "D\\adam")]


def test_what_no_mapping_is_for_is_kept_as_a_log_record(store: Path, tmp_path: Path) -> None:
    nested = sysmon_create(Extra="x")
    nested["Event"]["System"] |= {"Channel": "System", "EventID": 7023, "Level": 2}
    zeek = {"@stream": "weird", "ts": 1588316619.797806, "uid": "C1", "name": "odd"}
    records = [_security(4627, LogonType=3), nested, zeek, {"anything": {"else": 1}}]
    report = load(store, write_lines(tmp_path / "log.json", records))
    assert report.events == {("event", "log"): 4}
    assert report.unmapped == {("security", 4627): 1, ("System", 7023): 1, ("zeek/weird", None): 1, (None, None): 1}
    rows = query(store, "SELECT log_name, event_code, level, message, sensor, event_data FROM events ORDER BY time")
    assert [row[:5] for row in rows] == [
        ("System", 7023, "Error", None, "windows_event_log"),
        ("zeek/weird", None, None, None, "zeek"),
        ("security", 4627, None, "a long text", "windows_event_log"),
        (None, None, None, None, None),
    ]
    data = [json.loads(row[5]) for row in rows]
    assert data[0]["Extra"] == "x"
    assert data[2]["LogonType"] == 3
    assert "Message" not in data[2]
    assert data[3] == {"anything": {"else": 1}}


@pytest.mark.parametrize("wrapper", [None, "_source", "result"])
@pytest.mark.parametrize(
    ("record", "message", "data"),
    [
        (
            {"Event": {"System": {"EventID": 1}, "EventData": {"a": 1}, "RenderingInfo": {"Message": "said"}}},
            "said",
            None,
        ),
        ({"Event": {"System": {"EventID": 1}, "EventData": {"a": 1, "Message": "not this"}}}, None, None),
        ({"winlog": {"event_id": 1, "event_data": {"a": 1}}, "message": "said"}, "said", None),
        ({"winlog": {"event_id": 1, "event_data": {"a": 1, "message": "not this"}}, "message": ""}, None, None),
        ({"winlog": {"event_id": 1}, "@event_date_creation": "2020-01-01", "a": 1, "message": "said"}, "said", 1),
        ({"event_id": 1, "log_name": "X", "event_data": {"a": 1}, "message": "said"}, "said", None),
        ({"event_id": 1, "log_name": "X", "event_data": {"a": 1, "message": "not this"}}, None, None),
        ({"event_id": 1, "log_name": "X", "a": 1, "z_original_message": "said"}, "said", 1),
        ({"EventID": 1, "Channel": "X", "a": 1, "Message": "said"}, "said", 1),
        ({"EventId": 1, "a": 1, "message": "", "Message": "said"}, "said", 1),
        ({"EventId": 1, "EventData": {"a": 1, "message": "not this"}, "Message": "said"}, "said", None),
    ],
)
def test_the_message_stands_where_each_shape_has_it(
    store: Path, tmp_path: Path, record: dict[str, Any], message: str | None, data: int | None, wrapper: str | None
) -> None:
    line = {wrapper: record, "other": 1} if wrapper else record
    load(store, write_lines(tmp_path / "log.json", [line]))
    ((found, kept),) = query(store, "SELECT message, event_data FROM events")
    assert found == message
    members = json.loads(kept)
    assert members["a"] == 1
    assert data is None or "message" not in members


def test_user_data_are_the_data_of_a_record_that_has_no_event_data(store: Path, tmp_path: Path) -> None:
    record = sysmon_create()
    del record["Event"]["EventData"]
    record["Event"]["UserData"] = {"#attributes": {"x": "y"}, "EventXML": {"listenerName": "RDP-Tcp"}}
    record["Event"]["System"]["EventID"] = 258
    load(store, write_lines(tmp_path / "log.json", [record]))
    assert query(store, "SELECT event_data FROM events") == [('{"listenerName":"RDP-Tcp"}',)]


def test_a_record_without_a_time_is_kept(store: Path, tmp_path: Path) -> None:
    record = sysmon_create(UtcTime="soon")
    record["Event"]["System"]["TimeCreated"] = None
    load(store, write_lines(tmp_path / "log.json", [record]))
    assert query(store, "SELECT time, exe FROM events") == [(None, "at.exe")]


def test_the_hostname_given_is_for_records_without_one(store: Path, tmp_path: Path) -> None:
    without = sysmon_create()
    del without["Event"]["System"]["Computer"]
    load(store, write_lines(tmp_path / "log.json", [without, sysmon_create()]), hostname="GIVEN")
    assert query(store, "SELECT hostname FROM events ORDER BY 1") == [("GIVEN",), ("HOST1",)]


@pytest.mark.parametrize(
    ("computer", "hostname", "fqdn"),
    [("HOST1", "HOST1", None), ("h.a.b", "h", "h.a.b"), ("10.0.0.1", "10.0.0.1", None), ("fe80::1", "fe80::1", None)],
)
def test_a_computer_is_named_short_and_in_full(
    computer: str, hostname: str, fqdn: str | None, store: Path, tmp_path: Path
) -> None:
    record = sysmon_create()
    record["Event"]["System"]["Computer"] = computer
    load(store, write_lines(tmp_path / "log.json", [record]))
    assert query(store, "SELECT hostname, fqdn FROM events") == [(hostname, fqdn)]


def test_the_raw_record_is_kept_on_request(store: Path, tmp_path: Path) -> None:
    load(store, write_lines(tmp_path / "a.json", [sysmon_create(1)]))
    load(store, write_lines(tmp_path / "b.json", [sysmon_create(2)]), keep_raw=True)
    rows = query(store, "SELECT record_id::BIGINT, raw FROM events ORDER BY 1")
    assert rows[0] == (1, None)
    assert json.loads(rows[1][1]) == sysmon_create(2)


def test_a_sensor_by_name_maps_its_records_alone(store: Path, tmp_path: Path) -> None:
    log = write_lines(tmp_path / "log.json", [sysmon_create(), _security(4688, **_CREATED)])
    report = load(store, log, sensor="windows_security")
    assert report.events == {("event", "log"): 2, ("process", "create"): 1}
    assert report.unmapped == {("Microsoft-Windows-Sysmon/Operational", 1): 1}
