"""A mapping file of one's own: tried with `--explain`, refused with places, used by an ingest."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from carlang.datafile import DataFileError
from carlang.errors import IngestError
from carlang.loading import explain
from carlang.mapping import load_sensors
from carlang.model import builtin_model, load_model
from tests.cli.commands import carlang
from tests.conftest import REPOSITORY
from tests.ingesting import load, query, sysmon_create, write_lines

_PAGE = (REPOSITORY / "docs" / "ingest.md").read_text("utf-8")
_DOOR = next(
    block for block in re.findall(r"```yaml\n(.*?)```", _PAGE, re.DOTALL) if block.startswith("sensor: door_log")
)
_RECORD = {
    "Channel": "Doors",
    "EventID": 17,
    "Hostname": "GATE",
    "Result": "open",
    "Reader": "north",
    "Holder": "adam",
    "Card": 12,
}


@pytest.fixture
def door(tmp_path: Path) -> Path:
    """The mapping file of the documentation."""
    file = tmp_path / "door.yaml"
    file.write_text(_DOOR, "utf-8")
    return file


def _log(tmp_path: Path, *records: Any) -> Path:
    return write_lines(tmp_path / "door.json", records or [_RECORD])


def test_a_mapping_file_explains_each_field_and_writes_nothing(door: Path, tmp_path: Path) -> None:
    log = _log(tmp_path)
    (record,) = explain([log], model=builtin_model(), sensor=str(door))
    assert (record.number, record.channel, record.event_id, record.shape) == (1, "Doors", 17, "flat")
    (event,) = record.events
    assert (event.sensor, event.object, event.action) == ("door_log", "user_session", "login")
    assert {f.name: (f.value, dict(f.members)) for f in event.fields} == {
        "user": ("adam", {"Holder": "adam"}),
        "src_hostname": ("north", {"Reader": "north"}),
        "session_id": ("12", {"Badge": None, "Card": "12"}),
        "login_successful": ("true", {}),
    }
    assert sorted(tmp_path.iterdir()) == [log, door]


def test_members_are_explained_under_the_names_that_the_record_has(tmp_path: Path) -> None:
    helk = {"event_id": 1, "log_name": "Microsoft-Windows-Sysmon/Operational", "process_path": "C:\\a\\b.exe"}
    (record,) = explain([_log(tmp_path, helk)], model=builtin_model())
    (event,) = record.events
    fields = {f.name: f for f in event.fields}
    assert (fields["exe"].value, dict(fields["exe"].members)) == ("b.exe", {"process_path": "C:\\a\\b.exe"})


def test_what_is_no_record_is_explained_and_only_the_first_records_are(tmp_path: Path) -> None:
    log = tmp_path / "log.json"
    log.write_text("nothing\n" + "".join(json.dumps(sysmon_create(n)) + "\n" for n in range(1, 30)), "utf-8")
    found = explain([log, tmp_path / "gone.json"], model=builtin_model(), first=4)
    assert [(r.number, r.fault) for r in found] == [
        (1, "not valid JSON"),
        (2, None),
        (3, None),
        (4, None),
        (None, "there is no such file or folder"),
    ]


def test_a_record_of_several_events_is_explained_with_all_of_them(tmp_path: Path) -> None:
    record = {"Channel": "Security", "EventID": 4624, "Hostname": "H", "TargetUserName": "adam", "LogonType": "3"}
    (explained,) = explain([_log(tmp_path, record)], model=builtin_model())
    assert {f"{e.object}/{e.action}" for e in explained.events} == {
        "user_session/login",
        "authentication/success",
        "event/log",
    }


def test_the_command_shows_what_the_documentation_shows(door: Path, tmp_path: Path) -> None:
    done = carlang("ingest", "--sensor", door, "--explain", _log(tmp_path))
    shown = next(
        block for block in re.findall(r"```text\n(.*?)```", _PAGE, re.DOTALL) if block.startswith("door.json:1:")
    )
    assert [line.rstrip() for line in done.out.replace(f"{tmp_path}/", "").splitlines()] == shown.splitlines()
    assert (done.status, done.err) == (0, "")
    asked = carlang("ingest", "--sensor", door, "--explain", "--format", "json", _log(tmp_path)).json()
    assert asked[0]["events"][0]["fields"][0] == {"name": "user", "value": "adam", "members": {"Holder": "adam"}}


def test_a_faulty_mapping_file_is_refused_with_every_fault_and_its_place(door: Path, tmp_path: Path) -> None:
    door.write_text(
        _DOOR.replace("action: login", "action: logn").replace("[Badge, Card] ", '"numbr({Badge})"'), "utf-8"
    )
    done = carlang("ingest", "--sensor", door, "--explain", _log(tmp_path))
    shown = next(b for b in re.findall(r"```text\n(.*?)```", _PAGE, re.DOTALL) if b.startswith("door.yaml:12"))
    assert done.status != 0
    assert [line in done.err.replace(f"{tmp_path}/", "") for line in shown.splitlines()] == [True, True]


def test_a_mapping_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataFileError, match=r"gone\.yaml:1:1: cannot be read"):
        load(tmp_path / "store", _log(tmp_path), sensor=str(tmp_path / "gone.yaml"))
    with pytest.raises(IngestError, match="there is no sensor `gone`"):
        load(tmp_path / "store", _log(tmp_path), sensor="gone")


def test_an_ingest_with_a_mapping_file_keeps_what_it_is_not_for(door: Path, store: Path, tmp_path: Path) -> None:
    log = _log(tmp_path, _RECORD, {**_RECORD, "Result": "shut"}, sysmon_create())
    report = load(store, log, sensor=str(door))
    assert report.events == {("event", "log"): 2, ("user_session", "login"): 1}
    assert report.unmapped == {("Doors", 17): 1, ("Microsoft-Windows-Sysmon/Operational", 1): 1}
    columns = "user, session_id, login_successful, hostname, sensor"
    sql = f"SELECT {columns} FROM events"  # noqa: S608  # the columns stand above
    assert query(store, sql, "user_session") == [("adam", "12", True, "GATE", "door_log")]


_MODEL = """\
objects:
  badge:
    description: A badge that opens doors.
    actions:
      read: {description: The badge was held to a reader.}
    fields:
      door_name: {type: string}
  process:
    fields:
      score: {type: integer}
"""

_BADGES = """\
sensor: badges
title: Badges
log: {channel: Doors}
events:
  - {event_id: any, object: badge, action: read, fields: {door_name: Reader}}
  - {event_id: 17, object: process, action: create, fields: {score: "number({Card}) * 2"}}
"""


def test_a_model_that_carlang_toml_extends_is_seen_by_ingest_and_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "ours.yaml").write_text(_MODEL, "utf-8")
    (tmp_path / "badges.yaml").write_text(_BADGES, "utf-8")
    (tmp_path / "carlang.toml").write_text('store = "events"\n[model]\nextend = ["ours.yaml"]\n', "utf-8")
    log = _log(tmp_path)
    monkeypatch.chdir(tmp_path)
    done = carlang("ingest", "--sensor", "badges.yaml", log)
    assert (done.status, done.err) == (0, "")
    program = 'p = search Badge:Read where (door_name == "north")\noutput p'
    assert carlang("run", "-e", program, "--format", "ndjson").lines()[0]["door_name"] == "north"
    assert carlang("run", "-e", "p = search Process where (score > 20)\noutput p", "--format", "ndjson").lines()


def test_a_field_in_common_is_one_of_some_object_and_only_the_rest_keeps_records() -> None:
    text = _BADGES + "common: {exe: Exe, exee: Exe}\nkeeps: [Security]\n"
    model = builtin_model()
    with pytest.raises(DataFileError) as caught:
        load_sensors([("badges.yaml", text)], model)
    messages = [fault.message for fault in caught.value.faults]
    assert "no object of these events has a field `exee`; did you mean `exe`?" in messages
    assert "only a sensor that takes the `rest` keeps other sensors' records" in messages
    assert any(message.startswith("there is no object `badge`") for message in messages)


def test_fields_in_common_are_those_of_the_objects_that_have_them(tmp_path: Path) -> None:
    (tmp_path / "ours.yaml").write_text(_MODEL, "utf-8")
    model = load_model([tmp_path / "ours.yaml"])
    sensors = load_sensors([("badges.yaml", _BADGES + "common: {exe: Exe}\n")], model)
    assert [sorted(mapping.fields) for mapping in sensors.mappings] == [["door_name"], ["exe", "score"]]
