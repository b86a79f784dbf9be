r"""Strings: `\"` is a quote, `\\` one backslash, any other backslash stands for itself."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carlang.source import Source, Span
from carlang.syntax import ast, parse
from carlang.syntax.literal import string_literal, string_value
from tests.syntax.reading import codes, read, string, value


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ('"at.exe"', "at.exe"),
        ("'at.exe'", "at.exe"),
        ('""', ""),
        ("''", ""),
        (r'"C:\Windows\*"', r"C:\Windows\*"),
        (r'"C:\\Windows\\*"', r"C:\Windows\*"),
        (r"'C:\\Windows\*'", r"C:\Windows\*"),
        (r'"C:\\"', "C:\\"),
        (r'"\\\\host\\share"', r"\\host\share"),
        (r'"\\host"', r"\host"),
        (r'"say \"hi\""', 'say "hi"'),
        (r'"\\\""', '\\"'),
        (r"'it\'s'", "it's"),
        ('"it\'s"', "it's"),
        ("'say \"hi\"'", 'say "hi"'),
        (r'"\n\t\x41\u0041"', r"\n\t\x41\u0041"),
        (r'"\d+\.\w*"', r"\d+\.\w*"),
        (r'"\'"', r"\'"),
        ('"Straße 日本 😀"', "Straße 日本 😀"),
        ('"“typographic” inside"', "“typographic” inside"),
        ('"tab\there"', "tab\there"),
        ('"a;b|c(d]e#f//g"', "a;b|c(d]e#f//g"),
        ('"a{{pipe}}b"', "a|b"),  # CAR's web pages write a bar so
    ],
)
def test_a_string_stands_for_its_text(written: str, meant: str) -> None:
    assert string(written) == meant


@given(st.text(alphabet=st.characters(blacklist_characters="\n\r", blacklist_categories=["Cs"])))
def test_a_text_written_as_a_string_is_read_as_that_text(text: str) -> None:
    assert string_value(string_literal(text)) == text
    assert value(string_literal(text)) == ast.StringLit(text, Span(0, 0))


@given(st.text(alphabet="\\\"'*ab"))
def test_backslashes_and_quotes_survive_in_any_mixture(text: str) -> None:
    assert value(string_literal(text)) == ast.StringLit(text, Span(0, 0))


@pytest.mark.parametrize(
    ("written", "meant"),
    [("“at.exe”", "at.exe"), ("‘at.exe’", "at.exe"), ("„at.exe“", "at.exe"), ("“at.exe“", "at.exe"), ("“”", "")],
)
def test_typographic_quotes_are_read_as_quotes_with_a_repair(written: str, meant: str) -> None:
    text = f"q = filter p where exe == {written}"
    parsed = read(text)
    (found,) = parsed.diagnostics
    assert found.code.name == "CL107"
    assert text[found.span.start : found.span.end] == written
    assert found.repair
    assert [(e.span, e.text) for e in found.repair.edits] == [(found.span, f'"{meant}"')]
    (statement,) = parsed.program.statements
    assert isinstance(statement, ast.AssignStmt)
    assert isinstance(statement.value, ast.Filter)
    assert statement.value.condition == ast.Comparison(
        (ast.Name("exe", Span(0, 0)), ast.StringLit(meant, Span(0, 0))), ("==",), Span(0, 0)
    )


_ENDS_IN_A_BACKSLASH = [
    ('q = filter p where image_path == "C:\\"', '"C:\\"'),
    ('q = filter p where (image_path == "C:\\")', '"C:\\"'),
    ('q = filter p where (image_path contains "C:\\" or pid == 1)', '"C:\\"'),
    ('q = filter p where image_path in ["C:\\", 1]', '"C:\\"'),
    ("q = filter p where (image_path == 'C:\\')", "'C:\\'"),
    ('q = filter p where (image_path == "C:\\Windows\\") # comment', '"C:\\Windows\\"'),
]


@pytest.mark.parametrize(("text", "string_there"), _ENDS_IN_A_BACKSLASH)
def test_a_string_that_ends_in_one_backslash_is_unterminated_and_can_be_repaired(text: str, string_there: str) -> None:
    (found,) = read(text).diagnostics
    assert found.code.name == "CL102"
    assert found.help
    assert "\\\\" in found.help
    assert found.repair
    (edit,) = found.repair.edits
    repaired = text[: edit.span.start] + edit.text + text[edit.span.end :]
    assert repaired == text.replace(string_there, string_there[:-1] + "\\" + string_there[-1])
    assert not codes(repaired)


@pytest.mark.parametrize("quote", ['"', "'", "“", "‘"])
def test_a_string_without_an_end_is_reported_where_it_begins_and_takes_no_further_line(quote: str) -> None:
    text = f"a = search Process\nq = filter a where (exe == {quote}at.exe)\noutput a"
    (found,) = read(text).diagnostics
    assert (found.code.name, found.location.line, found.location.column) == ("CL102", 2, 28)
    assert isinstance(read(text).program.statements[2], ast.OutputStmt)


def test_a_bare_backslash_is_a_path_that_wants_quotes() -> None:
    (found,) = read(r"q = filter p where image_path == C:\Windows").diagnostics
    assert found.severity.value == "error"


def test_a_string_of_a_million_characters_is_read() -> None:
    text = "x" * 1_000_000
    parsed = parse(Source.whole("test.car", f'k = "{text}"'))
    assert not parsed.diagnostics
