"""Lines of syslog, and several kinds of lines gathered in one file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.ingesting import load, query

_EVENT = (
    '<Event xmlns="http://schemas.microsoft.com/win/2004/08/events/event"><System><Provider Name="Linux-Sysmon"/>'
    '<EventID>1</EventID><TimeCreated SystemTime="2024-03-21T10:00:00.123Z"/><EventRecordID>7</EventRecordID>'
    "<Channel>Linux-Sysmon/Operational</Channel>%s</System><EventData>"
    '<Data Name="UtcTime">2024-03-21 10:00:00.123</Data><Data Name="Image">/usr/bin/at</Data>'
    '<Data Name="ProcessId">42</Data><Data Name="CommandLine">at &lt;now&gt;</Data></EventData></Event>'
)
_ROW = {"cmdline": "nc -l", "parent": "1", "path": "/bin/nc", "pid": "99"}
_RESULT = {"name": "p", "hostIdentifier": "host1", "unixTime": 1711015200, "counter": 1}


def _processes(folder: Path, *lines: str) -> list[tuple[Any, ...]]:
    log = folder / "messages"
    log.write_text("\n".join(lines) + "\n", "utf-8")
    load(folder / "store", log)
    return query(folder / "store", "SELECT hostname, command_line FROM events ORDER BY ALL", "process")


@pytest.mark.parametrize(
    ("prefix", "host"),
    [
        ("Mar 21 10:00:00 host1 sysmon: ", "host1"),
        ("Mar  1 10:00:00 host1 sysmon[99]: ", "host1"),
        ("<14>Mar 21 10:00:00 host1 sysmon: ", "host1"),
        ("2024-03-21T10:00:00.123456+01:00 host1 sysmon[99]: ", "host1"),
        ("<14>1 2024-03-21T10:00:00.123Z host1 sysmon 99 - - ", "host1"),
        ('<14>1 2024-03-21T10:00:00.123Z host1 sysmon 99 ID [a@1 b="]"] \ufeff', "host1"),
        ("Mar 21 10:00:00 sysmon: ", None),
    ],
)
def test_sysmon_in_syslog(prefix: str, host: str | None, tmp_path: Path) -> None:
    named = prefix + _EVENT % "<Computer>other.example.com</Computer>"
    assert _processes(tmp_path, named, prefix + _EVENT % "") == sorted(
        [("other", "at <now>"), (host, "at <now>")], key=lambda row: (row[0] is None, row)
    )


def test_sysmon_in_the_journal(tmp_path: Path) -> None:
    journal = {"MESSAGE": _EVENT % "<Computer>host1</Computer>", "__REALTIME_TIMESTAMP": "1711015200123456"}
    assert _processes(tmp_path, json.dumps(journal)) == [("host1", "at <now>")]


def test_an_event_that_syslog_cut_is_named(tmp_path: Path) -> None:
    log = tmp_path / "syslog"
    log.write_text("Mar 21 10:00:00 host1 sysmon: " + (_EVENT % "")[:200] + "\n", "utf-8")
    report = load(tmp_path / "store", log)
    assert [(r.number, r.reason) for r in report.rejections] == [(1, "an event of XML that ends too soon")]


def test_kinds_of_lines_in_one_file(tmp_path: Path) -> None:
    result = json.dumps(_RESULT | {"columns": _ROW, "action": "added"})
    assert _processes(
        tmp_path,
        result,
        'Mar 21 10:00:00 host9 audispd: node=n1.example.com type=EXECVE msg=audit(1711015200.123:5): argc=1 a0="cat"',
        '<13>1 2024-03-21T10:00:00Z host8 audisp-syslog 1 - - type=EXECVE msg=audit(1711015200.124:6): argc=1 a0="dog"',
        'Mar 21 10:00:00 host7 kernel: [ 12.3] audit: type=1309 audit(1711015200.125:7): argc=1 a0="id"',
        "Mar 21 10:00:01 host6 sshd[5]: Accepted password for ann",
        "Mar 21 10:00:02 host5 sysmon: " + _EVENT % "",
        "Mar 21 10:00:02 host4 osqueryd[3]: "
        + json.dumps({k: v for k, v in json.loads(result).items() if k != "hostIdentifier"}),
    ) == [
        ("host1", "nc -l"),
        ("host4", "nc -l"),
        ("host5", "at <now>"),
        ("host7", "id"),
        ("host8", "dog"),
        ("n1", "cat"),
    ]
    logs = "SELECT hostname, log_name, provider, message FROM events ORDER BY hostname"
    assert query(tmp_path / "store", logs, "event") == [
        ("host6", "syslog", "sshd", "Accepted password for ann"),
        ("host7", "auditd", None, None),
        ("host8", "auditd", None, None),
        ("n1", "auditd", None, None),
    ]


def test_other_lines_far_into_a_file_of_json(tmp_path: Path) -> None:
    result = json.dumps(_RESULT | {"columns": _ROW, "action": "added"})
    audit = 'type=EXECVE msg=audit(1711015200.123:5): argc=1 a0="cat"'
    assert len(_processes(tmp_path, *[result] * 100, audit)) == 101


def test_lines_of_a_table_are_no_syslog(tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    log.write_text("2024-03-21 10:00:00,123 INFO main: hello\n", "utf-8")
    assert load(tmp_path / "store", log).rejected == 1


def test_messages_of_lines_with_carriage_returns_end_where_they_end(tmp_path: Path) -> None:
    log = tmp_path / "messages"
    log.write_text("Mar 21 10:00:01 host6 sshd[5]: one\r\n<13>1 2024-03-21T10:00:00Z host8 app 1 - - two\r\n", "utf-8")
    load(tmp_path / "store", log)
    logged = query(tmp_path / "store", "SELECT message FROM events ORDER BY ALL", "event")
    assert logged == [("one",), ("two",)]
