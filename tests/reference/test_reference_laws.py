"""Laws of the language: what must hold whatever the events are, without knowing what the rows should be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from hypothesis import HealthCheck, given, settings

from tests.reference.cases import compiled, found, session_over
from tests.reference.chooser import Chooser, choosers, seeded
from tests.reference.drawn_conditions import condition
from tests.reference.drawn_events import COMMON, FIELDS, MODEL, Event, events
from tests.reference.drawn_programs import program
from tests.reference.drawn_values import Values

LAW = settings(
    max_examples=12,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)

SEARCHES = "p = search Process:Create,Terminate\nq = search File\n"
PROCESS = {name: MODEL.field_types[name] for name in (*FIELDS["process"], *COMMON)}
Rows = list[dict[str, Any]]


def results(text: str, drawn: Sequence[Event], choose: Chooser | None = None) -> dict[str, Rows]:
    with session_over(drawn, choose or seeded(0)) as session:
        tables = found(session, compiled(text), {})
    return {name: [dict(row) for row in table.rows] for name, table in tables.items()}


def counted(*tables: Rows) -> Counter[str]:
    return Counter(repr(sorted(row.items())) for rows in tables for row in rows)


def process_condition(choose: Chooser) -> str:
    return condition(Values(choose, PROCESS, aggregates=False), 3)


@LAW
@given(choosers())
def test_a_filter_and_its_negation_split_a_stream(choose: Chooser) -> None:
    test = process_condition(choose)
    text = f"{SEARCHES}a = filter p where ({test})\nb = filter p where (not ({test}))\noutput p, a, b"
    rows = results(text, events(choose, 10))
    assert counted(rows["a"], rows["b"]) == counted(rows["p"])


@LAW
@given(choosers())
def test_a_join_of_a_search_is_that_of_all_its_rows_however_they_are_written(choose: Chooser) -> None:
    own, other = (choose.pick(("user", "hostname", "image_path", "exe", "command_line")) for _ in range(2))
    test = f"p.{own} == s.{other} and p.hostname == s.hostname"
    # The first is looked up in the keys of `s`, the second is not.
    text = f"{SEARCHES}s = filter p where ({process_condition(choose)})\na = join (p, s) where ({test})\n"
    text += f"p = filter p where (pid == 1 or not (pid == 1))\nb = join (p, s) where ({test})\noutput a, b"
    rows = results(text, events(choose, 12))
    assert rows["a"] == rows["b"]


@LAW
@given(choosers())
def test_a_join_is_symmetric_up_to_the_order_of_columns(choose: Chooser) -> None:
    field = choose.pick(("pid", "user", "hostname", "image_path"))
    test = f"p.{field} == q.{field} and p.time <= q.time"
    text = f"{SEARCHES}a = join (p, q) where ({test})\nb = join (q, p) where ({test})\noutput a, b"
    rows = results(text, events(choose, 12))
    assert counted(rows["a"]) == counted(rows["b"])


@LAW
@given(choosers())
def test_files_and_the_order_of_rows_in_them_never_change_a_result(choose: Chooser) -> None:
    drawn = events(choose, 12)
    text, params = program(choose, drawn)
    if params or not compiled(text).valid:
        return
    one = results(text, drawn, seeded(1))
    assert one == results(text, choose.shuffled(drawn), seeded(2))
    assert one == results(text, drawn[::-1], choose)


@LAW
@given(choosers())
def test_a_stream_without_itself_is_empty(choose: Chooser) -> None:
    field = choose.pick(tuple(name for name in PROCESS if name != "source"))
    text = f"{SEARCHES}a = p - p\nb = p - p by {field}\noutput a, b"
    rows = results(text, events(choose, 10))
    assert rows == {"a": [], "b": []}


@LAW
@given(choosers())
def test_a_union_has_the_rows_of_both(choose: Chooser) -> None:
    rows = results(f"{SEARCHES}a = p + q\noutput p, q, a", events(choose, 12))
    assert len(rows["a"]) == len(rows["p"]) + len(rows["q"])


@LAW
@given(choosers())
def test_the_counts_of_groups_add_up_to_the_stream(choose: Chooser) -> None:
    keys = ", ".join(choose.some(tuple(PROCESS), 1, 3))
    gap = choose.pick(("", " within 1 second", " within 0 s", " within 1 hour"))
    rows = results(f"{SEARCHES}a = group p by {keys}{gap}\noutput p, a", events(choose, 12))
    assert sum(row["count"] for row in rows["a"]) == len(rows["p"])


@LAW
@given(choosers())
def test_filtering_before_or_after_a_union_is_the_same(choose: Chooser) -> None:
    test = process_condition(choose)
    text = (
        "p = search Process:Create\nq = search Process:Terminate\n"
        f"u = p + q\nf = filter p where ({test})\ng = filter q where ({test})\n"
        f"after = filter u where ({test})\nbefore = f + g\noutput before, after"
    )
    rows = results(text, events(choose, 12))
    assert rows["before"] == rows["after"]


@LAW
@given(choosers())
def test_two_filters_are_one_with_both_conditions(choose: Chooser) -> None:
    first, second = process_condition(choose), process_condition(choose)
    text = (
        f"{SEARCHES}a = filter p where ({first})\na = filter a where ({second})\n"
        f"b = filter p where (({first}) and ({second}))\noutput a, b"
    )
    rows = results(text, events(choose, 10))
    assert rows["a"] == rows["b"]
