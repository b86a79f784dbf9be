"""Pages of runs for tests that open them, and what a reader does on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pyarrow as pa
from playwright.sync_api import Page

from carlang.levels import Level
from carlang.report import write_report
from carlang.results import (
    AnalyticOutput,
    ClassGaps,
    Hit,
    HostGroup,
    Incident,
    Judgement,
    LogBroken,
    NoEvents,
    Occurrence,
    ProcessNode,
    RowOf,
    RunReport,
    State,
    Term,
    Triage,
    Weight,
)
from tests.browser.visits import Visit
from tests.report.runs import HOSTILE, INSTANT, MOMENT, diagnostic, events, full_run, result, run

MICROSECONDS = 1_000_000


def rows(count: int) -> pa.Table:
    """Return starts of processes, a minute apart, on seven hosts."""
    one = events(pid=[1]).take(pa.array([0] * count))
    columns = {
        "time": pa.array([MOMENT + timedelta(minutes=n) for n in range(count)], INSTANT),
        "hostname": pa.array([f"HOST-{n % 7}" for n in range(count)]),
        "command_line": pa.array([f"at.exe {n} /interactive" if n else HOSTILE for n in range(count)]),
        "pid": pa.array(range(count)),
    }
    for name, column in columns.items():
        one = one.set_column(one.schema.names.index(name), name, column)
    return one


def incident() -> Incident:
    """Return an incident of the second row, whose process has a parent."""
    start = int(MOMENT.timestamp()) * MICROSECONDS
    occurrence = Occurrence(start, start, ("HOST-1",), "u", "at.exe", 0, (RowOf(0, 1),))
    terms = (
        Term("level", 80, "level critical"),
        Term("noise", -2, "1 known false positive"),
        Term("days", 0, "on 1 day"),
    )
    weight = Weight(terms)
    hit = Hit(
        *("CAR-2013-05-004", "at", f"Execution {HOSTILE}", Level.CRITICAL, ("T1053.002",), ("TA0002",), ()),
        {"command_line": HOSTILE},
        weight,
        (occurrence,),
    )
    parent = ProcessNode("a", None, "HOST-1", start, 7, "cmd.exe", HOSTILE)
    child = ProcessNode("b", "a", "HOST-1", start, 1, "at.exe", "at.exe 1")
    return Incident("abcd1234", (hit,), 1, (parent, child))


def written(folder: Path, count: int) -> Path:
    """Write the page of a run with so many rows, the second of them an incident, and say where it is."""
    return page_of(folder, run(result(rows(count)), triage=Triage((incident(),), {0: 80.0})))


def page_of(folder: Path, report: RunReport) -> Path:
    """Write the page of a run, and say where it is."""
    folder.mkdir(exist_ok=True)
    file = folder / "page.html"
    write_report(report, file, "html")
    return file


def judged(blind: Sequence[str], partly: Sequence[str] = (), answered: Sequence[str] = ()) -> Judgement:
    """Return a judgement of hosts by name."""
    broken = LogBroken("Security", "2019-04-27T13:00:00Z", "2019-04-27T15:00:00Z", 26)
    groups = (
        HostGroup(State.ANSWERED, (), pa.array(answered, pa.string())),
        HostGroup(State.PARTLY, (broken,), pa.array(partly, pa.string())),
        HostGroup(State.BLIND, (NoEvents("process", "create"),), pa.array(blind, pa.string())),
    )
    return Judgement(State.PARTLY, (), tuple(group for group in groups if group.count))


def with_judgement(found: AnalyticOutput, judgement: Judgement) -> AnalyticOutput:
    return replace(found, output=replace(found.output, judgement=judgement))


def everything() -> RunReport:
    """Return a run with all that a page can show: hits, incidents, what was quiet, partly seen, not run, and failed."""
    usual = full_run()
    hours = pa.table({"host": ["HOST-1", "HOST-1"], "start": [430_000, 430_100], "end": [430_012, 430_103]})
    program = 'p = search Process:Create\nat = filter p where (exe == "at.exe")\n'
    found = replace(result(rows(30)), program=program, level=Level.HIGH, false_positives=("Backups at `night`.",))
    found = replace(found, output=replace(found.output, tested=("exe", "command_line")))
    return replace(
        usual,
        results=(with_judgement(found, judged(["HOST-2"], ["HOST-1"], ["HOST-3"])), *usual.results[1:]),
        warnings=(diagnostic(),),
        gaps=(ClassGaps("process", "create", 3, hours),),
        triage=Triage((incident(),), {0: 80.0}),
    )


def ready(visit: Visit) -> Page:
    visit.page.wait_for_selector("html[data-ready]", state="attached")
    return visit.page


def show(page: Page, view: str) -> None:
    page.get_by_role("tab", name=view, exact=True).click()


def shown(page: Page, text: str) -> None:
    """Wait until the list says how many rows it has."""
    page.locator("[data-count]", has_text=text).wait_for()
