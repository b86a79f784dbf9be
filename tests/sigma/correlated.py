"""Tables of events and the correlations that are asked of them, for tests by hand and against references.

An event is written as the rules that find it, the second at which it comes, its user and its value: `ab@1.5/eve=7` is
one that the rules `a` and `b` find. `/-` has no user; without one it is of `adam`. Its record id is its place in the
table.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import carlang
from carlang.store import Store, open_store
from tests.ingesting import write_lines

_EVENT = re.compile(r"(?P<rules>[a-d]+)@(?P<second>[\d.]+)(?:/(?P<user>[^=]+))?(?:=(?P<value>.+))?")
_START = datetime(2024, 3, 5, 12, tzinfo=UTC)
RULES = {
    name: f"---\ntitle: Rule {name}\nname: {name}\nlogsource: {{product: windows, service: security}}\n"
    f"detection:\n    s: {{Rules|contains: {name}}}\n    condition: s"
    for name in "abcd"
}
"""The rules that find events, as documents of a file."""


@dataclass(frozen=True)
class Event:
    """An event of a table: by which rules it is found, when it comes, in microseconds, and what it has."""

    number: int
    rules: str
    time: int
    user: str | None = "adam"
    value: str | None = None


def events_of(table: str) -> list[Event]:
    """Return the events of a table as it is written."""
    return [_event(number, text) for number, text in enumerate(table.split(), start=1)]


def _event(number: int, text: str) -> Event:
    match = _EVENT.fullmatch(text)
    assert match, text
    user = match["user"] or "adam"
    time = round(float(match["second"]) * 1_000_000)
    return Event(number, match["rules"], time, None if user == "-" else user, match["value"])


def record(event: Event, table: str) -> dict[str, Any]:
    """Return an event as a record of the Security log; `Table` is the table that it is of."""
    time = _START + timedelta(microseconds=event.time)
    members = {"Table": table, "Rules": event.rules, "User": event.user, "Value": event.value}
    return {
        "Channel": "Security",
        "EventID": 4000,
        "Hostname": "H",
        "EventTime": f"{time:%Y-%m-%dT%H:%M:%S.%fZ}",
        "RecordNumber": event.number,
        **{name: value for name, value in members.items() if value is not None},
    }


@dataclass(frozen=True)
class Answers:
    """What each correlation finds, the rows of its output, in all tables of events by their names."""

    tables: Mapping[str, Sequence[Event]]
    rows: Mapping[str, Sequence[Mapping[str, Any]]]

    def users(self, section: str) -> dict[str, set[str]]:
        """Return by table the users that a correlation finds, in lower case; "" for what is grouped by none."""
        users: dict[str, set[str]] = {}
        for row in self.rows[section]:
            users.setdefault(_table(row), set()).add(_user(row).casefold())
        return users


def answered(tables: Mapping[str, Sequence[Event]], sections: Sequence[str], folder: Path) -> Answers:
    """Ask correlations of tables of events, all at once."""
    store = ingested(tables, folder)
    analytics = [carlang.load_text(correlation(section, f"top{n}"), f"c{n}.yml") for n, section in enumerate(sections)]
    report = carlang.run_all(analytics, store)
    assert [[fault.message for fault in each.diagnostics] for each in report.failed] == []
    rows = {each.analytic: each.output.rows() for each in report.results}
    return Answers(tables, {section: rows[f"top{number}"] for number, section in enumerate(sections)})


def ingested(tables: Mapping[str, Sequence[Event]], folder: Path) -> Store:
    """Return a store of the events of tables."""
    lines = [record(event, name) for name, events in tables.items() for event in events]
    carlang.ingest([write_lines(folder / "events.ndjson", lines)], folder / "store")
    return open_store(folder / "store")


def correlation(section: str, name: str = "top") -> str:
    """Return a rule file of a correlation, whose section is written on one line, and the rules that find events.

    `;` stands between the correlation and others that it refers to, each with its name: `…; inner: {type: …}`.
    """
    first, *others = section.split(";")
    documents = [f"title: {name}\nid: {name}\nname: {name}\ncorrelation: {_with_keys(first)}"]
    for other in others:
        inner, _, written = other.strip().partition(": ")
        documents.append(f"---\ntitle: {inner}\nname: {inner}\ncorrelation: {_with_keys(written)}")
    used = [rule for name, rule in RULES.items() if re.search(rf"\b{name}\b", section)]
    return "\n".join([*documents, *used, ""])


def _with_keys(section: str) -> str:
    text = section.strip()
    keys = "" if "group-by" in text else "group-by: [Table, User], "
    return "{" + keys + text.removeprefix("{")


def hits_of(rows: Sequence[Mapping[str, Any]], table: str) -> list[str]:
    """Return rows of a correlation that are of a table, as texts.

    A burst is its user, how many events it has and from when to when they come; a row of several events their numbers.
    """
    return sorted(_hit(row) for row in rows if _table(row) == table)


def _user(row: Mapping[str, Any]) -> str:
    keys = ("User", "User_key", "User_value", "who")
    return next((str(value) for name, value in row.items() if name.rpartition(".")[2] in keys), "")


def _table(row: Mapping[str, Any]) -> str:
    return next(str(value) for name, value in row.items() if name.rpartition(".")[2] == "Table")


def _hit(row: Mapping[str, Any]) -> str:
    if "count" in row:
        first, last = (round((row[name] - _START).total_seconds(), 6) for name in ("first_time", "last_time"))
        return f"{_user(row)} x{row['count']} {first:g}-{last:g}"
    return " ".join(f"{name.partition('.')[0]}{row[name]}" for name in row if name.endswith(".record_id"))


COUNT = "{type: event_count, rules: [a], timespan: 10s, condition: {%s}}"
VALUES = "{type: value_count, rules: [a], timespan: 10s, condition: {field: Value, %s}}"
TOGETHER = "{type: temporal, rules: [a, b], timespan: 10s}"
ORDERED = "{type: temporal_ordered, rules: [a, b], timespan: 10s}"
TWO_USERS = "condition: {field: User, gte: 2}"
MANY = "{type: event_count, rules: [a], timespan: 10s, condition: {gte: 2}}"

# A correlation, the events, and the hits: a burst with its events, or the numbers of the events of a row.
CASES: list[tuple[str, str, list[str]]] = [
    # A time frame: exactly the length is inside, a microsecond more is not.
    (COUNT % "gte: 2", "a@0 a@10", ["adam x2 0-10"]),
    (COUNT % "gte: 2", "a@0 a@10.000001", []),
    (COUNT % "gte: 3", "a@1 a@6 a@11", ["adam x3 1-11"]),
    (COUNT % "gte: 3", "a@1 a@6 a@11.000001", []),
    # Nothing is cut at the border of a minute; what stands close together is one hit, with what is before and behind.
    (COUNT % "gte: 2", "a@59 a@61", ["adam x2 59-61"]),
    (COUNT % "gte: 3", "a@0 a@4 a@8 a@12 a@30", ["adam x4 0-12"]),
    (COUNT % "gte: 2", "a@0 a@5 a@50 a@55", ["adam x2 0-5", "adam x2 50-55"]),
    # At one instant is together; other rules' events do not count.
    (COUNT % "gte: 3", "a@5 a@5 a@5", ["adam x3 5-5"]),
    (COUNT % "gte: 2", "a@0 b@1", []),
    # A count of each group; texts without case; what lacks a field of `group-by` is of no group.
    (COUNT % "gte: 2", "a@0/eve a@1/adam a@2/eve", ["eve x2 0-2"]),
    (COUNT % "gte: 2", "a@0/Eve a@1/eve", ["Eve x2 0-1"]),
    (COUNT % "gte: 2", "a@0/- a@1/-", []),
    # Comparisons; several hold together.
    (COUNT % "gt: 1", "a@0 a@1", ["adam x2 0-1"]),
    (COUNT % "gt: 2", "a@0 a@1", []),
    (COUNT % "eq: 2", "a@0 a@1", ["adam x2 0-1"]),
    (COUNT % "eq: 3", "a@0 a@1", []),
    (COUNT % "lt: 2", "a@0 a@0", []),
    (COUNT % "lte: 2", "a@0 a@0", ["adam x2 0-0"]),
    (COUNT % "neq: 2", "a@0 a@0", []),
    (COUNT % "gt: 1, lte: 3", "a@0 a@0 a@0 a@0", []),
    (COUNT % "gt: 1, lte: 3", "a@0 a@0 a@0", ["adam x3 0-0"]),
    # Of several rules an event counts once, whichever it is of.
    ("{type: event_count, rules: [a, b], timespan: 10s, condition: {gte: 2}}", "ab@0", []),
    ("{type: event_count, rules: [a, b], timespan: 10s, condition: {gte: 2}}", "a@0 b@10", ["adam x2 0-10"]),
    # Values: different ones, without case, none where the field is missing.
    (VALUES % "gte: 2", "a@0=x a@1=y", ["adam x2 0-1"]),
    (VALUES % "gte: 2", "a@0=x a@1=X a@2", []),
    (VALUES % "gte: 2", "a@0=x a@10.000001=y", []),
    (VALUES % "gte: 2", "a@0=x a@1=x a@10=y", ["adam x3 0-10"]),
    (
        "{type: value_count, rules: [a, b], timespan: 10s, condition: {field: Value, gte: 2}}",
        "a@0=x b@1=y",
        ["adam x2 0-1"],
    ),
    # Of several fields what they are together.
    (VALUES.replace("Value", "[Value, Rules]") % "gte: 2", "a@0=x ab@1=x", ["adam x2 0-1"]),
    (VALUES.replace("Value", "[Value, Rules]") % "gte: 2", "a@0=x a@1=x ab@2", []),
    # Numbers, those that are written as texts as well.
    (VALUES.replace("count", "sum") % "gte: 7", "a@0=3 a@10=4", ["adam x2 0-10"]),
    (VALUES.replace("count", "sum") % "gte: 7", "a@0=3 a@10.000001=4", []),
    (VALUES.replace("count", "sum") % "gte: 7.5", "a@0=3 a@1=4.5 a@2=x", ["adam x3 0-2"]),
    # Of no number there is no sum, and nothing that differs from one.
    (VALUES.replace("count", "sum") % "neq: 7", "a@0=x a@1", []),
    (VALUES.replace("count", "sum") % "neq: 7", "a@0=3 a@0=4", []),
    (VALUES.replace("count", "sum") % "neq: 7", "a@0=3 a@0=5 a@0", ["adam x3 0-0"]),
    (VALUES.replace("count", "avg") % "gt: 5", "a@0=4 a@0=6", []),
    (VALUES.replace("count", "avg") % "gt: 4.9", "a@0=4 a@0=6", ["adam x2 0-0"]),
    (VALUES.replace("count", "median") % "eq: 5", "a@0=1 a@0=5 a@0=100", ["adam x3 0-0"]),
    (VALUES.replace("count", "percentile") % "gte: 9.2, percentile: 90", "a@0=1 a@0=10", []),
    (VALUES.replace("count", "percentile") % "gte: 9, percentile: 90", "a@0=5 a@0=10", ["adam x2 0-0"]),
    # All rules, in any order.
    (TOGETHER, "b@0 a@10", ["a2 b1"]),
    (TOGETHER, "b@0 a@10.000001", []),
    (TOGETHER, "a@0 b@0", ["a1 b2"]),
    (TOGETHER, "ab@0", ["a1 b1"]),
    (TOGETHER, "a@0/eve b@1/adam", []),
    (TOGETHER, "a@0/EVE b@1/eve", ["a1 b2"]),
    (TOGETHER, "a@0/- b@1/-", []),
    # All rules, one after the other: at one instant is not after.
    (ORDERED, "a@0 b@10", ["a1 b2"]),
    (ORDERED, "a@0 b@10.000001", []),
    (ORDERED, "b@0 a@1", []),
    (ORDERED, "a@0 b@0", []),
    (ORDERED, "a@0 b@0.000001", ["a1 b2"]),
    (ORDERED, "ab@0", []),
    (ORDERED, "ab@0 ab@1", ["a1 b2"]),
    (ORDERED, "a@0/- b@1/-", []),
    # Some of the rules, and what a condition says of them; `not` is of the time frame that begins at an event.
    (TOGETHER.replace("[a, b]", "[a, b, c], condition: {gte: 2}"), "c@0 b@10", ["adam x2 0-10"]),
    (TOGETHER.replace("[a, b]", "[a, b, c], condition: {gte: 2}"), "c@0 b@10.000001", []),
    (TOGETHER.replace("[a, b]", "[a, b, c], condition: {gte: 2}"), "a@0 a@1", []),
    (TOGETHER.replace("rules: [a, b]", "condition: a AND (b OR c)"), "a@0 c@10", ["adam x2 0-10"]),
    (TOGETHER.replace("rules: [a, b]", "condition: a and (b or c)"), "b@0 c@1", []),
    (TOGETHER.replace("rules: [a, b]", "condition: a and b"), "a@0 b@10", ["a1 b2"]),
    (TOGETHER.replace("rules: [a, b]", "condition: a and not b"), "a@0 b@10.000001", ["adam x1 0-0"]),
    (TOGETHER.replace("rules: [a, b]", "condition: a and not b"), "a@0 b@10", []),
    (TOGETHER.replace("rules: [a, b]", "condition: a and not b"), "b@0 a@1", ["adam x1 1-1"]),
    # Correlations of correlations: one holds at each event before which there is what it asks for.
    (f"{ORDERED.replace('[a,', '[many,')}; many: {MANY}", "a@0 a@5 b@6", ["b3"]),
    (f"{ORDERED.replace('[a,', '[many,')}; many: {MANY}", "a@0 b@6", []),
    (f"{ORDERED.replace('[a,', '[many,')}; many: {MANY}", "a@0 a@10 b@20", ["b3"]),
    (f"{ORDERED.replace('[a,', '[many,')}; many: {MANY}", "a@0 a@10 b@20.000001", []),
    (f"{ORDERED.replace('[a,', '[many,')}; many: {MANY}", "a@0 a@10.000001 b@11", []),
    # What comes behind it does not put off when it held.
    (f"{ORDERED.replace('[a,', '[many,')}; many: {MANY}", "a@0 a@5 b@6 a@7 a@8", ["b3"]),
    (f"{ORDERED.replace('[a,', '[many,')}; many: {MANY}", "a@5 a@5 b@5", []),
    (f"{TOGETHER.replace('[a,', '[many,')}; many: {MANY}", "b@0 a@5 a@10", ["b1"]),
    # It has the values of its events, of which others may ask though it is not grouped by them.
    (f"{ORDERED.replace('[a,', '[many,')}; many: {MANY[:-1]}, group-by: [Table]}}", "a@0/eve a@1/adam b@2/eve", ["b3"]),
    (f"{ORDERED.replace('[a,', '[many,')}; many: {MANY[:-1]}, group-by: [Table]}}", "a@0/eve a@1/adam b@2/bob", []),
    (f"{TOGETHER.replace('[a,', '[c,')[:-1]}, aliases: {{}}}}", "c@0 b@1", ["c1 b2"]),
    (f"{ORDERED.replace('[a, b]', '[both, c]')}; both: {TOGETHER}", "b@0 a@1 c@2", ["c3"]),
    (f"{TOGETHER.replace('[a, b]', '[order, c]')}; order: {ORDERED}", "a@0 b@1 c@2", ["c3"]),
    (f"{TOGETHER.replace('[a, b]', '[order, c]')}; order: {ORDERED}", "b@0 a@1 c@2", []),
    # What came in order holds at events behind it as well, as long as all of it is in the time frame.
    (f"{ORDERED.replace('[a, b]', '[order, c]')}; order: {ORDERED}", "a@0 b@1 a@10 c@20", ["c4"]),
    (f"{ORDERED.replace('[a, b]', '[order, c]')}; order: {ORDERED}", "a@0 b@1 b@10 c@20", ["c4"]),
    (f"{ORDERED.replace('[a, b]', '[order, c]')}; order: {ORDERED}", "a@0 b@1 a@10.000001 c@20", []),
    (
        f"{{type: value_count, rules: [many], group-by: [Table], timespan: 10s, {TWO_USERS}}}; many: {MANY}",
        "a@0/eve a@1/eve a@2/adam a@3/adam",
        [" x2 1-3"],
    ),
    # One field under two names.
    (
        "{type: temporal, rules: [a, b], group-by: [Table, who], timespan: 10s, aliases: {who: {a: User, b: Value}}}",
        "a@0/eve b@1/adam=Eve",
        ["a1 b2"],
    ),
    (
        "{type: temporal, rules: [a, b], group-by: [Table, who], timespan: 10s, aliases: {who: {a: User, b: Value}}}",
        "a@0/eve b@1/eve=adam",
        [],
    ),
]
