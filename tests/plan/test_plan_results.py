"""Outputs that are planned together have the rows that each has alone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings

from carlang.engine import Session, Window
from carlang.resolve import Given, given_values
from carlang.resolve.bound import BoundOutput
from carlang.results import Output
from tests.reference.cases import compiled, session_over
from tests.reference.chooser import Chooser, choosers, seeded
from tests.reference.drawn_events import NOW, events, seen_twice
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
