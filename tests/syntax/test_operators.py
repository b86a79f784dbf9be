"""Conditions: what binds tighter, what chains, what is the same operator."""

from __future__ import annotations

import pytest

from carlang.source import Span
from carlang.syntax import ast
from tests.syntax.reading import condition, nodes, statements, value

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
        ("a between 1 and 4 and b == 2", "(a between 1 and 4) and b == 2"),
        ("a not between 1 and 4 or b == 2", "(a not between 1 and 4) or b == 2"),
        ("not a between -1 and b + 1", "not (a between (-1) and (b + 1))"),
        ("-a * b + c == d", "(((-a) * b) + c) == d"),
        ("a - -b == d", "a - (-b) == d"),
        ("-a.b[0] == d", "-((a.b)[0]) == d"),
        ("(if a then b or c else d + 1) == e", "(if (a) then (b or c) else (d + 1)) == e"),
        ("(if a then b else if c then d else e) == f", "(if a then b else (if c then d else e)) == f"),
        ("(if a then if b then c else d else e) == f", "(if a then (if b then c else d) else e) == f"),
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
    assert value("-1") == ast.NumberLit(-1, AT)
    assert value("-(1 + 2)") != value("-1 + 2")


@pytest.mark.parametrize(
    "text",
    [
        "q = filter p where (-1 < pid)",
        "search Process:Create | filter -1 < pid",
        "from p select -pid as n, -(a - b), [-1, -2] contains -c",
        "q = filter p where pid in [-1, - 2] and round(-1.5, 0) < -abs(-pid) and -1 not between -2 and -1 * -1",
        "s.f = -1 hour",
    ],
)
def test_a_sign_stands_wherever_a_number_may(text: str) -> None:
    assert len(statements(text)) == 1


def test_between_is_kept_as_it_is_written() -> None:
    a, one, four = ast.Name("a", AT), ast.NumberLit(1, AT), ast.NumberLit(4, AT)
    assert condition("a between 1 and 4") == ast.Between(a, one, four, negated=False, span=AT)
    assert condition("a not between 1 and 4") == ast.Between(a, one, four, negated=True, span=AT)


def test_an_element_and_a_member_stand_in_brackets() -> None:
    xs = ast.Name("xs", AT)
    assert condition("xs[0]") == condition("xs [ 0 ]") == ast.Element(xs, 0, AT)
    assert condition("xs[-1][2]") == ast.Element(ast.Element(xs, -1, AT), 2, AT)
    assert condition('e["Source Name"]') == ast.Member(ast.Name("e", AT), ast.Name("Source Name", AT), AT)
    assert condition('e["Image"]') == condition("e.Image")
    # A list begins where no operand stands before it, and behind the name of a stream unless it would be of no use.
    assert condition("a in [0]") == ast.In(ast.Name("a", AT), ast.ListLit((ast.NumberLit(0, AT),), AT), False, AT)  # noqa: FBT003
    (filter_,) = statements('q = filter p [exe] == "a"')
    assert filter_ == statements('q = filter p where exe == "a"')[0]


@pytest.mark.parametrize(
    "text",
    [
        "q = filter if where a == 1",
        "q = filter if exe == 'then'",
        "q = filter p where (if == then and if in [if, 1] and not if contains else)",
        "from if select if as then, else, max(if.if)",
        "if = filter then where else == 1  # if it is, then it is else",
        "q = group if by if, then, else | filter if - 1 > then",
        "else = then - if",
        "output if, then, else",
        "q = filter any where any == 1",
    ],
)
def test_names_may_be_words_of_choices(text: str) -> None:
    (statement,) = statements(text)
    assert not [node for node in nodes(statement) if isinstance(node, ast.IfElse)]


def test_an_if_goes_on_over_lines_and_ends_with_its_statement() -> None:
    (one, other) = statements("p.f =\n  if a\n  then 1\n  else if b then\n 2\n else\n 3\nq = then")
    assert one == statements("p.f = if a then 1 else if b then 2 else 3")[0]
    assert other == statements("q = then")[0]
