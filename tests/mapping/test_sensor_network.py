"""Records of Zeek and osquery that the real logs have no example of, and how what they say is spelled."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.ingesting import load, query, write_lines
from tests.mapping.sensor_records import Expected, check, osquery, zeek

CASES: list[tuple[str, Any, Expected]] = [
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
            "http/other": {"request_method": "HEAD", "url_domain": "h", "url_remainder": "/"},
            "flow/message": {
                "protocol": "http",
                "proto_info": {"command": "HEAD", "hostname": "h", "uri": "/", "uid": "C1"},
            },
        },
    ),
    (
        "Zeek smb_files, a write",
        zeek("smb_files", action="SMB::FILE_WRITE", path="\\\\SRV.example.com\\c$", name="a\\b.exe", size=3),
        {
            "flow/message": {"hostname": "SRV", "fqdn": "SRV.example.com", "dest_hostname": "SRV", "dest_port": 445},
            "event/log": {"log_name": "zeek/smb_files"},
        },
    ),
    (
        "Zeek dce_rpc over a pipe",
        zeek("dce_rpc", named_pipe="\\PIPE\\winreg", endpoint="winreg", operation="BaseRegCreateKey"),
        {"flow/message": {"dest_port": 445}, "event/log": {"log_name": "zeek/dce_rpc"}},
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
            "event/log": {"log_name": "zeek/ntlm"},
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
        {
            "flow/message": {"protocol": "rdp", "dest_port": 3389, "user": "adam"},
            "event/log": {"log_name": "zeek/rdp"},
        },
    ),
    (
        "Zeek ssh",
        zeek("ssh", auth_success=False, auth_attempts=3, client="SSH-2.0-x", direction="INBOUND"),
        {
            "flow/message": {"protocol": "ssh", "network_direction": "in"},
            "authentication/failure": {"app_name": "ssh", "user_agent": "SSH-2.0-x", "src_ip": "10.0.0.5"},
            "event/log": {"log_name": "zeek/ssh"},
        },
    ),
]


@pytest.mark.parametrize(("record", "expected"), [pytest.param(r, e, id=name) for name, r, e in CASES])
def test_a_record_becomes_the_events_and_fields_that_it_should(record: Any, expected: Expected, tmp_path: Path) -> None:
    check(record, expected, tmp_path)


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
