"""Events and rows of a test that are written once and stand for several: `each`, `repeat`, and lists by an alias.

`each` names values for one or more fields, `each: {exe: [at.exe, reg.exe]}`: the event stands for one a value, of
several fields the first with the first. In its texts `{exe}` is the value at hand; other braces are what they are. A
name with a dollar, `$name`, is no field: it stands in texts alone, `exe: 'x{$name}'`. `repeat: 3` makes three of each.
A `time` that `each` does not give is that of the first; the others follow by seconds.

An item of the list that is a list itself is taken apart, so that `*common`, an alias of YAML, brings in many events.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from carlang.datafile import Path as DataPath

_EACH, _REPEAT = "each", "repeat"
_NO_FIELD = "$"
_MOST = 10_000
"""How many events a test may have: many times what one needs, far fewer than a slip such as `repeat: 2020` times."""


class SeriesError(Exception):
    """What is written does not stand for events; `path` leads to what is wrong with it."""

    def __init__(self, message: str, path: DataPath) -> None:
        super().__init__(message)
        self.path = path


@dataclass(frozen=True, slots=True)
class Place:
    """Where an event is written: the path of its mapping, and which of the values of `each` it has."""

    path: DataPath
    listed: frozenset[str] = frozenset()
    index: int = 0

    def of(self, key: str | int) -> DataPath:
        """Return the path of a key's value."""
        return (*self.path, _EACH, key, self.index) if key in self.listed else (*self.path, key)

    def way(self, rest: Sequence[str | int], *, at_key: bool = False) -> DataPath:
        """Return the path of a part of it; `at_key` the path whose last key it stands under, also in `each`."""
        if not rest:
            return self.path
        if at_key and len(rest) == 1 and rest[0] in self.listed:
            return (*self.path, _EACH, rest[0])
        return (*self.of(rest[0]), *rest[1:])


def expanded(items: Sequence[Any], path: DataPath, *, what: str) -> list[tuple[Mapping[str, Any], Place]]:
    """Return the events that a list stands for, each with its place; `what` says what an item has to be.

    Raises `SeriesError` for an item that is not written as it has to be.
    """
    events: list[tuple[Mapping[str, Any], Place]] = []
    for index, item in enumerate(items):
        item_path = (*path, index)
        if isinstance(item, list):
            events += expanded(item, item_path, what=what)
        elif isinstance(item, dict):
            events += _series(item, item_path)
        else:
            raise SeriesError(what, item_path)
        if len(events) > _MOST:
            raise SeriesError(f"more than {_MOST:,} events", item_path)
    return events


def _series(item: Mapping[str, Any], path: DataPath) -> Iterator[tuple[Mapping[str, Any], Place]]:
    base = {key: value for key, value in item.items() if key not in (_EACH, _REPEAT)}
    lists = _lists(item, path)
    repeat = _repeat(item, path)
    length = len(next(iter(lists.values()), [None]))
    for index in range(length):
        values = {key: values[index] for key, values in lists.items()}
        place = Place(path, frozenset(lists), index)
        row = {key: _filled(value, values) for key, value in base.items()}
        row |= {key: value for key, value in values.items() if not str(key).startswith(_NO_FIELD)}
        for again in range(repeat):
            later = again if "time" in lists else index * repeat + again
            yield (_delayed(row, later, place) if later else row), place


def _lists(item: Mapping[str, Any], path: DataPath) -> Mapping[str, Sequence[Any]]:
    """Return the values of `each`, as many of each field; none where there is no `each`."""
    if _EACH not in item:
        return {}
    lists, path = item[_EACH], (*path, _EACH)
    if not isinstance(lists, dict) or not lists:
        raise SeriesError("`each` has fields with lists of their values, `{exe: [at.exe, reg.exe]}`", path)
    for key, values in lists.items():
        if not isinstance(values, list) or not values:
            raise SeriesError(f"`each` has a list of values for `{key}`", (*path, key))
        if key in item:
            raise SeriesError(f"`{key}` has a value beside `each` already", (*path, key))
        first, expected = next(iter(lists.items()))
        if len(values) != len(expected):
            message = f"`{key}` has {len(values)} values, and `{first}` {len(expected)}"
            raise SeriesError(message, (*path, key))
    return lists


def _repeat(item: Mapping[str, Any], path: DataPath) -> int:
    repeat = item.get(_REPEAT, 1)
    if not isinstance(repeat, int) or isinstance(repeat, bool) or not 1 <= repeat <= _MOST:
        raise SeriesError(f"`repeat` is how many there are, 1 to {_MOST:,}", (*path, _REPEAT))
    return repeat


def _filled(value: Any, values: Mapping[str, Any]) -> Any:
    """Return a value with `{exe}` as the value of `exe`, where that is one of `each`."""
    match value:
        case str():
            for key, part in values.items():
                value = value.replace(f"{{{key}}}", str(part))
            return value
        case dict():
            return {key: _filled(part, values) for key, part in value.items()}
        case list():
            return [_filled(part, values) for part in value]
        case _:
            return value


def _delayed(row: Mapping[str, Any], seconds: int, place: Place) -> Mapping[str, Any]:
    """Return a row with its time, if it has one, some seconds later."""
    time = row.get("time")
    if time is None:
        return row
    try:
        begun = datetime.fromisoformat(str(time))
    except ValueError:
        raise SeriesError("a time that others follow is written 2020-01-01T00:00:00Z", place.of("time")) from None
    moved = (begun if begun.tzinfo else begun.replace(tzinfo=UTC)) + timedelta(seconds=seconds)
    return {**row, "time": moved.isoformat()}
