"""carlang and the reference evaluator agree on drawn programs over drawn events."""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args

from hypothesis import HealthCheck, given, settings

from carlang.resolve import bound
from tests.reference.cases import Case, compare, compiled, session_over
from tests.reference.chooser import Chooser, choosers, seeded
from tests.reference.drawn_events import events
from tests.reference.drawn_programs import program
from tests.seeds import drawn_seeds

STORES, PROGRAMS = 60, 5


@settings(
    max_examples=STORES,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)
@given(choosers())
def test_drawn_programs_give_the_same_rows_in_the_same_order(choose: Chooser) -> None:
    drawn = tuple(events(choose, 10))
    with session_over(drawn, choose) as session:
        for _ in range(PROGRAMS):
            text, params = program(choose, drawn)
            known = compiled(text)
            if known.valid:
                compare(session, known, Case(text, drawn, params))


def bound_programs(count: int) -> Iterator[bound.BoundProgram | None]:
    for seed in drawn_seeds(count):
        choose = seeded(seed)
        known = compiled(program(choose, events(choose))[0])
        yield known.bound if known.valid else None


def test_nine_of_ten_drawn_programs_have_no_errors() -> None:
    found = list(bound_programs(400))
    assert sum(each is not None for each in found) >= len(found) * 0.9


def test_drawn_programs_use_every_node_of_the_bound_program() -> None:
    # `Items` stands for a list that no expression keeps as a list: lists are written out as their tests.
    unused = {*get_args(bound.BoundExpr), *get_args(bound.BoundStream)} - {bound.Items}
    # The rarest, a member of a record, is in one of some 300 programs: 600 of them miss it on one day in eight.
    for each in bound_programs(6000):
        for output in each.outputs if each else ():
            streams = list(bound.streams_below(output.stream))
            unused -= {type(stream) for stream in streams}
            unused -= {type(n) for s in streams for e in bound.expressions(s) for n in bound.walk(e)}
        if not unused:
            break
    assert not unused
