"""Spans: the text at a node's span is the node's own text."""

from __future__ import annotations

import pytest

from carlang.source import Span
from carlang.syntax import ast
from tests.syntax.reading import nodes, read, statements, under, value

PROGRAM = """# spans
p = search (Process:Create OR user session:login,Logout) where (exe == "a")
q = filter p where ( not exe contains ["x", 'y'] and [pid] != -5 or (time < now - 1 day))
r = filter q (user.lower() == UPPER( user ) and dest_ip not in 10.0.0.0/8)
r.flag = (a + b * c - d.e.f)
s = p | filter exe match "re" | filter command_line does not exist
k = ["a", 1.5, true, null, 90s]
output (p, s)
return r
"""


def _texts(kind: type) -> list[str]:
    return [under(PROGRAM, n) for s in statements(PROGRAM) for n in nodes(s) if type(n) is kind]


@pytest.mark.parametrize(
    ("kind", "texts"),
    [
        (ast.StringLit, {'"a"', '"x"', "'y'", '"re"'}),
        (ast.NumberLit, {"-5", "1.5"}),
        (ast.DurationLit, {"1 day", "90s"}),
        (ast.AddressLit, {"10.0.0.0/8"}),
        (ast.NowLit, {"now"}),
        (ast.BoolLit, {"true"}),
        (ast.NullLit, {"null"}),
        (ast.ListLit, {"[\"x\", 'y']", '["a", 1.5, true, null, 90s]'}),
        (ast.TextTest, {"exe contains [\"x\", 'y']", 'exe match "re"'}),
        (ast.Not, {"not exe contains [\"x\", 'y']"}),
        (ast.Exists, {"command_line does not exist"}),
        (ast.In, {"dest_ip not in 10.0.0.0/8"}),
        (ast.Call, {"user.lower()", "UPPER( user )"}),
        (ast.Member, {"d.e.f", "d.e"}),
        (ast.EventClass, {"Process:Create", "user session:login,Logout"}),
        (ast.FieldStmt, {"r.flag = (a + b * c - d.e.f)"}),
        (ast.OutputStmt, {"output (p, s)", "return r"}),
    ],
)
def test_a_node_stands_where_its_text_is(kind: type, texts: set[str]) -> None:
    assert set(_texts(kind)) == texts


def test_names_stand_where_they_are_written() -> None:
    for statement in statements(PROGRAM):
        for node in nodes(statement):
            if isinstance(node, ast.Name):
                assert under(PROGRAM, node) in (node.ident, f"[{node.ident}]")


def test_a_statement_reaches_from_its_first_to_its_last_character() -> None:
    lines = [line for line in PROGRAM.splitlines() if line and not line.startswith("#")]
    assert [under(PROGRAM, s) for s in statements(PROGRAM)] == lines


def test_a_node_lies_within_its_parent() -> None:
    for statement in statements(PROGRAM):
        for parent in nodes(statement):
            for child in nodes(parent):
                assert parent.span.start <= child.span.start <= child.span.end <= parent.span.end


@pytest.mark.parametrize(
    "text",
    ["(a + b)", "(a + b) * c", "a * (b + c)", "(a) - (b)", "lower((a))", "[(a), (b)]", "-(a + b)", "(f(a)).g(b)"],
)
def test_the_text_at_a_node_that_has_parentheses_in_it_reads_as_the_same_node(text: str) -> None:
    program = f"q = filter p where x == {text}"
    (statement,) = statements(program)
    for node in nodes(statement):
        if isinstance(node, ast.Arithmetic | ast.Call | ast.ListLit | ast.Negative):
            assert value(under(program, node)) == node


@pytest.mark.parametrize(
    "text", ["(a == 1) or (b == 2)", "not (a == 1)", "(a == 1 or b == 2) and (c == 3)", "(a) == (b)", "not (not (a))"]
)
def test_the_text_at_a_condition_has_both_parentheses_of_each_pair(text: str) -> None:
    program = f"q = filter p where {text}"
    (statement,) = statements(program)
    for node in nodes(statement):
        if not isinstance(node, ast.Name):
            found = under(program, node)
            assert found.count("(") == found.count(")"), found


def test_an_and_between_event_classes_is_marked() -> None:
    text = "p = search A:B and C:D or E:F AND G:H"
    (statement,) = statements(text)
    assert isinstance(statement, ast.AssignStmt)
    assert isinstance(statement.value, ast.Search)
    assert [text[s.start : s.end] for s in statement.value.conjunctions] == ["and", "AND"]


def test_spans_take_no_part_in_equality() -> None:
    assert ast.Name("a", Span(0, 1)) == ast.Name("a", Span(5, 6))
    assert statements("a = 1") == statements("\n\n  a   =   1")


def test_faults_stand_in_the_text_they_are_about() -> None:
    text = "a = search Process\n\n  b = filter a where exe = = 'x'\n"
    (found,) = read(text).diagnostics
    assert text[found.span.start : found.span.end] == "="
    assert (found.location.line, found.location.column, found.location.end_column) == (3, 28, 29)
