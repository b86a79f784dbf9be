"""What is sorted, cut, joined with optional parts and looked for in streams: tables by hand, for all evaluators.

An entry is a program over the events below and the numbers of the records that its last output has, in their order; of
a join those of both parts, 0 where one is missing.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from carlang.engine import Session
from tests.reference.cases import compiled, found, session_over
from tests.reference.chooser import Chooser
from tests.reference.drawn_events import NOW, START, Event
from tests.reference.evaluator import run
from tests.textual.programs import run as run_text


def event(number: int, second: float | None, action: str = "create", **fields: Any) -> Event:
    time = None if second is None else START + timedelta(seconds=second)
    return {"object": "process", "action": action, "time": time, "record_id": str(number), "hostname": "H", **fields}


EVENTS = (
    event(1, 1, exe="b.exe", user="adam", pid=30),
    event(2, 2, exe="A.exe", user="Beth", pid=10),
    event(3, 3, exe="a.exe", user="beth", pid=20),
    event(4, 4, exe="c.exe", user=None, pid=20),
    event(5, 4, exe="B.EXE", user="ADAM", pid=None),
    event(10, 6, exe=None, user="carl", pid=40),
    event(20, 7, "terminate", pid=20, user="beth"),
    event(21, 8, "terminate", pid=20, user=None),
    event(22, 9, "terminate", pid=10, user="carl"),
    event(23, 9, "terminate", pid=99, user="dora"),
)
P, E = "p = search Process:Create\n", "e = search Process:Terminate\n"

ORDERS: list[tuple[str, list[int]]] = [
    # Upwards and downwards, missing values last; of equal ones the spelling decides, then the order of results.
    ("sort p by pid", [2, 3, 4, 1, 10, 5]),
    ("sort p by pid desc", [10, 1, 3, 4, 2, 5]),
    ("sort p by exe", [2, 3, 5, 1, 4, 10]),
    ("sort p by exe desc", [4, 5, 1, 2, 3, 10]),
    ("sort p by EXE ASC, pid desc", [3, 2, 1, 5, 4, 10]),
    ("sort p by user, pid desc", [1, 5, 3, 2, 10, 4]),
    ("sort p by record_id desc", [10, 5, 4, 3, 2, 1]),
    ("sort p by time desc", [10, 4, 5, 3, 2, 1]),
    ("sort p by pid desc, pid", [10, 1, 3, 4, 2, 5]),
    # The order lasts through what keeps rows, and no longer.
    ("p | sort by pid desc | filter exe exists", [1, 3, 4, 2, 5]),
    ("p | sort by pid desc | sort by exe", [2, 3, 5, 1, 4, 10]),
    ("p | sort by pid desc | select record_id", [10, 1, 3, 4, 2, 5]),
    ("(p | sort by pid desc) | filter (user == 'beth' or user == 'adam') | head 2 | select record_id", [1, 3]),
    ("filter (p | sort by pid desc) where (count() > 5)", [10, 1, 3, 4, 2, 5]),
    # Cuts, at the borders.
    ("head 2 of p", [1, 2]),
    ("tail 2 of p", [5, 10]),
    ("head 0 of p", []),
    ("tail 0 of p", []),
    ("head 9 of p", [1, 2, 3, 4, 5, 10]),
    ("tail 9 of p", [1, 2, 3, 4, 5, 10]),
    ("p | sort by pid | head 3", [2, 3, 4]),
    ("p | sort by pid | tail 3", [1, 10, 5]),
    ("p | sort by pid desc | tail 3 | head 2", [4, 2]),
    ("p | tail 4 | head 2", [3, 4]),
    ("p | select pid, record_id | head 2", [1, 2]),
    # The first of each value, missing among them.
    ("unique p by user", [1, 2, 4, 10]),
    ("unique p by pid, user", [1, 2, 3, 4, 5, 10]),
    ("p | sort by time desc | unique by user", [10, 4, 5, 3]),
    ("p | unique by exe", [1, 2, 4, 10]),
    ("p - unique_pids by pid | sort by pid | select record_id", [2, 1, 10, 5]),
    # The process behind an event, looked at and not kept.
    ("p | sort by process.parent.pid, pid | select record_id", [2, 3, 4, 1, 10, 5]),
    ("e | sort by process.exe desc | select record_id", [20, 22, 21, 23]),
    ("e | unique by process.user", [20, 22]),
    # Membership: without case, nothing that is missing.
    ("filter p where (user in unique(e.user))", [2, 3, 10]),
    ("filter p where (user not in unique(e.user))", [1, 4, 5]),
    ("filter p where (not (user in unique(e.user)))", [1, 4, 5]),
    ("filter p where (pid in unique(e.pid) and exe != 'a.exe')", [4]),
    ("filter p where (lower(user) in unique(e.user) or pid == 30)", [1, 2, 3, 10]),
    ("filter p where (user in unique(none.user))", []),
    ("filter p where (user not in unique(none.user))", [1, 2, 3, 4, 5, 10]),
    ("filter p where (record_id in unique(e.record_id))", []),
    ("filter p where (pid in unique(e.record_id))", [3, 4]),
]

JOINS: list[tuple[str, list[tuple[int, ...]]]] = [
    ("join (p, e optional) where (p.pid == e.pid)",
     [(1, 0), (2, 22), (3, 20), (3, 21), (4, 20), (4, 21), (5, 0), (10, 0)]),
    # What is asked of the one part alone leaves its rows without a partner, not out.
    ("join (p, e optional) where (p.pid == e.pid and p.user == 'beth')",
     [(1, 0), (2, 22), (3, 20), (3, 21), (4, 0), (5, 0), (10, 0)]),
    ("join (p, e optional) where (p.user == 'nobody')", [(1, 0), (2, 0), (3, 0), (4, 0), (5, 0), (10, 0)]),
    # What is asked of the optional part alone chooses its rows, and so does what is asked of both.
    ("join (p, e optional) where (p.pid == e.pid and e.user exists)",
     [(1, 0), (2, 22), (3, 20), (4, 20), (5, 0), (10, 0)]),
    ("join (p, e optional) where (p.pid == e.pid and p.user == e.user)",
     [(1, 0), (2, 0), (3, 20), (4, 0), (5, 0), (10, 0)]),
    ("join (p, e optional) where (p.pid < e.pid < p.pid + 60)",
     [(1, 0), (2, 20), (2, 21), (3, 0), (4, 0), (5, 0), (10, 23)]),
    ("p | join e optional where (p.pid == e.pid) | filter e.pid not exists", [(1, 0), (5, 0), (10, 0)]),
    ("join (e optional, p) where (p.pid == e.pid and e.record_id == 20)",
     [(0, 1), (0, 2), (20, 3), (20, 4), (0, 5), (0, 10)]),
    ("join (p, none optional) where (p.pid == none.pid)", [(1, 0), (2, 0), (3, 0), (4, 0), (5, 0), (10, 0)]),
    ("join (none, e optional) where (none.pid == e.pid)", []),
    ("join (p, none optional)", [(1, 0), (2, 0), (3, 0), (4, 0), (5, 0), (10, 0)]),
    # Two optional parts, one after the other; a piece of the condition is about the last that it names.
    ("join (p, e optional, f optional) where (p.pid == e.pid and p.pid == f.pid and e.user exists and p.pid < 30)",
     [(1, 0, 0), (2, 22, 22), (3, 20, 20), (3, 20, 21), (4, 20, 20), (4, 20, 21), (5, 0, 0), (10, 0, 0)]),
    ("join (p, e optional, f optional) where (p.pid == e.pid and e.user == f.user and e.record_id < 22)",
     [(1, 0, 0), (2, 0, 0), (3, 20, 20), (3, 21, 0), (4, 20, 20), (4, 21, 0), (5, 0, 0), (10, 0, 0)]),
    ("join (x, e optional, f optional) where (x.pid == e.pid and e.pid != f.pid)",
     [(1, 0, 20), (1, 0, 21), (1, 0, 22), (1, 0, 23)]),
    # Several that are not optional are joined as ever, by what names no optional part.
    ("join (x, p, e optional) where (x.user == p.user and p.exe == 'b.exe' and p.pid == e.pid)",
     [(1, 1, 0), (1, 5, 0)]),
]  # fmt: skip

MORE = """\
unique_pids = filter p where (pid == 20)
none = filter e where (pid == 0)
f = e
x = filter p where (record_id == 1)
"""


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    with session_over(EVENTS, Chooser(lambda low, _: low)) as opened:
        yield opened


def _last_output(session: Session, program: str) -> list[tuple[int, ...]]:
    """Run a program on the engine and by both references, which have to agree; return the numbers of its records."""
    text = f"{P}{E}{MORE}q = {program}\noutput q"
    known = compiled(text)
    (table,) = found(session, known, {}).values()
    (by_bound,) = run(known.require(), EVENTS, NOW).values()
    (by_text,) = run_text(text, EVENTS, NOW).values()
    names = [c.name for c in table.columns if c.name.rpartition(".")[2] == "record_id"]
    numbers = [[tuple(int(row[n] or 0) for n in names) for row in each.rows] for each in (table, by_bound, by_text)]
    assert numbers[0] == numbers[1] == numbers[2], program
    return numbers[0]


def test_rows_come_in_the_order_that_is_asked_for(session: Session) -> None:
    assert [(program, [n for (n,) in _last_output(session, program)]) for program, _ in ORDERS] == ORDERS


def test_rows_without_a_partner_stay_where_the_part_is_optional(session: Session) -> None:
    for program, expected in JOINS:
        assert sorted(_last_output(session, program)) == sorted(expected), program
