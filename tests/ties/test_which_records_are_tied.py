"""Which records of two sensors are one occurrence, case by case, and what a program makes of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

import carlang
from carlang.analytic import RunOptions, explain, load_text
from carlang.engine import Answer, DuckDBEngine, MemorySession
from carlang.mapping.sensors import builtin_sensors
from carlang.model import builtin_model, load_model
from carlang.program import compile_program
from carlang.results import Output
from carlang.source import Source
from carlang.testing.events import event_tables

NOW = datetime(2024, 1, 1, tzinfo=UTC)
SYSMON: dict[str, Any] = {
    "object": "process",
    "action": "create",
    "time": NOW,
    "hostname": "HOST",
    "sensor": "sysmon",
    "record_id": "1",
    "pid": 7,
    "exe": "a.exe",
}
SECURITY = {**SYSMON, "sensor": "windows_security", "record_id": "2", "time": NOW + timedelta(milliseconds=1)}
PARENT = {"ppid": 3, "command_line": "a -x"}
STARTS = "p = search Process:Create\noutput p"


@pytest.fixture(scope="module")
def session() -> Iterator[MemorySession]:
    with MemorySession(builtin_model()) as opened:
        yield opened


def outputs(session: MemorySession, text: str, *events: dict[str, Any]) -> list[Output]:
    session.load(event_tables(events, builtin_model()))
    program = compile_program(Source.whole("case.car", text), builtin_model())
    return [session.run(output, NOW) for output in program.require().outputs]


def record_ids(session: MemorySession, *events: dict[str, Any]) -> list[list[str]]:
    """Return the ids of the records of each occurrence; where there is none of two records, of each record."""
    (output,) = outputs(session, STARTS, *events)
    return [row.get("record_ids", [row["record_id"]]) for row in output.rows()]


@pytest.mark.parametrize(
    ("first", "second", "tied"),
    [
        ({}, {}, True),
        ({}, {"hostname": "host.example.org"}, True),
        ({"fqdn": "host.example.org"}, {"hostname": "Host.Example.Org"}, True),
        ({"fqdn": "host.example.org"}, {"fqdn": "host.example.com"}, False),
        ({"hostname": "other"}, {}, False),
        ({"hostname": "10.0.0.1"}, {"hostname": "10.0.0.2"}, False),
        ({"hostname": "10.0.0.1"}, {"hostname": "10.0.0.1"}, True),
        ({"hostname": "fe80::1"}, {"hostname": "fe80::1"}, True),
        ({"hostname": None}, {"hostname": None}, False),
        ({"hostname": ""}, {"hostname": ""}, False),
        ({"exe": "A.EXE"}, {}, True),
        ({"exe": None}, {"exe": None}, False),
        ({"exe": ""}, {"exe": ""}, False),
        ({}, {"exe": "b.exe"}, False),
        ({}, {"pid": 8}, False),
        ({"pid": None}, {}, False),
        ({"pid": None, **PARENT}, PARENT, True),
        (PARENT, {"pid": None, **PARENT}, True),
        ({"pid": None, **PARENT}, {**PARENT, "command_line": "A -X"}, True),
        ({"pid": None, **PARENT}, {**PARENT, "command_line": "a"}, False),
        ({"pid": None, **PARENT}, {**PARENT, "ppid": 4}, False),
        ({"pid": None, **PARENT}, {**PARENT, "command_line": None}, False),
        ({"pid": 6, **PARENT}, PARENT, False),
        ({"pid": None, "login_id": "0x1", **PARENT}, {"login_id": "0x2", **PARENT}, False),
        ({"login_id": "0x3E7"}, {"login_id": "0x3e7"}, True),
        ({"login_id": "0x3e7"}, {}, True),
        ({"login_id": "0x3e7"}, {"login_id": "0x3e4"}, False),
        ({}, {"time": NOW + timedelta(seconds=2)}, True),
        ({}, {"time": NOW - timedelta(seconds=2)}, True),
        ({}, {"time": NOW + timedelta(seconds=2, microseconds=1)}, False),
        ({}, {"time": NOW + timedelta(hours=1)}, False),
        ({}, {"time": None}, False),
        ({}, {"sensor": "sysmon"}, False),
        ({"sensor": "windows_security"}, {}, False),
        ({}, {"sensor": "osquery"}, False),
        ({}, {"sensor": None}, False),
        ({}, {"action": "terminate"}, False),
        ({"action": "terminate"}, {"action": "terminate"}, False),
    ],
)
def test_two_records_are_one_start(
    session: MemorySession, first: dict[str, Any], second: dict[str, Any], *, tied: bool
) -> None:
    events = ({**SYSMON, **first}, {**SECURITY, **second})
    starts = [event["record_id"] for event in events if event["action"] == "create"]
    assert sorted(record_ids(session, *events)) == ([["1", "2"]] if tied else [[i] for i in starts])


@pytest.mark.parametrize(
    ("sysmon", "security", "pairs"),
    [
        ((0, 3), (2,), [["s0"], ["s3", "e2"]]),
        ((0, 2), (1,), [["s0", "e1"], ["s2"]]),
        ((1,), (0, 2), [["s1", "e0"], ["e2"]]),
        ((0, 1), (0, 1), [["s0", "e0"], ["s1", "e1"]]),
        ((0, 2), (1, 3), [["s0", "e1"], ["s2", "e3"]]),
        # The nearest pair is taken first, though both would have a partner without it.
        ((0, 3.5), (2, 4), [["s0", "e2"], ["s3.5", "e4"]]),
        ((0, 2.2), (1.9, 4.2), [["s0"], ["s2.2", "e1.9"], ["e4.2"]]),
    ],
)
def test_of_several_the_nearest_are_one_and_none_is_in_two(
    session: MemorySession, sysmon: tuple[float, ...], security: tuple[float, ...], pairs: list[list[str]]
) -> None:
    events = [{**SYSMON, "record_id": f"s{at}", "time": NOW + timedelta(seconds=at)} for at in sysmon]
    events += [{**SECURITY, "record_id": f"e{at}", "time": NOW + timedelta(seconds=at)} for at in security]
    assert sorted(record_ids(session, *events)) == sorted(pairs)
    assert sorted(record_ids(session, *reversed(events))) == sorted(pairs)


def test_of_records_as_near_the_first_by_id_are_one(session: MemorySession) -> None:
    events = [{**SYSMON, "record_id": i} for i in ("10", "9", "x")]
    events += [{**SECURITY, "record_id": i} for i in ("b", "30", "a")]
    assert sorted(record_ids(session, *events)) == [["10", "a"], ["9", "30"], ["x", "b"]]


def test_a_crowd_of_records_is_left_apart(session: MemorySession) -> None:
    crowd = [{**SYSMON, "record_id": str(i)} for i in range(64)]
    assert len(record_ids(session, *crowd[:63], SECURITY)) == 63
    assert len(record_ids(session, *crowd, SECURITY)) == 65


CONNECTION = {"pid": 4, "protocol": "tcp", "src_ip": "10.0.0.1", "src_port": 1025, "dest_ip": "10.0.0.2"}
CONNECTION |= {"dest_port": 445}
LOGON = {"user": "D\\u", "login_type": "remote_interactive", "login_successful": True}


@pytest.mark.parametrize(
    ("event_class", "sensors", "fields", "seconds"),
    [
        ("flow/start", ("sysmon", "windows_security"), CONNECTION, 5),
        ("service/create", ("windows_security", "windows_system"), {"name": "svc"}, 2),
        ("task/create", ("windows_security", "windows_task_scheduler"), {"task_name": "\\t"}, 2),
        ("user_session/login", ("windows_security", "windows_terminal_services"), LOGON, 10),
    ],
)
def test_every_class_with_two_sensors(
    session: MemorySession, event_class: str, sensors: tuple[str, str], fields: dict[str, Any], seconds: int
) -> None:
    object_, action = event_class.split("/")
    common = {"object": object_, "action": action, "hostname": "H", **fields}
    text = f"p = search {object_}:{action}\noutput p"
    for apart, rows in ((seconds, 1), (seconds + 0.001, 2)):
        first = {**common, "sensor": sensors[0], "time": NOW, "record_id": "1"}
        second = {**common, "sensor": sensors[1], "time": NOW + timedelta(seconds=apart), "record_id": "2"}
        (output,) = outputs(session, text, second, first)
        assert output.total == rows
        assert output.tied == ((event_class,) if rows == 1 else ())
    for key, value in fields.items():
        other = {int: 9, bool: False, str: "other"}[type(value)]
        assert outputs(session, text, first, {**second, "time": NOW, key: other})[0].total == 2, key


def test_a_row_has_the_fields_of_the_first_sensor_and_of_the_second_what_it_lacks(session: MemorySession) -> None:
    first = {**SYSMON, "command_line": "a", "user": "U", "extra": {"x": "1"}, "source": "s"}
    second = {**SECURITY, "user": "V", "sid": "S-1", "source": "t", "fqdn": "host.x.org"}
    (output,) = outputs(session, STARTS, second, {**first, "record_id": None})
    (row,) = output.rows()
    shown = {k: v for k, v in row.items() if v is not None}
    assert shown == {
        **{k: v for k, v in first.items() if k not in ("record_id", "extra")},
        "extra": '{"x": "1"}',
        "sid": "S-1",
        "fqdn": "host.x.org",
        "record_ids": ["2"],
    }


@pytest.mark.parametrize(
    ("condition", "rows"),
    [
        ("user == 'u'", 1),
        ("user == 'v'", 1),
        ("sensor == 'windows_security'", 1),
        ("user == null", 0),
        ("command_line == null", 1),
        # Of one and the same record.
        ("user == 'u' and sensor == 'windows_security'", 0),
        ("not (user == 'u')", 1),
    ],
)
def test_a_condition_is_tested_on_each_record(session: MemorySession, condition: str, rows: int) -> None:
    events = ({**SYSMON, "user": "u", "command_line": "c"}, {**SECURITY, "user": "v"})
    text = f"p = search Process:Create\nq = filter p where ({condition})\nn = count(q) by exe\noutput q, n"
    shown, counted = outputs(session, text, *events)
    assert [row["user"] for row in shown.rows()] == ["u"] * rows
    assert [row["count"] for row in counted.rows()] == [1] * rows


def test_the_filters_of_a_chain_hold_for_one_record(session: MemorySession) -> None:
    events = ({**SYSMON, "user": "u"}, {**SECURITY, "user": "v"})
    text = (
        "p = search Process:Create\nq = filter p where (user == 'u')\nr = filter q where (sensor != 'sysmon')\noutput r"
    )
    assert outputs(session, text, *events)[0].total == 0


def test_a_join_of_starts_is_a_row_a_pair(session: MemorySession) -> None:
    child = {"pid": 8, "ppid": 7, "exe": "b.exe", "time": NOW + timedelta(seconds=9)}
    events = (SYSMON, SECURITY, {**SYSMON, **child, "record_id": "3"}, {**SECURITY, **child, "record_id": "4"})
    text = "p = search Process:Create\nq = p\nj = join (p, q) where (q.ppid == p.pid)\noutput j"
    (output,) = outputs(session, text, *events)
    assert [(row["p.record_ids"], row["q.record_ids"]) for row in output.rows()] == [(["1", "2"], ["3", "4"])]
    with MemorySession(builtin_model(), records_apart=True) as apart:
        (output,) = outputs(apart, text, *events)
        assert (output.total, output.tied) == (4, ())


def test_a_model_file_may_tie_other_sensors(tmp_path: Path) -> None:
    file = tmp_path / "ours.yaml"
    file.write_text(
        "ties:\n  process/create:\n    - {sensors: [osquery, edr], keys: [pid, exe], seconds: 0.5}\n", "utf-8"
    )
    model = load_model(file)
    third = {**SYSMON, "sensor": "edr", "record_id": "3"}
    with MemorySession(model) as session:
        ids = {
            other["sensor"]: sorted(record_ids(session, third, other))
            for other in ({**SYSMON, "sensor": "osquery"}, SYSMON)
        }
    assert ids == {"osquery": [["1", "3"]], "sysmon": [["1"], ["3"]]}


@pytest.mark.parametrize(
    ("entry", "fault"),
    [
        ("process/begin: [{sensors: [a, b], keys: [pid], seconds: 1}]", "there is no class `process/begin`"),
        ("process: [{sensors: [a, b], keys: [pid], seconds: 1}]", "there is no class `process`"),
        ("process/create: [{sensors: [a, b], keys: [pit], seconds: 1}]", "`process` has no field `pit`"),
        ("process/create: [{sensors: [a, b], keys: [pid], agree: [x], seconds: 1}]", "`process` has no field `x`"),
        ("process/create: [{sensors: [a, b], keys: [extra], seconds: 1}]", "an open record is not compared"),
        ("process/create: [{sensors: [a, a], keys: [pid], seconds: 1}]", "name two sensors"),
        ("process/create: [{sensors: [a, b], keys: [], seconds: 1}]", "a tie needs a key"),
        ("process/create: [{sensors: [a, b], keys: [pid], seconds: 601}]", "between 0 and 600"),
        ("process/create: [{sensors: [a, b], keys: [pid], seconds: -1}]", "between 0 and 600"),
        ("process/create: [{sensors: [a, b], keys: [pid]}]", "`seconds` is missing"),
        ("process/create: [{sensors: [a], keys: [pid], seconds: 1}]", "sensors"),
    ],
)
def test_a_faulty_tie_is_named_with_its_place(tmp_path: Path, entry: str, fault: str) -> None:
    file = tmp_path / "ours.yaml"
    file.write_text(f"ties:\n  {entry}\n", "utf-8")
    with pytest.raises(carlang.CarlangError, match=r"ours\.yaml:2:") as caught:
        load_model(file)
    assert fault in str(caught.value)


def test_each_tie_names_sensors_that_tell_of_its_class() -> None:
    made = {(mapping.sensor, mapping.object, mapping.action) for mapping in builtin_sensors(builtin_model()).mappings}
    tied = {(sensor, *tie.event_class) for tie in builtin_model().ties for sensor in (tie.first, tie.second)}
    assert tied <= made


def store_of(folder: Path, *files: list[dict[str, Any]]) -> Path:
    """Write a plain tree with a file for each list of events of process/create."""
    below = folder / "process" / "create"
    below.mkdir(parents=True)
    for number, events in enumerate(files):
        pq.write_table(event_tables(events, builtin_model())["process"], below / f"{number}.parquet")
    return folder


def test_records_of_one_time_without_ids_are_tied_in_any_order_of_files_alike(tmp_path: Path) -> None:
    nameless = {"time": NOW, "record_id": None}
    starts = [{**SYSMON, **nameless, "command_line": f"a -{n}"} for n in (1, 2)]
    seconds = [{**SECURITY, **nameless, "sid": f"S-{n}"} for n in (1, 2)]
    sids = set()
    for number, events in enumerate(
        ([*starts, *seconds], [*reversed(starts), *seconds], [*starts, *reversed(seconds)])
    ):
        rows = carlang.run(STARTS, store_of(tmp_path / str(number), *([event] for event in events)))["p"].rows()
        sids.add(tuple(sorted((row["command_line"], row["sid"]) for row in rows)))
    assert len(sids) == 1
    assert len(next(iter(sids))) == 2


def test_a_range_of_time_has_an_occurrence_by_its_first_record(tmp_path: Path) -> None:
    border = NOW + timedelta(milliseconds=1)
    store = store_of(tmp_path, [SYSMON], [SECURITY])
    before = carlang.run(STARTS, store, until=border)["p"]
    after = carlang.run(STARTS, store, since=border)["p"]
    assert ([row["record_ids"] for row in before.rows()], after.rows()) == ([["1", "2"]], [])


def test_the_switch_of_the_library_shows_records_apart(tmp_path: Path) -> None:
    store = store_of(tmp_path, [SYSMON, SECURITY])
    together, apart = (carlang.run(STARTS, store, records_apart=each)["p"] for each in (False, True))
    assert (together.total, together.tied, together.columns[-1].name) == (1, ("process/create",), "record_ids")
    assert (apart.total, apart.tied, apart.columns[-1].name) == (2, (), "extra")
    with pytest.raises(carlang.OptionError, match="records_apart: 'yes' is not True or False"):
        carlang.run(STARTS, store, records_apart="yes")  # type: ignore[arg-type]  # what is wrong with it is the test


def test_a_store_without_pairs_is_asked_what_it_was_asked_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    query = DuckDBEngine.query

    def remembered(engine: DuckDBEngine, text: str, limit: int | None = None) -> Answer:
        asked.append(text)
        return query(engine, text, limit)

    monkeypatch.setattr(DuckDBEngine, "query", remembered)
    text = "p = search Process:Create\nq = filter p where (exe == 'a.exe')\noutput q"
    plain = carlang.load_text(text).sql(now=NOW)["q"]
    carlang.run(text, store_of(tmp_path / "one", [SYSMON]), now=NOW)
    assert asked == [plain]
    carlang.run(text, store_of(tmp_path / "two", [SYSMON, {**SECURITY, "pid": 8}]), now=NOW)
    assert asked[-1] == plain


def test_a_start_with_a_pid_has_the_other_with_it_before_one_without(session: MemorySession) -> None:
    bare = {**SYSMON, **PARENT, "pid": None, "record_id": "3", "time": SECURITY["time"]}
    ids = record_ids(session, {**SYSMON, **PARENT}, {**SECURITY, **PARENT}, bare)
    assert sorted(ids) == [["1", "2"], ["3"]]


def test_a_stream_is_explained_by_the_query_that_ran(tmp_path: Path) -> None:
    store = carlang.open_store(store_of(tmp_path, [SYSMON, SECURITY]))
    analytic = load_text("p = search Process:Create\nc = count(p) by exe\noutput c")
    for apart, rows in ((False, 1), (True, 2)):
        options = RunOptions.of(now=NOW, records_apart=apart)
        starts, counted = explain(analytic, store, options, {})
        assert (starts.rows, counted.rows) == (rows, 1)
        assert [stream.tied for stream in (starts, counted)] == [() if apart else ("process/create",)] * 2
        assert ("#process occurrences" in starts.sql) is not apart
