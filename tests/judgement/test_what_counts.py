"""What an output needs of a store, and what it does not: conditions that must hold, each alternative for itself."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from carlang.analytic import CompiledAnalytic
from carlang.model import builtin_model
from carlang.project import shipped_catalogue
from carlang.results import WindowWithoutEvents
from carlang.store import Store
from tests.judgement.fleets import NOW, SECURITY, START, SYSMON, events, judged, judgements, store_of, told

CREATE = "p = search Process:Create\n"
FLOW = "f = search Flow:Start\n"
NO_CREATE = "no_events process create"
LOG_RECORD = {
    "sensor": "windows_event_log",
    "log_name": "Security",
    "event_code": "4624",
    "provider": "Microsoft-Windows-Security-Auditing",
}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """One host with starts of processes that have no parent and no hash, deletions in the registry, a Security log."""
    start = {k: v for k, v in SYSMON.items() if k != "parent_exe"}
    return store_of(
        tmp_path_factory.mktemp("counts") / "store",
        process__create=events(["A"], start),
        registry__remove=events(["A"], {"sensor": "sysmon", "key": "HKLM\\x"}),
        flow__start=events(["A"], {"sensor": "sysmon", "dest_port": 3389, "dest_ip": "10.0.0.1"}),
        event__log=events(["A"], LOG_RECORD),
    )


@pytest.mark.parametrize(
    ("program", "expected"),
    [
        # Columns that are only shown do not count, nor keys of groups and of differences, where missing equals missing.
        (CREATE + "q = from p select exe, parent_exe", "answered"),
        (CREATE + "g = group p by parent_exe\nq = from g select parent_exe, values(user) as users", "answered"),
        (CREATE + "a = filter p where (exe == 'a.exe')\nq = p - a by parent_exe", "answered"),
        (CREATE + "s = p\nq = sequence (p, s) by parent_exe within 1 hour", "answered"),
        # Conditions do.
        (CREATE + "q = filter p where (parent_exe == 'x')", "blind: field_never_filled process create parent_exe"),
        (CREATE + "q = filter p where (parent_exe exists)", "blind: field_never_filled process create parent_exe"),
        (CREATE + "q = filter p where (parent_exe == null)", "answered"),
        (CREATE + "q = filter p where (parent_exe != 'x')", "answered"),
        (CREATE + "q = filter p where (not (parent_exe == 'x'))", "answered"),
        (CREATE + "q = filter p where (parent_exe not in ['x', 'y*'])", "answered"),
        (CREATE + "q = filter p where (not (parent_exe != 'x'))",
         "blind: field_never_filled process create parent_exe"),
        (CREATE + "q = filter p where (lower(parent_exe) == 'x')",
         "blind: field_never_filled process create parent_exe"),
        (CREATE + "q = filter p where (coalesce(parent_exe, exe) == 'x')", "answered"),
        (CREATE + "q = filter p where (parent_exe == exe)", "blind: field_never_filled process create parent_exe"),
        (CREATE + "p.x = concat(parent_exe, '!')\nq = filter p where (x == 'a!')",
         "blind: field_never_filled process create parent_exe"),
        (CREATE + "q = filter p where (exe match 'a' and parent_exe match 'a' and md5_hash == 'a')",
         "blind: field_never_filled process create md5_hash; field_never_filled process create parent_exe"),
        # Of an `or` each arm is judged for itself, also one that De Morgan hides.
        (CREATE + "q = filter p where (exe == 'x' or parent_exe == 'x')",
         "partly: field_never_filled process create parent_exe"),
        (CREATE + "q = filter p where (not (exe != 'x' and parent_exe != 'x'))",
         "partly: field_never_filled process create parent_exe"),
        (CREATE + "q = filter p where ((exe == 'x' or parent_exe == 'x') and md5_hash == 'x')",
         "blind: field_never_filled process create md5_hash"),
        (CREATE + "q = filter p where (not (exe == 'x' or parent_exe == 'x'))", "answered"),
        # A field of the process behind a row asks for starts, and for what says which process the row is of.
        (FLOW + "q = filter f where (process.exe == 'x')",
         "blind: field_never_filled flow start guid; field_never_filled flow start pid"),
        (FLOW + "q = filter f where (process.parent_exe == 'x')",
         "blind: field_never_filled flow start guid; field_never_filled flow start pid"),
        (FLOW + "q = filter f where (process.exe == null)", "answered"),
        (FLOW + "q = from f select dest_ip, process.parent_exe", "answered"),
        ("r = search Registry:Remove\nq = filter r where (process.exe == 'x')",
         "blind: field_never_filled registry remove guid; field_never_filled registry remove pid"),
        (CREATE + "q = filter p where (process.parent.exe == 'x')",
         "blind: field_never_filled process create parent_guid; field_never_filled process create ppid"),
        # Relatives ask for starts that say whose children they are.
        (CREATE + "q = children of p",
         "blind: field_never_filled process create parent_guid; field_never_filled process create ppid"),
        ("r = search Registry:Remove\nq = descendants of r",
         ("blind: field_never_filled process create parent_guid; field_never_filled process create ppid; "
         "field_never_filled registry remove guid; field_never_filled registry remove pid")),
        ("p = search Process:Access\nq = ancestors of p",
         ("blind: field_never_filled process create parent_guid; field_never_filled process create ppid; "
         "no_events process access")),
        # So is each value of an `if`, also one that is never chosen, for what the condition asks for is never there.
        (CREATE + "q = filter p where (if exe == 'x' then parent_exe == 'x' else command_line == 'x')",
         "partly: field_never_filled process create parent_exe"),
        (CREATE + "q = filter p where (if parent_exe == 'x' then exe == 'x' else command_line == 'x')",
         "partly: field_never_filled process create parent_exe"),
        (CREATE + "q = filter p where (if exe == 'x' then parent_exe == 'x' else md5_hash == 'x')",
         "blind: field_never_filled process create parent_exe; field_never_filled process create md5_hash"),
        (CREATE + "q = filter p where (if parent_exe == null then exe == 'x' else command_line == 'x')", "answered"),
        (CREATE + "q = filter p where ((if parent_exe exists then 'a' else 'b') == 'a')",
         "blind: field_never_filled process create parent_exe"),
        (CREATE + "q = filter p where ((if exe == 'x' then parent_exe else md5_hash) == 'a')",
         "blind: field_never_filled process create md5_hash; field_never_filled process create parent_exe"),
        (CREATE + "q = filter p where ((if exe == 'x' then parent_exe else command_line) == 'a')", "answered"),
        (CREATE + "q = filter p where (split(parent_exe, '.')[0] == 'a')",
         "blind: field_never_filled process create parent_exe"),
        # Of all texts of an event some are always there.
        (CREATE + "q = filter p where (any contains 'x')", "answered"),
        (CREATE + "q = filter p where (any == parent_exe)", "blind: field_never_filled process create parent_exe"),
        # A difference needs what it takes away from.
        (CREATE + "t = search Thread:Create\nq = p - t by hostname", "answered"),
        (CREATE + "t = search Thread:Create\nq = t - p by hostname", "blind: no_events thread create"),
        # Classes of a search, and both sides of a union, are alternatives; parts of joins and sequences are not.
        ("q = search Registry:Add,Remove", "partly: no_events registry add"),
        ("q = search Registry:Add,Value_Edit,Key_Edit",
         "blind: no_events registry add; no_events registry value_edit; no_events registry key_edit"),
        ("q = search Registry:Add,Key_Edit", "blind: no_events registry add; no_events registry key_edit"),
        ("r = search Registry:Add,Remove\nq = filter r where (action == 'remove')", "answered"),
        ("r = search Registry:Add,Remove\nq = filter r where (action == 'add')", "blind: no_events registry add"),
        ("q = search Registry", "answered"),
        ("q = search Thread", "blind: no_events thread"),
        ("r = search Registry\nq = filter r where (action == 'add')", "blind: no_events registry add"),
        (CREATE + "t = search Thread:Create\nq = p + t", "partly: no_events thread create"),
        (CREATE + "t = search Thread:Create\nq = join (p, t) where (p.pid == t.src_pid)",
         "blind: no_events thread create"),
        (CREATE + "t = search Thread:Create\nq = sequence (p, t) by hostname within 1 hour",
         "blind: no_events thread create"),
        (CREATE + "t = search Thread:Create\ns = p\nq = sequence (p, s) by hostname within 1 hour until t", "answered"),
        (CREATE + "t = search Thread:Create\nq = together (p, t) by hostname within 1 hour",
         "blind: no_events thread create"),
        (CREATE + "s = p\nq = together (p, s) by parent_exe within 1 hour", "answered"),
        # A window's condition is one on a group; its keys and the clock's intervals ask for nothing.
        (CREATE + "q = group p by parent_exe having (count() > 3) within any 1 hour", "answered"),
        (CREATE + "q = group p by exe having (count(distinct md5_hash) > 1) within any 1 hour",
         "blind: field_never_filled process create md5_hash"),
        (CREATE + "q = group p by exe having (count() > 9 or max(ppid) > 1) within any 1 hour",
         "partly: field_never_filled process create ppid"),
        (CREATE + "g = group p by exe having (count() > 9) within any 1 hour\nq = filter g where (max(ppid) > 1)",
         "blind: field_never_filled process create ppid"),
        (CREATE + "q = group p by exe having (max(ppid) > 1) every 1 hour",
         "blind: field_never_filled process create ppid"),
        (CREATE + "q = count(p) by parent_exe every 1 day", "answered"),
        ("t = search Thread:Create\nq = group t having (count() > 3) within any 1 hour",
         "blind: no_events thread create"),
        # Conditions of a sequence's steps count; what must be absent takes rows away, as in a difference.
        (CREATE + "s = p\nq = sequence (p, s where (s.pid == p.pid)) by hostname", "answered"),
        (CREATE + "s = p\nq = sequence (p, s where (s.ppid == p.pid)) by hostname",
         "blind: field_never_filled process create ppid"),
        (CREATE + "s = p\nq = sequence (p * 2, s where (s.time < p.first_time + 1 hour))", "answered"),
        (CREATE + "t = search Thread:Create\nq = sequence (p, t * 3)", "blind: no_events thread create"),
        (CREATE + "t = search Thread:Create\ns = p\nq = sequence (p, no t, s) by hostname", "answered"),
        (CREATE + "s = p\nq = sequence (p, no s where (s.ppid == p.pid)) within 1 hour", "answered"),
        (CREATE + "f = search Flow:Start\nq = join (p, f) where (p.ppid == f.pid)",
         "blind: field_never_filled flow start pid; field_never_filled process create ppid"),
        # An order, and what it cuts, asks for nothing; an optional part is an alternative to having none.
        (CREATE + "q = p | sort by parent_exe desc | unique by md5_hash | head 3", "answered"),
        (CREATE + "t = search Thread:Create\nq = join (p, t optional) where (p.pid == t.src_pid)",
         "partly: no_events thread create"),
        (CREATE + "t = search Thread:Create\nq = join (t, p optional) where (p.pid == t.src_pid)",
         "blind: no_events thread create"),
        (CREATE + "t = search Thread:Create\nj = join (p, t optional) where (p.pid == t.src_pid)\n"
         "q = filter j where (t.src_pid exists)", "blind: no_events thread create"),
        (CREATE + "t = search Thread:Create\nj = join (p, t optional) where (p.pid == t.src_pid)\n"
         "q = filter j where (t.src_pid == null)", "partly: no_events thread create"),
        (CREATE + "f = search Flow:Start\nq = join (p, f optional) where (p.pid == f.dest_port)", "answered"),
        (CREATE + "f = search Flow:Start\nq = join (p, f optional) where (p.ppid == f.dest_port)",
         "partly: field_never_filled process create ppid"),
        (CREATE + "f = search Flow:Start\nq = join (p, f optional) where (p.pid == f.dest_port and p.ppid == 3)",
         "partly: field_never_filled process create ppid"),
        # What is looked for in a stream needs one.
        (CREATE + "t = search Thread:Create\nq = filter p where (pid in unique(t.src_pid))",
         "blind: no_events thread create"),
        (CREATE + "t = search Thread:Create\nq = filter p where (pid not in unique(t.src_pid))", "answered"),
        (CREATE + "t = search Thread:Create\nq = filter p where (exe == 'x' or pid in unique(t.src_pid))",
         "partly: no_events thread create"),
        (CREATE + "q = filter p where (pid in unique(p.ppid))", "blind: field_never_filled process create ppid"),
        (CREATE + "q = filter p where (ppid in unique(p.pid))", "blind: field_never_filled process create ppid"),
        (CREATE + "u = unique(p.exe)\nq = filter p where (exe in u)", "answered"),
        # Aggregates are over what they count.
        (CREATE + "g = group p by exe\nq = filter g where (count(distinct md5_hash) > 1)",
         "blind: field_never_filled process create md5_hash"),
        (CREATE + "g = group p by exe\nr = from g select count(distinct md5_hash) as n\nq = filter r where (n > 1)",
         "blind: field_never_filled process create md5_hash"),
        (CREATE + "g = group p by exe\nq = filter g where (count() > 1)", "answered"),
        (CREATE + "q = unique(p.md5_hash)", "blind: field_never_filled process create md5_hash"),
        ("t = search Thread:Create\nlast = max(t.time)\n" + CREATE + "q = filter p where (time > last)",
         "blind: no_events thread create"),
        ("t = search Thread:Create\n" + CREATE + "q = filter p where (count(t) == 0)", "answered"),
        # Records of logs need their log.
        ("r = search Event:Log\nq = filter r where (log_name == 'System' and event_code == 7036)",
         "blind: no_log System"),
        ("r = search Event:Log\nq = filter r where (log_name == 'security' and event_code == 1)", "answered"),
        ("r = search Event:Log\nq = filter r where (log_name in ['Security', 'System'])", "partly: no_log System"),
        ("q = search Event:Log where ((log_name == 'Security' and event_code == 1) or (log_name == 'System'))",
         "partly: no_log System"),
        ("r = search Event:Log\nq = filter r where (log_name == '*PowerShell*')", "blind: no_log *PowerShell*"),
        ("r = search Event:Log\nq = filter r where (log_name contains 'powershell')", "blind: no_log *powershell*"),
        # One that names none is judged by the provider or the code that it asks for: the store may lack their log.
        ("r = search Event:Log\nq = filter r where (event_code == 7036)", "blind: no_records event_code 7036"),
        ("r = search Event:Log\nq = filter r where (event_code == 4624)", "answered"),
        ("r = search Event:Log\nq = filter r where (event_code in [4624, 7036])", "partly: no_records event_code 7036"),
        ("r = search Event:Log\nq = filter r where (event_code != 7036)", "answered"),
        ("r = search Event:Log\nq = filter r where (event_code > 7036)", "answered"),
        ("r = search Event:Log\nq = filter r where (provider == 'SCM' and event_code == 7036)",
         "blind: no_records provider SCM"),
        ("r = search Event:Log\nq = filter r where (provider == 'microsoft-*-auditing' and event_code == 1)",
         "answered"),
        ("r = search Event:Log\nq = filter r where (provider contains 'auditing')", "answered"),
        ("r = search Event:Log\nq = filter r where (log_name == 'Security' and provider == 'x' and event_code == 1)",
         "answered"),
        ("r = search Event:Log\nq = filter r where (log_name == 'System' and event_code == 4624)",
         "blind: no_log System"),
        ("r = search Event:Log\nq = filter r where (event_data.x == '1')",
         "blind: field_never_filled event log event_data"),
    ],
)  # fmt: skip
def test_what_an_output_needs(store: Store, program: str, expected: str) -> None:
    state, reasons = told(judged(store, program))
    assert ": ".join(filter(None, (state, "; ".join(reasons)))) == expected


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("time >= now - 1 day", "answered"),
        ("time >= now - 1 hour", f"blind: window_without_events process create {START + timedelta(seconds=1):%FT%TZ}"),
        ("now - 3 hours < time < now - 1 hour", "answered"),
        ("now - 1 day < time and time < now - 3 hours",
         f"blind: window_without_events process create {START + timedelta(seconds=1):%FT%TZ}"),
        ("time < '2024-03-05T08:00:00Z'", "blind: window_without_events process create"),
        ("time <= '2024-03-05T08:00:00Z'", "answered"),
        ("time == '2024-03-05T08:00:00Z'", "answered"),
        ("time > '2024-03-05T08:00:00Z'", "blind: window_without_events process create"),
        ("time > '2024-03-05' or exe == 'x'", "answered"),
        ("time > '2025-03-05' or exe == 'x'", "partly: window_without_events process create"),
        ("not (time < now - 1 day)", "answered"),
        ("not (time < now - 1 hour)",
         f"blind: window_without_events process create {START + timedelta(seconds=1):%FT%TZ}"),
        ("not (time > '2024-03-05T07:00:00Z')", "blind: window_without_events process create"),
        ("not (time == '2024-03-05T08:00:00Z')", "answered"),
    ],
)  # fmt: skip
def test_a_range_of_time_that_holds_no_event_is_blind(store: Store, condition: str, expected: str) -> None:
    state, reasons = told(judged(store, CREATE + f"q = filter p where ({condition})"))
    assert ": ".join(filter(None, (state, "; ".join(reasons)))) == expected


@pytest.mark.parametrize(
    ("program", "expected"),
    [
        ("old = filter p where (time < now - {0})\nq = p - old by exe", "blind"),
        (
            "old = filter p where (time < now - {0})\nolder = filter old where (time < now)\nq = p - older by exe",
            "blind",
        ),
        ("old = filter p where (time < now - {0} and exe == 'x')\nq = p - old by exe", "answered"),
        ("s = search Process:Create\nold = filter s where (time < now - {0})\nq = p - old by exe", "answered"),
        ("old = filter p where (time > now - {0})\nq = p - old by exe", "answered"),
    ],
)
def test_what_is_taken_away_from_what_it_is_some_of_leaves_the_rest(store: Store, program: str, expected: str) -> None:
    text = CREATE + program.format("1 hour")
    judgement = judged(store, text)
    assert judgement.state.value == expected
    if expected == "blind":
        assert told(judgement)[1] == [f"window_without_events process create {START + timedelta(seconds=1):%FT%TZ}"]
    assert judged(store, CREATE + program.format("1 day")).state.value == (
        "blind" if "time >" in program else "answered"
    )


@pytest.mark.parametrize(
    ("analytic", "output", "events_of"),
    [
        (
            "CAR-2019-04-004",
            "outliers",
            {"process__access": {"sensor": "sysmon", "target_name": "x", "access_level": "y"}},
        ),
        ("CAR-2013-01-002", "services", {"service__create": {"sensor": "windows_system", "name": "x"}}),
        ("CAR-2013-01-002", "startup_files", {"file__create": {"sensor": "sysmon", "file_path": "x"}}),
        ("CAR-2013-01-002", "registry_entries", {"registry__add": {"sensor": "sysmon", "key": "x"}}),
        ("CAR-2013-01-002", "tasks", {"task__create": {"sensor": "windows_security", "task_name": "x"}}),
    ],
)
def test_analytics_of_what_is_new_are_blind_where_nothing_is_with_an_instant_at_which_something_was(
    tmp_path: Path, analytic: str, output: str, events_of: dict[str, dict[str, str]]
) -> None:
    ((name, fields),) = events_of.items()
    store = store_of(tmp_path, **{name: events(["A"], {**fields, "image_path": "x", "call_trace": "x"})})
    data = shipped_catalogue().find(analytic)
    assert data is not None
    compiled = CompiledAnalytic(data, builtin_model(), shipped_catalogue())
    place = [each.name for each in compiled.outputs()].index(output)
    judgement = judgements(store, compiled, now=START + timedelta(days=30))[place]
    windows = [reason for reason in judgement.reasons if isinstance(reason, WindowWithoutEvents)]
    assert judgement.state.value == "blind"
    assert [reason.now for reason in windows] == [f"{START + timedelta(seconds=1):%FT%TZ}"]
    again = judgements(store, compiled, now=datetime.fromisoformat(windows[0].now or ""))[place]
    assert again.state.value != "blind"


def test_the_instant_that_is_hinted_at_holds_events(store: Store) -> None:
    program = CREATE + "q = filter p where (time >= now - 1 hour)"
    (reason,) = judged(store, program).reasons
    hinted = reason.now  # type: ignore[union-attr]  # the reason is a window's
    assert judged(store, program, now=START.fromisoformat(hinted or "")).state.value == "answered"


def test_what_a_run_leaves_out_is_not_seen(store: Store) -> None:
    later = START + timedelta(minutes=1)
    assert told(judged(store, CREATE, since=later)) == ("blind", ["window_without_events process create"])
    assert told(judged(store, CREATE, until=START)) == ("blind", ["window_without_events process create"])
    assert told(judged(store, CREATE, since=START, until=later)) == ("answered", [])


def test_a_value_for_an_input_counts(store: Store) -> None:
    program = "input since: time = now - 1 hour\n" + CREATE + "q = filter p where (time >= since)"
    assert judged(store, program).state.value == "blind"
    assert judged(store, program, since_="x").state.value == "blind"
    assert judged(store, program.replace("since", "begin"), begin=START).state.value == "answered"
    assert told(judged(store, program.replace(" = now - 1 hour", ""))) == ("blind", ["missing_parameter since"])


def test_events_without_a_time_lie_in_every_window_of_a_run_and_in_none_of_a_program(tmp_path: Path) -> None:
    row = {"hostname": "A", "exe": "x", "time": None}
    store = store_of(tmp_path, process__create=[row])
    assert judged(store, CREATE, since=NOW).state.value == "answered"
    assert told(judged(store, CREATE + "q = filter p where (time < now)")) == (
        "blind",
        ["field_never_filled process create time"],
    )


def test_of_two_sensors_of_one_class_the_one_that_tells_more_answers(tmp_path: Path) -> None:
    store = store_of(tmp_path, process__create=[*events(["A"], SYSMON), *events(["A"], SECURITY)])
    assert told(judged(store, CREATE + "q = filter p where (command_line == 'x')")) == ("answered", [])
    # One has the one field, the other the other: no event has both.
    rows = [*events(["A"], {"sensor": "a", "exe": "x"}), *events(["A"], {"sensor": "b", "pid": 4})]
    split = store_of(tmp_path / "split", process__create=rows)
    assert judged(split, CREATE + "q = filter p where (exe == 'x' or pid == 4)").state.value == "answered"
    assert judged(split, CREATE + "q = filter p where (exe == 'x' and pid == 4)").state.value == "blind"


def test_a_search_of_several_objects_does_not_lack_a_field_that_one_of_them_cannot_have(store: Store) -> None:
    program = "s = search (Process:Create or Registry:Remove)\nq = filter s where (command_line == 'x')"
    assert told(judged(store, program)) == ("answered", [])
