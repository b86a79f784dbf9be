"""The values of literals: strings with their escapes, numbers, durations."""

from __future__ import annotations

import re

PIPE = "{{pipe}}"
"""How CAR's YAML writes `|`, also inside strings."""

_UNITS = {"ms": 1_000, "s": 1_000_000, "m": 60_000_000, "h": 3_600_000_000, "d": 86_400_000_000, "w": 604_800_000_000}
_LARGEST = 2**63 - 1
_LONGEST = 300
"""How many digits are worth turning into a number to see that it is too large."""
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*([a-z]+)", re.IGNORECASE)
_ESCAPES = {'"': re.compile(r'\\(["\\])'), "'": re.compile(r"\\(['\"\\])")}


def string_value(token: str) -> str:
    r"""Return what a quoted string stands for: `\"` is a quote, `\\` one backslash, any other backslash itself.

    In a string in single quotes `\'` is a quote too.
    """
    return _ESCAPES[token[0]].sub(r"\1", token[1:-1]).replace(PIPE, "|")


def string_literal(value: str) -> str:
    r"""Write a text as a string in double quotes: quotes escaped, backslashes only where they would not stand."""
    text = re.sub(r'\\(?=["\\])', r"\\\\", value).replace('"', '\\"')
    if text.endswith("\\") and (len(text) - len(text.rstrip("\\"))) % 2:
        text += "\\"
    return f'"{text}"'


def number_value(token: str) -> int | float | None:
    """Return the value of a number, or None where it is beyond 64 bits."""
    if len(token) > _LONGEST:
        return None
    if "." in token:
        return float(token)
    value = int(token)
    return value if value <= _LARGEST else None


def duration_value(token: str) -> int | None:
    """Return a duration such as `30 minutes`, `1sec`, `90s` in microseconds, or None where it is beyond 64 bits.

    Raises `ValueError` for a text that is no duration.
    """
    match = _DURATION.fullmatch(token)
    if match is None:
        raise ValueError(token)
    number, unit = match.groups()
    unit = unit.casefold()
    key = "ms" if unit in ("ms", "millisecond", "milliseconds") else unit[0]
    if key not in _UNITS:
        raise ValueError(token)
    value = float(number) * _UNITS[key] if len(number) <= _LONGEST else _LARGEST * 2.0
    return round(value) if value < _LARGEST else None
