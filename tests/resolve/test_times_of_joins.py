"""A time in a join that is bounded on one side of another one gets a remark, one bounded on both gets none."""

from __future__ import annotations

import pytest

import carlang

PARTS = "a = search Process:Create where (exe == 'a.exe')\nb = search File:Create where (pid > 4)\n"


def told(condition: str, after: str = "", output: str = "j") -> list[str]:
    """Return what is pointed at in the condition of a join, and what is to be written in its place."""
    text = f"{PARTS}j = join (a, b) where ({condition})\n{after}output {output}\n"
    found = [d for d in carlang.check(text) if d.code.name == "CL419"]
    return [f"{text[d.span.start : d.span.end]} -> {d.repair.edits[0].text if d.repair else ''}" for d in found]


@pytest.mark.parametrize(
    ("test", "meant"),
    [
        ("b.time < a.time + 1 minute", "a.time <= b.time < a.time + 1 minute"),
        ("b.time <= a.time + 1 minute", "a.time <= b.time <= a.time + 1 minute"),
        ("a.time + 1 minute > b.time", "a.time + 1 minute > b.time and a.time <= b.time"),
        ("b.time - 1 minute < a.time", "b.time - 1 minute < a.time and a.time <= b.time"),
        ("b.time - a.time < 60 seconds", "b.time - a.time < 60 seconds and a.time <= b.time"),
        ("a.time > b.time - 1 minute", "a.time > b.time - 1 minute and a.time <= b.time"),
        ("b.creation_time < a.time + 1 day", "a.time <= b.creation_time < a.time + 1 day"),
    ],
)
def test_a_bound_on_one_side_is_remarked_on_with_both(test: str, meant: str) -> None:
    assert told(f"a.pid == b.pid and {test}") == [f"{test} -> {meant}"]
    assert told(f"a.pid == b.pid and {meant}") == []


@pytest.mark.parametrize(
    "condition",
    [
        "a.time < b.time",
        "a.time < b.time < a.time + 1 minute",
        "b.time < a.time + 1 minute and b.time > a.time - 5 minutes",
        "b.time between a.time and a.time + 1 minute",
        "b.time < a.time - 1 minute",
        "b.time < a.time + 1 minute and not (b.time < a.time)",
        "b.time < a.time + 1 minute and (b.time > a.time or a.exe == 'c.exe')",
        "a.pid == b.pid or b.time < a.time + 1 minute",
        "b.time == a.time + 1 minute",
        "b.time < now + 1 day",
        "a.time < a.time + 1 minute",
    ],
)
def test_what_is_bounded_on_both_sides_or_asks_for_an_order_gets_none(condition: str) -> None:
    assert told(condition) == []


def test_filters_of_a_join_count_with_its_condition() -> None:
    near = "f = filter j where (b.time < a.time + 1 minute)\n"
    assert len(told("a.pid == b.pid", near, "f")) == 1
    assert told("a.time <= b.time", near, "f") == []


def test_each_join_is_judged_for_itself_and_a_sequence_is_in_order() -> None:
    other = "k = join (a, b) where (a.time <= b.time < a.time + 1 minute)\n"
    assert len(told("b.time < a.time + 1 minute", other, "j, k")) == 1
    steps = "s = sequence (a, b) by hostname\nf = filter s where (b.time < a.time + 1 minute)\n"
    assert told("a.pid == b.pid", steps, "j, f") == []


def test_a_span_that_is_a_parameter_is_a_span() -> None:
    text = f"input gap: duration = 1 minute\n{PARTS}j = join (a, b) where (b.time < a.time + gap)\noutput j\n"
    assert [d.code.name for d in carlang.check(text)] == ["CL419"]
