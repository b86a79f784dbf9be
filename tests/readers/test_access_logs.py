"""Access logs of Apache, nginx and others: lines of text and of JSON, and what clients can do to them."""

from __future__ import annotations

import io
import json
import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from carlang.readers import tuning
from carlang.readers.access_lines import NO_ACCESS_LINE
from carlang.readers.containers import read_log
from carlang.readers.records import LogFile, ReadFault, Records
from tests.ingesting import load, query
from tests.readers.wrapped import WRAPPED
from tests.seeds import run_seed

AT = "[04/May/2023:10:00:00 +0200]"
UTC = "2023-05-04 08:00:00+00"

# A line, the action, and fields of its event.
LINES: list[tuple[str, str, dict[str, Any]]] = [
    (
        '127.0.0.1 - frank [10/Oct/2000:13:55:36 -0700] "GET /apache_pb.gif HTTP/1.0" 200 2326',
        "get",
        {
            "requester_ip_address": "127.0.0.1",
            "user": "frank",
            "time": "2000-10-10 20:55:36+00",
            "url_remainder": "/apache_pb.gif",
            "http_version": "1.0",
            "response_status_code": 200,
            "response_body_bytes": 2326,
            "user_agent_full": None,
            "hostname": None,
            "sensor": "access_log",
        },
    ),
    (
        rf'203.0.113.7 - - {AT} "GET /a?x=\"1\" HTTP/1.1" 304 - "-" "M \"q\" \\ \x22 \xc3\xa4 \xff \x00 \t"',
        "get",
        {
            "url_remainder": '/a?x="1"',
            "user_agent_full": 'M "q" \\ " ä \\xff \\x00 \\t',
            "request_referrer": None,
            "response_body_bytes": None,
            "time": UTC,
        },
    ),
    (
        f'www.example.com:443 2001:db8::1 - John Smith {AT} "POST /b HTTP/2.0" 500 9 "https://r/?q" "curl/8"',
        "post",
        {
            "url_domain": "www.example.com",
            "dest_port": 443,
            "url_full": "https://www.example.com/b",
            "requester_ip_address": "2001:db8::1",
            "user": "John Smith",
            "request_referrer": "https://r/?q",
            "user_agent_full": "curl/8",
        },
    ),
    (
        f'[2001:db8::5]:8080 ::ffff:203.0.113.7 - - {AT} "PUT /c HTTP/1.1" 201 9 "-" "-"',
        "put",
        {"url_domain": "[2001:db8::5]", "dest_port": 8080, "requester_ip_address": "203.0.113.7"},
    ),
    (
        f'www.example.com 203.0.113.7 - - {AT} "HEAD / HTTP/1.1" 200 0 "-" "-" "203.0.113.9, 10.0.0.1" 0.004 0x7f',
        "other",
        {
            "request_method": "HEAD",
            "url_domain": "www.example.com",
            "requester_ip_address": "203.0.113.7",
            "forwarded_for": "203.0.113.9, 10.0.0.1",
            "unnamed_values": "0.004 0x7f",
        },
    ),
    (
        f'203.0.113.7 - - {AT} "GET /main HTTP/1.1" 200 0 "-" "-" "-"',
        "get",
        {"forwarded_for": None, "unnamed_values": None},
    ),
    (
        f'203.0.113.7 - - {AT} "GET /timed HTTP/1.1" 200 0 1234 "TLSv1.3"',
        "get",
        {"user_agent_full": None, "unnamed_values": '1234 "TLSv1.3"'},
    ),
    (
        rf'host.example.net - - {AT} "\x16\x03\x01\x02\x00" 400 226 "-" "-"',
        "other",
        {
            "requester_hostname": "host.example.net",
            "requester_ip_address": None,
            "malformed_request": r"\x16\x03\x01\x02\x00",
            "request_method": None,
            "url_remainder": None,
        },
    ),
    (f'203.0.113.7 - - {AT} "-" 408 - "-" "-"', "other", {"malformed_request": None, "response_status_code": 408}),
    (f'203.0.113.7 - - {AT} "" 400 0 "-" "-"', "other", {"malformed_request": None, "response_status_code": 400}),
    (f'203.0.113.7 - - {AT} "SSH-2.0-Go" 400 0', "other", {"malformed_request": "SSH-2.0-Go"}),
    (f'203.0.113.7 - - {AT} "GET /old" 200 7', "get", {"url_remainder": "/old", "http_version": None}),
    (f'203.0.113.7 - - {AT} "GET /a b HTTP/1.1" 200 7', "get", {"url_remainder": "/a b", "http_version": "1.1"}),
    (
        f'203.0.113.7 - - {AT} "GET http://a.example/x HTTP/1.1" 404 7',
        "get",
        {"url_remainder": "http://a.example/x", "url_full": "http://a.example/x", "url_domain": None},
    ),
    (f'203.0.113.7 - - {AT} "CONNECT a.example:443 HTTP/1.1" 405 7', "tunnel", {"url_remainder": "a.example:443"}),
    (
        f'198.51.100.7, 10.0.0.1 - - {AT} "GET /proxied HTTP/1.1" 200 7',
        "get",
        {"requester_ip_address": "198.51.100.7", "requester_hostname": None},
    ),
    (
        f'203.0.113.7:50123 - - {AT} "GET /port HTTP/1.1" 200 7',
        "get",
        {"user": None, "url_domain": None, "requester_ip_address": "203.0.113.7", "requester_port": 50123},
    ),
    (
        f'2023-05-04T08:00:00.123456789Z stdout F 203.0.113.7 - - {AT} "GET /container HTTP/1.1" 200 7',
        "get",
        {"requester_ip_address": "203.0.113.7", "user": None, "hostname": None},
    ),
    (
        f'unix: - - {AT} "GET /socket HTTP/1.1" 200 7',
        "get",
        {"requester_ip_address": None, "requester_hostname": None, "requester_port": None},
    ),
    (f'2001:db8::7 - - {AT} "GET /6 HTTP/1.1" 200 7', "get", {"requester_ip_address": "2001:db8::7"}),
    (
        '203.0.113.7 - - [04/May/2023:10:00:00.125 +0200] "GET /part HTTP/1.1" 200 7',
        "get",
        {"time": "2023-05-04 08:00:00.125+00"},
    ),
    (
        '203.0.113.7 - - [2023-05-04T10:00:00+02:00] "GET /iso HTTP/1.1" 200 7',
        "get",
        {"time": UTC},
    ),
    (
        '203.0.113.7 - - [31/Dec/2023:20:30:00 -0330] "GET /year HTTP/1.1" 200 7',
        "get",
        {"time": "2024-01-01 00:00:00+00"},
    ),
    (
        rf'172.21.13.45 - REDMOND\fred {AT} "GET /scripts/ism.dll?http/serv HTTP/1.0" 200 3401',
        "get",
        {"user": "REDMOND\\fred", "url_remainder": "/scripts/ism.dll?http/serv"},
    ),
    (
        f'May  4 10:00:00 web01 nginx[7]: 203.0.113.7 - - {AT} "GET /syslog HTTP/1.1" 200 5 "-" "x"',
        "get",
        {"hostname": "web01", "requester_ip_address": "203.0.113.7", "time": UTC, "sensor": "access_log"},
    ),
    (
        f'<190>1 2023-05-04T10:00:00Z web02 nginx - - - 203.0.113.7 - - {AT} "GET /rfc HTTP/1.1" 200 5',
        "get",
        {"hostname": "web02", "url_remainder": "/rfc"},
    ),
    # What a client sends may look like the rest of a line, an event, an audit record, or a line of syslog.
    (
        rf'203.0.113.7 - - {AT} "GET /f\" 200 5 \"-\" \"good HTTP/1.1" 404 5 "-" "evil"',
        "get",
        {"url_remainder": '/f" 200 5 "-" "good', "response_status_code": 404, "user_agent_full": "evil"},
    ),
    (
        rf'203.0.113.7 - a\" {AT} \"GET /u HTTP/1.1\" 200 5 {AT} "GET /v HTTP/1.1" 401 5 "-" "x"',
        "get",
        {"url_remainder": "/v", "response_status_code": 401},
    ),
    (
        f'203.0.113.7 - - {AT} "GET /<Event xmlns=x> HTTP/1.1" 404 5 "-" "<Event>"',
        "get",
        {"url_remainder": "/<Event xmlns=x>", "user_agent_full": "<Event>"},
    ),
    (
        f'203.0.113.7 - - {AT} "GET /audit HTTP/1.1" 200 5 "-" "type=SYSCALL msg=audit(1.1:1): x"',
        "get",
        {"user_agent_full": "type=SYSCALL msg=audit(1.1:1): x"},
    ),
    (
        f'203.0.113.7 - - {AT} "GET /json HTTP/1.1" 200 5 "-" "{{""a"": 1}}"',
        "get",
        {"url_remainder": "/json"},
    ),
    # Of a server that escapes nothing, what can be read is.
    (
        f'203.0.113.7 - - {AT} "GET /raw"quote HTTP/1.1" 200 5 "-" "say "hi""',
        "get",
        {"url_remainder": '/raw"quote', "user_agent_full": 'say "hi"', "response_status_code": 200},
    ),
]

JSON: list[tuple[dict[str, Any], str, dict[str, Any]]] = [
    (
        {
            "@timestamp": "2023-05-04T08:00:00Z",
            "clientip": "203.0.113.7",
            "verb": "GET",
            "request": "/logstash?a=b",
            "httpversion": "1.1",
            "response": "200",
        },
        "get",
        {"url_remainder": "/logstash?a=b", "request_method": "GET", "http_version": "1.1"},
    ),
    (
        {
            "time": "2023-05-04T08:00:00Z",
            "remoteIP": "203.0.113.7",
            "method": "GET",
            "request": "/apache",
            "query": "?a=b",
            "status": "200",
        },
        "get",
        {"url_remainder": "/apache?a=b", "request_method": "GET"},
    ),
    (
        {"time": "2023-05-04T08:00:00Z", "client_ip": "203.0.113.7", "verb": "PUT", "uri_path": "/up", "status": 201},
        "put",
        {"url_remainder": "/up", "response_status_code": 201},
    ),
    (
        {
            "time_local": "04/May/2023:10:00:00 +0200",
            "remote_addr": "203.0.113.7",
            "remote_user": "",
            "request": "GET /n?x=%27 HTTP/1.1",
            "status": "200",
            "body_bytes_sent": "12",
            "request_time": "0.004",
            "http_referrer": "",
            "http_user_agent": 'curl "\u0016',
            "http_host": "www.example.com",
            "scheme": "https",
            "hostname": "web1.example.com",
        },
        "get",
        {
            "url_remainder": "/n?x=%27",
            "url_full": "https://www.example.com/n?x=%27",
            "fqdn": "web1.example.com",
            "time": UTC,
            "duration": 0.004,
            "user": None,
            "request_referrer": None,
            "user_agent_full": 'curl "\u0016',
        },
    ),
    (
        {
            "@timestamp": "2023-05-04T10:00:00+02:00",
            "clientip": "203.0.113.7",
            "verb": "POST",
            "uri": "/n2",
            "args": "q=1",
            "response": 500,
            "bytes": 5,
            "agent": "a",
        },
        "post",
        {"url_remainder": "/n2?q=1", "response_status_code": 500, "user_agent_full": "a", "time": UTC},
    ),
    (
        {"time_iso8601": "2023-05-04T10:00:00+02:00", "remote_addr": "::1", "request": "\u0016\u0003", "status": 400},
        "other",
        {"malformed_request": "\u0016\u0003", "requester_ip_address": "::1", "time": UTC},
    ),
    (
        {
            "level": "info",
            "ts": 1683187200.0,
            "logger": "http.log.access",
            "msg": "handled request",
            "request": {
                "remote_ip": "127.0.0.1",
                "remote_port": "41342",
                "client_ip": "203.0.113.7",
                "proto": "HTTP/2.0",
                "method": "GET",
                "host": "caddy.example",
                "uri": "/c?y",
                "headers": {"User-Agent": ["curl/7.82.0"], "X-Forwarded-For": ["203.0.113.7"], "Cookie": ["REDACTED"]},
                "tls": {"version": 772},
            },
            "duration": 0.25,
            "size": 10900,
            "status": 200,
        },
        "get",
        {
            "url_full": "https://caddy.example/c?y",
            "requester_ip_address": "203.0.113.7",
            "user_agent_full": "curl/7.82.0",
            "forwarded_for": "203.0.113.7",
            "request_cookie": "REDACTED",
            "duration": 0.25,
            "http_version": "2.0",
            "time": UTC,
        },
    ),
    (
        {
            "@timestamp": "2023-05-04T08:00:00.000Z",
            "event": {"category": ["web"], "type": ["access"], "module": "nginx", "dataset": "nginx.access"},
            "host": {"name": "web1.example.com"},
            "http": {
                "request": {"method": "DELETE", "referrer": "https://r/"},
                "response": {"status_code": 204, "body": {"bytes": 7}},
                "version": "1.1",
            },
            "source": {"address": "203.0.113.7", "ip": "203.0.113.7"},
            "url": {"original": "/e?a=%27", "path": "/e", "query": "a=%27"},
            "user": {"name": "adam"},
            "user_agent": {"original": "curl/8", "name": "curl"},
        },
        "other",
        {
            "request_method": "DELETE",
            "url_remainder": "/e?a=%27",
            "requester_ip_address": "203.0.113.7",
            "response_status_code": 204,
            "response_body_bytes": 7,
            "user_agent_full": "curl/8",
            "user": "adam",
            "fqdn": "web1.example.com",
            "time": UTC,
            "sensor": "access_log",
        },
    ),
    (
        {
            "ClientAddr": "203.0.113.7:1234",
            "ClientHost": "203.0.113.7",
            "ClientPort": "1234",
            "ClientUsername": "-",
            "DownstreamContentSize": 12,
            "DownstreamStatus": 404,
            "Duration": 51000000,
            "RequestHost": "traefik.example",
            "RequestMethod": "PROPFIND",
            "RequestPath": "/t?a",
            "RequestProtocol": "HTTP/1.1",
            "RequestScheme": "http",
            "StartUTC": "2023-05-04T08:00:00Z",
            "request_User-Agent": "x y",
        },
        "other",
        {
            "request_method": "PROPFIND",
            "url_full": "http://traefik.example/t?a",
            "requester_port": 1234,
            "user": None,
            "duration": 0.051,
            "response_body_bytes": 12,
            "user_agent_full": "x y",
            "time": UTC,
        },
    ),
]
SQUID: list[tuple[str, str, dict[str, Any]]] = [
    (
        (
            "1683187200.123    125 10.1.1.1 TCP_MISS/200 2910 GET http://www.example.com:8080/a?b adam"
            " HIER_DIRECT/198.51.100.7 text/html"
        ),
        "get",
        {
            "requester_ip_address": "10.1.1.1",
            "url_full": "http://www.example.com:8080/a?b",
            "url_domain": "www.example.com",
            "url_remainder": "/a?b",
            "url_scheme": "http",
            "dest_ip": "198.51.100.7",
            "dest_port": 8080,
            "user": "adam",
            "duration": 0.125,
            "response_bytes": 2910,
            "response_mime_type": "text/html",
            "error_reason": None,
            "time": "2023-05-04 08:00:00.123+00",
            "sensor": "squid",
        },
    ),
    (
        "1683187200.000 5 2001:db8::7 TCP_TUNNEL/200 39 CONNECT [2001:db8::9]:443 - HIER_DIRECT/2001:db8::9 -",
        "tunnel",
        {"url_domain": "[2001:db8::9]", "dest_port": 443, "url_full": None, "user": None},
    ),
    (
        (
            "May  4 10:00:00 px (squid-1): "
            "1683187200.000 5 pc1 TCP_DENIED/403 9 HEAD https://u:p@h.example/ - HIER_NONE/- x/y"
        ),
        "other",
        {
            "hostname": "px",
            "requester_hostname": "pc1",
            "requester_ip_address": None,
            "url_domain": "h.example",
            "error_reason": "TCP_DENIED",
            "dest_ip": None,
        },
    ),
    (
        "1683187200.000 0 10.1.1.1 NONE/400 39 NONE error:invalid-request - HIER_NONE/- text/html",
        "other",
        {
            "malformed_request": "error:invalid-request",
            "request_method": None,
            "url_remainder": None,
            "url_domain": None,
        },
    ),
]
CASES = [*LINES, *SQUID, *((json.dumps(record), action, fields) for record, action, fields in JSON)]


@pytest.fixture(scope="module")
def requests(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """The events of all cases, each line a file of its own in an archive, in their order."""
    folder = tmp_path_factory.mktemp("access")
    for number, (line, _, _) in enumerate(CASES):
        (folder / f"{number:03}.log").write_text(line + "\n")
    report = load(folder / "store", folder)
    assert not report.rejections
    assert report.events == Counter(("http", action) for _, action, _ in CASES)
    names = sorted({name for _, _, fields in CASES for name in fields} - {"time"})
    columns = ", ".join(["action", 'CAST("time" AS VARCHAR) AS time', *names])
    rows = query(folder / "store", f"SELECT {columns} FROM events ORDER BY source", "http")  # noqa: S608
    return [dict(zip(["action", "time", *names], row, strict=True)) for row in rows]


@pytest.mark.parametrize("number", range(len(CASES)))
def test_a_line_is_a_request(number: int, requests: list[dict[str, Any]]) -> None:
    line, action, fields = CASES[number]
    event = requests[number]
    assert {name: event[name] for name in ["action", *fields]} == {"action": action, **fields}, line


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (r"a\x22b", 'a"b'),
        (r"\xE2\x82\xAC \xC3\xA4\x5C", "\u20ac \u00e4\\"),
        (r"\xff\x16", "\\xff\x16"),
        (r"C:\\x64\x22", 'C:\\x64"'),
        (r"C:\\x64\\\x22", 'C:\\x64\\"'),
        (r"C:\\x64", "C:\\x64"),
        (r"\u0022", '"'),
    ],
)
def test_json_of_a_server_that_was_not_told_of_it_is_read(written: str, meant: str) -> None:
    lines = f'{{"first": 1}}\n{{"agent": "{written}", "n": 2}}\n'
    records, faults = _read(lines.encode())
    assert ([json.loads(record) for record in records], faults) == ([{"first": 1}, {"agent": meant, "n": 2}], [])


TEXT = "".join(f"{line}\n" for line, _, _ in LINES)


def _read(content: bytes) -> tuple[list[str], list[ReadFault]]:
    """Return the records of a file, in the order of their lines, and its faults."""
    items = [item for _, item in read_log(LogFile("a.log", io.BytesIO(content)))]
    records = [
        each
        for item in items
        if isinstance(item, Records)
        for each in zip(item.numbers.to_pylist(), item.lines.to_pylist(), strict=True)
    ]
    return [line for _, line in sorted(records)], [item for item in items if isinstance(item, ReadFault)]


@pytest.mark.parametrize(
    "encode",
    [
        *WRAPPED,
        pytest.param(lambda text: text.replace("\n", "\n\n").encode(), id="blank lines"),
    ],
)
def test_what_is_around_a_log_changes_nothing(encode: Callable[[str], bytes]) -> None:
    assert _read(encode(TEXT)) == _read(TEXT.encode())


@pytest.mark.parametrize("size", [1, 50, 331])
def test_blocks_may_be_cut_anywhere(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    records = _read(TEXT.encode())
    assert (len(records[0]), records[1]) == (len(LINES), [])
    monkeypatch.setattr(tuning, "BLOCK", size)
    monkeypatch.setattr(tuning, "PIECE", size)
    assert _read(TEXT.encode()) == records


def test_a_log_in_two_files_is_that_log() -> None:
    lines = TEXT.splitlines(keepends=True)
    parts = [_read("".join(part).encode())[0] for part in (lines[:9], lines[9:])]
    assert parts[0] + parts[1] == _read(TEXT.encode())[0]


def test_what_cannot_be_read_is_named_and_costs_no_neighbour(store: Path, tmp_path: Path) -> None:
    good = LINES[0][0]
    lines = [
        good,
        f'203.0.113.7 - - {AT} "GET /cut HT',
        "free words",
        "[Thu May 04 10:00:00.123456 2023] [core:error] [pid 1:tid 2] [client 203.0.113.7:5] AH00126: Invalid URI",
        "2023/05/04 10:00:00 [error] 12#12: *1 open() failed",
        '203.0.113.7 - - [99/Xyz/2023:10:00:00 +0200] "GET /when HTTP/1.1" 200 5',
        good,
        good[: good.index(" 200")],
    ]
    (tmp_path / "access.log").write_text("\n".join(lines))
    report = load(store, tmp_path / "access.log")
    no_error_log = "a line of a web server's error log, which is not read"
    assert [(each.number, each.reason) for each in report.rejections] == [
        (2, NO_ACCESS_LINE),
        (3, NO_ACCESS_LINE),
        (4, no_error_log),
        (5, no_error_log),
        (8, NO_ACCESS_LINE),
    ]
    assert query(store, "SELECT url_remainder, time IS NULL, extra ->> 'time' FROM events ORDER BY ALL", "http") == [
        ("/apache_pb.gif", False, None),
        ("/apache_pb.gif", False, None),
        ("/when", True, "99/Xyz/2023:10:00:00 +0200"),
    ]
    assert sum(report.unread_times.values()) == 1


@pytest.mark.parametrize(
    ("line", "remedy"),
    [
        ("2023-05-04 00:00:01 10.0.0.4 GET /a - 80 - 203.0.113.7 - - 200 0 0 15", "`#Fields:`"),
        ("2023-05-04 00:00:01 203.0.113.7 5 10.0.0.4 80 HTTP/1.1 GET /a - 400 - URL -", "`#Fields:`"),
        ("203.0.113.7, -, 05/04/23, 7:55:20, W3SVC2, WEB01, 10.0.0.4, 45, 163, 32, 200, 0, GET, /a, -,", "have IIS"),
        ('2023-05-04T00:00:01.1Z lb 203.0.113.7:5 10.0.0.4:80 0 0 0 200 200 0 2 "GET http://a/ HTTP/1.1"', "`request`"),
        (
            'h2 2023-05-04T00:00:01.1Z app/lb/1 203.0.113.7:5 - -1 -1 -1 502 - 3 2 "GET https://a/ HTTP/2.0"',
            "`request`",
        ),
        ('203.0.113.7:5 [04/May/2023:00:00:01.655] in be/s1 1/0/3/6/9 200 2 - - ---- "GET / HTTP/1.1"', "httplog clf"),
        ('[2023-05-04T00:00:01.123Z] "GET /a HTTP/1.1" 200 - 0 5 1 0 "-" "curl"', "`request`"),
        (
            '79a5 bucket [04/May/2023:00:00:01 +0000] 203.0.113.7 79a5 3E5 REST.GET.OBJECT - "GET /a HTTP/1.1"',
            "`request`",
        ),
        ("#Fields: date-time,client-ip,client-hostname", "first line"),
        ("203.0.113.7,200,/a", "first line"),
    ],
    ids=["IIS", "HTTPERR", "IIS's own", "ELB", "ALB", "HAProxy", "Envoy", "S3", "Exchange", "CSV"],
)
@pytest.mark.parametrize("ending", ["\n", "\r\n"], ids=["LF", "CRLF"])
def test_a_log_that_is_not_read_is_told_with_a_remedy(line: str, remedy: str, ending: str) -> None:
    request = LINES[0][0]
    for text in (line + ending, f"{request}{ending}{line}{ending}{request}{ending}"):
        records, faults = _read(text.encode())
        assert len(records) == text.count(request)
        assert [remedy in fault.reason for fault in faults] == [True], faults
        assert line.startswith(str(faults[0].text).rstrip())


def test_what_was_written_behind_is_added(store: Path, tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    first, second = LINES[0][0], LINES[2][0]
    for text in (f"{first}\n{second[:-20]}", f"{first}\n{second}\n"):
        log.write_text(text)
        load(store, log)
    agents = query(store, "SELECT url_remainder, user_agent_full FROM events ORDER BY ALL", "http")
    assert agents == [("/apache_pb.gif", None), ("/b", "curl/8")]


@pytest.mark.parametrize("before", ["/var/log/access.log:", "access.log:", "12:", "2023-05-04T08:00:00Z "])
def test_what_a_tool_put_before_a_line_is_no_client(before: str) -> None:
    line = f'203.0.113.7 - - {AT} "GET / HTTP/1.1" 200 5'
    records, faults = _read(f"{line}\n{before}{line}\n".encode())
    assert (len(records), [(fault.number, fault.reason) for fault in faults]) == (1, [(2, NO_ACCESS_LINE)])


def test_audit_records_that_quote_a_request_stay_what_they_are() -> None:
    request = f'203.0.113.7 - - {AT} "GET / HTTP/1.1" 200 5'
    line = f"type=EXECVE msg=audit(05/04/23 10:00:00.000:7) : argc=2 a0=echo a1={request}"
    records, faults = _read(f"{line}\n".encode())
    assert ([json.loads(record)["Channel"] for record in records], faults) == (["auditd"], [])


@pytest.mark.parametrize(
    "record",
    [
        {"@timestamp": "2023-05-04T10:00:00Z", "client_ip": "203.0.113.7", "request": "login", "status": "failed"},
        {"@timestamp": "2023-05-04T10:00:00Z", "remote_addr": "203.0.113.7", "status": 200},
        {"@timestamp": "2023-05-04T10:00:00Z", "method": "GET", "path": "/", "status": 200},
    ],
    ids=["no status", "no request", "no client"],
)
def test_other_records_are_no_requests(record: dict[str, Any], store: Path, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps(record) + "\n")
    assert load(store, tmp_path / "a.json").events == {("event", "log"): 1}


def _apache(text: str) -> str:
    """Return a text as Apache's document on mod_log_config has it: quotes, backslashes and bytes that do not print."""
    short = {'"': '\\"', "\\": "\\\\"}
    return "".join(
        short.get(chr(byte)) or (chr(byte) if 32 <= byte < 127 else f"\\x{byte:02x}") for byte in text.encode()
    )


def _nginx(text: str) -> str:
    """Return a text as nginx's document on log_format has it: quotes, backslashes, below 32 and above 126 in hex."""
    return "".join(f"\\x{byte:02X}" if byte in b'"\\' or not 32 <= byte <= 126 else chr(byte) for byte in text.encode())


@pytest.mark.parametrize("escaped", [_apache, _nginx])
def test_what_clients_sent_is_what_is_read(escaped: Callable[[str], str]) -> None:
    draw = random.Random(run_seed())  # noqa: S311  # no secret
    letters = "aZ09/?&=%+-_.:;,'\"\\[]{}()<> \x01\x1f\x7f\u00e4\u20ac\U0001f600"

    def text(least: int) -> str:
        drawn = "".join(draw.choices(letters, k=draw.randint(least, 12))).strip()
        return drawn if drawn not in ("", "-") else "x"

    sent = [(text(1), text(1), text(1), draw.randint(100, 599)) for _ in range(500)]
    lines = [
        f'203.0.113.7 - - {AT} "GET /{escaped(uri)} HTTP/1.1" {status} 5 "{escaped(referrer)}" "{escaped(agent)}"\n'
        for uri, referrer, agent, status in sent
    ]
    records, faults = _read("".join(lines).encode())
    assert faults == []
    read = [json.loads(record) for record in records]
    names = ("request_uri", "http_referer", "http_user_agent", "status")
    assert [tuple(each.get(name) for name in names) for each in read] == [
        (f"/{uri}", referrer, agent, str(status)) for uri, referrer, agent, status in sent
    ]
