"""What is said of why rows were found, or none, is what the reference evaluator says of the same rows."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings

from tests.reference.cases import compiled, session_over
from tests.reference.chooser import Chooser, choosers
from tests.reference.drawn_events import events, seen_twice
from tests.reference.drawn_programs import program
from tests.reference.test_reference_ties import program as program_of_ties
from tests.why.told import check_all

# A program takes a quarter of a second: some queries a stream, each written anew.
_DRAWN = settings(
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)


@settings(_DRAWN, max_examples=6)
@given(choosers())
def test_counts_hits_and_nearest_rows_of_drawn_programs(choose: Chooser) -> None:
    drawn = tuple(events(choose, 10))
    with session_over(drawn, choose) as session:
        text, params = program(choose, drawn)
        known = compiled(text)
        if known.valid:
            check_all(session, known, drawn, params)


@settings(_DRAWN, max_examples=2)
@given(choosers())
def test_counts_hits_and_nearest_rows_where_two_records_are_one_occurrence(choose: Chooser) -> None:
    object_, drawn = seen_twice(choose)
    with session_over(drawn, choose) as session:
        check_all(session, compiled(program_of_ties(object_, choose)), tuple(drawn), {})
