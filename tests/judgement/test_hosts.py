"""A judgement is by host: who can answer, who cannot, and why."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import permutations
from pathlib import Path
from typing import Any, Literal

import pytest

from carlang.analytic import CompiledAnalytic, RunOptions, load_text, run_analytics
from carlang.database import limit_memory, open_shared
from carlang.judgement import possible_platforms
from carlang.judgement.streams import Kind, best_kinds
from carlang.mapping import sensor_platforms
from carlang.report import write_report
from carlang.results import State, gaps_json, judgement_json, judgement_text, reason_json
from carlang.store import Store, open_store, write_plain
from tests.cli.commands import carlang
from tests.judgement.fleets import AUDITD, SECURITY, START, SYSMON, events, judged, store_of, told

WINDOWS = "---\nid: W-1\ntitle: Windows\nplatforms: [Windows]\n---\n"
LINES = 'p = search Process:Create\nq = filter p where (command_line == "x")\noutput q\n'
WITH_SYSMON = [f"PC{n:02}" for n in range(12)]
WITHOUT = [f"PC{n:02}" for n in range(12, 37)]
LINUX = ["web1", "web2", "web3"]
CLEARED = "PC20"
EXES = 'p = search Process:Create\nq = filter p where (exe == "x")\noutput q\n'


@pytest.fixture(scope="module", params=["counted", "told by footers"])
def fleet(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Forty hosts: twelve have Sysmon, three run Linux, and of one the Security log was emptied at noon."""
    folder = tmp_path_factory.mktemp("fleet")
    counted = store_of(
        folder / "store",
        process__create=[
            *events(WITH_SYSMON, SYSMON),
            *events([name for name in WITHOUT if name != CLEARED], SECURITY),
            *events([CLEARED], SECURITY, hours=(0, 1, 5)),
            *events([name.upper() for name in WITH_SYSMON], SECURITY),
            *events(LINUX, AUDITD),
        ],
        system__log_clear=events([CLEARED], {"sensor": "windows_security", "log_name": "Security"}, hours=[4]),
        flow__start=events(["web1"], {"sensor": "zeek", "dest_port": 1}),
    )
    if request.param == "counted":
        return counted
    write_plain(counted, folder / "told")
    return open_store(folder / "told")


def _windows(program: str = LINES) -> CompiledAnalytic:
    return load_text(WINDOWS + program)


def test_a_report_says_on_how_many_hosts_it_is_answered_and_why_not_on_the_others(fleet: Store) -> None:
    judgement = judged(fleet, _windows())
    assert judgement_text(judgement) == ("answered on 12 of 37 hosts; blind on 25: no command_line; not asked on 3")
    assert told(judgement) == ("partly", ["field_never_filled process create command_line"])
    assert judgement.names(State.ANSWERED) == WITH_SYSMON
    assert judgement.names(State.BLIND, 2) == WITHOUT[:2]
    assert judgement.names(State.NOT_ASKED) == LINUX
    document = judgement_json(judgement)
    assert document["hosts"] == {"answered": 12, "partly": 0, "blind": 25, "not_asked": 3}
    assert [(group["count"], len(group["hosts"])) for group in document["by_host"]] == [(12, 12), (25, 25), (3, 3)]


def test_a_log_that_was_emptied_makes_the_host_partly_blind_with_the_hours_of_which_there_is_nothing(
    fleet: Store,
) -> None:
    judgement = judged(fleet, _windows(EXES))
    assert judgement_text(judgement) == (
        "answered on 36 of 37 hosts; partly blind on 1: the log `Security` was cleared: nothing of it is there "
        "from 2024-03-05T10:00:00Z to 2024-03-05T12:00:00Z; not asked on 3"
    )
    assert judgement.names(State.PARTLY) == [CLEARED]
    # Whoever looks at other hours, or needs another log, is not concerned.
    later = START + timedelta(hours=4)
    assert judged(fleet, _windows(EXES), since=later).names(State.PARTLY) == []
    assert judgement_text(judged(fleet, _windows())).endswith("blind on 25: no command_line; not asked on 3")


def test_a_log_that_has_something_in_the_hour_before_it_was_emptied_had_been_collected(tmp_path: Path) -> None:
    def emptied(name: str, hours: list[int]) -> str:
        store = store_of(
            tmp_path / name,
            process__create=events(["A"], SECURITY, hours),
            system__log_clear=events(["A"], {"sensor": "windows_security", "log_name": "Security"}, [4]),
        )
        return judged(store, EXES).state.value

    assert emptied("before", [0, 3, 5]) == "answered"
    assert emptied("gap", [0, 2, 5]) == "partly"
    assert emptied("first", [5]) == "partly"


def test_another_sensor_that_tells_the_same_makes_up_for_a_log_that_was_emptied(tmp_path: Path) -> None:
    store = store_of(
        tmp_path,
        process__create=[*events(["A"], SECURITY, [0, 5]), *events(["A"], SYSMON, [0, 5])],
        system__log_clear=events(["A"], {"sensor": "windows_security", "log_name": "Security"}, [4]),
    )
    assert told(judged(store, EXES)) == ("answered", [])


def test_what_is_for_every_platform_is_asked_on_every_host(fleet: Store) -> None:
    assert judgement_text(judged(fleet, LINES)) == "answered on 15 of 40 hosts; blind on 25: no command_line"


def test_hosts_on_which_a_sensor_that_is_on_any_platform_is_beside_are_of_the_others(fleet: Store) -> None:
    assert "web1" in judged(fleet, _windows()).names(State.NOT_ASKED)


def test_an_analytic_for_windows_is_not_asked_where_all_hosts_run_linux(tmp_path: Path) -> None:
    store = store_of(tmp_path, process__create=events(LINUX[:2], AUDITD))
    assert told(judged(store, _windows())) == ("not_asked", ["other_platform Linux Windows"])
    assert told(judged(store, LINES)) == ("answered", [])


def test_parts_of_a_join_that_are_tied_to_one_host_have_to_be_there_together(tmp_path: Path) -> None:
    flows = events(["B", "C"], {"sensor": "sysmon", "pid": 4, "dest_port": 1})
    store = store_of(tmp_path, process__create=events(["A", "B"], SYSMON), flow__start=flows)
    join = "p = search Process:Create\nf = search Flow:Start\nq = join (p, f) where (p.pid == f.pid{})\noutput q"
    tied = judged(store, join.format(" and p.hostname == f.hostname"))
    assert {state.value: tied.names(state) for state in State} == {
        "answered": ["B"],
        "blind": ["A", "C"],
        "partly": [],
        "not_asked": [],
    }
    assert told(judged(store, join.format(""))) == ("answered", [])
    apart = store_of(tmp_path / "apart", process__create=events(["A"], SYSMON), flow__start=events(["C"], {"pid": 4}))
    assert told(judged(apart, join.format(" and p.hostname == f.hostname"))) == (
        "blind",
        ["not_on_one_host flow/start, process/create"],
    )


def test_an_optional_part_and_the_values_of_a_stream_may_be_of_any_host_unless_they_are_tied(tmp_path: Path) -> None:
    store = store_of(
        tmp_path / "store",
        process__create=events(["A", "B"], SYSMON),
        flow__start=events(["A"], {"sensor": "sysmon", "dest_port": 4}),
    )
    both = "p = search Process:Create\nf = search Flow:Start\n"
    anywhere = [
        "q = join (p, f optional) where (p.pid == f.dest_port)",
        "q = filter p where (pid in unique(f.dest_port))",
    ]
    for program in anywhere:
        assert told(judged(store, both + program)) == ("answered", [])
    tied = {
        "q = join (p, f optional) where (p.pid == f.dest_port and p.hostname == f.hostname)": "partly",
        "q = filter p where (hostname in unique(f.hostname))": "blind",
    }
    for program, state in tied.items():
        judgement = judged(store, both + program)
        assert (judgement.names(State.ANSWERED), judgement.names(State(state))) == (["A"], ["B"])


def test_events_without_a_host_are_those_of_one_that_has_no_name(tmp_path: Path) -> None:
    store = store_of(tmp_path, process__create=[*events([None], SYSMON), *events(["A"], SECURITY)])
    judgement = judged(store, LINES)
    assert judgement.names(State.ANSWERED) == [None]
    assert judgement.names(State.BLIND) == ["A"]


def test_the_best_kinds_of_events_are_the_same_in_whatever_order_they_come() -> None:
    least = Kind("process", "create", None, frozenset({"pid"}), frozenset({1}), untimed=False)
    longer = replace(least, stretches=frozenset({1, 3}))
    untimed = replace(longer, untimed=True)
    other = replace(least, stretches=frozenset({5}))
    marked = replace(other, marks=frozenset({"a", "b"}))
    for kinds in permutations([least, longer, untimed, other, replace(marked, marks=frozenset({"a"})), marked]):
        assert best_kinds(kinds) == (untimed, marked)


def test_a_store_without_events_is_blind(tmp_path: Path) -> None:
    store = store_of(tmp_path, process__create=events([], SYSMON), flow__start=events(["A"], {"pid": 1}))
    assert told(judged(store, LINES)) == ("blind", ["no_events process create"])


def test_hours_without_events_between_others_are_shown_and_are_no_reason_to_be_blind(tmp_path: Path) -> None:
    store = store_of(
        tmp_path,
        process__create=[
            *events(["A"], SYSMON, hours=(0, 1, 5, 9)),
            *events(["a"], SECURITY, hours=(6, 9)),  # another sensor tells of one of the hours
            *events(["B"], SYSMON, hours=(0, 1)),
            *events([None], SYSMON, hours=(0, 2)),
        ],
        flow__start=events(["A"], {"pid": 1}, hours=(0, 7)),
    )
    report = run_analytics([load_text(LINES)], store, RunOptions.of(now=START), {})
    (gaps,) = report.gaps
    hours = [[(START + timedelta(hours=h)).strftime("%FT%TZ") for h in each] for each in ((1, 2), (2, 5), (7, 9))]
    assert gaps_json(gaps) == {
        "object": "process",
        "action": "create",
        "hosts": 3,
        "hosts_with_gaps": 2,
        "hours": 6,
        "by_host": [
            {"host": "A", "gaps": [{"start": start, "end": end} for start, end in hours[1:]]},
            {"host": None, "gaps": [{"start": hours[0][0], "end": hours[0][1]}]},
        ],
    }
    shown: tuple[tuple[Literal["table", "html", "json"], str], ...] = (
        (
            "table",
            "Hours without events on hosts that have them before and after: process/create on 2 of 3 hosts, 6 hours",
        ),
        ("html", "process/create <span"),
        ("json", '"hosts_with_gaps": 2'),
    )
    for name, expected in shown:
        stream = io.StringIO()
        write_report(report, stream, name, width=200)
        assert expected in stream.getvalue()
    assert judged(store, EXES).state is State.ANSWERED
    # Only the hours that a run looks at.
    later = RunOptions.of(now=START, since=START + timedelta(hours=3), until=START + timedelta(hours=8))
    (gaps,) = run_analytics([load_text(LINES)], store, later, {}).gaps
    assert (gaps.hosts_with_gaps, gaps.hours) == (1, 3)


def test_where_files_do_not_say_whose_events_they_have_that_is_said(tmp_path: Path) -> None:
    silent = store_of(tmp_path / "silent", process__create=events(["A"], SYSMON))
    write_plain(silent, tmp_path / "told")
    said = "1 file of the store does not say whose events it has: all of them were counted\n"
    for name, text, count in (("silent", said, 1), ("told", "", 0)):
        ran = carlang("run", "-e", LINES, "--store", tmp_path / name, "--format", "json")
        assert (ran.err, ran.json().get("files_counted", 0)) == (text, count)
        assert ("were counted" in carlang("run", "-e", LINES, "--store", tmp_path / name).out) is bool(text)
        assert carlang("check", "-e", LINES, "--store", tmp_path / name, "--format", "json").err == text
        assert carlang("store", "info", tmp_path / name, "--by", "host", "--format", "json").err == text
    answers = [judged(open_store(tmp_path / name), LINES) for name in ("silent", "told")]
    assert judgement_json(answers[0]) == judgement_json(answers[1])


def _numbered(
    host: str, numbers: Iterable[int], hour: int, fields: Mapping[str, Any] = SYSMON, source: str = "a.evtx"
) -> Any:
    (event,) = events([host], fields, [hour])
    return [{**event, "record_id": number, "source": source} for number in numbers]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (range(1, 51), range(61, 101), 10),  # ten are missing
        (range(1, 51), range(60, 101), 0),  # nine, which the records of any sensor may leave out
        (range(1, 51), range(5000, 5030), 4949),
        ([*range(1, 26), *range(27, 52)], range(100, 150), 48),  # one number that cannot be read is no filter
        (range(1, 101, 2), range(200, 250), 0),  # every second number: the export was filtered
        (range(1, 10), range(100, 110), 0),  # too few records to tell
        (range(900, 950), range(1, 40), None),  # it began to count anew
    ],
)
def test_a_log_whose_numbers_break_makes_the_host_partly_blind(
    tmp_path: Path, before: Iterable[int], after: Iterable[int], expected: int | None
) -> None:
    whole = _numbered("B", range(1, 200), 1)
    rows = [*_numbered("A", before, 1), *_numbered("A", after, 4), *whole]
    write_plain(store_of(tmp_path / "silent", process__create=rows), tmp_path / "told")
    reason = {
        "code": "log_broken",
        "log": "sysmon",
        "start": f"{START + timedelta(hours=1):%FT%TZ}",
        "end": f"{START + timedelta(hours=5):%FT%TZ}",
        "missing": expected,
    }
    for name in ("silent", "told"):
        judgement = judged(open_store(tmp_path / name), LINES)
        assert judgement.names(State.PARTLY) == ([] if expected == 0 else ["A"])
        assert [reason_json(each) for each in judgement.reasons] == ([] if expected == 0 else [reason])


def test_numbers_break_in_a_log_as_a_whole_and_not_in_each_class_or_source_of_it(tmp_path: Path) -> None:
    flow = {"sensor": "sysmon", "pid": 4, "dest_port": 1}

    def answer(name: str, **classes: Sequence[Mapping[str, Any]]) -> str:
        return judged(store_of(tmp_path / name, **classes), LINES).state.value

    starts = [*_numbered("A", range(1, 51), 1), *_numbered("A", range(101, 151), 4)]
    assert answer("alone", process__create=starts) == "partly"
    # Records of another class, of which nobody asks, have the numbers between; or another export of the log has them.
    assert answer("class", process__create=starts, flow__start=_numbered("A", range(51, 101), 2, flow)) == "answered"
    second = _numbered("A", range(40, 120), 2, source="b.json")
    assert answer("source", process__create=[*starts, *second]) == "answered"
    # A log of its own has numbers of its own, and so has another host.
    other = _numbered("A", range(51, 101), 2, {"sensor": "windows_security", "user": "x"})
    assert answer("log", process__create=starts, user_session__login=other) == "partly"
    assert answer("host", process__create=[*starts, *_numbered("B", range(51, 101), 2)]) == "partly"
    # Whoever tells the same makes up for it, and who asks for other hours is not concerned.
    security = _numbered("A", range(1, 9), 1, {**SYSMON, "sensor": "windows_security"})
    assert answer("sensors", process__create=[*starts, *security]) == "answered"
    store = open_store(tmp_path / "alone")
    assert judged(store, LINES, since=START + timedelta(hours=5)).names(State.PARTLY) == []
    assert judgement_text(judged(store, LINES)) == (
        "partly blind: the numbers of the log `sysmon` break: 50 records of it are missing between "
        "2024-03-05T09:00:00Z and 2024-03-05T13:00:00Z"
    )


def test_a_record_that_is_events_of_two_classes_is_one_number_of_its_log(tmp_path: Path) -> None:
    logins = 'q = search user_session:login where (user == "x")'
    fields = {"sensor": "windows_security", "user": "x"}

    def answer(name: str, numbers: Iterable[int]) -> str:
        rows = [row for n in numbers for row in _numbered("A", [n], 1 if n < 500 else 4, fields)]
        return judged(
            store_of(tmp_path / name, user_session__login=rows, authentication__success=rows), logins
        ).state.value

    assert answer("complete", [*range(1, 51), *range(500, 551)]) == "partly"
    assert answer("filtered", [*range(1, 101, 2), *range(500, 601, 2)]) == "answered"
    assert answer("few", [*range(1, 7), *range(500, 507)]) == "answered"


def test_a_sensor_that_is_written_to_several_logs_of_a_host_has_no_numbers_of_one_log(tmp_path: Path) -> None:
    script = {"sensor": "windows_powershell", "content": "x"}
    rows = [*_numbered("A", range(1, 51), 1, script), *_numbered("A", range(5000, 5050), 2, script)]
    store = store_of(tmp_path, script__execute=rows)
    assert judged(store, 'q = search Script:Execute where (content == "x")').state.value == "answered"


@pytest.mark.parametrize(
    ("sensors", "expected"),
    [
        (["windows_security"], ("Windows",)),
        (["auditd", "zeek"], ("Linux",)),
        (["sysmon"], ("Windows", "Linux")),
        (["sysmon", "auditd"], ("Linux",)),
        (["zeek", "osquery", "a sensor of one's own"], ()),
        (["auditd", "windows_security"], ()),  # one of them collects the logs of others
        ([], ()),
    ],
)
def test_a_host_may_run_what_all_of_its_sensors_run_on(sensors: list[str], expected: tuple[str, ...]) -> None:
    assert possible_platforms(sensors, sensor_platforms()) == expected


@pytest.mark.parametrize(
    ("asked", "states"),
    [
        ("filter f where (process.exe == 'x')", {"answered": ["A", "D"], "blind": ["B", "C"]}),
        ("filter f where (process.command_line == 'x')", {"answered": ["A"], "blind": ["B", "C", "D"]}),
        (
            "filter f where (file_path == 'x' or process.exe == 'x')",
            {"answered": ["A", "D"], "partly": ["B"], "blind": ["C"]},
        ),
        ("filter f where (process.parent.exe == 'x')", {"answered": ["A"], "blind": ["B", "C", "D"]}),
        ("children of f", {"answered": ["A"], "blind": ["B", "C", "D"]}),
    ],
)
def test_a_host_without_starts_of_processes_has_none_behind_its_events(
    tmp_path: Path, asked: str, states: Mapping[str, list[str]]
) -> None:
    starts = events(["A", "C"], {**SYSMON, "ppid": 3, "guid": "{A}"}) + events(["D"], SECURITY)
    files = events(["A", "B", "D"], {"sensor": "sysmon", "pid": 4, "file_path": "x"})
    store = store_of(tmp_path, process__create=starts, file__create=files)
    judgement = judged(store, f"f = search File:Create\nq = {asked}")
    got: dict[str, list[str]] = {}
    for group in judgement.groups:
        got.setdefault(group.state.value, []).extend(group.hosts.to_pylist())
    assert {state: sorted(hosts) for state, hosts in got.items()} == states
    assert "no_events process create" in told(judgement)[1]


def test_events_without_a_host_and_a_host_whose_log_was_emptied_are_told_together(tmp_path: Path) -> None:
    store = store_of(
        tmp_path,
        process__create=events([None, "A", "B"], {name: SECURITY[name] for name in ("sensor", "exe", "pid")}, [0, 8]),
        system__log_clear=events(["A"], {"sensor": "windows_security", "log_name": "Security"}, [4]),
    )
    judgement = judged(store, 'search Process:Create | filter command_line contains "lsass"')
    assert [(group.state.value, group.hosts.to_pylist()) for group in judgement.groups] == [("blind", [None, "A", "B"])]


def test_what_judges_takes_no_more_memory_than_the_engine_of_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store_of(tmp_path, process__create=events(["a", "b"], SYSMON))
    limits: set[str] = set()

    def opened() -> Any:
        connection = open_shared()
        limits.update(limit for (limit,) in connection.sql("SELECT current_setting('memory_limit')").fetchall())
        return connection

    for module in ("carlang.store.inventory", "carlang.store.footer", "carlang.judgement.hosts"):
        monkeypatch.setattr(f"{module}.open_shared", opened)
    analytic = load_text(LINES)
    for memory, of_engine in (("128MiB", {"96.0 MiB"}), ("256MiB", {"192.0 MiB"})):
        limits.clear()
        run_analytics([analytic], open_store(tmp_path), RunOptions.of(memory_limit=memory), {})
        assert limits == of_engine


def test_where_judging_runs_out_of_memory_each_analytic_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = store_of(tmp_path, process__create=events([f"host{number}" for number in range(50_000)], SYSMON))
    assert store.files()
    monkeypatch.setattr("carlang.analytic.judging.limit_memory", lambda _: limit_memory("1MB"))
    report = run_analytics([load_text(LINES)], store, RunOptions.of(), {})
    assert [(failed.error or "").partition(" (")[0] for failed in report.failed] == [
        "ran out of memory; give it more with --memory-limit"
    ]
