"""Recordings of Sigma rules as their tests: how they are found, run, imported, and what is said of faulty ones."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import yaml

from carlang.importers import AtLeast, RecordingFolder, load_file, with_recordings
from tests.cli.commands import carlang
from tests.ingesting import sysmon_create, write_lines

ID = "0f9d1f6c-5c7b-4c43-9d7e-3f2a1c5b7e01"
OTHER = "1f9d1f6c-5c7b-4c43-9d7e-3f2a1c5b7e02"
SAMPLE = f"regression_data/rules/at/{ID}.json"
RULE = f"""\
title: Execution with AT
id: {ID}
logsource: {{category: process_creation, product: windows}}
detection:
    selection:
        Image|endswith: '\\at.exe'
    condition: selection
regression_tests_path: regression_data/rules/at/info.yml
"""
TESTED = {"name": "Positive", "type": "json", "path": SAMPLE}


@pytest.fixture
def rule(tmp_path: Path) -> Path:
    """A rule in a repository laid out as SigmaHQ's, with a recording in which it finds two of three events."""
    file = tmp_path / "rules" / "windows" / "at.yml"
    file.parent.mkdir(parents=True)
    file.write_text(RULE, encoding="utf-8")
    records = [sysmon_create(1), sysmon_create(2), sysmon_create(3, Image="C:\\cat.exe")]
    write_info(tmp_path, TESTED)
    write_lines(tmp_path / SAMPLE, records)
    return file


def write_info(repository: Path, *tests: object, rule: str = ID) -> Path:
    """Write the file of a rule's regression tests."""
    file = repository / "regression_data" / "rules" / "at" / "info.yml"
    file.parent.mkdir(parents=True, exist_ok=True)
    info = {"rule_metadata": [{"id": rule, "title": "T"}], "regression_tests_info": list(tests)}
    file.write_text(yaml.safe_dump(info, sort_keys=False), encoding="utf-8")
    return file


def test_a_rule_names_its_recordings_from_a_folder_above(rule: Path, tmp_path: Path) -> None:
    (case,) = with_recordings(load_file(rule)).tests
    assert (case.name, case.log, case.expect) == ("Positive (json)", str(tmp_path / SAMPLE), {"hits": AtLeast(1)})
    done = carlang("test", rule)
    assert (done.status, done.out) == (0, "1 analytic, 1 test: 1 passed, 0 failed\n")
    assert load_file(rule).tests == (), "whoever runs rules reads no recordings"


@pytest.mark.parametrize(("count", "passes"), [(None, True), (1, True), (2, True), (3, False), (0, False)], ids=str)
def test_match_count_is_the_least_and_0_means_nothing(
    rule: Path, tmp_path: Path, count: int | None, *, passes: bool
) -> None:
    write_info(tmp_path, TESTED if count is None else TESTED | {"match_count": count})
    done = carlang("test", rule)
    assert done.status == (0 if passes else 1)
    assert passes or (f"{'at least 3' if count else 0} rows expected, 2 found" in done.out)


def test_a_folder_has_recordings_by_the_ids_of_rules(rule: Path, tmp_path: Path) -> None:
    folder = tmp_path / "recordings"
    (folder / "deep").mkdir(parents=True)
    write_lines(folder / "deep" / f"{ID.upper()}.ndjson", [sysmon_create()])
    write_lines(folder / f"{OTHER}.ndjson", [sysmon_create()])
    (case,) = with_recordings(load_file(rule), RecordingFolder.of(folder)).tests
    assert case.log == str(folder / "deep" / f"{ID.upper()}.ndjson")
    assert carlang("test", rule, "--recordings", folder).status == 0
    (folder / "deep" / f"{ID.upper()}.ndjson").unlink()
    (named,) = with_recordings(load_file(rule), RecordingFolder.of(folder)).tests
    assert named.name == "Positive (json)", "the rule's own, where the folder has none"


def test_an_info_beside_a_recording_of_the_folder_says_which_count(rule: Path, tmp_path: Path) -> None:
    write_info(tmp_path, TESTED | {"match_count": 2})
    folder = RecordingFolder.of(tmp_path / "regression_data")
    assert [case.expect for case in with_recordings(load_file(rule), folder).tests] == [{"hits": AtLeast(2)}]
    write_info(tmp_path, TESTED, rule=OTHER)
    (case,) = with_recordings(load_file(rule), folder).tests
    assert case.name == f"Recording {ID}.json"


FAULTY = [
    ({**TESTED, "path": "nowhere.evtx"}, "CL506", 7, "there is no recording `nowhere.evtx`"),
    ({**TESTED, "match_count": "1"}, "CL507", 8, "expected a whole number"),
    ({**TESTED, "match_count": -1}, "CL507", 8, "greater than or equal to 0"),
    ({**TESTED, "type": "pcap"}, "CL507", 6, "'evtx'"),
    ({"name": "x", "type": "json"}, "CL507", 5, "`path` is missing"),
    ({**TESTED, "filters": ["f.yml"]}, "CL507", 9, "a filter changes what the rule means"),
    (5, "CL507", 5, "expected keys and values"),
]


@pytest.mark.parametrize(("test", "code", "line", "message"), FAULTY)
def test_faults_of_the_file_of_tests_stand_at_their_places(
    rule: Path, tmp_path: Path, test: object, code: str, line: int, message: str
) -> None:
    info = write_info(tmp_path, test)
    analytic = with_recordings(load_file(rule))
    (fault,) = analytic.diagnostics
    assert (fault.code.name, fault.location.file, analytic.tests) == (code, str(info), ())
    assert (message in fault.message, fault.location.line) == (True, line)


def test_recordings_of_another_rule_are_none_of_this_one(rule: Path, tmp_path: Path) -> None:
    write_info(tmp_path, TESTED, rule=OTHER)
    (fault,) = with_recordings(load_file(rule)).diagnostics
    assert (fault.code.name, fault.message) == (
        "CL507",
        f"these are the tests of the rule `{OTHER}`, and not of `{ID}`",
    )
    other = write_lines(tmp_path / SAMPLE.replace(ID, OTHER), [sysmon_create()])
    write_info(tmp_path, TESTED | {"path": SAMPLE.replace(ID, OTHER)})
    (fault,) = with_recordings(load_file(rule)).diagnostics
    assert fault.message == f"`{other.name}` is called by the id of another rule"


@pytest.mark.parametrize("named", ["nowhere/info.yml", "''", "[a]", "'\\0'"])
def test_a_file_of_tests_that_is_not_there_is_said_at_the_rule(rule: Path, named: str) -> None:
    rule.write_text(RULE.replace("regression_data/rules/at/info.yml", named), encoding="utf-8")
    (fault,) = with_recordings(load_file(rule)).diagnostics
    assert (fault.location.file, fault.location.line) == (str(rule), 8)
    done = carlang("test", rule, "--tested")
    assert (done.status, "at.yml:8" in done.out) == (1, True), "what is wrong with recordings is not left out"


@pytest.mark.parametrize(
    ("content", "said"),
    [("", "the file is empty"), ("hello\n", "not valid JSON"), (json.dumps(sysmon_create()) + "\n{", "not valid JSON")],
)
def test_a_damaged_recording_fails_though_something_is_found_in_it(
    rule: Path, tmp_path: Path, content: str, said: str
) -> None:
    (tmp_path / SAMPLE).write_text(content, encoding="utf-8")
    done = carlang("test", rule, "--format", "junit")
    assert done.status == 1
    failure = ET.fromstring(done.out).find(".//failure")  # noqa: S314  # written by this very test
    assert failure is not None
    assert said in str(failure.text)
    assert str(failure.text).count(SAMPLE) == 1


def test_rules_without_tests_are_not_right_unless_they_are_left_out(rule: Path) -> None:
    beside = rule.with_name("bare.yml")
    beside.write_text(RULE.replace(ID, OTHER).partition("regression_tests_path")[0], encoding="utf-8")
    assert carlang("test", rule.parent, "--jobs", "1").status == 1
    done = carlang("test", rule.parent, "--tested")
    assert (done.status, done.err) == (0, "left out, as they carry no tests: 1 analytic\n")
    assert carlang("test", beside, "--tested").status == 2


def test_a_survivor_is_told_with_its_line_of_the_rule_or_of_its_car_file(rule: Path, tmp_path: Path) -> None:
    done = carlang("test", rule, "--mutate")
    assert (done.status, f"SURVIVED {rule}:6:9: made `contains`" in done.out) == (1, True)
    assert carlang("import", rule, "--to", tmp_path / "ours").status == 0
    car = tmp_path / "ours" / f"{ID}.car"
    line = (
        car.read_text(encoding="utf-8").split("\n").index('hits = filter events where (image_path endswith "\\at.exe")')
    )
    assert f"SURVIVED {car}:{line + 1}:28: made `contains`" in carlang("test", car, "--mutate").out


def test_an_imported_rule_carries_its_tests(rule: Path, tmp_path: Path) -> None:
    beside = [
        {"name": "events", "events": [{"object": "process", "action": "create", "exe": "x "}], "expect": {"hits": []}},
        {"name": "log", "log": "../../" + SAMPLE, "expect": {"hits": 2}},
    ]
    rule.with_name("at.tests.yaml").write_text(yaml.safe_dump(beside), encoding="utf-8")
    done = carlang("import", rule, "--to", "ours", cwd=tmp_path)
    assert (done.status, done.out) == (0, f"ours/{ID}.car\n")
    tests = tmp_path / "ours" / f"{ID}.tests.yaml"
    written = yaml.safe_load(tests.read_text(encoding="utf-8"))["tests"]
    assert [each.get("log") for each in written] == [None, f"../{SAMPLE}", f"../{SAMPLE}"]
    assert written[0] == beside[0]
    assert carlang("test", tmp_path / "ours").out.endswith("3 passed, 0 failed\n")
    before = tests.read_bytes()
    again = carlang("import", rule, "--to", "ours", cwd=tmp_path)
    assert (again.status, again.err) == (0, "1 document: 0 written, 1 there already\n")
    tests.write_text("mine", encoding="utf-8")
    assert carlang("import", rule, "--to", "ours", cwd=tmp_path).status == 1
    assert tests.read_text(encoding="utf-8") == "mine"
    assert carlang("import", rule, "--to", "ours", "--force", cwd=tmp_path).status == 0
    assert tests.read_bytes() == before


def test_an_import_that_cannot_be_placed_leaves_nothing(rule: Path, tmp_path: Path) -> None:
    (tmp_path / "ours").write_text("a file", encoding="utf-8")
    done = carlang("import", rule, "--to", tmp_path / "ours")
    assert (done.status, "nothing was" in done.err) == (2, True)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["ours", "regression_data", "rules"]


def test_an_imported_rule_whose_recordings_are_faulty_says_so(rule: Path, tmp_path: Path) -> None:
    write_info(tmp_path, TESTED | {"path": "nowhere.evtx"})
    done = carlang("import", rule, "--to", tmp_path / "ours")
    assert (done.status, "there is no recording `nowhere.evtx`" in done.err) == (1, True)
    assert [each.name for each in (tmp_path / "ours").iterdir()] == [f"{ID}.car"]


@pytest.mark.parametrize("command", ["test", "explain", "compile"])
def test_rules_go_through_pipelines_in_every_command(rule: Path, tmp_path: Path, command: str) -> None:
    rule.write_text(RULE.replace("Image|", "Ours|"), encoding="utf-8")
    pipeline = tmp_path / "names.yml"
    names = {"id": "names", "type": "field_name_mapping", "mapping": {"Ours": "Image"}}
    pipeline.write_text(yaml.safe_dump({"name": "n", "priority": 1, "transformations": [names]}), encoding="utf-8")
    assert carlang(command, rule).status == 1
    assert carlang(command, rule, "--pipeline", pipeline).status == 0
    (tmp_path / "carlang.toml").write_text('[sigma]\npipelines = ["names.yml"]\n', encoding="utf-8")
    assert carlang(command, rule, cwd=tmp_path).status == 0
    assert carlang(command, rule, "--pipeline", tmp_path / "none.yml").status == 2
