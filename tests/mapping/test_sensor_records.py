"""Records of Windows that the real logs have no example of, and fields whose derivation is worth a look."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.mapping.sensor_records import Expected, check, windows, windows_user
from tests.mapping.windows_exports import get_winevent

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

CASES: list[tuple[str, Any, Expected]] = [
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
        "5859, as a permanent subscription writes it",
        windows_user(
            _WMI,
            5859,
            NamespaceName="//./root/cimv2",
            Query="select * from MSFT_SCMEventLogEvent",
            User="S-1-5-32-544",
            Processid="436",
            Provider="SCM Event Provider",
            queryid="0",
            PossibleCause="Permanent",
        ),
        {
            "wmi/subscribe": {
                "cause": "Permanent",
                "namespace": "//./root/cimv2",
                "pid": 436,
                "provider": "SCM Event Provider",
                "query": "select * from MSFT_SCMEventLogEvent",
                "user": "S-1-5-32-544",
            },
            "event/log": {},
        },
    ),
    (
        "5860 by its values in order, from Get-WinEvent",
        get_winevent(_WMI, 5860, ["ROOT\\CIMV2", "SELECT *", "D\\a", 9, "H", "Temporary"], ""),
        {
            "wmi/subscribe": {
                "cause": "Temporary",
                "namespace": "ROOT\\CIMV2",
                "pid": 9,
                "query": "SELECT *",
                "src_hostname": "H",
                "user": "D\\a",
            },
            "event/log": {},
        },
    ),
    (
        "4104 of PowerShell 7",
        windows(_CORE, 4104, MessageNumber=1, MessageTotal=2, ScriptBlockText="Get-Date", ScriptBlockId="b", Path=""),
        {"script/execute": {"content": "Get-Date", "part": 1, "part_count": 2, "script_id": "b", "file_path": None}},
    ),
]


@pytest.mark.parametrize(("record", "expected"), [pytest.param(r, e, id=name) for name, r, e in CASES])
def test_a_record_becomes_the_events_and_fields_that_it_should(record: Any, expected: Expected, tmp_path: Path) -> None:
    check(record, expected, tmp_path)
