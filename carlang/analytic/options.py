"""What may bound a run, checked before anything runs: times, spans of time, memory, rows.

The library and the commands take the same values and refuse the same ones; a command has them as text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from os import PathLike, fspath
from reprlib import Repr
from sys import maxsize
from threading import TIMEOUT_MAX
from types import UnionType
from typing import Any, TypeVar

from carlang.analytic.moments import moment_of
from carlang.baseline import Baseline, BaselineError, load_baseline
from carlang.database import LEAST_MEMORY, LimitError, Limits, resolved_bytes
from carlang.diagnostics import has_errors
from carlang.errors import WrongUseError
from carlang.store import Store, open_store

T = TypeVar("T")

NO_STORE = "is neither a Store nor a path"
"""What is said of a value that is to be a store."""

_SECONDS = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h)?", re.IGNORECASE)
_SIZE = re.compile(r"(?=.*[1-9])(\d+(?:\.\d+)?)\s*(?:([KMGT])i?)?B?", re.IGNORECASE)
_TIMES = "write 2020-09-01, 2020-09-01T12:00:00Z or with an offset, yesterday or -7d"
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


_SHORT = Repr()  # a wrong value may be anything, a list of a whole catalogue too; a message is a line
_SHORT.maxstring = _SHORT.maxother = 80
_SHORT.maxlist = _SHORT.maxdict = 3


def shown(value: object) -> str:
    """Return a value as a message shows it: its repr, cut where that is long."""
    return _SHORT.repr(value)


class OptionError(WrongUseError, ValueError):
    """An option has a value that it cannot have; the message says what it can."""


class LimitOptionError(OptionError, LimitError):
    """The option is a limit: also an `EngineError`, which a limit that is none was before options were checked."""


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What bounds a run: the instant called `now`, a window of event times, rows an output, memory, seconds a query.

    With `records_apart` each record is an event, also where two tell of one occurrence. Where `why` is a number, it is
    asked why each output found its rows, or none, and of so many of these what they met. A `baseline` takes rows
    away before they are counted and limited. Made by `of`, which checks every value.
    """

    now: datetime
    since: datetime | None = None
    until: datetime | None = None
    limit: int | None = None
    limits: Limits = field(default_factory=Limits)
    records_apart: bool = False
    why: int | None = None
    baseline: Baseline | None = None

    @classmethod
    def of(  # noqa: PLR0913  # the bounds of a run, each by name
        cls,
        *,
        now: datetime | str | None = None,
        since: datetime | str | None = None,
        until: datetime | str | None = None,
        limit: int | None = None,
        memory_limit: str | None = None,
        timeout: timedelta | str | float | None = None,
        records_apart: bool = False,
        why: int | None = None,
        baseline: Baseline | str | PathLike[str] | None = None,
        command: bool = False,
    ) -> RunOptions:
        """Return options whose values can be used; a `command` has its options named with dashes.

        Raises `OptionError` for any other value, and `BaselineError` for a baseline that cannot be read or has errors.
        """

        def name(option: str) -> str:
            return f"--{option.replace('_', '-')}" if command else option

        moment = instant(name("now"), now) or datetime.now(UTC)
        first, last = instant(name("since"), since, moment), instant(name("until"), until, moment)
        if first and last and first > last:
            raise OptionError(f"{name('since')}: {first.isoformat()} is after {name('until')}, {last.isoformat()}")
        memory(name("memory_limit"), memory_limit, LEAST_MEMORY)
        limits = Limits(memory_limit, seconds(name("timeout"), timeout))
        apart = of_type("records_apart", records_apart, bool, "True or False")
        read = opened_baseline(name("baseline"), baseline)
        return cls(moment, first, last, rows(name("limit"), limit), limits, apart, rows(name("why"), why), read)


def instant(name: str, value: datetime | str | None, now: datetime | None = None) -> datetime | None:
    """Return the UTC instant that a `datetime` or a text means; without a zone it is UTC already.

    A text may be relative to `now`, or else to the clock.
    """
    moment = moment_of(value, now or datetime.now(UTC)) if isinstance(value, str) else value
    if moment is None and value is None:
        return None
    if isinstance(moment, datetime):
        try:
            return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        except OverflowError:  # year 1 or 9999, and the zone leads out of it
            pass
    raise OptionError(f"{name}: {shown(value)} is not a time; {_TIMES}")


def seconds(name: str, value: timedelta | str | float | None) -> float | None:
    """Return the seconds that `60s`, `500ms`, `2m`, a number of seconds or a `timedelta` mean."""
    length: float | None = None
    match value:
        case None:
            return None
        case str():
            if match := _SECONDS.fullmatch(value.strip()):
                length = float(match.group(1)) * _UNITS[(match.group(2) or "s").casefold()]
        case timedelta():
            length = value.total_seconds()
        case int() | float() if not isinstance(value, bool):
            # An int can be too large to be a float at all.
            length = float(value) if value <= TIMEOUT_MAX else None
    if length is None or not 0 < length <= TIMEOUT_MAX:  # NaN is neither above nor below
        raise OptionError(f"{name}: {shown(value)} is not a time span above zero; write 60s, 500ms or 2m")
    return length


def size(name: str, value: int | str | None) -> int | None:
    """Return the bytes that `200GB`, `512MiB` or a number mean; a unit counts by 1024, with the `i` and without."""
    match value:
        case None:
            return None
        case str() if match := _SIZE.fullmatch(value.strip()):
            return int(float(match[1]) * 1024 ** "BKMGT".index((match[2] or "B").upper()))
        case int() if value > 0 and not isinstance(value, bool):
            return value
    raise OptionError(f"{name}: {shown(value)} is not a size; write 200GB, 512MB or a number of bytes")


def memory(name: str, value: str | None, least: int) -> int | None:
    """Return the bytes that `2GB`, `512MiB` or `50%` of the machine's memory mean; fewer than `least` are refused."""
    if value is None:
        return None
    if not isinstance(value, str):
        raise OptionError(f"{name}: {shown(value)} is not an amount of memory; write 2GB or 50%")
    try:
        amount = resolved_bytes(Limits(memory=value).memory or value)
    except LimitError as error:
        raise LimitOptionError(f"{name}:{str(error).partition(':')[2]}") from error
    if amount < least:
        raise LimitOptionError(f"{name}: {shown(value)} is too little; {least // 10**6} MB are the least")
    return amount


def rows(name: str, value: int | None) -> int | None:
    """Return a number of rows, at most as many as there can be."""
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 0):
        raise OptionError(
            f"{name}: {shown(value)} is not a number of rows; write 0 or more, or leave it out for all rows"
        )
    return value if value is None else min(value, maxsize)  # Arrow counts in 64 bits, and Python does not


def of_type(name: str, value: T, types: type | UnionType, expected: str) -> T:
    """Return a value as it was given; raises `OptionError` where it is of none of the types."""
    if not isinstance(value, types):
        raise OptionError(f"{name}: {shown(value)} is not {expected}")
    return value


def path_text(name: str, value: object, expected: str = "is not a path") -> str:
    """Return a path as text.

    An empty one is refused: Python takes it for the working directory, and who has it has a variable that was not set.
    """
    path = fspath(value) if isinstance(value, str | PathLike) else None
    if isinstance(path, str) and path and "\0" not in path:
        return path
    raise OptionError(f"{name}: {shown(value)} {expected}")


def opened_store(store: Store | str | PathLike[str] | None) -> Store:
    """Return an open store: this one, the one at a path, or the sample where None."""
    if isinstance(store, Store):
        return store
    return open_store(None if store is None else path_text("store", store, NO_STORE))


def opened_baseline(name: str, baseline: Baseline | str | PathLike[str] | None) -> Baseline | None:
    """Return a baseline that was read: this one, or that of a file; raises `BaselineError` where it has errors."""
    if isinstance(baseline, Baseline):
        if has_errors(baseline.diagnostics):
            raise BaselineError(baseline.diagnostics)
        return baseline
    return None if baseline is None else load_baseline(path_text(name, baseline))


def values_by_name(params: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """Return values of parameters by name, none where None."""
    if params is None:
        return {}
    if isinstance(params, Mapping) and all(isinstance(name, str) for name in params):
        return params
    raise OptionError(f"params: {shown(params)} is not a mapping of parameters' names to their values")
