"""The values that a run gives to a program's inputs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from carlang.errors import CarlangError
from carlang.model.types import STRING, Kind, Type
from carlang.resolve.bound import BoundExpr, BoundInput, Const
from carlang.resolve.literals import time_value
from carlang.syntax.literal import duration_value

Given = Mapping[tuple[str, Kind], BoundExpr]
"""The values of inputs, by name and by the kind of value that a use asks for."""


class ParameterError(CarlangError):
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


def given_values(inputs: tuple[BoundInput, ...], given: Mapping[str, Any]) -> Given:
    """Return the values of a program's inputs, from what a run gives and the defaults.

    Texts, as the command line gives them, become what each use asks for. Raises `ParameterError`; names that no
    input has are the caller's to judge.
    """
    values: dict[tuple[str, Kind], BoundExpr] = {}
    for each in inputs:
        for kind in each.types or (STRING,):
            if each.name in given:
                try:
                    values[each.name, kind.kind] = Const(_converted(given[each.name], kind), kind)
                except (ValueError, TypeError) as error:
                    raise WrongParameterError(each.name, given[each.name], kind.phrase) from error
            elif each.default is None:
                raise MissingParameterError(each.name)
            else:
                values[each.name, kind.kind] = each.default
    return values


def _converted(given: Any, kind: Type) -> str | int | float | bool | datetime:
    """Return a value as one of a type; raises `ValueError` or `TypeError` where it is none."""
    match kind.kind:
        case Kind.INTEGER | Kind.PORT:
            if isinstance(given, bool) or not isinstance(given, int | str):
                raise TypeError(given)
            return int(given, 0) if isinstance(given, str) else given
        case Kind.FLOAT:
            if isinstance(given, bool):
                raise TypeError(given)
            return float(given)
        case Kind.BOOLEAN:
            return _boolean(given)
        case Kind.TIME:
            return _time(given)
        case Kind.DURATION:
            return _duration(given)
        case _:
            if not isinstance(given, str):
                raise TypeError(given)
            return given


def _boolean(given: Any) -> bool:
    if isinstance(given, str) and given.casefold() in ("true", "false"):
        return given.casefold() == "true"
    if not isinstance(given, bool):
        raise TypeError(given)
    return given


def _time(given: Any) -> datetime:
    moment = time_value(given) if isinstance(given, str) else given
    if not isinstance(moment, datetime):
        raise TypeError(given)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _duration(given: Any) -> int:
    if isinstance(given, timedelta):
        return round(given / timedelta(microseconds=1))
    length = duration_value(given.strip()) if isinstance(given, str) else None
    if length is None:
        raise TypeError(given)
    return length
