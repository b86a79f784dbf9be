"""`carlang new` begins an analytic; `carlang explain` says what streams come to, and what a code means."""

from __future__ import annotations

from pathlib import Path

import pytest

from carlang.diagnostics import CODES
from tests.cli.commands import carlang, write_log

THREE = """\
p = search Process:Create
at = filter p where (exe == "at.exe")
by_host = group at by hostname
n = from by_host select hostname, count() as n
output n
output search Process:Terminate
"""


def test_what_new_writes_checks_passes_and_leaves_no_mutant(tmp_path: Path) -> None:
    done = carlang("new", "OUR-1", "--to", tmp_path / "ours")
    file = tmp_path / "ours" / "OUR-1.car"
    assert (done.status, done.out) == (0, f"{file}\n")
    assert carlang("check", file).status == 0
    assert carlang("fmt", "--check", file).status == 0
    tested = carlang("test", "--mutate", file)
    assert tested.status == 0
    assert "2 tests: 2 passed, 0 failed; 4 mutants, 0 survived" in tested.out


def test_new_writes_over_nothing_and_takes_ids_alone(tmp_path: Path) -> None:
    assert carlang("new", "A", cwd=tmp_path).status == 0
    before = (tmp_path / "A.car").read_bytes()
    again = carlang("new", "A", cwd=tmp_path)
    assert (again.status, again.err) == (2, "error: A.car is there already\n")
    assert (tmp_path / "A.car").read_bytes() == before
    for id_ in ("../A", "", ".A", "a b", "a/b", "a\nb"):
        assert carlang("new", id_, cwd=tmp_path).status == 2
    (tmp_path / "file").write_text("")
    assert carlang("new", "A", "--to", tmp_path / "file").status == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["A.car", "file"]


def test_new_says_when_the_catalogue_has_the_id(tmp_path: Path) -> None:
    done = carlang("new", "CAR-2013-05-004", cwd=tmp_path)
    assert done.status == 0
    assert "warning: the catalogue has an analytic CAR-2013-05-004 too" in done.err


def test_each_stream_is_explained_by_its_rows_and_its_query(tmp_path: Path) -> None:
    (tmp_path / "three.car").write_text(THREE, encoding="utf-8")
    done = carlang("explain", tmp_path / "three.car", "--format", "json")
    (analytic,) = done.json()["analytics"]
    streams = analytic["streams"]
    assert [(s["stream"], s["line"], s["rows"], s["output"]) for s in streams] == [
        ("p", 1, 310, False),
        ("at", 2, 3, False),
        ("by_host", 3, 2, False),
        ("n", 4, 2, True),
        ("result", 6, 268, True),
    ]
    assert [c["name"] for c in streams[3]["columns"]] == ["hostname", "n"]
    assert all(s["seconds"] > 0 and s["sql"].lstrip().upper().startswith(("SELECT", "WITH")) for s in streams)


def test_what_is_explained_is_a_table_with_the_sql_behind_it_where_asked(tmp_path: Path) -> None:
    (tmp_path / "three.car").write_text(THREE, encoding="utf-8")
    done = carlang("explain", tmp_path / "three.car")
    assert done.status == 0
    assert [line.split()[:3] for line in done.out.splitlines()[1:4]] == [
        ["stream", "line", "rows"],
        ["p", "1", "310"],
        ["at", "2", "3"],
    ]
    assert "SELECT" not in done.out
    assert "\n-- by_host\n" in carlang("explain", tmp_path / "three.car", "--sql").out


def test_records_of_one_occurrence_are_explained_as_they_are_run(tmp_path: Path) -> None:
    """Two sensors tell of one start: the rows and the query are those that `run` has."""
    start = {"object": "process", "action": "create", "hostname": "H", "pid": 7, "exe": "a.exe"}
    records = [
        start | {"time": "2020-01-01T00:00:00Z", "sensor": "sysmon", "record_id": "1"},
        start | {"time": "2020-01-01T00:00:01Z", "sensor": "windows_security", "record_id": "2"},
    ]
    log = write_log(tmp_path / "log.ndjson", *records)
    assert carlang("ingest", log, "--store", tmp_path / "events").status == 0
    arguments = ("explain", "-e", "output search Process:Create", "--store", tmp_path / "events", "--format", "json")
    (tied,), (apart,) = (
        carlang(*arguments, *more).json()["analytics"][0]["streams"] for more in ((), ("--records-apart",))
    )
    assert (tied["rows"], apart["rows"]) == (1, 2)
    assert "record_ids" in tied["sql"]
    assert "record_ids" not in apart["sql"]


def test_a_faulty_analytic_is_reported_and_the_next_explained(tmp_path: Path) -> None:
    (tmp_path / "a.car").write_text("output search Process:Creat\n", encoding="utf-8")
    (tmp_path / "b.car").write_text("output search Process:Create\n", encoding="utf-8")
    done = carlang("explain", tmp_path / "a.car", tmp_path / "b.car")
    assert done.status == 1
    assert "error[CL" in done.err
    assert "310" in done.out


def test_one_that_lacks_a_value_stops_no_other(tmp_path: Path) -> None:
    (tmp_path / "a.car").write_text(
        "input host: string\noutput search Process:Create | filter hostname == host\n", encoding="utf-8"
    )
    (tmp_path / "b.car").write_text("output search Process:Create\n", encoding="utf-8")
    done = carlang("explain", tmp_path / "a.car", tmp_path / "b.car")
    assert done.status == 1
    assert "a: " in done.err
    assert "310" in done.out
    both = carlang("explain", tmp_path / "a.car", tmp_path / "b.car", "--param", "host=HOST1")
    assert (both.status, both.err.count("error")) == (0, 0)
    assert carlang("explain", tmp_path / "a.car").status == 2
    assert carlang("explain", tmp_path / "a.car", tmp_path / "b.car", "--param", "hots=HOST1").status == 2


def test_every_code_is_explained_by_its_page() -> None:
    done = carlang("explain", *(code.lower() for code in sorted(CODES)))
    assert done.status == 0
    titles = [line for line in done.out.splitlines() if line.startswith("# CL")]
    assert titles == [f"# {code}: {CODES[code].title}" for code in sorted(CODES)]
    assert "](" not in done.out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["CL999"], "there is no code CL999"),
        (["CL21"], "did you mean CL201?"),
        (["CL201", "CAR-2013-05-004"], "either codes or analytics"),
        (["CL201", "--format", "json"], "the page of a code is text"),
        (["no-such-thing"], "no-such-thing"),
        (["-e", "output search Process:Create", "--param", "x=1"], "x"),
    ],
)
def test_wrong_usage_is_said(arguments: list[str], message: str) -> None:
    done = carlang("explain", *arguments)
    assert (done.status, done.out) == (2, "")
    assert message in done.err


def test_several_analytics_are_explained_with_the_plan_of_a_run(tmp_path: Path) -> None:
    (tmp_path / "a.car").write_text(THREE, encoding="utf-8")
    (tmp_path / "b.car").write_text("output search Process:Create\n", encoding="utf-8")
    plan = carlang("explain", tmp_path / "a.car", tmp_path / "b.car", "--format", "json").json()["plan"]
    assert [(each["analytic"], each["output"], each["object"], each["planned"], each["share"]) for each in plan] == [
        ("a", "n", "process", False, None),
        ("a", "result", "process", False, None),
        ("b", "result", "process", False, None),
    ]
    assert [each["reason"] for each in plan[1:]] == ["asks for every event"] * 2
    assert plan[0]["reason"].endswith("are fewer than pay")
    assert "plan" not in carlang("explain", tmp_path / "a.car", "--format", "json").json()
    assert "all: asks for every event" in carlang("explain", tmp_path / "a.car", tmp_path / "b.car").out
