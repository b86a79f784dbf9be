"""Tables of Microsoft Sentinel and of Defender, as their portals and interfaces export them."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from tests.mapping.exported import assert_events

_TIME = "2024-03-21 10:00:00.123+00"
_GENERATED = {"TimeGenerated": "2024-03-21T10:00:00.123Z", "Computer": "HOST1.example.com"}
_SYSMON = {"Channel": "Microsoft-Windows-Sysmon/Operational", "Provider": "Microsoft-Windows-Sysmon"}
_ENDED = {"ProcessId": "4", "Image": "C:\\a.exe", "UtcTime": "2024-03-21 10:00:00.100"}
_SECURITY = {"Channel": "Security", "EventSourceName": "Microsoft-Windows-Security-Auditing", "Type": "SecurityEvent"}


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        pytest.param(
            {**_GENERATED, **_SYSMON, "EventID": 5, "EventData": _ENDED, "Type": "WindowsEvent"},
            [{"hostname": "HOST1", "pid": 4, "exe": "a.exe", "time": "2024-03-21 10:00:00.1+00"}],
            id="WindowsEvent",
        ),
        pytest.param(
            {**_GENERATED, **_SYSMON, "EventID": 5, "EventData": json.dumps(_ENDED), "EventRecordId": "9"},
            [{"hostname": "HOST1", "pid": 4, "exe": "a.exe", "record_id": 9}],
            id="WindowsEvent, the data as text",
        ),
        pytest.param(
            {
                **_GENERATED,
                "EventLog": "System",
                "Source": "Service Control Manager",
                "EventID": 7045,
                "EventLevelName": "Information",
                "EventData": '<DataItem type="System.XmlData"><EventData xmlns="x"><Data Name="ServiceName">a &lt;b'
                '</Data><Data Name="ImagePath">C:\\s.exe -k</Data></EventData></DataItem>',
                "RenderedDescription": "A service was installed",
            },
            [{"name": "a <b", "command_line": "C:\\s.exe -k", "time": _TIME}],
            id="Event",
        ),
        pytest.param(
            {
                **_GENERATED,
                **_SECURITY,
                "EventID": 4624,
                "Account": "EXAMPLE\\bob",
                "TargetUserName": "bob",
                "TargetDomainName": "EXAMPLE",
                "LogonType": 3,
                "LogonTypeName": "3 - Network",
                "IpAddress": "10.1.1.1",
                "IpPort": "123",
                "Process": "lsass.exe",
                "ProcessId": "0x1c8",
                "ProcessName": "C:\\lsass.exe",
                "SystemProcessId": 5,
            },
            [
                {"action": "login", "user": "EXAMPLE\\bob", "src_ip": "10.1.1.1", "login_type": "network", "pid": 456},
                {
                    "action": "success",
                    "target_user": "EXAMPLE\\bob",
                    "src_ip": "10.1.1.1",
                    "pid": 456,
                    "exe": "lsass.exe",
                },
            ],
            id="SecurityEvent",
        ),
        pytest.param(
            {
                **_GENERATED,
                **_SECURITY,
                "EventID": 4698,
                "SubjectUserName": "ann",
                "EventData": '<EventData><Data Name="TaskName">\\t</Data><Data Name="TaskContent">&lt;Task&gt;'
                "&lt;Command&gt;a.exe&lt;/Command&gt;&lt;/Task&gt;</Data></EventData>",
            },
            [{"task_name": "\\t", "command_line": "a.exe", "user": "ann"}],
            id="SecurityEvent, data without a column",
        ),
    ],
)
def test_tables_of_sentinel(record: Any, expected: Any, tmp_path: Path) -> None:
    assert_events(tmp_path, [record], *expected)


@pytest.mark.parametrize(
    ("name", "text", "time"),
    [
        ("TimeGenerated [UTC]", "4/3/2024, 10:00:00.123 PM", "2024-04-03 22:00:00.123+00"),
        ("TimeGenerated", "2024-04-03T10:00:00Z", "2024-04-03 10:00:00+00"),
    ],
)
def test_a_portals_table_names_the_zone_of_its_times(name: str, text: str, time: str, tmp_path: Path) -> None:
    path = tmp_path / "query_data.csv"
    with path.open("w", newline="", encoding="utf-8-sig") as file:
        rows = csv.writer(file)
        rows.writerow([name, "Computer", "EventID", "EventLog", "Source", "EventData"])
        data = '<DataItem><EventData><Data Name="Image">C:\\a.exe</Data></EventData></DataItem>'
        rows.writerow([text, "HOST1", "5", _SYSMON["Channel"], _SYSMON["Provider"], data])
    assert_events(tmp_path, path, {"exe": "a.exe", "time": time})


_DEVICE = {"Timestamp": "2024-03-21T10:00:00.123Z", "DeviceId": "d1", "DeviceName": "host1.example.com", "ReportId": 7}
_INITIATING = {
    "InitiatingProcessFileName": "at.exe",
    "InitiatingProcessFolderPath": "c:\\windows",
    "InitiatingProcessId": 4242,
    "InitiatingProcessAccountDomain": "example",
    "InitiatingProcessAccountName": "ann",
}
_BY = {"hostname": "host1", "time": _TIME, "image_path": "c:\\windows\\at.exe", "pid": 4242, "user": "example\\ann"}
_RENAMED = {
    "FileName": "b.txt",
    "FolderPath": "C:\\x\\b.txt",
    "PreviousFileName": "a.txt",
    "PreviousFolderPath": "C:\\x",
}
_PEERS = {"RemoteIP": "10.0.0.9", "RemotePort": 445, "LocalIP": "10.0.0.5", "LocalPort": 50123, "Protocol": "TcpV4"}
_OUTWARD = {"src_ip": "10.0.0.5", "dest_ip": "10.0.0.9", "dest_port": 445, "transport_protocol": "tcp"}
_WHO = {"AccountDomain": "example", "AccountName": "bob", "LogonType": "RemoteInteractive", "RemoteIP": "10.0.0.9"}
_KEY = {"RegistryKey": "HKEY_LOCAL_MACHINE\\SOFTWARE\\Run"}


@pytest.mark.parametrize(
    ("action", "fields", "expected"),
    [
        (
            "ProcessCreated",
            {"FileName": "sh", "FolderPath": "/usr/bin", "ProcessId": 9, "ProcessCommandLine": "sh -c x", "MD5": "AA"},
            [{"image_path": "/usr/bin/sh", "pid": 9, "ppid": 4242, "parent_exe": "at.exe", "md5_hash": "aa"}],
        ),
        ("FileModified", {"FileName": "a.txt", "FolderPath": "C:\\x\\A.txt"}, [{**_BY, "file_path": "C:\\x\\A.txt"}]),
        (
            "FileRenamed",
            _RENAMED,
            [
                {**_BY, "action": "create", "file_path": "C:\\x\\b.txt"},
                {**_BY, "action": "delete", "file_path": "C:\\x\\a.txt", "file_name": "a.txt"},
            ],
        ),
        ("ImageLoaded", {"FileName": "m.dll", "FolderPath": "C:\\m.dll"}, [{**_BY, "module_path": "C:\\m.dll"}]),
        ("RegistryKeyDeleted", {"PreviousRegistryKey": "HKEY_USERS\\S-1\\A"}, [{**_BY, "key": "HKU\\S-1\\A"}]),
        (
            "RegistryValueSet",
            {**_KEY, "RegistryValueName": "up", "RegistryValueData": "1", "RegistryValueType": "Dword"},
            [{**_BY, "key": "HKLM\\SOFTWARE\\Run\\up", "value": "up", "data": "1", "type": "REG_DWORD"}],
        ),
        (
            "ConnectionSuccess",
            {**_PEERS, "RemoteUrl": "https://a.example.com/x"},
            [{**_BY, **_OUTWARD, "dest_hostname": "a"}],
        ),
        (
            "InboundConnectionAccepted",
            _PEERS,
            [{"src_ip": "10.0.0.9", "dest_ip": "10.0.0.5", "network_direction": "in"}],
        ),
        ("ListeningConnectionCreated", _PEERS, [{"local_address": "10.0.0.5", "local_port": 50123}]),
        (
            "LogonFailed",
            {**_WHO, "FailureReason": "InvalidUserNameOrPassword"},
            [
                {"action": "failure", "target_user": "example\\bob", "src_ip": "10.0.0.9"},
                {
                    "action": "login",
                    "user": "example\\bob",
                    "login_type": "remote_interactive",
                    "login_successful": "false",
                },
            ],
        ),
        (
            "NamedPipeEvent",
            {"AdditionalFields": '{"PipeName":"\\\\Device\\\\NamedPipe\\\\mine","FileOperation":"File created"}'},
            [{**_BY, "action": "create", "pipe_name": "\\mine"}],
        ),
        (
            "OpenProcessApiCall",
            {"FileName": "lsass.exe", "ProcessId": 600, "AdditionalFields": {"DesiredAccess": 5136}},
            [{**_BY, "target_name": "lsass.exe", "target_pid": 600, "access_level": "5136"}],
        ),
        ("DnsQueryResponse", {"AdditionalFields": '{"DnsQueryString":"a.example"}'}, [{**_BY, "query": "a.example"}]),
        ("BrowserLaunchedToOpenUrl", {"RemoteUrl": "https://a.example"}, []),
    ],
)
def test_what_happened_says_which_event_it_is(action: str, fields: Any, expected: Any, tmp_path: Path) -> None:
    assert_events(tmp_path, [{**_DEVICE, **_INITIATING, "ActionType": action, **fields}], *expected)


_LOADED = {**_DEVICE, **_INITIATING, "ActionType": "ImageLoaded", "FileName": "m.dll", "FolderPath": "C:\\m.dll"}


@pytest.mark.parametrize(
    "document",
    [
        pytest.param(
            {"time": "x", "category": "AdvancedHunting-DeviceImageLoadEvents", "properties": _LOADED}, id="stream"
        ),
        pytest.param(
            {
                "Stats": {"ExecutionTime": 1, "use": {"cache": {"x": 1}}},
                "Schema": [{"Name": "a"}],
                "Results": [_LOADED],
            },
            id="Defender's interface",
        ),
        pytest.param({"@odata.context": "x", "schema": [{"name": "a"}], "results": [_LOADED]}, id="Graph"),
    ],
)
def test_rows_stand_in_what_interfaces_answer(document: Any, tmp_path: Path) -> None:
    path = tmp_path / "answer.json"
    path.write_text(json.dumps(document), "utf-8")
    assert_events(tmp_path, path, {**_BY, "module_path": "C:\\m.dll"})
