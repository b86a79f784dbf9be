"""Groups in SQL: by keys without case, in sessions, with aggregates and conditions on groups.

What a group is made of arrives lowered: its rows as a table, its gap and its aggregates as values.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from carlang.model.types import Column
from carlang.resolve import bound
from carlang.sql.dialect import Dialect, Operands
from carlang.sql.fragments import (
    SQL,
    all_of,
    as_named,
    call,
    column,
    folded,
    missing,
    name,
    number,
    ordered,
    present,
    select,
    subquery,
    when,
)

RANKED = frozenset({"top", "rare", "values"})
"""The aggregates that count values first, in a query of their own."""

_SESSION, _UNTIMED = "#session", "#untimed"


def aggregates_of(group: bound.Grouped, items: Sequence[bound.Item]) -> list[bound.Aggregate]:
    """Return the aggregates over a group's rows, each once; those over another stream's rows are not among them."""
    asked = [node for e in (*group.having, *(i.value for i in items)) for node in bound.walk(e)]
    aggregates = {id(node): node for node in asked if isinstance(node, bound.Aggregate)}
    elsewhere = {id(n) for e in asked if isinstance(e, bound.Scalar) for n in bound.walk(e.aggregate)}
    return [node for key, node in aggregates.items() if key not in elsewhere]


def members(dialect: Dialect, group: bound.Grouped, rows: SQL, gap: SQL | None) -> tuple[exp.Query, list[str]]:
    """Return the rows of a group with the keys that tell groups apart as columns more, and the names of those.

    `rows` are those of all the group's inputs; a `gap` adds the keys that tell sessions apart.
    """
    keys = [f"#key{i}" for i in range(len(group.keys))]
    keyed = [as_named(_comparable(key), alias) for key, alias in zip(group.keys, keys, strict=True)]
    query = select([exp.Star(), *keyed], rows)
    if gap is None:
        return query, keys
    return _sessions(dialect, query, keys, gap), [*keys, _SESSION, _UNTIMED]


def _comparable(key: Column) -> SQL:
    return folded(column(key.name)) if key.type.is_string else column(key.name)


def own_column(wanted: Column, *, is_key: bool) -> SQL:
    """Return one of the columns that every group has: its keys, `count`, `first_time`, `last_time`."""
    match wanted.name:
        case "count" if not is_key:
            value: SQL = exp.Count(this=exp.Star())
        case "last_time" if not is_key:
            value = call("max", column("time"))
        case "first_time" if not is_key:
            value = call("min", column("time"))
        case _:
            value = call("min", column(wanted.name))  # of texts that differ in case alone, the first by characters
    return as_named(value, wanted.name)


def group_query(
    rows: exp.Query, keys: Sequence[str], selected: Sequence[SQL], rankings: Sequence[tuple[str, exp.Query]]
) -> SQL:
    """Return a table of a row a group, with the columns `selected` and the lists of `rankings` under their names."""
    shown = [column(key) for key in keys] if rankings else []
    query = select([*selected, *shown], subquery(rows, "members"))
    if keys:
        query = query.group_by(*(column(key) for key in keys), copy=False)
    else:
        # SQL has one group where there are no keys, even of no rows; the language has none then.
        query = query.having(exp.GT(this=exp.Count(this=exp.Star()), expression=number(0)), copy=False)
    for alias, ranked in rankings:
        query = _with_ranking(query, keys, alias, ranked)
    return subquery(query, "groups")


def _with_ranking(query: exp.Query, keys: Sequence[str], alias: str, ranked: exp.Query) -> exp.Select:
    """Join a list of values to each group. A group without values to count is not in the ranking: its list is empty."""
    matches = [exp.NullSafeEQ(this=column(key, "grouped"), expression=column(key, alias)) for key in keys]
    items = exp.Coalesce(this=column("ranked", alias), expressions=[exp.Array(expressions=[])])
    grouped = exp.Column(this=exp.Star(), table=name("grouped"))
    joined = select([grouped, as_named(items, alias)], subquery(query, "grouped"))
    return joined.join(subquery(ranked, alias), on=all_of(matches), join_type="left", copy=False)


def ranking(
    dialect: Dialect, aggregate: bound.Aggregate, operands: Operands, source: SQL, keys: Sequence[str] = ()
) -> exp.Select:
    """Return the commonest, rarest or all values of a stream, or of each group of it, as a list named `ranked`.

    Of values that are equally common, the first in order come first. Texts that differ in case only are one value.
    The values are counted here, in rows with `#value`, `#folded` and `#count`; the dialect makes a list of those.
    """
    value, *others = operands.arguments
    same = folded(value.copy()) if operands.types[0].is_string else value.copy()
    columns = [
        *(column(key) for key in keys),
        as_named(call("min", value), "#value"),
        as_named(same, "#folded"),
        as_named(exp.Count(this=exp.Star()), "#count"),
    ]
    counted = select(columns, source).where(present(value.copy()), copy=False)
    counted = counted.group_by(*(column(key) for key in keys), same.copy(), copy=False)
    of_counted = Operands((column("#value"), *others), operands.types, operands.type)
    items = as_named(dialect.aggregate(aggregate.function, of_counted), "ranked")
    query = select([*(column(key) for key in keys), items], subquery(counted, "counted"))
    return query.group_by(*(column(key) for key in keys), copy=False) if keys else query


def _sessions(dialect: Dialect, rows: exp.Query, keys: Sequence[str], gap: SQL) -> exp.Query:
    """Number the sessions of each group: the count of pauses longer than the gap up to a row.

    Rows without a time come last in the order, where they would join the last session; `#untimed` keeps them apart.
    """
    by_time = exp.Order(expressions=[ordered(column("time"))])
    before = _window(call("lag", column("time")), keys, by_time)
    pause = exp.Sub(this=dialect.microseconds(column("time")), expression=dialect.microseconds(before))
    begins = when(exp.GT(this=pause, expression=exp.Paren(this=gap)), number(1), number(0))
    marked = select([exp.Star(), as_named(begins, "#begins")], subquery(rows, "keyed"))
    # RANGE, not ROWS: rows of one time are in one session, whatever their order.
    frame = exp.WindowSpec(kind="RANGE", start="UNBOUNDED", start_side="PRECEDING", end="CURRENT ROW")
    session = _window(call("sum", column("#begins")), keys, by_time.copy(), frame)
    columns = [exp.Star(), as_named(session, _SESSION), as_named(missing(column("time")), _UNTIMED)]
    return select(columns, subquery(marked, "marked"))


def _window(function: SQL, keys: Sequence[str], order: exp.Order, frame: exp.WindowSpec | None = None) -> SQL:
    return exp.Window(this=function, partition_by=[column(key) for key in keys], order=order, spec=frame)
