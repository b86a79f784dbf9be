"""What exporters write of Windows event logs becomes the events that the logs themselves become."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.mapping import windows_exports as exports
from tests.mapping.sensor_records import check
from tests.mapping.windows_exports import SECURITY, SYSMON, SYSTEM

_CREATED = {
    "SubjectUserSid": "S-1-5-18",
    "SubjectUserName": "HOST1$",
    "SubjectDomainName": "EXAMPLE",
    "SubjectLogonId": "0x3e7",
    "NewProcessId": "0x1a4",
    "NewProcessName": "C:\\Windows\\System32\\at.exe",
    "TokenElevationType": "%%1936",
    "ProcessId": "0x4d",
    "CommandLine": "at 10:00 calc.exe",
    "TargetUserSid": "S-1-0-0",
    "TargetUserName": "-",
    "TargetDomainName": "-",
    "TargetLogonId": "0x0",
    "ParentProcessName": "C:\\Windows\\System32\\cmd.exe",
    "MandatoryLabel": "S-1-16-12288",
}
_CREATED_MESSAGE = (
    "A new process has been created.\r\n\r\nCreator Subject:\r\n\tSecurity ID:\t\tS-1-5-18\r\n\tAccount Name:\t\tHOST1$"
    "\r\n\tAccount Domain:\t\tEXAMPLE\r\n\tLogon ID:\t\t0x3E7\r\n\r\nTarget Subject:\r\n\tSecurity ID:\t\tS-1-0-0\r\n"
    "\tAccount Name:\t\t-\r\n\tAccount Domain:\t\t-\r\n\tLogon ID:\t\t0x0\r\n\r\nProcess Information:\r\n"
    "\tNew Process ID:\t\t0x1a4\r\n\tNew Process Name:\tC:\\Windows\\System32\\at.exe\r\n"
    "\tToken Elevation Type:\t%%1936\r\n\tMandatory Label:\t\tS-1-16-12288\r\n\tCreator Process ID:\t0x4d\r\n"
    "\tCreator Process Name:\tC:\\Windows\\System32\\cmd.exe\r\n\tProcess Command Line:\tat 10:00 calc.exe\r\n\r\n"
    "Token Elevation Type indicates the type of token that was assigned.\r\n\r\nType 1 is a full token: it has all."
)
_PROCESS = {
    "command_line": "at 10:00 calc.exe",
    "exe": "at.exe",
    "hostname": "HOST1",
    "image_path": "C:\\Windows\\System32\\at.exe",
    "integrity_level": "High",
    "login_id": "0x3e7",
    "parent_exe": "cmd.exe",
    "pid": 420,
    "ppid": 77,
    "sid": "S-1-5-18",
    "time": "2024-03-21 10:00:00.123+00",
    "user": "EXAMPLE\\HOST1$",
}
_WHOLE_SECOND = {**_PROCESS, "time": "2024-03-21 10:00:00+00"}
_NUMBERS = {"SubjectLogonId": 999, "NewProcessId": 420, "ProcessId": 77, "TargetLogonId": 0}
_SID = {"BinaryLength": 12, "AccountDomainSid": None, "Value": "S-1-5-18"}
_PROPERTIES = list({**_CREATED, **_NUMBERS, "SubjectUserSid": _SID}.values())


@pytest.mark.parametrize(
    ("record", "process"),
    [
        pytest.param(exports.evtxecmd(SECURITY, 4688, exports.payload(_CREATED)), _PROCESS, id="EvtxECmd"),
        pytest.param(
            {**exports.get_winevent(SECURITY, 4688, _PROPERTIES, ""), "TimeCreated": "2024-03-21T11:00:00.123+01:00"},
            _PROCESS,
            id="Get-WinEvent of PowerShell 7, without a message",
        ),
        pytest.param(
            exports.get_winevent(SECURITY, 4688, None, _CREATED_MESSAGE),
            _PROCESS,
            id="Get-WinEvent with a message alone",
        ),
        pytest.param(
            {
                "TimeCreated": "/Date(1711015200123)/",
                "Id": 4688,
                "LogName": "Security",
                "MachineName": exports.COMPUTER,
                "Message": _CREATED_MESSAGE.replace("\r", ""),
            },
            _PROCESS,
            id="Get-WinEvent with columns that were selected",
        ),
        pytest.param(exports.fluent_bit(SECURITY, 4688, list(_CREATED.values())), _WHOLE_SECOND, id="Fluent Bit"),
        pytest.param(
            {k: v for k, v in exports.fluent_bit(SECURITY, 4688, [], _CREATED_MESSAGE).items() if k != "StringInserts"},
            _WHOLE_SECOND,
            id="Fluent Bit without inserts",
        ),
        pytest.param(exports.wazuh(SECURITY, 4688, _CREATED), _PROCESS, id="Wazuh"),
        pytest.param(
            exports.wazuh(SECURITY, 4688, {k: v.replace("\\", "\\\\") for k, v in _CREATED.items()}),
            _PROCESS,
            id="Wazuh with every backslash doubled",
        ),
        pytest.param(exports.velociraptor(SECURITY, 4688, EventData=_CREATED), _PROCESS, id="Velociraptor"),
        pytest.param(
            {
                "EventTime": exports.TIME,
                "Computer": exports.COMPUTER,
                "Channel": "Security",
                "EventID": "4688",
                "EventData": json.dumps(_CREATED),
                "Message": "A new process has been created.",
            },
            _PROCESS,
            id="Velociraptor's artifact with its data as text, as CSV has it",
        ),
        pytest.param(
            {
                "Event": {
                    "System": {
                        "Provider_attributes": {"Name": SECURITY[1]},
                        "EventID": 4688,
                        "TimeCreated_attributes": {"SystemTime": exports.TIME},
                        "EventRecordID": 55,
                        "Channel": "Security",
                        "Computer": exports.COMPUTER,
                    },
                    "EventData": _CREATED,
                }
            },
            _PROCESS,
            id="Chainsaw",
        ),
    ],
)
def test_a_process_creation_of_the_security_log(record: Any, process: dict[str, Any], tmp_path: Path) -> None:
    check(record, {"process/create": process, "event/log": {"event_code": 4688}}, tmp_path)


@pytest.mark.parametrize("export", [exports.get_winevent, exports.fluent_bit])
@pytest.mark.parametrize("status", [-1073741715, 0xC000006D])
def test_a_status_is_in_hexadecimal_whether_its_number_has_a_sign_or_not(
    export: Any, status: int, tmp_path: Path
) -> None:
    values = ["MICROSOFT_AUTHENTICATION_PACKAGE_V1_0", "ann", "KALI", status]
    failed = {"user": "ann", "src_hostname": "KALI", "decision_reason": "0xc000006d"}
    check(export(SECURITY, 4776, values, ""), {"authentication/failure": failed, "event/log": {}}, tmp_path)


_LOADED = [
    "-",
    "2024-03-21 10:00:00.123",
    "{0197231e-fa9d-6938-d910-000000000800}",
    7,
    "C:\\a.exe",
    "C:\\b.dll",
    "-",
    "-",
    "-",
]
_SIGNED = ["MD5=00AA", True, "Example", "Valid"]


@pytest.mark.parametrize(
    "values",
    [
        pytest.param([*_LOADED, "-", *_SIGNED], id="without OriginalFileName and User"),
        pytest.param([*_LOADED, "-", "b.dll", *_SIGNED], id="without User"),
        pytest.param([*_LOADED, "-", "b.dll", *_SIGNED, "EXAMPLE\\ann"], id="of today"),
        pytest.param([*_LOADED[1:6], *_SIGNED], id="of the first versions"),
    ],
)
@pytest.mark.parametrize("export", [exports.get_winevent, exports.fluent_bit])
def test_values_are_named_by_how_many_there_are(export: Any, values: list[Any], tmp_path: Path) -> None:
    fields = {"module_path": "C:\\b.dll", "md5_hash": "00aa", "signer": "Example", "signature_valid": True, "pid": 7}
    check(export(SYSMON, 7, values, ""), {"module/load": fields}, tmp_path)


@pytest.mark.parametrize(
    "message",
    [
        pytest.param(
            "Registry value set:\r\nRuleName: -\r\nEventType: SetValue\r\nUtcTime: 2024-03-21 10:00:00.123\r\n"
            "ProcessId: 7\r\nImage: C:\\a.exe\r\nTargetObject: HKLM\\Software\\up\r\nDetails: cmd /c dir c:\\",
            id="all",
        ),
        pytest.param(
            "Registry value set:\nUtcTime: 2024-03-21 10:00:00.123\nProcessId: 7\nImage: C:\\a.exe\n"
            "TargetObject: HKLM\\Software\\up\nDetails: cmd /c dir c:\\\nNewMember: 8",
            id="some, and one of tomorrow",
        ),
    ],
)
def test_members_of_sysmon_are_the_labels_of_its_messages(message: str, tmp_path: Path) -> None:
    fields = {"key": "HKLM\\Software\\up", "data": "cmd /c dir c:\\", "pid": 7, "image_path": "C:\\a.exe"}
    check(exports.get_winevent(SYSMON, 13, None, message), {"registry/value_edit": fields}, tmp_path)


_BINARY = "770075006100750073006500720076002F0034000000"


@pytest.mark.parametrize(
    "record",
    [
        pytest.param(
            exports.evtxecmd(SYSTEM, 7036, exports.payload({"param1": "X", "param2": "s'exécute"}, Binary=_BINARY)),
            id="EvtxECmd",
        ),
        pytest.param(
            exports.get_winevent(SYSTEM, 7036, ["X", "状態", list(bytes.fromhex(_BINARY))], "服务已进入"),
            id="bytes as numbers",
        ),
        pytest.param(exports.fluent_bit(SYSTEM, 7036, ["X", "Wird ausgeführt", _BINARY]), id="Fluent Bit"),
        pytest.param(
            exports.velociraptor(
                SYSTEM, 7036, EventData={"param1": "X", "param2": "?", "Binary": "dwB1AGEAdQBzAGUAcgB2AC8ANAAAAA=="}
            ),
            id="bytes in base 64",
        ),
        pytest.param(
            exports.wazuh(SYSTEM, 7036, {"param1": "X", "param2": "Працює", "binary": _BINARY.lower()}), id="Wazuh"
        ),
    ],
)
def test_the_state_of_a_service_is_told_by_its_number_in_any_language(record: Any, tmp_path: Path) -> None:
    check(record, {"service/start": {"name": "wuauserv", "display_name": "X"}, "event/log": {}}, tmp_path)


_CLEARED = {
    "SubjectUserSid": "S-1-5-21-1",
    "SubjectUserName": "ann",
    "SubjectDomainName": "EXAMPLE",
    "SubjectLogonId": "0x3e7",
}
_EVENTLOG = ("Security", "Microsoft-Windows-Eventlog")


@pytest.mark.parametrize(
    "record",
    [
        pytest.param(
            exports.evtxecmd(_EVENTLOG, 1102, {"UserData": {"@xmlns": "x", "LogFileCleared": _CLEARED}}), id="EvtxECmd"
        ),
        pytest.param(exports.velociraptor(_EVENTLOG, 1102, UserData={"LogFileCleared": _CLEARED}), id="Velociraptor"),
        pytest.param(
            exports.wazuh(_EVENTLOG, 1102, {}, logFileCleared={k[0].lower() + k[1:]: v for k, v in _CLEARED.items()}),
            id="Wazuh",
        ),
        pytest.param(
            exports.get_winevent(
                _EVENTLOG,
                1102,
                [],
                "The audit log was cleared.\r\nSubject:\r\n\tSecurity ID:\tS-1-5-21-1\r\n\tAccount Name:\tann\r\n"
                "\tDomain Name:\tEXAMPLE\r\n\tLogon ID:\t0x3E7",
            ),
            id="Get-WinEvent",
        ),
    ],
)
def test_a_log_that_was_cleared(record: Any, tmp_path: Path) -> None:
    fields = {"user": "EXAMPLE\\ann", "uid": "S-1-5-21-1", "login_id": "0x3e7", "log_name": "Security"}
    check(record, {"system/log_clear": fields, "event/log": {}}, tmp_path)


def test_without_its_payload_the_texts_of_a_map_are_left(tmp_path: Path) -> None:
    record = exports.evtxecmd(
        SYSMON,
        1,
        None,
        UserName="EXAMPLE\\ann",
        ExecutableInfo="at 10:00 calc.exe",
        PayloadData1="ProcessID: 4242, ProcessGUID: 0197231e-fa9d-6938-d910-000000000800",
        PayloadData2="RuleName: -",
        PayloadData3="MD5=00AA",
        PayloadData4="ParentProcess: C:\\Windows\\System32\\cmd.exe",
        PayloadData5="ParentProcessID: 77, ParentProcessGUID: 0197231e-0001-6938-0100-000000000800",
        PayloadData6="ParentCommandLine: cmd /c job.cmd",
    )
    fields = {
        "command_line": "at 10:00 calc.exe",
        "guid": "{0197231e-fa9d-6938-d910-000000000800}",
        "md5_hash": "00aa",
        "parent_command_line": "cmd /c job.cmd",
        "parent_exe": "cmd.exe",
        "pid": 4242,
        "ppid": 77,
        "user": "EXAMPLE\\ann",
    }
    check(record, {"process/create": fields}, tmp_path)
