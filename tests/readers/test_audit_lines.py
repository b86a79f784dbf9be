"""Each line of an audit log is kept as an event, with the members that a parser of the tests' own finds in it."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

import carlang
from tests.ingesting import load, query, write_lines
from tests.seeds import run_seed

# What a line holds, with what its texts were made of: quoted where they can be, else in hexadecimal digits.
_EVENTS: list[list[tuple[str, dict[str, str | bytes]]]] = [
    [
        (
            "SYSCALL",
            {"arch": "c000003e", "syscall": "59", "success": "yes", "a0": "55d0", "pid": "7", "exe": '"/bin/sh"'},
        ),
        ("EXECVE", {"argc": "3", "a0": '"sh"', "a1": '"-c"', "a2": b"echo \xc3\xa9 > /tmp/a b"}),
        ("CWD", {"cwd": b"/home/my docs"}),
        ("PATH", {"item": "0", "name": '"/bin/sh"', "nametype": "NORMAL"}),
        ("PATH", {"item": "1", "name": '"/lib/ld.so"', "nametype": "NORMAL"}),
        ("PROCTITLE", {"proctitle": b"sh\x00-c"}),
    ],
    [
        (
            "SYSCALL",
            {"arch": "c000003e", "syscall": "83", "success": "yes", "pid": "8", "exe": b"/opt/a b", "key": "(null)"},
        ),
        ("PATH", {"item": "0", "name": '"/etc/"', "nametype": "PARENT"}),
        ("PATH", {"item": "1", "name": '"cron.d"', "nametype": "CREATE"}),
    ],
    [("USER_CMD", {"pid": "9", "uid": "1000", "cwd": '"/root"', "cmd": b"id -u", "res": "success"})],
    [("SERVICE_STOP", {"pid": "1", "unit": "auditd", "exe": '"/usr/lib/systemd/systemd"', "res": "success"})],
    [("CONFIG_CHANGE", {"auid": "0", "op": "remove_rule", "key": '"watch"', "res": "1"})],
]
_CALLS = {"59": "execve", "83": "mkdir"}


def _written(value: str | bytes) -> str:
    return value.hex().upper() if isinstance(value, bytes) else value


def _lines() -> Iterable[str]:
    for serial, event in enumerate(_EVENTS, start=100):
        for kind, members in event:
            texts = " ".join(f"{name}={_written(value)}" for name, value in members.items())
            body = f"pid=2 msg='{texts}'" if kind in ("USER_CMD", "SERVICE_STOP") else texts
            yield f"node=web1 type={kind} msg=audit(1711015200.{serial}:{serial}): {body}"


def _documents() -> Iterable[dict[str, Any]]:
    """Yield the events as Laurel writes them: numbers are numbers, arguments a list, and so are the paths."""
    for serial, event in enumerate(_EVENTS, start=100):
        document: dict[str, Any] = {"ID": f"1711015200.{serial}:{serial}", "NODE": "web1"}
        for kind, members in event:
            texts = _texts(members)
            read = {name: int(text) if text.isdecimal() else text for name, text in texts.items()}
            match kind:
                case "PATH":
                    document.setdefault(kind, []).append(read)
                case "EXECVE":
                    arguments = [text for name, text in texts.items() if name != "argc"]
                    document[kind] = {"argc": read["argc"], "ARGV": arguments}
                case "PROCTITLE":
                    document[kind] = {"ARGV": texts["proctitle"].split(" ")}
                case "SYSCALL":
                    document[kind] = read | {"SYSCALL": _CALLS[texts["syscall"]]}
                case _:
                    document[kind] = read
        yield document


def _texts(members: dict[str, str | bytes]) -> dict[str, str]:
    return {
        name: value.decode().replace("\0", " ") if isinstance(value, bytes) else value.strip('"')
        for name, value in members.items()
        if value != "(null)"
    }


def _expected() -> list[dict[str, str]]:
    """Return the members of each line as the values they were written of."""
    rows = []
    for event in _EVENTS:
        for kind, members in event:
            texts = _texts(members)
            called = {"SYSCALL": _CALLS[texts["syscall"]]} if kind == "SYSCALL" else {}
            outer = {"pid": "2"} if kind in ("USER_CMD", "SERVICE_STOP") else {}  # the first of a name counts
            rows.append({"type": kind} | texts | called | outer)
    return sorted(rows, key=_order)


def _order(row: dict[str, str]) -> str:
    return json.dumps(row, sort_keys=True)


def _kept(store: Path) -> list[dict[str, str]]:
    rows = query(store, "SELECT event_data FROM events WHERE log_name = 'auditd' AND hostname = 'web1'", "event")
    return sorted((json.loads(text) for (text,) in rows), key=_order)


def test_a_line_is_an_event_with_its_own_members(store: Path, tmp_path: Path) -> None:
    log = tmp_path / "audit.log"
    log.write_text("\n".join(_lines()), "utf-8")
    load(store, log)
    assert _kept(store) == _expected()


def test_lines_out_of_order_and_among_damaged_ones_are_the_same_events(store: Path, tmp_path: Path) -> None:
    lines = [*_lines(), "type=SYSCALL msg=audit(1711015200.1", "\0\0\0"]
    random.Random(run_seed()).shuffle(lines)  # noqa: S311  # an order of lines
    log = tmp_path / "audit.log.1.gz"
    log.write_bytes(gzip.compress("\n".join(lines).encode()))
    report = load(store, log)
    assert _kept(store) == _expected()
    assert report.rejected == 2


def test_an_enriched_line_has_what_the_log_adds(store: Path, tmp_path: Path) -> None:
    log = tmp_path / "audit.log"
    log.write_text(
        "type=SYSCALL msg=audit(1711015200.1:1): arch=c00000b7 syscall=33 a0=ffffff9c uid=0\x1dARCH=aarch64"
        ' SYSCALL=mknodat UID="root"\n',
        "utf-8",
    )
    load(store, log)
    ((text,),) = query(store, "SELECT event_data FROM events", "event")
    members = {"type": "SYSCALL", "arch": "c00000b7", "syscall": "33", "a0": "ffffff9c", "uid": "0"}
    assert json.loads(text) == members | {"ARCH": "aarch64", "SYSCALL": "mknodat", "UID": "root"}


@pytest.mark.parametrize(
    ("before", "sign"),
    [("", "\x1d"), ("May  4 10:00:00 web1 audisp-syslog: ", "\x1d"), ("May  4 10:00:00 web1 audispd: ", "#035")],
    ids=["auditd", "syslog", "rsyslog"],
)
def test_what_an_enriched_log_adds_is_no_part_of_what_is_before_it(
    before: str, sign: str, store: Path, tmp_path: Path
) -> None:
    log = tmp_path / "audit.log"
    log.write_text(
        f'{before}type=USER_AUTH msg=audit(1711015200.1:1): pid=5 msg=\'op=x acct="o\'k" res=failed\'{sign}UID="root"\n'
        f"{before}type=SYSCALL msg=audit(1711015200.1:2): uid=0 key=(null){sign}ARCH=x86_64 SYSCALL=close\n"
        f"{before}type=SOCKADDR msg=audit(1711015200.1:3): saddr=0200{sign}SADDR={{ saddr_fam=inet }}\n",
        "utf-8",
    )
    load(store, log)
    rows = query(store, "SELECT event_data FROM events ORDER BY record_id", "event")
    assert [json.loads(text) for (text,) in rows] == [
        {"type": "USER_AUTH", "pid": "5", "op": "x", "acct": "o'k", "res": "failed", "UID": "root"},
        {"type": "SYSCALL", "uid": "0", "ARCH": "x86_64", "SYSCALL": "close"},
        {"type": "SOCKADDR", "saddr": "0200", "SADDR": "{", "saddr_fam": "inet"},
    ]


def test_documents_of_laurel_are_the_events_of_the_log(store: Path, tmp_path: Path) -> None:
    (tmp_path / "audit.log").write_text("\n".join(_lines()), "utf-8")
    load(store, tmp_path / "audit.log")
    report = load(tmp_path / "other", write_lines(tmp_path / "laurel.log", list(_documents())))
    assert report.rejected == 0
    for name in ("process", "file"):
        sql = "SELECT COLUMNS(* EXCLUDE (source))::VARCHAR FROM events ORDER BY ALL"
        assert query(tmp_path / "other", sql, name) == query(store, sql, name) != []
    # Of a message of a program's own Laurel has no second `pid`.
    kept = [{name: str(value) for name, value in row.items() if name != "ARGV"} for row in _kept(tmp_path / "other")]
    wanted = [row | ({"pid": "9"} if row["type"] == "USER_CMD" else {}) for row in _expected()]
    wanted = [row | ({"pid": "1"} if row["type"] == "SERVICE_STOP" else {}) for row in wanted]
    assert sorted(kept, key=_order) == sorted(wanted, key=_order)


def test_an_event_without_lines_is_kept_as_it_is(store: Path, tmp_path: Path) -> None:
    log = tmp_path / "documents.json"
    log.write_text('{"Channel": "auditd", "serial": 7, "hostname": "web1", "time": 1711015200.5}\n', "utf-8")
    report = load(store, log)
    assert dict(report.events) == {("event", "log"): 1}


_RULE = """\
title: T
logsource: {product: linux, service: auditd}
detection:
    selection: %s
    condition: selection
"""


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        ("{type: SYSCALL, SYSCALL: mkdir, exe|startswith: /opt/}", ["101"]),
        ("{type: execve, a0: sh, a2|contains: 'é > /tmp'}", ["100"]),
        ("{a1: -c}", ["100"]),
        ("{type: SYSCALL, a1: -c}", []),
        ("{type: PATH, nametype: CREATE, name: cron.d}", ["101"]),
        ("{type: PATH, name: [/bin/sh, /lib/ld.so]}", ["100", "100"]),
        ("{type: PATH, cwd|exists: true}", []),
        ("{type: SERVICE_STOP, unit: [firewalld, auditd]}", ["103"]),
        ("{type: SYSCALL, key: null}", ["100", "101"]),
        ("['id -u', 'remove_rule']", ["102", "104"]),
        ("{node: WEB1, type: CWD}", ["100"]),
        ("{type: SYSCALL, syscall: mkdir}", ["101"]),
        ("{type: SYSCALL, syscall: 83}", ["101"]),
        ("{type: SYSCALL, syscall: null}", []),
    ],
)
def test_rules_ask_for_lines(selection: str, expected: list[str], audited: carlang.Store) -> None:
    (output,) = carlang.load_text(_RULE % selection, "rule.yml").run(audited).values()
    assert sorted(str(row["record_id"]) for row in output.rows()) == expected


@pytest.fixture(scope="module")
def audited(tmp_path_factory: pytest.TempPathFactory) -> carlang.Store:
    """A store of the lines."""
    folder = tmp_path_factory.mktemp("audited")
    (folder / "audit.log").write_text("\n".join(_lines()), "utf-8")
    carlang.ingest([folder / "audit.log"], folder / "store")
    return carlang.open_store(folder / "store")
