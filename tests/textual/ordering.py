"""Streams in an order of their own: sorted, cut, and the first row of each value."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from tests.textual.occurrences import NUMBER
from tests.textual.values import id_key, in_order, told_apart
from tests.textual.views import Place, Row, Stream, Term

RANK = "#rank"
"""The member of a row that tells its place in a sorted stream."""


def ordered(stream: Stream) -> list[Row]:
    """Return the rows of a stream in its order."""
    if stream.ranked:
        return sorted(stream.rows, key=lambda row: int(row[RANK]))
    return in_order(list(stream.rows), stream.columns)


def sorted_by(stream: Stream, keys: Sequence[tuple[Term, bool]]) -> Stream:
    """Return a stream sorted; what is missing comes last, and what is equal by how it is spelt, then as results do."""
    rows = in_order(list(stream.rows), stream.columns)
    for term, _ in reversed(keys):
        rows = _arranged(rows, term, lambda value: value if isinstance(value, str) else 0, descending=False)
    for term, descending in reversed(keys):
        rows = _arranged(rows, term, _caseless_id if term.type == "id" else told_apart, descending=descending)
    ranked = [{**row, RANK: place} for place, row in enumerate(rows)]
    # The rows of a group are not at hand any more.
    return replace(stream, rows=ranked, groups=None, ranked=True)


def _arranged(rows: list[Row], term: Term, key: Callable[[Any], Any], *, descending: bool) -> list[Row]:
    there = [row for row in rows if term.at(Place(row)) is not None]
    missing = [row for row in rows if term.at(Place(row)) is None]
    return [*sorted(there, key=lambda row: key(term.at(Place(row))), reverse=descending), *missing]


def _caseless_id(value: str) -> Any:
    kind, number, _ = id_key(value)
    return (kind, number, told_apart(value))


def ends(stream: Stream, count: int | None, *, last: bool) -> Stream:
    """Return the first rows of a stream in its order, or the last."""
    asked = count if count is not None and count > 0 else 0
    rows = ordered(stream)
    return _left(stream, rows[max(len(rows) - asked, 0) :] if last else rows[:asked])


def first_of_each(stream: Stream, keys: Sequence[str]) -> Stream:
    """Return the first row, in the order of a stream, of those that are equal in some columns."""
    firsts: dict[Any, Row] = {}
    for row in ordered(stream):
        firsts.setdefault(tuple(told_apart(row.get(key)) for key in keys), row)
    return _left(stream, list(firsts.values()))


def _left(stream: Stream, rows: list[Row]) -> Stream:
    records = stream.records
    if records is not None:
        numbers = {row[NUMBER] for row in rows}
        records = [record for record in records if record[NUMBER] in numbers]
    return replace(stream, rows=rows, groups=None, records=records)
