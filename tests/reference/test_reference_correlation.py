"""Sigma's four correlations, by tables written by hand: events, and the numbers of those that are found together.

A table has a line for each host: `a1@0` is event 1, of part a, in second 0; `ab2@-` is of both parts and has no time.
Behind `/` stands what the program counts. carlang and both references are held to each table.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.reference.cases import compiled, found, session_over
from tests.reference.chooser import Chooser
from tests.reference.drawn_events import NOW, START, Event
from tests.reference.evaluator import run
from tests.textual.programs import run as run_text

_EVENT = re.compile(r"(?P<parts>[a-c]+)(?P<number>\d+)@(?P<second>-?[\d.]*)(/(?P<user>\S+))?")

Table = Mapping[str, tuple[str, str]]
"""By host what happens, and the numbers of the events of each row in order; `;` stands between rows."""

PARTS = "".join(f'{part} = filter p where (command_line contains "{part}")\n' for part in "abc")
P = f"p = search Process:Create\n{PARTS}"
DRIP = " ".join(f"a{n}@{240 * n}" for n in range(11))

EVENT_COUNT: Table = {
    "exactly the length": ("a1@0 a2@100 a3@300", "1 2 3"),
    "a microsecond longer": ("a1@0 a2@100 a3@300.000001", ""),
    "at one instant": ("a1@5 a2@5 a3@5", "1 2 3"),
    "two only": ("a1@0 a2@1", ""),
    "too late for one of two windows": ("a1@0 a2@299 a3@300 a4@301", "1 2 3 4"),
    # The windows that begin at 960, 1200 and 1210 have three events at least, inside one every 240 seconds.
    "in a slow drip": (f"{DRIP} a21@1210 a22@1220", "4 5 6 21 22"),
    "a drip alone": (DRIP, ""),
    "two bursts": ("a1@0 a2@1 a3@2 a4@302.000001 a5@303 a6@304", "1 2 3;4 5 6"),
    "an event shared": ("a1@0 a2@1 a3@300 a4@301 a5@302", "1 2 3 4 5"),
    # The second window begins right behind the end of the first: they share nothing.
    "next to one another": ("a1@0 a2@0 a3@0 a4@300.000001 a5@301 a6@302", "1 2 3;4 5 6"),
    "quiet ones inside": ("a1@0 a2@1 a3@2 a4@200 a5@290 a6@295 a7@297", "1 2 3 4 5 6 7"),
    "without a time": ("a1@0 a2@- a3@1 a4@2 a5@-", "1 3 4"),
    "never a time": ("a1@- a2@- a3@-", ""),
    "before 1970": ("a1@-1800000000 a2@-1799999900 a3@-1799999700", "1 2 3"),
}
SIX_IN_A_DRIP: Table = {
    # From 960 on: 960, 1200 and four more by 1260. From 1200 on as well: 1200, the four, and 1440.
    "six": (f"{DRIP} a21@1210 a22@1220 a23@1230 a24@1240", "4 5 6 21 22 23 24"),
    "five": (f"{DRIP} a21@1210 a22@1220 a23@1230", ""),
    "six, the last exactly the length later": (
        "a0@0 a1@170 a2@480 a3@490 a4@500 a5@510 a6@520 a7@780 a8@1020",
        "2 3 4 5 6 7",
    ),
    "six at one instant": (f"{DRIP} a21@1200 a22@1200 a23@1200 a24@1200 a25@1200", "4 5 6 21 22 23 24 25"),
}
VALUE_COUNT: Table = {
    "three users": ("a1@0/x a2@10/y a3@60/z", "1 2 3"),
    "a microsecond longer": ("a1@0/x a2@10/y a3@60.000001/z", ""),
    "one in other letters": ("a1@0/x a2@10/X a3@20/y", ""),
    "one without": ("a1@0/x a2@10 a3@20/y", ""),
    "one often": ("a1@0/x a2@1/x a3@2/y a4@3/x a5@50/z a6@100/x", "1 2 3 4 5"),
    "at one instant": ("a1@0/x a2@0/y a3@0/z", "1 2 3"),
    "never three in a minute": ("a1@0/x a2@40/y a3@80/z a4@120/x", ""),
}
TEMPORAL: Table = {
    "in order": ("a1@0 b2@10 c3@20", "1 2 3"),
    "in another order": ("c1@0 a2@10 b3@20", "2 3 1"),
    "exactly the length": ("b1@0 c2@30 a3@60", "3 1 2"),
    "a microsecond longer": ("b1@0 c2@30 a3@60.000001", ""),
    "at one instant": ("c1@7 b2@7 a3@7", "3 2 1"),
    "the newest": ("a1@0 a2@50 b3@61 c4@100", "2 3 4"),
    "the newest is too old": ("a1@0 b2@50 c3@61", ""),
    "used up": ("a1@0 b2@1 c3@2 c4@3 b5@4", "1 2 3"),
    "twice": ("a1@0 b2@1 c3@2 c4@3 b5@4 a6@5", "1 2 3;6 5 4"),
    # The second a is newer, and only with it all three are near: the first one is never used.
    "a gap closed later": ("a1@0 b2@50 c3@70 a4@80", "4 2 3"),
    "several at one instant": ("a1@0 a2@0 b3@0 c4@0 c5@0", "2 3 4"),
    "of two parts": ("ab1@0 c2@1", "1 1 2"),
    "of all parts": ("abc1@0 abc2@100", "1 1 1;2 2 2"),
    "without a time": ("a1@- b2@0 c3@1 a4@2 a5@-", "4 2 3"),
    "one part missing": ("a1@0 b2@1 a3@2", ""),
    "many": (
        " ".join(f"a{3 * n}@{20 * n} b{3 * n + 1}@{20 * n + 10} c{3 * n + 2}@{20 * n + 15}" for n in range(9)),
        ";".join(f"{3 * n} {3 * n + 1} {3 * n + 2}" for n in range(9)),
    ),
}
TEMPORAL_ORDERED: Table = {
    "in order": ("a1@0 b2@10 c3@20", "1 2 3"),
    "in another order": ("c1@0 a2@10 b3@20", ""),
    "exactly the length": ("a1@0 b2@30 c3@60", "1 2 3"),
    "a microsecond longer": ("a1@0 b2@30 c3@60.000001", ""),
    "two at one instant": ("a1@0 b2@0 c3@20", ""),
    "the newest": ("a1@0 a2@50 b3@61 c4@100", "2 3 4"),
    "without a time": ("a1@0 b2@- c3@20 b4@30 c5@40", "1 4 5"),
}

BURST = "\nn = from g select hostname, count, values(record_id) as ids\noutput n"
MEETING = "\nn = from t select a.hostname as hostname, a.record_id as i, b.record_id as j, c.record_id as k\noutput n"


@pytest.mark.parametrize(
    ("program", "table"),
    [
        (f"{P}g = group p by hostname having (count() >= 3) within any 5 minutes{BURST}", EVENT_COUNT),
        (f"{P}g = group p by hostname having (count() >= 6) within any 5 minutes{BURST}", SIX_IN_A_DRIP),
        (f"{P}g = group p by hostname having (count(distinct user) >= 3) within any 1 minute{BURST}", VALUE_COUNT),
        (f"{P}t = together (a, b, c) by hostname within 1 minute{MEETING}", TEMPORAL),
        (f"{P}t = sequence (a, b, c) by hostname within 1 minute{MEETING}", TEMPORAL_ORDERED),
    ],
    ids=["event_count", "six in a drip", "value_count", "temporal", "temporal_ordered"],
)
def test_a_correlation(program: str, table: Table) -> None:
    events = [event for host, (written, _) in table.items() for event in _events(host, written)]
    expected = sorted((host, row) for host, (_, rows) in table.items() for row in rows.split(";") if row)
    for name, tables in _results(program, events).items():
        assert sorted(map(_numbers, tables["n"])) == expected, name


Tables = dict[str, Sequence[Mapping[str, Any]]]
WAYS = ("carlang", "the reference", "the textual reference")


def _results(program: str, events: Sequence[Event]) -> dict[str, Tables]:
    """Return the rows of each output, by each way to run a program."""
    known = compiled(program)
    with session_over(events, Chooser(lambda low, _: low)) as session:
        got: Tables = {name: table.rows for name, table in found(session, known, {}).items()}
    bound: Tables = {name: table.rows for name, table in run(known.require(), events, NOW).items()}
    read: Tables = {name: table.rows for name, table in run_text(program, events, NOW).items()}
    return {WAYS[0]: got, WAYS[1]: bound, WAYS[2]: read}


def _events(host: str, written: str) -> Iterator[Event]:
    for match in map(_EVENT.fullmatch, written.split()):
        assert match, written
        second = match["second"]
        time = None if second == "-" else START + timedelta(microseconds=round(float(second) * 1_000_000))
        yield {
            "object": "process",
            "action": "create",
            "time": time,
            "hostname": host,
            "user": match["user"],
            "command_line": match["parts"] + match["number"],
            "record_id": match["number"],
        }


def _numbers(row: Mapping[str, object]) -> tuple[str, str]:
    ids = row["ids"] if "ids" in row else [row[part] for part in "ijk"]
    assert isinstance(ids, Sequence)
    if "count" in row:
        ids = sorted(ids, key=int)
        assert row["count"] == len(ids)
    return str(row["hostname"]), " ".join(map(str, ids))


# The first day of 2024 was a Monday; 1970-01-05 was one as well.
INTERVALS = [
    ("1 hour", "2024-01-01T00:00:00Z", "2024-01-01T00:00:00Z", "2024-01-01T01:00:00Z"),
    ("1 hour", "2024-01-01T00:59:59.999999Z", "2024-01-01T00:00:00Z", "2024-01-01T01:00:00Z"),
    ("1 day", "2024-02-29T23:59:59Z", "2024-02-29T00:00:00Z", "2024-03-01T00:00:00Z"),
    ("1 week", "2024-01-07T23:59:59Z", "2024-01-01T00:00:00Z", "2024-01-08T00:00:00Z"),
    ("1 week", "2024-01-08T00:00:00Z", "2024-01-08T00:00:00Z", "2024-01-15T00:00:00Z"),
    ("14 days", "1970-01-04T23:59:59Z", "1969-12-22T00:00:00Z", "1970-01-05T00:00:00Z"),
    ("10 days", "1970-01-05T00:00:00Z", "1970-01-01T00:00:00Z", "1970-01-11T00:00:00Z"),
    ("10 days", "1969-12-31T23:59:59.999999Z", "1969-12-22T00:00:00Z", "1970-01-01T00:00:00Z"),
    ("7 minutes", "1970-01-01T01:00:00Z", "1970-01-01T00:56:00Z", "1970-01-01T01:03:00Z"),
    ("90 s", "2024-01-01T00:01:30Z", "2024-01-01T00:01:30Z", "2024-01-01T00:03:00Z"),
]


def test_intervals_of_the_clock() -> None:
    lengths = list(dict.fromkeys(length for length, *_ in INTERVALS))
    text = "\n".join(f"g{n} = group p by hostname every {length}" for n, length in enumerate(lengths))
    text = f"{P}{text}\noutput {', '.join(f'g{n}' for n in range(len(lengths)))}"
    events = [*_events("no time", "a0@-"), *(_at(time, str(n)) for n, (_, time, *_) in enumerate(INTERVALS))]
    for name, tables in _results(text, events).items():
        for n, (length, _, start, end) in enumerate(INTERVALS):
            rows = [row for row in tables[f"g{lengths.index(length)}"] if row["hostname"] == str(n)]
            assert [(row["start"], row["end"]) for row in rows] == [tuple(map(datetime.fromisoformat, (start, end)))], (
                name
            )
        assert [row["end"] for row in tables["g0"] if row["hostname"] == "no time"] == [None], name


def _at(time: str, host: str) -> Event:
    (event,) = _events(host, "a0@0")
    return {**event, "time": datetime.fromisoformat(time)}


# Of the events of seconds 0, 1, 1 and 5, and one without a time: how many bursts, intervals and meetings there are.
LENGTHS = [("-1", 0, 1, 0), ("0", 3, 1, 2), ("1", 2, 4, 2), ("null", 0, 1, 0)]


@pytest.mark.parametrize(("seconds", "rows"), [(seconds, tuple(rows)) for seconds, *rows in LENGTHS])
def test_a_length_may_be_missing_nothing_or_below_zero(seconds: str, rows: tuple[int, ...]) -> None:
    computed = {"-1": "min(p.pid) - 1", "0": "min(p.pid)", "1": "min(p.pid) + 1", "null": "min(p.ppid)"}
    text = (
        f"{P}n = ({computed[seconds]}) * 1 second\ng = group p having (count() > 0) within any n\n"
        "h = group p every n\nt = together (a, b) within n\noutput g, h, t"
    )
    events = [{**event, "pid": 0} for event in _events("h", "a1@0 b2@1 a3@1 ab4@5 a5@-")]
    for name, tables in _results(text, events).items():
        assert tuple(len(tables[table]) for table in "ght") == rows, name


def test_a_condition_on_groups_counts_their_rows_by_the_name_of_the_stream_too() -> None:
    text = f"{P}g = group a by hostname having (count(a) > 1 and count(a) < count(p)) within any 2 s\noutput g"
    events = [*_events("h", "a1@0 a2@1"), *_events("i", "a3@0")]
    assert {name: len(tables["g"]) for name, tables in _results(text, events).items()} == dict.fromkeys(WAYS, 1)
