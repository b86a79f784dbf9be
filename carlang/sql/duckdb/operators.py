"""Operators in DuckDB's SQL: arithmetic, and tests of texts and lists."""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp

from carlang.model.types import Kind
from carlang.sql.dialect import Lowering, Operands, comparable
from carlang.sql.duckdb.pieces import try_cast
from carlang.sql.fragments import SQL, call, cast, folded, number, text, wrapped

_UNIT_SEPARATOR = 0x1F
"""The code of a character that stands between the items of a list while it is folded as one text."""


def _arithmetic(operator: str, node: type[exp.Binary]) -> Lowering:
    """Missing where the result overflows, or there is none."""

    def lowering(operands: Operands) -> SQL:
        left, right = map(wrapped, operands.arguments)
        kinds = tuple(of.kind for of in operands.types)
        result = operands.type.kind
        if kinds == (Kind.TIME, Kind.TIME):
            return node(this=microseconds(left), expression=microseconds(right))
        if kinds == (Kind.TIME, Kind.DURATION):
            right = call("to_microseconds", right)
        elif kinds == (Kind.DURATION, Kind.TIME):
            left = call("to_microseconds", left)
        if operator in ("/", "%"):
            right = exp.Nullif(this=right, expression=number(0))
        # DuckDB's `try` takes no expression with a query in it; there, whole numbers are given room for any result of
        # two 64-bit numbers instead, and the result is fitted.
        roomy = operands.has_query and result is Kind.INTEGER
        if roomy:
            left, right = cast(left, "hugeint"), cast(right, "hugeint")
        value: SQL = node(this=left, expression=right)
        if result is Kind.DURATION and operator in ("/", "*"):
            value = cast(call("round", exp.Paren(this=value)), "bigint")
        if roomy:
            return try_cast(value, "bigint")
        # Floats do not overflow, they become infinite.
        return value if result is Kind.FLOAT or operands.has_query else call("try", value)

    return lowering


def microseconds(time: SQL) -> SQL:
    """Return a time as microseconds since 1970: the difference of two timestamps is an interval, with days."""
    return call("epoch_us", time)


def _contains(operands: Operands) -> SQL:
    container, _ = operands.arguments
    _, item = comparable(operands)
    of = operands.types[0]
    if of.kind is not Kind.LIST:
        return exp.Contains(this=folded(container), expression=item)
    texts = of.item is None or of.item.is_string
    return call("list_contains", folded_items(container) if texts else container, item)


def _affix(node: type[exp.StartsWith | exp.EndsWith]) -> Lowering:
    return lambda operands: node(this=folded(operands.arguments[0]), expression=folded(operands.arguments[1]))


def _regex(operands: Operands) -> SQL:
    return call("regexp_matches", *operands.arguments, text("i"))


def folded_items(items: SQL, *, underscores: bool = True) -> SQL:
    """Return a list of texts in lower case, as one text that is split again.

    Where underscores do not count, neither do blanks, and both are left out.
    """
    one: SQL = exp.Lower(this=call("array_to_string", items, _separator()))
    if not underscores:
        for ignored in "_ ":
            one = exp.Replace(this=one, expression=text(ignored), replacement=text(""))
    return call("string_split", one, _separator())


def _separator() -> SQL:
    return call("chr", number(_UNIT_SEPARATOR))


OPERATORS: Mapping[str, Lowering] = {
    "+": _arithmetic("+", exp.Add),
    "-": _arithmetic("-", exp.Sub),
    "*": _arithmetic("*", exp.Mul),
    "/": _arithmetic("/", exp.Div),
    "%": _arithmetic("%", exp.Mod),
    "contains": _contains,
    "startswith": _affix(exp.StartsWith),
    "endswith": _affix(exp.EndsWith),
    "match": _regex,
}
