"""What is said of why an output found its rows, or none, on events that can be read here."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from carlang.analytic import CompiledAnalytic, RunOptions, explain, load_text, run_analytics
from carlang.engine import QuerySession
from carlang.errors import EngineError
from carlang.model import builtin_model
from carlang.project import shipped_catalogue
from carlang.results import AnalyticOutput, NotRun, RunReport, ToldRows, Why
from carlang.store import Store, open_store
from tests.cli.commands import carlang
from tests.judgement.fleets import NOW, SECURITY, events, store_of
from tests.triage.runs import start

STARTS = [
    start(0, "at.exe", command_line="at 10:00 x.cmd", pid=1),
    start(1, "AT.EXE", host="PC2", command_line="at /delete", pid=2),
    start(2, "net.exe", "cmd.exe", command_line="net user eve", pid=3),
    start(3, "net.exe", host="PC2", command_line="net view", pid=4, user=None),
    start(4, "cmd.exe", command_line="cmd /c dir", pid=5),
]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """A store of five starts of processes, and of one connection."""
    flow = {"hostname": "PC1", "time": STARTS[0]["time"], "dest_port": 445, "sensor": "sysmon"}
    return store_of(tmp_path_factory.mktemp("why"), process__create=STARTS, flow__start=[flow])


def report_of(text: str, store: Store, **options: Any) -> RunReport:
    return run_analytics([load_text(text)], store, RunOptions.of(now=NOW, **{"why": 10, **options}), {})


def why_of(text: str, store: Store, **options: Any) -> Why:
    """Return why the last output of a program found its rows, or none."""
    report = report_of(text, store, **options)
    entries: list[AnalyticOutput | NotRun] = [*report.results, *report.not_run]
    last = entries[-1]
    assert last.why is not None, report.failed
    assert last.why.error is None
    return last.why


def left(why: Why) -> list[tuple[str, int, list[tuple[str, int]]]]:
    """Return streams with their rows, and their conditions with the rows left."""
    return [(s.stream, s.rows, [(c.condition.text, c.rows) for c in s.conditions]) for s in why.streams]


def met(rows: ToldRows) -> list[tuple[Any, dict[str, dict[str, Any]]]]:
    """Return the process ids of rows, with the conditions that they meet and the values of each."""

    def cells(row: int, values: Any) -> dict[str, Any]:
        return {v.name: rows.table.column(v.column)[row].as_py() for v in values}

    return [
        (cells(r.row, rows.identity)["time"].minute, {t.condition.text: cells(r.row, t.values) for t in r.tested})
        for r in rows.rows
    ]


def program(condition: str) -> str:
    return f"p = search Process:Create\nhits = filter p where ({condition})\noutput hits\n"


# ---- rows left -------------------------------------------------------------------------------------------------------


def test_conditions_are_those_that_and_joins_in_the_order_of_the_program(store: Store) -> None:
    why = why_of(program('exe == "net.exe" and not (user == "x" or pid > 3) and pid between 1 and 4'), store)
    conditions = [('exe == "net.exe"', 2), ('not (user == "x")', 2), ("not (pid > 3)", 1), ("pid between 1 and 4", 1)]
    assert left(why) == [("hits", 5, conditions)]
    places = [(c.condition.line, c.condition.column) for c in why.streams[0].conditions]
    assert places == [(2, 24), (2, 50), (2, 65), (2, 78)]


def test_filters_behind_one_another_are_one_list_through_what_is_derived_and_selected(store: Store) -> None:
    text = """p = search Process:Create
p.words = length(command_line)
long = filter p where (words > 8)
few = from long select exe as image, words + 1 as more
hits = filter few where (image == "net.exe" and more > 12) | sort by more
output hits
"""
    why = why_of(text, store)
    assert left(why) == [("hits", 5, [("words > 8", 4), ('image == "net.exe"', 1), ("more > 12", 1)])]
    assert [s.stream for s in why.streams[0].conditions] == ["long", "hits", "hits"]
    ((minute, tested),) = met(why.hits[0])
    assert (minute, tested["more > 12"]) == (2, {"more": 13})


def test_what_makes_rows_of_its_own_comes_behind_what_goes_into_it(store: Store) -> None:
    text = """p = search Process:Create
f = search Flow:Start
nets = filter p where (exe == "net.exe")
met = join (nets, f) where (nets.hostname == f.hostname)
counted = group met by f.dest_port having (count() > 1)
output counted
"""
    why = why_of(text, store)
    assert left(why) == [
        ("nets", 5, [('exe == "net.exe"', 2)]),
        ("f", 1, []),
        ("met", 1, []),
        ("counted", 1, [("count() > 1", 0)]),
    ]
    (near,) = why.nearest
    assert [u.condition.text for u in near.groups[0].failed] == ["count() > 1"]


def test_what_is_computed_of_groups_is_one_list_with_their_conditions(store: Store) -> None:
    text = """p = search Process:Create
g = group p by exe having (count() > 1)
hits = from g select exe, count(distinct hostname) as hosts | filter hosts > 1 and exe startswith "n"
output hits
"""
    why = why_of(text, store)
    assert left(why) == [
        ("p", 5, []),
        ("hits", 3, [("count() > 1", 2), ("hosts > 1", 2), ('exe startswith "n"', 1)]),
    ]
    assert (
        why.streams[1].source.text
        == "group p by exe having (count() > 1) | from g select exe, count(distinct hostname) as hosts"
    )


def test_the_rows_of_streams_are_those_that_explain_counts(store: Store) -> None:
    text = """p = search Process:Create
a = filter p where (exe == "net.exe" or pid < 2)
g = count(a) by hostname
b = filter g where (count > 1)
output b
"""
    explained = {each.name: each.rows for each in explain(load_text(text), store, RunOptions.of(now=NOW), {})}
    assert {s.stream: s.left for s in why_of(text, store).streams} == {name: explained[name] for name in ("a", "b")}


def test_conditions_of_another_analytic_are_shown_from_its_program() -> None:
    text = 'at = run Analytic:CAR-2013-05-004\nhits = filter at where (command_line contains "calc")\noutput hits\n'
    why = why_of(text, open_store(None))
    theirs, ours = why.streams[0].conditions
    assert (theirs.condition.text, theirs.condition.analytic) == ('exe == "at.exe"', "CAR-2013-05-004")
    assert (ours.condition.text, ours.condition.analytic, ours.condition.line) == (
        'command_line contains "calc"',
        None,
        2,
    )


def test_the_last_number_is_that_of_the_output_over_the_sample() -> None:
    model, sample = builtin_model(), open_store(None)
    # A run of all takes five seconds, and finds no more than these would.
    analytics = [CompiledAnalytic(file, model) for file in list(shipped_catalogue().all())[::6]]
    report = run_analytics(analytics, sample, RunOptions.of(now=NOW, why=2), {})
    told = [(r.output.total, r.why) for r in report.results] + [(0, n.why) for n in report.not_run if n.why]
    assert len(told) > 10
    for total, why in told:
        assert why is not None
        assert why.error is None
        if total and why.hits:
            assert sum(hits.total for hits in why.hits) == total
        assert why.streams[-1].left == total


# ---- what hits met ---------------------------------------------------------------------------------------------------


def test_of_alternatives_those_are_named_that_hold_with_their_values(store: Store) -> None:
    why = why_of(
        program('(exe == "at.exe" and command_line contains "/delete") or (pid in [3, 4] and user exists)'), store
    )
    assert met(why.hits[0]) == [
        (1, {'exe == "at.exe"': {"exe": "AT.EXE"}, 'command_line contains "/delete"': {"command_line": "at /delete"}}),
        (2, {"pid in [3, 4]": {"pid": 3}, "user exists": {"user": "CORP\\ann"}}),
    ]


def test_a_list_with_a_pattern_is_one_test_and_any_names_the_field(store: Store) -> None:
    why = why_of(program('exe in ["ne*", "x.exe"] and any contains "eve"'), store)
    ((_, tested),) = met(why.hits[0])
    assert tested['exe in ["ne*", "x.exe"]'] == {"exe": "net.exe"}
    assert tested['any contains "eve"'] == {"any: the field": "command_line", "any: its text": "net user eve"}


def test_rows_of_a_join_are_told_what_their_parts_were_met_by(store: Store) -> None:
    text = """p = search Process:Create
a = filter p where (exe == "at.exe")
n = filter p where (exe == "net.exe" and user exists)
hits = join (a, n) where (a.hostname == n.hostname)
output hits
"""
    why = why_of(text, store)
    (row,) = why.hits[0].rows
    values = {t.condition.text: [v.name for v in t.values] for t in row.tested}
    assert values == {
        'exe == "at.exe"': ["a.exe"],
        'exe == "net.exe"': ["n.exe"],
        "user exists": ["n.user"],
        "a.hostname == n.hostname": ["a.hostname", "n.hostname"],
    }


def test_both_sides_of_a_union_are_told_and_no_more_rows_than_asked_for(store: Store) -> None:
    text = """p = search Process:Create
a = filter p where (exe == "at.exe")
n = filter p where (exe == "net.exe")
both = a + n
output both
"""
    why = why_of(text, store, why=1)
    assert [(h.stream, h.total, len(h.rows)) for h in why.hits] == [("a", 2, 1), ("n", 2, 1)]
    assert why_of(text, store, why=0).hits == ()


def test_where_two_records_are_one_row_the_record_that_passed_is_told(tmp_path: Path) -> None:
    sysmon = start(0, "at.exe", "cmd.exe", pid=7)
    security = {**start(0, "at.exe", pid=7), "sensor": "windows_security", "parent_exe": None}
    store = store_of(tmp_path, process__create=[sysmon, security], flow__start=[{**sysmon, "dest_port": 445}])
    text = 'p = search Process:Create\na = filter p where (parent_exe != "cmd.exe")\n'
    why = why_of(f"{text}output a\n", store)
    assert left(why) == [("a", 1, [('parent_exe != "cmd.exe"', 1)])]
    assert met(why.hits[0]) == [(0, {'parent_exe != "cmd.exe"': {"parent_exe": None}})]
    joined = why_of(f"{text}f = search Flow:Start\nj = join (a, f) where (a.pid == f.pid)\noutput j\n", store)
    assert [t.elsewhere for t in joined.hits[0].rows[0].tested] == [True, False]


# ---- what came nearest -----------------------------------------------------------------------------------------------


def test_the_nearest_rows_are_told_by_what_they_lack_the_rarest_first(store: Store) -> None:
    why = why_of(program('exe == "net.exe" and command_line contains "group" and user exists'), store)
    (near,) = why.nearest
    groups = [([u.condition.text for u in g.failed], g.count) for g in near.groups]
    assert (near.away, groups, near.more) == (1, [(['command_line contains "group"'], 1)], 0)
    assert met(near.groups[0].examples) == [
        (2, {'command_line contains "group"': {"command_line": "net user eve"}}),
    ]


def test_of_alternatives_the_branch_counts_that_lacks_least(store: Store) -> None:
    condition = '(exe == "at.exe" and command_line contains "/every" and pid > 90) or (exe == "cmd.exe" and pid == 6)'
    (near,) = why_of(program(condition), store).nearest
    assert [([u.condition.text for u in g.failed], g.count) for g in near.groups] == [(["pid == 6"], 1)]
    (near,) = why_of(program('exe == "cmd.exe" and (pid == 6 or pid == 7)'), store).nearest
    assert [[u.condition.text for u in g.failed] for g in near.groups] == [["pid == 6 or pid == 7"]]


def test_a_condition_that_is_never_met_is_marked_as_the_output_is_judged(tmp_path: Path) -> None:
    store = store_of(tmp_path, process__create=events(["A", "B"], SECURITY))
    report = report_of(program('exe == "at.exe" and command_line contains "x"'), store)
    (blind,) = report.not_run
    assert blind.why is not None
    first, second = blind.why.streams[0].conditions
    assert (first.rows, first.never, second.rows) == (2, (), 0)
    assert second.never == blind.reasons
    assert blind.why.nearest[0].groups[0].failed[0].never == blind.reasons


def test_no_event_id_is_said_to_be_missing_where_its_log_is_there() -> None:
    text = 'e = search Event:Log\nhits = filter e where (log_name == "Security" and event_code == 4670)\noutput hits\n'
    why = why_of(text, open_store(None))
    assert [c.never for c in why.streams[0].conditions] == [(), ()]


def test_processes_are_looked_for_behind_rows_that_meet_all_that_is_asked_of_themselves(store: Store) -> None:
    why = why_of(program('process.parent.exe == "x.exe" and exe == "net.exe"'), store)
    (group,) = why.nearest[0].groups
    assert ([u.condition.text for u in group.failed], group.count) == (['process.parent.exe == "x.exe"'], 2)
    why = why_of(program('exe == "q.exe" and pid == 3 and process.parent.exe == "x.exe"'), store)
    assert [[u.condition.text for u in g.failed] for g in why.nearest[0].groups] == [['exe == "q.exe"']]
    assert why.unsaid == ("of which processes the nearest rows of hits are",)


def test_where_nothing_is_joined_that_is_said_not_to_be_said(store: Store) -> None:
    text = """p = search Process:Create
f = search Flow:Start
hits = join (p, f) where (p.hostname == f.hostname and f.dest_port == 1)
output hits
"""
    why = why_of(text, store)
    assert (why.nearest, why.unsaid) == ((), ("which rows come nearest to being joined in hits",))


# ---- bounds and formats ----------------------------------------------------------------------------------------------


def test_what_fails_is_said_and_the_rows_are_there(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: Any) -> Any:
        raise EngineError("ran longer than 1 s")

    monkeypatch.setattr(QuerySession, "ask", fails)
    (result,) = report_of(program('exe == "at.exe"'), store).results
    assert (result.output.total, result.why) == (2, Why(error="ran longer than 1 s"))


def test_many_tests_are_counted_and_not_told_one_by_one(store: Store) -> None:
    why = why_of(program(" or ".join(f"pid == {number}" for number in range(1, 203))), store)
    assert (why.streams[0].left, why.hits) == (5, ())
    assert why.unsaid == ("which of 202 tests rows of hits met",)
    many = program(" or ".join(f"pid == {number}" for number in range(100, 170)))
    assert why_of(many, store).nearest[0].groups[0].count == 5, "more tests than a mask has bits"


def test_the_command_says_it_in_a_table_and_in_json_alone(store: Store) -> None:
    command: list[str | Path] = [
        "run",
        "-e",
        'search Process:Create | filter exe == "at.exe"',
        "--store",
        store.path,
        "--why",
    ]
    table = carlang(*command, "--limit", "1", env={"COLUMNS": "80"})
    assert (table.status, max(map(len, table.out.splitlines())) <= 80) == (0, True)
    assert "the first 1 of 2" in table.out
    (result,) = json.loads(carlang(*command, "--format", "json").out)["results"]
    assert [c["rows"] for c in result["why"]["streams"][0]["conditions"]] == [2]
    assert [row["met"][0]["values"] for row in result["why"]["hits"][0]["rows"]] == [
        {"exe": "at.exe"},
        {"exe": "AT.EXE"},
    ]
    refused = carlang(*command, "--format", "csv")
    assert refused.status == 2
    assert "--why: csv holds rows" in refused.err


def test_what_a_baseline_takes_away_is_left_by_all_conditions(store: Store, tmp_path: Path) -> None:
    baseline = tmp_path / "quiet.yaml"
    baseline.write_text("exclusions:\n  - analytic: '*'\n    fields: {hostname: PC1}\n", encoding="utf-8")
    report = report_of(program('exe == "at.exe"'), store, baseline=baseline)
    (result,) = report.results
    assert result.why is not None
    assert (result.output.total, result.why.streams[-1].left) == (1, 2)
    assert result.why.unsaid == ("which of the 2 rows the baseline takes away, 1 of them",)
