"""What `run` shows first, leaves out and puts together."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from carlang import triage
from carlang.errors import EngineError
from carlang.results import RunReport
from tests.cli.commands import carlang
from tests.judgement.fleets import store_of
from tests.triage.runs import ANALYTICS, start

DUMP = "procdump -ma lsass.exe"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of analytics, and beside them a store in which a dump of LSASS comes after many runs of cmd.exe."""
    folder = tmp_path_factory.mktemp("ranking")
    (folder / "analytics").mkdir()
    for name in ("cmd", "net", "dump"):
        (folder / "analytics" / f"{name}.car").write_text(ANALYTICS[name], encoding="utf-8")
    shells = [start(n / 10, "cmd.exe", pid=n) for n in range(150)]
    dump = start(60, "x.exe", "net.exe", "PC2", command_line=DUMP, user="eve\x1b[2J")
    store_of(folder / "store", process__create=[*shells, dump, start(61, "net.exe", pid=999)])
    return folder


def run(folder: Path, *options: str) -> str:
    done = carlang("run", folder / "analytics", "--store", folder / "store", "--now", "2024-04-01", *options)
    assert done.status == 0, done.err
    return done.out


def test_the_table_begins_with_the_heaviest_incident_and_shows_its_output_first(folder: Path) -> None:
    text = run(folder)
    lines = text.splitlines()
    assert lines[0] == "3 incidents, the heaviest first (152 hits)"
    assert [line.split()[2] for line in lines if line.split()[2:3] and line.split()[2] in {"critical", "low"}] == [
        "critical",
        "low",
    ]
    order = [text.index(heading) for heading in ("\ndump  dump", "\nnet  net", "\ncmd  cmd")]
    assert order == sorted(order)
    assert "showing 100 of 150 rows" in text, "and all of them were ranked"
    assert "cmd x150" in text


def test_a_hit_is_shown_by_the_number_that_the_table_has(folder: Path) -> None:
    lines = run(folder, "--limit", "1").splitlines()
    number = next(line.split()[0] for line in lines if line.split()[2:3] == ["critical"])
    shown = run(folder, "--limit", "1", "--show", number)
    assert shown.splitlines()[0].startswith(f"dump  dump  hit {number} of ")
    assert run(folder, "--show", number) == shown, "whatever the limit"
    assert json.loads(run(folder, "--show", number, "--format", "json"))["hit"]["analytic"] == "dump"
    targets = ("run", folder / "analytics", "--store", folder / "store")
    for options, said in (
        (("--show", "999"), "there is no hit 999; the run found 152 rows"),
        (("--show", "1", "--columns", "exe"), "one hit has all of its columns"),
        (("--show", "1", "--format", "csv"), "not for csv"),
        (("--show", "1", "--output", "hit.txt"), "a hit is shown on standard output"),
    ):
        wrong = carlang(*targets, *options)
        assert (wrong.status, wrong.out) == (2, "")
        assert f"error: --show: {said}" in wrong.err


def test_json_has_incidents_weights_and_where_the_rows_are(folder: Path) -> None:
    document = json.loads(run(folder, "--format", "json", "--limit", "2"))
    first, *_ = document["incidents"]
    assert (first["level"], first["hosts"], first["techniques"]) == ("critical", ["pc2"], ["T1003"])
    (hit,) = first["hits"]
    assert round(sum(term["points"] for term in hit["terms"]), 1) == hit["weight"] == first["weight"]
    (row,) = hit["rows"]
    result = document["results"][row["result"]]
    assert (result["analytic"], result["rows"][row["row"]]["command_line"]) == ("dump", DUMP)
    assert result["weight"] == first["weight"]
    shells = next(each for each in document["incidents"] if each["analytics"] == ["cmd"])
    assert (shells["times"], shells["count"], len(shells["hits"][0]["rows"])) == (150, 150, 2), "two are shown"


def test_the_same_run_twice_is_the_same_bytes(folder: Path) -> None:
    assert run(folder, "--format", "json") == run(folder, "--format", "json")


def test_what_is_below_a_level_is_left_out_and_said(folder: Path) -> None:
    done = carlang("run", folder / "analytics", "--store", folder / "store", "--min-level", "High", "--format", "json")
    document = done.json()
    assert [result["analytic"] for result in document["results"]] == ["dump"]
    assert [incident["analytics"] for incident in document["incidents"]] == [["dump"]]
    assert document["incidents"][0]["hits"][0]["rows"] == [{"result": 0, "row": 0}]
    assert "--min-level high: 151 rows of 2 outputs below it left out" in done.err


@pytest.mark.parametrize(
    ("by", "names"),
    [
        ("host", ["pc2", "pc1"]),
        ("user", ["eve\x1b[2J", r"CORP\ann"]),
        ("process", ["x.exe", "net.exe", "cmd.exe"]),
        ("analytic", ["dump", "net", "cmd"]),
        ("tactic", [None]),
    ],
)
def test_hits_are_put_together_by(folder: Path, by: str, names: list[str | None]) -> None:
    document = json.loads(run(folder, "--group-by", by, "--format", "json"))
    assert document["grouped_by"] == by
    assert [group["name"] for group in document["groups"]] == names
    assert sum(group["count"] for group in document["groups"]) == 152


def test_groups_take_the_place_of_rows_on_the_screen_and_steer_no_terminal(folder: Path) -> None:
    text = run(folder, "--group-by", "user")
    assert "\x1b" not in text
    assert r"eve\x1b[2J" in text
    assert "command_line" not in text


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--min-level", "hihg"], "--min-level: there is no level 'hihg'; did you mean high?"),
        (["--group-by", "country"], "--group-by: nothing is grouped by 'country'; choose one of host, user, process"),
        (["--group-by", "host", "--format", "csv"], "--group-by: csv holds rows; groups are in html, json, table"),
    ],
)
def test_wrong_values_are_told_with_the_right_ones(folder: Path, options: list[str], message: str) -> None:
    done = carlang("run", folder / "analytics", "--store", folder / "store", *options)
    assert done.status == 2
    assert message in done.err


def test_a_run_that_cannot_be_ranked_shows_what_it_found_and_says_so(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> RunReport:
        raise EngineError("ran longer than 1 s; give it more with --timeout")

    monkeypatch.setattr(triage, "ranked", fail)
    done = carlang("run", folder / "analytics", "--store", folder / "store", "--format", "json")
    assert (done.status, "incidents" in done.json(), len(done.json()["results"])) == (0, False, 3)
    assert "not ranked: ran longer than 1 s; give it more with --timeout\n" in done.err


def test_one_analytic_is_not_ranked_unless_groups_are_asked_for(folder: Path) -> None:
    def keys(*options: str) -> set[str]:
        file = folder / "analytics" / "cmd.car"
        return set(carlang("run", file, "--store", folder / "store", "--format", "json", *options).json())

    assert "incidents" not in keys()
    assert {"incidents", "groups"} <= keys("--group-by", "host")
