"""Events in OCSF, as JSON and as Parquet."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from tests.mapping.exported import assert_events

_GUID = "{0197231e-fa9d-6938-d910-000000000800}"
_ACTOR = {
    "process": {"pid": 4242, "uid": _GUID, "cmd_line": "at x", "file": {"path": "C:\\at.exe", "name": "at.exe"}},
    "user": {"name": "ann", "domain": "E", "uid": "S-1"},
}
_BASE = {
    "time": 1711015200123,
    "severity": "Informational",
    "device": {"hostname": "HOST1.example.com"},
    "metadata": {"version": "1.1.0", "product": {"name": "Sysmon"}},
    "actor": _ACTOR,
}
_BY = {
    "hostname": "HOST1",
    "time": "2024-03-21 10:00:00.123+00",
    "image_path": "C:\\at.exe",
    "pid": 4242,
    "guid": _GUID,
    "user": "E\\ann",
}
_SRC, _DST = {"ip": "10.0.0.5", "port": 50123}, {"ip": "10.0.0.9", "port": 445, "hostname": "srv.example.com"}
_HASHES = [
    {"algorithm": "SHA-256", "algorithm_id": 3, "value": "AABB"},
    {"algorithm": "MD5", "algorithm_id": 1, "value": "CCDD"},
]
_BOB = {"name": "bob", "domain": "E", "uid": "S-2"}

_CASES = [
    pytest.param(
        1007,
        1,
        {"process": {"pid": 5, "cmd_line": "b y", "file": {"path": "C:\\b.exe", "hashes": _HASHES}, "user": _BOB}},
        [
            {
                "exe": "b.exe",
                "pid": 5,
                "ppid": 4242,
                "command_line": "b y",
                "user": "E\\bob",
                "md5_hash": "ccdd",
                "sha256_hash": "aabb",
                "parent_exe": "at.exe",
                "parent_command_line": "at x",
                "parent_guid": _GUID,
            }
        ],
        id="process launched",
    ),
    pytest.param(
        1007,
        1,
        {"process": {"pid": 5, "name": "b", "parent_process": {"pid": 6, "file": {"path": "/bin/c"}}}},
        [{"exe": "b", "ppid": 6, "parent_exe": "c", "parent_image_path": "/bin/c", "user": "E\\ann"}],
        id="process launched, its parent beside who acts",
    ),
    pytest.param(
        1007,
        2,
        {"process": {"pid": 5, "file": {"path": "C:\\b.exe"}}, "exit_code": 1},
        [{"action": "terminate", "pid": 5, "exe": "b.exe", "exit_code": "1", "ppid": None}],
        id="process terminated",
    ),
    pytest.param(
        1007,
        3,
        {"process": {"pid": 600, "file": {"path": "C:\\lsass.exe"}}, "requested_permissions": 5136},
        [{**_BY, "action": "access", "target_name": "C:\\lsass.exe", "target_pid": 600, "access_level": "5136"}],
        id="process opened",
    ),
    pytest.param(
        1001,
        5,
        {"file": {"path": "C:\\a.txt"}, "file_result": {"path": "C:\\b.txt"}},
        [
            {**_BY, "action": "delete", "file_path": "C:\\a.txt"},
            {**_BY, "action": "create", "file_path": "C:\\b.txt", "extension": ".txt"},
        ],
        id="file renamed",
    ),
    pytest.param(1001, 3, {"file": {"path": "C:\\a.txt"}}, [{**_BY, "action": "modify"}], id="file updated"),
    pytest.param(1005, 1, {"module": {"file": {"path": "C:\\m.dll"}}}, [{**_BY, "module_name": "m.dll"}], id="module"),
    pytest.param(
        4001,
        1,
        {"src_endpoint": _SRC, "dst_endpoint": _DST, "connection_info": {"protocol_num": 6, "direction_id": 2}},
        [
            {
                **_BY,
                "action": "start",
                "src_ip": "10.0.0.5",
                "dest_port": 445,
                "dest_hostname": "srv",
                "network_direction": "out",
                "transport_protocol": "tcp",
            }
        ],
        id="connection",
    ),
    pytest.param(
        4001,
        6,
        {"src_endpoint": _SRC, "dst_endpoint": _DST, "traffic": {"bytes_in": 7}, "end_time": 1711015260000},
        [
            {**_BY, "action": "start", "in_bytes": 7},
            {**_BY, "action": "end", "in_bytes": 7, "end_time": "2024-03-21 10:01:00+00"},
        ],
        id="traffic",
    ),
    pytest.param(
        4001,
        5,
        {"src_endpoint": _SRC, "dst_endpoint": _DST, "disposition_id": 2},
        [{**_BY, "action": "block", "dest_ip": "10.0.0.9"}],
        id="connection blocked",
    ),
    pytest.param(
        4002,
        5,
        {
            "src_endpoint": _SRC,
            "http_request": {"http_method": "OPTIONS", "url": {"path": "/a", "query_string": "b=c", "hostname": "h"}},
            "http_response": {"code": 204},
        },
        [
            {
                "hostname": "HOST1",
                "user": "E\\ann",
                "action": "other",
                "request_method": "OPTIONS",
                "url_remainder": "/a?b=c",
                "response_status_code": "204",
            }
        ],
        id="HTTP",
    ),
    pytest.param(
        4003,
        2,
        {"query": {"hostname": "a.example", "type": "A"}, "answers": [{"rdata": "10.0.0.1"}], "rcode": "NoError"},
        [{**_BY, "query": "a.example", "query_type": "A", "answers": "10.0.0.1", "response_code": "NoError"}],
        id="DNS",
    ),
    pytest.param(
        201001,
        1,
        {"reg_key": {"path": "HKEY_LOCAL_MACHINE\\A"}},
        [{**_BY, "action": "add", "key": "HKLM\\A"}],
        id="key",
    ),
    pytest.param(
        201002,
        2,
        {"reg_value": {"path": "HKLM\\A", "name": "v", "data": "d", "type": "REG_SZ"}},
        [{**_BY, "key": "HKLM\\A\\v", "value": "v", "data": "d", "type": "REG_SZ"}],
        id="value",
    ),
    pytest.param(
        1009,
        1,
        {"script": {"script_content": {"value": "Get-X"}, "file": {"path": "C:\\s.ps1"}}},
        [{"content": "Get-X", "file_path": "C:\\s.ps1", "host_application": "at x", "user": "E\\ann"}],
        id="script",
    ),
    pytest.param(
        3002,
        1,
        {"status_id": 2, "user": _BOB, "src_endpoint": _SRC, "logon_type_id": 10, "auth_protocol_id": 2},
        [
            {
                "action": "failure",
                "target_user": "E\\bob",
                "user": "E\\ann",
                "method": "Kerberos",
                "src_ip": "10.0.0.5",
            },
            {"action": "login", "user": "E\\bob", "login_successful": "false", "login_type": "remote_interactive"},
        ],
        id="logon",
    ),
    pytest.param(3002, 2, {"user": _BOB}, [{"action": "logout", "user": "E\\bob", "uid": "S-2"}], id="logoff"),
    pytest.param(2004, 1, {"finding_info": {"title": "x"}}, [], id="a class without a mapping"),
]


@pytest.mark.parametrize(("class_uid", "activity_id", "fields", "expected"), _CASES)
@pytest.mark.parametrize("form", ["JSON", "Parquet"])
def test_a_class_and_its_activity_say_which_event_it_is(
    class_uid: int, activity_id: int, fields: Any, expected: Any, form: str, tmp_path: Path
) -> None:
    record = {**_BASE, "class_uid": class_uid, "activity_id": activity_id, **fields}
    if form == "JSON":
        assert_events(tmp_path, [record], *expected)
        return
    path = tmp_path / "events.parquet"
    parquet.write_table(pa.Table.from_pylist([record]), path)
    assert_events(tmp_path, path, *expected)


def test_the_type_tells_class_and_activity(tmp_path: Path) -> None:
    record = {**_BASE, "type_uid": 100102, "activity_name": "Read", "file": {"path": "C:\\a.txt"}}
    assert_events(tmp_path, [record], {**_BY, "action": "read", "file_path": "C:\\a.txt"})
