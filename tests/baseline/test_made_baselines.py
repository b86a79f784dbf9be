"""What a baseline is made of, and that it takes away all that it was made of, but for what somebody has to look at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carlang.analytic import CompiledAnalytic, RunOptions, load_text, run_analytics
from carlang.baseline import Baseline, Exactly, Screening, baseline_text, make_baseline
from carlang.baseline.likenesses import common
from carlang.engine import MemorySession
from carlang.model import builtin_model
from carlang.project import shipped_catalogue
from carlang.resolve.bound import BoundOutput
from carlang.resolve.tested import looked_at_columns
from carlang.results import AnalyticOutput, Output, RunReport
from carlang.store import open_store
from carlang.testing.events import event_tables
from tests.baseline.quiet import UNTIL, USUAL, baseline_of, made, run_with
from tests.judgement.fleets import store_of
from tests.triage.runs import program, start

SYSTEM32 = "C:\\Windows\\System32\\"
DAY = 24 * 60


def said(baseline: Baseline) -> list[tuple[dict[str, Any], int | None]]:
    """Return exclusions as their fields, one value each, and how many rows they are of."""
    return [({n: v[0] for n, v in e.fields.items()}, e.count) for e in baseline.exclusions]


@pytest.fixture(scope="module")
def session() -> Iterator[MemorySession]:
    """Events in memory, which each test exchanges."""
    with MemorySession(builtin_model()) as session:
        yield session


def of_events(session: MemorySession, analytic: str, *events: dict[str, Any]) -> Baseline:
    """Return the baseline of what an analytic finds in starts of processes."""
    starts = [{**event, "object": "process", "action": "create"} for event in events]
    session.load(event_tables(starts, builtin_model()))
    compiled = load_text(analytic)
    results = tuple(
        AnalyticOutput(
            compiled.id, "", "", (), _looked_at(session.run(output, UNTIL), output), level=compiled.data.level
        )
        for output in compiled.outputs()
    )
    return make_baseline(RunReport(UNTIL, "events", results), None, UNTIL)


def _looked_at(answer: Output, output: BoundOutput) -> Output:
    columns = looked_at_columns(output.stream)
    return replace(answer, tested=columns.tested, computed=columns.computed)


def test_rows_are_put_together_by_what_stays_the_same(tmp_path: Path) -> None:
    path = r"C:\Users\{}\AppData\Local\Temp\{}\x.exe"
    events = [
        start(
            day * DAY,
            "x.exe",
            host=f"PC{day}",
            pid=4000 + day,
            user=rf"CORP\{name}",
            image_path=path.format(name, f"{{6BF52A52-394A-11D3-B153-00C04F79FA{day:02}}}"),
            command_line=f"run --pid {4000 + day} --log 2024-03-0{day + 1}.txt",
        )
        for day, name in enumerate(("ann", "bob"))
    ]
    baseline, text = made(store_of(tmp_path, process__create=events), [USUAL["lines"]], UNTIL + timedelta(days=9))
    assert said(baseline) == [
        (
            {
                "image_path": r"C:\Users\*\AppData\Local\Temp\*\x.exe",
                "parent_exe": "explorer.exe",
                "command_line": "run --pid * --log *.txt",
            },
            2,
        )
    ]
    (exclusion,) = baseline.exclusions
    assert (exclusion.hosts, exclusion.first, exclusion.last) == (2, "2024-03-05T08:00:00Z", "2024-03-06T08:00:00Z")
    assert (exclusion.review, exclusion.note) == ("", "")
    assert baseline_of(text).exclusions == baseline.exclusions


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"user": r"NT AUTHORITY\SYSTEM"}, {"user": "*SYSTEM"}),
        ({"user": r"CORP\PC1$"}, {"user": "*$"}),
        ({"user": "root"}, {"user": "*root"}),
        ({"user": r"CORP\SYSTEM*"}, {}),
        ({"image_path": f"{SYSTEM32}X.exe"}, {"image_path": f"{SYSTEM32}X.exe", "exe": None}),
        ({"image_path": f"{SYSTEM32}y.exe"}, {"image_path": f"{SYSTEM32}y.exe", "exe": "x.exe"}),
        ({"command_line": "run *.exe"}, {"command_line": Exactly("run *.exe")}),
        ({"parent_exe": "%temp%"}, {"parent_exe": Exactly("%temp%")}),
        ({"parent_exe": None}, {"parent_exe": None}),
    ],
)
def test_of_a_value_stays_what_will_be_there_again(
    session: MemorySession, fields: dict[str, Any], expected: dict[str, Any]
) -> None:
    event = start(0, "x.exe", **{"command_line": "run it", **fields})
    (exclusion,) = of_events(session, USUAL["lines"], event).exclusions
    values = {name: value for name, (value,) in exclusion.fields.items()}
    usual = {"exe": "x.exe", "parent_exe": "explorer.exe", "command_line": "run it"}
    assert values == {name: value for name, value in {**usual, **expected}.items() if value is not None}


def test_what_is_missing_in_some_rows_is_said_to_be(session: MemorySession) -> None:
    events = [start(0, "x.exe", parent, command_line="run") for parent in ("a.exe", None)]  # type: ignore[arg-type]
    baseline = of_events(session, program("p", "low", "T1059", 'exe == "x.exe"'), *events)
    assert sorted(str(fields["parent_exe"]) for fields, _ in said(baseline)) == ["None", "a.exe"]
    assert "parent_exe: null" in baseline_text(baseline)


@pytest.mark.parametrize(
    ("level", "events", "review"),
    [
        ("high", [start(0, "x.exe", command_line="run")], "level high"),
        ("critical", [start(0, "x.exe", command_line="run")], "level critical"),
        ("medium", [start(0, "x.exe", command_line="run " + "x " * 600)], "command_line goes on"),
        (
            "medium",
            [start(n, "x.exe", command_line=f"run {chr(97 + n)}") for n in range(13)],
            "one pattern for 2 kinds of command_line",
        ),
    ],
)
def test_what_would_hide_too_much_waits_for_a_review(
    session: MemorySession, level: str, events: Sequence[dict[str, Any]], review: str
) -> None:
    analytic = program("p", level, "T1059", 'command_line match "^run"')
    baseline = of_events(session, analytic, *events)
    assert [each.review for each in baseline.exclusions if each.review] == [review]
    assert f"review: '{review}'" in baseline_text(baseline)


def test_rows_of_groups_are_excluded_by_what_they_are_of(session: MemorySession) -> None:
    groups = (
        "---\nid: g\n---\ns = search Process:Create\nby_both = count(s) by hostname, exe\n"
        "by_host = count(s) by hostname\noutput by_both\noutput by_host\n"
    )
    events = [start(n, "x.exe", host=f"PC{n % 2}", pid=n) for n in range(4)]
    baseline = of_events(session, groups, *events)
    assert [(e.output, dict(e.fields), e.review) for e in baseline.exclusions] == [
        ("by_both", {"hostname": ("PC0",), "exe": ("x.exe",)}, ""),
        ("by_both", {"hostname": ("PC1",), "exe": ("x.exe",)}, ""),
        ("by_host", {"hostname": ("PC0",)}, "it says where, and not what"),
        ("by_host", {"hostname": ("PC1",)}, "it says where, and not what"),
    ]


def test_a_command_line_that_nobody_looked_at_may_be_any_where_there_are_many(session: MemorySession) -> None:
    events = [start(n, "cmd.exe", user=("root", r"CORP\ann")[n % 2], command_line=f"cmd {'x' * n}") for n in range(40)]
    (exclusion,) = of_events(session, USUAL["cmd"], *events).exclusions
    assert dict(exclusion.fields) == {"exe": ("cmd.exe",), "parent_exe": ("explorer.exe",)}
    assert exclusion.count == 40, "those of root are among them"
    assert exclusion.note == "any command_line: there were 20 kinds"


@pytest.mark.parametrize(
    ("texts", "pattern"),
    [
        (["run a.exe", "run b.exe"], "run *.exe"),
        (["aa", "aaa"], "aa*"),
        (["a", "b"], "*"),
        (["run *x", Exactly("run y")], "run *"),
        (["a", 3], "*"),
    ],
)
def test_one_pattern_for_several_has_what_they_share(texts: list[Any], pattern: str) -> None:
    assert common(texts) == pattern


def test_more_kinds_of_rows_than_are_told_apart_are_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("clusters", "making"):
        monkeypatch.setattr(f"carlang.baseline.{module}.MOST_KINDS", 3)
    store = store_of(tmp_path, process__create=[start(n, "cmd.exe", f"p{n}x.exe") for n in range(8)])
    baseline, text = made(store, [USUAL["cmd"]])
    assert [(each.count, each.review) for each in baseline.exclusions] == [
        *[(1, "")] * 3,
        (5, "more than 3 kinds of rows; these are of others; no column of its rows stays the same"),
    ]
    assert run_with(store, text, "cmd").found == 5


ODD = [
    "*",
    "a*b",
    "%temp%\\a",
    "'",
    '"',
    "\n",
    "\x00",
    "\x1b[2J",
    "\u202e",
    "İ",
    "ß",
    "ſ",
    "K",
    "é",
    "😀",
    " ",
    "\\",
    "x" * 1200,
]
TEXTS = st.sampled_from([*ODD, "cmd.exe", "C:\\Users\\ann\\tmp12345.tmp", "run 0x1234567"]) | st.text(max_size=6)
LINES = load_text(USUAL["lines"]).outputs()[0]
EVENTS = st.lists(
    st.fixed_dictionaries(
        {"parent_exe": TEXTS | st.none(), "user": TEXTS | st.none(), "command_line": TEXTS.map("run {}".format)},
        optional={"image_path": TEXTS, "hostname": st.sampled_from(["PC1", "PC2"])},
    ),
    min_size=1,
    max_size=25,
)


@settings(max_examples=8, deadline=None)
@given(events=EVENTS)
def test_all_that_it_was_made_of_is_taken_away_but_for_what_is_in_review(
    session: MemorySession, events: list[dict[str, Any]]
) -> None:
    quiet = [{**start(n, "cmd.exe"), **fields} for n, fields in enumerate(events)]
    baseline = of_events(session, USUAL["lines"], *quiet)
    text = baseline_text(baseline)
    assert text == baseline_text(of_events(session, USUAL["lines"], *quiet))
    read = baseline_of(text)
    assert read.exclusions == baseline.exclusions
    screen = Screening(read).screen("lines", "hits", LINES.stream.columns)
    left = session.run(LINES, UNTIL, exclusions=screen.conditions)
    assert left.total + sum(left.excluded) == len(quiet)
    assert left.total <= sum(each.count or 0 for each in read.exclusions if each.review)


def test_what_comes_later_and_is_like_nothing_before_is_shown(tmp_path: Path) -> None:
    quiet = [start(n, "cmd.exe", command_line=f"run {n}") for n in range(3)]
    later = [start(3 * DAY, "cmd.exe", "evil.exe"), start(3 * DAY, "cmd.exe", command_line="run 2")]
    store = store_of(tmp_path, process__create=[*quiet, *later])
    _, text = made(store, [USUAL["cmd"]])
    report = run_with(store, text, "cmd")
    assert [row["parent_exe"] for row in report.results[0].output.rows()] == ["evil.exe"]


FINDING = ("CAR-2013-02-003", "CAR-2013-04-002", "CAR-2014-04-003", "CAR-2016-03-001", "CAR-2016-04-002")


def test_what_the_catalogue_finds_in_the_sample_is_taken_away_with_its_joins_and_groups() -> None:
    store = open_store()
    analytics = [CompiledAnalytic(file, builtin_model()) for id_ in FINDING if (file := shipped_catalogue().find(id_))]
    options = RunOptions.of(now=UNTIL, until=UNTIL)
    found = run_analytics(analytics, store, options, {})
    baseline = make_baseline(found, None, UNTIL)
    assert sum(each.count or 0 for each in baseline.exclusions) == found.found
    again = run_analytics(analytics, store, replace(options, baseline=baseline), {})
    waiting = [each for each in baseline.exclusions if each.review]
    assert again.found == sum(each.count or 0 for each in waiting) > 0
    assert {result.analytic for result in again.results if result.output.total} == {each.analytic for each in waiting}
