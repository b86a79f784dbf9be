"""Tests that analytics carry are read as strictly as their programs, by `check` as by `test`."""

from __future__ import annotations

from pathlib import Path

import pytest

import carlang
from carlang.analytic import CompiledAnalytic, checked, load, load_text
from carlang.testing import run_tests

ACTIONS = "create, terminate, access, tamper"
EVENT = "object: process, action: create"


def analytic(
    test: str, program: str = 'at = search Process:Create where (exe == "a.exe")\noutput at\n'
) -> CompiledAnalytic:
    return load_text(f"---\nid: T-1\ntests:\n  - {{name: t, {test}}}\n---\n{program}", "T-1.car")


def told(analytic: CompiledAnalytic) -> list[str]:
    places = [(fault, fault.source.text[fault.span.start : fault.span.end]) for fault in checked(analytic)]
    return [f"{fault.code.name} {text}: {fault.message}{fault.label and ' / ' + fault.label}" for fault, text in places]


@pytest.mark.parametrize(
    ("test", "expected"),
    [
        ("evnts: [], expect: {at: 0}", ["CL506 evnts: a test has no key `evnts` / did you mean `events`?"]),
        ("notes: why, expect: {at: 0}", ["CL506 notes: a test has no key `notes`"]),
        ("events: [{object: proces, action: create}], expect: {at: 0}",
         ["CL506 proces: the data model has no object `proces` / did you mean `process`?"]),
        ("events: [{action: create}], expect: {at: 0}", ["CL506 {action: create}: an event names its `object`"]),
        ("events: [{object: process, action: craete}], expect: {at: 0}",
         [f"CL506 craete: Process has no action `craete`; its actions are {ACTIONS} / did you mean `create`?"]),
        (f"events: [{{{EVENT}, comand_line: x, NewProcessName: y}}], expect: {{at: 0}}",
         ["CL506 comand_line: Process has no field `comand_line` / did you mean `command_line`?",
          "CL506 NewProcessName: Process has no field `NewProcessName` / did you mean `image_path`?"]),
        (f"events: [{{{EVENT}, each: {{comand_line: [x, y], pid: [1, b]}}}}], expect: {{at: 0}}",
         ["CL506 comand_line: Process has no field `comand_line` / did you mean `command_line`?",
          "CL507 b: 'b' is not an integer"]),
        (f"events: [{{{EVENT}, repeat: 50, pid: '4'}}], expect: {{at: 0}}", ["CL507 '4': '4' is not an integer"]),
        (f"events: [{{{EVENT}, time: noon}}], expect: {{at: 0}}", ["CL507 noon: 'noon' is not a time"]),
        (f"events: [{{{EVENT}, exe: true}}], expect: {{at: 0}}", ["CL507 true: true is not a base name"]),
        ("expect: {att: 0}", ["CL506 att: the program has no output `att` / did you mean `at`?"]),
        ("expect: {at: [{tme: 2020-01-01}, {exe: a}]}",
         ["CL506 tme: the output has no column `tme` / did you mean `time`?"]),
        ("expect: {at: [{pid: '4'}, {time: noon}, {exe: [a]}, {exe: 1, user: null}]}",
         ["CL507 '4': '4' is not an integer", "CL507 noon: 'noon' is not a time",
          "CL507 [a]: ['a'] is not a base name"]),
        ("expect: {at: [{each: {exe: [a, {b: 1}]}}]}", ["CL507 {b: 1}: {'b': 1} is not a base name"]),
        ("expect: {at: [{record_ids: [a, b]}, {record_ids: a}]}", ["CL507 a: 'a' is not a list of record id"]),
        ("now: noon, expect: {at: 0}", ["CL507 noon: 'noon' is not a time"]),
        ("params: {host: a}, expect: {at: 0}", ["CL506 host: the program has no input `host`"]),
        (f"now: 2020-01-01, events: [{{{EVENT}, PID: 4, parent_exe: null}}], expect: {{at: []}}", []),
    ],
)  # fmt: skip
def test_what_a_test_names_is_there_and_what_it_says_fits(test: str, expected: list[str]) -> None:
    carried = analytic(test)
    assert told(carried) == expected
    assert run_tests(carried).passed == (not expected)
    assert [each.code.name for each in carlang.check(carried.data.sources[0].document)] == [e[:5] for e in expected]


def test_a_test_gives_the_inputs_of_the_program_their_values() -> None:
    program = "input least\nat = search Process:Create where (pid > least)\noutput at\n"
    assert told(analytic("expect: {at: 0}", program)) == [
        "CL506 {name: t, expect: {at: 0}}: the program needs a value for `least`"
    ]
    assert told(analytic("params: {leest: 1}, expect: {at: 0}", program)) == [
        "CL506 {leest: 1}: the program needs a value for `least`",
        "CL506 leest: the program has no input `leest` / did you mean `least`?",
    ]
    # What stands there already is not what was meant.
    assert told(analytic("params: {least: many, leest: 1}, expect: {at: 0}", program)) == [
        "CL507 many: 'many' is not an integer",
        "CL506 leest: the program has no input `leest`",
    ]
    assert told(analytic("params: {least: 4}, expect: {at: 0}", program)) == []


def test_columns_are_those_of_the_output_groups_and_joins_included() -> None:
    program = (
        "p = search Process:Create\nq = p\nj = join (p, q) where (p.pid == q.ppid)\ng = group p by user\noutput j, g\n"
    )
    right = "expect: {j: [{p.exe: a, q.time: 2020-01-01, q.record_ids: [a]}], g: [{user: a, last_time: 2020-01-01}]}"
    assert told(analytic(right, program)) == []
    wrong = "expect: {j: [{exe: a}], g: [{exe: a, count: many}]}"
    assert [fault.split(": ")[0] for fault in told(analytic(wrong, program))] == [
        "CL506 exe",
        "CL506 exe",
        "CL507 many",
    ]


def test_a_program_with_errors_hides_no_fault_of_an_event() -> None:
    faulty = analytic("events: [{object: proces}], expect: {nothing: 1}", "at = search Proces\noutput at\n")
    assert [fault.split()[0] for fault in told(faulty)] == ["CL203", "CL506"]


def test_tests_beside_an_analytic_are_read_as_strictly_and_a_log_has_to_be_there(tmp_path: Path) -> None:
    (tmp_path / "a.car").write_text("search Process:Create | filter pid > 4\n", encoding="utf-8")
    (tmp_path / "a.tests.yaml").write_text("- {name: t, log: not.json, expect: {rows: 0}}\n", encoding="utf-8")
    faults = [d for d in checked(load(tmp_path / "a.car")) if d.code.name.startswith("CL5")]
    assert [(d.code.name, Path(d.location.file).name, d.location.column) for d in faults] == [
        ("CL506", "a.tests.yaml", 18),
        ("CL506", "a.tests.yaml", 37),
    ]


def test_a_faulty_test_stops_no_run() -> None:
    carried = carlang.load_text(
        analytic("events: [{object: proces}], expect: {at: 0}").data.sources[0].document, "T-1.car"
    )
    assert [each.code.name for each in carried.check()] == ["CL506"]
    assert carried.run()["at"].count == 0
