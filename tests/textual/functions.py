"""The functions and aggregates of the language, as docs/language.md lists them, with the types of their results."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from statistics import StatisticsError, stdev
from typing import Any

from tests.textual.model_file import NUMBERS
from tests.textual.values import caseless, expression, held, lower, nearest_whole, told_apart

Row = dict[str, Any]


def result_type(name: str, kinds: Sequence[str]) -> str:
    """Return the type of a function's result, by the types of its arguments."""
    if name in ("abs", "min", "max", "coalesce"):
        known = [kind for kind in kinds if kind != "null"]
        if any(kind == "float" for kind in known):
            return "float"
        return known[0] if known else "null"
    if name == "to_number":
        return "integer" if len(kinds) > 1 else "float"
    return _TYPES.get(name, "string")


_TYPES = {
    **dict.fromkeys(("length", "to_int", "index_of", "year", "hour", "day_of_week"), "integer"),
    "split": "list:string",
    "basename": "name",
    "dirname": "path",
    "round": "float",
}


def call(name: str, kinds: Sequence[str], values: Sequence[Any]) -> Any:
    """Return the value of a function."""
    if name in ("coalesce", "min", "max"):
        there = [value for value in values if value is not None]
        if not there:
            return None
        chosen = there[0] if name == "coalesce" else min(there) if name == "min" else max(there)
        return float(chosen) if result_type(name, kinds) == "float" else chosen
    if any(value is None for value in values):
        return None
    if name in ("concat", "to_string"):
        return "".join(map(as_text, kinds, values))
    if name in ("to_int", "to_number") and kinds[0] == "id" and len(values) == 1:
        known = held(int(values[0])) if re.fullmatch("[0-9]+", values[0]) else None
        return known if name == "to_int" or known is None else float(known)
    return held(_FUNCTIONS[name](*values))


def as_text(kind: str, value: Any) -> str:
    """Return a value as a text; durations in seconds."""
    if kind == "duration":
        return str(value / 1_000_000)
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return str(value).lower() if isinstance(value, bool) else str(value)


def _upper(text: str) -> str:
    def capital(letter: str) -> str:
        forms = ["ẞ" if letter == "ß" else letter.upper(), letter.title()]
        return next((form for form in forms if len(form) == 1), letter)

    return "".join(map(capital, text))


def _substring(text: str, start: int, count: int | None = None) -> str:
    return text[start : None if count is None else start + count]


def _split_path(path: str) -> tuple[str | None, str]:
    cut = max(path.rfind("\\"), path.rfind("/"))
    return (path[:cut] if cut >= 0 else None), path[cut + 1 :]


def _extension(path: str) -> str | None:
    _, dot, last = _split_path(path)[1].rpartition(".")
    return f".{last}" if dot else None


def _extracted(text: str, pattern: str) -> str | None:
    compiled = expression(pattern)
    match = compiled.search(text)
    return (match[1 if compiled.groups else 0] or None) if match else None


def _round(value: float, digits: int = 0) -> float:
    return float(Decimal(str(float(value))).quantize(Decimal(10) ** -digits, ROUND_HALF_UP))


def _to_int(value: Any) -> int | None:
    if not isinstance(value, str):
        return int(value)
    written = re.fullmatch(r"\s*(?:0[xX]([0-9a-fA-F]+)|([+-]?[0-9]+))\s*", value, re.ASCII)
    return None if written is None else int(written[1], 16) if written[1] else int(written[2])


def _index_of(text: str, part: str, start: int = 0) -> int | None:
    places = range(start, len(text) - len(part) + 1)
    return next((at for at in places if lower(text[at : at + len(part)]) == lower(part)), None)


def _to_number(value: Any, base: int | None = None) -> float | int | None:
    if not isinstance(value, str):
        return float(value)
    written = value.strip(" \t\n\r\v\f")
    if base is not None:
        prefixed = base == 16 and re.match("[+-]?0[xX]", written)
        bare = re.sub("0[xX]", "", written, count=1) if prefixed else written
        try:
            return int(bare, base) if re.fullmatch("[+-]?[0-9a-zA-Z]+", bare) else None
        except ValueError:
            return None
    if re.fullmatch("0[xX][0-9a-fA-F]+", written):
        known = held(int(written, 16))
        return None if known is None else float(known)
    if not re.fullmatch(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?", written):
        return None
    return None if abs(float(written)) == float("inf") else float(written)


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "lower": lower,
    "upper": _upper,
    "length": len,
    "trim": str.strip,
    "substring": _substring,
    "replace": lambda text, old, new: text.replace(old, new) if old else text,
    "split": str.split,
    "basename": lambda path: _split_path(path)[1],
    "dirname": lambda path: _split_path(path)[0],
    "extension": _extension,
    "regex_extract": _extracted,
    "abs": abs,
    "round": _round,
    "to_int": _to_int,
    "to_number": _to_number,
    "index_of": _index_of,
    "year": lambda time: time.year,
    "hour": lambda time: time.hour,
    "day_of_week": lambda time: time.isoweekday(),
}

# ---- aggregates ------------------------------------------------------------------------------------------------------

AGGREGATES = {
    **{name: name for name in ("count", "sum", "min", "max", "avg", "median", "stdev", "percentile", "first", "last")},
    **{name: name for name in ("values", "top", "rare")},
    "average": "avg",
    "standard_deviation": "stdev",
}
"""The aggregates by every name that they have."""


def aggregate_type(name: str, kind: str) -> str:
    """Return the type of an aggregate of values of a type."""
    if name == "count":
        return "integer"
    if name in ("values", "top", "rare"):
        return f"list:{kind}"
    if name in ("min", "max", "first", "last", "sum"):
        return "integer" if kind == "port" else kind
    return "duration" if kind == "duration" else "float"


def aggregate(name: str, kind: str, rows: Sequence[Row], values: Sequence[Any], extra: Any, *, distinct: bool) -> Any:
    """Return an aggregate of the values that rows have; `extra` is its second argument."""
    there = [value for value in values if value is not None]
    if name == "count":
        return len({told_apart(value) for value in there}) if distinct else len(there)
    if name in ("values", "top", "rare"):
        return _listed(name, there, extra)
    if not there:
        return None
    if name in ("first", "last"):
        return _at_an_end(name, [(row.get("time"), v) for row, v in zip(rows, values, strict=True) if v is not None])
    if name in ("min", "max"):
        return (min if name == "min" else max)(there, key=caseless)
    computed = _computed(name, there, extra)
    if computed is None:
        return None
    if aggregate_type(name, kind) == "float":
        return float(computed)
    return nearest_whole(computed) if kind == "duration" else held(computed)


def _at_an_end(name: str, pairs: Sequence[tuple[Any, Any]]) -> Any:
    """Return the value of the earliest or latest row; rows without a time count where there are no others."""
    end = min if name == "first" else max
    times = [time for time, _ in pairs if time is not None]
    chosen = end(times) if times else None
    return end((value for time, value in pairs if time == chosen), key=caseless)


def spellings(values: Sequence[Any]) -> dict[Any, list[Any]]:
    """Return values that are told apart, each with the values that it is told apart by, in order of characters."""
    spelt: dict[Any, list[Any]] = {}
    for value in sorted(values):
        spelt.setdefault(told_apart(value), []).append(value)
    return spelt


def _listed(name: str, there: Sequence[Any], extra: Any) -> list[Any]:
    alike = sorted(spellings(there).values(), key=lambda values: caseless(values[0]))
    if name == "values":
        return [values[0] for values in alike]
    alike.sort(key=len, reverse=name == "top")
    return [values[0] for values in alike[:extra]]


def _computed(name: str, there: Sequence[Any], extra: Any) -> Any:
    match name:
        case "sum":
            return sum(there)
        case "avg":
            return sum(there) / len(there)
        case "stdev":
            try:
                return stdev(map(float, there))
            except StatisticsError:  # a single value has none
                return None
    position = (len(there) - 1) * (50 if name == "median" else extra) / 100
    ordered = sorted(there)
    low = ordered[int(position)]
    high = ordered[min(int(position) + 1, len(ordered) - 1)]
    return low + (high - low) * (position - int(position))


def is_number(kind: str) -> bool:
    """Tell whether a type is one of numbers."""
    return kind in NUMBERS
