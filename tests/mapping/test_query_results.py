"""osquery's results in each of their formats, and what Filebeat and Corelight make of Zeek's records."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.ingesting import load, query, write_lines

_ROW = {"cmdline": "nc -l", "parent": "1", "path": "/bin/nc", "pid": "99"}
_FRAME: dict[str, Any] = {"name": "p", "hostIdentifier": "host1", "unixTime": 1711015200, "counter": 1}
_EVENT = _ROW | {"time": "1711015000"}


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (_FRAME | {"columns": _ROW, "action": "added"}, {("process", "create"): 1}),
        (_FRAME | {"columns": _ROW, "action": "removed"}, {("process", "terminate"): 1}),
        (_FRAME | {"columns": _ROW, "action": "added", "counter": 0}, {("event", "log"): 1}),
        (_FRAME | {"columns": _ROW, "action": "snapshot"}, {("event", "log"): 1}),
        (_FRAME | {"columns": _EVENT, "action": "added", "counter": 0}, {("process", "create"): 1}),
        (_FRAME | {"columns": _EVENT, "action": "removed"}, {("event", "log"): 1}),
        (_FRAME | {"snapshot": [_ROW, _EVENT], "action": "snapshot"}, {("event", "log"): 1, ("process", "create"): 1}),
        (
            _FRAME | {"diffResults": {"added": [_ROW], "removed": [_ROW, _ROW]}},
            {("process", "create"): 1, ("process", "terminate"): 2},
        ),
        (_FRAME | {"diffResults": {"added": [], "removed": []}}, {("event", "log"): 1}),
        (
            {"@timestamp": "2024-03-21T10:00:00Z", "osquery": {"result": {"action": "removed", "columns": _ROW}}},
            {("process", "terminate"): 1},
        ),
        (
            _FRAME | {"columns": {"target_path": "/a", "action": "CREATED", "time": "1711015000"}, "action": "removed"},
            {("event", "log"): 1},
        ),
    ],
)
def test_what_became_of_a_row(record: Any, expected: dict[tuple[str, str], int], tmp_path: Path) -> None:
    assert dict(load(tmp_path / "lines", write_lines(tmp_path / "a.json", [record])).events) == expected
    printed = tmp_path / "b.json"
    printed.write_text(json.dumps([record], indent=2), "utf-8")
    assert dict(load(tmp_path / "printed", printed).events) == expected


_UUID = "4740D59F-699E-5B29-960B-979AAF9BBEEB"
_DECORATED = {"columns": _ROW, "action": "added", "decorations": {"hostname": "lx1.example.com"}}


@pytest.mark.parametrize(
    ("record", "host"),
    [
        (_FRAME | _DECORATED, "host1"),
        (_FRAME | _DECORATED | {"hostIdentifier": _UUID}, "lx1"),
        (_FRAME | _DECORATED | {"hostIdentifier": _UUID, "decorations": {}}, _UUID),
        ({"osquery": {"result": _DECORATED | {"host_identifier": _UUID}}, "host": {"name": "forwarder"}}, "lx1"),
    ],
)
def test_a_host_has_its_name_and_not_the_fleets_number(record: Any, host: str, tmp_path: Path) -> None:
    load(tmp_path / "store", write_lines(tmp_path / "a.json", [record]))
    assert query(tmp_path / "store", "SELECT hostname FROM events") == [(host,)]


_FILEBEAT: dict[str, Any] = {
    "@timestamp": "2024-03-21T10:00:00.123Z",
    "event": {
        "dataset": "zeek.connection",
        "module": "zeek",
        "duration": 1500000000,
        "created": "2024-03-21T11:00:00Z",
    },
    "host": {"name": "sensor"},
    "source": {"address": "10.0.0.5", "port": 50123, "bytes": 10},
    "destination": {"address": "10.0.0.9", "port": 445, "bytes": 20},
    "network": {"transport": "tcp"},
    "zeek": {"session_id": "C1", "connection": {"state": "SF", "local_orig": True, "local_resp": False}},
}


def _flat(record: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in record.items():
        flat |= _flat(value, f"{prefix}{name}.") if isinstance(value, dict) else {prefix + name: value}
    return flat


@pytest.mark.parametrize("record", [_FILEBEAT, _flat(_FILEBEAT), {"_index": "filebeat-8", "_source": _FILEBEAT}])
def test_a_conversation_through_filebeat(record: dict[str, Any], tmp_path: Path) -> None:
    load(tmp_path / "store", write_lines(tmp_path / "a.json", [record]))
    columns = "action, time::VARCHAR, src_ip, src_port, dest_ip, dest_port, in_bytes, network_direction"
    both = ("10.0.0.5", 50123, "10.0.0.9", 445, 20, "out")
    assert query(tmp_path / "store", f"SELECT {columns} FROM events ORDER BY ALL", "flow") == [  # noqa: S608  # as above
        ("end", "2024-03-21 10:00:01.623+00", *both),
        ("start", "2024-03-21 10:00:00.123+00", *both),
    ]


def test_a_request_before_the_pipeline_has_its_own_time(tmp_path: Path) -> None:
    record = _FILEBEAT | {
        "event": {"dataset": "zeek.http", "created": 1711015200.5},
        "zeek": {"session_id": "C1", "http": {"trans_depth": 1}},
        "http": {"request": {"method": "GET"}, "response": {"status_code": 200}},
        "url": {"original": "/x", "domain": "a.example"},
    }
    load(tmp_path / "store", write_lines(tmp_path / "a.json", [record]))
    assert query(tmp_path / "store", "SELECT action, time::VARCHAR, url_full FROM events", "http") == [
        ("get", "2024-03-21 10:00:00.5+00", "http://a.example:445/x")
    ]


def test_escapes_in_json_are_read_where_all_of_a_text_is_escaped(tmp_path: Path) -> None:
    frame = {"ts": 1711015200.1, "uid": "C1", "id.orig_h": "10.0.0.5", "id.resp_h": "10.0.0.9"}
    request = frame | {"_path": "http", "method": "GET", "uri": "/a\\x09b\\x5cd", "user_agent": "caf\\xc3\\xa9"}
    opened = frame | {"_path": "smb_files", "action": "SMB::FILE_OPEN", "name": "C:\\x64\\t.exe", "path": "\\\\s\\x86"}
    load(tmp_path / "store", write_lines(tmp_path / "a.json", [request, opened]))
    assert query(tmp_path / "store", "SELECT url_remainder, user_agent_full FROM events", "http") == [
        ("/a\tb\\d", "café")
    ]
    ((info,),) = query(tmp_path / "store", "SELECT proto_info FROM events", "flow")
    assert (json.loads(info)["file_name"], json.loads(info)["share"]) == ("C:\\x64\\t.exe", "\\\\s\\x86")


def test_escapes_in_lists_and_of_other_bytes(tmp_path: Path) -> None:
    log = tmp_path / "dns.log"
    log.write_text(
        "#separator \\x09\n#set_separator\t,\n#unset_field\t-\n#path\tdns\n#fields\tts\tquery\tanswers\n"
        "#types\ttime\tstring\tvector[string]\n1711015200.1\t\\x2da\ta\\x2cb,c\\x5cx09,\\xff\\xc3\\xa9\n",
        "utf-8",
    )
    load(tmp_path / "store", log)
    ((asked, answers),) = query(tmp_path / "store", "SELECT query, answers FROM events", "dns")
    assert (asked, json.loads(answers)) == ("-a", ["a,b", "c\\x09", "\\xffé"])


def test_corelight_writes_times_as_text(tmp_path: Path) -> None:
    record = {"_path": "conn", "_system_name": "c1", "_write_ts": "2024-03-21T10:00:01Z", "uid": "C1"} | {
        "ts": "2024-03-21T10:00:00.123456Z",
        "id.orig_h": "10.0.0.5",
        "id.resp_h": "10.0.0.9",
        "proto": "tcp",
    }
    load(tmp_path / "store", write_lines(tmp_path / "a.json", [record]))
    assert query(tmp_path / "store", "SELECT time::VARCHAR, dest_ip FROM events", "flow") == [
        ("2024-03-21 10:00:00.123456+00", "10.0.0.9")
    ]
