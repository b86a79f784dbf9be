"""Groups in SQL: by keys without case, in sessions and intervals, with aggregates and conditions on groups.

What a group is made of arrives lowered: its rows as a table, its lengths of time and its aggregates as values.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from sqlglot import exp

from carlang.model.types import DURATION, TIME, Column
from carlang.resolve import bound
from carlang.sql.dialect import Dialect, Operands
from carlang.sql.fragments import (
    SQL,
    all_of,
    as_named,
    call,
    column,
    everything,
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
_START, _END, _LENGTH = "#start", "#end", "#length"

_WEEK = 7 * 24 * 3600 * 1_000_000
_MONDAY = 4 * 24 * 3600 * 1_000_000
"""The first Monday of 1970, in microseconds."""


def asked_of_groups(exprs: Sequence[bound.BoundExpr]) -> tuple[list[bound.Aggregate], list[bound.FieldRef]]:
    """Return the aggregates over a group's rows, and the group's own columns, that expressions ask for, each once.

    Aggregates over another stream's rows, and the fields inside aggregates, are not among them.
    """
    aggregates: dict[int, bound.Aggregate] = {}
    own: dict[int, bound.FieldRef] = {}
    for expr in exprs:
        todo = [expr]
        while todo:
            match todo.pop():
                case bound.Aggregate() as aggregate:
                    aggregates[id(aggregate)] = aggregate
                case bound.FieldRef() as field_ref:
                    own[id(field_ref)] = field_ref
                case bound.Scalar():
                    pass
                case other:
                    todo.extend(bound.parts(other))
    return list(aggregates.values()), list(own.values())


def passes_before_ranking(conditions: Sequence[bound.BoundExpr]) -> bool:
    """Tell whether conditions on groups can be tested before values are ranked, by what their rows alone say."""
    return not any(
        isinstance(node, bound.ProcessField | bound.Scalar | bound.InStream)
        or (isinstance(node, bound.Aggregate) and node.function in RANKED)
        for condition in conditions
        for node in bound.walk(condition)
    )


def filters_of_groups(output: bound.BoundStream) -> tuple[Mapping[int, bound.Aggregated], frozenset[int]]:
    """Return filters of groups, by identity, that are better tested before values are ranked, as groups that are so.

    To rank values takes longer than all else that is asked of groups, so it is done of those alone that pass. Groups
    that something else reads as well are ranked for that, and once. The second are the names between the two.
    """
    uses = Counter(id(below) for s in bound.streams_below(output) for below in (*bound.inputs(s), *bound.looked_at(s)))
    uses[id(output)] += 1
    filters: dict[int, bound.Aggregated] = {}
    names: set[int] = set()
    for stream in bound.streams_below(output):
        if not isinstance(stream, bound.Filtered):
            continue
        source, between = stream.input, set[int]()
        while isinstance(source, bound.NamedStream) and uses[id(source)] == 1:
            between.add(id(source))
            source = source.stream
        if isinstance(source, bound.Aggregated) and (condition := _of_groups(stream.condition, source)) is not None:
            group = replace(source.group, having=(*source.group.having, condition))
            filters[id(stream)] = replace(source, group=group)
            names |= between
    return filters, frozenset(names)


def names_of_selections(stream: bound.BoundStream) -> list[str]:
    """Return the keys of the named streams between a stream and its search, if its rows are some of that."""
    keys: list[str] = []
    while not bound.looked_at(stream):
        match stream:
            case bound.Events():
                return keys
            case bound.Filtered(input=source) | bound.Derived(input=source) | bound.Projected(input=source):
                stream = source
            case bound.NamedStream(key=key, stream=source):
                keys.append(key)
                stream = source
            case _:
                return []
    return []


def names_of_rows_and_groups(streams: Sequence[bound.BoundStream]) -> set[str]:
    """Return the keys of the named streams whose rows are put beside groups of themselves.

    The rows wait for the groups: read once for both, all of them would be kept meanwhile.
    """
    as_they_are = {key for stream in streams for key in names_of_selections(stream)}
    in_groups = {
        key
        for stream in streams
        for below in bound.streams_below(stream)
        if as_they_are and isinstance(below, bound.Grouped)
        for source in below.inputs
        for key in names_of_selections(source)
    }
    return as_they_are & in_groups


def _of_groups(condition: bound.BoundExpr, groups: bound.Aggregated) -> bound.BoundExpr | None:
    """Return a filter's condition as one on the groups that it filters, if that is better."""
    values = {item.column.name: item.value for item in groups.items}

    def value(node: bound.BoundExpr) -> bound.BoundExpr | None:
        return values[node.column] if isinstance(node, bound.FieldRef) else None

    ranks = any(
        isinstance(node, bound.Aggregate) and node.function in RANKED
        for item in groups.items
        for node in bound.walk(item.value)
    )
    if not ranks or not groups.group.keys or groups.group.period is not None:
        return None
    on_groups = bound.rewritten(condition, value)
    return on_groups if passes_before_ranking([condition, on_groups]) else None


def keyed(group: bound.Grouped, rows: SQL) -> tuple[exp.Query, list[str]]:
    """Return the rows of all of a group's inputs with its keys as they are told apart, and the names of those."""
    keys = [f"#key{i}" for i in range(len(group.keys))]
    added = [as_named(_comparable(key), alias) for key, alias in zip(group.keys, keys, strict=True)]
    return select([exp.Star(), *added], rows), keys


def _comparable(key: Column) -> SQL:
    return folded(column(key.name)) if key.type.is_string else column(key.name)


def own_value(name: str, *, is_key: bool) -> SQL:
    """Return one of the columns that a group has of its own, as an aggregate of its rows: a key, `count`, its times."""
    match name:
        case "count" if not is_key:
            return exp.Count(this=exp.Star())
        case "last_time" if not is_key:
            return call("max", column("time"))
        case "first_time" if not is_key:
            return call("min", column("time"))
        case "start" | "end" if not is_key:
            return call("min", column(f"#{name}"))
        case _:
            return call("min", column(name))  # of texts that differ in case alone, the first by characters


def group_query(
    rows: exp.Query, keys: Sequence[str], selected: Sequence[SQL], *, with_keys: bool = False
) -> exp.Select:
    """Return a query of a row a group: the columns `selected`, and if asked for the keys as they are told apart."""
    shown = [column(key) for key in keys] if with_keys else []
    query = select([*selected, *shown], subquery(rows, "members"))
    if keys:
        return query.group_by(*(column(key) for key in keys), copy=False)
    # SQL has one group where there are no keys, even of no rows; the language has none then.
    return query.having(exp.GT(this=exp.Count(this=exp.Star()), expression=number(0)), copy=False)


def with_rankings(query: exp.Query, keys: Sequence[str], rankings: Sequence[tuple[str, exp.Query]]) -> SQL:
    """Return a table of groups with the lists of `rankings` under their names."""
    for alias, ranked in rankings:
        query = _with_ranking(query, keys, alias, ranked)
    return subquery(query, "groups")


def rows_of_groups(rows: exp.Query, keys: Sequence[str], groups: exp.Table) -> exp.Select:
    """Return the rows of those groups alone whose keys are in a table."""
    same = [exp.NullSafeEQ(this=column(key, "passing"), expression=column(key, "members")) for key in keys]
    passing = exp.alias_(groups, name("passing"), table=True, copy=False)
    is_there = exp.Exists(this=select([number(1)], passing).where(all_of(same), copy=False))
    return everything(subquery(rows, "members")).where(is_there, copy=False)


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


def sessions(
    dialect: Dialect, rows: exp.Query, keys: Sequence[str], gap: SQL, time: str = "time"
) -> tuple[exp.Query, list[str]]:
    """Number the sessions of each group: the count of pauses longer than the gap up to a row.

    Rows without a time come last in the order, where they would join the last session; `#untimed` keeps them apart.
    Returns the rows, and the columns that tell groups apart.
    """
    by_time = exp.Order(expressions=[ordered(column(time))])
    before = window(call("lag", column(time)), keys, by_time)
    pause = exp.Sub(this=dialect.microseconds(column(time)), expression=dialect.microseconds(before))
    begins = when(exp.GT(this=pause, expression=exp.Paren(this=gap)), number(1), number(0))
    marked = select([exp.Star(), as_named(begins, "#begins")], subquery(rows, "keyed"))
    # RANGE, not ROWS: rows of one time are in one session, whatever their order.
    frame = exp.WindowSpec(kind="RANGE", start="UNBOUNDED", start_side="PRECEDING", end="CURRENT ROW")
    session = window(call("sum", column("#begins")), keys, by_time.copy(), frame)
    columns = [exp.Star(), as_named(session, _SESSION), as_named(missing(column(time)), _UNTIMED)]
    return select(columns, subquery(marked, "marked")), [*keys, _SESSION, _UNTIMED]


def intervals(dialect: Dialect, rows: exp.Query, keys: Sequence[str], length: SQL) -> tuple[exp.Query, list[str]]:
    """Give rows the start and the end of the interval that their time is in; see `bound.Intervals`.

    Returns the rows, and the columns that tell groups apart.
    """
    measured = select([exp.Star(), as_named(length, _LENGTH)], subquery(rows, "keyed"))  # it may be a query
    wide = column(_LENGTH)
    weeks = exp.EQ(this=exp.Mod(this=wide, expression=number(_WEEK)), expression=number(0))
    since = exp.Sub(this=dialect.microseconds(column("time")), expression=when(weeks, number(_MONDAY), number(0)))
    is_length = exp.GT(this=wide.copy(), expression=number(0))
    rest = exp.Mod(this=exp.Paren(this=since), expression=exp.Nullif(this=wide.copy(), expression=number(0)))
    within = when(is_length, rest)
    placed = select([exp.Star(), as_named(within, "#within")], subquery(measured, "measured"))
    # Before 1970 the rest of a division is below zero: it counts from the interval's end.
    before = exp.LT(this=column("#within"), expression=number(0))
    into = exp.Add(this=column("#within"), expression=when(before, wide.copy(), number(0)))
    start = dialect.operator("-", Operands((column("time"), exp.Paren(this=into)), (TIME, DURATION), TIME))
    started = select([exp.Star(), as_named(start, _START)], subquery(placed, "placed"))
    end = dialect.operator("+", Operands((column(_START), wide.copy()), (TIME, DURATION), TIME))
    return select([exp.Star(), as_named(end, _END)], subquery(started, "started")), [*keys, _START]


def window(function: SQL, keys: Sequence[str], order: exp.Order, frame: exp.WindowSpec | None = None) -> SQL:
    """Return a function over the rows of equal keys, in an order."""
    return exp.Window(this=function, partition_by=[column(key) for key in keys], order=order, spec=frame)
