"""Documents in the CAR model: fields under their other names, and what does not fit or is not known."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.commands import carlang
from tests.ingesting import load, query, write_lines

_DOCUMENT = {"object": "process", "action": "create", "time": "2024-03-21T10:00:00.123Z", "hostname": "HOST1"}


def _event(store: Path, tmp_path: Path, **fields: Any) -> dict[str, Any]:
    load(store, write_lines(tmp_path / "log.json", [{**_DOCUMENT, **fields}]))
    names = ("exe", "pid", "ppid", "image_path", "md5_hash", "command_line", "signature_valid", "extra")
    (row,) = query(store, f"SELECT {', '.join(names)} FROM events", "process")  # noqa: S608  # the names above
    event = {name: value for name, value in zip(names, row, strict=True) if value is not None}
    return event | ({"extra": json.loads(event["extra"])} if "extra" in event else {})


@pytest.mark.parametrize(
    ("fields", "event"),
    [
        ({"image": "C:\\at.exe", "process_id": 5}, {"image_path": "C:\\at.exe", "pid": 5}),
        ({"Image": "C:\\at.exe", "ProcessId": "0x1f"}, {"image_path": "C:\\at.exe", "pid": 31}),
        ({"MD5": "aa", "Command Line": "at", "PID": 4}, {"md5_hash": "aa", "command_line": "at", "pid": 4}),
        ({"pid": 7, "process_id": 8}, {"pid": 7, "extra": {"process_id": 8}}),
        ({"md5": "aa", "MD5": "bb"}, {"md5_hash": "aa", "extra": {"MD5": "bb"}}),
        ({"exe": "a", "ppid": 12.5}, {"exe": "a", "extra": {"ppid": "12.5"}}),
        ({"exe": "a", "ppid": "12,5", "pid": "1e3"}, {"exe": "a", "extra": {"ppid": "12,5", "pid": "1e3"}}),
        ({"exe": "a", "ppid": 12.0, "pid": " 7 "}, {"exe": "a", "ppid": 12, "pid": 7}),
        ({"exe": "a", "ppid": "-", "pid": "", "signature_valid": None}, {"exe": "a"}),
        ({"exe": "a", "signature_valid": "maybe"}, {"exe": "a", "extra": {"signature_valid": "maybe"}}),
        ({"exe": "a", "signature_valid": True}, {"exe": "a", "signature_valid": True}),
        (
            {"exe": "a", "ticket": "INC-7", "a/b~\"c'": {"d": [1]}, "ppid": "x"},
            {"exe": "a", "extra": {"ticket": "INC-7", "a/b~\"c'": {"d": [1]}, "ppid": "x"}},
        ),
        ({"exe": "a", "pid": 2**70}, {"exe": "a", "extra": {"pid": str(2**70)}}),
    ],
)
def test_a_document_becomes_an_event_and_what_is_left_is_kept(
    fields: dict[str, Any], event: dict[str, Any], store: Path, tmp_path: Path
) -> None:
    assert _event(store, tmp_path, **fields) == event


@pytest.mark.parametrize("outer", ["fields", "data_model"])
def test_fields_in_a_member_have_other_names_too(outer: str, store: Path, tmp_path: Path) -> None:
    fields = {"Image": "C:\\at.exe", "ppid": 1.5}
    document = {**_DOCUMENT, "fields": fields} if outer == "fields" else {"data_model": {**_DOCUMENT, "fields": fields}}
    load(store, write_lines(tmp_path / "log.json", [document]))
    assert query(store, "SELECT image_path, ppid, extra FROM events") == [("C:\\at.exe", None, '{"ppid":"1.5"}')]


def test_members_beside_the_fields_are_kept(store: Path, tmp_path: Path) -> None:
    documents = [
        {**_DOCUMENT, "ticket": "INC-7", "command_line": "at", "fields": {"exe": "a.exe", "case": {"n": 1}}},
        {"data_model": {**_DOCUMENT, "fields": {"exe": "b.exe"}, "inner": 1}, "outer": 2, "user": "ann"},
        {"data_model": {**_DOCUMENT, "exe": "c.exe", "user": "bob"}, "user": None, "@timestamp": "2024-03-21"},
        {**_DOCUMENT, "fields": {"exe": "d.exe"}, "exe": None},
    ]
    load(store, write_lines(tmp_path / "log.json", documents))
    rows = query(store, "SELECT exe, command_line, user, extra FROM events ORDER BY exe")
    assert [(exe, line, user, extra and json.loads(extra)) for exe, line, user, extra in rows] == [
        ("a.exe", "at", None, {"ticket": "INC-7", "case": {"n": 1}}),
        ("b.exe", None, "ann", {"outer": 2, "inner": 1}),
        ("c.exe", None, "bob", None),
        ("d.exe", None, None, None),
    ]


def test_values_that_do_not_fit_are_counted(store: Path, tmp_path: Path) -> None:
    documents = [{**_DOCUMENT, "exe": "a", "ppid": 12.5}] * 3 + [{**_DOCUMENT, "exe": "a", "pid": "x"}]
    log = write_lines(tmp_path / "log.json", documents)
    report = load(store, log)
    assert report.misfits == {("process", "ppid"): 3, ("process", "pid"): 1}
    said = carlang("ingest", log, "--store", tmp_path / "other").out
    assert "values that do not fit their fields, kept in extra: process.pid 1, process.ppid 3" in said


def test_programs_reach_what_was_left_as_members(store: Path, tmp_path: Path) -> None:
    documents = [{**_DOCUMENT, "exe": f"{n}.exe", "ticket": f"INC-{n}", "ppid": n + 0.5} for n in range(3)]
    load(store, write_lines(tmp_path / "log.json", documents))
    program = (
        'p = search Process:Create\nq = filter p where (extra.ticket == "INC-1" and extra.ppid == "1.5")\noutput q\n'
    )
    printed = carlang("run", "-e", program, "--store", store, "--format", "json").json()
    ((row,),) = [result["rows"] for result in printed["results"]]
    assert row["exe"] == "1.exe"


def test_a_document_without_fields_of_its_object_is_no_event(store: Path, tmp_path: Path) -> None:
    report = load(store, write_lines(tmp_path / "log.json", [{**_DOCUMENT, "ticket": "INC-7"}]))
    assert report.events == {("event", "log"): 1}
    assert [(hollow.object, hollow.action) for hollow in report.hollow] == [("process", "create")]
    ((data,),) = query(store, "SELECT event_data FROM events")
    assert json.loads(data)["ticket"] == "INC-7"
