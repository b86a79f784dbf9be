"""Correlations: which events make a hit, by hand at the borders, and what of one is refused and where."""

from __future__ import annotations

import pytest

import carlang
from tests.sigma.correlated import CASES, COUNT, MANY, ORDERED, VALUES, Answers, correlation, hits_of


@pytest.mark.parametrize("number", range(len(CASES)), ids=[f"{case[0]} {case[1]}" for case in CASES])
def test_a_correlation_finds_what_is_at_the_borders(answers: Answers, number: int) -> None:
    section, _, hits = CASES[number]
    assert hits_of(answers.rows[section], f"t{number}") == hits


A_AND_B = "type: event_count, rules: [a, b], timespan: 10s, condition: {gte: 2}"
REFUSED = [
    ("{type: often, rules: [a], timespan: 10s}", "CL601", "'often' is no valid Sigma correlation type"),
    ("{type: event_count, rules: [a], timespan: 1.5h, condition: {gte: 2}}", "CL601", "'1.5h' is invalid"),
    ("{type: event_count, rules: [a, a], timespan: 1h, condition: {gte: 2}}", "CL601", "`a` is named twice"),
    ("{type: event_count, rules: [a], timespan: 1h, condition: {gte: x}}", "CL601", "'x' is no valid"),
    ("{type: event_count, rules: [a], timespan: 1h, condition: {atleast: 1}}", "CL601", "exactly one"),
    ("{type: value_count, rules: [a], timespan: 1h, condition: {gte: 1}}", "CL601", "without field"),
    ("{type: value_count, rules: [a], timespan: 1h, condition: {field: 5, gte: 1}}", "CL601", "`5` is no name"),
    ("{type: temporal, rules: [a], timespan: 1h, condition: a and (}", "CL601", "Failed to parse"),
    ("{type: temporal, rules: [a, b], timespan: 1h, condition: a}", "CL601", "not referenced"),
    ("{type: event_count, rules: [x], timespan: 1h, condition: {gte: 2}}", "CL606", "the id or the name `x`"),
    (f"{{{A_AND_B}, aliases: {{who: {{c: User}}}}}}", "CL606", "does not refer to a rule `c`"),
    (f"{{{A_AND_B}, group-by: [Level]}}", "CL604", "`Level` is kept in another way here"),
    (f"{{{A_AND_B}, group-by: [who], aliases: {{who: {{a: User, b: Value}}}}}}", "CL604", "would count twice"),
    ("{type: value_sum, rules: [a], timespan: 1h, condition: {field: [User, Value], gte: 2}}", "CL604", "no sum"),
    ("{type: value_percentile, rules: [a], timespan: 1h, condition: {field: Value, gte: 2}}", "CL604", "0 to 100"),
    # A sequence has all of its steps; a time frame begins at an event.
    ("{type: temporal_ordered, rules: [a, b], timespan: 1h, condition: {gte: 1}}", "CL604", "some of its rules"),
    ("{type: temporal_ordered, rules: [a, b], timespan: 1h, condition: a or b}", "CL604", "some of its rules"),
    ("{type: temporal, rules: [a, b], timespan: 1h, condition: a or not b}", "CL604", "holds where none"),
    # How often a correlation matches depends on who runs it; when it holds, on that more events do not end it.
    (f"{{type: event_count, rules: [many], timespan: 1h, condition: {{gte: 2}}}}; many: {MANY}", "CL604", "be counted"),
    (f"{ORDERED.replace('[a,', '[few,')}; few: {MANY.replace('gte', 'lt')}", "CL604", "`few` may hold no longer"),
    (f"{ORDERED.replace('[a,', '[means,')}; means: {VALUES.replace('count', 'avg') % 'gt: 2'}", "CL604", "no longer"),
    # What leads back to itself has no meaning.
    (
        f"{ORDERED.replace('[a,', '[inner,')}; inner: {ORDERED.replace('[a,', '[top,')}",
        "CL606",
        "`top` → `inner` → `top`",
    ),
]


@pytest.mark.parametrize(("section", "code", "message"), REFUSED, ids=[case[0] for case in REFUSED])
def test_what_a_correlation_cannot_say_is_refused_in_its_lines(section: str, code: str, message: str) -> None:
    fault, *_ = carlang.load_text(correlation(section), "c.yml").check()
    assert fault.code.name == code
    assert message in fault.message
    # The rules that it refers to stand behind it, and are not at fault.
    assert fault.location.line <= 8


def test_the_rule_at_fault_is_named_with_its_place_where_a_correlation_refers_to_it() -> None:
    text = correlation(COUNT % "gte: 2").replace("product: windows, service: security", "product: cisco, service: aaa")
    (fault,) = carlang.load_text(text, "c.yml").check()
    assert (fault.code.name, fault.location.line) == ("CL606", 4)
    assert fault.message == "`a` is refused itself: no events here are of product `cisco`, service `aaa` (c.yml:8)"


def test_two_rules_of_one_name_are_not_told_apart() -> None:
    text = correlation(COUNT % "gte: 2")
    again = text + text[text.index("---") :].replace("Rule a", "Another")
    fault = carlang.load_text(again, "c.yml").check()[0]
    assert (fault.code.name, fault.message) == ("CL606", "`a` is a rule of c.yml:6 and c.yml:13")


def test_parts_of_a_program_stand_where_the_correlation_and_its_rules_have_them() -> None:
    (source,) = carlang.importers.load_text(correlation(MANY), "c.yml").sources
    lines = {text: source.position(source.text.index(text)) for text in ('"a"', "User", "10 seconds", "2)")}
    assert lines == {'"a"': (10, 25), "User": (4, 33), "10 seconds": (4, 81), "2)": (4, 103)}
