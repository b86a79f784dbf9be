"""The functions of the language over plain values; where an argument is missing, so is the value, as a rule."""

from __future__ import annotations

import math
import re
import string
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from tests.reference.texts import compiled, fold

_SEPARATOR = re.compile(r"[\\/]")
_LARGEST = 2**63


def call(function: str, arguments: Sequence[Any]) -> Any:
    """Return a function's value; `coalesce`, `min` and `max` look at what is there."""
    if function in _OF_WHAT_IS_THERE:
        return _OF_WHAT_IS_THERE[function](*(a for a in arguments if a is not None))
    if any(argument is None for argument in arguments):
        return None
    return within_64_bits(_STRICT[function](*arguments))


def within_64_bits(value: Any) -> Any:
    """Return a value, or None where it is a whole number that 64 bits do not hold."""
    return None if isinstance(value, int) and not -_LARGEST <= value < _LARGEST else value


def upper(text: str) -> str:
    """Return a text in capitals, one for each character, `ẞ` for `ß`; those that have none of their own stay."""
    return "".join(_capital(letter) for letter in text)


def _capital(letter: str) -> str:
    found = "ẞ" if letter == "ß" else letter.upper()
    return next((c for c in (found, letter.title()) if len(c) == 1), letter)


def written(value: Any) -> str:
    """Return a value as text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return str(value)


def _concat(*values: Any) -> str:
    return "".join(written(value) for value in values)


def _least(*values: Any) -> Any:
    return min(values, key=_key, default=None)


def _greatest(*values: Any) -> Any:
    return max(values, key=_key, default=None)


def _key(value: Any) -> Any:
    return fold(value) if isinstance(value, str) else value


def _coalesce(*values: Any) -> Any:
    return values[0] if values else None


def _substring(text: str, start: int, length: int | None = None) -> str:
    return text[start:] if length is None else text[start : start + length]


def basename(path: str) -> str:
    """Return what stands behind the last backslash or `/` of a path."""
    return _SEPARATOR.split(path)[-1]


def dirname(path: str) -> str | None:
    """Return what stands before the last backslash or `/` of a path; missing where there is none."""
    ends = [m.start() for m in _SEPARATOR.finditer(path)]
    return path[: ends[-1]] if ends else None


def extension(path: str) -> str | None:
    """Return what stands behind the last dot of a file's name, the dot with it; missing where there is none."""
    name = basename(path)
    return "." + name.rpartition(".")[2] if "." in name else None


def _replace(text: str, old: str, new: str) -> str:
    return text.replace(old, new) if old else text


def _regex_extract(text: str, regex: str) -> str | None:
    found = compiled(regex).search(text)
    if found is None:
        return None
    return found.group(1 if found.re.groups else 0) or None


def whole(number: float) -> int:
    """Return the nearest whole number, of two the one further from zero."""
    return int(Decimal(number).quantize(Decimal(1), rounding=ROUND_HALF_UP))


def _round(number: float, digits: int = 0) -> float:
    """Round half away from zero."""
    step = Decimal(1).scaleb(-digits)
    return float(Decimal(repr(float(number))).quantize(step, rounding=ROUND_HALF_UP))


def _to_int(value: Any) -> int | None:
    if isinstance(value, bool | int):
        return int(value)
    if isinstance(value, float):
        return int(value)
    if isinstance(value, str) and re.fullmatch(r"\s*([+-]?\d+|0x[0-9a-f]+)\s*", value, re.ASCII | re.IGNORECASE):
        return int(value, 16) if "x" in value.lower() else int(value)
    return None


def _to_number(value: Any, base: int | None = None) -> float | int | None:
    if not isinstance(value, str):
        return float(value)
    text = value.strip(" \t\n\r\v\f")
    if base is None:
        if re.fullmatch("0x[0-9a-f]+", text, re.ASCII | re.IGNORECASE):
            whole_number = within_64_bits(int(text, 16))
            return None if whole_number is None else float(whole_number)
        found = re.fullmatch(r"[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?", text, re.ASCII | re.IGNORECASE)
        return float(text) if found and math.isfinite(float(text)) else None
    sign = -1 if text.startswith("-") else 1
    digits = text[1:] if text[:1] in ("-", "+") else text
    if base == 16 and digits[:2] in ("0x", "0X"):
        digits = digits[2:]
    total = 0
    for digit in digits:
        known = (string.digits + string.ascii_lowercase).find(digit.lower()) if digit.isascii() else -1
        if not 0 <= known < base:
            return None
        total = total * base + known
    return sign * total if digits else None


def _index_of(text: str, part: str, start: int = 0) -> int | None:
    at = fold(text).find(fold(part), start)
    return None if at < 0 else at


_OF_WHAT_IS_THERE: dict[str, Callable[..., Any]] = {
    "coalesce": _coalesce,
    "min": _least,
    "max": _greatest,
}

_STRICT: dict[str, Callable[..., Any]] = {
    "lower": fold,
    "upper": upper,
    "concat": _concat,
    "trim": str.strip,
    "length": len,
    "substring": _substring,
    "replace": _replace,
    "split": str.split,
    "basename": basename,
    "dirname": dirname,
    "extension": extension,
    "regex_extract": _regex_extract,
    "abs": abs,
    "round": _round,
    "to_int": _to_int,
    "to_number": _to_number,
    "index_of": _index_of,
    "to_string": written,
    "year": lambda time: time.year,
    "hour": lambda time: time.hour,
    "day_of_week": lambda time: time.isoweekday(),
}
