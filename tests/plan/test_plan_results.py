"""Outputs that are planned together have the rows that each has alone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings

from carlang.engine import Session, Window
from carlang.resolve import Given, given_values
from carlang.resolve.bound import BoundOutput
from carlang.results import Output
from carlang.store import Store, open_store
from tests.reference.cases import compiled, session_over
from tests.reference.chooser import Chooser, choosers, seeded
from tests.reference.drawn_events import MODEL, NOW, events, seen_twice
from tests.reference.drawn_programs import program
from tests.seeds import drawn_seeds

pytestmark = pytest.mark.usefixtures("always_planned")

PROGRAMS = 5


def drawn_outputs(choose: Chooser, drawn: Sequence[dict[str, object]]) -> list[tuple[BoundOutput, Given]]:
    asked: list[tuple[BoundOutput, Given]] = []
    for _ in range(PROGRAMS):
        text, params = program(choose, drawn)
        known = compiled(text)
        if known.valid:
            bound = known.require()
            asked += [(output, given_values(bound.inputs, params)) for output in bound.outputs]
    return asked


def ran(session: Session, asked: Sequence[tuple[BoundOutput, Given]]) -> list[tuple[object, ...]]:
    outputs = [session.run(output, NOW, None, values) for output, values in asked]
    return [same(output) for output in outputs]


def same(output: Output) -> tuple[object, ...]:
    """Return all that an output shows, its table as bytes."""
    sink = output.to_arrow()
    return output.name, output.columns, output.total, output.tied, sink.schema, sink.to_pylist()


def agree(session: Session, asked: Sequence[tuple[BoundOutput, Given]]) -> int:
    alone = ran(session, asked)
    decisions = session.prepare(asked)
    assert ran(session, asked) == alone
    return sum(decision.choice.leaf is not None for decision in decisions)


SEVERAL = """
p = search Process:Create
a = filter p where exe == "cmd.exe"
b = filter p where exe == "at.exe" or image_path contains "at.exe"
c = group b by exe
output a, b, c
"""


def several() -> list[tuple[BoundOutput, Given]]:
    return [(output, {}) for output in compiled(SEVERAL).require().outputs]


def processes(folder: Path, exe: pa.Array) -> Store:
    (folder / "process" / "create").mkdir(parents=True)
    table = pa.table({"exe": exe, "record_id": [str(number) for number in range(len(exe))]})
    pq.write_table(table, folder / "process" / "create" / "0.parquet")
    return open_store(folder)


def test_a_plan_takes_the_place_of_the_one_before(tmp_path: Path) -> None:
    asked = several()
    with Session(processes(tmp_path, pa.array(["cmd.exe", "AT.exe", None, "x"] * 3)), MODEL) as session:
        alone = ran(session, asked)
        for part in (asked, asked[:1], asked[1:], []):
            assert sum(decision.choice.leaf is not None for decision in session.prepare(part)) == len(part)
            assert ran(session, asked) == alone
            assert ran(session, several()) == alone


def test_values_that_cannot_be_looked_through_are_asked_for_as_ever(tmp_path: Path) -> None:
    views = pa.array(["cmd.exe", "AT.exe", None, "x"], pa.string_view())
    with Session(processes(tmp_path, views), MODEL) as session:
        alone = ran(session, several())
        asked = several()
        assert {decision.choice.leaf for decision in session.prepare(asked)} == {None}
        assert all("string_view" in decision.choice.reason for decision in session.prepare(asked))
        assert ran(session, asked) == alone
        assert [len(rows) for *_, rows in alone if isinstance(rows, list)] == [1, 1, 1]


@settings(max_examples=5, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(choosers())
def test_drawn_programs_have_the_same_rows_together_as_alone(choose: Chooser) -> None:
    drawn = tuple(events(choose, 20))
    with session_over(drawn, choose) as session:
        agree(session, drawn_outputs(choose, drawn))


OF_ONE_SENSOR = """
a = search {events}
f = filter a where (sensor == "sysmon" or user == "D\\\\bob")
g = filter f where hostname endswith ".org"
h = filter a where sensor == "windows_security"
n = group f by hostname
j = join h, f where h.hostname == f.hostname
output f, g, h, n, j
"""
"""A filter that one of two records passes, whose other one is in the row that it gives as well."""
CLASSES = {"process": "Process:Create", "flow": "Flow:Start", "user_session": "User_Session:Login"}


def test_events_that_two_sensors_tell_of_are_one_row_together_as_alone() -> None:
    for seed in drawn_seeds(3):
        choose = seeded(seed)
        object_, drawn = seen_twice(choose)
        since, until = (choose.pick((None, NOW - timedelta(seconds=seconds))) for seconds in (25, 15))
        asked: list[tuple[BoundOutput, Given]] = [
            (output, {}) for output in compiled(OF_ONE_SENSOR.format(events=CLASSES[object_])).require().outputs
        ] + drawn_outputs(choose, drawn)
        with session_over(drawn, choose, Window(since, until)) as session:
            assert agree(session, asked) >= 5


FILTERS_ALONE = """
a = search {events}
f = filter a where (sensor == "sysmon" or user == "D\\bob")
g = filter f where hostname endswith ".org"
h = filter a where sensor == "windows_security"
output f, g, h
"""


def test_filters_of_records_that_are_occurrences_or_stay_apart_are_answered_together() -> None:
    choose = seeded(3)  # always the same, so that some of its records are of one occurrence
    object_, drawn = seen_twice(choose)
    rows = []
    for apart in (False, True):
        outputs = compiled(FILTERS_ALONE.format(events=CLASSES[object_])).require().outputs
        with session_over(drawn, choose) as session:
            session.records_apart = apart
            assert agree(session, [(output, {}) for output in outputs]) == 3
            rows.append([session.run(output, NOW, None, {}).total for output in outputs])
    assert rows[0] != rows[1]
