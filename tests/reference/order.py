"""Values as they are told apart and put in order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from tests.reference.texts import fold

Row = Mapping[str, Any]
"""A row: Python values by column; times with the zone UTC, durations in microseconds, missing values None."""

_FIRST = ("time", "record_id")


def same(value: Any) -> Any:
    """Return what is equal for values that are equal: texts without case, missing equal to missing."""
    return fold(value) if isinstance(value, str) else value


def ascending(value: Any) -> Any:
    """Return a sort key: values of one type in their order, texts in that of their characters, missing ones last."""
    if value is None:
        return (1,)
    if isinstance(value, list):
        return (0, [ascending(item) for item in value])
    return (0, value)


def without_case(value: Any) -> Any:
    """Return a sort key: as `ascending`, texts without case first and then in the order of their characters."""
    return (ascending(same(value)), ascending(value))


def in_order(rows: Sequence[Row], columns: Sequence[str]) -> list[Row]:
    """Return rows by `time`, then `record_id`, in a join of all parts, then the other columns in turn."""
    first = [name for word in _FIRST for name in columns if name.rpartition(".")[2] == word]
    names = [*first, *(name for name in columns if name not in first)]
    return sorted(rows, key=lambda row: [ascending(row.get(name)) for name in names])


def moment(row: Row) -> datetime | None:
    """Return the time of a row, or None where it has none."""
    time = row.get("time")
    return time if isinstance(time, datetime) else None
