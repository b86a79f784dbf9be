"""Correlations over several files: whose rules they find, which rules have an output, what is read again."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

import carlang
from carlang.importers import RuleFiles, load_file
from carlang.project import Catalogue, Project, load_targets
from tests.cli.commands import carlang as command

RULE = """\
title: {name}
name: {name}
logsource: {{product: windows, service: security}}
detection:
    s: {{EventID: {code}}}
    condition: s
"""
MANY = """\
title: Many
id: 0f9d1f6c-5c7b-4c43-9d7e-3f2a1c5b7e01
name: many
correlation:
    type: event_count
    rules: [failed]
    group-by: [TargetUserName]
    timespan: 10m
    condition: {gte: 10}
level: high
"""
THEN = """\
title: Then
name: then
correlation:
    type: temporal_ordered
    rules: [0F9D1F6C-5c7b-4c43-9d7e-3f2a1c5b7e01, success]
    group-by: [TargetUserName]
    timespan: 10m
"""
FAILED, SUCCESS = RULE.format(name="failed", code=4625), RULE.format(name="success", code=4624)
FILES = {"many.yml": MANY, "then.yml": THEN, "failed.yml": FAILED, "success.yml": SUCCESS}


def write(folder: Path, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def shown(folder: Path) -> list[str]:
    """The titles of a folder's analytics, as commands take it."""
    return [file.title for file in load_targets(Project.find(folder), str(folder))]


def test_rules_of_correlations_are_found_in_other_files_and_have_no_output(tmp_path: Path) -> None:
    assert shown(write(tmp_path, FILES)) == ["Then"]
    (analytic,) = load_file(tmp_path / "then.yml").each
    assert analytic.diagnostics == ()
    assert "4625" in analytic.sources[0].text
    # A file that is named by itself is run, whatever else is in its folder.
    assert [each.title for each in load_file(tmp_path / "failed.yml").each] == ["failed"]


@pytest.mark.parametrize("key", ["    generate: true\n", "generate: true\n"])
def test_rules_of_correlations_that_generate_have_outputs(tmp_path: Path, key: str) -> None:
    files = FILES | {"many.yml": MANY.replace("    timespan", f"{key}    timespan") if key[0] == " " else MANY + key}
    assert shown(write(tmp_path, files)) == ["failed", "Then"]


def test_in_a_folder_rules_are_found_wherever_they_are_and_the_nearest_first(tmp_path: Path) -> None:
    other = FAILED.replace("4625", "529")
    files = {"a/then.yml": THEN, "b/many.yml": MANY, "b/failed.yml": FAILED, "c/success.yml": SUCCESS, "d/x.yml": other}
    write(tmp_path, files)
    analytic, other_rule = load_targets(Project.find(tmp_path), str(tmp_path))
    assert (analytic.title, Path(other_rule.file).name) == ("Then", "x.yml")
    assert "4625" in analytic.sources[0].text
    assert "529" not in analytic.sources[0].text
    # Alone, the file has the others of its folder.
    (fault,) = load_file(tmp_path / "a" / "then.yml").diagnostics
    assert (fault.code.name, fault.location.line) == ("CL606", 5)


def test_rules_in_json_and_indented_ones_are_found_too(tmp_path: Path) -> None:
    documents = {name: yaml.safe_load(text) for name, text in FILES.items()}
    shapes = {name: json.dumps(document) for name, document in documents.items()}
    shapes["failed.yml"] = textwrap.indent(FAILED.replace("name: failed", "name: 'failed' # by it"), "  ")
    assert shown(write(tmp_path, shapes)) == ["Then"]
    assert load_file(tmp_path / "then.yml").diagnostics == ()


def test_a_circle_over_files_is_said_of_each(tmp_path: Path) -> None:
    temporal = MANY.replace("event_count", "temporal").replace("gte: 10", "gte: 1")
    one, other = (temporal.replace("failed", name).replace("many", called) for name, called in [("b", "a"), ("a", "b")])
    write(tmp_path, {"a.yml": one, "b.yml": other.replace("7e01", "7e02")})
    faults = [fault for file in load_targets(Project.find(tmp_path), str(tmp_path)) for fault in file.diagnostics]
    assert [(fault.code.name, Path(fault.location.file).name) for fault in faults] == [
        ("CL606", "a.yml"),
        ("CL606", "b.yml"),
    ]


def test_what_is_changed_in_another_file_is_read_again(tmp_path: Path) -> None:
    write(tmp_path, FILES)
    before = load_file(tmp_path / "then.yml").sources[0].text
    write(tmp_path, {"failed.yml": FAILED.replace("4625", "529")})
    after = load_file(tmp_path / "then.yml").sources[0].text
    assert before.replace("4625", "529") == after
    write(tmp_path, {"success.yml": "detection: ["})
    (fault,) = load_file(tmp_path / "then.yml").diagnostics
    assert (fault.code.name, fault.location.line) == ("CL606", 5)


def test_what_is_kept_of_a_rule_does_not_depend_on_correlations_of_others(tmp_path: Path) -> None:
    write(tmp_path, FILES)
    files = RuleFiles(tuple(sorted(tmp_path.iterdir())))
    assert {Path(name).name: parts for name, parts in files.parts.items()} == {
        "failed.yml": {"failed"},
        "many.yml": {"0F9D1F6C-5c7b-4c43-9d7e-3f2a1c5b7e01"},
        "success.yml": {"success"},
    }


def test_a_catalogue_has_the_rules_that_have_an_output(tmp_path: Path) -> None:
    write(tmp_path, FILES | {"two.yml": f"{RULE.format(name='one', code=1)}---\n{RULE.format(name='two', code=2)}"})
    catalogue = Catalogue([tmp_path], shipped=False)
    assert catalogue.ids == ("one", "then", "two")
    found = catalogue.find("two")
    assert found is not None
    assert (found.title, len(found.sources)) == ("two", 1)
    assert catalogue.find("failed") is None


def test_of_several_rules_of_a_file_each_is_written_and_the_file_is_one_analytic(tmp_path: Path) -> None:
    write(tmp_path, {"two.yml": f"{RULE.format(name='one', code=1)}---\n{RULE.format(name='two', code=2)}"})
    assert list(carlang.load(tmp_path / "two.yml").sql()) == ["hits", "hits_2"]
    done = command("import", "two.yml", "--to", "out", cwd=tmp_path)
    assert (done.status, done.out) == (0, "out/one.car\nout/two.car\n")
    assert command("check", "two.yml", cwd=tmp_path).err.strip() == "2 programs checked: no faults"
    assert RuleFiles.beside(tmp_path / "nowhere" / "x.yml").sources == {}


def test_a_pipeline_maps_the_fields_of_a_correlation_too(tmp_path: Path) -> None:
    mapping = "mapping: {who: TargetUserName, what: EventID}"
    pipeline = f"name: ours\npriority: 1\ntransformations: [{{id: a, type: field_name_mapping, {mapping}}}]"
    files = {"many.yml": MANY.replace("TargetUserName", "who"), "failed.yml": FAILED.replace("EventID", "what")}
    write(tmp_path, files)
    (source,) = load_file(tmp_path / "many.yml", pipelines=(("ours.yml", pipeline),)).sources
    assert "failed.TargetUserName = event_data.TargetUserName" in source.text
    assert "event_code == 4625" in source.text
