"""Values of the language as Python has them, and what its operators make of them.

Texts are `str`, whole numbers and durations (in microseconds) `int`, times `datetime` in UTC, missing values None. What
a number stands for, the type of its expression says.
"""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Any

import re2  # type: ignore[import-untyped]  # it ships no types

_LARGEST = 2**63 - 1
_UNITS = {
    **dict.fromkeys(("ms", "millisecond", "milliseconds"), 1_000),
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), 1_000_000),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), 60_000_000),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), 3_600_000_000),
    **dict.fromkeys(("d", "day", "days"), 86_400_000_000),
    **dict.fromkeys(("w", "week", "weeks"), 604_800_000_000),
}
# The folders of Windows variables on any drive, as regular expressions of folded text.
_VARIABLES = {
    "windir": (r".:\\windows",),
    "systemroot": (r".:\\windows",),
    "programfiles": (r".:\\program files", r".:\\program files \(x86\)"),
    "temp": (r".:\\users\\.*\\appdata\\local\\temp", r".:\\windows\\temp"),
    "appdata": (r".:\\users\\.*\\appdata\\roaming",),
    "userprofile": (r".:\\users\\.*",),
}


def lower(text: str) -> str:
    """Return each character's own lower-case letter; the dotted İ is the one that Python writes as two."""
    return "".join("i" if letter == "İ" else letter.lower() for letter in text)


def _without(name: str) -> str:
    """Return a member's name without what does not count in it."""
    return lower(name).replace("_", "").replace(" ", "")


def told_apart(value: Any) -> Any:
    """Return what is equal for equal values: texts count without case."""
    return lower(value) if isinstance(value, str) else value


def held(number: Any) -> Any:
    """Return a number, or None for a whole one that 64 bits do not hold."""
    return None if isinstance(number, int) and not -_LARGEST - 1 <= number <= _LARGEST else number


def nearest_whole(number: float) -> int:
    """Return the nearest whole number, of two the one further from zero."""
    return int(Decimal(number).to_integral_value(ROUND_HALF_UP))


def compared(operator: str, left: Any, right: Any) -> bool:
    """Compare two values; false where one is missing."""
    if left is None or right is None:
        return False
    a, b = told_apart(left), told_apart(right)
    if operator in ("==", "!="):
        return bool(a == b) == (operator == "==")
    return bool({"<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}[operator])


# ---- texts -----------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=4096)
def shaped(literal: str, *, path: bool, before: str = "", behind: str = "") -> Callable[[str], bool]:
    """Return the test of a literal with wildcards; against a path a Windows variable at its head stands for folders."""
    choices = [_starred(literal)]
    variable = re.match(r"%([^%\\/]+)%", literal)
    if path and variable:
        rest = _starred(literal[variable.end() :])
        choices += [folder + rest for folder in _VARIABLES.get(variable[1].casefold(), ())]
    wanted = re.compile("|".join(f"(?:{before}{choice}{behind})" for choice in choices), re.DOTALL)
    return lambda text: wanted.fullmatch(lower(text)) is not None


def _starred(literal: str) -> str:
    return ".*".join(re.escape(lower(piece)) for piece in literal.split("*"))


@lru_cache(maxsize=4096)
def expression(pattern: str) -> Any:
    """Return a regular expression that does not tell upper and lower case."""
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    return re2.compile(pattern, options)


@lru_cache(maxsize=4096)
def address(text: str) -> int | None:
    """Return the number of an address among those of IPv6, or None for what is no address."""
    try:
        known = ipaddress.ip_address(text)
    except ValueError:
        return None
    return int(known) if known.version == 6 else int(ipaddress.IPv6Address(f"::ffff:{known}"))


def block(text: str) -> range:
    """Return the numbers of the addresses of a block, or of the one address."""
    network = ipaddress.ip_network(text.strip(), strict=False)
    first, last = address(str(network[0])), address(str(network[-1]))
    if first is None or last is None:
        raise ValueError(text)
    return range(first, last + 1)


# ---- what literals stand for -----------------------------------------------------------------------------------------


def number(text: str) -> int | float:
    """Return the number that a text names."""
    written = text.strip()
    if "." in written:
        return float(written)
    return int(written, 16) if "x" in written.casefold() else int(written)


def moment(text: str) -> datetime:
    """Return the instant that a text names; UTC where it has no zone."""
    known = datetime.fromisoformat(text.strip().replace("z", "Z"))
    return known.replace(tzinfo=UTC) if known.tzinfo is None else known.astimezone(UTC)


def length(text: str) -> int:
    """Return the microseconds of a duration."""
    amount, unit = re.fullmatch(r"\s*([\d.]+)\s*([A-Za-z]+)\s*", text).groups()  # type: ignore[union-attr]  # else it fails
    return int(Decimal(amount) * _UNITS[unit.casefold()])


def typed(value: Any, kind: str) -> Any:
    """Return the value of an input as its type has it."""
    if isinstance(value, timedelta):
        return value // timedelta(microseconds=1)
    if not isinstance(value, str):
        return value
    readings: dict[str, Callable[[str], Any]] = {"integer": number, "float": number, "time": moment, "duration": length}
    return readings.get(kind, str)(value)


def member(record: Any, name: str) -> str | None:
    """Return a member of a record as text: the one of this name, else the first alike that is there."""
    try:
        data = json.loads(record) if isinstance(record, str) else record
    except ValueError:
        return None
    if not isinstance(data, dict):
        return None
    wanted = _without(name)
    alike = [key for key in data if key == name] + [key for key in data if _without(key) == wanted]
    for key in alike:
        if (value := data[key]) is not None:
            return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
    return None


def texts_in(value: Any, *, record: bool) -> Iterator[str]:
    """Yield the texts in a value: itself, the items of a list, and of a record whatever has nothing inside."""
    if record and isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return
        if not isinstance(value, dict | list):
            return
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from texts_in(inner, record=False)
    elif value is not None:
        yield value if isinstance(value, str) else json.dumps(value)


# ---- order -----------------------------------------------------------------------------------------------------------


def ascending(value: Any) -> Any:
    """Return a key that sorts values of one type, missing ones last."""
    if value is None:
        return (1, 0)
    return (0, [ascending(item) for item in value]) if isinstance(value, list) else (0, value)


def caseless(value: Any) -> Any:
    """Return a key that sorts texts without case, and equal ones by their characters."""
    return (ascending(told_apart(value)), ascending(value))


def id_key(value: Any) -> Any:
    """Return a key that sorts the ids of records: those of digits as numbers, then the others, then missing ones."""
    if value is None:
        return (2, 0, "")
    return (0, int(value), value) if re.fullmatch("[0-9]{1,38}", value) else (1, 0, value)


def in_order(rows: list[dict[str, Any]], columns: Mapping[str, str]) -> list[dict[str, Any]]:
    """Sort rows by times, then record ids, then by the other columns from left to right."""

    def last(column: str) -> str:
        return column.rpartition(".")[2]

    ranked = sorted(columns, key=lambda c: {"time": 0, "record_id": 1}.get(last(c), 2))
    keys = [(column, id_key if columns[column] == "id" else ascending) for column in ranked]
    return sorted(rows, key=lambda row: [key(row.get(column)) for column, key in keys])
