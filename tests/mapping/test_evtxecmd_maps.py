"""What EvtxECmd's maps leave of an event, where an export has no column `Payload`.

The texts are those of the maps in EvtxECmd's repository, of the same values as in its examples.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from carlang.model import builtin_model
from tests.ingesting import load, query, write_lines
from tests.mapping import windows_exports as exports
from tests.mapping.windows_exports import SECURITY, SYSMON, SYSTEM

_BY = "ProcessID: 7, ProcessGUID: 365abb72-ac28-5cb8-0000-0010f3f70700"
_PROCESS = {"pid": 7, "guid": "{365abb72-ac28-5cb8-0000-0010f3f70700}", "user": "EXAMPLE\\ann"}
_BOTH = {
    "PayloadData3": "SourceProcessID: 7, SourceProcessGUID: 365abb72-a3a4-5cc4-0000-001084960c00",
    "PayloadData4": "SourceImage: C:\\a.exe",
    "PayloadData5": "TargetProcessID: 8, TargetProcessGUID: 365abb72-a201-5cc4-0000-00104f500800",
    "PayloadData6": "TargetImage: C:\\b.exe",
    "UserName": "SourceUser: EXAMPLE\\ann | TargetUser: EXAMPLE\\bob",
}
_REGISTRY = {"PayloadData1": _BY, "PayloadData2": "RuleName: up", "PayloadData3": "Image: C:\\a.exe"}
_KEY = "HKLM\\Software\\Example: x"

Row = tuple[tuple[str, str], int, dict[str, str], str, dict[str, Any]]

ROWS: list[Row] = [
    (
        SYSMON,
        3,
        {
            "PayloadData1": _BY,
            "PayloadData2": "RuleName: up",
            "PayloadData3": "SourceHostname: -",
            "PayloadData4": "SourceIp: fe80::1",
            "PayloadData5": "DestinationHostname: w.example.com",
            "PayloadData6": "DestinationIp: 10.0.0.9",
            "ExecutableInfo": "C:\\a.exe",
            "UserName": "EXAMPLE\\ann",
        },
        "flow/start",
        _PROCESS
        | {"src_ip": "fe80::1", "dest_ip": "10.0.0.9", "dest_hostname": "w", "exe": "a.exe", "rule_name": "up"},
    ),
    (
        SYSMON,
        5,
        {"PayloadData1": _BY, "ExecutableInfo": "C:\\a.exe", "UserName": "EXAMPLE\\ann"},
        "process/terminate",
        _PROCESS | {"image_path": "C:\\a.exe"},
    ),
    (
        SYSMON,
        7,
        {
            "PayloadData1": _BY,
            "PayloadData3": "SHA1=AA,MD5=BB",
            "PayloadData4": "Signed: true",
            "PayloadData5": "Image: C:\\a.exe",
            "ExecutableInfo": "C:\\b.dll",
            "UserName": "EXAMPLE\\ann",
        },
        "module/load",
        _PROCESS | {"module_path": "C:\\b.dll", "image_path": "C:\\a.exe", "md5_hash": "bb", "sha1_hash": "aa"},
    ),
    (
        SYSMON,
        8,
        {**_BOTH, "PayloadData1": "StartAddress: 0x5A801260", "PayloadData2": "RuleName: -"},
        "thread/remote_create",
        {
            "src_pid": 7,
            "src_guid": "{365abb72-a3a4-5cc4-0000-001084960c00}",
            "src_image_path": "C:\\a.exe",
            "tgt_pid": 8,
            "tgt_guid": "{365abb72-a201-5cc4-0000-00104f500800}",
            "tgt_image_path": "C:\\b.exe",
            "start_address": "0x5A801260",
            "user": "EXAMPLE\\ann",
            "tgt_user": "EXAMPLE\\bob",
        },
    ),
    (
        SYSMON,
        10,
        {
            **_BOTH,
            "PayloadData2": "GrantedAccess: 0x1010 (PROCESS_QUERY_LIMITED_INFORMATION & PROCESS_VM_READ)",
            "ExecutableInfo": "CallTrace: C:\\Windows\\SYSTEM32\\ntdll.dll+4595c|UNKNOWN(01B51606)",
        },
        "process/access",
        {
            "pid": 7,
            "exe": "a.exe",
            "target_pid": 8,
            "target_name": "C:\\b.exe",
            "access_level": "0x1010",
            "call_trace": "C:\\Windows\\SYSTEM32\\ntdll.dll+4595c|UNKNOWN(01B51606)",
            "target_user": "EXAMPLE\\bob",
        },
    ),
    (SYSMON, 10, {**_BOTH, "PayloadData2": "GrantedAccess: Unknown code"}, "process/access", {"access_level": None}),
    (
        SYSMON,
        11,
        {"PayloadData1": _BY, "PayloadData3": "Image: C:\\a.exe", "PayloadData4": "TargetFilename: C:\\b.exe"},
        "file/create",
        {"file_path": "C:\\b.exe", "image_path": "C:\\a.exe", "pid": 7},
    ),
    (
        SYSMON,
        12,
        {**_REGISTRY, "PayloadData4": "EventType: DeleteValue", "PayloadData5": f"TargetObject: {_KEY}"},
        "registry/remove",
        {"key": _KEY, "image_path": "C:\\a.exe"},
    ),
    (
        SYSMON,
        13,
        {
            **_REGISTRY,
            "PayloadData4": "EventType: SetValue",
            "PayloadData5": f"TargetObject: {_KEY}",
            "PayloadData6": "Details: DWORD (0x0000000a)",
        },
        "registry/value_edit",
        {"key": _KEY, "data": "10", "new_content": "DWORD (0x0000000a)"},
    ),
    (
        SYSMON,
        14,
        {
            **_REGISTRY,
            "PayloadData4": "EventType: RenameKey",
            "PayloadData5": f"TargetObject: {_KEY}",
            "PayloadData6": "NewName: HKLM\\Software\\New",
        },
        "registry/key_edit",
        {"key": _KEY, "new_content": "HKLM\\Software\\New"},
    ),
    (
        SYSMON,
        17,
        {"PayloadData1": _BY, "PayloadData2": "PipeName: \\mine", "PayloadData5": "Image: C:\\a.exe"},
        "pipe/create",
        {"pipe_name": "\\mine", "exe": "a.exe"},
    ),
    (
        SYSMON,
        22,
        {
            "PayloadData1": _BY,
            "PayloadData3": "Image: C:\\a.exe",
            "PayloadData4": "QueryName: wpad",
            "PayloadData5": "QueryStatus: 9003",
            "PayloadData6": "QueryResults: type:  5 x;::ffff:10.0.0.1;",
        },
        "dns/query",
        {"query": "wpad", "response_code": "9003", "answers": "type:  5 x;::ffff:10.0.0.1;", "pid": 7},
    ),
    (
        SYSMON,
        23,
        {
            "PayloadData1": _BY,
            "PayloadData3": "MD5=BB",
            "PayloadData4": "TargetFilename: C:\\b.exe",
            "PayloadData5": "IsExecutable: True",
            "PayloadData6": "Archived: true",
            "ExecutableInfo": "C:\\a.exe",
        },
        "file/delete",
        {"file_path": "C:\\b.exe", "md5_hash": "bb", "image_path": "C:\\a.exe"},
    ),
    (
        SECURITY,
        4624,
        {
            "UserName": "-\\-",
            "RemoteHost": "WS1 (10.0.0.9)",
            "PayloadData1": "Target: EXAMPLE\\ann (admin)",
            "PayloadData2": "LogonType 3",
            "PayloadData3": "LogonId: 0x3E7",
            "ExecutableInfo": "-",
            "PayloadData4": "AuthenticationPackageName: NTLM",
            "PayloadData5": "LogonProcessName: NtLmSsp",
        },
        "user_session/login",
        {
            "user": "EXAMPLE\\ann (admin)",
            "login_type": "network",
            "login_id": "0x3E7",
            "src_ip": "10.0.0.9",
            "src_hostname": "WS1",
            "method": "NTLM",
            "login_successful": True,
        },
    ),
    (
        SECURITY,
        4625,
        {
            "UserName": "EXAMPLE\\HOST1$",
            "RemoteHost": "- (-)",
            "PayloadData1": "Target: -\\bob",
            "PayloadData2": "LogonType 5",
            "PayloadData3": "FailureReason: user name does not exist",
        },
        "authentication/failure",
        {"user": "EXAMPLE\\HOST1$", "target_user": "bob", "src_ip": None, "src_hostname": None},
    ),
    (
        SECURITY,
        4648,
        {
            "UserName": "EXAMPLE\\ann",
            "RemoteHost": "fe80::1:49212",
            "PayloadData1": "Target: EXAMPLE\\bob",
            "PayloadData2": "TargetServerName: SRV",
            "PayloadData3": "PID: 0x1D0",
            "ExecutableInfo": "C:\\a.exe",
        },
        "authentication/attempt",
        {
            "user": "EXAMPLE\\ann",
            "target_user": "EXAMPLE\\bob",
            "auth_target": "SRV",
            "pid": 464,
            "src_ip": "fe80::1",
            "src_port": 49212,
        },
    ),
    (
        SECURITY,
        4672,
        {
            "UserName": "NT AUTHORITY\\SYSTEM (S-1-5-18)",
            "PayloadData3": "LogonId: 0x3E7",
            "PayloadData1": "SeDebugPrivilege, SeTcbPrivilege",
        },
        "privilege/assign",
        {"user": "NT AUTHORITY\\SYSTEM", "uid": "S-1-5-18", "login_id": "0x3E7"},
    ),
    (
        SECURITY,
        4697,
        {
            "UserName": "EXAMPLE\\ann",
            "PayloadData1": "ServiceName: up",
            "PayloadData3": "ServiceType: 0xE0",
            "PayloadData2": "ServiceFileName: C:\\a.exe -k x",
            "PayloadData5": "ServiceAccount: LocalSystem",
        },
        "service/create",
        {"name": "up", "command_line": "C:\\a.exe -k x", "user": "LocalSystem", "service_type": "0xE0"},
    ),
    (
        SECURITY,
        4698,
        {
            "UserName": "EXAMPLE\\ann",
            "PayloadData1": "TaskName: \\up",
            "PayloadData2": "TaskContent: <Task>, <Exec>, <Command>cmd.exe</Command>, </Exec>, </Task>",
        },
        "task/create",
        {"task_name": "\\up", "exe": "cmd.exe", "user": "EXAMPLE\\ann"},
    ),
    (
        SECURITY,
        4720,
        {"UserName": "EXAMPLE\\ann (S-1-5-21-1)", "PayloadData1": "Target: EXAMPLE\\new (S-1-5-21-2)"},
        "account/create",
        {"user": "EXAMPLE\\ann", "uid": "S-1-5-21-1", "target_user": "EXAMPLE\\new", "target_uid": "S-1-5-21-2"},
    ),
    (
        SECURITY,
        4776,
        {"PayloadData1": "Target: ann", "PayloadData2": "Workstation: WS1", "PayloadData3": "Status: 0xC0000064"},
        "authentication/failure",
        {"user": "ann", "decision_reason": "0xC0000064", "src_hostname": "WS1"},
    ),
    (
        SECURITY,
        5140,
        {
            "UserName": "EXAMPLE\\ann",
            "RemoteHost": "10.0.0.9:49212",
            "PayloadData2": "Sid: S-1-5-21-1",
            "PayloadData1": "Share: \\\\*\\Documents (\\??\\C:\\Documents)",
        },
        "share/access",
        {"user": "EXAMPLE\\ann", "src_ip": "10.0.0.9", "uid": "S-1-5-21-1"},
    ),
    (
        SYSTEM,
        7045,
        {
            "PayloadData1": "Name: up",
            "PayloadData2": "StartType: demand start",
            "PayloadData3": "Account: ann",
            "ExecutableInfo": "C:\\a.exe -k x",
        },
        "service/create",
        {"name": "up", "command_line": "C:\\a.exe -k x", "start_type": "demand start", "user": "ann"},
    ),
    (
        ("System", "Microsoft-Windows-Eventlog"),
        104,
        {"UserName": "EXAMPLE\\ann", "PayloadData1": "The Application log file was cleared"},
        "system/log_clear",
        {"user": "EXAMPLE\\ann", "log_name": "Application"},
    ),
    (
        ("Security", "Microsoft-Windows-Eventlog"),
        1102,
        {"UserName": "EXAMPLE\\ann", "PayloadData1": "SID: (S-1-5-21-1)"},
        "system/log_clear",
        {"user": "EXAMPLE\\ann", "uid": "S-1-5-21-1", "log_name": "Security"},
    ),
]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("evtxecmd")
    records = [
        exports.evtxecmd(log, event_id, None, **columns, MapDescription=kind, EventRecordId=str(number))
        for number, (log, event_id, columns, kind, _) in enumerate(ROWS)
    ]
    load(folder / "store", write_lines(folder / "log.json", records))
    return folder / "store"


@pytest.mark.parametrize("number", range(len(ROWS)), ids=[f"{log[0]} {id_}" for log, id_, _, _, _ in ROWS])
def test_the_texts_of_a_map_are_read(number: int, store: Path) -> None:
    _, _, _, kind, fields = ROWS[number]
    name, _, action = kind.partition("/")
    assert set(fields) <= set(builtin_model().objects[name].fields)
    columns = ", ".join(fields)
    sql = f"SELECT {columns} FROM events WHERE action = '{action}' AND record_id = '{number}'"  # noqa: S608
    (values,) = query(store, sql, name)
    assert dict(zip(fields, values, strict=True)) == fields
