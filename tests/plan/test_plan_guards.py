"""A guard is necessary: what a condition holds of passes it, whatever the letters."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from carlang.database import open_memory
from carlang.model.types import INTEGER, STRING
from carlang.plan.conditions import guard_of
from carlang.plan.guards import NEVER, ODD_LETTERS, OPEN, Atom, Every, Form, Guard, Open, Some, bounded, some
from carlang.plan.literals import pattern_guard
from carlang.plan.regexes import regex_guard
from carlang.resolve import bound, given_values
from carlang.resolve.bound import Wildcard
from tests.plan.admitted import admits
from tests.reference.cases import compiled
from tests.reference.chooser import Chooser, choosers, seeded
from tests.reference.drawn_events import NOW, events
from tests.reference.drawn_programs import program
from tests.reference.evaluator import Evaluator
from tests.reference.expressions import Place, Run, holds
from tests.reference.texts import finds, matches
from tests.seeds import drawn_seeds

EXE = bound.FieldRef("exe", STRING)


def guarded(text: str) -> Guard:
    (output,) = compiled(f"a = search Process:Create\nb = filter a where ({text})\noutput b").require().outputs
    (filtered,) = [s for s in bound.streams_below(output.stream) if isinstance(s, bound.Filtered)]
    return guard_of(filtered.condition, {})


def exe(test: Form, literal: str) -> Atom:
    return Atom("exe", test, literal)


MIMIKATZ = Every(
    (
        Some((exe(Form.CONTAINS, "mimi"), exe(Form.CONTAINS, "sekurlsa"))),
        exe(Form.MATCHES, "mimi|sekurlsa"),
    )
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('exe == "AT.exe"', exe(Form.EQUAL, "at.exe")),
        ('exe == "at*"', OPEN),
        ('exe == "sch*"', exe(Form.PREFIX, "sch")),
        ('exe == "*tasks.exe"', exe(Form.SUFFIX, "tasks.exe")),
        ('exe == "*tasks*"', exe(Form.CONTAINS, "tasks")),
        ('exe == "sch*sks*exe"', Every((exe(Form.PREFIX, "sch"), exe(Form.CONTAINS, "sks"), exe(Form.SUFFIX, "exe")))),
        ('exe in ["at.exe", "net.exe"]', Some((exe(Form.EQUAL, "at.exe"), exe(Form.EQUAL, "net.exe")))),
        ('exe == "at.exe" or pid == 4', Some((exe(Form.EQUAL, "at.exe"), Atom("pid", Form.EQUAL, 4)))),
        ('exe == "at.exe" or pid > 4', OPEN),
        ('exe == "at.exe" and pid > 4', exe(Form.EQUAL, "at.exe")),
        ('exe != "at.exe"', OPEN),
        ('not (exe contains "power")', OPEN),
        ('exe == ""', exe(Form.EQUAL, "")),
        ('exe contains ""', OPEN),
        ('exe contains "straße"', Every((exe(Form.CONTAINS, "stra"), exe(Form.NOT_ASCII, "")))),
        ('exe == "\u212aelvin"', exe(Form.CONTAINS, "elvin")),
        (
            "exe match 'psexec\\.exe$'",
            Every((exe(Form.CONTAINS, "psexec.exe"), exe(Form.MATCHES, "psexec\\.exe$"))),
        ),
        ('exe match "mimi|sekurlsa"', MIMIKATZ),
        ('exe match "mimi|..*"', exe(Form.MATCHES, "mimi|..*")),
        ("exe == parent_exe", OPEN),
        ('lower(exe) == "at.exe"', OPEN),
    ],
)
def test_a_condition_has_the_guard_that_its_form_shows(text: str, expected: Guard) -> None:
    assert guarded(text) == expected


def test_the_value_that_a_run_gives_is_a_literal() -> None:
    test = bound.Compare("==", EXE, bound.Param("name", STRING))
    assert guard_of(test, {("name", STRING.kind): bound.Const("AT.exe", STRING)}) == exe(Form.EQUAL, "at.exe")
    assert guard_of(test, {("name", STRING.kind): bound.Now()}) == OPEN
    assert guard_of(test, {("name", INTEGER.kind): bound.Const(4, INTEGER)}) == OPEN


def test_what_is_equal_to_nothing_lets_nothing_pass() -> None:
    assert guard_of(bound.OneOf(EXE, (bound.Const(None, STRING),)), {}) == NEVER


def test_a_guard_that_grows_beyond_its_size_is_none() -> None:
    small = some(Atom("exe", Form.EQUAL, str(number)) for number in range(20_000))
    assert bounded(small) == small
    assert isinstance(bounded(some([small, Atom("pid", Form.EQUAL, 1)])), Open)


def test_the_odd_letters_are_those_that_the_engine_takes_for_ascii() -> None:
    query = """
        SELECT chr(code::INTEGER) FROM range(128, 1114112) letters(code) WHERE code NOT BETWEEN 55296 AND 57343 AND
        (ascii(lower(chr(code::INTEGER))) < 128 OR regexp_matches(chr(code::INTEGER), '[ -~]', 'i'))
    """
    with open_memory() as connection:
        letters = connection.execute(query).fetchall()
    assert sorted(letter for (letter,) in letters) == sorted(ODD_LETTERS)


LETTERS = st.text(alphabet="aAbBkKsSiI\u212aſİıßé. \\*|()[]+?{}^$\n_", max_size=12)


@given(LETTERS, LETTERS)
def test_a_text_that_is_compared_passes_its_guard(value: str, literal: str) -> None:
    const = bound.Const(literal, STRING)
    tests = (
        bound.Compare("==", EXE, const),
        bound.Contains(EXE, const),
        bound.Affix("startswith", EXE, const),
        bound.Affix("endswith", EXE, const),
        bound.OneOf(EXE, (const,)),
    )
    for piece in (
        value,
        literal,
        value + literal,
        literal + value,
        literal.upper() + value,
        value + literal.swapcase(),
    ):
        for test in tests:
            if holds(Place(Run(NOW), {"exe": piece}), test):
                assert admits(guard_of(test, {}), {"exe": piece})


PARTS = st.lists(
    st.one_of(st.text("akKsé\u212a.", min_size=1, max_size=5), st.sampled_from(list(Wildcard))), max_size=4
)


@given(PARTS, st.text("akKsé\u212a.", max_size=4))
def test_a_text_that_matches_a_pattern_passes_its_guard(parts: list[str | Wildcard], filling: str) -> None:
    pattern = tuple(parts)
    one = filling[:1] or "k"
    value = "".join(filling if part is Wildcard.RUN else one if part is Wildcard.ONE else str(part) for part in pattern)
    assert matches(value, pattern)
    assert admits(pattern_guard("exe", pattern), {"exe": value})
    assert admits(pattern_guard("exe", pattern), {"exe": value.swapcase()}) or not matches(value.swapcase(), pattern)


PIECE = st.sampled_from(
    [
        *(
            "abc",
            "cmd",
            "kis",
            "sss",
            ".exe",
            r"\.exe",
            r"\\",
            "[a-c]",
            "[^x]",
            "[[:alpha:]]",
            "[]a]",
            r"\d",
            r"\w",
            r"\b",
        ),
        *(
            ".",
            "^",
            "$",
            "é",
            "\u212a",
            "ſ",
            "(?i)",
            "(?s)",
            "(?-i)",
            r"\pL",
            r"\x41bc",
            r"\Qa.c\E",
            r"\_",
            "{",
            "a{2}",
        ),
    ]
)
REGEX = st.recursive(
    st.lists(st.tuples(PIECE, st.sampled_from(["", "", "", "*", "+", "?", "{0,2}", "{2}", "*?"])), max_size=5).map(
        lambda pieces: "".join(piece + count for piece, count in pieces)
    ),
    lambda inner: st.tuples(st.sampled_from(["(", "(?:", "(?i:", "(?P<n>"]), inner, inner).map(
        lambda parts: f"{parts[0]}{parts[1]}|{parts[2]})x?" + parts[1]
    ),
    max_leaves=4,
)


@settings(max_examples=300)
@given(
    REGEX,
    st.lists(st.sampled_from(["abc", "CMD", "kıs", "KIS", "\u212ais", "sſs", ".exe", "\\", "x", "a", "A", "é", "3"])),
)
def test_a_text_that_an_expression_is_found_in_passes_its_guard(regex: str, pieces: list[str]) -> None:
    guard = regex_guard("exe", regex)
    value = "".join(pieces)
    try:
        is_found = finds(value, regex)
    except Exception:  # noqa: BLE001  # RE2 raises an error of its own for what is no expression
        return
    if is_found:
        assert admits(guard, {"exe": value})


@pytest.mark.usefixtures("short_literals")
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(choosers())
def test_rows_that_a_drawn_condition_holds_of_pass_its_guard(choose: Chooser) -> None:
    drawn = tuple(events(choose, 12))
    text, params = program(choose, drawn)
    known = compiled(text)
    if not known.valid:
        return
    program_ = known.require()
    values = given_values(program_.inputs, params)
    evaluator = Evaluator(drawn, NOW, program_.inputs, params)
    place = Place(Run(NOW, values, evaluator.rows))
    for output in program_.outputs:
        for stream in bound.streams_below(output.stream):
            if isinstance(stream, bound.Filtered):
                guard = guard_of(stream.condition, values)
                for row in evaluator.rows(stream.input):
                    assert admits(guard, row) or not holds(place.at(row), stream.condition)


@pytest.mark.usefixtures("short_literals")
def test_drawn_conditions_have_guards_often_enough_to_be_tested() -> None:
    guards = [
        guard_of(stream.condition, given_values(known.inputs, params))
        for seed in drawn_seeds(150)
        for known, params in [drawn_program(seeded(seed))]
        if known
        for output in known.outputs
        for stream in bound.streams_below(output.stream)
        if isinstance(stream, bound.Filtered)
    ]
    assert sum(not isinstance(guard, Open) for guard in guards) >= 3


def drawn_program(choose: Chooser) -> tuple[bound.BoundProgram | None, dict[str, Any]]:
    text, params = program(choose, events(choose))
    known = compiled(text)
    return (known.bound if known.valid else None), params
