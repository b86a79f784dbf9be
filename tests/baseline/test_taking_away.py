"""What a baseline takes away from a run, and that what it took is said wherever a run is told."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from carlang.analytic import load_text
from carlang.baseline import ANY, Screening
from carlang.engine import Session
from carlang.levels import Level
from carlang.model import builtin_model
from carlang.report import FORMATS, write_overview, write_remarks, write_report
from carlang.resolve.bound import BoundExpr, BoundOutput
from carlang.results import Excluded, Output, RunReport
from carlang.store import Store
from carlang.triage import at_least, ranked
from tests.baseline.quiet import USUAL, baseline_of, exclusion, run_with
from tests.judgement.fleets import store_of
from tests.triage.runs import START, ran, start

BOTH = ("cmd", "net")
SHELLS = [start(n, "cmd.exe", ("explorer.exe", "svchost.exe")[n % 2], f"PC{n % 3}", pid=n) for n in range(30)]
NETS = [
    start(100, "net.exe", "cmd.exe", command_line="net user %temp%", user=None, pid=100),
    start(101, "NET.EXE", "cmd.exe", command_line="net * /all", pid=101),
    start(102, "net.exe", "cmd.exe", command_line="net use", user=r"NT AUTHORITY\SYSTEM", pid=102),
]
FLOWS = [
    {"time": None, "sensor": "zeek", "hostname": "PC1", "dest_ip": "10.1.2.3", "dest_port": 4444},
    {"time": None, "sensor": "zeek", "hostname": "PC1", "dest_ip": "fe80::1", "dest_port": 4444},
]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Starts of processes and flows."""
    return store_of(tmp_path_factory.mktemp("quiet"), process__create=[*SHELLS, *NETS], flow__start=FLOWS)


Screened = Callable[[BoundOutput, Sequence[BoundExpr]], Output]


@pytest.fixture(scope="module")
def outputs(store: Store) -> Iterator[dict[str, tuple[BoundOutput, Screened]]]:
    """The outputs of analytics, and what runs them with conditions, in one session."""
    with Session(store, builtin_model()) as session:

        def run(output: BoundOutput, conditions: Sequence[BoundExpr]) -> Output:
            return session.run(output, START, exclusions=conditions)

        yield {name: (load_text(USUAL[name]).outputs()[0], run) for name in ("cmd", "net", "flow")}


def left(report: RunReport, analytic: str) -> tuple[int, int]:
    """Return how many rows of an analytic are left, and how many were taken away."""
    (result,) = [result for result in report.results if result.analytic == analytic]
    return result.output.total, sum(each.rows for each in result.excluded)


@pytest.mark.parametrize(
    ("fields", "analytic", "rows"),
    [
        ("parent_exe: EXPLORER.exe", "cmd", (15, 15)),
        ("parent_exe: 'expl*'", "cmd", (15, 15)),
        ("Parent_EXE: 'e?plorer.exe'", "cmd", (30, 0)),
        ("parent_exe: [explorer.exe, svchost.exe]", "cmd", (0, 30)),
        ("parent_exe: explorer.exe, hostname: pc0", "cmd", (25, 5)),
        ("pid: 7", "cmd", (29, 1)),
        ("pid: [7, 8, 1000]", "cmd", (28, 2)),
        ("pid: '7*'", "cmd", (30, 0)),
        ("no_such_field: a", "cmd", (30, 0)),
        ("time: '2024*'", "cmd", (30, 0)),
        ("exe: net.exe, user: null", "net", (2, 1)),
        ("exe: net.exe, user: 'NT AUTHORITY*'", "net", (2, 1)),
        ("command_line: 'net * /all'", "net", (2, 1)),
        ("command_line: 'net *'", "net", (0, 3)),
        ("command_line: {exactly: 'net *'}", "net", (3, 0)),
        ("command_line: {exactly: 'NET * /all'}", "net", (2, 1)),
        ("command_line: '*%temp%'", "net", (2, 1)),
        ("dest_ip: 10.1.2.3", "flow", (1, 1)),
        ("dest_ip: 10.0.0.0/8", "flow", (1, 1)),
        ("dest_ip: 'FE80:0::1'", "flow", (1, 1)),
        ("dest_port: 4444", "flow", (0, 2)),
        ("dest_port: true", "flow", (2, 0)),
    ],
)
def test_rows_whose_fields_are_all_alike_are_taken_away(
    outputs: Mapping[str, tuple[BoundOutput, Screened]], fields: str, analytic: str, rows: tuple[int, int]
) -> None:
    output, run = outputs[analytic]
    for name in (analytic, ANY):
        screen = Screening(baseline_of(exclusion(fields, name))).screen(analytic, "hits", output.stream.columns)
        outcome = run(output, screen.conditions)
        assert (outcome.total, sum(outcome.excluded)) == rows


def test_an_exclusion_is_for_its_analytic_and_output_alone(store: Store) -> None:
    report = run_with(store, exclusion("exe: '*.exe'", "CMD"))
    assert left(report, "cmd") == (0, 30)
    assert left(report, "net") == (3, 0)
    assert left(run_with(store, exclusion("exe: '*.exe'", more=", output: hits"), "cmd"), "cmd") == (0, 30)
    assert left(run_with(store, exclusion("exe: '*.exe'", more=", output: others"), "cmd"), "cmd") == (30, 0)


def test_what_waits_for_a_review_takes_nothing_away_and_is_said(store: Store) -> None:
    report = run_with(store, exclusion("exe: '*.exe'", more=", review: of level high"), "cmd")
    assert left(report, "cmd") == (30, 0)
    assert report.baseline is not None
    assert (report.baseline.in_review, report.baseline.rows) == (1, 0)
    assert "1 exclusion marked for review took nothing away" in _remarks(report)


def test_a_row_counts_for_the_first_exclusion_that_it_is_like(store: Store) -> None:
    text = (
        "exclusions:\n  - {analytic: cmd, fields: {hostname: pc0}, note: the first}\n"
        "  - {analytic: cmd, fields: {parent_exe: explorer.exe}}\n  - {analytic: cmd, fields: {hostname: nowhere}}\n"
        "  - {analytic: net, fields: {hostname: nowhere}}\n"
    )
    report = run_with(store, text, "cmd")
    (result,) = report.results
    assert result.excluded == (
        Excluded(2, "hostname pc0", 10, "the first"),
        Excluded(3, "parent_exe explorer.exe", 10),
    )
    assert report.baseline is not None
    assert [(each.line, each.fields) for each in report.baseline.unmatched] == [(4, "hostname nowhere")]
    assert (report.baseline.rows, report.baseline.matched, report.baseline.outputs) == (20, 2, 1)


def test_a_limit_is_of_the_rows_that_are_left(store: Store) -> None:
    (result,) = run_with(store, exclusion("parent_exe: explorer.exe"), "cmd", limit=4).results
    assert (result.output.count, result.output.total) == (4, 15)
    assert {row["parent_exe"] for row in result.output.rows()} == {"svchost.exe"}
    assert result.output.rows() == ran(store, [USUAL["cmd"]]).results[0].output.rows()[1:8:2]


def test_many_analytics_find_together_what_each_finds_alone(store: Store) -> None:
    text = "exclusions:\n  - {analytic: '*', fields: {parent_exe: explorer.exe}}\n"
    together = run_with(store, text, *BOTH)
    alone = {name: run_with(store, text, name).results for name in BOTH}
    for result in together.results:
        (other,) = alone[result.analytic]
        assert (result.output, result.excluded) == (other.output, other.excluded)


def test_an_output_that_is_cut_or_counted_is_screened_as_it_is(store: Store) -> None:
    text = (
        "---\nid: count\n---\nstarts = search Process:Create\n"
        "runs = count(starts) by parent_exe\ntop = runs | sort by count desc | head 2\noutput runs\noutput top\n"
    )
    fields = exclusion("parent_exe: '*svchost.exe', count: 15", "count")
    report = ran(store, [text], baseline=baseline_of(fields))
    assert [row["parent_exe"] for row in report.results[0].output.rows()] == ["cmd.exe", "explorer.exe"]
    assert [row["parent_exe"] for row in report.results[1].output.rows()] == ["explorer.exe"]


def _remarks(report: RunReport) -> str:
    stream = io.StringIO()
    write_remarks(report, stream)
    return stream.getvalue()


@pytest.fixture(scope="module")
def emptied(store: Store) -> RunReport:
    """A ranked run of which all starts were taken away, by a file with a hostile name."""
    text = "exclusions:\n  - {analytic: '*', fields: {exe: '*.exe'}}\n"
    baseline = replace(baseline_of(text), file="q\x1b[2J.yaml")
    report = ran(store, [USUAL[name] for name in (*BOTH, "flow")], baseline=baseline)
    return ranked(report, store)


SAID = "took away 33 rows of 2 outputs, by 1 exclusion"


@pytest.mark.parametrize("name", [name for name, each in FORMATS.items() if each.whole])
def test_every_format_that_tells_the_whole_run_says_what_was_taken_away(emptied: RunReport, name: str) -> None:
    stream = io.BytesIO()
    write_report(emptied, stream, FORMATS[name].name, width=200)
    text = _cells(stream) if name == "xlsx" else stream.getvalue().decode("utf-8")
    assert "\x1b" not in text
    if name == "json":
        document = json.loads(text)
        assert (document["baseline"]["rows"], document["baseline"]["file"]) == (33, "q\x1b[2J.yaml")
        assert sum(result.get("excluded", {"count": 0})["count"] for result in document["results"]) == 33
    else:
        assert SAID in " ".join(text.split())


def _cells(stream: io.BytesIO) -> str:
    """Return the texts of a workbook."""
    book = openpyxl.load_workbook(stream, read_only=True)
    return " ".join(str(cell.value) for sheet in book for row in sheet.iter_rows() for cell in row)


def test_beside_rows_and_on_the_first_screen_it_is_said_as_well(emptied: RunReport) -> None:
    assert SAID in _remarks(emptied)
    assert "2 rows found, 33 more excluded" in _remarks(emptied)
    stream = io.StringIO()
    write_overview(emptied, stream, width=200)
    assert SAID in stream.getvalue().splitlines()[0]


def test_it_is_said_also_where_all_that_was_left_is_below_a_level(emptied: RunReport) -> None:
    assert SAID in _remarks(at_least(emptied, Level.CRITICAL))


def test_incidents_are_of_what_is_left(emptied: RunReport) -> None:
    assert emptied.triage is not None
    assert {hit.analytic for hit in emptied.triage.hits} == {"flow"}


def test_a_run_without_a_baseline_says_nothing_of_one(store: Store) -> None:
    report = ran(store, [USUAL["cmd"]])
    assert report.baseline is None
    stream = io.BytesIO()
    write_report(report, stream, "json")
    document: Mapping[str, Any] = json.loads(stream.getvalue())
    assert "baseline" not in document
    assert "excluded" not in document["results"][0]
    assert "aseline" not in _remarks(report)


def test_two_records_of_one_occurrence_are_one_row_that_is_taken_away_once(tmp_path: Path) -> None:
    seen = start(0, "cmd.exe", pid=7, ppid=4, command_line="cmd /c a")
    told = {**seen, "sensor": "windows_security", "parent_exe": None, "command_line": None}
    both = store_of(tmp_path, process__create=[seen, told])
    assert left(ran(both, [USUAL["cmd"]]), "cmd") == (1, 0)
    assert left(run_with(both, exclusion("command_line: cmd /c a"), "cmd"), "cmd") == (0, 1)


def test_rows_that_were_all_taken_away_are_no_blindness(tmp_path: Path) -> None:
    half_blind = [start(0, "cmd.exe", host="PC1"), {**start(1, "cmd.exe", host="PC2"), "exe": None, "image_path": None}]
    report = run_with(store_of(tmp_path, process__create=half_blind), exclusion("exe: cmd.exe"), "cmd")
    assert [entry.analytic for entry in report.not_run] == []
    assert left(report, "cmd") == (0, 1)
