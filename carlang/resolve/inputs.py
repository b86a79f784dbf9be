"""Inputs: parameters of a program, and the values that a run gives them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from carlang.diagnostics import codes, has_errors
from carlang.errors import CarlangError
from carlang.model.types import BOOLEAN, DURATION, FLOAT, INTEGER, STRING, TIME, Kind, Type
from carlang.resolve.bound import BoundExpr, BoundInput, Const
from carlang.resolve.literals import time_value, value_as
from carlang.resolve.row import EMPTY_ROW
from carlang.resolve.scope import BrokenName, Context, InputName, InputUse
from carlang.resolve.values import value, written_out
from carlang.syntax import ast
from carlang.syntax.literal import duration_value

_TYPES = {
    "string": STRING,
    "text": STRING,
    "integer": INTEGER,
    "int": INTEGER,
    "number": FLOAT,
    "float": FLOAT,
    "boolean": BOOLEAN,
    "bool": BOOLEAN,
    "time": TIME,
    "duration": DURATION,
    "path": Type(Kind.PATH),
    "ip": Type(Kind.IP),
    "port": Type(Kind.PORT),
}

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


def declare(ctx: Context, statement: ast.InputStmt) -> None:
    """Take an input statement."""
    name = statement.name
    if name.ident in ctx.inputs and not ctx.inner:
        fault = ctx.report(codes.DUPLICATE_INPUT, f"`{name.ident}` is an input already", name.span)
        ctx.add(fault.pointing_to(ctx.inputs[name.ident].span, "declared here"))
        return
    before = len(ctx.diagnostics)
    declared = _declared(ctx, statement.type) if statement.type else None
    default = _default(ctx, statement.default, declared) if statement.default else None
    if has_errors(ctx.diagnostics[before:]):
        ctx.names[name.ident] = BrokenName(name.span)
        return
    kind = declared or (default.type if default else None)
    ctx.inputs.setdefault(name.ident, InputUse(name.ident, kind, default, name.span))
    ctx.names[name.ident] = InputName(name.ident, kind, name.span)


def _declared(ctx: Context, written: ast.Name) -> Type | None:
    kind = _TYPES.get(written.ident.casefold())
    if kind is None:
        fault = ctx.report(codes.UNKNOWN_TYPE, f"there is no type `{written.ident}`", written.span)
        if near := ctx.nearest(written.ident, _TYPES):
            fault = fault.with_label(f"did you mean `{near}`?").repaired_by(near, certain=False)
        ctx.add(fault.with_note(f"types are {', '.join(_TYPES)}"))
    return kind


def _default(ctx: Context, written: ast.Expr, declared: Type | None) -> BoundExpr | None:
    expr = written_out(ctx, EMPTY_ROW, written)
    if declared and isinstance(expr, ast.Literal):
        return value_as(ctx, expr, declared)
    found = value(ctx, EMPTY_ROW, expr)
    if (
        found
        and declared
        and found.type.kind is not declared.kind
        and not (found.type.is_string and declared.is_string)
    ):
        message = f"the default is {found.type.phrase}, not {declared.phrase}"
        ctx.add(ctx.report(codes.BAD_LITERAL, message, written.span))
    return found


def given_values(inputs: tuple[BoundInput, ...], given: Mapping[str, Any]) -> Given:
    """Return the values of a program's inputs, from what a run gives and the defaults.

    Texts, as the command line gives them, become what each use asks for. Raises `ParameterError`; names that no
    input has are the caller's to judge.
    """
    found: dict[tuple[str, Kind], BoundExpr] = {}
    for each in inputs:
        for kind in each.types or (STRING,):
            if each.name in given:
                try:
                    found[each.name, kind.kind] = Const(_converted(given[each.name], kind), kind)
                except (ValueError, TypeError) as error:
                    raise WrongParameterError(each.name, given[each.name], kind.phrase) from error
            elif each.default is None:
                raise MissingParameterError(each.name)
            else:
                found[each.name, kind.kind] = each.default
    return found


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
