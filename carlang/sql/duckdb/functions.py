"""The language's functions of one row in DuckDB's SQL."""

from __future__ import annotations

import re
from collections.abc import Mapping

from sqlglot import exp

from carlang.model.types import Kind, Type
from carlang.sql.dialect import Lowering, Operands
from carlang.sql.duckdb.pieces import joined, let, try_cast
from carlang.sql.fragments import SQL, call, cast, number, text, when


def _named(function: str) -> Lowering:
    return lambda operands: call(function, *operands.arguments)


def _date_part(part: str) -> Lowering:
    return lambda operands: call("date_part", text(part), operands.arguments[0])


def _length(operands: Operands) -> SQL:
    value = operands.arguments[0]
    return call("len", value) if operands.types[0].kind is Kind.LIST else exp.Length(this=value)


def _trim(operands: Operands) -> SQL:
    # Without the characters, DuckDB trims blanks alone.
    return call("trim", operands.arguments[0], text(" \t\n\r\v\f"))


def _concat(operands: Operands) -> SQL:
    # Not DuckDB's concat, which leaves out what is missing.
    return joined(*map(_as_text, operands.arguments, operands.types))


def _substring(operands: Operands) -> SQL:
    subject, start, *length = operands.arguments
    return call("substring", subject, exp.Add(this=start, expression=number(1)), *length)


def _basename(operands: Operands) -> SQL:
    return call("regexp_extract", operands.arguments[0], text(r"[^\\/]*$"))


def _dirname(operands: Operands) -> SQL:
    def before_separator(path: SQL) -> SQL:
        # regexp_extract gives an empty text where nothing matches, and the folder of `\x` is one as well.
        folder = call("regexp_extract", path, text(r"(?s)^(.*)[\\/]"), number(1))
        return when(call("regexp_matches", path, text(r"[\\/]")), folder)

    return let("path", operands.arguments[0], before_separator)


def _extension(operands: Operands) -> SQL:
    return _first_match(_basename(operands), r"\.[^.]*$", 0)


def _regex_extract(operands: Operands) -> SQL:
    subject, pattern = operands.arguments
    return _first_match(subject, pattern.this, 1 if _has_group(pattern.this) else 0)


def _first_match(subject: SQL, pattern: str, group: int) -> SQL:
    """Return what a pattern matches first, missing where that is nothing; subject and result are written once."""
    result = call("regexp_extract", subject, text(pattern), number(group), text("i"))
    return let("found", result, lambda match: exp.Nullif(this=match, expression=text("")))


def _has_group(pattern: str) -> bool:
    """Tell whether a pattern captures: a parenthesis outside classes that is not escaped and opens no `(?:…)`."""
    return re.search(r"\((?!\?)|\(\?P?<", re.sub(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]", "", pattern)) is not None


def _abs(operands: Operands) -> SQL:
    value = operands.arguments[0]
    if operands.types[0].kind is Kind.FLOAT:
        return call("abs", value)
    # The least whole number has no opposite in 64 bits.
    return try_cast(call("abs", cast(value, "hugeint")), "bigint")


def _round(operands: Operands) -> SQL:
    value, *digits = operands.arguments
    return call("round", cast(value, "double"), *(digits or [number(0)]))


def _to_int(operands: Operands) -> SQL:
    value, of = operands.arguments[0], operands.types[0]
    if of.kind is Kind.ID:
        # An id is a number only where it is all digits: `0x2` and `+2` are other ids than `2`.
        value = call("regexp_extract", value, text(r"^\d+$"))
    elif of.is_string:
        # A cast alone would round `1.5` and take `1e3`.
        value = call("regexp_extract", call("trim", value), text(r"^(?:[+-]?\d+|0[xX][0-9a-fA-F]+)$"))
    elif of.kind is Kind.FLOAT:
        value = call("trunc", value)  # a cast would round
    return try_cast(value, "bigint")


def _to_string(operands: Operands) -> SQL:
    return _as_text(operands.arguments[0], operands.types[0])


def _as_text(value: SQL, of: Type) -> SQL:
    """Return a value as a text: times in ISO 8601 with microseconds and Z, durations in seconds."""
    if of.is_string:
        return value
    if of.kind is Kind.TIME:
        return call("strftime", value, text("%Y-%m-%dT%H:%M:%S.%fZ"))
    if of.kind is Kind.DURATION:
        value = exp.Div(this=cast(value, "double"), expression=number(1_000_000))
    return cast(value, "varchar")


FUNCTIONS: Mapping[str, Lowering] = {
    "trim": _trim,
    "length": _length,
    "concat": _concat,
    "substring": _substring,
    "replace": _named("replace"),
    "split": _named("string_split"),
    "basename": _basename,
    "dirname": _dirname,
    "extension": _extension,
    "regex_extract": _regex_extract,
    "abs": _abs,
    "round": _round,
    "min": _named("least"),  # both leave out what is missing, as DuckDB has them
    "max": _named("greatest"),
    "to_int": _to_int,
    "to_string": _to_string,
    "year": _date_part("year"),
    "hour": _date_part("hour"),
    "day_of_week": _date_part("isodow"),  # `dow` begins with Sunday, which is 0
}
