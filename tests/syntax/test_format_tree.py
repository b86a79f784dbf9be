"""Trees that are built or rewritten, without a text to look anything up in."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carlang.source import Source, Span
from carlang.syntax import ast, format_program, format_tree, parse, rewrite
from carlang.syntax.literal import duration_literal, duration_value

NOWHERE = Span(0, 0)


def name(ident: str) -> ast.Name:
    return ast.Name(ident, NOWHERE)


def number(value: float) -> ast.NumberLit:
    return ast.NumberLit(value, NOWHERE)


def compared(left: ast.Expr, operator: str, right: ast.Expr) -> ast.Comparison:
    return ast.Comparison((left, right), (operator,), NOWHERE)


def bare(value: ast.Value) -> ast.Program:
    return ast.Program((ast.BareStmt(value, NOWHERE),))


def test_a_tree_that_was_built_is_written() -> None:
    search = ast.Search((ast.EventClass(name("Process"), (name("Create"),), NOWHERE),), None, (), NOWHERE)
    late = compared(
        name("time"), ">", ast.Arithmetic("-", ast.NowLit(NOWHERE), ast.DurationLit(5400000000, NOWHERE), NOWHERE)
    )
    either = ast.Or((late, compared(name("exe"), "==", ast.StringLit("C:\\", NOWHERE))), NOWHERE)
    test = ast.And((either, ast.Not(compared(name("pid"), "<", number(-4)), NOWHERE)), NOWHERE)
    program = ast.Program(
        (
            ast.AssignStmt(name("p"), search, NOWHERE),
            ast.AssignStmt(name("q"), ast.Filter(name("p"), test, NOWHERE), NOWHERE),
            ast.OutputStmt((name("q"),), NOWHERE),
        )
    )
    assert format_tree(program).splitlines() == [
        "p = search Process:Create",
        'q = filter p where ((time > now - 90 minutes or exe == "C:\\\\") and not pid < -4)',
        "output q",
    ]


def test_a_tree_that_was_rewritten_is_written_as_it_is_now() -> None:
    text = 'p = search Process:Create and File:*\nq = filter p where (exe == "a" and p.pid > 1)\nreturn q\n'

    def renamed(node: ast.Node) -> ast.Node:
        return replace(node, ident="created") if isinstance(node, ast.Name) and node.ident == "p" else node

    tree = rewrite(parse(Source.whole("p", text)).program, renamed)
    assert isinstance(tree, ast.Program)
    assert format_tree(tree).splitlines() == [
        "created = search Process:Create and File",
        'q = filter created where (exe == "a" and created.pid > 1)',
        "output q",
    ]


def test_a_tree_is_laid_out_as_a_text_is() -> None:
    conditions = " or ".join(f'command_line contains "{"x" * n}"' for n in range(10, 40, 10))
    text = f"q = filter p where ({conditions})\np | group by a | filter count > 1 | select a, first_time\n"
    formatted = format_program(Source.whole("p", text))
    assert formatted is not None
    assert len(formatted.splitlines()) > 2
    assert format_tree(parse(Source.whole("p", text)).program) == formatted


def test_a_program_without_statements_is_an_empty_text() -> None:
    assert format_tree(ast.Program(())) == ""


def test_a_negative_number_stands_wherever_a_number_does() -> None:
    assert format_tree(bare(compared(number(-1), "<", name("pid")))) == "-1 < pid\n"
    difference = ast.Arithmetic("-", number(-2), ast.Negative(name("a"), NOWHERE), NOWHERE)
    assert format_tree(bare(compared(difference, "==", number(-1)))) == "-2 - -a == -1\n"
    product = ast.Negative(ast.Arithmetic("*", name("a"), number(-3), NOWHERE), NOWHERE)
    assert format_tree(bare(compared(product, "==", number(1)))) == "-(a * -3) == 1\n"


def nested(depth: int) -> ast.Expr:
    inner: ast.Expr = name("a")
    for _ in range(depth):
        inner = ast.Not(inner, NOWHERE)
    return inner


@pytest.mark.parametrize(
    "program",
    [
        ast.Program((ast.FaultyStmt(name("p"), NOWHERE),)),
        bare(name("two words")),
        bare(compared(name("pid"), "==", name("now"))),
        bare(compared(name("pid"), "=", number(1))),
        bare(compared(name("pid"), "==", number(2**64))),
        bare(compared(name("exe"), "==", ast.ListLit((name("other"),), NOWHERE))),
        bare(ast.And((name("a"),), NOWHERE)),
        bare(compared(name("exe"), "==", ast.StringLit("two\nlines", NOWHERE))),
        bare(compared(name("gap"), ">", ast.DurationLit(-1, NOWHERE))),
        bare(nested(5000)),
    ],
)
def test_a_tree_that_no_text_gives_is_refused(program: ast.Program) -> None:
    with pytest.raises(ValueError, match="no text gives this tree"):
        format_tree(program)


@pytest.mark.parametrize(
    ("microseconds", "text"),
    [
        (0, "0 seconds"),
        (1, "0.001 milliseconds"),
        (1_500, "1.5 milliseconds"),
        (1_000_000, "1 second"),
        (90_000_000, "90 seconds"),
        (5_400_000_000, "90 minutes"),
        (86_400_000_000, "1 day"),
        (14 * 86_400_000_000, "14 days"),
    ],
)
def test_a_duration_is_written_in_the_largest_unit_that_divides_it(microseconds: int, text: str) -> None:
    assert duration_literal(microseconds) == text


@given(st.integers(0, 2**53))
def test_a_duration_comes_back_from_its_text(microseconds: int) -> None:
    assert duration_value(duration_literal(microseconds)) == microseconds
