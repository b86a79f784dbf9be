"""Windows events as Splunk exports them: as they came in, in `_raw`, or as fields of its add-ons."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from tests.ingesting import sysmon_create
from tests.mapping.exported import assert_events

_LOGON_MESSAGE = """An account was successfully logged on.

Subject:
\tSecurity ID:\t\tS-1-5-18
\tAccount Name:\t\tHOST1$
\tAccount Domain:\t\tEXAMPLE
\tLogon ID:\t\t0x3E7

Logon Information:
\tLogon Type:\t\t3

New Logon:
\tSecurity ID:\t\tS-1-5-21-9
\tAccount Name:\t\tbob
\tAccount Domain:\t\tEXAMPLE
\tLogon ID:\t\t0x99

Process Information:
\tProcess ID:\t\t0x1c8
\tProcess Name:\t\tC:\\lsass.exe

Network Information:
\tWorkstation Name:\tWS
\tSource Network Address:\t10.1.1.1
\tSource Port:\t\t123

Detailed Authentication Information:
\tLogon Process:\t\tNtLmSsp
\tAuthentication Package:\tNTLM
"""
_CLASSIC = f"""03/21/2024 10:00:00 AM
LogName=Security
EventCode=4624
EventType=0
ComputerName=HOST1.example.com
SourceName=Microsoft Windows security auditing.
Type=Information
RecordNumber=55
Keywords=Audit Success
Message={_LOGON_MESSAGE}"""
_SYSMON_MESSAGE = """Process Create:
RuleName: -
UtcTime: 2024-03-21 10:00:00.100
ProcessGuid: {0197231e-fa9d-6938-d910-000000000800}
ProcessId: 4242
Image: C:\\Windows\\at.exe
CommandLine: at 10:00 calc.exe
User: EXAMPLE\\ann
Hashes: MD5=00112233445566778899AABBCCDDEE01
ParentProcessId: 77
ParentImage: C:\\cmd.exe"""
_BESIDE = {"_time": "2024-03-21T10:00:00.123+00:00", "host": "HOST1", "index": "main", "linecount": "9"}
_SYSMON_SOURCE = {
    "source": "WinEventLog:Microsoft-Windows-Sysmon/Operational",
    "sourcetype": "WinEventLog:Microsoft-Windows-Sysmon/Operational",
}
_SESSION = {
    "hostname": "HOST1",
    "time": "2024-03-21 10:00:00.123+00",
    "user": "EXAMPLE\\bob",
    "login_id": "0x99",
    "login_type": "network",
    "src_ip": "10.1.1.1",
    "src_port": 123,
    "src_hostname": "WS",
    "pid": 456,
    "record_id": 55,
}
_ACCEPTED = {"user": "EXAMPLE\\HOST1$", "target_user": "EXAMPLE\\bob", "target_uid": "S-1-5-21-9", "method": "NTLM"}
_STARTED = {
    "hostname": "HOST1",
    "pid": 4242,
    "ppid": 77,
    "exe": "at.exe",
    "command_line": "at 10:00 calc.exe",
    "user": "EXAMPLE\\ann",
    "parent_exe": "cmd.exe",
}


def _xml(event_id: int, channel: str, data: str) -> str:
    return (
        "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='X'/>"
        f"<EventID Qualifiers='16384'>{event_id}</EventID><TimeCreated SystemTime='2024-03-21T10:00:00.5Z'/>"
        f"<EventRecordID>9</EventRecordID><Channel>{channel}</Channel><Computer>HOST1</Computer></System>{data}</Event>"
    )


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        pytest.param(_CLASSIC, [_ACCEPTED, _SESSION], id="lines"),
        pytest.param(_CLASSIC.replace("\n", "\r\n"), [_ACCEPTED, _SESSION], id="lines of Windows"),
        pytest.param(
            "03/21/2024 10:00:00 AM\nLogName=System\nEventCode=7045\nComputerName=HOST1\nRecordNumber=9\n"
            "SourceName=Microsoft-Windows-Service Control Manager\nMessage=A service was installed in the system.\n\n"
            "Service Name:  evil\nService File Name:  C:\\e.exe\nService Account:  LocalSystem",
            [{"name": "evil", "image_path": "C:\\e.exe", "user": "LocalSystem", "record_id": 9}],
            id="lines of the System log",
        ),
        pytest.param(json.dumps(sysmon_create(7)), [{"record_id": 7, "exe": "at.exe"}], id="JSON"),
        pytest.param(
            _xml(
                7036,
                "System",
                "<EventData><Data Name='param1'>A &amp; B</Data><Data Name='param2'>running</Data>"
                "<Binary>610062002F0034000000</Binary></EventData>",
            ).replace("Name='X'", "Name='Service Control Manager'"),
            [{"display_name": "A & B", "name": "ab", "time": "2024-03-21 10:00:00.5+00", "record_id": 9}],
            id="XML with an element beside the data",
        ),
        pytest.param(
            _xml(
                1102,
                "Security",
                "<UserData><LogFileCleared xmlns='x'><SubjectUserName>ann</SubjectUserName><SubjectDomainName>E"
                "</SubjectDomainName></LogFileCleared></UserData>",
            ).replace("Name='X'", 'Name="Microsoft-Windows-Eventlog" Guid="{1}"'),
            [{"action": "log_clear", "user": "E\\ann", "hostname": "HOST1"}],
            id="XML with data of the user",
        ),
        pytest.param(
            _xml(
                400,
                "Windows PowerShell",
                "<EventData><Data>Available</Data><Data>None</Data><Data>\tHostName=ConsoleHost&#13;&#10;"
                "\tHostApplication=powershell -c x</Data></EventData>",
            ).replace("Name='X'", "Name='PowerShell'"),
            [{"host_program": "ConsoleHost", "host_application": "powershell -c x"}],
            id="XML with data that have no names",
        ),
    ],
)
@pytest.mark.parametrize("form", ["result", "row of JSON", "CSV"])
def test_the_event_as_it_came_in_is_taken_apart(raw: str, expected: Any, form: str, tmp_path: Path) -> None:
    row = {**_BESIDE, "_raw": raw, "source": "WinEventLog:Security", "sourcetype": "WinEventLog"}
    if form != "CSV":
        assert_events(tmp_path, [{"preview": False, "result": row} if form == "result" else row], *expected)
        return
    path = tmp_path / "export.csv"
    with path.open("w", newline="") as file:
        rows = csv.DictWriter(file, list(row))
        rows.writeheader()
        rows.writerow(row)
    assert_events(tmp_path, path, *expected)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        pytest.param(
            {
                "LogName": "Microsoft-Windows-Sysmon/Operational",
                "EventCode": "1",
                "EventType": "4",
                "User": "NOT_TRANSLATED",
                "Sid": "S-1-5-18",
                "ComputerName": "HOST1",
                "SourceName": "Microsoft-Windows-Sysmon",
                "Message": _SYSMON_MESSAGE,
            },
            [{**_STARTED, "time": "2024-03-21 10:00:00.1+00", "md5_hash": "00112233445566778899aabbccddee01"}],
            id="message of Sysmon",
        ),
        pytest.param(
            {
                **_SYSMON_SOURCE,
                "EventCode": "1",
                "process": "at 10:00 calc.exe",
                "process_path": "C:\\Windows\\at.exe",
                "process_id": "4242",
                "parent_process": "cmd /c at.cmd",
                "parent_process_path": "C:\\cmd.exe",
                "parent_process_id": "77",
                "user": "EXAMPLE\\ann",
            },
            [{**_STARTED, "parent_command_line": "cmd /c at.cmd", "parent_image_path": "C:\\cmd.exe"}],
            id="names of CIM",
        ),
        pytest.param(
            {**_SYSMON_SOURCE, "EventID": "3", "src_ip": "10.0.0.5", "dest_ip": "10.0.0.9", "dest_port": "445"},
            [{"hostname": "HOST1", "src_ip": "10.0.0.5", "dest_ip": "10.0.0.9", "dest_port": 445}],
            id="connection in names of CIM",
        ),
        pytest.param(
            {**_SYSMON_SOURCE, "EventCode": "13", "registry_path": "HKLM\\A\\v", "registry_value_data": "x"},
            [{"key": "HKLM\\A\\v", "value": "v", "data": "x"}],
            id="value of the registry in names of CIM",
        ),
        pytest.param(
            {**_SYSMON_SOURCE, "EventCode": "12", "EventType": ["4", "DeleteValue"], "registry_path": "HKLM\\A\\v"},
            [{"action": "remove", "key": "HKLM\\A\\v"}],
            id="the type of the record beside that of the event",
        ),
        pytest.param(
            {
                "LogName": "Security",
                "EventCode": "4688",
                "Account_Name": ["HOST1$", "ann"],
                "Account_Domain": ["EXAMPLE", "EXAMPLE"],
                "Security_ID": ["S-1-5-18", "S-1-5-21-1"],
                "New_Process_ID": "0x1092",
                "New_Process_Name": "C:\\Windows\\at.exe",
                "Creator_Process_ID": "0x4d",
                "Creator_Process_Name": "C:\\cmd.exe",
                "Process_Command_Line": "at 10:00 calc.exe",
            },
            [{**_STARTED, "parent_user": "EXAMPLE\\HOST1$", "sid": "S-1-5-21-1"}],
            id="process for another user, without its message",
        ),
        pytest.param(
            {
                "source": "WinEventLog:Security",
                "EventCode": "4776",
                "Logon_Account": "ann",
                "Source_Workstation": "WS",
                "Error_Code": "0xC000006A",
            },
            [{"action": "failure", "user": "ann", "src_hostname": "WS", "decision_reason": "0xC000006A"}],
            id="4776",
        ),
        pytest.param(
            _SYSMON_SOURCE
            | {"EventCode": "10", "SourceImage": "C:\\a.exe", "TargetImage": "C:\\b.exe", "user": "NOT_TRANSLATED"},
            [{"image_path": "C:\\a.exe", "target_name": "C:\\b.exe", "user": None}],
            id="a user whose name is not known",
        ),
        pytest.param(
            {
                "source": "WinEventLog:Security",
                "EventCode": "5156",
                "Application_Name": "\\device\\a.exe",
                "Process_ID": "44",
                "Direction": "Outbound",
                "Source_Address": "10.0.0.5",
                "Destination_Address": "10.0.0.9",
                "Destination_Port": "445",
                "Protocol": "6",
            },
            [{"network_direction": "out", "dest_ip": "10.0.0.9", "dest_port": 445, "transport_protocol": "tcp"}],
            id="5156",
        ),
    ],
)
def test_fields_of_the_add_ons_fill_the_event(fields: Any, expected: Any, tmp_path: Path) -> None:
    assert_events(tmp_path, [{"preview": False, "result": {**_BESIDE, **fields}}], *expected)


def test_several_values_are_lines_of_a_cell(tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["_time", "LogName", "EventCode", "ComputerName", "Account_Name", "New_Process_Name"])
        rows.writerow(["2024-03-21T10:00:00.123+0000", "Security", "4688", "HOST1", "ann\n-", "C:\\at.exe"])
    assert_events(tmp_path, path, {"user": "ann", "exe": "at.exe", "time": "2024-03-21 10:00:00.123+00"})
