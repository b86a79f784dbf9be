"""Windows events as Elastic's pipelines leave them, and as Kibana exports them."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from tests.mapping.exported import assert_events

_SYSMON = "Microsoft-Windows-Sysmon"
_GUID = "{0197231e-fa9d-6938-d910-000000000800}"
_PROCESS = {"entity_id": _GUID, "executable": "C:\\Windows\\at.exe", "name": "at.exe", "pid": 4242}
_BY = {
    "hostname": "HOST1",
    "time": "2024-03-21 10:00:00.123+00",
    "image_path": "C:\\Windows\\at.exe",
    "pid": 4242,
    "guid": _GUID,
}
_NO_IMAGE = {name: value for name, value in _BY.items() if name not in ("image_path", "pid", "guid")}


def _document(channel: str, provider: str, event_id: int, data: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {
        "@timestamp": "2024-03-21T10:00:00.123Z",
        "event": {"code": str(event_id), "provider": provider, "kind": "event"},
        "host": {"name": "host1"},
        "log": {"level": "information"},
        "winlog": {
            "channel": channel,
            "computer_name": "HOST1",
            "event_id": str(event_id),
            "provider_name": provider,
            "record_id": "55",
            "process": {"pid": 1812, "thread": {"id": 2}},
            "event_data": data,
        },
        **fields,
    }


def _sysmon(event_id: int, data: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return _document(f"{_SYSMON}/Operational", _SYSMON, event_id, data, **{"process": _PROCESS, **fields})


def _security(event_id: int, data: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return _document("Security", "Microsoft-Windows-Security-Auditing", event_id, data, **fields)


_FILE = {"path": "C:\\Temp\\a.exe", "name": "a.exe", "hash": {"sha256": "aa11", "md5": "bb22"}}


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        pytest.param(
            _sysmon(2, {"CreationUtcTime": "2020-01-01 00:00:00.000"}, file={"path": "C:\\Temp\\a.txt"}),
            {**_BY, "action": "timestomp", "file_path": "C:\\Temp\\a.txt", "creation_time": "2020-01-01 00:00:00+00"},
            id="2",
        ),
        pytest.param(_sysmon(5, {}), {**_BY, "action": "terminate", "exe": "at.exe"}, id="5"),
        pytest.param(
            _sysmon(6, {"Signed": "true"}, process={}, file={**_FILE, "code_signature": {"status": "Valid"}}),
            {"action": "load", "image_path": "C:\\Temp\\a.exe", "sha256_hash": "aa11", "signature_valid": "true"},
            id="6",
        ),
        pytest.param(
            _sysmon(7, {}, file={**_FILE, "pe": {"original_file_name": "A.EXE", "imphash": "cc33"}}),
            {
                **_BY,
                "module_path": "C:\\Temp\\a.exe",
                "md5_hash": "bb22",
                "imphash": "cc33",
                "original_file_name": "A.EXE",
            },
            id="7",
        ),
        pytest.param(
            _sysmon(8, {"TargetImage": "C:\\b.exe", "TargetProcessId": "7", "TargetProcessGUID": _GUID}),
            {"src_pid": 4242, "src_image_path": "C:\\Windows\\at.exe", "tgt_pid": 7, "tgt_guid": _GUID},
            id="8",
        ),
        pytest.param(
            _sysmon(10, {"TargetImage": "C:\\lsass.exe", "GrantedAccess": "0x1410"}, user={"name": "ann"}),
            {**_BY, "action": "access", "target_name": "C:\\lsass.exe", "access_level": "0x1410", "user": "ann"},
            id="10",
        ),
        pytest.param(
            _sysmon(11, {}, file={"path": "C:\\Temp\\a.txt"}, rule={"name": "T1"}),
            {**_BY, "action": "create", "file_path": "C:\\Temp\\a.txt", "rule_name": "T1"},
            id="11",
        ),
        pytest.param(
            _sysmon(12, {"EventType": "DeleteKey"}, registry={"hive": "HKLM", "key": "A\\B"}),
            {**_BY, "action": "remove", "key": "HKLM\\A\\B"},
            id="12, without the path",
        ),
        pytest.param(
            _sysmon(12, {}, registry={"path": "HKLM\\A\\B"}, message="Registry:\nEventType: DeleteValue\nUser: x"),
            {**_BY, "action": "remove", "value": "B"},
            id="12, of which the message alone has the type",
        ),
        pytest.param(
            _sysmon(13, {}, registry={"path": "HKLM\\A\\v", "data": {"strings": ["10"], "type": "SZ_DWORD"}}),
            {**_BY, "key": "HKLM\\A\\v", "data": "10", "new_content": "DWORD (0x0000000a)", "type": "REG_DWORD"},
            id="13",
        ),
        pytest.param(_sysmon(17, {}, file={"name": "\\mine"}), {**_BY, "pipe_name": "\\mine"}, id="17"),
        pytest.param(
            _sysmon(20, {"Name": "c", "Type": "Command Line"}, process={"executable": "cmd /c x"}),
            {"action": "consumer", "destination": "cmd /c x", "name": "c"},
            id="20",
        ),
        pytest.param(
            _sysmon(
                22,
                {},
                dns={
                    "question": {"name": "a.example"},
                    "answers": [{"type": "CNAME", "data": "b.example"}, {"type": "A", "data": "10.0.0.1"}],
                },
                sysmon={"dns": {"status": "DNS_ERROR_RCODE_NAME_ERROR"}},
            ),
            {**_BY, "query": "a.example", "answers": "type:  5 b.example;::ffff:10.0.0.1;", "response_code": "9003"},
            id="22",
        ),
        pytest.param(
            _sysmon(23, {}, file={"path": "C:\\a.exe"}, sysmon={"file": {"archived": True, "is_executable": False}}),
            {**_BY, "action": "delete", "archived": "true", "is_executable": "false"},
            id="23",
        ),
        pytest.param(
            _sysmon(25, {}, message="Image is replaced"), {**_BY, "tamper_type": "Image is replaced"}, id="25"
        ),
        pytest.param(
            _security(
                4688,
                {"ProcessId": "0x4d", "SubjectUserName": "ann", "SubjectDomainName": "EXAMPLE", "TargetUserName": "-"},
                process={**_PROCESS, "parent": {"executable": "C:\\cmd.exe", "pid": 77}, "command_line": "at x"},
                user={"name": "ann", "domain": "EXAMPLE", "id": "S-1-5-21-1"},
            ),
            {"pid": 4242, "ppid": 77, "user": "EXAMPLE\\ann", "sid": "S-1-5-21-1", "command_line": "at x"},
            id="4688",
        ),
        pytest.param(
            _security(4689, {"Status": "0x0"}, process=_PROCESS, user={"name": "ann", "domain": "EXAMPLE"}),
            {"action": "terminate", "pid": 4242, "image_path": "C:\\Windows\\at.exe", "user": "EXAMPLE\\ann"},
            id="4689",
        ),
        pytest.param(
            _security(4672, {"PrivilegeList": ["SeA", "SeB"]}, user={"name": "ann"}),
            {"action": "assign", "privileges": "SeA SeB", "user": "ann"},
            id="4672",
        ),
        pytest.param(
            _document(
                "Microsoft-Windows-PowerShell/Operational",
                "Microsoft-Windows-PowerShell",
                4104,
                {},
                powershell={"sequence": 1, "total": 2, "file": {"script_block_id": "i", "script_block_text": "Get-X"}},
                file={"path": "C:\\s.ps1"},
            ),
            {"content": "Get-X", "script_id": "i", "part": 1, "part_count": 2, "file_path": "C:\\s.ps1"},
            id="4104",
        ),
        pytest.param(
            _document(
                "Microsoft-Windows-PowerShell/Operational",
                "Microsoft-Windows-PowerShell",
                4103,
                {},
                powershell={
                    "command": {
                        "name": "Out-Null",
                        "type": "Cmdlet",
                        "invocation_details": [{"type": "CommandInvocation", "related_command": "O", "value": "x"}],
                    },
                    "engine": {"version": "5.1"},
                },
                process={"command_line": "powershell -c x", "title": "ConsoleHost"},
                user={"name": "ann", "domain": "E"},
            ),
            {
                "command_name": "Out-Null",
                "host_application": "powershell -c x",
                "payload": "CommandInvocation(O): x",
                "user": "E\\ann",
            },
            id="4103",
        ),
    ],
)
def test_what_went_into_ecs_fills_the_event(record: Any, expected: Any, tmp_path: Path) -> None:
    assert_events(tmp_path, [record], expected)


_LOGON = _security(
    4624,
    {"SubjectUserName": "HOST1$", "TargetUserName": "bob", "TargetDomainName": "E", "LogonType": "10"},
    source={"ip": "10.1.1.1", "port": 123, "domain": "WS"},
    process={"pid": 5},
    user={"name": "bob", "domain": "E", "id": "S-1-5-21-9"},
)
_SESSION = {"user": "E\\bob", "src_ip": "10.1.1.1", "src_port": 123, "src_hostname": "WS", "uid": "S-1-5-21-9"}
_ACCEPTED = {"action": "success", "target_user": "E\\bob", "src_ip": "10.1.1.1", "user": "HOST1$"}


def _flat(value: Any, name: str = "") -> dict[str, Any]:
    if not isinstance(value, dict):
        return {name: value}
    return {k: v for key, item in value.items() for k, v in _flat(item, f"{name}.{key}" if name else key).items()}


def _hit(**parts: Any) -> dict[str, Any]:
    return {"_index": "winlogbeat-8", "_id": "1", "_score": 1.0, **parts}


_FIELDS = {name: [value] for name, value in _flat(_LOGON).items()}


@pytest.mark.parametrize(
    "record",
    [
        pytest.param(_LOGON, id="document"),
        pytest.param(_flat(_LOGON), id="dotted names"),
        pytest.param(_hit(_source=_LOGON), id="hit"),
        pytest.param(_hit(_source=_flat(_LOGON)), id="hit with dotted names"),
        pytest.param(_hit(fields=_FIELDS), id="fields of a hit"),
        pytest.param(_hit(fields={**_FIELDS, "user.name.keyword": ["bob"]}), id="fields that are indexed twice"),
    ],
)
def test_an_export_has_its_own_form_of_a_document(record: Any, tmp_path: Path) -> None:
    assert_events(tmp_path, [record], _ACCEPTED, _SESSION)


def test_an_answer_of_a_search_holds_documents(tmp_path: Path) -> None:
    answer = {"took": 1, "hits": {"total": {"value": 1, "relation": "eq"}, "hits": [_hit(_source=_LOGON)]}}
    path = tmp_path / "answer.json"
    path.write_text(json.dumps(answer, indent=1), "utf-8")
    assert_events(tmp_path, path, _ACCEPTED, _SESSION)


def test_a_table_of_kibana_has_the_columns_that_were_chosen(tmp_path: Path) -> None:
    """Without anything of winlogbeat's; numbers and times as Kibana shows them."""
    path = tmp_path / "discover.csv"
    names = ["@timestamp", "event.code", "event.provider", "host.name", "process.executable", "process.pid"]
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(names)
        rows.writerow(["Mar 21, 2024 @ 10:00:00.123", "1", _SYSMON, "HOST1", "C:\\Windows\\at.exe", "4,242"])
    assert_events(tmp_path, path, {"hostname": "HOST1", "pid": 4242, "exe": "at.exe", "time": _BY["time"]})


def test_the_logging_service_is_no_process_of_an_event(tmp_path: Path) -> None:
    assert_events(tmp_path, [_sysmon(11, {}, process={}, file={"path": "C:\\a"})], {**_NO_IMAGE, "pid": None})
