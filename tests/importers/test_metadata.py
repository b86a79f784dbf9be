"""Faults of an analytic file around its program are told with their place, and cost no more than they must."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from carlang.diagnostics import Diagnostic
from carlang.importers import AnalyticFile, Implementation, TruePositive, UnitTest, facts, load_file, load_text
from carlang.levels import Level


def told(analytic: AnalyticFile) -> list[str]:
    return [told_one(diagnostic) for diagnostic in analytic.diagnostics]


def told_one(diagnostic: Diagnostic) -> str:
    place = diagnostic.location
    return f"{diagnostic.code.name} {place.line}:{place.column}-{place.end_column} {diagnostic.message}"


def front(matter: str) -> AnalyticFile:
    return load_text(f"---\n{matter}\n---\noutput a\n", "x.car")


@pytest.mark.parametrize(
    ("matter", "expected"),
    [
        ("id: a b", "CL503 2:5-8 `a b` is not of the form CAR-2013-05-004, without blanks"),
        ("id: [a]", "CL503 2:5-8 expected a text"),
        ("titel: a", "CL502 2:1-6 unknown key `titel`"),
        ("submission_date: 2013-13-01", "CL503 2:18-28 there is no such day: month must be in 1..12"),
        ("submission_date: yesterday", "CL503 2:18-27 a date is written 2013-05-13"),
        ("platforms: {a: 1}", "CL503 2:12-18 expected a list"),
        ("platforms: [1]", "CL503 2:13-14 expected a text"),
        ("coverage: T1053", "CL503 2:11-16 expected a list"),
        ("coverage: [T1053]", "CL503 2:12-17 expected keys and values"),
        ("coverage: [{technique: 1053}]", "CL503 2:24-28 expected a text"),
        ("coverage: [{technique: T1053.02}]", "CL503 2:24-32 `T1053.02` is not of the form T1053 or T1053.002"),
        ("coverage: [{technique: T1053, subtechniques: [T1053.002, T1003.001]}]",
         "CL503 2:58-67 `T1003.001` is a sub-technique of `T1003`, not of `T1053`"),
        ("coverage: [{technique: T1053.002, subtechniques: [T1003.001]}]",
         "CL503 2:51-60 `T1003.001` is a sub-technique of `T1003`, not of `T1053`"),
        ("coverage: [{technique: T1053, level: 3}]", "CL502 2:31-36 unknown key `level`"),
        ("coverage: [{}]", "CL503 2:12-14 the key `technique` is missing"),
        ("coverage: [{technique: T1053, coverage: some}]",
         "CL503 2:41-45 there is no coverage `some`; it is Low, Moderate or High"),
        ("update_date: 5", "CL503 2:14-15 a date is written 2013-05-13"),
        ("information_domain: [Host, Hots]",
         "CL503 2:28-32 there is no information domain `Hots`; it is Analytic, External, Host or Network"),
        ("subtypes: {a: b}", "CL503 2:11-17 expected a list"),
        ("data_model_references: [process exe]",
         "CL503 2:25-36 `process exe` is not of the form process/create/exe"),
        ("d3fend_mappings: [{id: PSA, iri: 'd3f:ProcessSpawnAnalysis', label: Process Spawn Analysis}]",
         "CL503 2:24-27 `PSA` is not of the form D3-PSA"),
        ("d3fend_mappings: [{id: D3-PSA, iri: 'd3f:ProcessSpawnAnalysis', label: Process Lineage}]",
         "CL503 2:19-88 `Process Lineage` is not the label of `d3f:ProcessSpawnAnalysis`"),
        ("d3fend_mappings: [{id: D3-PSA, iri: 'd3f:A'}]", "CL503 2:19-45 the key `label` is missing"),
        ("unit_tests: [{description: a, tests: [b]}]", "CL503 2:39-40 the analytic has no test `b`"),
        ("unit_tests: [{descripton: a}]", "CL502 2:15-25 unknown key `descripton`"),
        ("unit_tests: a", "CL503 2:13-14 expected a list"),
        ("true_positives: [{full_event: a.json}]", "CL503 2:18-38 the key `source` is missing"),
        ("implementations: [{type: Splunk, name: 1}]", "CL503 2:40-41 expected a text"),
        ("level: hihg", "CL503 2:8-12 there is no level `hihg`; it is informational, low, medium, high or critical"),
        ("level: 3", "CL503 2:8-9 there is no level `3`; it is informational, low, medium, high or critical"),
        ("levels: {found: urgent}",
         "CL503 2:17-23 there is no level `urgent`; it is informational, low, medium, high or critical"),
        ("levels: low", "CL503 2:9-12 expected outputs and their levels"),
        ("levl: low", "CL502 2:1-5 unknown key `levl`"),
        ("author: [a]", "CL503 2:9-12 expected a text"),
        ("false_positives: backups", "CL503 2:18-25 expected a list"),
        ("false_positives: ['']", "CL503 2:19-21 expected a text that says why"),
        ("changes: {platforms: ' '}", "CL503 2:22-25 expected a text that says why"),
        ("changes: {platform: for Linux too}", "CL502 2:11-19 unknown key `platform`"),
        ("changes: [platforms]", "CL503 2:10-21 expected keys and values"),
        ("tests: [{name: a}]", "CL503 2:9-18 the key `expect` is missing"),
        ("tests: [{name: a, expect: {x: many}}]",
         "CL503 2:31-35 expected rows, `[{exe: at.exe}]`, their number, or `{at_least: 1}`"),
        ("tests: [{name: a, expect: {x: {at_least: 0}}}]",
         "CL503 2:31-44 `at_least` is a number of rows, 1 or more: a test for fewer would hold of whatever is found"),
        ("tests: [{name: a, expect: {x: -1}}]", "CL503 2:31-33 a number of rows is not negative"),
        ("tests: [{name: a, expect: {x: [1]}}]",
         "CL503 2:32-33 each row is a mapping of fields to values, `{exe: at.exe}`"),
        ("tests: [{name: a, log: f, events: [{exe: a}], expect: {}}]",
         "CL503 2:9-58 a test has either `events` or a `log`"),
        ("tests: [{name: a, events: [b], expect: {}}]", "CL503 2:28-29 expected keys and values"),
        ("tests: [{name: a, events: [[{}, [b]]], expect: {}}]", "CL503 2:34-35 expected keys and values"),
        ("tests: [{name: a, events: [{each: exe}], expect: {}}]",
         "CL503 2:35-38 `each` has fields with lists of their values, `{exe: [at.exe, reg.exe]}`"),
        ("tests: [{name: a, events: [{each: {}}], expect: {}}]",
         "CL503 2:35-37 `each` has fields with lists of their values, `{exe: [at.exe, reg.exe]}`"),
        ("tests: [{name: a, events: [{each: {exe: at.exe}}], expect: {}}]",
         "CL503 2:41-47 `each` has a list of values for `exe`"),
        ("tests: [{name: a, events: [{each: {exe: []}}], expect: {}}]",
         "CL503 2:41-43 `each` has a list of values for `exe`"),
        ("tests: [{name: a, events: [{exe: b, each: {exe: [c]}}], expect: {}}]",
         "CL503 2:49-52 `exe` has a value beside `each` already"),
        ("tests: [{name: a, events: [{each: {exe: [b, c], pid: [1]}}], expect: {}}]",
         "CL503 2:54-57 `pid` has 1 values, and `exe` 2"),
        ("tests: [{name: a, events: [{repeat: 0}], expect: {}}]",
         "CL503 2:37-38 `repeat` is how many there are, 1 to 10,000"),
        ("tests: [{name: a, events: [{repeat: true}], expect: {}}]",
         "CL503 2:37-41 `repeat` is how many there are, 1 to 10,000"),
        ("tests: [{name: a, events: [{repeat: 9999}, {repeat: 2}], expect: {}}]",
         "CL503 2:44-55 more than 10,000 events"),
        ("tests: [{name: a, events: [{repeat: 2, time: noon}], expect: {}}]",
         "CL503 2:46-50 a time that others follow is written 2020-01-01T00:00:00Z"),
        ("tests: [{name: a, expect: {x: [{each: [b]}]}}]",
         "CL503 2:39-42 `each` has fields with lists of their values, `{exe: [at.exe, reg.exe]}`"),
        ("tests: [{name: a, expect: {}, event: []}]", "CL502 2:31-36 unknown key `event`"),
        ("equivalent_mutants: [{part: a, change: dropped}]", "CL503 2:22-48 the key `reason` is missing"),
        ("equivalent_mutants: [{part: a, change: b, reason: ''}]", "CL503 2:51-53 expected a text that says why"),
        ("equivalent_mutants: [{part: a, chang: b, change: c, reason: d}]", "CL502 2:32-37 unknown key `chang`"),
        ("equivalent_mutants: none", "CL503 2:21-25 expected a list"),
        ("- a", "CL503 2:1-4 expected keys and values"),
        ("id: a\nid: b", "CL501 3:1-3 the key `id` stands here twice"),
    ],
)  # fmt: skip
def test_a_fault_in_the_front_matter_is_told_with_its_place(matter: str, expected: str) -> None:
    analytic = front(matter)
    assert told(analytic) == [expected]
    assert [source.text for source in analytic.sources] == ["output a\n"]


def test_an_unknown_key_gets_a_suggestion() -> None:
    (diagnostic,) = front("titel: a").diagnostics
    assert diagnostic.label == "did you mean `title`?"
    assert diagnostic.repair
    assert [edit.text for edit in diagnostic.repair.edits] == ["title"]


def test_a_bad_value_costs_its_own_key_only() -> None:
    analytic = front("id: a\nplatforms: 3\ncoverage:\n  - {technique: x}\n  - {technique: T1053}")
    assert len(analytic.diagnostics) == 2
    assert (analytic.id, analytic.platforms, analytic.techniques) == ("a", (), ("T1053",))


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ("{technique: T1003.001}", [("T1003", ("T1003.001",))]),
        ("{technique: T1003.001, subtechniques: [T1003.002, T1003.001]}", [("T1003", ("T1003.001", "T1003.002"))]),
        ("{technique: T1003}, {technique: T1003.001}", [("T1003", ()), ("T1003", ("T1003.001",))]),
        ("{technique: T1053, subtechniques: [T1003.001, T1053.002]}", [("T1053", ("T1053.002",))]),
    ],
)
def test_a_subtechnique_in_the_place_of_a_technique_stands_for_both(
    entries: str, expected: list[tuple[str, tuple[str, ...]]]
) -> None:
    coverage = front(f"coverage: [{entries}]").coverage
    assert [(entry.technique, entry.subtechniques) for entry in coverage] == expected


@pytest.mark.parametrize(
    ("subtechniques", "repair"), [("T1003.001, T1003.002", "T1003"), ("T1003.001, T1053.002", None)]
)
def test_a_technique_is_repaired_where_all_below_it_are_of_another(subtechniques: str, repair: str | None) -> None:
    analytic = front(f"coverage: [{{technique: T1053, subtechniques: [{subtechniques}]}}]")
    edits = [edit for d in analytic.diagnostics if d.repair for edit in d.repair.edits]
    assert {edit.text for edit in edits} == ({repair} if repair else set())
    assert {(edit.span.start, edit.span.end) for edit in edits} == ({(27, 32)} if repair else set())
    assert all(d.help for d in analytic.diagnostics)


def test_one_text_may_stand_for_a_list() -> None:
    assert front("platforms: Windows, Linux").platforms == ("Windows", "Linux")


def test_broken_yaml_leaves_the_program() -> None:
    analytic = front("id: [")
    assert [line.split(" not YAML")[0] for line in told(analytic)] == ["CL501 3:1-1"]
    assert analytic.id == "x"
    assert [source.position(0) for source in analytic.sources] == [(4, 1)]


def test_front_matter_that_is_never_closed_is_told() -> None:
    analytic = load_text("---\nid: a\noutput a\n", "x.car")
    assert told(analytic) == ["CL501 1:1-4 the front matter is never closed"]
    assert analytic.sources == ()


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("x.md", "# Title\n\n```\noutput a\n```\n", "CL002 1:1-1 no code fence stands under a heading `Pseudocode`"),
        ("x.yaml", "title: a\n", "CL002 1:1-1 the analytic has no implementations"),
        (
            "x.yaml",
            "title: a\nimplementations:\n  - {type: splunk, code: x}\n",
            "CL002 2:1-16 none of the implementations is in pseudocode",
        ),
        ("x.yaml", "a: [", "CL501 1:5-5 not YAML: expected the node content, but found '<stream end>'"),
    ],
)
def test_a_document_without_a_program_is_told(name: str, text: str, expected: str) -> None:
    analytic = load_text(text, name)
    assert told(analytic) == [expected]
    assert analytic.sources == ()


def test_a_yaml_document_that_is_no_mapping_is_told() -> None:
    assert [line.split(" ")[0] for line in told(load_text("- 1\n", "x.yaml"))] == ["CL002", "CL503"]


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    missing = tmp_path / "none.car"
    assert told(load_file(missing)) == [f"CL001 1:1-1 `{missing}` cannot be read: No such file or directory"]
    assert told(load_file(tmp_path)) == [f"CL001 1:1-1 `{tmp_path}` cannot be read: Is a directory"]
    assert load_file(missing).id == "none"


def test_a_file_that_is_not_utf8_is_told_with_the_place(tmp_path: Path) -> None:
    file = tmp_path / "x.car"
    file.write_bytes(b"output a\r\n# \xe9t\xe9\r\n")
    assert told(load_file(file)) == [f"CL003 2:3-4 `{file}` is not UTF-8 text"]


def test_a_car_id_that_differs_from_the_files_is_a_warning() -> None:
    analytic = load_text("---\nid: CAR-2013-05-005\n---\noutput a\n", "CAR-2013-05-004.car")
    assert told(analytic) == ["CL504 2:5-20 the id `CAR-2013-05-005` differs from the file's name `CAR-2013-05-004`"]
    assert load_text("---\nid: CAR-2013-05-005\n---\noutput a\n", "at.car").diagnostics == ()


def test_tests_are_data_with_places() -> None:
    analytic = front(
        "tests:\n  - name: one\n    now: 2020-01-01T00:00:00Z\n    params: {host: A}\n"
        "    events:\n      - {object: process, exe: no, pid: 4}\n    expect: {at: [{exe: no}], b: 2}"
    )
    assert analytic.diagnostics == ()
    (case,) = analytic.tests
    assert (case.name, case.log, case.now, case.params) == ("one", None, "2020-01-01T00:00:00Z", {"host": "A"})
    assert case.events == ({"object": "process", "exe": "no", "pid": 4},)
    assert case.expect == {"at": ({"exe": "no"},), "b": 2}
    span = case.span("events", 0, "exe", at_key=True)
    assert case.origin
    assert span
    assert case.origin.source.text[span.start : span.end] == "exe"
    assert case.origin.source.position(span.start) == (7, 27)


def test_events_and_rows_written_once_stand_for_several() -> None:
    analytic = front(
        "tests:\n- name: one\n  events: &common\n"
        "  - {object: file, time: 2020-01-01T00:00:59Z, each: {exe: [a, 2], pid: [1, 2]}, command_line: '{exe} {x}'}\n"
        "  - {user: u, repeat: 2, time: 2020-01-01T00:00:00+01:00}\n"
        "  expect: {at: [{each: {exe: [a, '2']}}, {repeat: 2, user: u}], b: 2}\n"
        "- name: two\n  events:\n  - *common\n"
        "  - {repeat: 2, each: {time: [2020-01-01, 2021-01-01T01:02:03Z]}, extra: {a: '{time}'}}\n"
        "  - {exe: 'x{$n}', each: {$n: [a, b]}}\n  expect: {}"
    )
    assert analytic.diagnostics == ()
    one, two = analytic.tests
    assert one.events == (
        {"object": "file", "time": "2020-01-01T00:00:59Z", "command_line": "a {x}", "exe": "a", "pid": 1},
        {"object": "file", "time": "2020-01-01T00:01:00+00:00", "command_line": "2 {x}", "exe": 2, "pid": 2},
        {"user": "u", "time": "2020-01-01T00:00:00+01:00"},
        {"user": "u", "time": "2020-01-01T00:00:01+01:00"},
    )
    assert one.expect == {"at": ({"exe": "a"}, {"exe": "2"}, {"user": "u"}, {"user": "u"}), "b": 2}
    assert two.events == (
        *one.events,
        {"extra": {"a": "2020-01-01"}, "time": "2020-01-01"},
        {"extra": {"a": "2020-01-01"}, "time": "2020-01-01T00:00:01+00:00"},
        {"extra": {"a": "2021-01-01T01:02:03Z"}, "time": "2021-01-01T01:02:03Z"},
        {"extra": {"a": "2021-01-01T01:02:03Z"}, "time": "2021-01-01T01:02:04+00:00"},
        {"exe": "xa"},
        {"exe": "xb"},
    )
    assert one.origin
    places = {("events", 1, "exe"): "2", ("events", 1, "object"): "file", ("events", 3, "user"): "u"}
    for path, text in places.items():
        span = one.span(*path)
        assert span
        assert one.origin.source.text[span.start : span.end] == text


def test_tests_may_stand_in_a_file_beside(tmp_path: Path) -> None:
    file = tmp_path / "a.car"
    file.write_text("---\ntests: [{name: inside, expect: {}}]\n---\noutput a\n", encoding="utf-8")
    beside = tmp_path / "a.tests.yaml"
    beside.write_text("- {name: beside, log: x.evtx, expect: {a: 1}}\n- {nam: b, expect: {}}\n", encoding="utf-8")
    analytic = load_file(file)
    assert [case.name for case in analytic.tests] == ["inside", "beside"]
    assert told(analytic) == ["CL502 2:4-7 unknown key `nam`", "CL503 2:3-23 the key `name` is missing"]
    assert {d.location.file for d in analytic.diagnostics} == {str(beside)}
    beside.write_text("tests: [{name: keyed, expect: {}}]\n", encoding="utf-8")
    assert [case.name for case in load_file(file).tests] == ["inside", "keyed"]
    beside.write_text("tests: [", encoding="utf-8")
    assert [d.code.name for d in load_file(file).diagnostics] == ["CL501"]
    beside.write_bytes(b"\xff")
    assert [d.code.name for d in load_file(file).diagnostics] == ["CL003"]


def test_levels_author_and_tags_are_read_and_shown() -> None:
    analytic = front("level: High\nlevels: {a: low}\nauthor: An Analyst\ntags: lab, windows")
    assert analytic.diagnostics == ()
    assert (analytic.level_of("a"), analytic.level_of("b")) == (Level.LOW, Level.HIGH)
    shown = facts(analytic)
    assert (shown["level"], shown["levels"]) == ("high", {"a": "low"})
    assert (shown["author"], shown["tags"]) == ("An Analyst", ["lab", "windows"])
    assert front("title: a").level_of("a") is None


def test_what_car_says_beside_coverage_is_read() -> None:
    analytic = front(
        "update_date: 2022/02/03\ninformation_domain: 'host, Network'\nsubtypes: Process\n"
        "data_model_references: [process/create/exe]\n"
        "d3fend_mappings: [{id: D3-PSA, iri: 'd3f:ProcessSpawnAnalysis', label: Process Spawn Analysis}]\n"
        "unit_tests: [{description: a run, commands: [x], configurations: [Windows 7], tests: one}]\n"
        "true_positives: [{source: Sysmon, full_event: a.json}]\n"
        "implementations: [{type: splunk, name: Search, code: index=x}, {type: Pseudocode, code: output a}]\n"
        "false_positives: [Backups start it every night.]\nchanges: {platforms: Linux is ours.}\n"
        "tests: [{name: one, expect: {a: 0}}]"
    )
    assert analytic.diagnostics == ()
    assert (analytic.update_date, analytic.information_domain) == (date(2022, 2, 3), ("Host", "Network"))
    assert (analytic.subtypes, analytic.data_model_references) == (("Process",), ("process/create/exe",))
    assert [mapping.id for mapping in analytic.d3fend_mappings] == ["D3-PSA"]
    assert analytic.unit_tests == (UnitTest("a run", ("Windows 7",), ("x",), ("one",)),)
    assert analytic.true_positives == (TruePositive("Sysmon", full_event="a.json"),)
    assert analytic.implementations == (Implementation("Splunk", "Search"),), "pseudocode is no other language"
    assert analytic.false_positives == ("Backups start it every night.",)
    assert analytic.changes == {"platforms": "Linux is ours."}
