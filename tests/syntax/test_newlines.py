"""Where statements end: language.md, section 1, clause by clause."""

from __future__ import annotations

import pytest

from carlang.syntax import ast
from tests.syntax.reading import codes, read, statements

ONE = statements('q = filter p where exe == "a" and pid == 1')


@pytest.mark.parametrize(
    "text",
    [
        'q = filter p where (\nexe == "a"\nand pid == 1\n)',
        'q = filter p where exe\n== "a" and pid == 1'.replace("\n", " "),
        'q = filter p where exe ==\n"a" and pid == 1',
        'q =\nfilter p where exe == "a" and pid == 1',
        'q = filter p where\nexe == "a" and pid == 1',
        'q = filter p where exe == "a" and\npid == 1',
        'q = filter p where exe == "a"\nand pid == 1',
        'q = filter p where exe == "a"\n\n\n   AND pid == 1',
        'q = filter p where exe == "a" # why\n# and more\n // and more\nand pid == 1',
        'q = filter p where exe == // the name\n "a" and pid == 1 # the end',
        'q = filter p where exe == "a"\r\nand pid == 1\r\n',
        '\n\n# first\n\nq = filter p where exe == "a" and pid == 1\n\n',
        '\tq\t=\tfilter\tp\twhere\texe\t==\t"a"\tand\tpid\t==\t1',
        'q = filter p where exe == "a" and pid == 1#no space',
        'q = filter p where exe == "a" and pid == 1//no space',
    ],
)
def test_a_newline_that_does_not_end_the_statement_is_white_space(text: str) -> None:
    assert statements(text) == ONE


@pytest.mark.parametrize(
    "text",
    [
        "q = filter p where exe in [\n'a'\n,\n'b'\n]",
        "q = filter p where exe in ['a',\n'b']",
        "q = filter p where exe in\n['a', 'b']",
        "q = filter p where exe in [ # one\n'a', # two\n'b' # three\n]",
    ],
)
def test_a_list_may_stand_on_several_lines(text: str) -> None:
    assert statements(text) == statements("q = filter p where exe in ['a', 'b']")


@pytest.mark.parametrize(
    "operator",
    [
        "==",
        "!=",
        "<>",
        "<",
        "<=",
        ">",
        ">=",
        "=",
        "in",
        "not in",
        "contains",
        "startswith",
        "endswith",
        "match",
        "matches",
        "does not contain",
        "does not match",
        "not contains",
        "includes one of",
        "NOT  In",
    ],
)
def test_a_statement_goes_on_after_an_infix_operator(operator: str) -> None:
    broken = f'p = search X\nq = filter p where exe {operator}\n"a"\noutput q'
    assert statements(broken) == statements(broken.replace(f'{operator}\n"a"', f'{operator} "a"'))


@pytest.mark.parametrize("operator", ["+", "-", "*", "/", "%"])
def test_a_statement_goes_on_after_an_arithmetic_operator(operator: str) -> None:
    assert statements(f"q = filter p where pid == ppid {operator}\n 2") == statements(
        f"q = filter p where pid == ppid {operator} 2"
    )


@pytest.mark.parametrize("word", ["not", "NOT", "where", "and", "or"])
def test_a_statement_goes_on_after_a_word_that_wants_an_operand(word: str) -> None:
    lead = "" if word == "where" else "where " + ("" if word.lower() == "not" else "pid == 1 ")
    text = f"q = filter p {lead}{word}"
    assert statements(f"{text}\n pid == 2") == statements(f"{text} pid == 2")


@pytest.mark.parametrize("pipe", ["|", "{{pipe}}"])
@pytest.mark.parametrize("place", ["\n{}", "{}\n", "\n{}\n", "\n# why\n  {} # so\n"])
def test_a_pipe_holds_two_lines_together(pipe: str, place: str) -> None:
    text = "search Process:Create" + place.format(pipe) + " filter pid == 1"
    assert statements(text) == statements("search Process:Create | filter pid == 1")


def test_event_classes_go_on_after_a_comma_and_before_or() -> None:
    assert statements("f = search File:Create,\n Modify\n or Process:Create") == statements(
        "f = search File:Create,Modify or Process:Create"
    )


def test_outputs_go_on_after_a_comma() -> None:
    assert statements("output a,\n b") == statements("output a, b")


def test_any_other_newline_ends_the_statement() -> None:
    found = read("a = search Process:Create\nb = filter a where pid == 1\noutput b").program.statements
    assert [type(s).__name__ for s in found] == ["AssignStmt", "AssignStmt", "OutputStmt"]


def test_a_newline_between_a_field_and_its_operator_ends_the_statement() -> None:
    parsed = read('q = filter p where exe\n== "a"')
    assert len(parsed.program.statements) == 2
    assert [d.location.line for d in parsed.diagnostics] == [2]


def test_two_statements_on_one_line_are_a_fault() -> None:
    assert codes("a = search Process b = search File") == ["CL101"]


@pytest.mark.parametrize("name", ["match", "contains", "startswith", "endswith", "matches", "in"])
def test_a_stream_named_like_an_operator_does_not_swallow_the_next_line(name: str) -> None:
    found = statements(f"{name} = search Process\nb = {name}\nk = 3\noutput {name}\nxs = ['a']")
    assert len(found) == 5


def test_a_hash_or_two_slashes_in_a_string_begin_no_comment() -> None:
    assert statements('k = "http://x#y" # z') == statements('k = "http://x#y"')


def test_a_comment_may_hold_quotes_and_brackets() -> None:
    assert len(statements("a = search Process # it's \"(\nb = search File // [don't\noutput a, b")) == 3


def test_a_program_of_comments_is_empty() -> None:
    parsed = read("# nothing\n// here\n")
    assert parsed.program == ast.Program(())
    assert [d.code.name for d in parsed.diagnostics] == ["CL109"]
