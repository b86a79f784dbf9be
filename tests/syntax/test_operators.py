"""Conditions: what binds tighter, what chains, what is the same operator."""

from __future__ import annotations

import pytest

from carlang.source import Span
from carlang.syntax import ast
from tests.syntax.reading import condition, statements, value

AT = Span(0, 0)


@pytest.mark.parametrize("sum_", ["pid - 1", "pid - ppid", "now - 2 seconds", "now - 2 seconds + 1 hour", "a - 1 * b"])
def test_a_name_before_a_minus_is_no_stream_of_the_filter(sum_: str) -> None:
    """`filter pid - 1 > 3` has a condition and no `pid` to filter."""
    (statement,) = statements(f"search Process:Create | filter {sum_} > c")
    assert isinstance(statement, ast.BareStmt)
    stage = statement.value.stages[-1] if isinstance(statement.value, ast.Pipe) else statement.value
    assert stage == ast.Filter(None, condition(f"{sum_} > c"), AT)


@pytest.mark.parametrize(
    ("loose", "grouped"),
    [
        ("a == 1 or b == 2 and c == 3", "a == 1 or (b == 2 and c == 3)"),
        ("a == 1 and b == 2 or c == 3", "(a == 1 and b == 2) or c == 3"),
        ("not a == 1 and b == 2", "(not (a == 1)) and b == 2"),
        ("not a == 1 or b == 2", "(not a == 1) or b == 2"),
        ("not not a == 1", "not (not (a == 1))"),
        ("a + b == c", "(a + b) == c"),
        ("a + b * c == d", "(a + (b * c)) == d"),
        ("a * b + c == d", "((a * b) + c) == d"),
        ("a - b - c == d", "((a - b) - c) == d"),
        ("a / b / c == d", "((a / b) / c) == d"),
        ("a % b * c == d", "((a % b) * c) == d"),
        ("a == b + 1", "a == (b + 1)"),
        ("a contains b or c exists", "(a contains b) or (c exists)"),
        ("not a exists", "not (a exists)"),
        ("not a in b", "not (a in b)"),
        ("a AND b Or c", "(a and b) or c"),
        ("a < b and b < c", "(a < b) and (b < c)"),
        ("a between 1 and 4 and b == 2", "(a >= 1 and a <= 4) and b == 2"),
        ("a not between 1 and 4 or b == 2", "(not (a >= 1 and a <= 4)) or b == 2"),
        ("not a between -1 and b + 1", "not (a >= -1 and a <= (b + 1))"),
    ],
)
def test_precedence(loose: str, grouped: str) -> None:
    assert condition(loose) == condition(grouped)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("(a or b) and c", "a or b and c"),
        ("not (a and b)", "not a and b"),
        ("(a + b) * c == 1", "a + b * c == 1"),
        ("a - (b - c) == 1", "a - b - c == 1"),
        ("a or (b or c)", "a and (b and c)"),
    ],
)
def test_parentheses_change_what_is_meant(one: str, other: str) -> None:
    assert condition(one) != condition(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a = 1", "a == 1"),
        ("a <> 1", "a != 1"),
        ("a MATCHES 'x'", "a match 'x'"),
        ("a includes one of ['x']", "a contains ['x']"),
        ("a Includes  One\tOf ['x']", "a contains ['x']"),
        ("a contains ('x')", "a contains 'x'"),
        ("a not contains 'x'", "a does not contain 'x'"),
        ("a NOT  matches 'x'", "a does not match 'x'"),
        ("a does not exist", "a not exists"),
        ("A IN B", "A in B"),
        ("((a == 1))", "a == 1"),
    ],
)
def test_two_spellings_of_one_operator(one: str, other: str) -> None:
    assert condition(one) == condition(other)


def test_comparisons_chain() -> None:
    names = tuple(ast.Name(n, AT) for n in "abcd")
    assert condition("a < b <= c != d") == ast.Comparison(names, ("<", "<=", "!="), AT)
    assert condition("a < b < a + 1 second") == ast.Comparison(
        (names[0], names[1], ast.Arithmetic("+", names[0], ast.DurationLit(1_000_000, AT), AT)), ("<", "<"), AT
    )


def test_a_comparison_in_parentheses_is_no_link_of_a_chain() -> None:
    assert condition("(a < b) < c") != condition("a < b < c")


def test_negation_is_kept_apart_from_not() -> None:
    a, b = ast.Name("a", AT), ast.Name("b", AT)
    assert condition("a not in b") == ast.In(a, b, negated=True, span=AT)
    assert condition("not a in b") == ast.Not(ast.In(a, b, negated=False, span=AT), AT)
    assert condition("a not exists") == ast.Exists(a, negated=True, span=AT)
    assert condition("a does not contain b") == ast.TextTest("contains", a, b, negated=True, span=AT)


def test_long_conditions_are_flat() -> None:
    found = condition(" or ".join(f"pid == {i}" for i in range(100)))
    assert isinstance(found, ast.Or)
    assert len(found.operands) == 100


@pytest.mark.parametrize("test", ["contains", "startswith", "endswith", "match"])
def test_tests_of_text(test: str) -> None:
    for word in (test, test.upper(), test.title()):
        assert condition(f"a {word} 'x'") == ast.TextTest(
            test, ast.Name("a", AT), ast.StringLit("x", AT), negated=False, span=AT
        )


def test_a_negative_value() -> None:
    assert value("-pid") == ast.Negative(ast.Name("pid", AT), AT)
