"""carlang and the reference evaluator agree on programs over stores in which two sensors tell of one occurrence."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings

from tests.reference.cases import Case, compare, compiled, session_over
from tests.reference.chooser import Chooser, choosers, seeded
from tests.reference.drawn_events import seen_twice
from tests.reference.occurrences import Pairs
from tests.seeds import drawn_seeds

STORES = 12
_CLASSES = {"process": "Process:Create", "flow": "Flow:Start", "user_session": "User_Session:Login"}
_OTHERS = {"process": "Process", "flow": "Flow or Process:Create", "user_session": "User_Session or File:Create"}
_CONDITIONS = (
    'sensor == "sysmon"',
    'not (sensor contains "security")',
    "user exists",
    "user == null",
    'user != "cmd.exe" and record_id exists',
    'record_id startswith "r"',
    'hostname contains "."',
    "to_int(record_id) >= 2",
    'time > "2024-01-01T00:00:00.500Z"',
    "length(user) > 3 or sensor == null",
)
_STATEMENTS = (
    "c = count(a) by hostname, sensor",
    "c = count(p) by user",
    "g = group a, b by hostname within 1 second",
    "g = group p by hostname\nh = filter g where (count(user) > 1)\ni = from h select first(sensor) as s, count() as n",
    "j = join (a, b) where (a.hostname == b.hostname and a.time <= b.time)\nk = filter j where (a.sensor == b.sensor)",
    "o = p\nj = join (p, o) where (p.time < o.time < p.time + 2 seconds)",
    "q = sequence (a, b) by hostname within 5 seconds",
    "t = together (a, b) by hostname within 2 seconds",
    "t = together (a, b, p) within 1 second",
    "g = group p by hostname having (count() > 1 and count(distinct sensor) < 3) within any 1 second",
    "g = group a, b having (count() > 2) every 2 seconds",
    "c = count(b) by user every 1 second",
    "q = sequence (a, b, p) by hostname until b",
    "q = sequence (a, no b, p * 2 where (p.hostname == a.hostname and p.sensor != 'x')) within 9 seconds",
    "q = sequence (no b where (b.user == a.user), a where (sensor == 'sysmon'), no p) by hostname within 3 seconds",
    "u = a + b\nr = filter u where (user exists)",
    "u = p + x\nr = unique(u.record_id)",
    "d = p - a by record_id",
    "d = a - b",
    "v = unique(a.sensor)",
    "m = max(a.time)\ne = filter b where (time < m)",
    "n = count(p)\ne = filter p where (to_int(record_id) < n)",
    "w = from a select user, record_id, lower(sensor) as s\nt = filter w where (s contains 'w')",
    "a.tag = concat(user, sensor)\nf = filter a where (tag contains 's')\nz = count(f) by tag",
    "a.sensor = lower(sensor)\nf = filter a where (sensor == 'sysmon')",
    "y = filter a where (user exists) | filter (hostname == 'h1') | count by user",
    "y = from x select record_id, sensor as by, time",
)


@settings(
    max_examples=STORES,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)
@given(choosers())
def test_programs_count_occurrences(choose: Chooser) -> None:
    object_, events = seen_twice(choose)
    text = program(object_, choose)
    with session_over(events, choose) as session:
        compare(session, compiled(text), Case(text, tuple(events)))


def program(object_: str, choose: Chooser) -> str:
    """Return a program over the events that two sensors tell of, with all of its streams as outputs."""
    a, b = choose.some(_CONDITIONS, 2, 2)
    lines = [
        f"p = search {_CLASSES[object_]}",
        f"x = search {_OTHERS[object_]}",
        f"a = filter p where ({a})",
        f"b = filter p where ({b})",
    ]
    for statement in choose.some(_STATEMENTS, 1, 3):
        lines += statement.split("\n")
    names = dict.fromkeys(line.split(" = ")[0] for line in lines if "." not in line.split(" = ")[0])
    streams = [name for name in names if name not in ("m", "n")]
    return "\n".join([*lines, f"output {', '.join(streams)}"])


def test_every_statement_is_a_program() -> None:
    for object_, event_class in _CLASSES.items():
        for statement in _STATEMENTS:
            lines = [f"p = search {event_class}", f"x = search {_OTHERS[object_]}", "a = p", "b = p", statement]
            assert compiled("\n".join(lines)).valid, statement


def test_half_of_the_drawn_stores_have_an_occurrence_of_two_records() -> None:
    drawn = [Pairs.among(seen_twice(seeded(seed))[1]) for seed in drawn_seeds(60)]
    assert sum(bool(pairs.second_of) for pairs in drawn) >= 30
