"""Events that two records tell of, by the ties that the model's YAML file lists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import yaml

from tests.textual.model_file import FOLDER
from tests.textual.values import told_apart
from tests.textual.views import Row

NUMBER = "#number"
"""The member of a row that tells which occurrence it is of."""

_ITS_OWN = {"object", "action", "time", "sensor", "source", "record_id"}


@cache
def _ties() -> list[tuple[str, Mapping[str, Any]]]:
    content = yaml.safe_load((FOLDER.parent / "ties.yaml").read_text("utf-8"))
    return [(event_class, tie) for event_class, ties in content["ties"].items() for tie in ties]


def partners(events: Sequence[Row]) -> dict[int, int]:
    """Return the second record of each first one that has one, by their places among the events."""
    found: dict[int, int] = {}
    for event_class, tie in _ties():
        while pair := _nearest(events, event_class, tie, {*found, *found.values()}):
            found[pair[0]] = pair[1]
    return found


def _nearest(
    events: Sequence[Row], event_class: str, tie: Mapping[str, Any], taken: set[int]
) -> tuple[int, int] | None:
    """Return the pair that is nearest in time of those that are left, of several the one with the earliest records."""
    sides: list[list[int]] = [[], []]
    for place, event in enumerate(events):
        if f"{event['object']}/{event['action']}" == event_class and place not in taken and event.get("time"):
            for side, sensor in zip(sides, tie["sensors"], strict=True):
                if told_apart(event.get("sensor")) == sensor:
                    side.append(place)
    pairs = [(a, b) for a in sides[0] for b in sides[1] if _are_one(events[a], events[b], tie)]
    by_time = [(abs(events[a]["time"] - events[b]["time"]), _rank(events[a]), _rank(events[b]), a, b) for a, b in pairs]
    return min(by_time)[3:] if by_time else None


def _are_one(first: Row, second: Row, tie: Mapping[str, Any]) -> bool:
    if abs((first["time"] - second["time"]).total_seconds()) > tie["seconds"] or not _label(first):
        return False
    if _label(first) != _label(second):
        return False
    for key in tie["keys"]:
        if first.get(key) in (None, "") or told_apart(first.get(key)) != told_apart(second.get(key)):
            return False
    agree = [tuple(told_apart(row.get(key)) for row in (first, second)) for key in tie.get("agree", ())]
    agree.append((_domain(first), _domain(second)))
    return all(a == b for a, b in agree if a not in (None, "") and b not in (None, ""))


def _label(row: Row) -> str:
    return str(told_apart(row.get("hostname") or "")).partition(".")[0]


def _domain(row: Row) -> str | None:
    names = [told_apart(row.get(name) or "") for name in ("fqdn", "hostname")]
    return next((name for name in names if "." in name), None)


def _rank(row: Row) -> tuple[Any, ...]:
    written = row.get("record_id") or ""
    number = int(written) if written.isdecimal() else None
    return (row["time"], number is None, number or 0, row.get("record_id") is None, written)


def seen(events: Sequence[Row]) -> tuple[list[Row], list[Row], set[tuple[str, str]]]:
    """Return all occurrences, all records with the numbers of theirs, and the classes of which some are of two."""
    second_of = partners(events)
    first_of = {second: first for first, second in second_of.items()}
    records = [{**event, NUMBER: first_of.get(place, place)} for place, event in enumerate(events)]
    whole = []
    for place, record in enumerate(records):
        if place in first_of:
            continue
        other = events[second_of[place]] if place in second_of else {}
        more = {name: value for name, value in other.items() if record.get(name) is None and name not in _ITS_OWN}
        whole.append({**record, **more})
    return whole, records, {(events[place]["object"], events[place]["action"]) for place in second_of}
