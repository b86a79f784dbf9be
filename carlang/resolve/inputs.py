"""The values that a run gives to a program's inputs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from carlang.errors import WrongUseError
from carlang.model.types import STRING, Kind, Type
from carlang.resolve.bound import BoundExpr, BoundInput, Const
from carlang.resolve.instants import time_value
from carlang.syntax.literal import duration_value

Given = Mapping[tuple[str, Kind], BoundExpr]
"""The values of inputs, by name and by the kind of value that a use asks for."""


class ParameterError(WrongUseError):
    """A run gives a parameter that the program does not have, none where it needs one, or a value of another type."""


class MissingParameterError(ParameterError):
    """A run gives no value for an input that has no default."""

    def __init__(self, name: str) -> None:
        super().__init__(f"`{name}` needs a value: --param {name}=…")
        self.name = name


class WrongParameterError(ParameterError):
    """A run gives an input a value of another type than `expected`, such as `an integer`."""

    def __init__(self, name: str, value: object, expected: str) -> None:
        super().__init__(f"`{name}`: {value!r} is not {expected}")
        self.name = name
        self.value = value
        self.expected = expected


def given_values(inputs: tuple[BoundInput, ...], params: Mapping[str, Any]) -> Given:
    """Return the values of a program's inputs, from what a run gives and the defaults.

    Texts, as the command line gives them, become what each use asks for. Raises `ParameterError`; names that no
    input has are the caller's to judge.
    """
    values: dict[tuple[str, Kind], BoundExpr] = {}
    for each in inputs:
        for kind in each.types or (STRING,):
            if each.name in params:
                try:
                    values[each.name, kind.kind] = Const(_converted(params[each.name], kind), kind)
                except (ValueError, TypeError) as error:
                    raise WrongParameterError(each.name, params[each.name], kind.phrase) from error
            elif each.default is None:
                raise MissingParameterError(each.name)
            else:
                values[each.name, kind.kind] = each.default
    return values


def _converted(written: Any, kind: Type) -> str | int | float | bool | datetime:
    """Return a value as one of a type; raises `ValueError` or `TypeError` where it is none."""
    match kind.kind:
        case Kind.INTEGER | Kind.PORT:
            if isinstance(written, bool) or not isinstance(written, int | str):
                raise TypeError(written)
            return int(written, 0) if isinstance(written, str) else written
        case Kind.FLOAT:
            if isinstance(written, bool):
                raise TypeError(written)
            return float(written)
        case Kind.BOOLEAN:
            return _boolean(written)
        case Kind.TIME:
            return _time(written)
        case Kind.DURATION:
            return _duration(written)
        case Kind.ID if isinstance(written, int) and not isinstance(written, bool):
            return str(written)
        case _:
            if not isinstance(written, str):
                raise TypeError(written)
            return written


def _boolean(written: Any) -> bool:
    if isinstance(written, str) and written.casefold() in ("true", "false"):
        return written.casefold() == "true"
    if not isinstance(written, bool):
        raise TypeError(written)
    return written


def _time(written: Any) -> datetime:
    moment = time_value(written) if isinstance(written, str) else written
    if not isinstance(moment, datetime):
        raise TypeError(written)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _duration(written: Any) -> int:
    if isinstance(written, timedelta):
        return round(written / timedelta(microseconds=1))
    length = duration_value(written.strip()) if isinstance(written, str) else None
    if length is None:
        raise TypeError(written)
    return length
