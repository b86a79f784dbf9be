"""The tests that analytics carry are run as written."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from carlang.analytic import CompiledAnalytic, load, load_text
from carlang.testing import AnalyticResult, junit, render_result, run_tests
from tests.conftest import REPOSITORY
from tests.docs.fences import fences

PROGRAM = """\
p = search Process:Create
f = filter p where (exe == "a.exe" and (pid > 10 or user == "X\\\\y"))
output f
"""


def analytic(tests: str, program: str = PROGRAM) -> CompiledAnalytic:
    return load_text(f"---\nid: T-1\ntests:\n{tests}---\n{program}", "T-1.car")


def event(**fields: object) -> str:
    return "{object: process, action: create, " + ", ".join(f"{k}: {v}" for k, v in fields.items()) + "}"


USER = r"x\y"
FINDS = f"""\
  - name: finds a high number
    events: [{event(exe="A.EXE", pid=11)}, {event(exe="b.exe", pid=11)}, {event(exe="a.exe", pid=10)}]
    expect: {{f: [{{exe: A.EXE, pid: 11}}]}}
"""
BY_USER = f"""\
  - name: finds the user
    events: [{event(exe="a.exe", user=USER)}]
    expect: {{f: 1}}
"""


def failures(result: AnalyticResult) -> list[str]:
    return [case.name for case in result.cases if not case.passed]


def test_a_test_passes_where_exactly_the_expected_rows_are_found() -> None:
    result = run_tests(analytic(FINDS + BY_USER))
    assert failures(result) == []
    assert result.passed
    assert render_result(result) == ""


def test_a_missing_row_and_one_too_many_are_shown_side_by_side() -> None:
    tests = f"""\
  - name: wrong
    events: [{event(exe="a.exe", pid=11, hostname="H1")}]
    expect: {{f: [{{exe: a.exe, pid: 12}}]}}
"""
    result = run_tests(analytic(tests))
    assert failures(result) == ["wrong"]
    assert render_result(result).split("\n") == [
        "T-1 (T-1.car)",
        "  FAILED wrong",
        "    output f: 1 rows expected, 1 found",
        '      - {exe: "a.exe", pid: 12}',
        '      + {exe: "a.exe", pid: 11, hostname: "H1", object: "process", action: "create"}',
    ]


@pytest.mark.parametrize(
    ("rows", "fits"),
    [
        ("[]", False),
        ("0", False),
        ("1", True),
        ("2", False),
        ("[{exe: a.exe}]", True),
        ("[{exe: A.EXE}]", False),
        ("[{exe: a.exe}, {exe: a.exe}]", False),
        ("[{nothing: 1}]", False),
        ("[{user: null}]", True),
        ("[{time: 2020-01-01T00:00:00Z}]", True),
        ("[{time: 2020-01-01T00:00:01Z}]", False),
        ("[{time: '2020-01-01 01:00:00+01:00'}]", True),
    ],
)
def test_rows_fit_by_the_values_they_name(rows: str, fits: bool) -> None:  # noqa: FBT001  # a parameter of the test
    tests = f"""\
  - name: rows
    events: [{event(exe="a.exe", pid=11, time="2020-01-01T00:00:00Z")}]
    expect: {{f: {rows}}}
"""
    assert run_tests(analytic(tests)).passed is fits


def test_an_output_that_a_test_does_not_name_must_be_empty() -> None:
    program = PROGRAM.replace("output f", "output f, p")
    result = run_tests(analytic(BY_USER, program))
    assert failures(result) == ["finds the user"]
    assert "output p: 0 rows expected, 1 found" in render_result(result)


@pytest.mark.parametrize(
    ("events", "said"),
    [
        ("[{object: proces, action: create}]", "no object `proces`; did you mean `process`?"),
        ("[{object: process, action: creat}]", "no action `creat`"),
        ("[{object: process, action: create, exee: x}]", "no field `exee`; did you mean `exe`?"),
        ("[{object: process, action: create, pid: many}]", "'many' is not an integer"),
        ("[{action: create}]", "an event names its `object`"),
    ],
)
def test_an_event_that_the_model_does_not_know_is_named_by_its_place(events: str, said: str) -> None:
    result = run_tests(analytic(f"  - name: t\n    events: {events}\n    expect: {{f: 1}}\n"))
    error = result.cases[0].error
    assert error is not None
    assert error.startswith("T-1.car:5:")
    assert said in error
    assert not result.passed


def test_a_bad_value_of_each_is_named_by_its_own_place() -> None:
    events = "[{object: process, action: create, each: {pid: [1, 2, many, 4]}}]"
    result = run_tests(analytic(f"  - name: t\n    events: {events}\n    expect: {{f: 0}}\n"))
    assert result.cases[0].error == "T-1.car:5:67: 'many' is not an integer"


def test_the_examples_of_the_page_on_files_pass_their_tests() -> None:
    texts = [fence.text for fence in fences(REPOSITORY / "docs" / "analytic-files.md") if "\ntests:" in fence.text]
    assert len(texts) == 2
    for text in texts:
        result = run_tests(load_text(text))
        assert result.passed, render_result(result)


def test_an_output_that_the_program_does_not_have_fails_the_test() -> None:
    result = run_tests(analytic("  - name: t\n    events: []\n    expect: {g: 1}\n"))
    assert result.cases[0].error == "T-1.car:6:14: the program has no output `g`; did you mean `f`?"


def test_an_analytic_without_tests_has_not_passed() -> None:
    result = run_tests(load_text(PROGRAM, "x.car"))
    assert not result.passed
    assert "it carries no tests" in render_result(result)


def test_parameters_and_now_are_those_of_the_test() -> None:
    program = (
        "input who\np = search Process:Create\nf = filter p where (user == who and time > now - 1 hour)\noutput f\n"
    )
    tests = f"""\
  - name: t
    params: {{who: adam}}
    now: 2020-01-01T01:00:00Z
    events: [{event(user="ADAM", time="2020-01-01T00:30:00Z")}, {event(user="adam", time="2019-12-31T00:00:00Z")}]
    expect: {{f: 1}}
"""
    assert run_tests(analytic(tests, program)).passed


def test_a_log_beside_the_analytic_can_be_the_input(tmp_path: Path) -> None:
    record = '{"Channel": "Microsoft-Windows-Sysmon/Operational", "EventID": 1, "UtcTime": "2020-01-01 00:00:00.000", '
    (tmp_path / "log.json").write_text(record + '"Image": "C:\\\\a.exe", "ProcessId": "12"}\n', encoding="utf-8")
    file = tmp_path / "T-1.car"
    file.write_text(f"---\nid: T-1\ntests:\n  - name: log\n    log: log.json\n    expect: {{f: 1}}\n---\n{PROGRAM}")
    assert run_tests(load(file)).passed


def test_a_log_that_is_not_there_fails_the_test(tmp_path: Path) -> None:
    file = tmp_path / "T-1.car"
    file.write_text(f"---\nid: T-1\ntests:\n  - name: log\n    log: none.json\n    expect: {{f: 1}}\n---\n{PROGRAM}")
    result = run_tests(load(file))
    assert result.cases[0].error is not None
    assert "none.json" in result.cases[0].error


def test_junit_has_a_failure_for_each_failed_test() -> None:
    wrong = "  - name: wrong\n    events: []\n    expect: {f: 1}\n"
    failed = ET.fromstring(junit([run_tests(analytic(FINDS + wrong))]).split("\n", 1)[1])  # noqa: S314  # our own XML
    (suite,) = failed
    assert (suite.get("name"), suite.get("tests"), suite.get("failures")) == ("T-1", "2", "1")
