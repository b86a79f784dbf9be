"""What comes first, what is one incident, what is told once, and that nothing is lost on the way."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import chain
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carlang.levels import Level
from carlang.model.types import INTEGER, STRING, TIME, Column
from carlang.results import AnalyticOutput, GroupBy, Output, RunReport, Triage
from carlang.store import Store
from carlang.triage import group_hits, rank
from tests.judgement.fleets import store_of
from tests.triage.runs import ANALYTICS, START, program, ran, ranked, start, told

DUMP = "procdump -ma lsass.exe"

JOINED = (
    "---\nid: pair\ntitle: pair\nlevel: high\ncoverage: [{technique: T1570}]\n---\na = search Process:Create\n"
    'b = filter a where (exe == "net.exe")\nc = filter a where (exe == "cmd.exe")\n'
    "pair = join (b, c) where (b.hostname == c.hostname and b.ppid == c.pid)\noutput pair\n"
)


def test_a_dump_of_lsass_stands_above_many_runs_of_cmd(tmp_path: Path) -> None:
    shells = [start(n, "cmd.exe", pid=100 + n) for n in range(92)]
    triage = ranked(tmp_path, process__create=[*shells, start(200, "procdump.exe", "cmd.exe", command_line=DUMP)])
    assert told(triage.incidents) == [(1, [("dump", 1)]), (92, [("cmd", 92)])]
    dump, cmd = triage.incidents
    assert (dump.level, cmd.level) == (Level.CRITICAL, Level.INFORMATIONAL)
    assert (cmd.first, cmd.last) == tuple(_micros(minute) for minute in (0, 91))
    assert (cmd.hosts, cmd.users) == (("pc1",), (r"CORP\ann",))


def _micros(minute: float) -> int:
    return round((START + timedelta(minutes=minute)).timestamp() * 1_000_000)


def test_the_pair_that_is_rare_in_a_fleet_comes_first_though_each_of_the_two_is_common(tmp_path: Path) -> None:
    daily = [
        start(24 * 60 * day + host, exe, parent, f"PC{host}", pid=host * 2 + number)
        for day in range(2)
        for host in range(200)
        for number, (exe, parent) in enumerate([("net.exe", "logon.exe"), ("splwow64.exe", "winword.exe")])
    ]
    once = start(9, "net.exe", "winword.exe", "PC7", pid=999)
    rare, common = ranked(tmp_path, "net", process__create=[*daily, once]).incidents
    assert (rare.count, common.count) == (1, 400)
    points = [{term.name: term.points for term in each.weight.terms} for each in (rare, common)]
    # By hand: 6 log10(200) is more than 12, 4 log10(2) is 1.2, -4 log10(400) is -10.4; 401 trees are -8 at most.
    of_both = {"level": 20, "noise": 0, "finds": -8, "tree": 0, "nearby": 0}
    assert points == [
        {**of_both, "hosts": 12, "days": 1.2, "events": 0},
        {**of_both, "hosts": 0, "days": 0, "events": -10.4},
    ]
    text = next(term.text for term in rare.weight.terms if term.name == "hosts")
    assert text == "parent_exe winword.exe, exe net.exe on 1 of 200 hosts"


@pytest.mark.parametrize("keys", ["guid", "pid"])
def test_what_one_tree_did_is_an_incident_with_its_techniques_in_order(tmp_path: Path, keys: str) -> None:
    """Word starts a shell, which no analytic knows of; its children and what they do on the network are one."""
    tree = [
        start(0, "winword.exe", pid=10, ppid=1),
        start(1, "powershell.exe", "winword.exe", pid=20, ppid=10),
        start(2, "net.exe", "powershell.exe", pid=30, ppid=20),
        start(3, "procdump.exe", "powershell.exe", pid=40, ppid=20, command_line=DUMP),
        start(90, "net.exe", pid=50, ppid=1),
    ]
    flow = {"time": START + timedelta(minutes=4), "hostname": "pc1", "pid": 20, "dest_port": 4444, "sensor": "sysmon"}
    if keys == "guid":
        tree = [
            {k: v for k, v in event.items() if k not in {"pid", "ppid"}}
            | {"guid": f"{{A-{event['pid']}}}", "parent_guid": f"{{A-{event['ppid']}}}"}
            for event in tree
        ]
        flow = {name: value for name, value in flow.items() if name != "pid"} | {"guid": "{a-20}"}
    triage = ranked(tmp_path, process__create=tree, flow__start=[flow])
    assert told(triage.incidents) == [(1, [("net", 1), ("dump", 1), ("flow", 1)]), (1, [("net", 1)])]
    incident = triage.incidents[0]
    assert incident.techniques == ("T1087", "T1003", "T1071")
    assert [node.exe for node in incident.processes] == ["winword.exe", "powershell.exe", "net.exe", "procdump.exe"]
    assert [node.parent for node in incident.processes[2:]] == [incident.processes[1].key] * 2
    terms = {term.name: term.points for term in incident.weight.terms}
    assert terms["tree"] == 10
    assert incident.leading.analytic == "dump"


def test_a_pid_that_was_given_again_is_another_process(tmp_path: Path) -> None:
    events = [
        start(0, "net.exe", "a.exe", pid=7, ppid=5),
        start(10, "other.exe", "b.exe", pid=7, ppid=6),
    ]
    flow = {"time": START + timedelta(minutes=20), "hostname": "PC1", "pid": 7, "dest_port": 4444, "sensor": "sysmon"}
    triage = ranked(tmp_path, process__create=events, flow__start=[flow])
    assert told(triage.incidents) == [(1, [("flow", 1)]), (1, [("net", 1)])]


def test_what_a_service_host_starts_has_nothing_to_do_with_one_another(tmp_path: Path) -> None:
    events = [start(n, "net.exe", "svchost.exe", pid=n, ppid=4000, command_line=f"net {n}") for n in (1, 2)]
    triage = ranked(tmp_path, process__create=events)
    assert told(triage.incidents) == [(1, [("net", 1)])] * 2


def test_one_record_is_told_once_also_where_two_outputs_find_it(tmp_path: Path) -> None:
    def message(number: int, protocol: str) -> dict[str, object]:
        time = START + timedelta(minutes=number)
        usual = {"hostname": "S1", "dest_port": 445, "dest_ip": "10.0.0.5", "sensor": "zeek"}
        return {"time": time, "record_id": number, "source": "a", "protocol": protocol, **usual}

    triage = ranked(tmp_path, flow__message=[message(1, "smb.setup"), message(2, "smb.read"), message(3, "smb.setup")])
    setup, other = triage.incidents
    assert (setup.hits[0].analytic, setup.hits[0].count, setup.hits[0].also) == ("smb_setup", 2, (("smb", "hits"),))
    assert (other.hits[0].analytic, other.hits[0].count, other.hits[0].also) == ("smb", 1, ())
    assert setup.analytics == ("smb_setup", "smb")
    assert setup.techniques == ("T1187", "T1021")


def test_what_a_program_makes_of_a_record_makes_it_no_other_record(tmp_path: Path) -> None:
    named = program("named", "low", "T1570", 'protocol == "smb*"', "Flow:Message")
    named = named.replace("output hits", "hits.pipe_name = lower(hits.protocol)\noutput hits")
    usual = {"time": START, "dest_port": 445, "sensor": "zeek", "source": "a", "protocol": "smb.write"}
    store = store_of(tmp_path, flow__message=[usual, {**usual, "src_ip": "10.0.0.9"}])
    triage = rank(ran(store, [ANALYTICS["smb"], named]), store)
    assert [(hit.analytic, hit.count, hit.also) for hit in triage.hits] == [("named", 1, (("smb", "hits"),))] * 2


def test_a_record_that_a_join_has_found_stands_with_the_join(tmp_path: Path) -> None:
    store = store_of(
        tmp_path, process__create=[start(0, "cmd.exe", pid=1), start(1, "net.exe", "cmd.exe", pid=2, ppid=1)]
    )
    triage = rank(ran(store, [JOINED, ANALYTICS["net"], ANALYTICS["cmd"]]), store)
    assert told(triage.incidents) == [(1, [("pair", 1)])]
    assert triage.incidents[0].analytics == ("pair", "cmd", "net")
    assert [len(o.rows) for o in triage.hits[0].occurrences] == [3]


def test_rows_of_groups_have_no_record_and_are_ranked_all_the_same(tmp_path: Path) -> None:
    grouped = "events = search Process:Create\ncounted = count(events) by hostname, exe\noutput counted\n"
    triage = ranked_text(tmp_path, grouped)
    assert [hit.values for hit in triage.hits] == [{"exe": "net.exe", "count": "2"}]
    assert [term.name for term in triage.hits[0].weight.terms] == ["level", "noise", "finds", "tree", "nearby"]
    assert triage.hits[0].weight.points == 40


def ranked_text(root: Path, text: str) -> Triage:
    store = store_of(root, process__create=[start(n, "net.exe", pid=n) for n in (1, 2)])
    return rank(ran(store, [text]), store)


def test_a_level_of_an_output_is_that_outputs(tmp_path: Path) -> None:
    text = program("two", "low", "T1087", 'exe == "net.exe"', more="levels: {hits: critical}\n")
    assert ranked_text(tmp_path, text).incidents[0].level is Level.CRITICAL


def test_weights_of_outputs_are_those_of_their_best_hit(tmp_path: Path) -> None:
    store = store_of(tmp_path, process__create=[start(1, "net.exe"), start(2, "net.exe", command_line=f"net {DUMP}")])
    report = ran(store)
    triage = rank(report, store)
    by_name = {report.results[number].analytic: weight for number, weight in triage.weights.items()}
    assert by_name == {"net": by_name["dump"], "dump": triage.incidents[0].weight.points}


def test_a_run_that_found_nothing_has_no_incidents(tmp_path: Path) -> None:
    assert ranked(tmp_path, process__create=[start(0, "calc.exe")]) == Triage()


def test_groups_hold_what_their_members_share(tmp_path: Path) -> None:
    events = [
        start(0, "net.exe", host="PC1", pid=1),
        start(1, "net.exe", host="pc1", pid=2, user=r"corp\ANN"),
        start(2, "x.exe", host="PC2", command_line=DUMP, user=None, pid=3),
    ]
    triage = ranked(tmp_path, process__create=events)
    by_host = group_hits(triage, GroupBy.HOST)
    assert [(group.name, group.count, group.level) for group in by_host] == [
        ("pc2", 1, Level.CRITICAL),
        ("pc1", 2, Level.LOW),
    ]
    assert [(g.name, g.count) for g in group_hits(triage, GroupBy.USER)] == [(None, 1), (r"CORP\ann", 2)]
    assert [(g.name, g.count) for g in group_hits(triage, GroupBy.PROCESS)] == [("x.exe", 1), ("net.exe", 2)]
    assert [g.name for g in group_hits(triage, GroupBy.ANALYTIC)] == ["dump", "net"]
    assert [g.name for g in group_hits(triage, GroupBy.TACTIC)] == [None]


# ---- properties ------------------------------------------------------------------------------------------------------

drawn_events = st.lists(
    st.fixed_dictionaries(
        {
            "time": st.sampled_from([None, *(START + timedelta(minutes=minute) for minute in (0, 1, 9, 30))]),
            "exe": st.sampled_from(["cmd.exe", "net.exe", "CMD.EXE", "svchost.exe"]),
            "parent_exe": st.sampled_from(["explorer.exe", "cmd.exe", None]),
            "hostname": st.sampled_from(["PC1", "pc1", "PC2", None]),
            "pid": st.sampled_from([None, 1, 2, 3]),
            "ppid": st.sampled_from([None, 1, 2, 3]),
            "command_line": st.sampled_from(["a", DUMP, "\U0001f600"]),
            "record_id": st.sampled_from([None, "1", "2"]),
        }
    ),
    min_size=1,
    max_size=12,
)

FIELDS = {
    "time": TIME,
    "exe": STRING,
    "parent_exe": STRING,
    "hostname": STRING,
    "pid": INTEGER,
    "ppid": INTEGER,
    "command_line": STRING,
    "record_id": STRING,
    "object": STRING,
    "action": STRING,
}
FOUND_BY: dict[str, tuple[Level | None, Callable[[dict[str, Any]], bool]]] = {
    "cmd": (Level.INFORMATIONAL, lambda event: event["exe"].casefold() == "cmd.exe"),
    "shells": (Level.INFORMATIONAL, lambda event: event["exe"] in {"cmd.exe", "net.exe"}),
    "net": (Level.LOW, lambda event: event["exe"] == "net.exe"),
    "dump": (Level.CRITICAL, lambda event: event["command_line"] == DUMP),
    "all": (None, lambda _: True),
}


@pytest.fixture(scope="module")
def drawn_store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """A store that knows of some of the processes that are drawn."""
    starts = [start(0, "cmd.exe", pid=1, ppid=9), start(2, "net.exe", "cmd.exe", pid=2, ppid=1)]
    return store_of(tmp_path_factory.mktemp("drawn"), process__create=starts)


def drawn_run(events: list[dict[str, Any]]) -> RunReport:
    """Return a run of which some outputs find some of the events, and more than one the same."""
    columns = tuple(Column(name, type_) for name, type_ in FIELDS.items())
    kinds = {TIME: pa.timestamp("us", "UTC"), STRING: pa.string(), INTEGER: pa.int64()}
    schema = pa.schema([(name, kinds[type_]) for name, type_ in FIELDS.items()])
    results: list[AnalyticOutput] = []
    for name, (level, finds) in FOUND_BY.items():
        rows = [{**event, "object": "process", "action": "create"} for event in events if finds(event)]
        output = Output("hits", columns, pa.Table.from_pylist(rows, schema), len(rows))
        results.append(AnalyticOutput(name, name, "a.car", (f"T{len(results)}",), output, level=level))
    return RunReport(START, "store", tuple(results))


@given(events=drawn_events)
@settings(max_examples=10)
def test_folding_loses_no_row_and_tells_none_twice(drawn_store: Store, events: list[dict[str, Any]]) -> None:
    report = drawn_run(events)
    triage = rank(report, drawn_store)
    rows = [at for hit in triage.hits for o in hit.occurrences for at in o.rows]
    assert len(set(rows)) == len(rows)
    counts = {number: result.output.count for number, result in enumerate(report.results) if result.output.count}
    assert Counter(at.output for at in rows) == counts


@given(events=drawn_events, dice=st.randoms(use_true_random=False))
@settings(max_examples=10)
def test_the_order_is_total_and_does_not_hang_on_that_of_what_came_in(
    drawn_store: Store, events: list[dict[str, Any]], dice: random.Random
) -> None:
    report = drawn_run(events)
    triage = rank(report, drawn_store)
    assert _without_rows(rank(_shuffled(report, dice), drawn_store)) == _without_rows(triage)
    assert len({incident.id for incident in triage.incidents}) == len(triage.incidents)


def _shuffled(report: RunReport, dice: random.Random) -> RunReport:
    """Return a run with its outputs, and the rows of each, in another order."""
    results = []
    for result in dice.sample(report.results, len(report.results)):
        output = result.output
        rows = pa.array(dice.sample(range(output.count), output.count), pa.int64())
        table = Output(output.name, output.columns, output.table.take(rows), output.total)
        results.append(replace(result, output=table))
    return replace(report, results=tuple(results))


def _without_rows(triage: Triage) -> list[object]:
    """Return what is told of incidents, without the numbers of rows, which are those of the input."""
    hits = chain.from_iterable(((incident.id, hit) for hit in incident.hits) for incident in triage.incidents)
    return [
        (id_, hit.analytic, hit.also, hit.weight, hit.values, [replace(o, rows=(), tree=None) for o in hit.occurrences])
        for id_, hit in hits
    ] + [(incident.id, incident.times, incident.weight.points, incident.processes) for incident in triage.incidents]


def test_a_join_of_what_lies_far_apart_makes_no_tree_of_the_two(tmp_path: Path) -> None:
    """The pid of a shell was given again a day later, and the join takes both runs of net.exe for its children."""
    events = [
        start(0, "cmd.exe", "x.exe", pid=1, ppid=70),
        start(1, "net.exe", "cmd.exe", pid=2, ppid=1),
        start(24 * 60, "y.exe", "z.exe", pid=1, ppid=80),
        start(24 * 60 + 1, "net.exe", "y.exe", pid=4, ppid=1),
    ]
    store = store_of(tmp_path, process__create=events)
    triage = rank(ran(store, [JOINED, ANALYTICS["net"]]), store)
    assert sorted(told(triage.incidents)) == [(1, [("pair", 1)]), (1, [("pair", 1)])]


def test_a_pid_whose_process_has_ended_is_nobodys(tmp_path: Path) -> None:
    def flow(minute: int) -> dict[str, Any]:
        return {**start(minute, "net.exe", pid=7), "dest_port": 4444}

    end = {"time": START + timedelta(minutes=10), "hostname": "pc1", "pid": 7, "sensor": "sysmon"}
    events = {"process__create": [start(0, "net.exe", "a.exe", pid=7, ppid=5)], "process__terminate": [end]}
    within = ranked(tmp_path / "within", flow__start=[flow(9)], **events)
    assert told(within.incidents) == [(1, [("net", 1), ("flow", 1)])]
    behind = ranked(tmp_path / "behind", flow__start=[flow(11)], **events)
    assert sorted(told(behind.incidents)) == [(1, [("flow", 1)]), (1, [("net", 1)])]


def test_what_differs_in_random_parts_is_one_hit_that_shows_the_first(tmp_path: Path) -> None:
    lines = [rf"net.exe user /tmp C:\Temp\{{{n:08x}-0a1b-4c5d-8e6f-001122334455}}" for n in range(3)]
    events = [start(n, "net.exe", "cmd.exe", command_line=line) for n, line in enumerate(lines)]
    events = [*events, start(9, "net.exe", "cmd.exe", command_line="net.exe user bob")]
    triage = ranked(tmp_path, "net", process__create=events)
    folded, other = sorted(triage.hits, key=lambda hit: -hit.count)
    assert (folded.count, folded.values["command_line"], other.count) == (3, lines[0], 1)


def test_what_carries_the_name_of_a_hub_under_a_parent_that_is_none_belongs_to_its_parent(tmp_path: Path) -> None:
    events = [
        start(0, "winword.exe", "explorer.exe", guid="word", parent_guid="desktop", command_line="winword lsass"),
        start(1, "explorer.exe", "winword.exe", guid="hollow", parent_guid="word", command_line="explorer.exe"),
        start(2, "net.exe", "explorer.exe", guid="net", parent_guid="hollow"),
        start(3, "net.exe", "explorer.exe", guid="other", parent_guid="desktop", command_line="net use"),
    ]
    triage = ranked(tmp_path, "net", "dump", process__create=events)
    assert told(triage.incidents) == [(1, [("dump", 1), ("net", 1)]), (1, [("net", 1)])]


def test_a_join_happened_when_the_last_of_its_records_did(tmp_path: Path) -> None:
    events = [
        start(0, "cmd.exe", pid=7),
        start(1, "net.exe", "cmd.exe", pid=8, ppid=7, command_line="net lsass"),
        start(60 * 24 * 300, "net.exe", "cmd.exe", pid=9, ppid=7),
    ]
    store = store_of(tmp_path, process__create=events)
    triage = rank(ran(store, [JOINED, ANALYTICS["cmd"], ANALYTICS["dump"]]), store)
    early, late = [(hit.analytic, o.first, o.last) for hit in triage.hits for o in hit.occurrences]
    assert early == ("dump", _micros(0), _micros(1))
    assert late == ("pair", *[_micros(60 * 24 * 300)] * 2)
