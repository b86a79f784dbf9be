"""Names, types, literals: what a program means, read off its diagnostics and its bound form."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

import carlang
from carlang.analytic import load_text
from carlang.model.types import BOOLEAN, DURATION, FLOAT, INTEGER, STRING, TIME, Kind
from carlang.resolve import bound
from carlang.resolve.instants import time_value
from carlang.resolve.literals import block, path_patterns, wildcards

HEAD = "p = search Process:Create where pid exists\n"


def found(text: str) -> list[tuple[str, str]]:
    """Return code and marked text of each diagnostic."""
    return [(d.code.name, text[d.span.start : d.span.end]) for d in carlang.check(text)]


def codes(condition: str, head: str = HEAD) -> list[str]:
    return [code for code, _ in found(f"{head}q = filter p where ({condition})\noutput q")]


def condition(text: str, head: str = HEAD) -> bound.BoundExpr:
    (output,) = load_text(f"{head}q = filter p where ({text})\noutput q").outputs()
    named = output.stream
    assert isinstance(named, bound.NamedStream)
    assert isinstance(named.stream, bound.Filtered)
    return named.stream.condition


def repaired(text: str) -> str:
    edits = [e for d in carlang.check(text) if d.repair for e in d.repair.edits]
    for edit in sorted(edits, key=lambda e: e.span, reverse=True):
        text = text[: edit.span.start] + edit.text + text[edit.span.end :]
    return text


# ---- names


def test_fields_objects_and_actions_are_found_in_any_case() -> None:
    assert condition('EXE == "a" and Command_Line == "b"') == condition('exe == "a" and command_line == "b"')
    for search in ("process:create", "PROCESS:CREATE", "Process : Create"):
        assert not found(f"q = search {search} where PID == 1\noutput q")
    for search in ("User_Session:Login", "UserSession:login", "user session:LOGIN"):
        assert not found(f'q = search {search} where user == "x"\noutput q')
    assert not found("q = search Thread:RemoteCreate where src_pid == 1\noutput q")
    assert not found("q = search Thread:remote_create where src_pid == 1\noutput q")


@pytest.mark.parametrize(
    ("alias", "field"),
    [
        ("Image", "image_path"),
        ("image", "image_path"),
        ("CommandLine", "command_line"),
        ("parent_image", "parent_image_path"),
        ("ParentProcessId", "ppid"),
        ("timestamp", "time"),
        ("UtcTime", "time"),
    ],
)
def test_an_alias_is_taken_for_its_field_with_a_repair(alias: str, field: str) -> None:
    text = f"{HEAD}q = filter p where {alias} exists\noutput q"
    assert found(text) == [("CL206", alias)]
    assert repaired(text) == text.replace(f"{alias} exists", f"{field} exists")
    assert condition(f"{alias} exists") == condition(f"{field} exists")


def test_an_action_by_another_name_stands_for_all_that_it_may_be() -> None:
    text = "q = search Registry:Edit where pid == 1\noutput q"
    assert found(text) == [("CL209", "Edit")]
    assert not found(repaired(text))


@pytest.mark.parametrize(
    ("text", "marked", "suggestion"),
    [
        ("q = filter p where command_lin exists", "command_lin", "command_line"),
        ("q = filter p where Usr exists", "Usr", "user"),
        ("q = filter P where pid == 1", "P", "p"),
        ("q = filter p where lenght(exe) == 1", "lenght", "length"),
    ],
)
def test_an_unknown_name_is_an_error_with_the_nearest(text: str, marked: str, suggestion: str) -> None:
    text = f"{HEAD}{text}\noutput q, p"
    (fault,) = [d for d in carlang.check(text) if d.severity is carlang.Severity.ERROR]
    assert text[fault.span.start : fault.span.end] == marked
    assert f"did you mean `{suggestion}`?" in (fault.label, fault.help)
    assert fault.repair
    assert fault.repair.edits[0].text == suggestion


@pytest.mark.parametrize(
    ("search", "code", "near"),
    [("Proces:Create", "CL203", "Process"), ("Process:Creat", "CL204", "create"), ("Wibble:Create", "CL203", None)],
)
def test_an_unknown_class_is_an_error(search: str, code: str, near: str | None) -> None:
    (fault,) = [d for d in carlang.check(f"q = search {search}\noutput q") if d.severity is carlang.Severity.ERROR]
    assert fault.code.name == code
    assert (near is not None) == bool(fault.repair)
    assert near is None or near in fault.label


def test_stream_names_keep_their_case() -> None:
    text = "P = search Process:Create where pid == 1\np = search File:Create where pid == 1\noutput P, p"
    assert [output.name for output in load_text(text).outputs()] == ["P", "p"]
    assert not found(text)


def test_a_later_binding_counts_for_the_lines_below_it() -> None:
    text = "p = search Process:Create\nq = filter p where pid == 1\n"
    text += "p = search File:Create\nr = filter p where pid == 2\noutput q, r"
    q, r = load_text(text).outputs()
    objects = [
        {s.object for e in bound.streams_below(o.stream) if isinstance(e, bound.Events) for s in e.sets} for o in (q, r)
    ]
    assert objects == [{"process"}, {"file"}]


@pytest.mark.parametrize(
    ("constants", "use", "meaning"),
    [
        ("k = 3", "pid == k", "pid == 3"),
        ('k = "a*"', "exe == k", 'exe == "a*"'),
        ('k = ["a", "b*"]', "exe in k", 'exe in ["a", "b*"]'),
        ('k = ["a", "b"]', "exe contains k", 'exe contains ["a", "b"]'),
        ('a = "x"\nk = [a, "b"]', "exe in k", 'exe in ["x", "b"]'),
        ("k = now - 1 day", "time > k", "time > now - 1 day"),
        ("k = 1 hour", "time > now - k", "time > now - 1 hour"),
        ("k = true", "k", "true"),
        ("k = 10.0.0.0/8", "user in k", "user in 10.0.0.0/8"),
        ("a = 1\nk = a + 1\na = 10", "pid == k", "pid == 1 + 1"),
        ("a = 1\na = a + 1", "pid == a", "pid == 1 + 1"),
        ("pid_ = 4\nk = pid_ + 1", "ppid == k", "ppid == 4 + 1"),
        ('k = "a"\nk = lower(k)', "exe == k", 'exe == lower("a")'),
        ('k = "445"', "pid == k", 'pid == "445"'),
        ('k = "a"\nk = "b"', "exe == k", 'exe == "b"'),
    ],
)
def test_a_constant_means_what_it_was_bound_to(constants: str, use: str, meaning: str) -> None:
    assert condition(use, f"{constants}\n{HEAD}") == condition(meaning)


def test_a_constant_made_of_a_name_that_is_a_field_elsewhere_keeps_its_value() -> None:
    assert condition("ppid == k", f"pid = 4\nk = pid + 1\n{HEAD}") == condition("ppid == 4 + 1")


def test_a_field_comes_before_a_constant_with_a_warning() -> None:
    assert condition("ppid == pid", f"pid = 4\n{HEAD}") == condition("ppid == pid")
    assert codes("ppid == pid", "pid = 4\np = search Process:Create where ppid exists\n") == ["CL208"]


@pytest.mark.parametrize("name", ["p", "q"])
def test_a_field_may_be_asked_of_the_stream_filtered_or_of_its_new_name(name: str) -> None:
    assert condition(f"{name}.pid == 1") == condition("pid == 1")


@pytest.mark.parametrize(
    ("name", "search", "field"),
    [
        ("user", "Process", "exe"),
        ("image", "Module", "module_name"),
        ("key", "Registry", "value"),
        ("time", "Process", "pid"),
    ],
)
def test_a_stream_may_be_named_like_a_field_of_its_rows(name: str, search: str, field: str) -> None:
    text = f"{name} = search {search}\nq = filter {name} where ({name}.{field} exists)\noutput q"
    assert found(text) == []


def test_the_rows_at_hand_are_not_those_of_another_stream() -> None:
    text = f"{HEAD}f = search File:Create\nq = filter p where f.pid == 1\noutput q"
    assert ("CL207", "f") in found(text)


def test_a_broken_name_is_reported_once_and_everything_else_is_checked() -> None:
    text = "p = search Wibble\nq = filter p where pid == 1\nr = filter q where pid == 2\n"
    text += "s = search File:Nothing\noutput q, r, s, t"
    assert found(text) == [("CL203", "Wibble"), ("CL204", "Nothing"), ("CL202", "t")]


# ---- outputs, inputs, unused


def test_a_program_without_output_gives_its_last_stream_with_a_repair() -> None:
    text = "p = search Process:Create\nq = filter p where pid == 1\n"
    assert found(text) == [("CL401", "q")]
    assert [o.name for o in load_text(text).outputs()] == ["q"]
    assert not found(repaired(text))


def test_one_bare_chain_is_its_own_output() -> None:
    assert found("search Process:Create | filter pid == 1") == []
    (output,) = load_text("search Process:Create | filter pid == 1").outputs()
    assert output.name == "result"


def test_outputs_stand_in_their_order_each_once() -> None:
    text = "a = search Process where pid == 1\nb = search File where pid == 1\noutput b, a\nreturn b"
    assert [o.name for o in load_text(text).outputs()] == ["b", "a"]
    assert found(text) == [("CL210", "b")]


def test_a_filter_without_a_stream_filters_the_stream_of_its_name() -> None:
    text = "p = search Process:Create\np = filter (pid == 1)\noutput p"
    assert found(text) == [("CL402", "filter")]
    assert not found(repaired(text))
    assert repaired(text) == "p = search Process:Create\np = filter p (pid == 1)\noutput p"


def test_event_classes_joined_by_and_are_a_union_with_a_repair() -> None:
    text = "p = search Process:Create and File:Create where pid == 1\noutput p"
    assert found(text) == [("CL403", "and")]
    assert repaired(text) == text.replace(" and ", " or ")
    both = load_text(text).outputs(), load_text(repaired(text)).outputs()
    assert both[0] == both[1]


def test_what_no_output_needs_is_unused() -> None:
    text = f"{HEAD}a = filter p where pid == 1\nb = filter a where pid == 2\nc = filter a where pid == 3\noutput c"
    assert found(text) == [("CL405", "b")]


def test_a_bare_condition_filters_event_records() -> None:
    text = 'log_name == "Security" and event_code in [1100, 1102]'
    assert found(text) == [("CL406", text)]
    (output,) = load_text(text).outputs()
    assert isinstance(output.stream, bound.Filtered)
    assert isinstance(output.stream.input, bound.Events)
    assert [s.object for s in output.stream.input.sets] == ["event"]


def test_an_empty_program_has_one_fault() -> None:
    for text in ("", "\n", "# nothing", " \t\n// x"):
        assert [code for code, _ in found(text)] == ["CL109"]


# ---- types and literals


def _right(text: str) -> bound.BoundExpr:
    test = condition(text)
    assert isinstance(test, bound.Compare)
    return test.right


@pytest.mark.parametrize(
    ("text", "value", "hint"),
    [
        ('pid == "445"', 445, True),
        ('pid == " 0x1bd "', 445, True),
        ('pid == "-5"', -5, True),
        ('pid == "1.5"', 1.5, True),
        ("pid == 445", 445, False),
        ("pid == 1.5", 1.5, False),
        ("hostname == 5", "5", True),
        ("hostname == 1.5", "1.5", True),
        ('signature_valid == "TRUE"', True, True),
        ("signature_valid == false", False, False),
        ('time > "2020-09-01"', datetime(2020, 9, 1, tzinfo=UTC), False),
        ('time > "2020-09-01T12:00:00Z"', datetime(2020, 9, 1, 12, tzinfo=UTC), False),
        ('time > "2020-09-01 12:00:00.5+02:00"', datetime(2020, 9, 1, 10, 0, 0, 500_000, tzinfo=UTC), False),
        ("time - now > 90s", 90_000_000, False),
        ("time - now > -1 hour", -3_600_000_000, False),
        ('time - now > "1 hour"', 3_600_000_000, False),
    ],
)
def test_a_literal_takes_the_type_of_what_it_is_compared_with(text: str, value: Any, hint: bool) -> None:  # noqa: FBT001  # parametrized
    constant = _right(text)
    assert isinstance(constant, bound.Const)
    assert constant.value == value
    assert type(constant.value) is type(value)
    assert codes(text) == (["CL308"] if hint else [])


def test_a_literal_on_the_left_turns_the_comparison_round() -> None:
    for left, right in (
        ("1 < pid", "pid > 1"),
        ("1 >= pid", "pid <= 1"),
        ('"a" == exe', "exe == 'a'"),
        ("1 != pid", "pid != 1"),
    ):
        assert condition(left) == condition(right)


def test_the_hint_can_be_applied() -> None:
    text = f'{HEAD}q = filter p where pid == "445" and hostname == 5\noutput q'
    assert repaired(text) == text.replace('"445"', "445").replace("== 5", '== "5"')
    assert not found(repaired(text))


@pytest.mark.parametrize(
    "text",
    [
        "pid == 'x'",
        "pid == '4*'",
        "pid == true",
        "pid == 1 hour",
        "time > 5",
        "time > 'x'",
        "time == true",
        "exe == true",
        "exe == 1 hour",
        "signature_valid == 'x'",
        "signature_valid == 1",
        "exe == now",
        "pid > now",
        "now == pid",
        "time - now > 5",
        "pid in ['x']",
        "time in [1]",
        "signature_valid in [now]",
        "time > '2020-13-01'",
    ],
)
def test_a_literal_that_cannot_be_of_the_type_is_an_error(text: str) -> None:
    assert set(codes(text)) & {"CL302", "CL303"}
    assert not set(codes(text)) - {"CL302", "CL303"}


@pytest.mark.parametrize(
    "text",
    [
        "exe == pid",
        "time == pid",
        "signature_valid == exe",
        "time < signature_valid",
        "pid in [exe]",
        "time in [pid]",
        "time in [signature_valid]",
        "exe == ['a']",
        "signature_valid < signature_valid",
        "exe < signature_valid",
    ],
)
def test_values_of_different_kinds_do_not_compare(text: str) -> None:
    assert codes(text) == ["CL302"]


@pytest.mark.parametrize(
    "text",
    [
        "pid contains '1'",
        "time match 'x'",
        "signature_valid startswith 'a'",
        "exe + 1 == 2",
        "time * 2 > now",
        "pid + time > now",
        "pid in ppid",
        "1 - 1 hour == pid",
        "time + time > now",
        "exe > null",
        "pid < null",
    ],
)
def test_an_operator_takes_only_some_types(text: str) -> None:
    assert codes(text) == ["CL304"]


@pytest.mark.parametrize(
    "text", ["exe", "pid", "'x'", "1", "time", "null", "now", "exe == 'a' or 'b'", "not pid", "1 hour"]
)
def test_a_value_is_no_condition_unless_it_is_a_truth_value(text: str) -> None:
    assert set(codes(text)) <= {"CL301", "CL304"}
    assert codes(text)


@pytest.mark.parametrize(
    ("expression", "kind"),
    [
        ("pid + 1", INTEGER),
        ("pid / 2", FLOAT),
        ("pid + 1.5", FLOAT),
        ("pid % 2", INTEGER),
        ("time - now", DURATION),
        ("time + 1 hour", TIME),
        ("1 hour + time", TIME),
        ("(time - now) * 2", DURATION),
        ("(time - now) / 1 hour", FLOAT),
        ("1 hour + 1 day", DURATION),
        ("lower(exe)", STRING),
        ("length(exe)", INTEGER),
        ("exe == 'x'", BOOLEAN),
        ("coalesce(pid, 1.5)", FLOAT),
        ("coalesce(null, time)", TIME),
        ("to_int(exe)", INTEGER),
        ("round(pid)", FLOAT),
        ("hour(time)", INTEGER),
        ("cidr_match(user, '10.0.0.0/8')", BOOLEAN),
        ("now", TIME),
    ],
)
def test_the_type_of_an_expression(expression: str, kind: object) -> None:
    (output,) = load_text(f"{HEAD}p.x = ({expression})\noutput p").outputs()
    assert next(c.type for c in output.stream.columns if c.name == "x") == kind


def test_a_derived_field_takes_the_place_of_one_of_its_name_and_stands_last() -> None:
    (output,) = load_text(f"{HEAD}p.EXE = length(exe)\noutput p").outputs()
    columns = output.stream.columns
    assert [c.name for c in columns if c.name.lower() == "exe"] == ["exe"]
    assert (columns[-1].name, columns[-1].type.kind) == ("exe", Kind.INTEGER)


# ---- what can never be true


@pytest.mark.parametrize(
    "text",
    [
        r"exe == 'C:\a\b.exe'",
        "exe == '/usr/bin/x'",
        r"exe in ['x', 'C:\b.exe']",
        r"exe != 'C:\b.exe'",
        "image_path == 'cmd.exe'",
        "integrity_level == 'highest'",
        "integrity_level in ['high', 'none']",
        r"'C:\b' == exe",
    ],
)
def test_a_comparison_that_can_never_be_true_is_a_warning(text: str) -> None:
    assert codes(text) == ["CL404"]


@pytest.mark.parametrize(
    "text",
    [
        "exe == 'a.exe'",
        "exe == '*.exe'",
        r"image_path == 'C:\a.exe'",
        "image_path == '*a.exe'",
        "image_path endswith 'a.exe'",
        "integrity_level == 'HIGH'",
        "integrity_level == 'h*'",
        r"image_path == '%windir%'",
        r"command_line == 'C:\x'",
        "image_path == ''",
        "exe == ''",
    ],
)
def test_a_comparison_that_may_be_true_is_none(text: str) -> None:
    assert codes(text) == []


# ---- patterns, addresses, times


@pytest.mark.parametrize("pattern", ["(", "a(b", "[a", "a{2", "*a", "(?=x)", r"(\1)", "(?<n>", r"\p{Wibble}"])
def test_a_pattern_that_re2_refuses_is_an_error_at_its_place(pattern: str) -> None:
    if pattern == "a{2":
        assert codes(f'exe match "{pattern}"') == []
        return
    text = f'{HEAD}q = filter p where exe match "{pattern}"\noutput q'
    ((code, marked),) = found(text)
    assert code == "CL305"
    assert marked.strip('"') in pattern


def test_a_star_is_a_run_and_stars_together_are_one() -> None:
    run = bound.Wildcard.RUN
    assert wildcards("a*b**c") == ("a", run, "b", run, "c")
    assert wildcards("*") == wildcards("***") == (run,)
    assert wildcards("") == ()
    assert wildcards("%_?[") == ("%_?[",)


def test_a_windows_variable_stands_for_its_places_and_itself() -> None:
    one, run = bound.Wildcard.ONE, bound.Wildcard.RUN
    assert path_patterns(r"%WinDir%\x*") == ((r"%WinDir%\x", run), (one, r":\Windows\x", run))
    assert path_patterns(r"%appdata%*") == (("%appdata%", run), (one, ":\\Users\\", run, "\\AppData\\Roaming", run))
    assert path_patterns("%wibble%") == (("%wibble%",),)
    assert path_patterns("a%windir%") == (("a%windir%",),)


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("10.0.0.0/8", 0xFFFF0A000000, 0xFFFF0AFFFFFF),
        ("10.1.2.3/8", 0xFFFF0A000000, 0xFFFF0AFFFFFF),
        ("10.0.0.1", 0xFFFF0A000001, 0xFFFF0A000001),
        ("::/0", 0, 2**128 - 1),
        ("::1", 1, 1),
        (" 10.0.0.1 ", 0xFFFF0A000001, 0xFFFF0A000001),
    ],
)
def test_a_block_is_two_numbers(text: str, low: int, high: int) -> None:
    assert block(text) == (low, high)


@pytest.mark.parametrize("text", ["", "x", "10.0.0", "10.0.0.0/33", "::/129", "1.2.3.999", "10.0.0.0/-1"])
def test_what_is_no_block_is_none(text: str) -> None:
    assert block(text) is None


@pytest.mark.parametrize(
    "text",
    ["dest_ip == '10.0.0.0/8'", "dest_ip == 'x'", "dest_ip in '10.0.0.0/33'", "dest_ip in ['x']", "dest_ip < 'x'"],
)
def test_what_is_no_address_is_an_error(text: str) -> None:
    assert codes(text, "p = search Flow:Start where pid exists\n") == ["CL307"]


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2020-09-01", (2020, 9, 1)),
        ("2020-09-01T12:30", (2020, 9, 1, 12, 30)),
        ("2020-09-01 12:30:15", (2020, 9, 1, 12, 30, 15)),
        ("2020-09-01T12:30:15.5Z", (2020, 9, 1, 12, 30, 15, 500_000)),
        ("2020-09-01T12:30:15,123456789z", (2020, 9, 1, 12, 30, 15, 123_456)),
        ("2020-09-01T12:30:15+0230", (2020, 9, 1, 10, 0, 15)),
        ("2020-09-01T00:00:00+14:00", (2020, 8, 31, 10)),
        (" 2020-09-01 00:00:00 UTC ", (2020, 9, 1)),
    ],
)
def test_a_time_without_a_zone_is_utc(text: str, time: tuple[int, ...]) -> None:
    assert time_value(text) == datetime(*time, tzinfo=UTC)  # type: ignore[misc,arg-type]  # the parts of a time


@pytest.mark.parametrize(
    "text",
    ["", "x", "2020", "2020-9-1", "2020-02-30", "2020-01-01T25:00", "12:00", "2020-01-01T12", "0001-01-01T00:00+01:00"],
)
def test_what_is_no_time_is_none(text: str) -> None:
    assert time_value(text) is None


def test_unquoted_file_names_offer_the_quoted_text() -> None:
    text = f"{HEAD}q = filter p where exe == svchost.exe\noutput q"
    assert [code for code, _ in found(text)] == ["CL202"]
    assert repaired(text) == text.replace("svchost.exe", '"svchost.exe"')


def test_a_star_in_an_address_is_a_wildcard_on_the_right_of_an_operator_alone() -> None:
    head = "p = search Flow:*\n"
    assert codes('"10.*" == dest_ip', head) == ["CL307"]
    assert codes('dest_ip == "10.*"', head) == []
