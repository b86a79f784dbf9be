"""`carlang catalog` lists, shows and measures the catalogue."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from carlang.importers.attack import techniques
from carlang.project import shipped_catalogue
from tests.cli.commands import carlang, process_record, write_log

OURS = """\
---
id: OUR-1
title: Our own
platforms: [Windows]
coverage:
  - {technique: T1053, tactics: [TA0002]}
description: Finds flurbs.
data_model_references: [process/create/exe]
tests:
  - name: one
    events:
      - {object: process, action: create, exe: flurb.exe}
    expect: {found: 1}
---
p = search Process:Create
found = filter p where (exe == "flurb.exe")
output found
"""


@pytest.fixture
def ours(tmp_path: Path) -> Path:
    """A folder whose `carlang.toml` names a folder of analytics."""
    (tmp_path / "ours").mkdir()
    (tmp_path / "ours" / "one.car").write_text(OURS, encoding="utf-8")
    (tmp_path / "carlang.toml").write_text('[catalogue]\npath = ["ours"]\n', encoding="utf-8")
    return tmp_path


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store that holds starts of processes and nothing else."""
    folder = tmp_path_factory.mktemp("processes")
    log = write_log(folder / "log.ndjson", process_record(1), process_record(2, "cmd.exe"))
    assert carlang("ingest", log, "--store", folder / "events").status == 0
    return folder / "events"


@cache
def listed(*arguments: str | Path, cwd: Path | None = None) -> list[dict[str, Any]]:
    """Return the rows of `carlang catalog list` as JSON."""
    done = carlang("catalog", "list", *arguments, "--format", "json", cwd=cwd)
    assert done.status == 0
    rows: list[dict[str, Any]] = done.json()
    return rows


def ids(rows: list[dict[str, Any]]) -> list[str]:
    return [row["analytic"] for row in rows]


# ---- list ------------------------------------------------------------------------------------------------------------


def test_list_is_a_table_of_all_with_their_number_on_standard_error() -> None:
    done = carlang("catalog", "list")
    assert done.status == 0
    assert re.findall(r"^CAR-\S+", done.out, re.MULTILINE) == list(shipped_catalogue().ids)
    assert re.search(r"^CAR-2013-05-004 +Execution with AT +T1053\.002 +Execution", done.out, re.MULTILINE)
    assert done.err == "102 analytics\n"


def test_words_must_all_occur_in_any_case_in_text_program_or_technique_names() -> None:
    assert ids(listed("REGSVR32", "scrobj")) == ["CAR-2019-04-003"]
    assert "CAR-2013-05-004" in ids(listed("at.exe"))
    assert "CAR-2013-05-004" in ids(listed("t1053.002"))
    name = techniques()["T1546.008"].name
    assert "CAR-2014-11-003" in ids(listed(*name.lower().split()))
    assert "CAR-2013-05-004" in ids(listed("execution with at"))


def test_words_that_nothing_has_find_nothing_and_that_is_no_error() -> None:
    done = carlang("catalog", "list", "flurb")
    assert (done.status, done.err) == (0, "0 analytics\n")
    assert "CAR-" not in done.out


def test_a_technique_takes_its_sub_techniques_with_it_and_a_sub_technique_only_itself() -> None:
    every = {row["analytic"]: row["techniques"] for row in listed()}
    whole = ids(listed("--technique", "T1053"))
    assert whole == [id_ for id_, found in every.items() if any(t.split(".")[0] == "T1053" for t in found)]
    part = ids(listed("--technique", "T1053.002"))
    assert part == [id_ for id_, found in every.items() if "T1053.002" in found]
    assert "CAR-2013-05-004" in part
    assert set(part) < set(whole)


def test_a_tactic_and_filters_together_narrow_the_list() -> None:
    every = {row["analytic"]: row["tactics"] for row in listed()}
    tactic = ids(listed("--tactic", "TA0006"))
    assert tactic == [id_ for id_, found in every.items() if "TA0006" in found]
    both = ids(listed("--tactic", "TA0006", "--technique", "T1003", "mimikatz"))
    assert "CAR-2019-04-004" in both
    assert set(both) < set(tactic)


def test_techniques_and_tactics_are_known_in_any_case_and_tactics_by_name() -> None:
    assert listed("--technique", "t1053.002") == listed("--technique", "T1053.002")
    assert listed("--tactic", "ta0006") == listed("--tactic", "TA0006") == listed("--tactic", "credential access")
    assert carlang("catalog", "list", "--technique", "T1053.002", "at.exe", "execution with").err == "1 analytic\n"


@pytest.mark.parametrize(
    ("option", "given", "message"),
    [
        ("--technique", "T1O53", "--technique: ATT&CK has no technique 'T1O53'; did you mean '"),
        ("--technique", "flurb", "--technique: ATT&CK has no technique 'flurb'"),
        ("--tactic", "Executoin", "--tactic: ATT&CK has no tactic 'Executoin'; did you mean 'Execution'?"),
    ],
)
def test_an_unknown_technique_or_tactic_is_wrong_usage_not_an_empty_list(option: str, given: str, message: str) -> None:
    done = carlang("catalog", "list", option, given)
    assert (done.status, done.out) == (2, "")
    assert message in done.err


def test_a_row_of_json_says_what_there_is_to_know_of_an_analytic() -> None:
    (row,) = listed("at.exe", "schtasks.exe (CAR-2013-08-001)")
    assert row == {
        "analytic": "CAR-2013-05-004",
        "title": "Execution with AT",
        "level": "medium",
        "techniques": ["T1053.002"],
        "tactics": ["TA0002", "TA0003", "TA0004"],
        "platforms": ["Windows"],
        "tests": 5,
        "events": ["process/create"],
        "file": shipped_catalogue().find("CAR-2013-05-004").file,  # type: ignore[union-attr]  # it is there
    }


def test_with_a_store_it_says_what_can_run_there_and_why_the_rest_cannot(store: Path) -> None:
    rows = {row["analytic"]: row for row in listed("--store", store)}
    assert (rows["CAR-2013-05-004"]["runs"], rows["CAR-2013-05-004"]["reason"]) == (True, None)
    assert not rows["CAR-2013-10-002"]["runs"]
    assert rows["CAR-2013-10-002"]["reason"] == "the store holds no thread/remote_create events"
    assert rows["CAR-2016-04-002"]["runs"], "one of its outputs can run"
    table = carlang("catalog", "list", "--store", store, "--tactic", "TA0006")
    assert table.status == 0
    assert re.search(r"^CAR-2019-07-002 .* runs; ", table.out, re.MULTILINE)
    assert "procdump_access: blind" in " ".join(table.out.split())
    assert table.err.endswith(" of them can run\n")
    assert table.err.split()[0] == str(len(listed("--tactic", "TA0006")))


def test_a_users_own_analytics_are_in_the_list(ours: Path) -> None:
    rows = listed(cwd=ours)
    assert len(rows) == 103
    (row,) = listed("flurbs", cwd=ours)
    assert (row["analytic"], row["tests"], row["techniques"]) == ("OUR-1", 1, ["T1053"])


def test_an_analytic_with_errors_is_listed_as_one_that_cannot_run(ours: Path, store: Path) -> None:
    (ours / "ours" / "two.car").write_text("---\nid: OUR-2\n---\noutput nothing\n", encoding="utf-8")
    rows = {row["analytic"]: row for row in listed("--store", store, cwd=ours)}
    assert (rows["OUR-2"]["runs"], rows["OUR-2"]["reason"]) == (False, "it has errors")
    assert rows["OUR-1"]["runs"]


# ---- show ------------------------------------------------------------------------------------------------------------


def test_show_gives_description_program_techniques_references_and_tests() -> None:
    done = carlang("catalog", "show", "car-2014-03-005")
    analytic = shipped_catalogue().find("CAR-2014-03-005")
    assert analytic
    assert done.status == 0
    assert done.out.startswith(f"CAR-2014-03-005  {analytic.title}\n")
    shown = " ".join(done.out.split())
    assert " ".join(analytic.sources[0].text.split()) in shown
    for technique in analytic.techniques:
        assert f"{technique} {techniques()[technique].name}" in shown
    assert "asks for flow/start/hostname" in shown
    assert all(" ".join(case.name.split()) in shown for case in analytic.tests)
    assert all(reference in done.out for reference in analytic.references)
    first = re.findall(r"\w+", analytic.description)[:5]
    assert re.search(r"\W+".join(first), done.out)
    assert Path(analytic.file).name in shown


def test_in_a_pipe_an_entry_is_a_line_and_a_program_as_it_is_written() -> None:
    lines = carlang("catalog", "list", env={"COLUMNS": ""}).out.splitlines()
    analytics = list(shipped_catalogue().all())
    assert [line.split()[0] for line in lines] == ["analytic", *(analytic.id for analytic in analytics)]
    for analytic in analytics:
        if analytic.id in {"CAR-2019-04-002", "CAR-2013-05-004"}:
            shown = carlang("catalog", "show", analytic.id, env={"COLUMNS": ""}).out
            assert f"\n{analytic.sources[0].text.strip()}\n" in shown
            assert f"\n{analytic.description}\n" in shown


def test_show_takes_a_file_as_well(ours: Path) -> None:
    done = carlang("catalog", "show", ours / "ours" / "one.car")
    assert done.status == 0
    assert done.out.startswith("OUR-1  Our own\n")
    assert "Finds flurbs." in done.out


def test_show_of_an_unknown_id_names_the_nearest(tmp_path: Path) -> None:
    done = carlang("catalog", "show", "CAR-2013-05-04", cwd=tmp_path)
    assert (done.status, done.out) == (2, "")
    assert "did you mean `CAR-2013-05-004`?" in done.err


# ---- coverage --------------------------------------------------------------------------------------------------------


@cache
def covered(*arguments: str | Path, cwd: Path | None = None) -> dict[str, dict[str, Any]]:
    """Return the techniques of `carlang catalog coverage` as JSON, by id."""
    done = carlang("catalog", "coverage", *arguments, "--format", "json", cwd=cwd)
    assert done.status == 0
    return {row["technique"]: row for row in done.json()}


def test_coverage_lists_every_technique_with_its_analytics() -> None:
    found = covered()
    expected: dict[str, list[str]] = {}
    for analytic in shipped_catalogue().all():
        for technique in analytic.techniques:
            expected.setdefault(technique, []).append(analytic.id)
    assert {id_: row["analytics"] for id_, row in found.items()} == expected
    assert list(found) == sorted(found)
    assert found["T1053.002"]["name"] == "At"
    assert found["T1053.002"]["tactics"] == ["TA0002", "TA0003", "TA0004"]
    assert "runs" not in found["T1053.002"]


def test_coverage_is_a_table_with_the_number_of_techniques_on_standard_error(store: Path) -> None:
    done = carlang("catalog", "coverage", "--store", store)
    assert done.status == 0
    assert done.err == f"{len(covered())} techniques\n"
    assert "can run" in done.out.splitlines()[0]
    assert re.search(r"^T1053\.002 +At +Execution", done.out, re.MULTILINE)


def test_coverage_on_a_store_names_the_analytics_that_can_run(store: Path) -> None:
    runs = {row["analytic"] for row in listed("--store", store) if row["runs"]}
    for row in covered("--store", store).values():
        assert row["runs"] == [id_ for id_ in row["analytics"] if id_ in runs]
    assert covered("--store", store)["T1055.001"]["runs"] != covered()["T1055.001"]["analytics"]


def test_the_navigator_layer_scores_a_technique_by_the_share_of_hosts_that_answer(store: Path) -> None:
    done = carlang("catalog", "coverage", "--store", store, "--format", "navigator")
    assert (done.status, done.err) == (0, "")
    layer = done.json()
    assert layer["domain"] == "enterprise-attack"
    assert layer["versions"].keys() == {"attack", "navigator", "layer"}
    assert isinstance(layer["name"], str)
    expected = covered("--store", store)
    assert [t["techniqueID"] for t in layer["techniques"]] == list(expected)
    for entry in layer["techniques"]:
        row = expected[entry["techniqueID"]]
        assert entry["techniqueID"] in techniques()
        outputs = [j for of in row["judgements"].values() for j in of.values()]
        asked = [sum(j["hosts"].values()) - j["hosts"]["not_asked"] for j in outputs]
        seen = [j["hosts"]["answered"] + j["hosts"]["partly"] for j in outputs]
        shares = [-(-100 * n // total) if total else 0 for n, total in zip(seen, asked, strict=True)]
        assert entry["score"] == max(shares)
        assert entry["color"] == ("#8ec843" if entry["score"] else "#bdbdbd")
        assert entry["comment"].count("\n") + 1 == len(row["analytics"])
        assert entry["enabled"] is True
    assert (layer["gradient"]["minValue"], layer["gradient"]["maxValue"]) == (0, 100)
    assert all(re.fullmatch(r"#[0-9a-f]{6}", colour) for colour in layer["gradient"]["colors"])
    comments = {entry["techniqueID"]: entry["comment"] for entry in layer["techniques"]}
    assert "CAR-2013-10-002: the store holds no thread/remote_create events" in comments["T1055.001"]


# ---- references ------------------------------------------------------------------------------------------------------


def test_references_are_what_a_program_asks_for() -> None:
    done = carlang("catalog", "references", "CAR-2013-05-004")
    assert (done.status, done.out) == (0, "CAR-2013-05-004\n  process/create/exe\n")


def test_the_references_of_the_whole_catalogue_are_told_in_its_files() -> None:
    done = carlang("catalog", "references", "--check")
    assert (done.status, done.out) == (0, "")


def test_references_that_are_missing_or_not_of_the_model_are_named_with_status_1(ours: Path) -> None:
    file = ours / "ours" / "one.car"
    file.write_text(OURS.replace("process/create/exe", "process/create/flurb, flurb/create"), encoding="utf-8")
    done = carlang("catalog", "references", "--check", "ours", cwd=ours)
    assert done.status == 1
    lines = done.out.splitlines()
    assert len(lines) == 2
    assert lines[0].endswith("one.car: data_model_references lacks process/create/exe")
    assert lines[1].endswith("one.car: the data model has no flurb/create, process/create/flurb")


PUBLISHED = """\
id: OUR-1
title: Our own
platforms: [Linux]
subtypes: [Process]
references: ['The list (https://example.com/flurbs/) is a good one.']
coverage:
- {technique: T1053, tactics: [TA0002]}
implementations:
- type: Pseudocode
  code: |
    p = search Process:Create
    found = filter p where (exe == "flurb.exe" or exe == "blurb.exe")
    output found
- {type: splunk, name: Search, code: index=x}
"""


def test_what_differs_from_cars_publication_is_explained_or_named(ours: Path) -> None:
    (ours / "car").mkdir()
    (ours / "car" / "OUR-1.yaml").write_text(PUBLISHED, encoding="utf-8")
    against = ("catalog", "references", "--against", "car", "ours")
    done = carlang(*against, cwd=ours)
    assert (done.status, done.err) == (1, "1 compared with CAR's\n")
    assert [line.partition("one.car: ")[2] for line in done.out.splitlines()] == [
        "`subtypes` differs from CAR's and `changes` does not say why: here nothing, there Process",
        "`platforms` differs from CAR's and `changes` does not say why: here Windows, there Linux",
        "`implementations` differs from CAR's and `changes` does not say why: here nothing, there Splunk Search",
        "`references` lacks what CAR refers to and `changes` does not say why: https://example.com/flurbs",
        "the program differs from CAR's and no comment tells what CAR has",
    ]
    explained = OURS.replace("---\np =", "---\n# CAR has blurb.exe besides, which is no program.\np =").replace(
        "description:",
        "subtypes: [Process]\nreferences: [https://example.com/flurbs]\n"
        "implementations: [{type: Splunk, name: Search}]\n"
        "changes: {platforms: it runs on Windows alone}\ndescription:",
    )
    (ours / "ours" / "one.car").write_text(explained, encoding="utf-8")
    assert carlang(*against, cwd=ours).status == 0
    stale = explained.replace("platforms: it", "subtypes: it")
    (ours / "ours" / "one.car").write_text(stale, encoding="utf-8")
    told = carlang(*against, cwd=ours).out
    assert "`changes` explains `subtypes`, which is as CAR has it" in told
    assert "`platforms` differs" in told


def test_what_cannot_be_compared_is_no_agreement(ours: Path) -> None:
    published = ours / "car.yaml"
    against = ("catalog", "references", "--against", "car.yaml", "ours")
    published.write_text(PUBLISHED.replace("OUR-1", "OUR-9"), encoding="utf-8")
    done = carlang(*against, cwd=ours)
    assert (done.status, done.out) == (2, "")
    assert "--against: none of the analytics is published at car.yaml" in done.err
    published.write_text(PUBLISHED.replace("[Linux]", "{a: b}"), encoding="utf-8")
    done = carlang(*against, cwd=ours)
    assert (done.status, done.out.splitlines()[-1]) == (1, "car.yaml: cannot be compared with ours/one.car")
    assert "car.yaml:3:12" in done.err
    assert carlang("catalog", "references", "--against", "none", "ours", cwd=ours).status == 2


def test_show_as_json_has_all_that_a_file_says(ours: Path) -> None:
    done = carlang("catalog", "show", "OUR-1", "--format", "json", cwd=ours)
    shown = done.json()
    assert (shown["analytic"], shown["platforms"], shown["tests"]) == ("OUR-1", ["Windows"], ["one"])
    assert shown["coverage"] == [{"technique": "T1053", "subtechniques": [], "tactics": ["TA0002"], "coverage": ""}]
    assert shown["programs"] == [OURS.rpartition("---\n")[2].strip()]
    assert shown["asks_for"] == ["process/create/exe"]
    assert "judgements" not in shown


# ---- wrong usage -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["list", "coverage"])
def test_an_unknown_format_is_wrong_usage_and_names_those_there_are(command: str) -> None:
    done = carlang("catalog", command, "--format", "xml")
    assert (done.status, done.out) == (2, "")
    assert "choose one of table, json" in done.err


@pytest.mark.parametrize("command", ["list", "coverage"])
def test_a_store_that_is_not_there_has_status_3(command: str, tmp_path: Path) -> None:
    done = carlang("catalog", command, "--store", tmp_path / "none")
    assert (done.status, done.out) == (3, "")
    assert "there is no event store" in done.err


def test_without_a_command_its_help_is_shown() -> None:
    done = carlang("catalog")
    assert done.status == 2
    assert all(name in done.out + done.err for name in ("list", "show", "coverage", "references"))


def test_json_is_one_document_in_the_order_of_ids() -> None:
    done = carlang("catalog", "list", "--format", "json")
    assert ids(json.loads(done.out)) == list(shipped_catalogue().ids)
