"""Aggregates in SQL. Texts count as equal without case; every result is determined, whatever the order of rows."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from carlang.model.types import Kind
from carlang.resolve.bound import Aggregate, Const
from carlang.sql.fragments import SQL, call, column, lowered, name, number

RANKED = frozenset({"top", "rare", "values"})
"""The aggregates that count values first, in a query of their own."""

_PERCENT = 100.0


def lower_aggregate(aggregate: Aggregate, arguments: Sequence[SQL], *, timed: bool = True) -> SQL:
    """Return an aggregate over the rows of a group; `timed` says whether they have a time for first and last."""
    match aggregate.function:
        case "count" if not arguments:
            return exp.Count(this=exp.Star())
        case "count" if aggregate.distinct:
            counted = aggregate.arguments[0]
            value = lowered(arguments[0]) if counted.type.is_string else arguments[0]
            return exp.Count(this=exp.Distinct(expressions=[value]))
        case "count":
            return exp.Count(this=arguments[0])
        case "min" | "max" if aggregate.type.is_string:
            return _least_text(arguments[0], greatest=aggregate.function == "max")
        case "min" | "max":
            return call(aggregate.function, arguments[0])
        case "sum":
            total = call("sum", arguments[0])
            whole = exp.TryCast(this=total, to=exp.DataType.build("bigint"))
            return total if aggregate.type.kind is Kind.FLOAT else whole
        case "avg" | "median" | "stdev" | "percentile":
            return _statistic(aggregate, arguments)
        case "first" | "last":
            return _at_the_end(aggregate.function, arguments[0], timed=timed, is_text=aggregate.type.is_string)
        case other:
            message = f"{other} needs a query of its own"
            raise ValueError(message)


def _statistic(aggregate: Aggregate, arguments: Sequence[SQL]) -> SQL:
    value = exp.cast(arguments[0], "double")
    match aggregate.function:
        case "avg":
            result = call("avg", value)
        case "stdev":
            result = call("stddev_samp", value)
        case "median":
            result = call("quantile_cont", value, number(0.5))
        case _:
            share = aggregate.arguments[1]
            fraction = float(share.value or 0) / _PERCENT if isinstance(share, Const) else 0.0  # type: ignore[arg-type]  # a number by its check
            result = call("quantile_cont", value, number(fraction))
    return exp.cast(call("round", result), "bigint") if aggregate.type.kind is Kind.DURATION else result


def _at_the_end(function: str, value: SQL, *, timed: bool, is_text: bool) -> SQL:
    """The value of the earliest or latest row that has one; of rows at one time, the least or greatest value."""
    keys = [column("time")] if timed else []
    keys += [lowered(value.copy())] if is_text else []
    keys.append(value.copy())
    order = [exp.Ordered(this=key, desc=function == "last", nulls_first=False) for key in keys]
    return _present(call("first", exp.Order(this=value, expressions=order)), value)


def _least_text(value: SQL, *, greatest: bool) -> SQL:
    """The first or last text in order without case; of texts that differ in case alone, by characters."""
    keys = [exp.Ordered(this=key, desc=greatest, nulls_first=False) for key in (lowered(value.copy()), value.copy())]
    return _present(call("first", exp.Order(this=value, expressions=keys)), value)


def _present(aggregate: SQL, value: SQL) -> SQL:
    present = exp.Not(this=exp.Is(this=value.copy(), expression=exp.null()))
    return exp.Filter(this=aggregate, expression=exp.Where(this=present))


def _or_empty(items: SQL) -> SQL:
    return exp.Coalesce(this=items, expressions=[exp.Array(expressions=[])])


def _ascending(value: SQL) -> SQL:
    return exp.Ordered(this=value, desc=False, nulls_first=False)


def lower_ranked(aggregate: Aggregate, value: SQL, source: SQL, keys: Sequence[str] = ()) -> exp.Select:
    """Return the commonest, rarest or all values of a stream, or of each group of it, as a list named `ranked`.

    Of values that are equally common, the first in order come first. Texts that differ in case only are one value.
    """
    folded = lowered(value.copy()) if aggregate.arguments[0].type.is_string else value.copy()
    present = exp.Not(this=exp.Is(this=value.copy(), expression=exp.null()))
    counted = (
        exp.select(
            *(column(key) for key in keys),
            exp.alias_(call("min", value), name("#value")),
            exp.alias_(folded, name("#folded")),
            exp.alias_(exp.Count(this=exp.Star()), name("#count")),
        )
        .from_(source)
        .where(present)
        .group_by(*(column(key) for key in keys), folded.copy())
    )
    order = [_ascending(column("#folded")), _ascending(column("#value"))]
    if aggregate.function != "values":
        order.insert(0, exp.Ordered(this=column("#count"), desc=aggregate.function == "top", nulls_first=False))
    items = call("list", exp.Order(this=column("#value"), expressions=order))
    most = aggregate.arguments[1] if len(aggregate.arguments) > 1 else None
    if isinstance(most, Const) and isinstance(most.value, int):
        items = call("list_slice", items, number(1), number(most.value))
    items = _or_empty(items)
    query = exp.select(*(column(key) for key in keys), exp.alias_(items, name("ranked")))
    query = query.from_(counted.subquery(name("counted"), copy=False))
    return query.group_by(*(column(key) for key in keys)) if keys else query
