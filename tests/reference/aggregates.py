"""The aggregates of the language over the values of many rows. Missing values do not count."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from tests.reference.order import same, without_case


def aggregate(function: str, rows: int, values: Sequence[Any], constant: Any, *, distinct: bool) -> Any:
    """Return an aggregate of values; without any, `count` counts the rows.

    Args:
        function: Its name.
        rows: How many rows there are.
        values: What the rows have, missing values among them; empty for a bare `count`.
        constant: The second argument of `percentile`, `top` and `rare`.
        distinct: Whether equal values count once.
    """
    there = [value for value in values if value is not None]
    if function == "count":
        if not values:
            return rows
        return len({same(value) for value in there}) if distinct else len(there)
    if function in _LISTS:
        return _LISTS[function](there, constant)
    return _SINGLE[function](there, constant) if there else None


def at_the_end(function: str, values: Sequence[tuple[datetime | None, Any]]) -> Any:
    """Return the value of the earliest or latest row that has one: of several rows the least, or the greatest.

    Rows without a time count where no other row has a value.
    """
    there = [(time, value) for time, value in values if value is not None]
    times = [time for time, _ in there if time is not None]
    chosen = (min if function == "first" else max)(times) if times else None
    most = min if function == "first" else max
    return most((value for time, value in there if time == chosen), key=without_case, default=None)


def spellings(values: Sequence[Any]) -> dict[Any, tuple[Any, int]]:
    """Return values as they are told apart, each with its first spelling in order of characters and its number."""
    found: dict[Any, tuple[Any, int]] = {}
    for value in values:
        spelling, number = found.get(same(value), (value, 0))
        found[same(value)] = (min(spelling, value), number + 1)
    return found


def _values(there: Sequence[Any], _: Any) -> list[Any]:
    """Return the different values in order, each in its first spelling."""
    return sorted((spelling for spelling, _ in spellings(there).values()), key=without_case)


def _top(there: Sequence[Any], number: int) -> list[Any]:
    found = sorted(spellings(there).values(), key=lambda pair: (-pair[1], without_case(pair[0])))
    return [spelling for spelling, _ in found[:number]]


def _rare(there: Sequence[Any], number: int) -> list[Any]:
    found = sorted(spellings(there).values(), key=lambda pair: (pair[1], without_case(pair[0])))
    return [spelling for spelling, _ in found[:number]]


def _percentile(there: Sequence[Any], percent: float) -> float:
    """Return the value below which so many percent lie, between two values in proportion."""
    ordered = sorted(there)
    place = (len(ordered) - 1) * percent / 100
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return float(ordered[below] + (ordered[above] - ordered[below]) * (place - below))


def _stdev(there: Sequence[Any], _: Any) -> float | None:
    """Return the standard deviation of a sample; a single value has none."""
    if len(there) == 1:
        return None
    mean = sum(there) / len(there)
    return math.sqrt(sum((value - mean) ** 2 for value in there) / (len(there) - 1))


_LISTS: dict[str, Callable[[Sequence[Any], Any], list[Any]]] = {"values": _values, "top": _top, "rare": _rare}

_SINGLE: dict[str, Callable[[Sequence[Any], Any], Any]] = {
    "sum": lambda there, _: sum(there),
    "min": lambda there, _: min(there, key=without_case),
    "max": lambda there, _: max(there, key=without_case),
    "avg": lambda there, _: sum(there) / len(there),
    "median": lambda there, _: _percentile(there, 50),
    "percentile": _percentile,
    "stdev": _stdev,
}
