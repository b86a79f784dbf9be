"""Bound program → SQL: one query an output, its named streams common table expressions in the program's order.

Events are read from a table for each object in the schema `events`: `"events"."process"`. Whoever runs the query
provides those tables, with the columns of the model and `object` and `action` in every row. Columns that a lowering
needs for itself begin with `#`, which no name of a program can.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import assert_never

from sqlglot import exp

from carlang.model.types import Column, Kind
from carlang.resolve import bound
from carlang.resolve.inputs import Given
from carlang.sql.expressions import Expressions
from carlang.sql.fragments import SQL, all_of, column, lowered, name, text
from carlang.sql.groups import lower_group
from carlang.sql.sequences import lower_sequence

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
_NOTHING_GIVEN: Given = {}


def column_type(kind: Kind) -> str:
    """Return the SQL type in which values of a kind are stored."""
    return _TYPES.get(kind, "varchar")


def lower(output: bound.BoundOutput, now: datetime, given: Given = _NOTHING_GIVEN) -> exp.Query:
    """Return the query that gives an output's rows, in the order in which results are given.

    `given` holds the values of the program's inputs.
    """
    lowering = Lowering(now, given)
    for stream in bound.streams_below(output.stream):  # inputs first, so that long chains do not nest
        if isinstance(stream, bound.NamedStream):
            lowering.table(stream)
    source = lowering.table(output.stream)
    query = exp.select(*(column(c.name) for c in output.stream.columns)).from_(source)
    query = query.order_by(*(_ascending(name) for name in result_order(output.stream.columns)))
    for key, table in lowering.tables.items():
        query = query.with_(name(key), as_=table, copy=False)
    return query


def result_order(columns: tuple[Column, ...]) -> list[str]:
    """Return the columns by which rows are ordered: `time`, then `record_id`, then the others as they stand.

    Of a join, the times of all parts come first, then their record ids.
    """
    names = [c.name for c in columns]
    first = [n for word in ("time", "record_id") for n in names if n.rpartition(".")[2] == word]
    return first + [n for n in names if n not in first]


def _ascending(column_name: str) -> SQL:
    return exp.Ordered(this=column(column_name), desc=False, nulls_first=False)


class Lowering:
    """The tables of one query, by name, in the order in which they depend on one another."""

    def __init__(self, now: datetime, given: Given) -> None:
        self.now = now
        self.given = given
        self.tables: dict[str, exp.Query] = {}

    def expressions(self, computed: Mapping[int, str] | None = None) -> Expressions:
        """Return what lowers the expressions of a query of this program."""
        return Expressions(self.now, self.given, self.table, dict(computed or {}))

    def table(self, stream: bound.BoundStream) -> SQL:
        """Return a stream as something to select from."""
        if isinstance(stream, bound.NamedStream):
            if stream.key not in self.tables:
                query = self.query(stream.stream)
                self.tables[stream.key] = query
            return exp.Table(this=name(stream.key))
        return self.query(stream).subquery(name("stage"), copy=False)

    def query(self, stream: bound.BoundStream) -> exp.Query:  # noqa: C901  # a case a stream
        """Return a stream as a query."""
        match stream:
            case bound.Events():
                return lower_events(stream)
            case bound.Filtered(source, condition):
                return self._filtered(source, condition)
            case bound.Derived(source, derived, value, columns):
                new = all(c.name != derived.name for c in source.columns)
                kept = [exp.Star()] if new else [column(c.name) for c in columns if c.name != derived.name]
                added = exp.alias_(self.expressions().value(value), name(derived.name))
                return exp.select(*kept, added).from_(self.table(source))
            case bound.Projected(source, items, _):
                return exp.select(*(self._item(item) for item in items)).from_(self.table(source))
            case bound.Joined():
                return self._joined(stream)
            case bound.Grouped():
                own = tuple(bound.Item(c, bound.FieldRef(c.name, c.type)) for c in stream.columns)
                return lower_group(self, stream, own)
            case bound.Aggregated(group, items, _):
                return lower_group(self, group, items)
            case bound.Union(left, right, columns):
                return self._union(left, right, columns)
            case bound.Difference():
                return self._difference(stream)
            case bound.Distinct(source, distinct, _):
                return self._distinct(source, distinct)
            case bound.Sequenced():
                return lower_sequence(self, stream)
            case bound.NamedStream():
                return exp.select("*").from_(self.table(stream))
            case _:
                assert_never(stream)

    def _item(self, item: bound.Item) -> SQL:
        return exp.alias_(self.expressions().value(item.value), name(item.column.name))

    def _filtered(self, source: bound.BoundStream, condition: bound.BoundExpr) -> exp.Query:
        """Filters of filters, as pipes make them, become one query."""
        conditions = [condition]
        while isinstance(source, bound.Filtered) and not _looks_elsewhere(conditions[-1]):
            conditions.append(source.condition)
            source = source.input
        tests = [self.expressions().condition(c) for c in reversed(conditions)]
        query = lower_events(source) if isinstance(source, bound.Events) and len(source.sets) == 1 else None
        query = query or exp.select("*").from_(self.table(source))
        return _where(query, tests)

    def _joined(self, joined: bound.Joined) -> exp.Query:
        tables = [part_table(self, part) for part in joined.parts]
        query = exp.select("*").from_(tables[0])
        for table in tables[1:]:
            query = query.join(table, join_type="cross", copy=False)
        return _where(query, [self.expressions().condition(joined.condition)])

    def _union(self, left: bound.BoundStream, right: bound.BoundStream, columns: tuple[Column, ...]) -> exp.Query:
        sides = [exp.select(*_fitted(side.columns, columns)).from_(self.table(side)) for side in (left, right)]
        return exp.Union(this=sides[0], expression=sides[1], distinct=False)

    def _difference(self, difference: bound.Difference) -> exp.Query:
        right = [c for c in difference.right.columns if c.name in difference.on]
        renamed = [exp.alias_(column(c.name), name(f"#{c.name}")) for c in right]
        other = exp.select(*renamed).from_(self.table(difference.right)).subquery(name("#right"), copy=False)
        types = {c.name: c for c in difference.left.columns}
        tests = [_same(types[key], column(key, "#left"), column(f"#{key}", "#right")) for key in difference.on]
        found = exp.Exists(this=exp.select(exp.Literal.number(1)).from_(other).where(all_of(tests)))
        left = exp.select("*").from_(self.table(difference.left)).subquery(name("#left"), copy=False)
        return exp.select("*").from_(left).where(exp.Not(this=found))

    def _distinct(self, source: bound.BoundStream, distinct: Column) -> exp.Query:
        value = column(distinct.name)
        folded = lowered(value.copy()) if distinct.type.is_string else value.copy()
        present = exp.Not(this=exp.Is(this=value.copy(), expression=exp.null()))
        least = exp.alias_(exp.Anonymous(this="min", expressions=[value]), name(distinct.name))
        return exp.select(least).from_(self.table(source)).where(present).group_by(folded)


def part_table(lowering: Lowering, part: bound.StreamPart) -> SQL:
    """Return a part of a join or sequence, its columns under its name."""
    renamed = [exp.alias_(column(c.name), name(f"{part.name}.{c.name}")) for c in part.stream.columns]
    return exp.select(*renamed).from_(lowering.table(part.stream)).subquery(name(part.name), copy=False)


def _same(kind: Column, a: SQL, b: SQL) -> SQL:
    if kind.type.is_string:
        a, b = lowered(a), lowered(b)
    return exp.NullSafeEQ(this=a, expression=b)


def _fitted(own: tuple[Column, ...], wanted: tuple[Column, ...]) -> list[SQL]:
    names = {c.name for c in own}
    empty = {c.name: exp.alias_(exp.cast(exp.null(), column_type(c.type.kind)), name(c.name)) for c in wanted}
    return [column(c.name) if c.name in names else empty[c.name] for c in wanted]


def _where(query: exp.Query, tests: list[SQL]) -> exp.Query:
    return query.where(all_of([exp.Paren(this=t) if isinstance(t, exp.Or) else t for t in tests]), copy=False)


def _looks_elsewhere(condition: bound.BoundExpr) -> bool:
    """Tell whether a condition takes an aggregate over its own stream, which must stay the stream it names."""
    return any(isinstance(node, bound.Scalar) for node in bound.walk(condition))


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
    return exp.select(*selected).from_(table).where(wanted)
