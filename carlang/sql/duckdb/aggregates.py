"""Aggregates in DuckDB's SQL. Every result is determined, whatever the order of rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sqlglot import exp

from carlang.model.types import Kind
from carlang.sql.dialect import Lowering, Operands
from carlang.sql.duckdb.pieces import try_cast
from carlang.sql.fragments import SQL, call, cast, column, folded, number, ordered, present, when

_PERCENT = 100.0


def _sum(operands: Operands) -> SQL:
    total = operands.aggregated(call("sum", operands.arguments[0]))
    # DuckDB sums whole numbers in 128 bits; the language's have 64, and beyond them there is no result.
    return total if operands.type.kind is Kind.FLOAT else try_cast(total, "bigint")


def _statistic(of: Callable[[SQL, Operands], SQL]) -> Lowering:
    def lowering(operands: Operands) -> SQL:
        result = operands.aggregated(of(cast(operands.arguments[0], "double"), operands))
        return cast(call("round", result), "bigint") if operands.type.kind is Kind.DURATION else result

    return lowering


def _percentile(value: SQL, operands: Operands) -> SQL:
    percentage = operands.arguments[1]  # a literal, by the check of the call
    return call("quantile_cont", value, number(float(percentage.this) / _PERCENT))


def _extreme(function: str) -> Lowering:
    """The least or greatest value; of texts without case, and of those that differ in case alone by characters."""

    def lowering(operands: Operands) -> SQL:
        value = operands.arguments[0]
        if not operands.type.is_string:
            return operands.aggregated(call(function, value))
        return _first_in_order(operands, [folded(value.copy()), value.copy()], descending=function == "max")

    return lowering


def _at_an_end(*, last: bool) -> Lowering:
    """The value of the earliest or latest row that has one; of rows at one time, the least or greatest value."""

    def lowering(operands: Operands) -> SQL:
        value = operands.arguments[0]
        keys = [column("time")] if operands.timed else []
        keys += [folded(value.copy())] if operands.type.is_string else []
        return _first_in_order(operands, [*keys, value.copy()], descending=last)

    return lowering


def _first_in_order(operands: Operands, keys: list[SQL], *, descending: bool) -> SQL:
    """Return the value of the row that comes first in the order of keys, of which the last is the value itself."""
    value = operands.arguments[0]
    if operands.window:
        # `first` with an order is none of the aggregates that may run over a window; the least of rows of keys is.
        row = when(present(value.copy()), call("row", *keys))
        least = operands.aggregated(call("max" if descending else "min", row))
        return call("struct_extract", least, number(len(keys)))
    # `first` gives a missing value where the first row has one; the language means the first row that has a value.
    order = [ordered(key, descending=descending) for key in keys]
    first = call("first", exp.Order(this=value, expressions=order))
    return exp.Filter(this=first, expression=exp.Where(this=present(value.copy())))


def _ranked(*, by_count: bool | None = None) -> Lowering:
    """A list of counted values, ordered by how common they are (descending where True), then as texts are ordered."""

    def lowering(operands: Operands) -> SQL:
        order = [ordered(column("#folded")), ordered(column("#value"))]
        if by_count is not None:
            order.insert(0, ordered(column("#count"), descending=by_count))
        value, *how_many = operands.arguments
        items = call("list", exp.Order(this=value, expressions=order))
        if how_many:
            items = call("list_slice", items, number(1), how_many[0])
        return exp.Coalesce(this=items, expressions=[exp.Array(expressions=[])])  # of no rows `list` is missing

    return lowering


AGGREGATES: Mapping[str, Lowering] = {
    "sum": _sum,
    "min": _extreme("min"),
    "max": _extreme("max"),
    "avg": _statistic(lambda value, _: call("avg", value)),
    "median": _statistic(lambda value, _: call("quantile_cont", value, number(0.5))),
    "stdev": _statistic(lambda value, _: call("stddev_samp", value)),
    "percentile": _statistic(_percentile),
    "first": _at_an_end(last=False),
    "last": _at_an_end(last=True),
    "values": _ranked(),
    "top": _ranked(by_count=True),
    "rare": _ranked(by_count=False),
}
