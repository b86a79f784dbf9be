"""Correlations beside two references: one in Python, by the specification, and pySigma's SQLite backend."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import mean, median
from typing import Any

import pytest
import yaml
from sigma.backends.sqlite import sqliteBackend  # type: ignore[attr-defined]
from sigma.collection import SigmaCollection

from tests.sigma.correlated import CASES, Answers, Event, correlation

SECTIONS = list(dict.fromkeys(section for section, _, _ in CASES))
COMPARED: Mapping[str, Callable[[float, float], bool]] = {
    "gte": lambda a, b: a >= b,
    "gt": lambda a, b: a > b,
    "lte": lambda a, b: a <= b,
    "lt": lambda a, b: a < b,
    "eq": lambda a, b: a == b,
    "neq": lambda a, b: a != b,
}


@dataclass(frozen=True)
class Found:
    """What a rule finds: an event, or a correlation that holds, with the values of its events."""

    rule: str
    time: int
    values: tuple[tuple[str, str], ...]
    event: int

    def value(self, field: str) -> str | None:
        return dict(self.values).get(field)


class Specification:
    """The correlations of a file on the events of a table."""

    def __init__(self, documents: Sequence[Any], events: Sequence[Event]) -> None:
        self.rules = {each["name"]: each for each in documents}
        self.top = documents[0]["name"]
        self.events = events

    def groups(self) -> set[str]:
        """The users for which the first correlation of the file holds somewhere; "" where it is not grouped by them."""
        section = self.rules[self.top]["correlation"]
        users = [name for name in section["group-by"] if name != "Table"]
        found = self.members(self.top)
        keys = {self._key(section, each, users) for each in found}
        return {
            key[0] if key else "" for key in keys if key is not None and self._holds_for(section, found, users, key)
        }

    def _holds_for(self, section: Any, found: Sequence[Found], users: Sequence[str], key: tuple[str, ...]) -> bool:
        of_key = [each for each in found if self._key(section, each, users) == key]
        return any(self._holds(section, self._frame(section, of_key, each.time)) for each in of_key)

    def _frame(self, section: Any, found: Sequence[Found], start: int) -> list[Found]:
        """A time frame begins at an event; what is exactly the length later is inside."""
        return [each for each in found if start <= each.time <= start + self._length(section)]

    @staticmethod
    def _length(section: Any) -> int:
        return int(section["timespan"].removesuffix("s")) * 1_000_000

    def members(self, name: str) -> list[Found]:
        """What the rules of a correlation find."""
        return [each for rule in self._rules(name) for each in self.found(rule)]

    def _rules(self, name: str) -> list[str]:
        section = self.rules[name]["correlation"]
        return list(
            section.get("rules")
            or [
                rule
                for rule in "abcd"
                if rule in section["condition"].split(" ")
                or f"({rule}" in section["condition"]
                or f"{rule})" in section["condition"]
            ]
        )

    def found(self, name: str) -> list[Found]:
        if "correlation" not in self.rules[name]:
            return [
                Found(name, each.time, tuple(self._values(each)), each.number)
                for each in self.events
                if name in each.rules
            ]
        return list(self._instants(name))

    @staticmethod
    def _values(event: Event) -> Iterator[tuple[str, str]]:
        fields = {"User": event.user, "Value": event.value, "Rules": event.rules}
        return ((name, value.casefold()) for name, value in fields.items() if value is not None)

    def _instants(self, name: str) -> Iterator[Found]:
        """A correlation that others refer to holds at an event before which there is what it asks for."""
        section = self.rules[name]["correlation"]
        users = [key for key in section["group-by"] if key != "Table"]
        members = self.members(name)
        for end in members:
            key = self._key(section, end, users)
            first = end.time - self._length(section)
            frame = [
                each for each in members if first <= each.time <= end.time and self._key(section, each, users) == key
            ]
            if key is not None and self._holds(section, frame):
                for each in frame:
                    yield Found(name, end.time, each.values, end.event)

    @staticmethod
    def _key(section: Any, found: Found, users: Sequence[str]) -> tuple[str, ...] | None:
        """The values of `group-by`; none where one is missing: it is not the same as anything."""
        aliases = section.get("aliases") or {}
        values = [found.value(aliases.get(name, {}).get(found.rule, name)) for name in users]
        return None if None in values else tuple(str(each) for each in values)

    def _holds(self, section: Any, frame: Sequence[Found]) -> bool:
        rules = section.get("rules") or []
        condition = section.get("condition", {"gte": len(rules)})
        if isinstance(condition, str):
            present = {rule: any(each.rule == rule for each in frame) for rule in "abcd"}
            return bool(eval(condition.replace("AND", "and").replace("OR", "or"), {}, present))  # noqa: S307  # ours
        measure = self._measure(section, frame, condition)
        return measure is not None and all(
            COMPARED[name](measure, bound) for name, bound in condition.items() if name in COMPARED
        )

    def _measure(self, section: Any, frame: Sequence[Found], condition: Any) -> float | None:
        match section["type"]:
            case "event_count":
                return len({each.event for each in frame})
            case "temporal":
                return len({each.rule for each in frame})
            case "temporal_ordered":
                return len(section["rules"]) if _comes_in_order(section["rules"], frame) else 0
            case "value_count":
                fields = condition["field"] if isinstance(condition["field"], list) else [condition["field"]]
                values = {tuple(each.value(name) for name in fields) for each in frame}
                return len({each for each in values if None not in each})
            case kind:
                return _measured(kind, frame, condition)


def _comes_in_order(rules: Sequence[str], frame: Sequence[Found]) -> bool:
    time = -1
    for rule in rules:
        later = [each.time for each in frame if each.rule == rule and each.time > time]
        if not later:
            return False
        time = min(later)
    return True


def _measured(kind: str, frame: Sequence[Found], condition: Any) -> float | None:
    texts = [each.value(condition["field"]) for each in frame]
    numbers = sorted(float(text) for text in texts if text is not None and text.replace(".", "", 1).isdigit())
    if not numbers:
        return None
    match kind:
        case "value_sum":
            return sum(numbers)
        case "value_avg":
            return mean(numbers)
        case "value_median":
            return median(numbers)
        case _:
            place = (len(numbers) - 1) * float(condition["percentile"]) / 100
            low = int(place)
            high = min(low + 1, len(numbers) - 1)
            return numbers[low] + (numbers[high] - numbers[low]) * (place - low)


@pytest.mark.parametrize("section", SECTIONS)
def test_a_correlation_finds_what_the_specification_says(answers: Answers, section: str) -> None:
    documents = [each for each in yaml.safe_load_all(correlation(section)) if each]
    hits = answers.users(section)
    for name, events in answers.tables.items():
        assert hits.get(name, set()) == Specification(documents, events).groups(), (name, events)


# The backend's time frames end at an event, ours begin at one: that is the same where more events go on to match.
RISING = [
    section
    for section in SECTIONS
    if not any(
        word in section for word in ("lt", "lte", "eq:", "avg", "median", "percentile", "not ", "[Value", "[User")
    )
]


@pytest.fixture(scope="module")
def database(answers: Answers) -> sqlite3.Connection:
    """The events of all tables as the backend's queries ask for them."""
    connection = sqlite3.connect(":memory:")
    connection.execute('CREATE TABLE logs (timestamp REAL, "Table" TEXT, Rules TEXT, User TEXT, Value TEXT)')
    rows = [(e.time / 1e6, name, e.rules, e.user, e.value) for name, events in answers.tables.items() for e in events]
    connection.executemany("INSERT INTO logs VALUES (?, ?, ?, ?, ?)", rows)
    return connection


@pytest.mark.parametrize("section", RISING)
def test_a_correlation_finds_what_pysigmas_backend_does(
    answers: Answers, database: sqlite3.Connection, section: str
) -> None:
    # Of the specification's forms pySigma reads no ids that are none, and no words in capitals.
    text = correlation(section).replace("id: top\n", "").replace(" AND ", " and ").replace(" OR ", " or ")
    collection = SigmaCollection.from_yaml(text)
    (query,) = sqliteBackend(timestamp_format="unix").convert(collection)  # type: ignore[no-untyped-call]
    theirs: dict[str, set[str]] = {}
    for (written,) in database.execute(f"SELECT group_keys FROM ({query})"):  # noqa: S608  # the backend's own
        keys = json.loads(written)
        theirs.setdefault(keys.pop("Table"), set()).add(next(iter(keys.values()), ""))
    assert theirs == answers.users(section)
    assert theirs
