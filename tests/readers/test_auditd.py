"""Lines of Linux's audit daemon, of which several are one event."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from carlang.readers import mixed_lines
from tests.ingesting import load, query

_AUDIT = """\
type=SYSCALL msg=audit(1604994496.155:1): arch=c000003e syscall=59 success=yes ppid=2 pid=3 uid=1000 ses=4 \
exe="/bin/sh"\x1dUID="adam"
type=EXECVE msg=audit(1604994496.155:1): argc=3 a0="sh" a1="-c" a2=6C73202D6C
type=CWD msg=audit(1604994496.155:1): cwd="/home/adam"
type=SYSCALL msg=audit(1604994497.155:2): arch=c000003e syscall=42 success=yes exit=0 pid=3 exe=2F7661722F6120622F63
type=SOCKADDR msg=audit(1604994497.155:2): saddr=020001BB0A00000200000000
type=SYSCALL msg=audit(1604994498.155:3): arch=c000003e syscall=49 success=yes exit=0 pid=3 exe="/bin/nc"
type=SOCKADDR msg=audit(1604994498.155:3): saddr=0A00115C000000000000000000000000000000000000000100000000
node=web1 type=SYSCALL msg=audit(1604994499.155:4): arch=c000003e syscall=257 success=yes exit=3 pid=3 exe="/bin/touch"
node=web1 type=CWD msg=audit(1604994499.155:4): cwd="/var"
node=web1 type=PATH msg=audit(1604994499.155:4): item=0 name="/var" nametype=PARENT mode=041777
node=web1 type=PATH msg=audit(1604994499.155:4): item=1 name="x.sh" nametype=CREATE mode=0100644 ouid=1000
type=SYSCALL msg=audit(1604994500.155:5): arch=c000003e syscall=231 a0=1 pid=3 exe="/bin/sh"
type=USER_LOGIN msg=audit(1604994501.155:6): pid=9 uid=0 msg='op=login acct="root" addr=10.0.0.9 res=success'
no line of an audit log
type=SYSCALL msg=audit(1604994502.155:7): arch=c000003e syscall=87 success=yes pid=3 exe="/bin/rm"
type=PATH msg=audit(1604994502.155:7): item=0 name="/var/y" nametype=DELETE
"""


def test_the_lines_of_an_audit_event_are_one_record(store: Path, tmp_path: Path) -> None:
    log = tmp_path / "audit.log"
    log.write_text(_AUDIT, "utf-8")
    report = load(store, log)
    assert (report.records, report.rejected) == (8, 1)
    assert [(r.number, r.reason) for r in report.rejections] == [(14, "not a line of an audit log")]
    assert dict(report.events) == {
        ("event", "log"): 15,
        ("file", "create"): 1,
        ("file", "delete"): 1,
        ("flow", "start"): 1,
        ("process", "create"): 1,
        ("process", "terminate"): 1,
        ("socket", "bind"): 1,
    }
    created = "SELECT * FROM events WHERE action = 'create'"
    columns = "command_line, exe, pid, ppid, user, uid, login_id, current_working_directory, record_id, time::VARCHAR"
    assert query(store, f"SELECT {columns} FROM ({created})", "process") == [  # noqa: S608  # the columns stand above
        ("sh -c ls -l", "sh", 3, 2, "adam", "1000", "4", "/home/adam", "1", "2020-11-10 07:48:16.155+00")
    ]
    assert query(store, "SELECT image_path, dest_ip, dest_port FROM events", "flow") == [
        ("/var/a b/c", "10.0.0.2", 443)
    ]
    assert query(store, "SELECT local_port, family, local_address FROM events", "socket") == [
        (4444, "AF_INET6", "0000:0000:0000:0000:0000:0000:0000:0001")
    ]
    assert query(store, "SELECT file_path, mode, hostname FROM events WHERE action = 'create'", "file") == [
        ("/var/x.sh", "0100644", "web1")
    ]
    assert query(store, "SELECT DISTINCT log_name, sensor FROM events", "event") == [("auditd", "auditd")]
    assert dict(report.unmapped) == {("auditd", None): 1}


def test_audit_events_that_lie_across_blocks_are_whole(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [line for line in _AUDIT.split("\n") if "msg=audit" in line]
    log = tmp_path / "audit.log"
    # Blocks begin in another place of an event each time, and in each place more than once.
    log.write_text("\n".join(f"{line.replace('155:', f'{n:03}:')}" for n in range(40) for line in lines), "utf-8")
    blocks = [b"".join(chunk) for chunk in zip(*[iter(log.read_bytes().splitlines(keepends=True))] * 7, strict=False)]
    monkeypatch.setattr(mixed_lines, "utf8_blocks", lambda _: iter(blocks))
    report = load(store, log)
    assert report.events[("process", "create")] == 40
    assert report.events[("flow", "start")] == 40
    assert query(store, "SELECT count(*) FROM events WHERE command_line IS NULL AND action = 'create'", "process") == [
        (0,)
    ]


def _in_journal(line: str, message: Any = None) -> str:
    """Return a line of the audit log as `journalctl -o json` prints it."""
    parts = re.fullmatch(r"type=(\S+) msg=audit\((\d+)\.(\d+):(\d+)\): (.*)", line)
    assert parts is not None
    kind, seconds, thousandths, number, values = parts.groups()
    text = f"{kind} {values}"
    return json.dumps(
        {
            "__REALTIME_TIMESTAMP": f"{int(seconds) + 3}000000",
            "_SOURCE_REALTIME_TIMESTAMP": f"{seconds}{thousandths}000",
            "_TRANSPORT": "audit",
            "_AUDIT_TYPE_NAME": kind,
            "_AUDIT_ID": number,
            "_HOSTNAME": "web1",
            "SYSLOG_IDENTIFIER": "audit",
            "MESSAGE": list(text.encode()) if message is list else text,
        }
    )


@pytest.mark.parametrize("message", [str, list], ids=["text", "bytes"])
def test_audit_records_in_the_journal_are_those_of_the_log(message: Any, store: Path, tmp_path: Path) -> None:
    lines = [line for line in _AUDIT.split("\n") if re.match(r"type=\S+ msg=audit\(\d", line)]
    (tmp_path / "audit.log").write_text("".join(f"node=web1 {line}\n" for line in lines), "utf-8")
    other = json.dumps({"MESSAGE": "started", "__REALTIME_TIMESTAMP": "1711015200123456", "_HOSTNAME": "web1"})
    journal = "".join(f"{_in_journal(line, message)}\n" for line in lines) + other + "\n"
    (tmp_path / "journal.json").write_text(journal, "utf-8")
    load(store, tmp_path / "audit.log")
    report = load(tmp_path / "again", tmp_path / "journal.json")
    assert (report.rejected, report.unmapped.get(("journal", None))) == (0, 1)
    rows = "SELECT COLUMNS(* EXCLUDE (source))::VARCHAR FROM events ORDER BY ALL"
    for name in ("process", "file"):
        assert query(tmp_path / "again", rows, name) == query(store, rows, name)
        assert query(store, rows, name)
