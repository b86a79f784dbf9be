from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from carlang.datafile import DataFileError
from carlang.loading.loader import Loader
from carlang.mapping import builtin_sensors, load_sensors
from carlang.mapping.builtin import builtin_files
from carlang.mapping.expression import parse_expression
from carlang.mapping.mapper import Statements
from carlang.model import builtin_model
from carlang.readers import LogFile, Records, read_log
from carlang.readers.digests import Digests
from carlang.store import create_store, object_columns
from tests.ingesting import query, sysmon_create, write_lines

_FAULTY = """\
sensor: mine
title: Mine
log: {channel: Mine}
events:
  - event_id: 1
    object: proces
    action: create
  - event_id: [2, 3]
    object: process
    action: creat
    fields:
      comand_line: Line
      exe: base_nme({A})
      pid: (SELECT 1)
      ppid: "1; DROP TABLE x"
      user: ["lower({A})", "upper({A)"]
      sid: "'a' || {A} -- b"
      signer: 1, 2
      uid: A) FROM range(3) --
  - object: process
    action: create
"""


def test_every_fault_of_a_mapping_file_is_named_with_its_place() -> None:
    with pytest.raises(DataFileError) as caught:
        load_sensors([("mine.yaml", _FAULTY)], builtin_model())
    found = [(f.line, f.column, f.message.split("\n")[0]) for f in caught.value.faults]
    assert found == [
        (6, 13, "there is no object `proces`; did you mean `process`?"),
        (10, 13, "process has no action `creat`; did you mean `create`?"),
        (12, 7, "process has no field `comand_line`; did you mean `command_line`?"),
        (13, 12, "Catalog Error: Scalar Function with name base_nme does not exist!"),
        (14, 12, "an expression may not hold a query"),
        (15, 13, "`;` cannot stand in an expression"),
        (16, 28, "`{` cannot stand in an expression"),
        (17, 12, "`--` cannot stand in an expression"),
        (18, 15, "not one SQL expression"),
        (19, 12, "`--` cannot stand in an expression"),
        (20, 5, "a mapping needs an `event_id` and a `log`, or the sensor takes the `rest`"),
    ]


@pytest.mark.parametrize(
    ("text", "sql"),
    [
        ("Image", "<Image>"),
        ("base_name({Image})", "base_name(<Image>)"),
        ("'{Image}' || {a.b}", "'{Image}' || <a.b>"),
        ("'it''s; --'", "'it''s; --'"),
        ('"column" + {A} * 2', '"column" + <A> * 2'),
    ],
)
def test_members_stand_in_braces_outside_of_texts(text: str, sql: str) -> None:
    assert parse_expression(text).bind(lambda name: f"<{name}>") == sql


def test_built_in_mappings_are_right_and_their_fields_columns_of_their_objects() -> None:
    model = builtin_model()
    checked = load_sensors(builtin_files(), model)
    assert checked == builtin_sensors(model)
    for mapping in checked.mappings:
        assert set(mapping.fields) <= set(object_columns(model.objects[mapping.object]))


_TWO_EVENTS = """\
sensor: mine
title: Mine
log: {channel: Mine}
common:
  time: (event_time)
events:
  - event_id: 1
    where: "{Kind} = 'start'"
    object: process
    action: create
    fields: {exe: "base_name({Path})", pid: ["number({Hex})", "number({Dec})"], user: "'nobody'"}
  - event_id: [1, 2]
    where: "{Kind} IN ('end', 'both')"
    object: process
    action: terminate
    fields: {exe: Name}
  - event_id: 1
    where: "{Kind} = 'both'"
    object: file
    action: create
    fields: {file_path: Path}
"""

_REST = """\
sensor: rest
title: Rest
rest: true
events:
  - {object: event, action: log, fields: {event_code: (event_id)}}
"""


def test_a_record_becomes_every_event_whose_condition_it_meets(tmp_path: Path) -> None:
    model = builtin_model()
    store = create_store(tmp_path / "store", model)
    records = [
        {"Channel": "mine", "EventID": 1, "Kind": "start", "Path": "C:\\a\\b.exe", "Dec": "12"},
        {"Channel": "Mine", "EventID": 1, "Kind": "both", "Path": "p", "Name": "n"},
        {"Channel": "Mine", "EventID": 2, "Kind": "end", "Name": "m"},
        {"Channel": "Mine", "EventID": 2, "Kind": "start"},
        {"Channel": "Other", "EventID": 1, "Kind": "start"},
    ]
    log = write_lines(tmp_path / "log.json", records)
    sensors = load_sensors([("mine.yaml", _TWO_EVENTS), ("rest.yaml", _REST)], model)
    with Loader(store, Statements(sensors, model)) as loader, log.open("rb") as stream:
        loader.begin("log.json", Digests("digest", {}))
        for source, item in read_log(LogFile("log.json", stream, log)):
            loader.add(source, item)
        batch = loader.finish()
    store.commit(batch.staged, ["digest"])
    assert (batch.files[0].mapped, batch.files[0].unmapped) == (3, 2)
    assert dict(batch.unmapped) == {("Mine", 2): 1, ("Other", 1): 1}
    assert query(store, "SELECT action, exe, pid, user FROM events ORDER BY ALL", "process") == [
        ("create", "b.exe", 12, "nobody"),
        ("terminate", "m", None, None),
        ("terminate", "n", None, None),
    ]
    assert query(store, "SELECT file_path, sensor FROM events", "file") == [("p", "mine")]


def test_a_line_that_its_reader_took_for_whole_is_rejected_alone(tmp_path: Path) -> None:
    model = builtin_model()
    store = create_store(tmp_path / "store", model)
    good = [json.dumps(sysmon_create(number)) for number in (1, 2)]
    lines = [good[0], '{"Event": {"System": {"EventID": nul}}}', good[1], "[]"]
    other = {"Channel": "Other", "EventID": 1}
    with Loader(store, Statements(builtin_sensors(model), model)) as loader:
        loader.begin("log.evtx", Digests("digest", {}))
        known = Records.of(lines, range(1, 5), 1)
        loader.add("log.evtx", replace(known, shape="xml"))
        loader.add("log.evtx", Records.of([json.dumps(other), "{"], range(5, 7), 1))
        batch = loader.finish()
    store.commit(batch.staged, ["digest"])
    assert (batch.files[0].mapped, batch.files[0].unmapped, batch.files[0].rejected) == (2, 1, 3)
    assert [(fault.number, fault.reason) for fault in batch.rejections] == [
        (2, "not valid JSON"),
        (4, "JSON, but not an object"),
        (6, "not valid JSON"),
    ]
    assert query(store, "SELECT record_id::BIGINT FROM events ORDER BY 1", "process") == [(1,), (2,)]


def test_lines_of_a_known_shape_stand_beside_others(tmp_path: Path) -> None:
    model = builtin_model()
    store = create_store(tmp_path / "store", model)
    with Loader(store, Statements(builtin_sensors(model), model)) as loader:
        loader.begin("log", Digests("digest", {}))
        for number in range(6):
            records = Records.of([json.dumps(sysmon_create(number))], [number], 1)
            loader.add(f"log {number}", replace(records, shape="xml") if number % 2 else records)
        batch = loader.finish()
    store.commit(batch.staged, ["digest"])
    found = query(store, "SELECT record_id::BIGINT, source FROM events ORDER BY 1", "process")
    assert found == [(number, f"log {number}") for number in range(6)]


def test_records_are_never_part_of_the_sql(tmp_path: Path) -> None:
    from tests.ingesting import load  # noqa: PLC0415

    hostile = "'); DROP TABLE lines; --"
    record = sysmon_create(CommandLine=hostile, Image=hostile)
    load(tmp_path / "store", write_lines(tmp_path / "it's; --.json", [record]), hostname=hostile)
    assert query(tmp_path / "store", "SELECT command_line FROM events") == [(hostile,)]
