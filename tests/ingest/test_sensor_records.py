"""Kinds of records that the real logs have no example of, and fields whose derivation is worth a look."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.ingest.conftest import load, query, write_lines

_AUDITING = ("Security", "Microsoft-Windows-Security-Auditing")
_EVENTLOG = ("Security", "Microsoft-Windows-Eventlog")
_SYSMON = ("Microsoft-Windows-Sysmon/Operational", "Microsoft-Windows-Sysmon")
_LINUX = ("Linux-Sysmon/Operational", "Linux-Sysmon")
_MANAGER = ("System", "Service Control Manager")
_KERNEL = ("System", "Microsoft-Windows-Kernel-General")
_DEFENDER = ("Microsoft-Windows-Windows Defender/Operational", "Microsoft-Windows-Windows Defender")
_SESSIONS = (
    "Microsoft-Windows-TerminalServices-LocalSessionManager/Operational",
    "Microsoft-Windows-TerminalServices-LocalSessionManager",
)
_CORE = ("PowerShellCore/Operational", "PowerShellCore")
_WMI = ("Microsoft-Windows-WMI-Activity/Operational", "Microsoft-Windows-WMI-Activity")
_SUBJECT = {
    "SubjectUserSid": "S-1-5-21-1",
    "SubjectUserName": "adam",
    "SubjectDomainName": "EXAMPLE",
    "SubjectLogonId": "0x3e7",
}
_ACTOR = {
    "RuleName": "-",
    "UtcTime": "2023-08-18 15:56:31.543",
    "ProcessGuid": "{57be2c82-9496-64df-1909-000000000600}",
    "ProcessId": 7508,
    "User": "EXAMPLE\\adam",
    "Image": "C:\\Windows\\System32\\certutil.exe",
}


def windows(log: tuple[str, str], event_id: int, **data: Any) -> dict[str, Any]:
    """Return a record of a Windows event log as EVTX parsers give it."""
    return _windows(log, event_id, {"EventData": data or None})


def windows_user(log: tuple[str, str], event_id: int, **data: Any) -> dict[str, Any]:
    """Return a record that has user data in place of event data."""
    return _windows(log, event_id, {"UserData": {"EventXML": data}})


def _windows(log: tuple[str, str], event_id: int, inner: dict[str, Any]) -> dict[str, Any]:
    channel, provider = log
    system = {
        "Provider": {"#attributes": {"Name": provider}},
        "EventID": event_id,
        "Level": 4,
        "TimeCreated": {"#attributes": {"SystemTime": "2020-01-02T03:04:05.000001Z"}},
        "EventRecordID": 7,
        "Channel": channel,
        "Computer": "HOST1.example.com",
    }
    return {"Event": {"System": system, **inner}}


def zeek(stream: str, **data: Any) -> dict[str, Any]:
    """Return a record of a Zeek log as Zeek itself writes JSON: names with dots in them."""
    ends = {"id.orig_h": "10.0.0.5", "id.orig_p": 50123, "id.resp_h": "10.0.0.4", "id.resp_p": 445}
    return {"_path": stream, "ts": 1588316619.75, "uid": "C1", **ends, **data}


def osquery(**columns: str) -> dict[str, Any]:
    """Return a row of a result as osquery logs it."""
    return {
        "name": "pack_response_events",
        "hostIdentifier": "web1.example.com",
        "calendarTime": "Thu Jan  2 03:04:06 2020 UTC",
        "unixTime": 1577934246,
        "columns": {"time": "1577934245", **columns},
        "action": "added",
    }


CASES: list[tuple[str, Any, dict[str, dict[str, Any]]]] = [
    (
        "Sysmon 16",
        windows(
            _SYSMON, 16, UtcTime="2023-11-06 00:47:11.921", Configuration="C:\\s.xml", ConfigurationFileHash="SHA256=AB"
        ),
        {"agent/configure": {"configuration": "C:\\s.xml", "configuration_hash": "sha256=ab", "sensor": "sysmon"}},
    ),
    (
        "Sysmon 4, stopped",
        windows(_SYSMON, 4, UtcTime="2023-11-06 00:47:11.921", State="Stopped", Version="15.0", SchemaVersion="4.90"),
        {"agent/stop": {"state": "Stopped", "version": "15.0", "schema_version": "4.90"}},
    ),
    (
        "Sysmon 27",
        windows(_SYSMON, 27, **_ACTOR, TargetFilename="C:\\a\\b.EXE", Hashes="MD5=AA,SHA256=BB,IMPHASH=CC"),
        {
            "file/block": {
                "file_path": "C:\\a\\b.EXE",
                "file_name": "b.EXE",
                "extension": ".EXE",
                "md5_hash": "aa",
                "sha256_hash": "bb",
                "imphash": "cc",
                "pid": 7508,
                "user": "EXAMPLE\\adam",
            }
        },
    ),
    (
        "Sysmon 255",
        windows(_SYSMON, 255, UtcTime="2023-11-06 00:47:11.921", ID="DriverCommunication", Description="Failed"),
        {"agent/error": {"error_name": "DriverCommunication", "description": "Failed"}},
    ),
    (
        "Sysmon 13, a number",
        windows(
            _SYSMON,
            13,
            **_ACTOR,
            EventType="SetValue",
            TargetObject="HKU\\.DEFAULT\\a\\b",
            Details="DWORD (0x0000000a)",
        ),
        {
            "registry/value_edit": {
                "key": "HKU\\.DEFAULT\\a\\b",
                "value": "b",
                "hive": "HKEY_USERS",
                "data": "10",
                "new_content": "DWORD (0x0000000a)",
                "type": "REG_DWORD",
            }
        },
    ),
    (
        "Sysmon 12, a value",
        windows(_SYSMON, 12, **_ACTOR, EventType="DeleteValue", TargetObject="HKLM\\a\\b"),
        {"registry/remove": {"key": "HKLM\\a\\b", "value": "b", "hive": "HKEY_LOCAL_MACHINE"}},
    ),
    (
        "Sysmon 1 on Linux",
        windows(_LINUX, 1, **{**_ACTOR, "Image": "/usr/bin/ls", "User": "root", "CommandLine": "ls -l", "Hashes": "-"}),
        {
            "process/create": {
                "exe": "ls",
                "image_path": "/usr/bin/ls",
                "user": "root",
                "command_line": "ls -l",
                "md5_hash": None,
            }
        },
    ),
    (
        "4647",
        windows(
            _AUDITING,
            4647,
            TargetUserSid="S-1-5-21-2",
            TargetUserName="beth",
            TargetDomainName="D",
            TargetLogonId="0x1",
        ),
        {
            "user_session/logout": {"user": "D\\beth", "uid": "S-1-5-21-2", "login_id": "0x1"},
            "event/log": {"event_code": 4647},
        },
    ),
    (
        "4625",
        windows(
            _AUDITING,
            4625,
            **_SUBJECT,
            TargetUserSid="S-1-0-0",
            TargetUserName="beth",
            TargetDomainName="D",
            Status="0xc000006d",
            SubStatus="0xc000006a",
            LogonType=10,
            IpAddress="10.0.0.9",
            IpPort="4711",
        ),
        {
            "user_session/login": {
                "user": "D\\beth",
                "uid": None,
                "login_successful": False,
                "login_type": "remote_interactive",
                "src_ip": "10.0.0.9",
                "src_port": 4711,
                "decision_reason": "0xc000006a",
            },
            "authentication/failure": {
                "user": "EXAMPLE\\adam",
                "target_user": "D\\beth",
                "decision_reason": "0xc000006a",
            },
            "event/log": {},
        },
    ),
    (
        "4663 on a file",
        windows(
            _AUDITING,
            4663,
            **_SUBJECT,
            ObjectType="File",
            ObjectName="C:\\a\\b.txt",
            AccessMask="0x10006",
            ProcessId="0x4",
        ),
        {
            "handle/access": {"object_name": "C:\\a\\b.txt", "pid": 4},
            "file/write": {"file_path": "C:\\a\\b.txt", "file_name": "b.txt", "user": "EXAMPLE\\adam"},
            "file/delete": {"access_mask": "0x10006"},
            "event/log": {},
        },
    ),
    (
        "4670 on a file",
        windows(_AUDITING, 4670, **_SUBJECT, ObjectType="File", ObjectName="C:\\a", OldSd="D:1", NewSd="D:2"),
        {
            "handle/acl_modify": {"mode": "D:2", "previous_mode": "D:1"},
            "file/acl_modify": {"mode": "D:2"},
            "event/log": {},
        },
    ),
    (
        "4657, a new value",
        windows(
            _AUDITING,
            4657,
            **_SUBJECT,
            ObjectName="\\REGISTRY\\MACHINE\\SOFTWARE\\a",
            ObjectValueName="b",
            OperationType="%%1904",
            NewValueType="%%1873",
            NewValue="x",
            OldValueType="-",
            OldValue="-",
        ),
        {
            "registry/add": {
                "key": "HKLM\\SOFTWARE\\a\\b",
                "value": "b",
                "hive": "HKEY_LOCAL_MACHINE",
                "type": "REG_SZ",
                "data": "x",
                "previous_content": None,
            },
            "event/log": {},
        },
    ),
    (
        "4697",
        windows(
            _AUDITING,
            4697,
            **_SUBJECT,
            ServiceName="evil",
            ServiceFileName='"C:\\a b\\c.exe" -k x',
            ServiceType="0x10",
            ServiceStartType="3",
            ServiceAccount="LocalSystem",
        ),
        {
            "service/create": {
                "name": "evil",
                "image_path": "C:\\a b\\c.exe",
                "exe": "c.exe",
                "command_line": '"C:\\a b\\c.exe" -k x',
                "user": "LocalSystem",
                "uid": "S-1-5-21-1",
            },
            "event/log": {},
        },
    ),
    (
        "4698",
        windows(
            _AUDITING,
            4698,
            **_SUBJECT,
            TaskName="\\t",
            TaskContent="&lt;Task&gt;&lt;Exec&gt;&lt;Command&gt;C:\\a.exe&lt;/Command&gt;"
            "&lt;Arguments&gt;-x&lt;/Arguments&gt;&lt;/Exec&gt;&lt;/Task&gt;",
        ),
        {
            "task/create": {
                "task_name": "\\t",
                "task_content": "<Task><Exec><Command>C:\\a.exe</Command><Arguments>-x</Arguments></Exec></Task>",
                "command_line": "C:\\a.exe -x",
                "exe": "a.exe",
                "user": "EXAMPLE\\adam",
            },
            "event/log": {},
        },
    ),
    (
        "4732",
        windows(
            _AUDITING,
            4732,
            **_SUBJECT,
            MemberName="CN=beth",
            MemberSid="S-1-5-21-2",
            TargetUserName="Administrators",
            TargetDomainName="Builtin",
            TargetSid="S-1-5-32-544",
        ),
        {
            "account/group_add": {
                "target_user": "CN=beth",
                "target_uid": "S-1-5-21-2",
                "group": "Builtin\\Administrators",
                "group_uid": "S-1-5-32-544",
                "user": "EXAMPLE\\adam",
            },
            "event/log": {},
        },
    ),
    (
        "4768, refused",
        windows(
            _AUDITING, 4768, TargetUserName="beth", TargetDomainName="D", Status="0x18", IpAddress="::ffff:10.0.0.9"
        ),
        {
            "authentication/failure": {
                "user": "D\\beth",
                "method": "Kerberos",
                "decision_reason": "0x18",
                "src_ip": "10.0.0.9",
            },
            "event/log": {},
        },
    ),
    (
        "5157",
        windows(
            _AUDITING,
            5157,
            ProcessID=12,
            Application="\\device\\a\\b.exe",
            Direction="%%14593",
            SourceAddress="10.0.0.1",
            SourcePort="5000",
            DestAddress="10.0.0.2",
            DestPort="80",
            Protocol=6,
        ),
        {
            "flow/block": {
                "pid": 12,
                "exe": "b.exe",
                "network_direction": "out",
                "dest_port": 80,
                "transport_protocol": "tcp",
            },
            "event/log": {},
        },
    ),
    (
        "1100",
        windows(_EVENTLOG, 1100),
        {"system/audit_stop": {"log_name": "Security"}, "event/log": {"event_code": 1100}},
    ),
    (
        "1104",
        windows(_EVENTLOG, 1104),
        {"system/log_full": {"log_name": "Security"}, "event/log": {"event_code": 1104}},
    ),
    (
        "1102",
        windows_user(_EVENTLOG, 1102, **_SUBJECT),
        {"system/log_clear": {"log_name": "Security", "user": "EXAMPLE\\adam", "login_id": "0x3e7"}, "event/log": {}},
    ),
    (
        "104",
        windows_user(
            ("System", "Microsoft-Windows-Eventlog"),
            104,
            SubjectUserName="adam",
            SubjectDomainName="EXAMPLE",
            Channel="Application",
            BackupPath="",
        ),
        {"system/log_clear": {"log_name": "Application", "user": "EXAMPLE\\adam"}, "event/log": {}},
    ),
    (
        "7035",
        windows(_MANAGER, 7035, param1="Windows Update", param2="stop"),
        {"service/control": {"control": "stop", "display_name": "Windows Update"}, "event/log": {}},
    ),
    (
        "7036 with the short name",
        windows(
            _MANAGER,
            7036,
            param1="Windows Update",
            param2="paused",
            Binary="770075006100750073006500720076002F0037000000",
        ),
        {"service/pause": {"name": "wuauserv", "display_name": "Windows Update"}, "event/log": {}},
    ),
    ("6005", windows(("System", "EventLog"), 6005), {"system/boot": {"provider": "EventLog"}, "event/log": {}}),
    ("6006", windows(("System", "EventLog"), 6006), {"system/shutdown": {"provider": "EventLog"}, "event/log": {}}),
    (
        "12",
        windows(_KERNEL, 12, MajorVersion=10, MinorVersion=0, BuildVersion=18362, QfeVersion=1),
        {"system/boot": {"os_version": "10.0.18362.1", "hostname": "HOST1"}, "event/log": {}},
    ),
    ("13", windows(_KERNEL, 13), {"system/shutdown": {}, "event/log": {}}),
    ("12 of another provider", windows(("System", "Microsoft-Windows-UserModePowerService"), 12), {"event/log": {}}),
    (
        "5001",
        windows(_DEFENDER, 5001, **{"Product Name": "Windows Defender Antivirus", "Product Version": "4.18"}),
        {"detection/disable": {"product": "Windows Defender Antivirus"}, "event/log": {}},
    ),
    (
        "21",
        windows_user(_SESSIONS, 21, User="EXAMPLE\\adam", SessionID=3, Address="10.0.0.9"),
        {
            "user_session/login": {
                "user": "EXAMPLE\\adam",
                "session_id": "3",
                "src_ip": "10.0.0.9",
                "login_successful": True,
            },
            "event/log": {},
        },
    ),
    (
        "24, at the machine itself",
        windows_user(_SESSIONS, 24, User="EXAMPLE\\adam", SessionID=1, Address="LOCAL"),
        {"user_session/disconnect": {"session_id": "1", "src_ip": None}, "event/log": {}},
    ),
    (
        "5860",
        windows_user(
            _WMI,
            5860,
            NamespaceName="ROOT\\CIMV2",
            Query="SELECT *",
            User="D\\a",
            processid=9,
            ClientMachine="H",
        ),
        {
            "wmi/subscribe": {
                "namespace": "ROOT\\CIMV2",
                "query": "SELECT *",
                "user": "D\\a",
                "pid": 9,
                "src_hostname": "H",
            },
            "event/log": {},
        },
    ),
    (
        "4104 of PowerShell 7",
        windows(_CORE, 4104, MessageNumber=1, MessageTotal=2, ScriptBlockText="Get-Date", ScriptBlockId="b", Path=""),
        {"script/execute": {"content": "Get-Date", "part": 1, "part_count": 2, "script_id": "b", "file_path": None}},
    ),
    (
        "Zeek conn",
        zeek(
            "conn",
            proto="tcp",
            service="smb",
            duration=1.5,
            orig_bytes=10,
            resp_bytes=20,
            local_orig=True,
            local_resp=False,
        ),
        {
            "flow/start": {
                "src_ip": "10.0.0.5",
                "src_port": 50123,
                "dest_ip": "10.0.0.4",
                "dest_port": 445,
                "out_bytes": 10,
                "in_bytes": 20,
                "application_protocol": "smb",
                "network_direction": "out",
                "time": "2020-05-01 07:03:39.75+00",
                "end_time": "2020-05-01 07:03:41.25+00",
            },
            "flow/end": {"time": "2020-05-01 07:03:41.25+00", "start_time": "2020-05-01 07:03:39.75+00"},
        },
    ),
    (
        "Zeek http POST",
        zeek(
            "http",
            method="POST",
            host="www.example.com",
            uri="/a?b",
            status_code=200,
            user_agent="curl/8",
            **{"id.resp_p": 80},
        ),
        {
            "http/post": {
                "url_full": "http://www.example.com/a?b",
                "url_domain": "www.example.com",
                "url_remainder": "/a?b",
                "response_status_code": 200,
                "requester_ip_address": "10.0.0.5",
                "user_agent_full": "curl/8",
            }
        },
    ),
    (
        "Zeek http HEAD",
        zeek("http", method="HEAD", host="h", uri="/"),
        {
            "flow/message": {
                "protocol": "http",
                "proto_info": {"command": "HEAD", "hostname": "h", "uri": "/", "uid": "C1"},
            }
        },
    ),
    (
        "Zeek smb_files, a write",
        zeek("smb_files", action="SMB::FILE_WRITE", path="\\\\SRV.example.com\\c$", name="a\\b.exe", size=3),
        {"flow/message": {"hostname": "SRV", "fqdn": "SRV.example.com", "dest_hostname": "SRV", "dest_port": 445}},
    ),
    (
        "Zeek dce_rpc over a pipe",
        zeek("dce_rpc", named_pipe="\\PIPE\\winreg", endpoint="winreg", operation="BaseRegCreateKey"),
        {"flow/message": {"dest_port": 445}},
    ),
    (
        "Zeek ntlm",
        zeek("ntlm", username="adam", hostname="H", domainname="D", server_nb_computer_name="SRV", success=True),
        {
            "flow/message": {
                "protocol": "smb.setup",
                "proto_info": {
                    "user_name": "adam",
                    "domain_name": "D",
                    "client_name": "H",
                    "hostname": "SRV",
                    "success": "true",
                    "uid": "C1",
                },
            },
            "authentication/success": {"user": "D\\adam", "method": "NTLM", "auth_target": "SRV"},
        },
    ),
    (
        "Zeek files over SMB",
        {
            "@stream": "files",
            "@proc": "zeek",
            "ts": 1588316619.75,
            "source": "SMB",
            "fuid": "F",
            "filename": "a.exe",
            "is_orig": True,
            "tx_hosts": ["10.0.0.5"],
            "rx_hosts": ["10.0.0.4"],
            "conn_uids": ["C"],
            "md5": "aa",
        },
        {"flow/message": {"src_ip": "10.0.0.5", "dest_ip": "10.0.0.4"}},
    ),
    (
        "osquery process_events",
        osquery(pid="12", parent="1", path="/usr/bin/ls", cmdline="ls -l", cwd="/var/x", uid="0"),
        {
            "process/create": {
                "exe": "ls",
                "command_line": "ls -l",
                "pid": 12,
                "ppid": 1,
                "uid": "0",
                "hostname": "web1",
                "time": "2020-01-02 03:04:05+00",
                "sensor": "osquery",
            }
        },
    ),
    (
        "osquery socket_events, connect",
        osquery(
            action="connect",
            pid="12",
            path="/usr/bin/curl",
            family="2",
            protocol="6",
            local_address="10.0.0.1",
            local_port="5000",
            remote_address="10.0.0.2",
            remote_port="443",
            socket="",
            success="1",
        ),
        {
            "flow/start": {
                "src_ip": "10.0.0.1",
                "dest_ip": "10.0.0.2",
                "dest_port": 443,
                "transport_protocol": "tcp",
                "exe": "curl",
            }
        },
    ),
    (
        "osquery socket_events, bind",
        osquery(
            action="bind",
            pid="12",
            path="/usr/bin/nc",
            family="2",
            protocol="6",
            local_address="10.0.0.1",
            local_port="4444",
            remote_address="",
            remote_port="0",
            socket="99",
            success="1",
        ),
        {"socket/bind": {"local_port": 4444, "local_address": "10.0.0.1", "family": "AF_INET", "success": True}},
    ),
    (
        "osquery file_events",
        osquery(target_path="/etc/passwd", action="UPDATED", md5="AA", uid="0", mode="0644"),
        {
            "file/modify": {
                "file_path": "/etc/passwd",
                "file_name": "passwd",
                "md5_hash": "aa",
                "owner_uid": "0",
                "uid": None,
            }
        },
    ),
    (
        "osquery, another table",
        osquery(name="nc", value="1"),
        {"event/log": {"sensor": "osquery", "log_name": "osquery/pack_response_events"}},
    ),
    (
        "Zeek rdp",
        zeek(
            "rdp", cookie="adam", result="Success", security_protocol="HYBRID", client_name="H", **{"id.resp_p": 3389}
        ),
        {"flow/message": {"protocol": "rdp", "dest_port": 3389, "user": "adam"}},
    ),
    (
        "Zeek ssh",
        zeek("ssh", auth_success=False, auth_attempts=3, client="SSH-2.0-x", direction="INBOUND"),
        {
            "flow/message": {"protocol": "ssh", "network_direction": "in"},
            "authentication/failure": {"app_name": "ssh", "user_agent": "SSH-2.0-x", "src_ip": "10.0.0.5"},
        },
    ),
]


@pytest.mark.parametrize(("record", "expected"), [pytest.param(r, e, id=name) for name, r, e in CASES])
def test_a_record_becomes_the_events_and_fields_that_it_should(
    record: Any, expected: dict[str, dict[str, Any]], store: Path, tmp_path: Path
) -> None:
    report = load(store, write_lines(tmp_path / "log.json", [record]))
    assert set(report.events) == {tuple(event.split("/")) for event in expected}
    for event, fields in expected.items():
        assert {name: _value(store, event, name) for name in fields} == fields


def _value(store: Path, event: str, name: str) -> Any:
    object_name, action = event.split("/")
    column = (
        'CAST("time" AS VARCHAR)'
        if name == "time"
        else f'CAST("{name}" AS VARCHAR)'
        if "_time" in name
        else f'"{name}"'
    )
    sql = f"SELECT DISTINCT {column} FROM events WHERE action = '{action}'"  # noqa: S608  # names from above
    ((value,),) = query(store, sql, object_name)
    return json.loads(value) if name == "proto_info" else value


@pytest.mark.parametrize(
    ("record", "protocols", "members"),
    [
        pytest.param(
            zeek("smb_files", action="SMB::FILE_OPEN", path="\\\\SRV\\c$", name="a.exe"),
            ["smb"],
            {"command": "file_open", "file_name": "a.exe", "share": "\\\\SRV\\c$", "uid": "C1"},
            id="a file is opened",
        ),
        pytest.param(
            zeek("smb_files", action="SMB::FILE_WRITE", path="\\\\SRV\\c$", name="a.exe"),
            ["smb", "smb.write"],
            {"command": "file_write", "file_name": "a.exe", "share": "\\\\SRV\\c$", "uid": "C1"},
            id="a file is written",
        ),
        pytest.param(
            zeek("smb_files", action="SMB::PIPE_WRITE", path="\\\\SRV\\ipc$", name="\\atsvc"),
            ["smb", "smb.write_pipe"],
            {"command": "pipe_write", "pipe": "atsvc", "pipe_name": "\\atsvc", "share": "\\\\SRV\\ipc$", "uid": "C1"},
            id="a pipe is written to",
        ),
        pytest.param(
            zeek("smb_mapping", path="\\\\SRV\\ipc$", share_type="PIPE"),
            ["smb", "smb.setup"],
            {"command": "tree_connect", "share": "\\\\SRV\\ipc$", "share_type": "PIPE", "hostname": "SRV", "uid": "C1"},
            id="a share is opened",
        ),
        pytest.param(
            zeek("dce_rpc", named_pipe="\\pipe\\winreg", endpoint="winreg", operation="BaseRegSetValue"),
            ["dce_rpc", "smb.write_pipe"],
            {
                "rpc_interface": "winreg",
                "function": "SetValue",
                "operation": "BaseRegSetValue",
                "pipe": "winreg",
                "pipe_name": "\\pipe\\winreg",
                "uid": "C1",
            },
            id="a call over a pipe",
        ),
        pytest.param(
            zeek(
                "dce_rpc",
                named_pipe="49667",
                endpoint="ITaskSchedulerService",
                operation="SchRpcRun",
                **{"id.resp_p": 49667},
            ),
            ["dce_rpc"],
            {
                "rpc_interface": "ITaskSchedulerService",
                "function": "SchRpcRun",
                "operation": "SchRpcRun",
                "pipe_name": "49667",
                "uid": "C1",
            },
            id="a call over TCP",
        ),
    ],
)
def test_messages_are_spelled_as_published_analytics_ask_for_them(
    record: Any, protocols: list[str], members: dict[str, str], store: Path, tmp_path: Path
) -> None:
    load(store, write_lines(tmp_path / "log.json", [record]))
    rows = query(store, "SELECT protocol, proto_info FROM events WHERE action = 'message' ORDER BY 1", "flow")
    assert [row[0] for row in rows] == protocols
    assert all(json.loads(row[1]) == members for row in rows)


@pytest.mark.parametrize(
    ("members", "event"),
    [
        ({"conn_state": "SF", "proto": "tcp"}, "flow/start"),
        ({"query": "www.example.com", "qtype": 1, "qtype_name": "A"}, "dns/query"),
        ({"method": "GET", "uri": "/"}, "http/get"),
        ({"endpoint": "winreg", "operation": "BaseRegSetValue"}, "flow/message"),
        ({"action": "SMB::FILE_OPEN", "path": "\\\\a\\b", "name": "c"}, "flow/message"),
        ({"request_type": "AS", "success": True}, "authentication/success"),
        ({"note": "something else"}, "event/log"),
    ],
)
def test_records_of_zeek_that_do_not_name_their_log_are_known_by_their_members(
    members: dict[str, Any], event: str, store: Path, tmp_path: Path
) -> None:
    record = zeek("", **members)
    del record["_path"]
    report = load(store, write_lines(tmp_path / "log.json", [record]))
    assert tuple(event.split("/")) in report.events
