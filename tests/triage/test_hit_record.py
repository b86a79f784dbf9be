"""One hit by its number: its row, its weight, its raw records, and the processes above and below it."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from carlang.report import write_record, write_record_json
from carlang.results import HitRecord, RunReport, first_rows
from carlang.store import Store
from carlang.triage import hit_record, ranked
from tests.judgement.fleets import store_of
from tests.report.test_schemas import validator
from tests.triage.runs import ANALYTICS, ran, start

DUMP = "procdump -ma lsass.exe"
TREE = [
    start(0, "explorer.exe", "userinit.exe", pid=1, ppid=0),
    start(1, "cmd.exe", "explorer.exe", pid=2, ppid=1),
    start(2, "procdump.exe", "cmd.exe", pid=3, ppid=2, command_line=DUMP, raw='{"n": 1}', record_id=7, source="a"),
    start(3, "net.exe", "procdump.exe", pid=4, ppid=3),
    start(4, "whoami.exe", "net.exe", pid=5, ppid=4),
    # The pid is another process's from here on.
    start(10, "notepad.exe", "explorer.exe", pid=3, ppid=1, raw='{"n": 2}', record_id=7, source="a"),
    start(11, "calc.exe", "notepad.exe", pid=6, ppid=3),
]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return store_of(tmp_path_factory.mktemp("store"), process__create=TREE)


@pytest.fixture(scope="module")
def report(store: Store) -> RunReport:
    return ranked(ran(store, [ANALYTICS[name] for name in ("cmd", "net", "dump")]), store)


def record(report: RunReport, store: Store, number: int) -> HitRecord:
    found = hit_record(report, number, store)
    assert found is not None
    return found


def shown(told: HitRecord, **look: Any) -> list[str]:
    stream = io.StringIO()
    write_record(told, stream, **look)
    return stream.getvalue().splitlines()


def test_numbers_count_through_outputs_and_stay_where_a_limit_cuts(store: Store, report: RunReport) -> None:
    assert [(each.analytic, each.number) for each in report.results] == [("cmd", 1), ("net", 2), ("dump", 3)]
    assert [record(report, store, number).result.analytic for number in (1, 2, 3)] == ["cmd", "net", "dump"]
    assert hit_record(report, 0, store) is None
    assert hit_record(report, 4, store) is None
    cut = replace(report.results[1], output=replace(report.results[1].output, data=first_rows(_rows(report), 0)))
    assert hit_record(replace(report, results=(report.results[0], cut, report.results[2])), 2, store) is None


def _rows(report: RunReport) -> Any:
    return report.results[1].output.data


def test_a_hit_has_its_weight_as_a_sum_its_record_and_its_processes(store: Store, report: RunReport) -> None:
    told = record(report, store, 3)
    assert told.hit is not None
    lines = shown(told)
    assert lines[0] == "dump  dump  hit 3 of 3"
    at = lines.index(f"weight {told.hit.weight.points:g}, the sum of")
    terms = [float(line.split()[0]) for line in lines[at + 1 : at + 1 + len(told.hit.weight.terms)]]
    assert round(sum(terms), 1) == told.hit.weight.points
    assert "* command_line  procdump -ma lsass.exe" in lines
    assert lines[lines.index("record") + 1] == '  {"n": 1}'
    tree = [line.split("  2024")[0] for line in lines[lines.index("processes, > those of the hit") + 1 :]]
    assert tree == [
        "  userinit.exe",
        "    explorer.exe (1)",
        "      cmd.exe (2)",
        ">       procdump.exe (3)",
        "          net.exe (4)",
        "            whoami.exe (5)",
    ]


@pytest.mark.parametrize("width", [40, 80])
def test_on_a_terminal_no_line_is_wider_than_it(width: int, store: Store, report: RunReport) -> None:
    lines = shown(record(report, store, 3), width=width)
    assert max(map(len, lines)) <= width


def test_the_same_as_json(store: Store, report: RunReport) -> None:
    stream = io.BytesIO()
    write_record_json(record(report, store, 3), stream)
    document = json.loads(stream.getvalue())
    validator("hit").validate(document)
    hit = document["hit"]
    assert (hit["number"], hit["of"], hit["analytic"], hit["tested"]) == (3, 3, "dump", ["command_line"])
    assert hit["row"]["command_line"] == DUMP
    assert hit["records"] == [{"part": None, "record": '{"n": 1}'}]
    assert round(sum(term["points"] for term in hit["terms"]), 1) == hit["weight"]
    assert [each["exe"] for each in hit["processes"] if each["of_hit"]] == ["procdump.exe"]


def test_nothing_of_a_hit_steers_a_terminal(tmp_path: Path) -> None:
    hostile = "lsass \x1b[2J \u202egpj.exe"
    store = store_of(tmp_path, process__create=[start(0, "a.exe", pid=1, command_line=hostile, raw=hostile)])
    told = record(ranked(ran(store, [ANALYTICS["dump"]]), store), store, 1)
    text = "\n".join(shown(told))
    assert r"lsass \x1b[2J \u202egpj.exe" in text
    assert not [char for char in text if not char.isprintable() and char != "\n"]


def test_a_hit_that_is_no_event_and_names_no_process_is_told_as_well(tmp_path: Path) -> None:
    program = (
        "---\nid: g\ntitle: g\ncoverage: [{technique: T1059}]\n---\n"
        "p = search Process:Create\ng = group p by exe\noutput g\n"
    )
    store = store_of(tmp_path, process__create=[start(0, "a.exe")])
    told = record(ranked(ran(store, [program]), store), store, 1)
    assert (told.records, told.processes) == ((), ())
    assert any(line.split() == ["*", "exe", "a.exe"] for line in shown(told))


def test_what_a_program_selected_of_an_event_is_of_no_one_record(tmp_path: Path) -> None:
    program = (
        "---\nid: t\ntitle: t\ncoverage: [{technique: T1059}]\n---\n"
        "t = search Process:Create | select object, action, exe\noutput t\n"
    )
    store = store_of(tmp_path, process__create=[start(0, "a.exe", raw="r") | {"time": None}])
    assert record(ranked(ran(store, [program]), store), store, 1).records == ()
