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


def _table(row: Mapping[str, Any]) -> str:
    return next(str(value) for name, value in row.items() if name.rpartition(".")[2] == "Table")


def _hit(row: Mapping[str, Any]) -> str:
    if "count" in row:
        user = next((value for name, value in row.items() if name in ("User", "User_key")), "")
        first, last = (round((row[name] - _START).total_seconds(), 6) for name in ("first_time", "last_time"))
        return f"{user} x{row['count']} {first:g}-{last:g}"
    return " ".join(f"{name.partition('.')[0]}{row[name]}" for name in row if name.endswith(".record_id"))
