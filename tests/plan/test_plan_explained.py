"""What is said of a plan, and what of it does not pay."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from carlang.analytic import PlannedOutput, RunOptions, explain_plan, load_text, run_analytics
from carlang.engine import planned as kept
from carlang.model import builtin_model
from carlang.plan import objects
from carlang.report import write_report
from carlang.store import Store, open_store

OPTIONS = RunOptions.of(now="2024-01-01")
SMALL = RunOptions.of(now="2024-01-01", memory_limit="400MB")
PROGRAM = """
p = search Process
at = filter p where exe == "at.exe"
named = filter p where exe match "^(at|net)[.]exe$"
two = filter p where exe in ["AT.EXE", "nowhere.exe"] or image_path contains "\\\\nowhere\\\\"
long = filter p where pid > 4
common = filter p where exe endswith "exe"
output at, named, two, long, common
"""


def planned(options: RunOptions = OPTIONS) -> dict[str, PlannedOutput]:
    plan = explain_plan([load_text(PROGRAM, "a.car")], open_store(), options, {})
    return {each.output: each for each in plan}


@pytest.mark.usefixtures("short_literals")
def test_a_plan_names_the_guard_of_each_output_or_why_it_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(objects, "LEAST_LEAVES", 4)
    monkeypatch.setattr(objects, "LEAST_WORK", 0)
    plan = planned()
    assert (plan["at"].planned, plan["at"].guard) == (True, ("exe == 'at.exe'",))
    assert (plan["named"].planned, plan["named"].guard) == (True, ("exe matches '^(at|net)[.]exe$'",))
    assert plan["two"].guard == ("exe == 'at.exe'", "exe == 'nowhere.exe'", r"image_path contains '\\nowhere\\'")
    assert (plan["long"].planned, plan["long"].reason) == (False, "asks for every event")
    assert (plan["common"].planned, plan["common"].reason) == (False, "too many events pass its guard")
    assert 0 < (plan["at"].share or 0) < 0.1 < (plan["common"].share or 0)


def test_few_guards_little_memory_and_small_stores_are_queries_as_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(objects, "LEAST_LEAVES", 5)
    assert "fewer than pay" in planned()["at"].reason
    monkeypatch.setattr(objects, "LEAST_WORK", 0)
    assert "fewer than pay" in planned()["at"].reason
    monkeypatch.setattr(objects, "LEAST_LEAVES", 4)
    assert planned()["at"].planned
    monkeypatch.setattr(objects, "LEAST_WORK", 10**9)
    assert "fewer than pay" in planned()["at"].reason
    assert planned(SMALL) == {}


def test_many_guards_are_worth_it_over_however_few_events(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a condition costs before it has seen an event is saved for each that its guard rules out."""
    monkeypatch.setattr(objects, "MANY_LEAVES", 4)
    assert planned()["at"].planned
    monkeypatch.setattr(objects, "MANY_LEAVES", 5)
    assert "fewer than pay" in planned()["at"].reason


def tree(folder: Path, name: str, columns: dict[str, pa.Array]) -> None:
    (folder / name).mkdir(parents=True)
    pq.write_table(pa.table(columns), folder / name / "0.parquet")


def every_class(folder: Path) -> Store:
    for owner in builtin_model().objects.values():
        for action in owner.actions:
            tree(folder, f"{owner.name}/{action.name}", {"hostname": pa.array(["h1", "h2", None])})
    return open_store(folder)


@pytest.mark.usefixtures("always_planned")
def test_events_of_every_class_are_planned_in_plain_trees_as_in_stores(tmp_path: Path) -> None:
    names = list(builtin_model().objects)
    lines = [f'{name}_s = search {name}\n{name}_f = filter {name}_s where hostname == "H1"' for name in names]
    analytic = load_text("\n".join([*lines, f"output {', '.join(f'{name}_f' for name in names)}"]), "a.car")
    plan = explain_plan([analytic], every_class(tmp_path), OPTIONS, {})
    assert [each.object for each in plan] == sorted(names)
    assert {(each.planned, each.guard) for each in plan} == {(True, ("hostname == 'h1'",))}


@pytest.mark.usefixtures("always_planned")
def test_records_of_logs_are_looked_for_by_the_rarer_of_channel_and_event_id(tmp_path: Path) -> None:
    names = pa.array(["Security"] * 50 + ["Application"] * 50 + ["Tools"])
    tree(tmp_path, "event/log", {"log_name": names, "event_code": pa.array([*range(50), *[1102] * 51])})
    program = """
        e = search Event:Log
        cleared = filter e where log_name == "Security" and event_code == 7
        tools = filter e where channel == "tools" and event_id == 1102
        output cleared, tools
    """
    plan = explain_plan([load_text(program, "a.car")], open_store(tmp_path), OPTIONS, {})
    assert [each.guard for each in plan] == [("event_code == 7",), ("log_name == 'tools'",)]


@pytest.mark.usefixtures("always_planned")
def test_what_there_is_no_room_for_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    program = """
        p = search Process
        at = filter p where exe == "at.exe"
        few = group at by user
        exes = filter p where exe endswith ".exe"
        many = group exes by user
        output at, few, many, exes
    """
    monkeypatch.setattr(kept, "_BYTES_OF_VALUE", 200_000)
    plan = explain_plan([load_text(program, "a.car")], open_store(), OPTIONS, {})
    assert {each.output for each in plan if each.planned} == {"at", "few", "exes"}
    assert [each.reason for each in plan if each.reason] == ["there is no room for the events that pass its guard"]


@pytest.mark.usefixtures("always_planned")
def test_a_run_says_where_a_plan_failed(tmp_path: Path) -> None:
    tree(tmp_path, "process/create", {"exe": pa.array(["at.exe", "cmd.exe"], pa.string_view())})
    analytics = [load_text('p = search Process\nat = filter p where exe == "at.exe"\noutput at', "a.car")]
    report = run_analytics(analytics, open_store(tmp_path), OPTIONS, {})
    assert report.found == 1
    (reason,) = report.unplanned
    assert reason.startswith("process: the events cannot be read for their guards: ")
    stream = io.BytesIO()
    write_report(report, stream, "json")
    assert json.loads(stream.getvalue())["unplanned"] == [reason]
    assert run_analytics(analytics, open_store(), OPTIONS, {}).unplanned == ()
