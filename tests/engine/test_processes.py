"""Processes by hand: events by number, and the numbers of the starts that must come out, at every border of a life."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from carlang.engine import Session
from tests.reference.cases import compiled, found, session_over
from tests.reference.chooser import Chooser
from tests.reference.drawn_events import START, Event


def _event(number: int, class_: str, second: float | None, **fields: Any) -> Event:
    object_, _, action = class_.partition("/")
    time = None if second is None else START + timedelta(seconds=second)
    told = {"hostname": "H1", "sensor": "auditd", "source": "log", "record_id": str(number)}
    return {"object": object_, "action": action, "time": time, **told, **fields}


def start(number: int, second: float | None, pid: int | None = None, ppid: int | None = None, **fields: Any) -> Event:
    return _event(number, "process/create", second, pid=pid, ppid=ppid, exe=f"e{number}", **fields)


def end(number: int, second: float, **fields: Any) -> Event:
    return _event(number, "process/terminate", second, **fields)


def file(number: int, second: float | None, **fields: Any) -> Event:
    return _event(number, "file/create", second, **fields)


LIVES = [
    # Pid 10 is used three times: it ends once, and once begins anew without having ended.
    start(1, 0, 10),
    end(900, 5, pid=10),
    start(2, 10, 10),
    start(3, 20, 10),
    # Guids are told apart without case and beat numbers.
    start(4, 0, 40, guid="{A}"),
    start(5, 10, 40, guid="{B}"),
    end(901, 15, guid="{b}"),
    # A start that its sensor gives no guid, and one of a host of its own.
    start(6, 0, 60),
    start(7, 30, 10, hostname="H2"),
    # Two starts at one time, of which the first in the order of results counts; and one without a time.
    start(9, 50, 80),
    start(8, 50, 80),
    start(11, None, 90, guid="{C}"),
]
# By number: when it happened, by what, and the start that is behind it.
ASKED: list[tuple[float | None, dict[str, Any], int | None]] = [
    (0, {"pid": 10}, 1),  # the start itself
    (5, {"pid": 10}, 1),  # the end itself
    (5.1, {"pid": 10}, None),  # behind it
    (9.9, {"pid": 10}, None),
    (10, {"pid": 10, "hostname": "h1"}, 2),
    (19.9, {"pid": 10}, 2),
    (20, {"pid": 10}, 3),
    (9000, {"pid": 10}, 3),
    (-1, {"pid": 10}, None),  # before any
    (20, {"pid": 10, "hostname": "H2"}, None),  # not begun there
    (30, {"pid": 10, "hostname": "H2"}, 7),
    (30, {"pid": 10, "hostname": None}, None),
    (None, {"pid": 10}, None),  # when, nobody knows
    (12, {"pid": 40, "guid": "{a}"}, 4),  # though the number is another's by then
    (12, {"pid": 40}, 5),
    (15, {"guid": "{B}"}, 5),
    (15.1, {"guid": "{B}"}, None),
    (15.1, {"pid": 40}, None),
    (5, {"pid": 40, "guid": "{X}"}, None),  # both guids are known
    (5, {"pid": 60, "guid": "{X}"}, 6),
    (5, {"pid": 40, "guid": "{00000000-0000-0000-0000-000000000000}"}, 4),
    (5, {"pid": 40, "guid": ""}, 4),
    (-1, {"guid": "{A}"}, None),
    (None, {"guid": "{B}"}, 5),  # its guid is enough, whenever it was
    (50, {"pid": 80}, 8),
    (50, {"guid": "{C}"}, None),  # a start without a time is before nothing
]
FILES = [file(1000 + index, second, **fields) for index, (second, fields, _) in enumerate(ASKED)]

# A tree with a number that is used again, and what no honest machine writes.
TREE = [
    start(100, 100, 1, guid="{T1}"),
    start(101, 101, 2, 1, guid="{T2}", parent_guid="{t1}"),
    start(102, 102, 3, 2),  # by number alone, of 101
    end(902, 103, pid=2),
    start(103, 104, 4, 2),  # 101 has ended
    start(104, 105, 2, 1),  # the number again
    start(105, 106, 5, 2),  # of 104
    start(106, 107, 6, 3, guid="{T6}", parent_guid="{LOST}"),  # of 102, which has no guid
    start(107, 108, 7, 1, guid="{T7}", parent_guid="{LOST}"),  # not of 100, which has another one
    start(108, 109, 108, 108),  # itself
    start(110, 110, 110, guid="{R1}", parent_guid="{R2}"),  # a circle, and one that comes to it
    start(111, 111, 111, guid="{R2}", parent_guid="{R3}"),
    start(112, 112, 112, guid="{R3}", parent_guid="{R1}"),
    start(113, 113, 113, guid="{R4}", parent_guid="{R1}"),
    start(114, 114, 114, guid="{D}", parent_guid="{T7}"),  # one process, told of twice
    start(115, 114, 114, guid="{d}", parent_guid="{T7}", source="other"),
    start(116, 115, 116, guid="{E}", parent_guid="{D}"),
]


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    with session_over([*LIVES, *FILES, *TREE], Chooser(lambda low, _: low)) as opened:
        yield opened


def rows(session: Session, text: str) -> list[dict[str, Any]]:
    tables = found(session, compiled(text), {})
    return [dict(row) for row in tables["q"].rows]


def test_the_process_behind_an_event_is_the_one_that_lived_then(session: Session) -> None:
    text = "f = search File:Create\nq = from f select record_id, process.record_id as e\noutput q"
    got = {int(row["record_id"]) - 1000: row["e"] for row in rows(session, text)}
    wanted = {index: None if number is None else str(number) for index, (_, _, number) in enumerate(ASKED)}
    assert got == wanted


# By kin and root, known by its guid or else its number: the relatives, and how far they are.
RELATIVES: dict[str, dict[str | int, list[tuple[int, int]]]] = {
    "children": {
        "{T1}": [(101, 1), (104, 1)],
        "{T2}": [(102, 1)],
        3: [(106, 1)],
        2: [(105, 1)],
        "{T7}": [(114, 1)],
        "{D}": [(116, 1)],
        "{R1}": [(112, 1), (113, 1)],
        "{R2}": [(110, 1)],
        "{R3}": [(111, 1)],
    },
    "descendants": {
        "{T1}": [(101, 1), (102, 2), (104, 1), (105, 2), (106, 3)],
        "{T2}": [(102, 1), (106, 2)],
        3: [(106, 1)],
        2: [(105, 1)],
        "{T7}": [(114, 1), (116, 2)],
        "{D}": [(116, 1)],
        "{R1}": [(111, 2), (112, 1), (113, 1)],
        "{R2}": [(110, 1), (112, 2), (113, 2)],
        "{R3}": [(110, 2), (111, 1), (113, 3)],
    },
    "ancestors": {
        "{T2}": [(100, 1)],
        2: [(100, 1)],
        3: [(100, 2), (101, 1)],
        5: [(100, 2), (104, 1)],
        "{T6}": [(100, 3), (101, 2), (102, 1)],
        "{D}": [(107, 1)],
        "{E}": [(107, 2), (114, 1)],
        "{R1}": [(111, 1), (112, 2)],
        "{R2}": [(110, 2), (112, 1)],
        "{R3}": [(110, 1), (111, 2)],
        "{R4}": [(110, 1), (111, 2), (112, 3)],
    },
}


@pytest.mark.parametrize("kin", sorted(RELATIVES))
def test_relatives_are_found_with_their_distance_for_each_root(session: Session, kin: str) -> None:
    got: dict[str | int, list[tuple[int, int]]] = {}
    for row in rows(session, f"p = search Process\nq = {kin} of p\noutput q"):
        got.setdefault(row["root_guid"] or row["root_pid"], []).append((int(row["record_id"]), row["depth"]))
    assert {root: sorted(relatives) for root, relatives in got.items()} == RELATIVES[kin]


@pytest.mark.parametrize(
    ("roots", "wanted"),
    [
        # A process whose start nobody saw is known by its guid alone.
        ("p = search Process where (exe == 'e106')\nr = from p select parent_guid as guid", [(107, "{LOST}", None)]),
        ("r = search Process:Terminate where (pid == 2)", [(102, "{T2}", 2)]),
    ],
)
def test_rows_of_any_kind_are_roots(
    session: Session, roots: str, wanted: list[tuple[int, str | None, int | None]]
) -> None:
    got = rows(session, f"{roots}\nq = r | children\noutput q")
    # 106 is of 102, by its number.
    assert sorted((int(row["record_id"]), row["root_guid"], row["root_pid"]) for row in got) == wanted


def test_the_parent_of_the_process_behind_a_row_is_that_of_the_tree(session: Session) -> None:
    text = (
        "p = search Process:Create where (pid == 6)\n"
        "q = from p select process.record_id as own, process.parent.record_id as a,\n"
        "  process.parent.parent.exe as b, process.parent.parent.parent.guid as c,\n"
        "  process.parent.parent.parent.parent.pid as d\n"
        "output q"
    )
    assert rows(session, text) == [{"own": "106", "a": "102", "b": "e101", "c": "{T1}", "d": None}]


SEEN = {
    "q = search Process:Create | filter exe == 'e102' | ancestors | children": ["101", "102", "104"],
    # A step's own condition, the keys and conditions of a burst, and a part that may be missing.
    """p = search Process:Create
f = search File:Create
s = sequence (p where (p.pid == 10 and p.exe == 'e2'), f where (f.process.record_id == '2')) by hostname
q = from s select f.process.record_id as record_id""": ["2"],
    """p = search Process:Create where (hostname == 'H1')
g = group p by guid having (count(distinct process.parent.exe) > 0 and process.pid == 6) within any 1 minute
q = from g select first(exe) as record_id""": ["e106"],
    """p = search Process:Create
t = search Process:Terminate
j = join (t, p optional) where (t.process.record_id == p.record_id and p.exe == 'e5')
q = from j select p.record_id as record_id""": ["5", None, None],
}


@pytest.mark.parametrize(("text", "wanted"), SEEN.items())
def test_processes_are_seen_from_every_form(session: Session, text: str, wanted: list[str | None]) -> None:
    assert sorted([row["record_id"] for row in rows(session, f"{text}\noutput q")], key=str) == wanted


def test_one_start_of_two_sensors_is_one_process() -> None:
    sysmon = {"sensor": "sysmon", "login_id": "0x1", "exe": "cmd.exe"}
    security = {**sysmon, "sensor": "windows_security"}
    events = [
        {**start(1, 0, 1, guid="{A}"), **sysmon, "command_line": "x"},
        {**start(2, 0.5, 1), **security, "user": "bob"},
        # The child's record that Security has knows a number alone, and is one with nobody's.
        {**start(3, 1, 2, 1), **security, "exe": "child.exe"},
        file(4, 1, guid="{A}"),
        file(5, 1, pid=1),
    ]
    with session_over(events, Chooser(lambda low, _: low)) as opened:
        tree = "p = search Process:Create where (pid == 1)\nq = children of p\noutput q"
        assert [(row["record_id"], row["root_guid"], row["depth"]) for row in rows(opened, tree)] == [("3", "{A}", 1)]
        seen = "f = search File:Create where (process.user == 'bob')\n"
        seen += "q = from f select record_id, process.command_line as c, process.record_id as r\noutput q"
        assert [tuple(row.values())[:3] for row in rows(opened, seen)] == [("4", "x", "1"), ("5", "x", "1")]


def test_a_long_chain_and_a_long_circle_come_to_an_end() -> None:
    length = 1500
    chain = [start(n, n, n, n - 1) for n in range(1, length + 1)]
    circle = [
        start(10_000 + n, 0, None, guid=f"{{C{n}}}", parent_guid=f"{{C{(n - 1) % length}}}") for n in range(length)
    ]
    with session_over([*chain, *circle], Chooser(lambda low, _: low)) as opened:
        for kin, root, wanted in (
            ("descendants", "pid == 1", length - 1),
            ("ancestors", f"pid == {length}", length - 1),
            ("descendants", "guid == '{C7}'", length - 1),
            ("ancestors", "guid == '{C7}'", length - 1),
        ):
            text = f"p = search Process:Create where ({root})\nd = {kin} of p\n"
            (row,) = rows(opened, f"{text}q = from d select count() as n, max(depth) as m\noutput q")
            assert row == {"n": wanted, "m": wanted}
