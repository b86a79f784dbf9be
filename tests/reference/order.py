"""Values as they are told apart and put in order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from carlang.model.types import Column, Kind, Type
from tests.reference.texts import fold

Row = Mapping[str, Any]
"""A row: Python values by column; times with the zone UTC, durations in microseconds, missing values None."""

_FIRST = ("time", "record_id")
_DIGITS = 38
"""How many digits a number has at most."""


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


def by_id(value: Any) -> Any:
    """Return a sort key of a record's id: numbers first, in their order, then other texts."""
    is_number = isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= _DIGITS
    return (0, int(value), value) if is_number else (1, ascending(value))


def sort_key(value: Any, kind: Type) -> Any:
    """Return what a value that is there is sorted by: texts without case, ids of digits as numbers before others."""
    if kind.kind is Kind.ID:
        is_other, number, *_ = by_id(value)
        return (is_other, number if is_other == 0 else 0, same(value))
    return same(value)


def in_order(rows: Sequence[Row], columns: Iterable[Column]) -> list[Row]:
    """Return rows by `time`, then `record_id`, in a join of all parts, then the other columns in turn."""
    kinds = {column.name: column.type.kind for column in columns}
    first = [name for word in _FIRST for name in kinds if name.rpartition(".")[2] == word]
    names = [*first, *(name for name in kinds if name not in first)]
    keys = [(name, by_id if kinds[name] is Kind.ID else ascending) for name in names]
    return sorted(rows, key=lambda row: [key(row.get(name)) for name, key in keys])


def moment(row: Row) -> datetime | None:
    """Return the time of a row, or None where it has none."""
    time = row.get("time")
    return time if isinstance(time, datetime) else None
