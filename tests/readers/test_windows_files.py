"""Files that tools for Windows event logs write: evtx_dump, PowerShell's Export-Clixml and Export-Csv, wevtutil."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import pytest

from carlang.loading import Status
from carlang.readers import tuning
from tests.ingesting import load, query, sysmon_create

_MESSAGE = (
    "A new process has been created.\r\n\r\nCreator Subject:\r\n\tSecurity ID:\t\tS-1-5-18\r\n\tAccount Name:\t\tann"
    "\r\n\tAccount Domain:\t\tEXAMPLE\r\n\tLogon ID:\t\t0x3E7\r\n\r\nProcess Information:\r\n"
    "\tNew Process ID:\t\t0x1a4\r\n\tNew Process Name:\tC:\\a_x.exe\r\n\tProcess Command Line:\ta.exe <b> ä"
)
_ROW = ("2024-03-21 10:00:00.123+00", "HOST1", "a_x.exe", 420, "a.exe <b> ä", "EXAMPLE\\ann")
_SELECT = 'SELECT "time"::VARCHAR, hostname, exe, pid, command_line, "user" FROM events'


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("indent", [None, 2], ids=["a line", "printed"])
def test_evtx_dump_writes_a_line_before_each_record(
    newline: str, indent: int | None, store: Path, tmp_path: Path
) -> None:
    texts = (json.dumps(sysmon_create(), indent=indent).replace("\n", newline) for _ in range(3))
    text = "".join(f"Record {number}{newline}{text}{newline}" for number, text in enumerate(texts, start=90))
    (tmp_path / "log.txt").write_bytes(text.encode())
    report = load(store, tmp_path / "log.txt")
    assert (report.events, report.rejected) == ({("process", "create"): 3}, 0)


def test_a_broken_record_of_evtx_dump_is_named(store: Path, tmp_path: Path) -> None:
    good = json.dumps(sysmon_create())
    (tmp_path / "log.txt").write_text(f"Record 1\n{good}\nRecord 2\n{good[:-9]}")
    report = load(store, tmp_path / "log.txt")
    assert report.events == {("process", "create"): 1}
    assert [rejection.number for rejection in report.rejections] == [2]


_USER = '<Obj N="UserId" RefId="90"><ToString>S-1-5-18</ToString></Obj>'


def _clixml_text(text: str) -> str:
    escaped = text.replace("_x", "_x005F_x").replace("\r", "_x000D_").replace("\n", "_x000A_").replace("\t", "_x0009_")
    return escape(escaped)


def _clixml(*messages: str) -> str:
    objects = "".join(
        f"""<Obj RefId="{number}"><TN RefId="0"><T>System.Diagnostics.Eventing.Reader.EventLogRecord</T></TN>
        <ToString>System.Diagnostics.Eventing.Reader.EventLogRecord</ToString><Props><I32 N="Id">4688</I32>
        <Nil N="Qualifiers" /><S N="ProviderName">Microsoft-Windows-Security-Auditing</S><S N="LogName">Security</S>
        <I32 N="ProcessId">4</I32><S N="MachineName">HOST1</S>
        <DT N="TimeCreated">2024-03-21T11:00:00.123+01:00</DT>
        {_USER if number == 1 else '<Ref N="UserId" RefId="90" />'}
        <Obj N="Properties" RefId="{number + 100}"><TN RefId="1"><T>System.Collections.Generic.List</T></TN>
        <LST><S>System.Diagnostics.Eventing.Reader.EventProperty</S></LST></Obj></Props>
        <MS><S N="Message">{_clixml_text(message)}</S></MS></Obj>"""
        for number, message in enumerate(messages, start=1)
    )
    return f'<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04">{objects}</Objs>'


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_objects_of_powershell_are_records(encoding: str, store: Path, tmp_path: Path) -> None:
    (tmp_path / "log.xml").write_bytes(_clixml(_MESSAGE, _MESSAGE).encode(encoding))
    report = load(store, tmp_path / "log.xml")
    assert (report.events, report.rejected) == ({("process", "create"): 2, ("event", "log"): 2}, 0)
    assert query(store, _SELECT, "process") == [_ROW, _ROW]


def test_what_objects_share_is_in_each(store: Path, tmp_path: Path) -> None:
    (tmp_path / "log.xml").write_text(_clixml(_MESSAGE, _MESSAGE))
    load(store, tmp_path / "log.xml")
    users = query(store, "SELECT event_data::JSON ->> 'UserId' FROM events", "event")
    assert users == [("S-1-5-18",), ("S-1-5-18",)]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (_clixml(_MESSAGE, _MESSAGE)[:-700], "not valid CLIXML"),
        (_clixml(_MESSAGE, _MESSAGE).replace("HOST1", "<b>", 2).replace("<b>", "HOST1", 1), "not valid CLIXML"),
    ],
    ids=["cut off", "broken"],
)
def test_what_stands_before_a_broken_object_is_read(text: str, reason: str, store: Path, tmp_path: Path) -> None:
    (tmp_path / "log.xml").write_text(text)
    report = load(store, tmp_path / "log.xml")
    assert report.events[("process", "create")] == 1
    assert [(r.number, r.reason[: len(reason)]) for r in report.rejections] == [(2, reason)]


@pytest.mark.parametrize(
    "text",
    [
        _clixml(_MESSAGE)
        .replace("<Objs", "<!--a--><!DOCTYPE Objs [<!ENTITY a 'aaaa'>]><Objs", 1)
        .replace("<!--a-->", ""),
        "<Objs>" + "<Obj>" * (tuning.DEEPEST_CLIXML + 2),
    ],
    ids=["DTD", "deep"],
)
def test_hostile_objects_are_refused(text: str, store: Path, tmp_path: Path) -> None:
    (tmp_path / "log.xml").write_text(text)
    report = load(store, tmp_path / "log.xml")
    assert report.sources[0].status is Status.REJECTED


def test_the_type_above_a_csv_file_of_powershell_is_passed_over(store: Path, tmp_path: Path) -> None:
    message = _MESSAGE.replace('"', '""')
    text = (
        "#TYPE System.Diagnostics.Eventing.Reader.EventLogRecord\r\n"
        '"Message","Id","ProviderName","LogName","ProcessId","MachineName","TimeCreated","Properties"\r\n'
        f'"{message}","4688","Microsoft-Windows-Security-Auditing","Security","4","HOST1","2024-03-21T10:00:00.123Z",'
        '"System.Collections.Generic.List`1[System.Diagnostics.Eventing.Reader.EventProperty]"\r\n'
    )
    (tmp_path / "log.csv").write_bytes(text.encode())
    report = load(store, tmp_path / "log.csv")
    assert (report.events, report.rejected) == ({("process", "create"): 1, ("event", "log"): 1}, 0)
    assert query(store, _SELECT, "process") == [_ROW]


_LISTED = [
    ("Log Name", "Security"),
    ("Source", "Microsoft-Windows-Security-Auditing"),
    ("Date", "2024-03-21T10:00:00.1230000Z"),
    ("Event ID", "4688"),
    ("Task", "Process Creation"),
    ("Level", "Information"),
    ("Opcode", "Info"),
    ("Keyword", "Audit Success"),
    ("User", "N/A"),
    ("User Name", "N/A"),
    ("Computer", "HOST1"),
    ("Description", ""),
]
_GERMAN = ["Protokollname", "Quelle", "Datum", "Ereignis-ID", "Aufgabe", "Ebene", "Opcode", "Schlüsselwort"]


def _listed(number: int, labels: list[str], message: str) -> str:
    head = "".join(f"  {label}: {value}\r\n" for label, (_, value) in zip(labels, _LISTED, strict=True))
    return f"Event[{number}]:\r\n{head}{message}\r\n\r\n"


@pytest.mark.parametrize(
    "labels",
    [
        pytest.param([name for name, _ in _LISTED], id="English"),
        pytest.param([*_GERMAN, "Benutzer", "Benutzername", "Computer", "Beschreibung"], id="German labels"),
    ],
)
@pytest.mark.parametrize("block", [None, 64], ids=["at once", "in blocks"])
def test_what_wevtutil_prints_as_text(
    labels: list[str], block: int | None, store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if block is not None:
        monkeypatch.setattr(tuning, "BLOCK", block)
    text = "".join(_listed(number, labels, _MESSAGE.replace("\r", "")) for number in range(3))
    (tmp_path / "log.txt").write_text(text, "utf-8")
    report = load(store, tmp_path / "log.txt")
    assert (report.events, report.rejected) == ({("process", "create"): 3, ("event", "log"): 3}, 0)
    assert query(store, _SELECT, "process") == [_ROW] * 3


def test_an_event_that_wevtutil_did_not_print_whole_is_named(store: Path, tmp_path: Path) -> None:
    labels: list[Any] = [name for name, _ in _LISTED]
    (tmp_path / "log.txt").write_text(_listed(0, labels, _MESSAGE) + "Event[1]:\n  Log Name: Security\n")
    report = load(store, tmp_path / "log.txt")
    assert report.events == {("process", "create"): 1, ("event", "log"): 1}
    assert [(r.number, r.reason) for r in report.rejections] == [(2, "it ends within an event")]
