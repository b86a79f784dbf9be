"""Numbers, durations, addresses, patterns, lists, and names as values."""

from __future__ import annotations

import pytest

from carlang.source import Span
from carlang.syntax import ast
from tests.syntax.reading import codes, condition, read, statements, value

AT = Span(0, 0)
SECOND = 1_000_000


def name(ident: str) -> ast.Name:
    return ast.Name(ident, AT)


@pytest.mark.parametrize(
    ("written", "number"), [("445", 445), ("0", 0), ("1.5", 1.5), ("007", 7), ("-5", -5), ("- 5", -5), ("-1.5", -1.5)]
)
def test_numbers(written: str, number: float) -> None:
    found = value(written)
    assert found == ast.NumberLit(number, AT)
    assert isinstance(found, ast.NumberLit)
    assert type(found.value) is type(number)


@pytest.mark.parametrize("written", ["12ab", "1.2.3", "0x1g", "1e5", "1_000", ".5", "5."])
def test_what_only_looks_like_a_number_is_a_fault(written: str) -> None:
    assert "CL101" in codes(f"q = filter p where pid == {written}") or "CL105" in codes(
        f"q = filter p where pid == {written}"
    )


@pytest.mark.parametrize(
    ("written", "microseconds"),
    [
        ("1 hour", 3600 * SECOND),
        ("30 minutes", 1800 * SECOND),
        ("1sec", SECOND),
        ("2 seconds", 2 * SECOND),
        ("90s", 90 * SECOND),
        ("1 day", 86400 * SECOND),
        ("2 weeks", 14 * 86400 * SECOND),
        ("1.5 seconds", 1_500_000),
        ("250ms", 250_000),
        ("5 MINUTES", 300 * SECOND),
        ("1m", 60 * SECOND),
        ("3 hrs", 3 * 3600 * SECOND),
        ("0 s", 0),
    ],
)
def test_durations_are_microseconds(written: str, microseconds: int) -> None:
    assert value(written) == ast.DurationLit(microseconds, AT)


@pytest.mark.parametrize(
    "written",
    [
        "10.0.0.0/8",
        "10.0.0.1",
        "fe80::/10",
        "::1",
        "2001:db8::1",
        "::",
        "::ffff:10.0.0.0/104",
        "FE80::1",
        "1:2:3:4:5:6:7:8",
    ],
)
def test_addresses_and_blocks_need_no_quotes(written: str) -> None:
    assert condition(f"dest_ip in {written}") == ast.In(name("dest_ip"), ast.AddressLit(written, AT), False, AT)  # noqa: FBT003
    assert condition(f"dest_ip in [{written}, {written}]") == ast.In(
        name("dest_ip"), ast.ListLit((ast.AddressLit(written, AT),) * 2, AT), negated=False, span=AT
    )


def test_a_block_at_the_end_of_a_line_is_followed_by_a_comment() -> None:
    assert condition("dest_ip in 10.0.0.0/8// private") == condition("dest_ip in 10.0.0.0/8")


@pytest.mark.parametrize("word", ["true", "TRUE", "True"])
def test_truth_values_in_any_case(word: str) -> None:
    assert value(word) == ast.BoolLit(value=True, span=AT)
    assert value("False") == ast.BoolLit(value=False, span=AT)
    assert value("NULL") == ast.NullLit(AT)
    assert value("Now") == ast.NowLit(AT)


@pytest.mark.parametrize("pattern", ["*transfer*", "*.exe", "*a\\b*", "*-urlcache*", "*"])
def test_an_unquoted_pattern_is_a_string_with_a_warning_and_a_repair(pattern: str) -> None:
    text = f"q = filter p where (command_line contains ({pattern}) or exe in [{pattern}, 'b'])"
    parsed = read(text)
    if pattern == "*":
        assert parsed.diagnostics
        return
    assert [d.code.name for d in parsed.diagnostics] == ["CL108", "CL108"]
    for found in parsed.diagnostics:
        assert text[found.span.start : found.span.end] == pattern
        assert found.repair
        text_after = f"k = {found.repair.edits[0].text}"
        (statement,) = statements(text_after)
        assert isinstance(statement, ast.AssignStmt)
        assert statement.value == ast.StringLit(pattern, AT)


def test_an_unquoted_file_name_is_a_member_here_and_an_unknown_name_later() -> None:
    assert value("svchost.exe") == ast.Member(name("svchost"), name("exe"), AT)


@pytest.mark.parametrize("written", ['["a", "b"]', '["a", "b",]', '("a", "b")', '[\n"a",\n"b"\n]'])
def test_lists(written: str) -> None:
    assert condition(f"exe in {written}") == condition('exe in ["a", "b"]')


def test_lists_may_be_empty_or_nested_or_mixed() -> None:
    assert value("[]") == ast.ListLit((), AT)
    assert condition("exe in [[], 1, -2, null]") == ast.In(
        name("exe"),
        ast.ListLit((ast.ListLit((), AT), ast.NumberLit(1, AT), ast.NumberLit(-2, AT), ast.NullLit(AT)), AT),
        negated=False,
        span=AT,
    )


def test_a_missing_comma_in_a_list_is_a_fault_with_a_repair() -> None:
    text = 'q = filter p where exe in ["a" "b"]'
    (found,) = read(text).diagnostics
    assert found.code.name == "CL101"
    assert found.repair
    (edit,) = found.repair.edits
    assert text[: edit.span.start] + edit.text + text[edit.span.end :] == 'q = filter p where exe in ["a", "b"]'


def test_a_field_in_brackets_is_the_field() -> None:
    assert condition('[exe] == "a"') == condition('exe == "a"')
    assert condition('[exe] contains "a"') == condition('exe contains "a"')
    assert condition("[exe] exists") == condition("exe exists")
    assert condition("[pid] in [1]") == condition("pid in [1]")
    assert condition("pid == [ppid]") == condition("pid == ppid")


def test_a_list_of_one_name_behind_in_stays_a_list() -> None:
    assert condition("exe in [parent_exe]") == ast.In(
        name("exe"), ast.ListLit((name("parent_exe"),), AT), negated=False, span=AT
    )


def test_members_and_methods() -> None:
    assert value("a.b.c") == ast.Member(ast.Member(name("a"), name("b"), AT), name("c"), AT)
    assert condition('command_line.matches("re")') == condition('command_line match "re"')
    assert condition('a.command_line.Contains("x")') == condition('a.command_line contains "x"')
    assert value("exe.lower()") == value("lower(exe)")
    assert value('exe.replace("a", "b")') == value('replace(exe, "a", "b")')


def test_calls_keep_their_name_as_it_is_written() -> None:
    for text, function, count in (("LOWER(exe)", "LOWER", 1), ("f()", "f", 0), ("g(1, 'a', b)", "g", 3)):
        found = value(text)
        assert isinstance(found, ast.Call)
        assert found.function == name(function)
        assert len(found.arguments) == count


@pytest.mark.parametrize("text", ["9" * 5000, "9" * 400 + ".5", "9" * 400 + " hours", "9" * 400 + ".5 weeks"])
def test_numbers_of_any_length_are_read_without_an_exception(text: str) -> None:
    assert len(read(f"q = filter p where pid == {text}").program.statements) == 1
