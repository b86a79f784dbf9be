"""`carlang export`: to standard output and to folders, in dialects that are there and that are not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from carlang.cli import main

PROGRAM = """---
id: OUR-1
title: Ours
---
e = search Process:Create
a = filter e where (user == "adam")
b = filter e where (user == "eve")
output a, b
"""
GROUP = PROGRAM.replace('filter e where (user == "eve")', "group a by user")
TABLES = "name: ours\npriority: 1\ntransformations:\n- {id: t, type: set_state, key: table, val: ours}\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("ours.car").write_text(PROGRAM, encoding="utf-8")
    Path("group.car").write_text(GROUP.replace("OUR-1", "OUR-2"), encoding="utf-8")
    Path("tables.yml").write_text(TABLES, encoding="utf-8")
    return tmp_path


def export(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(["export", *arguments])
    assert isinstance(ended.value.code, int)
    return ended.value.code


def test_rules_of_several_outputs_are_documents_of_one_yaml(capsys: pytest.CaptureFixture[str]) -> None:
    assert export("ours.car") == 0
    first, second = yaml.safe_load_all(capsys.readouterr().out)
    assert (first["title"], second["title"]) == ("Ours: a, process_creation", "Ours: b, process_creation")
    assert first["id"] != second["id"]


def test_queries_are_lines_and_go_through_pipelines(capsys: pytest.CaptureFixture[str]) -> None:
    assert export("ours.car", "--to", "sqlite", "--pipeline", "tables.yml") == 0
    assert capsys.readouterr().out.split("\n") == [
        "SELECT * FROM ours WHERE User='adam' COLLATE NOCASE",
        "SELECT * FROM ours WHERE User='eve' COLLATE NOCASE",
        "",
    ]


def test_json_says_what_each_rule_and_query_is_of(capsys: pytest.CaptureFixture[str]) -> None:
    assert export("ours.car", "--format", "json") == 0
    rules = json.loads(capsys.readouterr().out)
    assert [(each["analytic"], each["output"], each["rule"]["title"]) for each in rules] == [
        ("OUR-1", "a", "Ours: a, process_creation"),
        ("OUR-1", "b", "Ours: b, process_creation"),
    ]
    assert export("ours.car", "--format", "json", "--to", "sqlite") == 0
    assert all("query" in each for each in json.loads(capsys.readouterr().out))


def test_what_is_refused_is_said_and_the_rest_is_written(capsys: pytest.CaptureFixture[str]) -> None:
    assert export("group.car", "--output", "rules") == 1
    written = capsys.readouterr()
    assert "CL605" in written.err
    assert [file.name for file in Path("rules").iterdir()] == ["OUR-2.a.process_creation.yml"]


def test_files_are_written_again_where_nothing_differs_and_over_others_by_force(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert export("ours.car", "--output", "rules") == 0
    assert export("ours.car", "--output", "rules") == 0
    assert "0 files written, 2 there already" in capsys.readouterr().err
    file = Path("rules", "OUR-1.a.process_creation.yml")
    file.write_text("other", encoding="utf-8")
    assert export("ours.car", "--output", "rules") == 1
    assert file.read_text(encoding="utf-8") == "other"
    assert export("ours.car", "--output", "rules", "--force") == 0
    assert file.read_text(encoding="utf-8").startswith("title: 'Ours")


@pytest.mark.parametrize("id_", ["OUR-1", "our-1"])  # names of one file on Windows and macOS
def test_analytics_that_would_be_one_file_are_named_and_none_is_written(
    id_: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("other.car").write_text(PROGRAM.replace("OUR-1", id_).replace("adam", "anna"), encoding="utf-8")
    assert export("ours.car", "other.car", "--output", "rules") == 1
    said = capsys.readouterr().err
    assert f"{id_}.a.process_creation.yml would be written of both ours.car and other.car" in said
    assert said.endswith("nothing was written\n")
    assert not Path("rules").exists()


USAGE = [
    (["ours.car", "--to", "splunk"], "has no backend `splunk` here"),
    (["ours.car", "--to", "sqlite", "--pipeline", "ours.car"], "the pipeline `ours.car` cannot be used"),
    (["ours.car", "--pipeline", "tables.yml"], "--pipeline: it is for a dialect"),
    (["ours.car", "--force"], "--force: name the folder"),
    (["ours.car", "--output", "rules", "--format", "json"], "--format"),
    (["ours.car", "--param", "x=1"], "`x` is not a parameter"),
    (["ours.car", "--output", "tables.yml"], "--output: tables.yml cannot be written"),
    ([], "name an analytic"),
]


@pytest.mark.parametrize(("arguments", "message"), USAGE, ids=[message for _, message in USAGE])
def test_what_cannot_be_meant_is_said(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert export(*arguments) == 2
    assert message in capsys.readouterr().err


def test_an_analytic_with_errors_has_no_rules(capsys: pytest.CaptureFixture[str]) -> None:
    assert export("-e", "search Process:Craete") == 1
    assert "CL204" in capsys.readouterr().err
