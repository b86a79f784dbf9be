"""Groups in SQL: by keys without case, in sessions, with aggregates and conditions on groups."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from carlang.model.types import Column
from carlang.resolve import bound
from carlang.sql.aggregates import RANKED, lower_aggregate, lower_ranked
from carlang.sql.fragments import SQL, all_of, call, column, lowered, name, number, when
from carlang.sql.query import Query

_SESSION, _UNTIMED = "#session", "#untimed"


def lower_group(lowering: Query, group: bound.Grouped, items: Sequence[bound.Item]) -> exp.Query:
    """Return a row a group with `items`, of those groups that all of `having` hold for.

    Members get the group's keys as columns of their own, `#key0` and on. The inner query makes a row a group with
    the keys, the group's own columns and every aggregate that is asked for; the outer one computes from those.
    """
    members = _members(lowering, group)
    keys = [f"#key{i}" for i in range(len(group.keys))] + ([_SESSION, _UNTIMED] if group.gap is not None else [])
    asked = [node for e in (*group.having, *(i.value for i in items)) for node in bound.walk(e)]
    aggregates = {id(node): node for node in asked if isinstance(node, bound.Aggregate)}
    outside = {id(n) for e in asked if isinstance(e, bound.Scalar) for n in bound.walk(e.aggregate)}
    wanted = [node for key, node in aggregates.items() if key not in outside]
    computed = {id(node): f"#aggregate{i}" for i, node in enumerate(wanted)}
    inner = _inner(lowering, group, members, keys, [(computed[id(node)], node) for node in wanted])
    expressions = lowering.expressions(computed)
    query = exp.select(*(exp.alias_(expressions.value(i.value), name(i.column.name)) for i in items)).from_(inner)
    tests = [expressions.condition(test) for test in group.having]
    return query.where(all_of([exp.Paren(this=t) for t in tests])) if tests else query


def _inner(
    lowering: Query,
    group: bound.Grouped,
    members: exp.Query,
    keys: Sequence[str],
    aggregates: Sequence[tuple[str, bound.Aggregate]],
) -> SQL:
    timed = any(c.name == "time" for stream in group.inputs for c in stream.columns)
    plain = [(alias, node) for alias, node in aggregates if node.function not in RANKED]
    ranked = [(alias, node) for alias, node in aggregates if node.function in RANKED]
    expressions = lowering.expressions()
    selected = [exp.alias_(call("min", column(key.name)), name(key.name)) for key in group.keys]
    selected += [exp.alias_(_own(own.name), name(own.name)) for own in group.columns[len(group.keys) :]]
    for alias, node in plain:
        value = lower_aggregate(node, [expressions.value(a) for a in node.arguments], timed=timed)
        selected.append(exp.alias_(value, name(alias)))
    source = members.subquery(name("members"), copy=False)
    query = exp.select(*selected, *(column(key) for key in keys if ranked)).from_(source)
    if keys:
        query = query.group_by(*(column(key) for key in keys))
    else:
        # A group without keys is one row only where there are rows at all.
        query = query.having(exp.GT(this=exp.Count(this=exp.Star()), expression=number(0)))
    for alias, node in ranked:
        query = _with_ranking(query, lowering, members, keys, alias, node)
    return query.subquery(name("groups"), copy=False)


def _own(own: str) -> SQL:
    match own:
        case "count":
            return exp.Count(this=exp.Star())
        case "first_time":
            return call("min", column("time"))
        case _:
            return call("max", column("time"))


def _with_ranking(
    query: exp.Select,
    lowering: Query,
    members: exp.Query,
    keys: Sequence[str],
    alias: str,
    node: bound.Aggregate,
) -> exp.Select:
    """Join the commonest or rarest values of each group, which take a query of their own."""
    value = lowering.expressions().value(node.arguments[0])
    source = members.copy().subquery(name("members"), copy=False)
    ranking = lower_ranked(node, value, source, keys)
    table = query.subquery(name("grouped"), copy=False)
    other = ranking.subquery(name(alias), copy=False)
    matches = [
        exp.NullSafeEQ(
            this=exp.Column(this=name(key), table=name("grouped")),
            expression=exp.Column(this=name(key), table=name(alias)),
        )
        for key in keys
    ]
    empty: SQL = exp.Array(expressions=[])
    found = exp.Coalesce(this=exp.Column(this=name("ranked"), table=name(alias)), expressions=[empty])
    everything = exp.Column(this=exp.Star(), table=name("grouped"))
    joined = exp.select(everything, exp.alias_(found, name(alias))).from_(table)
    return joined.join(other, on=all_of(matches), join_type="left", copy=False)


def _members(lowering: Query, group: bound.Grouped) -> exp.Query:
    """Return the rows of all inputs, with their keys in the form in which they are compared."""
    union: bound.BoundStream = group.inputs[0]
    for other in group.inputs[1:]:
        columns = {c.name: c for c in (*other.columns, *union.columns)}
        union = bound.Union(union, other, tuple(columns.values()))
    keyed = [exp.alias_(_comparable(key), name(f"#key{i}")) for i, key in enumerate(group.keys)]
    query: exp.Query = exp.select("*", *keyed).from_(lowering.table(union))
    if group.gap is None:
        return query
    return _sessions(query, [f"#key{i}" for i in range(len(keyed))], lowering.expressions().value(group.gap))


def _comparable(key: Column) -> SQL:
    return lowered(column(key.name)) if key.type.is_string else column(key.name)


def _sessions(members: exp.Query, keys: Sequence[str], gap: SQL) -> exp.Query:
    """Number the sessions of each group: the count of pauses longer than the gap up to a row."""
    order = exp.Order(expressions=[exp.Ordered(this=column("time"), desc=False, nulls_first=False)])
    before = _window(call("lag", column("time")), keys, order)
    pause = exp.Sub(this=call("epoch_us", column("time")), expression=call("epoch_us", before))
    begins = when(exp.GT(this=pause, expression=exp.Paren(this=gap)), number(1), number(0))
    marked = exp.select("*", exp.alias_(begins, name("#begins"))).from_(members.subquery(name("keyed"), copy=False))
    session = _window(call("sum", column("#begins")), keys, order.copy(), running=True)
    untimed = exp.Is(this=column("time"), expression=exp.null())
    numbered = exp.select("*", exp.alias_(session, name(_SESSION)), exp.alias_(untimed, name(_UNTIMED)))
    return numbered.from_(marked.subquery(name("marked"), copy=False))


def _window(function: SQL, keys: Sequence[str], order: exp.Order, *, running: bool = False) -> SQL:
    frame = (
        exp.WindowSpec(kind="RANGE", start="UNBOUNDED", start_side="PRECEDING", end="CURRENT ROW") if running else None
    )
    return exp.Window(this=function, partition_by=[column(key) for key in keys], order=order, spec=frame)
