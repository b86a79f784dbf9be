"""Mutants show what the tests that an analytic carries leave untested."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from carlang.analytic import CompiledAnalytic, load_text
from carlang.testing import AnalyticResult, junit, mutants, render_result, run_tests

PROGRAM = """\
p = search Process:Create
f = filter p where (exe == "a.exe" and (pid > 10 or user == "X\\\\y"))
output f
"""


def analytic(tests: str, program: str = PROGRAM, front: str = "") -> CompiledAnalytic:
    return load_text(f"---\nid: T-1\n{front}tests:\n{tests}---\n{program}", "T-1.car")


def case(*events: str, rows: int, name: str = "t", **keys: object) -> str:
    written = "".join(f"    - {{object: process, action: create, {event}}}\n" for event in events)
    more = "".join(f"    {key}: {value}\n" for key, value in keys.items())
    return f"  - name: {name}\n{more}    events:\n{written}    expect: {{f: {rows}}}\n"


def survivors(result: AnalyticResult) -> set[tuple[str, str]]:
    assert [c.name for c in result.cases if not c.passed] == []
    return {(survivor.text, survivor.change) for survivor in result.survivors}


def filtered(condition: str) -> str:
    return f"p = search Process:Create\nf = filter p where ({condition})\noutput f\n"


def test_what_no_test_depends_on_survives() -> None:
    result = run_tests(analytic(case(r"exe: a.exe, user: x\y", rows=1)), mutate=True)
    assert survivors(result) == {
        ('exe == "a.exe"', "dropped"),
        ("pid > 10", "dropped"),
        ("pid > 10", "negated"),
        ("pid > 10", "made `>=`"),
        ("10", "made 9"),
        ("10", "made 11"),
        ('"a.exe"', 'made "*a.exe"'),
        ('"a.exe"', 'made "a.exe*"'),
        (r'"X\\y"', r'made "*X\y"'),
        (r'"X\\y"', r'made "X\y*"'),
        (r'(exe == "a.exe" and (pid > 10 or user == "X\\y"))', "joined by `or`"),
    }
    assert "SURVIVED T-1.car:10:21: dropped, and no test fails:" in render_result(result)
    assert not result.passed
    xml = ET.fromstring(junit([result]).split("\n", 1)[1])  # noqa: S314  # our own XML
    assert xml[0].get("failures") == str(len(result.survivors))


def test_enough_tests_leave_no_survivor() -> None:
    near = case(
        "exe: a.exe, user: z, pid: 10",
        r"exe: b.exe, user: x\y, pid: 11",
        "exe: aa.exe, pid: 11",
        "exe: a.exe2, pid: 11",
        r"exe: a.exe, user: D\x\y",
        r"exe: a.exe, user: x\yz",
        rows=0,
    )
    result = run_tests(analytic(case(r"exe: a.exe, user: x\y", "exe: a.exe, pid: 11", rows=2) + near), mutate=True)
    assert result.survivors == ()
    assert result.mutants == 15
    assert result.passed


CHANGES = [
    ("pid == 1", ["not pid == 1", "true", "pid == 0", "pid == 2"]),
    (
        "pid exists and user exists",
        [
            "not pid exists and user exists",
            "user exists",
            "pid exists and not user exists",
            "pid exists",
            "pid exists or user exists",
        ],
    ),
    (
        "not (pid exists or user exists)",
        [
            "not (not pid exists or user exists)",
            "not user exists",
            "not (pid exists or not user exists)",
            "not pid exists",
            "not (pid exists and user exists)",
        ],
    ),
    ("not pid exists", ["not not pid exists", "not true"]),
    (
        "ppid < pid < uid",
        [
            "not ppid < pid and pid < uid",
            "pid < uid",
            "ppid < pid and not pid < uid",
            "ppid < pid",
            "ppid <= pid < uid",
            "ppid < pid <= uid",
        ],
    ),
    (
        'user in ["a", "*b", "c*", "*d*"]',
        [
            'not user in ["a", "*b", "c*", "*d*"]',
            "true",
            'user in ["*b", "c*", "*d*"]',
            'user in ["a", "c*", "*d*"]',
            'user in ["a", "*b", "*d*"]',
            'user in ["a", "*b", "c*"]',
            'user in ["*a", "*b", "c*", "*d*"]',
            'user in ["a*", "*b", "c*", "*d*"]',
            'user in ["a", "b", "c*", "*d*"]',
            'user in ["a", "*b*", "c*", "*d*"]',
            'user in ["a", "*b", "*c*", "*d*"]',
            'user in ["a", "*b", "c", "*d*"]',
            'user in ["a", "*b", "c*", "d*"]',
            'user in ["a", "*b", "c*", "*d"]',
        ],
    ),
    ('user != "a*b"', ['not user != "a*b"', "true", 'user != "*a*b"', 'user != "a*b*"']),
    ('user contains "a"', ['not user contains "a"', "true", 'user startswith "a"', 'user endswith "a"']),
    (
        'user not endswith "a"',
        ['not user not endswith "a"', "true", 'user not contains "a"', 'user != "a"'],
    ),
    ('user match ["a", "b."]', ['not user match ["a", "b."]', "true", 'user match ["b."]', 'user match ["a"]']),
    ('user startswith "a*"', ['not user startswith "a*"', "true", 'user contains "a*"']),
    ("uid > 1.5", ["not uid > 1.5", "true", "uid >= 1.5", "uid > 1.4", "uid > 1.6"]),
    ("uid > -1", ["not uid > -1", "true", "uid >= -1", "uid > -2", "uid > 0"]),
    (
        "time > now - 2 minutes",
        [
            "not time > now - 2 minutes",
            "true",
            "time >= now - 2 minutes",
            "time > now - 119 seconds",
            "time > now - 121 seconds",
        ],
    ),
    ("ip in 10.2.0.0/16", ["not ip in 10.2.0.0/16", "true", "ip in 10.2.0.0/15", "ip in 10.2.0.0/17"]),
    ("ip in 0.0.0.0/0", ["not ip in 0.0.0.0/0", "true", "ip in 0.0.0.0/1"]),
    ("ip in 10.0.0.1/32", ["not ip in 10.0.0.1/32", "true", "ip in 10.0.0.0/31"]),
    (
        'ip in "10.2.0.0/16"',
        [
            'not ip in "10.2.0.0/16"',
            "true",
            'ip in "*10.2.0.0/16"',
            'ip in "10.2.0.0/16*"',
            'ip in "10.2.0.0/15"',
            'ip in "10.2.0.0/17"',
        ],
    ),
    (
        "pid between 1 and uid",
        [
            "not pid between 1 and uid",
            "true",
            "pid > 1 and pid <= uid",
            "pid >= 1 and pid < uid",
            "pid between 0 and uid",
            "pid between 2 and uid",
        ],
    ),
    (
        "if (pid exists) then user exists else flag",
        [
            "not (if (pid exists) then user exists else flag)",
            "true",
            "if (not pid exists) then user exists else flag",
            "if true then user exists else flag",
            "if (pid exists) then not user exists else flag",
            "if (pid exists) then true else flag",
            "if (pid exists) then flag else user exists",
        ],
    ),
    (
        "xs[0] == ys[-1]",
        ["not xs[0] == ys[-1]", "true", "xs[-1] == ys[-1]", "xs[1] == ys[-1]", "xs[0] == ys[-2]", "xs[0] == ys[0]"],
    ),
    ("now - time < 0 s", ["not now - time < 0 s", "true", "now - time <= 0 s", "now - time < 1 s"]),
]


@pytest.mark.parametrize(("condition", "expected"), CHANGES)
@pytest.mark.parametrize("statement", ["f = filter p where ({})", "search Process | filter ({})", "{}"])
def test_a_mutant_differs_in_one_thing(statement: str, condition: str, expected: list[str]) -> None:
    program = load_text(statement.format(condition)).compiled[0].ast
    wanted = [load_text(statement.format(text)).compiled[0].ast for text in expected]
    assert [mutant.program for mutant in mutants(program)] == wanted


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("search Process:Create,Terminate", ["search Process:Terminate", "search Process:Create"]),
        ("search Process:Create or File", ["search File", "search Process:Create"]),
        ("g = group a by exe, user", ["g = group a by user", "g = group a by exe"]),
        ("g = a - b by exe, user", ["g = a - b by user", "g = a - b by exe"]),
        ("s = sequence (a, b) by exe, user", ["s = sequence (a, b) by user", "s = sequence (a, b) by exe"]),
        (
            "t = together (a, b) by exe, user within x",
            ["t = together (a, b) by user within x", "t = together (a, b) by exe within x"],
        ),
        ("g = group a by exe", []),
    ],
)
def test_a_list_of_classes_actions_or_keys_loses_each_member(statement: str, expected: list[str]) -> None:
    program = load_text(statement).compiled[0].ast
    wanted = [load_text(text).compiled[0].ast for text in expected]
    assert [mutant.program for mutant in mutants(program)] == wanted


def test_conditions_and_lengths_of_windows_are_changed() -> None:
    window = "within any 10 s"
    program = load_text(f"g = group a by exe having (count() >= 5) {window}").compiled[0].ast
    changed = [f"not count() >= 5) {window}", f"true) {window}", f"count() > 5) {window}", f"count() >= 4) {window}"]
    changed += [f"count() >= 6) {window}", "count() >= 5) within any 9 s", "count() >= 5) within any 11 s"]
    wanted = [load_text(f"g = group a by exe having ({text}").compiled[0].ast for text in changed]
    assert [mutant.program for mutant in mutants(program)] == wanted


def test_what_means_the_same_is_no_mutant() -> None:
    # A text with a wildcard is no address, and `ip` holds nothing else.
    program = filtered('src_ip in ["10.0.0.0/8"]').replace("Process:Create", "Flow:Start")
    events = (
        "["
        + ", ".join(f"{{object: flow, action: start, src_ip: {ip}}}" for ip in ("10.200.0.1", "11.0.0.1", "9.0.0.1"))
        + "]"
    )
    result = run_tests(analytic(f"  - name: t\n    events: {events}\n    expect: {{f: 1}}\n", program), mutate=True)
    assert survivors(result) == set()


AGGREGATED = """\
input least = 2
names = ["a.exe", "b*"]
p = search Process:Create
f = filter p where (exe in names)
g = count(f) by exe
h = filter g where (count >= least)
s = sequence (f, p) by hostname within 1 minute
output h, s
"""


def test_mutants_of_what_stands_around_filters_are_run_too() -> None:
    """Only those of a filter are told apart by its rows."""
    tests = """\
  - name: t
    events:
    - {object: process, action: create, exe: a.exe, time: 2020-01-01T00:00:00Z}
    - {object: process, action: create, exe: a.exe, time: 2020-01-01T00:00:05Z}
    - {object: process, action: create, exe: a.exe, time: 2020-01-01T00:03:05Z}
    expect: {h: 1, s: 1}
"""
    alive = survivors(run_tests(analytic(tests, AGGREGATED), mutate=True))
    assert {change for text, change in alive if text == '"b*"'} == {"dropped", 'made "b"', 'made "*b*"'}
    assert {change for text, change in alive if text == "2"} == {"made 1", "made 3"}
    assert {change for text, change in alive if text == "1 minute"} == {"made a second shorter", "made a second longer"}
    edges = """\
  - name: edges
    events:
    - {object: process, action: create, exe: a.exe, time: 2020-01-01T00:00:00Z}
    - {object: process, action: create, exe: b.exe, time: 2020-01-01T00:01:00Z}
    - {object: process, action: create, exe: c.exe, time: 2020-01-01T00:02:01Z}
    - {object: process, action: create, exe: b.exe, time: 2020-01-01T00:09:00Z}
    expect: {h: 1, s: 1}
  - name: names
    events:
    - {object: process, action: create, exe: xb.exe}
    - {object: process, action: create, exe: xb.exe}
    - {object: process, action: create, exe: xa.exe}
    - {object: process, action: create, exe: xa.exe}
    - {object: process, action: create, exe: a.exe2}
    - {object: process, action: create, exe: a.exe2}
    expect: {h: 0}
"""
    assert survivors(run_tests(analytic(tests + edges, AGGREGATED), mutate=True)) == set()


def test_a_mutant_of_what_a_condition_takes_an_aggregate_of_is_run() -> None:
    program = """\
b = search Process:Create where (exe == "a.exe")
first = min(b.time)
f = search Process:Create where (time > first)
output f
"""
    events = ("exe: a.exe, time: 2020-01-01", "exe: b.exe, time: 2020-01-02", "exe: b.exe, time: 2019-01-01")
    near = ("exe: xa.exe, time: 2018-01-01", "exe: a.exe2, time: 2018-01-01", "exe: a.exe, time: 2020-01-01")
    tests = case(*events, rows=1) + case(*near, name="near", rows=0)
    assert survivors(run_tests(analytic(tests, program), mutate=True)) == set()


def named(part: str, change: str) -> str:
    return f"equivalent_mutants: [{{part: '{part}', change: '{change}', reason: it means the same}}]\n"


def test_a_survivor_that_the_analytic_names_is_no_fault() -> None:
    tests = case("exe: a.exe, pid: 11", "exe: a.exe, pid: 12", "exe: a.exe, pid: 10", "pid: 9", rows=2)
    program = filtered("pid > 10 and exe exists")
    assert survivors(run_tests(analytic(tests, program), mutate=True)) == {("exe exists", "dropped")}
    result = run_tests(analytic(tests, program, named("10 and exe exists", "dropped")), mutate=True)
    assert [survivor.text for survivor in result.equivalent] == ["exe exists"]
    assert result.passed
    assert render_result(result) == ""
    assert run_tests(analytic(tests, program, named("10 and exe exists", "dropped"))).passed


@pytest.mark.parametrize(
    ("part", "change", "said"),
    [
        ("exe exists", "negated", "`exe exists` negated: a test notices it, or there is no such change"),
        ("pid > 10", "dropped", "`pid > 10` dropped: a test notices it, or there is no such change"),
        ("pid", "made 9", "`pid` made 9: a test notices it, or there is no such change"),
        ("ex", "dropped", "`ex` stands in the program 2 times, not once"),
        ("user", "dropped", "`user` stands in the program 0 times, not once"),
    ],
)
def test_a_mutant_that_is_named_in_vain_is_a_fault(part: str, change: str, said: str) -> None:
    tests = case("exe: a.exe, pid: 11", "exe: a.exe, pid: 12", "exe: a.exe, pid: 10", "pid: 11", rows=2)
    program = filtered("pid > 10 and exe exists")
    assert run_tests(analytic(tests, program), mutate=True).passed
    result = run_tests(analytic(tests, program, named(part, change)), mutate=True)
    assert not result.passed
    assert f"NAMED IN VAIN in equivalent_mutants: {said}" in render_result(result)
    xml = ET.fromstring(junit([result]).split("\n", 1)[1])  # noqa: S314  # our own XML
    assert xml[0].get("failures") == "1"


def test_mutants_are_run_where_records_of_two_sensors_are_tied() -> None:
    """An occurrence is found by either record, so its own fields do not say of which conditions it is found."""
    program = filtered('command_line == "a" or parent_exe == "b.exe"')
    start = "pid: 1, exe: a.exe, hostname: H, time: 2020-01-01"
    sysmon = f"{start}, sensor: sysmon, record_id: 7, command_line: x, parent_exe: b.exe"
    security = f"{start}, sensor: windows_security, record_id: 8, command_line: a, parent_exe: x"
    both = case(sysmon, security, rows=1)
    alone = case(
        sysmon, "pid: 2, command_line: xa, parent_exe: b.exe2", "pid: 3, command_line: ax", name="alone", rows=1
    )
    result = run_tests(analytic(both, program), mutate=True)
    assert ('command_line == "a"', "dropped") in survivors(result)
    assert ('parent_exe == "b.exe"', "dropped") in survivors(result)
    rows = both.replace("f: 1", "f: [{record_ids: ['7', '8']}]")
    assert survivors(run_tests(analytic(rows, program), mutate=True)) == survivors(result)
    assert ('parent_exe == "b.exe"', "dropped") not in survivors(
        run_tests(analytic(both + alone, program), mutate=True)
    )


ORDERED = """\
p = search Process:Create
e = search Process:Terminate
j = join (p, e optional) where (p.pid == e.pid)
f = j | sort by p.pid desc, p.exe | head 2
output f
"""


def test_orders_cuts_and_optional_parts_have_mutants() -> None:
    result = run_tests(analytic(case("pid: 1, exe: a", "pid: 2, exe: a", rows=2), ORDERED), mutate=True)
    assert survivors(result) >= {
        ("p.pid desc", "made `asc`"),
        ("p.exe", "made `desc`"),
        ("p.exe", "dropped"),
        ("2", "made 3"),
    }
    assert ("e", "not `optional`") not in survivors(result)
    assert ("2", "made 1") not in survivors(result)
    tests = case("pid: 1, exe: a", "pid: 2, exe: a", rows=0).replace("{f: 0}", "{f: [{p.pid: 2}, {p.pid: 1}]}")
    assert ("p.pid desc", "made `asc`") not in survivors(run_tests(analytic(tests, ORDERED), mutate=True))


TREE = """\
p = search Process:Create where (exe == "a")
d = descendants of p
f = filter d where (process.parent.exe == "b")
output f
"""


def test_trees_and_parents_have_mutants() -> None:
    host = "hostname: H, time: 2020-01-01"
    tree = [f"{host}, pid: 1, exe: a", f"{host}, pid: 2, ppid: 1, exe: b", f"{host}, pid: 3, ppid: 2, exe: c"]
    killed = survivors(run_tests(analytic(case(*tree, rows=1), TREE), mutate=True))
    assert ("descendants of p", "made `children`") not in killed
    # The one row would be another.
    changed = ("process.parent.exe", "without `parent`")
    assert changed in killed
    named = case(*tree, rows=1).replace("f: 1", "f: [{exe: c}]")
    assert changed not in survivors(run_tests(analytic(named, TREE), mutate=True))


STEPS = """\
p = search Process:Create
a = filter p where (exe == "a")
b = filter p where (exe == "b")
f = sequence (a, no b where (b.pid == a.pid), p where (p.ppid == a.pid)) within 5 seconds
output f
"""


def test_steps_of_sequences_have_mutants() -> None:
    first = "exe: a, pid: 1, time: 2020-01-01T00:00:00"
    child = "exe: x, ppid: 1, time: 2020-01-01T00:00:03"
    found = survivors(run_tests(analytic(case(first, child, rows=1), STEPS), mutate=True))
    step = "no b where (b.pid == a.pid)"
    assert {(step, "dropped"), ("(b.pid == a.pid)", "dropped"), ("(p.ppid == a.pid)", "dropped")} <= found
    assert ("(p.ppid == a.pid)", "negated") not in found
    between = "exe: b, pid: {}, time: 2020-01-01T00:00:01"
    others = case(first, child, between.format(1), rows=0, name="ended")
    others += case(first, child.replace("1,", "2,"), rows=0, name="another's")
    others += case(first, child, between.format(2), rows=1, name="not ended")
    left = survivors(run_tests(analytic(case(first, child, rows=1) + others, STEPS), mutate=True))
    assert not {text for text, _ in left} & {step, "(b.pid == a.pid)", "(p.ppid == a.pid)"}


def test_a_sorted_output_is_expected_in_its_order() -> None:
    tests = case("pid: 1", "pid: 2", rows=0).replace("{f: 0}", "{f: [{pid: 1}, {pid: 2}]}")
    program = "p = search Process:Create\nf = sort p by pid{}\noutput f\n"
    assert run_tests(analytic(tests, program.format(""))).passed
    told = render_result(run_tests(analytic(tests, program.format(" desc"))))
    assert "output f: 2 rows expected, in another order\n      - {pid: 1}\n      - {pid: 2}\n      + {pid: 2" in told
