"""Records of one occurrence, tied by hand: which two are, and what they are as one.

What sensors have in common is written down here a second time, from docs/decisions/one-start-seen-twice.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import product
from typing import Any

from tests.reference.order import Row, moment, same

OCCURRENCE, RECORD_IDS = "#occurrence", "#record_ids"

_SYSMON = ("sysmon", "windows_security")
_TIES = (
    ("process", "create", *_SYSMON, ("pid", "exe"), ("login_id",), 2),
    ("process", "create", *_SYSMON, ("ppid", "exe", "command_line"), ("pid", "login_id"), 2),
    ("flow", "start", *_SYSMON, ("pid", "protocol", "src_ip", "src_port", "dest_ip", "dest_port"), (), 5),
    ("service", "create", "windows_security", "windows_system", ("name",), ("command_line",), 2),
    ("task", "create", "windows_security", "windows_task_scheduler", ("task_name",), (), 2),
    (
        "user_session",
        "login",
        "windows_security",
        "windows_terminal_services",
        ("user", "login_type", "login_successful"),
        ("src_ip",),
        10,
    ),
)
_OF_A_RECORD = ("object", "action", "time", "sensor", "source", "record_id")


@dataclass(frozen=True)
class Pairs:
    """Records by their position that are one occurrence: of each second its first one, and the other way round."""

    first_of: dict[int, int] = field(default_factory=dict)
    second_of: dict[int, int] = field(default_factory=dict)

    @classmethod
    def among(cls, events: Sequence[Row]) -> Pairs:
        """Pair what is nearest in time, the earliest first where several are as near, by one tie after the other."""
        pairs = cls()
        for tie in _TIES:
            free = [i for i in range(len(events)) if i not in pairs.first_of and i not in pairs.second_of]
            for _, _, _, first, second in sorted(_candidates(events, free, *tie), key=lambda c: c[:3]):
                if first not in pairs.second_of and second not in pairs.first_of:
                    pairs.first_of[second] = first
                    pairs.second_of[first] = second
        return pairs

    def classes(self, events: Sequence[Row]) -> set[tuple[str, str]]:
        """Return the classes of which records are tied."""
        return {(events[i]["object"], events[i]["action"]) for i in self.second_of}

    def records(self, events: Sequence[Row]) -> list[Row]:
        """Return all records, each with its occurrence."""
        return [{**event, OCCURRENCE: self.first_of.get(i, i)} for i, event in enumerate(events)]

    def occurrences(self, events: Sequence[Row]) -> list[Row]:
        """Return all occurrences, each with the fields of its records and their ids."""
        return [
            self._merged(i, event, events[self.second_of[i]] if i in self.second_of else {})
            for i, event in enumerate(events)
            if i not in self.first_of
        ]

    @staticmethod
    def _merged(position: int, first: Row, second: Row) -> Row:
        filled = {k: v for k, v in second.items() if first.get(k) is None and k not in _OF_A_RECORD}
        ids = [record["record_id"] for record in (first, second) if record.get("record_id") is not None]
        return {**first, **filled, OCCURRENCE: position, RECORD_IDS: ids}


def _candidates(  # noqa: PLR0913, PLR0917  # what a tie is made of
    events: Sequence[Row],
    free: Sequence[int],
    object_: str,
    action: str,
    first: str,
    second: str,
    keys: Sequence[str],
    agree: Sequence[str],
    seconds: int,
) -> Iterator[tuple[timedelta, Any, Any, int, int]]:
    told = [i for i in free if (events[i]["object"], events[i]["action"]) == (object_, action)]
    sides = ([i for i in told if same(events[i].get("sensor")) == sensor] for sensor in (first, second))
    for i, j in product(*sides):
        apart = _apart(events[i], events[j])
        if apart is not None and apart <= timedelta(seconds=seconds) and _match(events[i], events[j], keys, agree):
            yield apart, _order(events[i]), _order(events[j]), i, j


def _apart(first: Row, second: Row) -> timedelta | None:
    times = moment(first), moment(second)
    return None if times[0] is None or times[1] is None else abs(times[0] - times[1])


def _match(first: Row, second: Row, keys: Sequence[str], agree: Sequence[str]) -> bool:
    hosts = [str(record.get("hostname") or "").lower().split(".")[0] for record in (first, second)]
    full = [_full_name(record) for record in (first, second)]
    if hosts[0] != hosts[1] or not hosts[0] or (full[0] and full[1] and full[0] != full[1]):
        return False
    for key in keys:
        if first.get(key) in (None, "") or same(first.get(key)) != same(second.get(key)):
            return False
    both = [key for key in agree if first.get(key) not in (None, "") and second.get(key) not in (None, "")]
    return all(same(first[key]) == same(second[key]) for key in both)


def _full_name(record: Row) -> str:
    names = [str(record.get(key) or "").lower() for key in ("fqdn", "hostname")]
    return next((name for name in names if "." in name), "")


def _order(record: Row) -> tuple[Any, ...]:
    written = record.get("record_id")
    if written is None:
        return (moment(record), 2, 0, "")
    return (moment(record), 0, int(written), written) if written.isdigit() else (moment(record), 1, 0, written)
