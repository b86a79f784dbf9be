"""Bound program → SQL: one query an output, its named streams common table expressions in the program's order.

Events are read from a table for each object in the schema `events`: `"events"."process"`. Whoever runs the query
provides those tables, with the columns of the model and `object` and `action` in every row.
"""

from __future__ import annotations

from datetime import datetime
from typing import assert_never

from sqlglot import exp

from carlang.model.types import Column, Kind
from carlang.resolve import bound
from carlang.sql.conditions import lower_any, lower_condition
from carlang.sql.fragments import SQL, any_of, column, name, text

SCHEMA = "events"
"""The schema of the event tables."""

_TYPES = {
    Kind.INTEGER: "bigint",
    Kind.PORT: "bigint",
    Kind.DURATION: "bigint",
    Kind.FLOAT: "double",
    Kind.BOOLEAN: "boolean",
    Kind.TIME: "timestamptz",
}


def column_type(kind: Kind) -> str:
    """Return the SQL type in which values of a kind are stored."""
    return _TYPES.get(kind, "varchar")


def lower(output: bound.BoundOutput, now: datetime) -> exp.Query:
    """Return the query that gives an output's rows, in the order in which results are given."""
    lowering = _Lowering(now)
    source = lowering.table(output.stream)
    query = exp.select(*(column(c.name) for c in output.stream.columns)).from_(source)
    query = query.order_by(*(_ascending(name) for name in result_order(output.stream.columns)))
    for key, stream in lowering.tables.items():
        query = query.with_(name(key), as_=stream, copy=False)
    return query


def result_order(columns: tuple[Column, ...]) -> list[str]:
    """Return the columns by which rows are ordered: `time`, then `record_id`, then the others as they stand."""
    names = [c.name for c in columns]
    first = [n for n in ("time", "record_id") if n in names]
    return first + [n for n in names if n not in first]


def _ascending(column_name: str) -> SQL:
    return exp.Ordered(this=column(column_name), desc=False, nulls_first=False)


class _Lowering:
    """The tables of one query, by name, in the order in which they depend on one another."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.tables: dict[str, exp.Query] = {}

    def table(self, stream: bound.BoundStream) -> SQL:
        """Return a stream as something to select from."""
        if isinstance(stream, bound.Named):
            if stream.key not in self.tables:
                query = self.query(stream.stream)
                self.tables[stream.key] = query
            return exp.Table(this=name(stream.key))
        return self.query(stream).subquery(name("stage"), copy=False)

    def query(self, stream: bound.BoundStream) -> exp.Query:
        """Return a stream as a query."""
        match stream:
            case bound.Events():
                return lower_events(stream)
            case bound.Filtered(source, condition):
                return self._filtered(source, condition)
            case bound.Derived(source, derived, value, columns):
                kept = [column(c.name) for c in columns if c.name != derived.name]
                added = exp.alias_(lower_any(value, self.now), name(derived.name))
                return exp.select(*kept, added).from_(self.table(source))
            case bound.Named():
                return exp.select("*").from_(self.table(stream))
            case _:
                assert_never(stream)

    def _filtered(self, source: bound.BoundStream, condition: bound.BoundExpr) -> exp.Query:
        """Filters of filters, as pipes make them, become one query."""
        conditions = [condition]
        while isinstance(source, bound.Filtered):
            conditions.append(source.condition)
            source = source.input
        tests = [lower_condition(c, self.now) for c in reversed(conditions)]
        query = lower_events(source) if isinstance(source, bound.Events) and len(source.sets) == 1 else None
        query = query or exp.select("*").from_(self.table(source))
        for test in tests:
            query = query.where(exp.Paren(this=test) if isinstance(test, exp.Or) else test, copy=False)
        return query


def lower_events(events: bound.Events) -> exp.Select | exp.SetOperation:
    """Return the events of some classes; of several objects, with the columns of all."""
    selects = [_event_set(event_set, events.columns, several=len(events.sets) > 1) for event_set in events.sets]
    query: exp.Select | exp.SetOperation = selects[0]
    for other in selects[1:]:
        query = exp.Union(this=query, expression=other, distinct=False, by_name=True)
    return query


def _event_set(event_set: bound.EventSet, columns: tuple[Column, ...], *, several: bool) -> exp.Select:
    table = exp.Table(this=name(event_set.object), db=name(SCHEMA))
    wanted = exp.In(this=column("action"), expressions=[text(action) for action in event_set.actions])
    selected = [exp.Star()] if several else [column(c.name) for c in columns]
    return exp.select(*selected).from_(table).where(any_of([wanted]))
