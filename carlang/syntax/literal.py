"""The values of literals: strings with their escapes, numbers, durations."""

from __future__ import annotations

import re
from decimal import Decimal

PIPE = "{{pipe}}"
"""How CAR's YAML writes `|`, also inside strings."""

_UNITS = {"ms": 1_000, "s": 1_000_000, "m": 60_000_000, "h": 3_600_000_000, "d": 86_400_000_000, "w": 604_800_000_000}
_UNIT_NAMES = {"ms": "millisecond", "s": "second", "m": "minute", "h": "hour", "d": "day", "w": "week"}
_LARGEST = 2**63 - 1
_LONGEST = 300
"""A number of more digits is taken for too large unread: a float overflows at 309."""
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*([a-z]+)", re.IGNORECASE)
_ESCAPES = {'"': re.compile(r'\\(["\\])'), "'": re.compile(r"\\(['\"\\])")}


def string_value(token: str) -> str:
    r"""Return what a quoted string stands for: `\"` is a quote, `\\` one backslash, any other backslash itself.

    In a string in single quotes `\'` is a quote too.
    """
    return _ESCAPES[token[0]].sub(r"\1", token[1:-1]).replace(PIPE, "|")


def regex_value(token: str) -> str:
    r"""Return what a quoted string stands for as a regular expression: `\"` is a quote, all else is as it is written.

    A pattern has escapes of its own: `"C:\\Windows"` finds `C:\Windows`, `"\d"` a digit.
    """
    keep = _ESCAPES[token[0]]
    return keep.sub(lambda match: match.group() if match.group(1) == "\\" else match.group(1), token[1:-1]).replace(
        PIPE, "|"
    )


def regex_literal(pattern: str) -> str:
    r"""Write a regular expression as a string: quotes escaped, all else as it is.

    Before a quote an escape changes nothing in a pattern, but would end the string, so it is left out.
    """
    text = re.sub(r'(\\*)"', lambda match: match.group(1)[: len(match.group(1)) // 2 * 2] + r"\"", pattern)
    odd = (len(text) - len(text.rstrip("\\"))) % 2
    return f'"{text}\\"' if odd else f'"{text}"'


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


def number_literal(value: float) -> str:
    """Write a number as the language does, without an exponent."""
    text = format(Decimal(repr(value)), "f")
    return text if isinstance(value, int) or "." in text else f"{text}.0"


def duration_value(token: str) -> int | None:
    """Return a duration such as `30 minutes`, `1sec`, `90s` in microseconds, or None where it is beyond 64 bits.

    Raises `ValueError` for a text that is no duration.
    """
    match = _DURATION.fullmatch(token)
    if match is None:
        raise ValueError(token)
    number, unit = match.groups()
    key = _unit(unit)
    if key not in _UNITS:
        raise ValueError(token)
    value = float(number) * _UNITS[key] if len(number) <= _LONGEST else _LARGEST * 2.0
    return round(value) if value < _LARGEST else None


def canonical_duration(text: str) -> str | None:
    """Write a duration with its unit in full, `1sec` as `1 second`; return None for a text that is none."""
    match = _DURATION.fullmatch(text)
    return _with_unit(match.group(1), _unit(match.group(2))) if match else None


def duration_literal(microseconds: int) -> str:
    """Write a number of microseconds as a duration, in the largest unit up to days that leaves a whole number.

    Raises `ValueError` for a negative one, which the language writes as the negative of a duration.
    """
    if microseconds < 0:
        raise ValueError(microseconds)
    if microseconds == 0:
        return "0 seconds"
    unit = next((key for key in ("d", "h", "m", "s", "ms") if microseconds % _UNITS[key] == 0), None)
    if unit:
        return _with_unit(str(microseconds // _UNITS[unit]), unit)
    # A fraction of a long time need not come back from its text in each unit: a float has 53 bits.
    texts = [_with_unit(number_literal(microseconds / _UNITS[key]), key) for key in ("ms", "s", "m", "h", "d", "w")]
    return next((text for text in texts if duration_value(text) == microseconds), texts[0])


def _unit(word: str) -> str:
    """Return the key of a unit in `_UNITS`."""
    folded = word.casefold()
    return "ms" if folded in ("ms", "millisecond", "milliseconds") else folded[0]


def _with_unit(number: str, unit: str) -> str:
    return f"{number} {_UNIT_NAMES[unit]}{'' if number == '1' else 's'}"
