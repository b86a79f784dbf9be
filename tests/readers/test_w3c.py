"""Logs in the W3C's extended format: what their lines become, under whichever header stands above them."""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from carlang.readers import tuning
from carlang.readers.containers import read_log
from carlang.readers.headed_lines import BEFORE_HEADER
from carlang.readers.records import LogFile, Records
from carlang.readers.w3c_file import W3cReader
from tests.ingesting import load, query
from tests.readers.wrapped import WRAPPED

IIS = """\
#Software: Microsoft Internet Information Services 10.0
#Version: 1.0
#Date: 2023-05-04 00:00:01
#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) \
sc-status sc-substatus sc-win32-status time-taken
2023-05-04 00:00:01 10.0.0.4 GET /1 id=1'%20or%201=1-- 443 - 203.0.113.7 \
Mozilla/5.0+(compatible;+Bot/2.1;++http://a.example) - 200 0 0 125
2023-05-04 00:00:02 10.0.0.4 PROPFIND /2 - 80 EXAMPLE\\adam 2001:db8::1 - https://r.example/x?y 401 2 5 15
2023-05-04 00:00:03 10.0.0.4 HEAD /3 q="x" 8080 - ::ffff:203.0.113.8 curl/8 - 304 0 64 0
#Software: Microsoft Internet Information Services 10.0
#Version: 1.0
#Date: 2023-05-04 01:00:00
#Fields: time s-computername cs-method cs-uri-stem c-ip cs-version cs-host cs(Cookie) sc-bytes cs-bytes sc-status \
s-port X-Forwarded-For cs(Content-Type)
01:00:02 WEB01 POST /4.aspx 203.0.113.7 HTTP/2.0 www.example.com a=1;+b=2 512 300 500 443 \
198.51.100.1,+10.0.0.1 application/json
"""
HTTPERR = """\
#Software: Microsoft HTTP API 2.0
#Version: 1.0
#Date: 2023-05-04 00:00:01
#Fields: date time c-ip c-port s-ip s-port cs-version cs-method cs-uri streamid sc-status s-siteid s-reason s-queuename
2023-05-04 00:00:01 203.0.113.7 51234 10.0.0.4 80 HTTP/1.1 GET /5?y=1 - 400 - Hostname -
2023-05-04 00:00:02 203.0.113.7 51235 10.0.0.4 80 - - - - - - Timer_ConnectionIdle -
"""
PROXY = """\
#Software: SGOS 6.7.5.3
#Version: 1.0
#Fields: date time time-taken c-ip cs-username sc-status cs-method cs-uri-scheme cs-host cs-uri-port cs-uri-path \
cs-uri-query cs(User-Agent) s-ip sc-bytes
2023-05-04 00:00:01 12 10.1.1.1 "EXAMPLE\\a user" 200 GET http www.example.com 80 /6 ?a=b \
"Mozilla/5.0 (say ""hi""; a+b)" 10.0.0.9 99
2023-05-04 00:00:02 12 10.1.1.1 - 200 CONNECT tcp secure.example.com 443 / - "x" 10.0.0.9 99
"""
# Beside what proxies alone log, a whole URL tells of one; not in what Microsoft's servers log.
URLS = """\
#Fields: date time c-ip cs-method cs-uri sc-status
2023-05-04 00:00:01 10.1.1.1 GET http://a.example:8080/8?a=b 200
2023-05-04 00:00:02 10.1.1.1 CONNECT b.example:443 200
2023-05-04 00:00:03 10.1.1.1 GET /9?u=http://a.example/ 200
#Software: Microsoft HTTP API 2.0
#Fields: date time c-ip cs-method cs-uri sc-status
2023-05-04 00:00:04 10.1.1.1 GET http://a.example/10 400
"""
TMG = """\
#Software: Microsoft Forefront Threat Management Gateway
#Fields: c-ip\tIP protocol\tc-agent\tdate\ttime\tcs-referred\tr-host\tr-port\ts-operation\tcs-uri\tsc-status
10.1.1.1\tTCP\tA (x y)\t2023-05-04\t00:00:01\thttp://r.example/\ta.example\t80\tGET\thttp://a.example/11\t200
"""
CLOUDFRONT = """\
#Version: 1.0
#Fields: date time sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(User-Agent) cs-uri-query time-taken
""" + "\t".join(
    ["2023-05-04", "00:00:01", "99", "203.0.113.7", "GET", "d1.cloudfront.net", "/7", "200", "A%20b", "q=1", "0.25"]
)

EXPECTED: dict[str, tuple[str, dict[str, Any]]] = {
    "/1?id=1'%20or%201=1--": (
        "get",
        {
            "requester_ip_address": "203.0.113.7",
            "dest_ip": "10.0.0.4",
            "dest_port": 443,
            "url_scheme": "https",
            "url_full": None,
            "user": None,
            "user_agent_full": "Mozilla/5.0 (compatible; Bot/2.1; +http://a.example)",
            "request_referrer": None,
            "response_status_code": 200,
            "duration": 0.125,
            "hostname": None,
            "time": "2023-05-04 00:00:01+00",
            "sensor": "w3c_log",
        },
    ),
    "/2": (
        "other",
        {
            "request_method": "PROPFIND",
            "requester_ip_address": "2001:db8::1",
            "user": "EXAMPLE\\adam",
            "user_agent_full": None,
            "request_referrer": "https://r.example/x?y",
            "response_status_code": 401,
            "response_substatus": 2,
            "response_win32_status": 5,
        },
    ),
    '/3?q="x"': ("other", {"request_method": "HEAD", "requester_ip_address": "203.0.113.8", "url_scheme": None}),
    "/4.aspx": (
        "post",
        {
            "hostname": "WEB01",
            "url_full": "https://www.example.com/4.aspx",
            "url_domain": "www.example.com",
            "http_version": "2.0",
            "request_cookie": "a=1; b=2",
            "request_bytes": 300,
            "response_bytes": 512,
            "forwarded_for": "198.51.100.1, 10.0.0.1",
            "request_content_type": "application/json",
            "time": "2023-05-04 01:00:02+00",
        },
    ),
    "/5?y=1": (
        "get",
        {
            "error_reason": "Hostname",
            "requester_port": 51234,
            "response_status_code": 400,
            "http_version": "1.1",
            "dest_port": 80,
        },
    ),
    "/6?a=b": (
        "get",
        {
            "user": "EXAMPLE\\a user",
            "user_agent_full": 'Mozilla/5.0 (say "hi"; a+b)',
            "url_full": "http://www.example.com/6?a=b",
            "sensor": "w3c_proxy",
            "duration": 0.012,
        },
    ),
    "/": ("tunnel", {"url_domain": "secure.example.com", "dest_port": 443}),
    "/8?a=b": ("get", {"sensor": "w3c_proxy", "url_full": "http://a.example:8080/8?a=b"}),
    "b.example:443": ("tunnel", {"sensor": "w3c_proxy"}),
    "/9?u=http://a.example/": ("get", {"sensor": "w3c_log"}),
    "/10": ("get", {"sensor": "w3c_log", "url_full": "http://a.example/10"}),
    "/11": (
        "get",
        {
            "sensor": "w3c_proxy",
            "user_agent_full": "A (x y)",
            "request_referrer": "http://r.example/",
            "url_domain": "a.example",
            "dest_port": 80,
            "request_method": "GET",
        },
    ),
    "/7?q=1": ("get", {"user_agent_full": "A b", "url_domain": "d1.cloudfront.net", "duration": 0.25}),
}


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("w3c")
    texts = {"iis": IIS, "err": HTTPERR, "proxy": PROXY, "urls": URLS, "tmg": TMG, "front": CLOUDFRONT}
    for name, text in texts.items():
        (folder / f"{name}.log").write_text(text)
    report = load(folder / "store", *sorted(folder.glob("*.log")))
    assert not report.rejections
    assert report.events == {
        **Counter(("http", action) for action, _ in EXPECTED.values()),
        ("event", "log"): 1,
    }
    return folder / "store"


@pytest.mark.parametrize("uri", EXPECTED)
def test_a_line_is_a_request(uri: str, logs: Path) -> None:
    action, fields = EXPECTED[uri]
    columns = ", ".join('CAST("time" AS VARCHAR)' if name == "time" else name for name in fields)
    where = f"action = '{action}' AND url_remainder = '{uri.replace(chr(39), chr(39) * 2)}'"
    sql = f"SELECT {columns} FROM events WHERE {where}"  # noqa: S608  # names and texts from above
    assert query(logs, sql, "http") == [tuple(fields.values())]


def test_a_connection_without_a_request_is_kept_as_it_was_written(logs: Path) -> None:
    ((log, sensor, data),) = query(logs, "SELECT log_name, sensor, event_data ->> 's-reason' FROM events", "event")
    assert (log, sensor, data) == ("W3C", "w3c_log", "Timer_ConnectionIdle")


FTP = """\
#Software: Microsoft Internet Information Services 10.0
#Fields: date time c-ip cs-username s-ip s-port cs-method cs-uri-stem sc-status sc-win32-status sc-substatus
2023-05-04 00:00:01 203.0.113.7 - 10.0.0.4 21 USER adam 331 0 0
2023-05-04 00:00:01 203.0.113.7 - 10.0.0.4 21 [5]PASS - 530 0 0
"""
FIREWALL = """\
#Version: 1.5
#Software: Microsoft Windows Firewall
#Time Format: Local
#Fields: date time action protocol src-ip dst-ip src-port dst-port size
2023-05-04 00:00:01 DROP TCP 203.0.113.7 10.0.0.4 50000 445 60
"""


@pytest.mark.parametrize(("text", "lines"), [(FTP, 2), (FIREWALL, 1)], ids=["FTP", "firewall"])
def test_what_speaks_of_other_protocols_is_no_request(text: str, lines: int, store: Path, tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text(text)
    assert load(store, tmp_path / "a.log").events == {("event", "log"): lines}


def _records(content: bytes) -> list[str]:
    """Return what the readers make of a file."""
    items = [item for _, item in read_log(LogFile("a.log", io.BytesIO(content)))]
    return [line for item in items if isinstance(item, Records) for line in item.lines.to_pylist()]


@pytest.mark.parametrize(
    "encode",
    [
        *WRAPPED,
        pytest.param(lambda text: b"rotated\n\0\0\0\n" + text.encode(), id="behind other lines"),
        pytest.param(lambda text: text.encode() + b"\0" * 4096, id="zeros after a crash"),
    ],
)
def test_what_is_around_a_log_changes_nothing(encode: Callable[[str], bytes]) -> None:
    assert _records(encode(IIS)) == _records(IIS.encode())


@pytest.mark.parametrize("size", [1, 50, 331])
def test_blocks_may_be_cut_anywhere(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    records = _records(IIS.encode())
    assert len(records) == 4
    monkeypatch.setattr(tuning, "BLOCK", size)
    monkeypatch.setattr(tuning, "PIECE", size)
    assert _records(IIS.encode()) == records


def _rows(store: Path) -> list[tuple[Any, ...]]:
    return query(store, "SELECT * EXCLUDE (source) FROM events ORDER BY url_remainder", "http")


def test_what_grows_is_read_under_the_header_of_before(store: Path, tmp_path: Path) -> None:
    log = tmp_path / "iis.log"
    second = IIS.index("2023-05-04 00:00:02")
    for text in (IIS[:second], IIS):
        log.write_text(text)
        report = load(store, log)
        assert not report.rejections
    assert "what stands behind byte" in str(report.sources[0].remark)
    (tmp_path / "whole.log").write_text(log.read_text())
    load(tmp_path / "whole", tmp_path / "whole.log")
    assert _rows(store) == _rows(tmp_path / "whole")


NIGHT = """\
#Software: Microsoft Internet Information Services 5.0
#Date: 2000-02-28 22:00:00
#Fields: c-ip time cs-method cs-uri-stem sc-status
10.0.0.9 23:59:58 GET /1 200
10.0.0.9 00:00:01 GET /2 200
10.0.0.9 23:59:59 HEAD
10.0.0.9 00:00:00 GET /2 200
10.0.0.9 14:00:00 GET /2 200
10.0.0.9 13:59:00 GET /2 200
10.0.0.9 00:30:00 GET /3 200
#Date: 2000-03-05 23:59:59
#Fields: time c-ip cs-method cs-uri-stem sc-status
00:00:00 10.0.0.9 GET /4 200
00:00:01 10.0.0.9 GET /4 200
"""
DAYS = {"/1": {"2000-02-28"}, "/2": {"2000-02-29"}, "/3": {"2000-03-01"}, "/4": {"2000-03-06"}}


def _days(records: list[str]) -> dict[str, set[str]]:
    """Return the dates of the records of each path."""
    days: dict[str, set[str]] = {}
    for record in map(json.loads, records):
        days.setdefault(record["cs-uri-stem"], set()).add(record["date"])
    return days


@pytest.mark.parametrize("size", [1, 50, 4096])
def test_times_without_a_date_go_on_behind_midnight(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tuning, "BLOCK", size)
    monkeypatch.setattr(tuning, "PIECE", size)
    # A line that is broken says nothing of the time.
    text = NIGHT.replace("10.0.0.9 23:59:59 HEAD\n", "10.0.0.9\n")
    assert _days(_records(text.encode())) == DAYS
    for line in range(4, 12):
        begin = len("".join(text.splitlines(keepends=True)[:line]))
        rest = W3cReader().read(LogFile("a.log", io.BytesIO(text.encode()), begin=begin, line=line + 1))
        records = [text for item in rest if isinstance(item, Records) for text in item.lines.to_pylist()]
        assert all(days <= DAYS[path] for path, days in _days(records).items())
        assert records


@pytest.mark.parametrize(("day", "later"), [("2000-13-45", "2000-13-45"), ("9999-12-31", "9999-12-31")])
def test_a_day_that_has_no_next_one_stays(day: str, later: str) -> None:
    assert _days(_records(NIGHT.replace("2000-02-28", day).encode()))["/3"] == {later}


def test_lines_that_do_not_fit_are_named_with_their_text(store: Path, tmp_path: Path) -> None:
    lines = IIS.splitlines()
    lines[4] = lines[4].replace("/1", "/1 HTTP")
    lines.insert(5, "2023-05-04 00:00:01 10.0.0.4 GE")
    lines.insert(0, "2023-05-03 23:59:59 10.0.0.4 GET /0 - 80 - 203.0.113.7 - - 200 0 0 15")
    (tmp_path / "a.log").write_text("\n".join(lines) + "\n#\x01nonsense\n")
    report = load(store, tmp_path / "a.log")
    assert [(each.number, each.reason) for each in report.rejections] == [
        (1, BEFORE_HEADER),
        (6, "16 values where the header has 15"),
        (7, "4 values where the header has 15"),
        (15, "no line of a header"),
    ]
    assert report.events == {("http", "other"): 2, ("http", "post"): 1}


def test_a_row_for_each_line_as_others_count_them(store: Path, tmp_path: Path) -> None:
    text = IIS + IIS.replace("#Date: 2023-05-04", "#Date: 2023-05-05") * 3
    (tmp_path / "a.log").write_text(text)
    load(store, tmp_path / "a.log")
    # By the format's own document: the names follow `#Fields:`, the values stand in their order, a blank between them.
    fields: list[str] = []
    counted: Counter[tuple[str, int]] = Counter()
    for line in text.splitlines():
        if line.startswith("#"):
            fields = line.split()[1:] if line.startswith("#Fields:") else fields
            continue
        values = dict(zip(fields, line.split(" "), strict=True))
        counted[values["cs-method"], int(values["sc-status"])] += 1
    rows = query(store, "SELECT request_method, response_status_code, count(*) FROM events GROUP BY ALL", "http")
    assert {(method, status): count for method, status, count in rows} == counted
