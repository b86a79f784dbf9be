"""What outputs ask of events, handed down from wherever their filters stand, turns no row away that matters."""

from __future__ import annotations

import random
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from carlang.engine import Session
from carlang.plan import demands
from carlang.plan.guards import OPEN, Atom, Every, Form, Guard, Some
from carlang.plan.wishes import beyond_guards
from carlang.resolve import Given, bound, given_values
from carlang.store import open_store
from tests.plan.test_plan_results import ran
from tests.reference.cases import compiled
from tests.reference.drawn_events import MODEL
from tests.seeds import run_seed

AT, NET = Atom("exe", Form.EQUAL, "at.exe"), Atom("exe", Form.EQUAL, "net.exe")
AT_OR_NET = Some((AT, NET))
HEAD = "p = search Process:Create\n"


def outputs(text: str) -> list[tuple[bound.BoundOutput, Given]]:
    program = compiled(HEAD + text).require()
    return [(output, given_values(program.inputs, {})) for output in program.outputs]


def guard(text: str) -> Guard:
    ((output, given),) = outputs(text)
    (demand,) = demands(output, given)
    return demand.guard


USER = Atom("user", Form.EQUAL, "x")
NET_OR_BOTH = Some((NET, Every((NET, AT))))
USER_OR_AT = Some((USER, AT))
CASES: list[tuple[str, Guard]] = [
    ('a = filter p where exe == "at.exe"\nu = a + p\nf = filter u where exe == "net.exe"', NET_OR_BOTH),
    ('a = from p select exe\nu = a + p\nf = filter u where user == "x"', USER),
    (
        'a = from p select user\nb = from p select exe\nu = a + b\nf = filter u where user == "x" or exe == "at.exe"',
        USER_OR_AT,
    ),
    ('d = p - p by exe\nf = filter d where exe == "at.exe"', AT),
    ('d = p - p by user\nf = filter d where exe == "at.exe"', OPEN),
    ('g = group p by exe, user\nf = filter g where exe == "at.exe" and count > 2', AT),
    ("g = group p by exe, user\nf = filter g where exe match '^net'", Atom("exe", Form.CONTAINS, "net")),
    ("g = group p by exe, user\nf = filter g where exe match '[ab]t[.]'", OPEN),
    ('g = group p by user\na = from g select user as exe, count\nf = filter a where exe == "x"', USER),
    (
        'a = filter p where exe == "at.exe"\nf = join (a, p) where (a.hostname == p.hostname and p.exe == "net.exe")',
        AT_OR_NET,
    ),
    ('q = filter p where pid > 4\nf = join (p, q) where (p.exe == q.exe and p.exe == "at.exe")', OPEN),
    ('q = filter p where pid > 4\nf = join (p, q optional) where (p.exe == q.exe and q.exe == "at.exe")', OPEN),
    ('s = head 3 of p\nf = filter s where exe == "at.exe"', OPEN),
]


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_guards_are_handed_down_as_far_as_rows_tell(text: str, expected: Guard) -> None:
    known = guard(f"{text}\noutput f")
    assert _alternatives(known) == _alternatives(expected)


def _alternatives(known: Guard) -> set[Guard]:
    return set(known.guards) if isinstance(known, Some) else {known}


FILTERS: list[tuple[str, str | None]] = [
    ('f = filter p where exe == "at.exe"', None),
    ('f = filter p where exe in ["at.exe", "net.exe"]', None),
    ('f = filter p where exe == "at.exe" and user != "x"', "exe user"),
    ('f = filter p where exe == "at.exe" and time > now - 1 day', None),
    ('f = filter p where exe == "at.exe" and pid > 4', None),
    ('p.own = lower(user)\nf = filter p where exe == "at.exe" and own contains "x"', "exe user"),
    ('q = from p select user as exe, exe as user\nf = filter q where exe == "at.exe" and user != "x"', "exe user"),
    ('a = filter p where exe == "at.exe" and user != "x"\nf = join (a, p) where (a.exe == p.exe)', None),
    (
        'a = filter p where exe == "at.exe" and not user exists\nb = filter p where exe != "at.exe"\nf = a - b by exe',
        "exe user",
    ),
]


@pytest.mark.parametrize(("text", "columns"), FILTERS)
def test_a_condition_is_what_the_texts_of_a_row_tell_and_a_guard_does_not(text: str, columns: str | None) -> None:
    ((output, given),) = outputs(f"{text}\noutput f")
    (demand,) = demands(output, given)
    condition = beyond_guards(demand.condition, {"exe", "user"})
    assert (condition and " ".join(sorted(bound.row_fields(condition)))) == columns


TEXTS = (
    "at.exe",
    "AT.EXE",
    "net.exe",
    "x",
    "X",
    "",
    "\u212a",
    "k",
    "\u0130",
    "i",
    "\u017f",
    "s",
    "stra\u00dfe",
    "STRASSE",
    None,
)


@pytest.mark.usefixtures("always_planned")
def test_what_is_handed_down_turns_no_row_away(tmp_path: Path) -> None:
    draw = random.Random(run_seed())  # noqa: S311  # cases, not secrets
    (tmp_path / "process" / "create").mkdir(parents=True)
    columns = {name: draw.choices(TEXTS, k=300) for name in ("exe", "user", "hostname")}
    table = pa.table({**columns, "pid": draw.choices((4, 5, None), k=300), "record_id": map(str, range(300))})
    pq.write_table(table, tmp_path / "process" / "create" / "0.parquet", row_group_size=64)
    letters = ("at.exe", "k", "\u212a", "i", "\u0130", "s", "\u017f", "stra\u00dfe", "")
    drawn = draw.sample([text for text, _ in (*CASES, *FILTERS)], 12)
    texts = [text.replace("at.exe", draw.choice(letters)) for text in drawn]
    asked = [each for text in texts for each in outputs(f"{text}\noutput f")]
    with Session(open_store(tmp_path), MODEL) as session:
        alone = ran(session, asked)
        decisions = session.prepare(asked)
        assert ran(session, asked) == alone
    assert any(each.choice.leaf is not None for each in decisions)
    assert any(rows for *_, rows in alone)
