"""Statements, streams, and names that are words of the language."""

from __future__ import annotations

import pytest

import carlang
from carlang.source import Span
from carlang.syntax import ast
from tests.syntax.reading import codes, condition, read, statements

AT = Span(0, 0)


def name(ident: str) -> ast.Name:
    return ast.Name(ident, AT)


@pytest.mark.parametrize(
    "word",
    [
        "at",
        "search",
        "filter",
        "output",
        "process",
        "user",
        "select",
        "table",
        "match",
        "now",
        "contains",
        "in",
        "true",
        "null",
        "exists",
        "return",
        "from",
        "group",
        "by",
        "order",
        "join",
        "limit",
        "union",
        "as",
        "with",
        "having",
        "every",
        "any",
        "within",
        "together",
        "é",
    ],
)
def test_a_stream_may_be_named_like_a_word_of_this_language_or_of_sql(word: str) -> None:
    text = f"{word} = search Process:Create\nq = filter {word} where pid == 1\noutput {word}, q"
    bound, filtered, output = statements(text)
    assert isinstance(bound, ast.AssignStmt)
    assert bound.target == name(word)
    assert isinstance(filtered, ast.AssignStmt)
    assert isinstance(filtered.value, ast.Filter)
    assert filtered.value.input == name(word)
    assert isinstance(output, ast.OutputStmt)
    assert output.items == (name(word), name("q"))


def test_words_of_windows_are_names_where_no_window_can_stand() -> None:
    def period(text: str) -> ast.Period | None:
        (statement,) = statements(f"g = group p by every, any, having {text}")
        assert isinstance(statement, ast.AssignStmt)
        assert isinstance(statement.value, ast.Group)
        assert statement.value.keys == (name("every"), name("any"), name("having"))
        return statement.value.period

    assert period("within any") == period("within any having (count > 1)") == ast.Period("within", name("any"), AT)
    assert (
        period("within any any")
        == period("having count > 1 within any any")
        == ast.Period("within any", name("any"), AT)
    )
    assert period("within every") == ast.Period("within", name("every"), AT)
    assert period("every every") == ast.Period("every", name("every"), AT)
    for text in (
        "g = group every every 1 hour",
        "g = group within within any 3s",
        "g = sort every by any",
        "g = count(every) every every",
        "g = count(distinct any.having) by every every any",
        "g = join every, having where every.pid == any",
        "input every: duration = 1 hour",
        "output every, having, any, together",
        "having contains 'x'",
    ):
        assert codes(text) == []
    (statement,) = statements("q = filter together (pid == 1)")
    assert isinstance(statement, ast.AssignStmt)
    assert statement.value == ast.Filter(name("together"), condition("pid == 1"), AT)


def test_a_condition_on_groups_stands_before_or_behind_how_they_are_cut() -> None:
    first = statements("g = group p by h having (count() > 1) within any 5 minutes")
    assert first == statements("g = group p by h within any 5 minutes having count() > 1")
    assert first == statements("g = group p by h\nhaving (count() > 1)\nwithin any 5 minutes")
    assert len(statements("g = group p by h every 1 hour\nhaving | filter count > 1\nevery = g\nwithin = g")) == 4


def test_a_group_without_keys_has_something_else_behind_it() -> None:
    (group,) = statements("group p, q every 1 hour")
    assert isinstance(group, ast.BareStmt)
    assert group.value == ast.Group(
        (name("p"), name("q")), (), None, ast.Period("every", ast.DurationLit(3_600_000_000, AT), AT), AT
    )
    assert codes("group p") == ["CL101"]
    assert codes("p | group having (count > 1) | group within 1 s | count every 1 d") == []


def test_keywords_in_any_case() -> None:
    assert statements("p = SEARCH Process:Create\nq = Filter p WHERE pid == 1\nRETURN q") == statements(
        "p = search Process:Create\nq = filter p where pid == 1\nreturn q"
    )


def test_a_word_that_begins_with_a_keyword_is_a_name() -> None:
    assert statements("searching = search Process\nfilters = filter searching where nothing == 1\noutput filters")
    assert condition("android == 1 or nowhere == 2 and nota == 3") == ast.Or(
        (
            ast.Comparison((name("android"), ast.NumberLit(1, AT)), ("==",), AT),
            ast.And(
                (
                    ast.Comparison((name("nowhere"), ast.NumberLit(2, AT)), ("==",), AT),
                    ast.Comparison((name("nota"), ast.NumberLit(3, AT)), ("==",), AT),
                ),
                AT,
            ),
        ),
        AT,
    )


FILTER = statements('q = filter p where (exe == "a" and pid == 1)')


@pytest.mark.parametrize(
    "text",
    [
        'q = filter p where exe == "a" and pid == 1',
        'q = filter p (where exe == "a" and pid == 1)',
        'q = filter p (exe == "a" and pid == 1)',
        'q = filter p exe == "a" and pid == 1',
        'q = filter p (exe == "a") and (pid == 1)',
        'q = filter p (exe == "a") and pid == 1',
        'q = filter p where (exe == "a") and (pid == 1)',
        'q = filter (p where (exe == "a" and pid == 1))'.replace("(p", "p").removesuffix(")"),
        'q = filter p(exe == "a" and pid == 1)',
        'q = (filter p where (exe == "a" and pid == 1))',
    ],
)
def test_where_and_the_parentheses_of_a_filter_may_be_missing(text: str) -> None:
    assert statements(text) == FILTER


def test_a_filter_without_a_stream() -> None:
    for text in ("p = filter (pid == 1)", "p = filter where pid == 1", "p = filter where (pid == 1)"):
        (statement,) = statements(text)
        assert isinstance(statement, ast.AssignStmt)
        assert statement.value == ast.Filter(None, condition("pid == 1"), AT)


def test_a_filter_may_begin_with_not_or_with_a_field_in_brackets() -> None:
    (statement,) = statements("q = filter p not pid == 1")
    assert isinstance(statement, ast.AssignStmt)
    assert statement.value == ast.Filter(name("p"), condition("not pid == 1"), AT)
    assert statements("q = filter a where [pid] == 1") == statements("q = filter a where pid == 1")


def test_event_classes() -> None:
    def classes(text: str) -> tuple[ast.EventClass, ...]:
        (statement,) = statements(f"p = search {text}")
        assert isinstance(statement, ast.AssignStmt)
        assert isinstance(statement.value, ast.Search)
        return statement.value.classes

    create = ast.EventClass(name("Process"), (name("Create"),), AT)
    assert classes("Process:Create") == (create,)
    assert classes("Process : Create") == (create,)
    assert classes("(Process:Create)") == (create,)
    assert classes("Process") == classes("Process:*") == (ast.EventClass(name("Process"), (), AT),)
    assert classes("File:Create,Modify") == (ast.EventClass(name("File"), (name("Create"), name("Modify")), AT),)
    assert classes("Process:Create OR Process:Create") == (create, create)
    assert classes("(Process:Create and Process:Create)") == (create, create)
    assert classes("user session:login") == (ast.EventClass(name("user session"), (name("login"),), AT),)


def test_a_search_with_a_condition_and_pipes() -> None:
    (statement,) = statements("p = search Process:Create where (pid == 1) | filter pid == 2 | filter where pid == 3")
    assert isinstance(statement, ast.AssignStmt)
    pipe = statement.value
    assert isinstance(pipe, ast.Pipe)
    assert isinstance(pipe.head, ast.Search)
    assert pipe.head.condition == condition("pid == 1")
    assert [s.condition for s in pipe.stages if isinstance(s, ast.Filter)] == [
        condition("pid == 2"),
        condition("pid == 3"),
    ]


def test_outputs_in_all_forms() -> None:
    assert statements("output a, b") == statements("output (a, b)") == statements("return a, b")
    assert statements("output a") == statements("output (a)") == statements("RETURN a")


def test_a_derived_field_is_not_a_binding() -> None:
    (field,) = statements("p.flag = lower(exe)")
    assert isinstance(field, ast.FieldStmt)
    assert (field.stream, field.field) == (name("p"), name("flag"))


def test_constants() -> None:
    for text in ("k = 3", 'k = "a"', 'k = ["a", "b"]', "k = 1 hour", "k = now - 1 day", "k = true", "k = null"):
        (statement,) = statements(text)
        assert isinstance(statement, ast.AssignStmt)
        assert statement.target == name("k")


@pytest.mark.parametrize(
    "text",
    [
        "q = filter a where",
        "q = filter a where ()",
        "q = filter a where exe ==",
        "q = filter a where == 1",
        "q = filter a where exe == == 1",
        "q = filter a where and pid == 1",
        "q = filter a where (pid == 1) or",
        "q = filter a where exe 'a'",
        "q = filter a where exe == 'a' pid == 1",
        "q = filter a where f(1,)",
        "q = filter a where exe in [1,,2]",
        "q = ",
        "q",
        "= 3",
        "output",
        "output a,",
        "output a b",
        "search",
        "p = search",
        "p = search Process:",
        "p = search Process Create Extra",
        "p = search Process:Create |",
        "p = search Process:Create || filter pid == 1",
        "p = search Process:Create && File:Create",
        "p = search Process:Create; q = 3",
        "p.f.g == ",
        "3 = p",
        '"p" = search Process',
    ],
)
def test_what_is_no_statement_is_an_error_and_never_guessed(text: str) -> None:
    found = carlang.check(f"a = search Process:Create\n{text}\noutput a")
    errors = [d for d in found if d.severity is carlang.Severity.ERROR]
    assert errors
    assert all(d.location.line in (2, 3) for d in errors)


def test_the_name_that_a_faulty_statement_would_bind_is_kept() -> None:
    faulty = read("p = search Process:").program.statements[0]
    assert isinstance(faulty, ast.FaultyStmt)
    assert faulty.target == name("p")
    nameless = read("search Process:").program.statements[0]
    assert isinstance(nameless, ast.FaultyStmt)
    assert nameless.target is None


def test_every_faulty_statement_of_a_program_is_reported() -> None:
    text = "a = search Process:\nb = search File:Create\nc = filter b where exe ==\noutput b\nd = = 2\n"
    assert [d.location.line for d in read(text).diagnostics] == [1, 3, 5]
    kinds = [type(s).__name__ for s in read(text).program.statements]
    assert kinds == ["FaultyStmt", "AssignStmt", "FaultyStmt", "OutputStmt", "FaultyStmt"]


@pytest.mark.parametrize("bracket", ["(", "[", "((", "([", "f("])
def test_an_unclosed_bracket_does_not_swallow_the_rest(bracket: str) -> None:
    text = (
        f"a = search Process\nb = filter a where {bracket}pid == 1\nc = search File\noutput a\nd = filter c pid == = 1"
    )
    parsed = read(text)
    kinds = [type(s).__name__ for s in parsed.program.statements]
    assert kinds == ["AssignStmt", "FaultyStmt", "AssignStmt", "OutputStmt", "FaultyStmt"]
    found = [(d.code.name, d.location.line) for d in parsed.diagnostics]
    assert found == [("CL103", 2)] * len(bracket.strip("f")) + [("CL101", 5)]


def test_an_unclosed_bracket_is_marked_itself() -> None:
    text = "a = search Process\nb = filter a where ((pid == 1)\noutput a"
    (found,) = read(text).diagnostics
    assert (found.code.name, found.location.line) == ("CL103", 2)
    assert text[found.span.start : found.span.end] == "("


@pytest.mark.parametrize("bracket", [")", "]", "(]", "[)"])
def test_a_bracket_that_closes_nothing_is_a_fault_of_its_own_line(bracket: str) -> None:
    parsed = read(f"a = search Process\nb = filter a where pid == 1{bracket}\noutput a")
    assert {d.location.line for d in parsed.diagnostics} == {2}
    assert {d.code.name for d in parsed.diagnostics} <= {"CL103", "CL104"}
    assert isinstance(parsed.program.statements[2], ast.OutputStmt)


@pytest.mark.parametrize(
    "character", ["&", ";", "@", "$", "^", "~", "`", "?", "!", "\\", "…", "{", "}", "\0", "\u200b"]
)
def test_a_character_without_meaning_is_marked_itself(character: str) -> None:
    text = f"a = search Process\nb = filter a where pid == {character} 1\noutput a"
    (found,) = read(text).diagnostics
    assert found.code.name in ("CL105", "CL101", "CL110")
    assert (found.location.line, found.location.column) == (2, 27)


@pytest.mark.parametrize("word", ["contaİns", "contaıns", "startſwith", "exıſts"])
def test_a_keyword_in_letters_that_only_fold_to_it_raises_nothing(word: str) -> None:
    assert len(read(f"q = filter a where (exe {word} 'x')").program.statements) == 1
    assert not [c for c in codes(f"{word} = search Process") if c != "CL101"]
