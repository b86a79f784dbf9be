"""The language's functions in SQL, one lowering each."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from sqlglot import exp

from carlang.model.types import Kind, Type
from carlang.sql.fragments import SQL, call, let, number, text, when

Lowering = Callable[[Sequence[SQL], Sequence[Type]], SQL]


def apply_function(function: str, arguments: Sequence[SQL], types: Sequence[Type]) -> SQL:
    """Return the call of a function of the language; `types` are those of its arguments."""
    return _LOWERINGS[function](arguments, types)


def _simple(name: str) -> Lowering:
    return lambda arguments, _: call(name, *arguments)


def _length(arguments: Sequence[SQL], types: Sequence[Type]) -> SQL:
    return call("len", arguments[0]) if types[0].kind is Kind.LIST else exp.Length(this=arguments[0])


def _concat(arguments: Sequence[SQL], types: Sequence[Type]) -> SQL:
    joined: SQL | None = None
    for argument, kind in zip(arguments, types, strict=True):
        piece = as_text(argument, kind)
        joined = exp.DPipe(this=joined, expression=piece) if joined is not None else piece
    return exp.Paren(this=joined)


def _substring(arguments: Sequence[SQL], _: Sequence[Type]) -> SQL:
    start = exp.Add(this=arguments[1], expression=number(1))
    return call("substring", arguments[0], start, *arguments[2:])


def _basename(arguments: Sequence[SQL], _: Sequence[Type]) -> SQL:
    return call("regexp_extract", arguments[0], text(r"[^\\/]*$"))


def _dirname(arguments: Sequence[SQL], _: Sequence[Type]) -> SQL:
    def before(path: SQL) -> SQL:
        # What is found may be an empty text, where nothing is found it would be one as well.
        folder = call("regexp_extract", path, text(r"(?s)^(.*)[\\/]"), number(1))
        return when(call("regexp_matches", path, text(r"[\\/]")), folder)

    return let("path", arguments[0], before)


def _extension(arguments: Sequence[SQL], types: Sequence[Type]) -> SQL:
    return _found(_basename(arguments, types), r"\.[^.]*$", 0)


def _regex_extract(arguments: Sequence[SQL], _: Sequence[Type]) -> SQL:
    subject, pattern = arguments
    group = 1 if _has_group(pattern.this) else 0
    return _found(subject, pattern.this, group)


def _found(subject: SQL, pattern: str, group: int) -> SQL:
    """Return what a pattern finds first, missing where that is nothing; subject and result are written once."""
    result = call("regexp_extract", subject, text(pattern), number(group), text("i"))
    return let("found", result, lambda found: exp.Nullif(this=found, expression=text("")))


def _has_group(pattern: str) -> bool:
    return re.search(r"\((?!\?)|\(\?P?<", re.sub(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]", "", pattern)) is not None


def _round(arguments: Sequence[SQL], _: Sequence[Type]) -> SQL:
    return call("round", exp.cast(arguments[0], "double"), *(arguments[1:] or (number(0),)))


def _to_int(arguments: Sequence[SQL], types: Sequence[Type]) -> SQL:
    value, kind = arguments[0], types[0]
    if kind.is_string:
        value = call("regexp_extract", call("trim", value), text(r"^(?:[+-]?\d+|0[xX][0-9a-fA-F]+)$"))
    elif kind.kind is Kind.FLOAT:
        value = call("trunc", value)
    return exp.TryCast(this=value, to=exp.DataType.build("bigint"))


def _abs(arguments: Sequence[SQL], types: Sequence[Type]) -> SQL:
    if types[0].kind is Kind.FLOAT:
        return call("abs", arguments[0])
    # The least whole number has no opposite.
    return exp.TryCast(this=call("abs", exp.cast(arguments[0], "hugeint")), to=exp.DataType.build("bigint"))


def _trim(arguments: Sequence[SQL], _: Sequence[Type]) -> SQL:
    return call("trim", arguments[0], text(" \t\n\r\v\f"))


def _to_string(arguments: Sequence[SQL], types: Sequence[Type]) -> SQL:
    return as_text(arguments[0], types[0])


def as_text(value: SQL, kind: Type) -> SQL:
    """Return a value as a text: times in ISO 8601 with microseconds and Z, durations in seconds."""
    if kind.is_string:
        return value
    if kind.kind is Kind.TIME:
        return call("strftime", value, text("%Y-%m-%dT%H:%M:%S.%fZ"))
    if kind.kind is Kind.DURATION:
        value = exp.Div(this=exp.cast(value, "double"), expression=number(1_000_000))
    return exp.cast(value, "varchar")


def _date_part(part: str) -> Lowering:
    return lambda arguments, _: call("date_part", text(part), arguments[0])


_LOWERINGS: dict[str, Lowering] = {
    "lower": _simple("lower"),
    "upper": _simple("upper"),
    "trim": _trim,
    "length": _length,
    "concat": _concat,
    "substring": _substring,
    "replace": _simple("replace"),
    "split": _simple("string_split"),
    "basename": _basename,
    "dirname": _dirname,
    "extension": _extension,
    "regex_extract": _regex_extract,
    "abs": _abs,
    "round": _round,
    "min": _simple("least"),
    "max": _simple("greatest"),
    "coalesce": _simple("coalesce"),
    "to_int": _to_int,
    "to_string": _to_string,
    "year": _date_part("year"),
    "hour": _date_part("hour"),
    "day_of_week": _date_part("isodow"),
}
