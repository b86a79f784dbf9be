"""What is said of a plan, and what of it does not pay."""

from __future__ import annotations

import pytest

from carlang.analytic import PlannedOutput, RunOptions, explain_plan, load_text
from carlang.plan import objects
from carlang.store import open_store

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
