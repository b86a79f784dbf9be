"""What the HTML report is made of: how many rows it holds, and what it says of what was not seen."""

from __future__ import annotations

from dataclasses import replace

import pyarrow as pa

from carlang.report.page_data import MOST_INCIDENTS, MOST_ROWS, Held, data_blocks
from carlang.report.page_unseen import Unseen
from carlang.report.view import View
from carlang.results import (
    ClassGaps,
    ConditionRows,
    Excluded,
    FieldNeverFilled,
    HostGroup,
    Judgement,
    LogBroken,
    Nearest,
    NearRows,
    NoEvents,
    NotRun,
    State,
    StreamRows,
    ToldRow,
    ToldRows,
    ToldTest,
    Triage,
    Unmet,
    ValueAt,
    Why,
    WrittenCondition,
)
from tests.conftest import REPOSITORY
from tests.report.runs import HOSTILE, events, no_events, result, run, written


def rows(count: int) -> pa.Table:
    return events().take(pa.array([0] * count))


def test_a_page_of_more_rows_than_it_holds_has_some_of_each_output_and_most_of_the_heaviest() -> None:
    outputs = (result(rows(50), "A"), result(no_events(), "B"), result(rows(50), "C"), result(rows(3), "D"))
    view = View.of(run(*outputs, triage=Triage(weights={0: 10.0, 2: 60.0, 3: 5.0})))
    held = Held.of(view, most_rows=60)
    assert held.rows == (20, 0, 37, 3)
    assert held.rows_text.startswith("without 43 rows of 2 outputs, which are not on this page")
    assert held.incidents_text == ""
    assert Held.of(view, most_rows=103).rows_text == ""
    assert Held.of(View.of(run())).rows == ()


def test_the_documentation_says_how_much_a_page_holds() -> None:
    text = (REPOSITORY / "docs" / "output.md").read_text(encoding="utf-8")
    assert f"holds {MOST_ROWS:,} rows and the {MOST_INCIDENTS:,} heaviest incidents" in text


def test_a_page_says_which_rows_it_leaves_out_and_how_to_get_them() -> None:
    view = View.of(run(result(rows(50))))
    held = Held.of(view, most_rows=20)
    blocks = [block for block in data_blocks(view, [None], held) if 'data-kind="left_out"' in block]
    assert "without 30 rows of 1 output" in blocks[0]
    assert "--format json" in blocks[0]


def test_what_was_not_seen_is_told_by_reason_host_and_hour() -> None:
    broken = LogBroken("sysmon", "2019-04-27T13:00:00Z", "2019-04-27T15:00:00Z", 26)
    no_process = NoEvents("process", "create")
    groups = (
        HostGroup(State.ANSWERED, (), pa.array(["A"])),
        HostGroup(State.PARTLY, (broken,), pa.array(["B"])),
        HostGroup(State.BLIND, (no_process, FieldNeverFilled("process", "create", "exe")), pa.array(["C", None])),
    )
    judgement = Judgement(State.PARTLY, (), groups)
    output = result(events())
    report = run(
        *(replace(output, output=replace(output.output, judgement=judgement)) for _ in range(2)),
        not_run=tuple(NotRun(name, name, (no_process,), "out") for name in "XY"),
        gaps=(
            ClassGaps("process", "create", 9, pa.table({"host": ["B", "B"], "start": [10, 20], "end": [12, 23]})),
            ClassGaps("file", "create", 9, pa.table({"host": ["B", None], "start": [5, 30], "end": [6, 31]})),
        ),
    )
    unseen = Unseen.of(View.of(report))
    (group,) = unseen.blind
    assert (group.reason, [entry.analytic for entry in group.entries]) == (
        *("the store holds no process/create events", ["X", "Y"]),
    )
    assert [(host.name, host.answered, host.partly, host.blind, host.hours) for host in unseen.hosts] == [
        *(("(no host named)", 0, 0, 2, 1), ("C", 0, 0, 2, 0), ("B", 0, 2, 0, 5)),
    ]
    assert unseen.hosts[1].lacks == (("no exe", 2), ("no process/create events", 2))
    assert "between 2019-04-27T13:00:00Z and 2019-04-27T15:00:00Z" in unseen.hosts[2].lacks[0][0]
    assert (unseen.start, unseen.end, unseen.hours) == ("1970-01-01T05:00:00Z", "1970-01-02T07:00:00Z", 26)
    (host,) = unseen.classes[0].hosts
    assert (host.name, host.hours, host.strip) == ("B", 5, ((5, 2), (15, 3)))
    assert host.stretches[0] == ("1970-01-01T10:00:00Z", "1970-01-01T12:00:00Z")
    page = written(report, "html")
    assert "0 answered · 2 in part · 0 blind · 5 hours without events" in page
    assert "records of it are missing between 2019-04-27T13:00:00Z" in page


def test_of_many_stretches_without_events_the_longest_are_told() -> None:
    starts = list(range(0, 1000, 10))
    ends = [start + (5 if start % 20 else 1) for start in starts]
    gaps = ClassGaps("process", "create", 1, pa.table({"host": ["A"] * 100, "start": starts, "end": ends}))
    (host,) = Unseen.of(View.of(run(gaps=(gaps,)))).classes[0].hosts
    assert (len(host.strip), host.more, host.hours) == (50, 50, 300)
    assert {width for _, width in host.strip} == {5}


def test_a_page_says_why_an_output_has_its_rows_or_none_and_what_a_baseline_took_away() -> None:
    searched = WrittenCondition("search Process:Create", 1, 5)
    condition = WrittenCondition('exe == "<b>at.exe"', 2, 9, "CAR-2013-05-005")
    steps = StreamRows("at", searched, 1200, (ConditionRows("at", condition, 0, (NoEvents("process", "create"),)),))
    table = pa.table({"exe": [HOSTILE], "pid": [4]})
    row = ToldRow(0, (ToldTest(condition, (ValueAt("exe", 0),)),))
    told = ToldRows("at", 1, table, (ValueAt("pid", 1),), (row,))
    near = Nearest("at", 1, (NearRows((Unmet(condition),), 3, told),))
    hit = replace(
        result(events()), why=Why((steps,), hits=(told,)), excluded=(Excluded(12, "exe is at.exe", 40, "nightly"),)
    )
    quiet = replace(result(no_events()), why=Why((steps,), nearest=(near,), unsaid=("`joins`",), error="out of time"))
    page = written(run(hit, quiet), "html")
    for text in (
        *('<td class="number">1,200</td>', "exe == &#34;&lt;b&gt;at.exe&#34;", "CAR-2013-05-005 2:9"),
        *("never met in this store: the store holds no process/create events", "pid <b>4</b>", "3 rows that fail"),
        *("&lt;script&gt;alert(&#34;1&#34;)", r"\u202egpj.exe", 'Not said: <code class="name">joins</code>'),
        *(
            "Why is not known: out of time",
            "40 rows more, which the baseline takes away",
            "line 12: exe is at.exe (nightly)",
        ),
    ):
        assert text in page
