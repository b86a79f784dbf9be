"""Events in Elastic's Common Schema that no Windows event log is behind."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from carlang.model import builtin_model
from tests.ingesting import load, query, write_lines

Row = tuple[dict[str, Any], str, dict[str, Any]]

_PROCESS = {
    "entity_id": "abc=",
    "pid": 7,
    "name": "at.exe",
    "executable": "C:\\at.exe",
    "parent": {"entity_id": "def=", "pid": 5, "executable": "C:\\cmd.exe", "command_line": "cmd /c x"},
}
_BY = {"pid": 7, "image_path": "C:\\at.exe", "user": "EXAMPLE\\ann", "hostname": "host1"}


def _event(category: list[str], type_: list[str], action: str, **members: Any) -> dict[str, Any]:
    dataset = f"endpoint.events.{category[0]}"
    event = {"category": category, "type": type_, "action": action, "kind": "event", "dataset": dataset}
    return {
        "@timestamp": "2024-03-21T10:00:00.123Z",
        "agent": {"type": "endpoint"},
        "event": {**event, "module": "endpoint"},
        "host": {"hostname": "host1", "name": "host1"},
        "user": {"name": "ann", "domain": "EXAMPLE", "id": "S-1-5-21-1"},
        "message": "Endpoint event",
        "process": _PROCESS,
        **members,
    }


_STARTED = {
    **_PROCESS,
    "command_line": "at 10:00 calc.exe",
    "working_directory": "C:\\",
    "hash": {"md5": "AA", "sha256": "BB"},
    "Ext": {"token": {"integrity_level_name": "high"}},
    "code_signature": {"subject_name": "Example", "status": "trusted"},
}
_ENDS = {
    "source": {"ip": "10.0.0.5", "port": 50123, "address": "10.0.0.5"},
    "destination": {"ip": "10.0.0.9", "port": 445, "domain": "srv.example.com"},
    "network": {"transport": "tcp", "type": "ipv4", "direction": "egress"},
}
_REGISTRY = {"path": "HKEY_LOCAL_MACHINE\\Software\\up", "value": "up", "data": {"strings": ["x"], "type": "REG_SZ"}}
_FLOW = {"src_ip": "10.0.0.5", "dest_ip": "10.0.0.9", "dest_port": 445, "network_direction": "out"}
_SIGNED = {"subject_name": "Example", "status": "trusted"}

ROWS: list[Row] = [
    (
        _event(["process"], ["start"], "start", process=_STARTED),
        "process/create",
        {
            **_BY,
            "command_line": "at 10:00 calc.exe",
            "exe": "at.exe",
            "guid": "abc=",
            "integrity_level": "High",
            "md5_hash": "aa",
            "parent_command_line": "cmd /c x",
            "parent_exe": "cmd.exe",
            "ppid": 5,
            "signer": "Example",
        },
    ),
    (_event(["process"], ["start"], "fork"), "event/log", {"event_code": None}),
    (_event(["process"], ["info"], "already_running"), "event/log", {"log_name": "ecs/process"}),
    (
        _event(["process"], ["end"], "end", process={**_PROCESS, "exit_code": 1}),
        "process/terminate",
        {"exit_code": "1"},
    ),
    (
        _event(["file"], ["creation"], "creation", file={"path": "C:\\new.exe", "hash": {"md5": "AA"}}),
        "file/create",
        {"file_path": "C:\\new.exe", "extension": ".exe", "md5_hash": "aa", "pid": 7},
    ),
    (_event(["file"], ["deletion"], "deletion", file={"path": "C:\\x"}), "file/delete", {"file_path": "C:\\x"}),
    (_event(["file"], ["change"], "modification", file={"path": "C:\\x"}), "file/modify", {"file_path": "C:\\x"}),
    (
        _event(["file"], ["change"], "rename", file={"path": "C:\\b", "Ext": {"original": {"path": "C:\\a"}}}),
        "file/delete",
        {"file_path": "C:\\a"},
    ),
    (_event(["network"], ["start"], "connection_attempted", **_ENDS), "flow/start", {**_FLOW, "exe": "at.exe"}),
    (_event(["network"], ["end"], "disconnect_received", **_ENDS), "flow/end", _FLOW),
    (
        _event(["network"], ["connection", "start"], "lookup_requested", dns={"question": {"name": "w.example.com"}}),
        "dns/query",
        {"query": "w.example.com", "pid": 7},
    ),
    (
        _event(["registry"], ["change"], "modification", registry=_REGISTRY),
        "registry/value_edit",
        {"key": "HKLM\\Software\\up", "data": "x", "hive": "HKEY_LOCAL_MACHINE", "value": "up"},
    ),
    (
        _event(["configuration", "registry"], ["deletion"], "deletion", registry=_REGISTRY),
        "registry/remove",
        {"key": "HKLM\\Software\\up"},
    ),
    (
        _event(["library"], ["start"], "load", dll={"path": "C:\\a.dll", "code_signature": _SIGNED}),
        "module/load",
        {"module_path": "C:\\a.dll", "module_name": "a.dll", "signature_valid": True, "signer": "Example"},
    ),
    # Auditbeat's, with one value in place of a list of one, and what Kibana makes of a document.
    (
        {
            "@timestamp": "2024-03-21T10:00:00.123Z",
            "event": {"category": "process", "type": "start", "module": "system", "action": "process_started"},
            "host": {"name": "host1"},
            "process": {"pid": 7, "executable": "/bin/sh", "args": ["sh", "-c", "x"], "parent": {"pid": 5}},
        },
        "process/create",
        {"command_line": "sh -c x", "ppid": 5, "exe": "sh", "pid": 7},
    ),
    (
        {
            "@timestamp": "2024-03-21T10:00:00.123Z",
            "event.category": ["process"],
            "event.type": ["start"],
            "event.dataset": ["endpoint.events.process"],
            "host.name": ["host1"],
            "process.pid": [7],
            "process.executable": ["C:\\at.exe"],
        },
        "process/create",
        {"image_path": "C:\\at.exe", "pid": 7, "hostname": "host1"},
    ),
]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ecs")
    for number, (record, _, _) in enumerate(ROWS):
        write_lines(folder / f"{number}.json", [record])
    load(folder / "store", *(folder / f"{number}.json" for number in range(len(ROWS))))
    return folder / "store"


@pytest.mark.parametrize("number", range(len(ROWS)))
def test_an_event_becomes_what_it_is(number: int, store: Path) -> None:
    _, kind, fields = ROWS[number]
    name, _, action = kind.partition("/")
    assert set(fields) <= set(builtin_model().objects[name].fields)
    columns = ", ".join(fields)
    sql = f"SELECT {columns} FROM events WHERE action = '{action}' AND source LIKE '%/{number}.json'"  # noqa: S608
    (values,) = query(store, sql, name)
    assert dict(zip(fields, values, strict=True)) == fields
