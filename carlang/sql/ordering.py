"""Streams in an order of their own: sorted, cut, and the first row of each value.

A sorted stream numbers its rows in a column, which goes with them through what keeps the order. Sorting a million rows
takes as long as the order of results does, which every output has: some seconds, spilled where memory is short.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from carlang.model.types import Column, Kind, Type, field_of
from carlang.resolve import bound
from carlang.sql.fragments import (
    DIGITS,
    SQL,
    as_named,
    call,
    cast,
    column,
    folded,
    in_order,
    number,
    ordered,
    present,
    select,
    subquery,
    text,
    when,
    wrapped,
)

RANK = "#rank"
"""The number of a row in the order of a sorted stream."""

_NTH = "#nth"


def result_order(columns: Sequence[Column]) -> list[str]:
    """Return the columns by which rows are ordered: `time`, then `record_id`, then the others as they stand.

    Of a join, the times of all parts come first, then their record ids.
    """
    names = [c.name for c in columns]
    first = [n for word in ("time", "record_id") for n in names if field_of(n) == word]
    return first + [n for n in names if n not in first]


def order_of(stream: bound.BoundStream) -> list[SQL]:
    """Return the keys of a stream's order: its own, else that of results."""
    return [ordered(column(RANK))] if bound.is_sorted(stream) else _by_columns(stream.columns)


def _by_columns(columns: Sequence[Column]) -> list[SQL]:
    kinds = {c.name: c.type.kind for c in columns}
    return [key for name in result_order(columns) for key in in_order(column(name), kinds[name])]


SortKeys = Sequence[tuple[SQL, Type, bool]]
"""Values that rows are sorted by, with their types, and whether downwards."""


def sort_order(by: SortKeys, columns: Sequence[Column]) -> list[SQL]:
    """Return the keys of the order of sorted rows: the keys, how these are spelt, and then the order of results."""
    keys = [key for value, of, descending in by for key in _in_direction(value, of, descending=descending)]
    spelt = [ordered(value.copy()) for value, of, _ in by if of.is_string]
    return [*keys, *spelt, *_by_columns(columns)]


def sorted_query(names: Sequence[SQL], source: SQL, order: Sequence[SQL]) -> exp.Select:
    """Return rows with their rank in an order."""
    number = exp.Window(this=call("row_number"), order=exp.Order(expressions=list(order)))
    return select([*names, as_named(number, RANK)], source)


def _in_direction(value: SQL, of: Type, *, descending: bool) -> list[SQL]:
    """Return the keys of a value: texts without case, ids of digits alone as numbers and before all others."""
    if of.kind is not Kind.ID:
        return [ordered(folded(value) if of.is_string else value, descending=descending)]
    digits = exp.RegexpLike(this=value, expression=text(DIGITS))
    is_other = when(present(wrapped(value.copy())), when(digits, number(0), number(1)))
    as_number = when(digits.copy(), cast(value.copy(), "decimal(38, 0)"))
    keys = (is_other, as_number, folded(value.copy()))
    return [ordered(key, descending=descending) for key in keys]


def cut_query(names: Sequence[SQL], source: SQL, order: Sequence[SQL], count: SQL, *, last: bool) -> exp.Select:
    """Return the first rows in an order, or the last."""
    keys = [_backwards(key) for key in order] if last else order
    # A count that is missing is none; engines would take it for no limit.
    above = exp.GT(this=wrapped(count.copy()), expression=number(0))
    rows = count if isinstance(count, exp.Literal) else when(above, count, number(0))
    return select(names, source).order_by(*keys, copy=False).limit(rows, copy=False)


def _backwards(key: SQL) -> SQL:
    return exp.Ordered(this=key.this, desc=not key.args.get("desc"), nulls_first=not key.args.get("nulls_first"))


def first_of_each(names: Sequence[SQL], source: SQL, keys: Sequence[SQL], order: Sequence[SQL]) -> exp.Select:
    """Return the first row, in an order, of those with the same keys; missing ones are the same."""
    nth = exp.Window(this=call("row_number"), partition_by=list(keys), order=exp.Order(expressions=list(order)))
    numbered = select([exp.Star(), as_named(nth, _NTH)], source)
    is_first = exp.EQ(this=column(_NTH), expression=number(1))
    return select(names, subquery(numbered, "numbered")).where(is_first, copy=False)
