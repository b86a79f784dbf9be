"""What `../shared/cases` says of each of its files, and whether an ingest of the file alone gives just that.

The form of an entry stands at the head of `expected.yaml`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from carlang.store import open_store
from tests.cli.commands import carlang

Event = Mapping[str, Any]

_COUNTS = ("read", "unmapped", "rejected")


def entries(folder: Path) -> list[dict[str, Any]]:
    """Return the entries of a folder of cases; none where it is missing."""
    path = folder / "expected.yaml"
    return yaml.safe_load(path.read_text("utf-8")) if path.is_file() else []


@dataclass(frozen=True)
class Ingested:
    """What an ingest of one file left: its status, what it printed, its report's counts, and the store's events."""

    status: int
    printed: str
    counts: Mapping[str, int]
    events: Sequence[Event]


def ingested(log: Path, options: Sequence[str], folder: Path) -> Ingested:
    """Ingest a file into an empty store, once to be read by people and once by programs."""
    store = folder / "store"
    done = carlang("ingest", log, "--store", store, *options)
    report = carlang("ingest", log, "--store", folder / "other", "--format", "json", *options).json()
    counts = {name: sum(source[name] for source in report["sources"]) for name in _COUNTS}
    return Ingested(done.status, done.out + done.err, counts, _events(store))


def _events(store: Path) -> list[Event]:
    """Return all events of a store as `run --format json` prints them."""
    held = sorted({file.object for file in open_store(store).files()})
    program = "".join(f"{name}_events = search {name}\noutput {name}_events\n" for name in held)
    if not program:
        return []
    printed = carlang("run", "-e", program, "--store", store, "--format", "json").json()
    return [row for result in printed["results"] for row in result["rows"]]


def objections(entry: Mapping[str, Any], result: Ingested) -> list[str]:
    """Return in what an ingest is other than its entry says; nothing where all of it holds."""
    return list(_objections(entry, result, {"exit": [0, 3]}))


def _objections(entry: Mapping[str, Any], result: Ingested, missing: Mapping[str, Any]) -> Iterator[str]:
    statuses = entry.get("exit", missing.get("exit"))
    if statuses is not None and result.status not in statuses:
        yield f"status {result.status} is none of {statuses}"
    for name in _COUNTS:
        if name in entry and not _allowed(entry[name], result.counts[name]):
            yield f"{name}: {result.counts[name]} is not {entry[name]}"
    yield from _about_events(entry, result.events)
    for text in entry.get("store_contains", ()):
        if not any(text in value for event in result.events for value in event.values() if isinstance(value, str)):
            yield f"no event has a value with {text!r} in it"
    for text in entry.get("said", ()):
        if text not in result.printed:
            yield f"not said: {text!r}"
    for text in entry.get("unsaid", ()):
        if text in result.printed:
            yield f"said: {text!r}"
    if "either" in entry:
        each = [list(_objections(alternative, result, {})) for alternative in entry["either"]]
        if all(each):
            yield f"none of the alternatives holds: {each}"


def _allowed(expected: Any, count: int) -> bool:
    if isinstance(expected, str):
        return count >= int(expected.removeprefix(">="))
    return count in expected if isinstance(expected, list) else count == expected


def _about_events(entry: Mapping[str, Any], events: Sequence[Event]) -> Iterator[str]:
    expected = entry.get("events", [])
    taken = _assigned(expected, events)
    for index, event in enumerate(expected):
        if index not in taken:
            yield f"there is no event {json.dumps(event)}; there are {json.dumps([_filled(e) for e in events])}"
    if entry.get("exactly"):
        objects = {event["object"] for event in expected}
        rest = [e for i, e in enumerate(events) if e["object"] in objects and i not in taken.values()]
        for event in rest:
            yield f"there is another event {json.dumps(_filled(event))}"
    for values in entry.get("never", ()):
        for event in events:
            if _has(event, values):
                yield f"an event is {json.dumps(values)}: {json.dumps(_filled(event))}"


def _assigned(expected: Sequence[Event], events: Sequence[Event]) -> dict[int, int]:
    """Give as many expected events as can be a row of their own each; returns the indexes of both."""
    owner: dict[int, int] = {}

    def place(index: int, tried: set[int]) -> bool:
        for row, event in enumerate(events):
            if row in tried or not _has(event, expected[index]):
                continue
            tried.add(row)
            if row not in owner or place(owner[row], tried):
                owner[row] = index
                return True
        return False

    for index in range(len(expected)):
        place(index, set())
    return {index: row for row, index in owner.items()}


def _has(event: Event, values: Event) -> bool:
    return all(_equal(name, event.get(name), value) for name, value in values.items())


def _equal(name: str, value: Any, expected: Any) -> bool:
    if name == "record_id":
        return (value is None) == (expected is None) and str(value) == str(expected)
    same: Callable[[Any], Any] = repr  # so that 1, 1.0 and True are three values
    return bool(same(value) == same(expected))


def _filled(event: Event) -> dict[str, Any]:
    return {name: value for name, value in event.items() if value is not None}
