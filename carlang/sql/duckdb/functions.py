"""The language's functions of one row in DuckDB's SQL."""

from __future__ import annotations

import math
import re
import string
from collections.abc import Mapping

from sqlglot import exp

from carlang.model.types import Kind, Type
from carlang.sql.dialect import Lowering, Operands
from carlang.sql.duckdb.pieces import joined, let, try_cast
from carlang.sql.fragments import SQL, call, cast, folded, number, text, when

_DIGITS = string.digits + string.ascii_lowercase


def _named(function: str) -> Lowering:
    return lambda operands: call(function, *operands.arguments)


def _date_part(part: str) -> Lowering:
    return lambda operands: call("date_part", text(part), operands.arguments[0])


def _length(operands: Operands) -> SQL:
    value = operands.arguments[0]
    return call("len", value) if operands.types[0].kind is Kind.LIST else exp.Length(this=value)


def _trim(operands: Operands) -> SQL:
    return _trimmed(operands.arguments[0])


def _trimmed(value: SQL) -> SQL:
    # Without the characters, DuckDB trims blanks alone.
    return call("trim", value, text(" \t\n\r\v\f"))


def _concat(operands: Operands) -> SQL:
    # Not DuckDB's concat, which leaves out what is missing.
    return joined(*map(_as_text, operands.arguments, operands.types))


def _substring(operands: Operands) -> SQL:
    subject, start, *length = operands.arguments
    return call("substring", subject, exp.Add(this=start, expression=number(1)), *length)


def _index_of(operands: Operands) -> SQL:
    subject, part, *start = operands.arguments
    first = int(start[0].this) if start else 0
    # A character has one in lower case, so places in the folded text are those in the text.
    hay = folded(call("substring", subject, number(first + 1))) if first else folded(subject)
    at: SQL = exp.Nullif(this=call("strpos", hay, folded(part)), expression=number(0))
    at = exp.Paren(this=exp.Add(this=at, expression=number(first - 1)))
    # Behind its end a text has no place for an empty one either.
    return when(exp.GTE(this=exp.Length(this=subject.copy()), expression=number(first)), at) if first else at


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


def _to_number(operands: Operands) -> SQL:
    value, *base = operands.arguments
    of = operands.types[0]
    if base:
        return _in_base(value, int(base[0].this))
    if of.kind is Kind.ID:
        return cast(_to_int(operands), "double")
    if not of.is_string:
        return cast(value, "double")

    def read(written: SQL) -> SQL:
        hexadecimal = call("regexp_matches", written, text("^0[xX]"))
        return when(hexadecimal, cast(try_cast(written.copy(), "bigint"), "double"), try_cast(written.copy(), "double"))

    # A cast alone would take `nan`, `inf` and `1_000`.
    pattern = r"^(?:[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?|0[xX][0-9a-fA-F]+)$"
    number_ = let("written", call("regexp_extract", _trimmed(value), text(pattern)), read)
    return let("read", number_, lambda found: when(call("isfinite", found), found.copy()))


def _in_base(value: SQL, base: int) -> SQL:
    """Return the whole number that a text is in a base: digit by digit, since DuckDB reads bases 2 and 16 alone."""
    digits = _DIGITS[:base] + _DIGITS[10:base].upper()
    # So many digits hold any number of 64 bits, and are held by one of 128.
    most = int(126 / math.log2(base))
    head = "(?:0[xX])?" if base == 16 else ""  # noqa: PLR2004  # the base that `0x` stands for
    pattern = f"^[+-]?{head}0*([{digits}]{{1,{most}}})$"

    def read(written: SQL) -> SQL:
        # Nothing is left of a text that is no number: then neither is the sum of its digits.
        listed = call("string_split", exp.Lower(this=_group(written, pattern)), text(""))
        one = exp.to_identifier("digit")
        place = exp.Sub(this=call("strpos", text(_DIGITS), exp.Column(this=one.copy())), expression=number(1))
        values = call("list_transform", listed, exp.Lambda(this=cast(place, "hugeint"), expressions=[one]))
        sofar, next_ = exp.to_identifier("sum"), exp.to_identifier("next")
        more = exp.Add(
            this=exp.Mul(this=exp.Column(this=sofar.copy()), expression=number(base)),
            expression=exp.Column(this=next_.copy()),
        )
        total = call("list_reduce", values, exp.Lambda(this=more, expressions=[sofar, next_]))
        sign = when(exp.StartsWith(this=written.copy(), expression=text("-")), number(-1), number(1))
        product = exp.Mul(this=total, expression=exp.Paren(this=sign))
        return when(call("regexp_matches", written.copy(), text(pattern)), try_cast(product, "bigint"))

    return let("written", _trimmed(value), read)


def _group(subject: SQL, pattern: str) -> SQL:
    return call("regexp_extract", subject, text(pattern), number(1))


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
    "index_of": _index_of,
    "basename": _basename,
    "dirname": _dirname,
    "extension": _extension,
    "regex_extract": _regex_extract,
    "abs": _abs,
    "round": _round,
    "min": _named("least"),  # both leave out what is missing, as DuckDB has them
    "max": _named("greatest"),
    "to_int": _to_int,
    "to_number": _to_number,
    "to_string": _to_string,
    "year": _date_part("year"),
    "hour": _date_part("hour"),
    "day_of_week": _date_part("isodow"),  # `dow` begins with Sunday, which is 0
}
