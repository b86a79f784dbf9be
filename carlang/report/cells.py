"""Values as people read them, harmless on a terminal and in a page: what is not printable is shown as its escape."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
from pyarrow import types

from carlang.escapes import printable
from carlang.report.values import MICROSECONDS, instants, json_text, json_values, microseconds

EMPTY_TEXT = '""'
_UNITS = (("d", 86_400 * MICROSECONDS), ("h", 3_600 * MICROSECONDS), ("m", 60 * MICROSECONDS))


def texts(array: pa.Array, keep: str = "") -> list[str | None]:
    """Return the values of an array as texts for a cell; a missing value is None, an empty text two quotes."""
    kind = array.type
    if types.is_timestamp(kind):
        return [None if v is None else time_text(v) for v in instants(array)]
    if types.is_duration(kind):
        return [None if v is None else duration_text(v) for v in microseconds(array)]
    return [None if v is None else printable(_text(v), keep) for v in json_values(array)]


def time_text(instant: str) -> str:
    """Return an instant of the results, with the part of a second as short as it can be: none, milli, micro."""
    second, _, fraction = instant.removesuffix("Z").partition(".")
    if fraction.endswith("000"):
        fraction = fraction[:3].rstrip("0") and fraction[:3]
    return f"{second}.{fraction}Z" if fraction else f"{second}Z"


def duration_text(length: int) -> str:
    """Return a duration in microseconds in the units of clocks: `1h 30m`, `12.5s`."""
    parts = []
    rest = abs(length)
    for unit, size in _UNITS:
        if rest >= size:
            parts.append(f"{rest // size}{unit}")
            rest %= size
    if rest or not parts:
        seconds, fraction = divmod(rest, MICROSECONDS)
        parts.append(f"{seconds}" + (f".{fraction:06}".rstrip("0") if fraction else "") + "s")
    return ("-" if length < 0 else "") + " ".join(parts)


def _text(value: Any) -> str:
    match value:
        case str():
            return value or EMPTY_TEXT
        case bool():
            return "true" if value else "false"
        case list() if value:
            return ", ".join("null" if item is None else _text(item) for item in value)
        case dict() if value:
            return " ".join(f"{name}={_text(member)}" for name, member in value.items() if member is not None)
        case list() | dict():
            return json_text(value)
        case _:
            return str(value)
