"""Typed values in SQL."""

from __future__ import annotations

from datetime import datetime
from typing import assert_never

from sqlglot import exp

from carlang.model.types import Kind
from carlang.resolve import bound
from carlang.sql.fragments import SQL, call, column, instant, lowered, number, text, wrapped
from carlang.sql.functions import UNIT_SEPARATOR, apply_function

_OPERATORS = {"+": exp.Add, "-": exp.Sub, "*": exp.Mul, "/": exp.Div, "%": exp.Mod}


def lower_value(expr: bound.BoundExpr, now: datetime) -> SQL:
    """Return a value in SQL; a condition in a value's place is in `conditions`."""
    match expr:
        case bound.FieldRef(name):
            return column(name)
        case bound.MemberRef(record, member):
            return _member(lower_value(record, now), member)
        case bound.Const():
            return lower_constant(expr)
        case bound.Now():
            return instant(now)
        case bound.Items(items):
            return exp.Array(expressions=[lower_value(item, now) for item in items])
        case bound.Arith():
            return _arithmetic(expr, now)
        case bound.Apply(function, arguments):
            return apply_function(function, [lower_value(a, now) for a in arguments], [a.type for a in arguments])
        case (
            bound.Truth()
            | bound.Compare()
            | bound.OneOf()
            | bound.Matches()
            | bound.RegexTest()
            | bound.InBlock()
            | bound.Contains()
            | bound.Affix()
            | bound.Present()
            | bound.AllOf()
            | bound.AnyOf()
            | bound.Complement()
        ):
            message = f"{type(expr).__name__} is a condition"
            raise TypeError(message)
        case _:
            assert_never(expr)


def lower_constant(constant: bound.Const) -> SQL:
    """Return a literal."""
    match constant.value:
        case None:
            return exp.null()
        case bool(value):
            return exp.Boolean(this=value)
        case datetime() as value:
            return instant(value)
        case int(value):
            return number(value)
        case float(value):
            return number(value)
        case str(value):
            return text(value)


def _member(record: SQL, member: str) -> SQL:
    """Look a member up as it is written, else under the name that differs from it in case only."""
    as_written = call("json_extract_string", record, text("/" + _pointer(member)))
    keys = call("json_keys", record.copy())
    folded = call("string_split", exp.Lower(this=call("array_to_string", keys, _separator())), _separator())
    place = call("list_position", folded, lowered(text(member)))
    key = call("list_extract", keys.copy(), place)
    escaped = exp.Replace(
        this=exp.Replace(this=key, expression=text("~"), replacement=text("~0")),
        expression=text("/"),
        replacement=text("~1"),
    )
    pointer = exp.DPipe(this=text("/"), expression=escaped)
    in_any_case = call("json_extract_string", record.copy(), pointer)
    return exp.Coalesce(this=as_written, expressions=[in_any_case])


def _pointer(member: str) -> str:
    return member.replace("~", "~0").replace("/", "~1")


def _separator() -> SQL:
    return call("chr", number(ord(UNIT_SEPARATOR)))


def _arithmetic(expr: bound.Arith, now: datetime) -> SQL:
    left, right = wrapped(lower_value(expr.left, now)), wrapped(lower_value(expr.right, now))
    kinds = (expr.left.type.kind, expr.right.type.kind)
    if kinds == (Kind.TIME, Kind.TIME):
        return exp.Sub(this=call("epoch_us", left), expression=call("epoch_us", right))
    if kinds == (Kind.TIME, Kind.DURATION):
        right = call("to_microseconds", right)
    elif kinds == (Kind.DURATION, Kind.TIME):
        left = call("to_microseconds", left)
    if expr.operator in ("/", "%"):
        right = exp.Nullif(this=right, expression=number(0))
    result = _OPERATORS[expr.operator](this=left, expression=right)
    if expr.type.kind is Kind.DURATION and expr.operator in ("/", "*"):
        return exp.cast(call("round", exp.Paren(this=result)), "bigint")
    return result
