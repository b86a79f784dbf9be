"""Parts of times, such as the hour, that rules compare."""

from __future__ import annotations

from sigma.types import SigmaTimestampPart, TimestampPart

from carlang.model.types import Kind
from carlang.sigma.log_sources import Held
from carlang.sigma.unsaid import UnsaidError
from carlang.source import Span
from carlang.syntax import ast

_FUNCTIONS = {TimestampPart.YEAR: "year", TimestampPart.HOUR: "hour"}
# Where the others stand in `2013-05-13T09:58:00.000000Z`, which is what a time is as a text.
_PLACES = {TimestampPart.MONTH: 5, TimestampPart.DAY: 8, TimestampPart.MINUTE: 14}


def time_part_test(field: Held, name: str, value: SigmaTimestampPart, operator: str, span: Span) -> ast.Expr:
    """Return the comparison of a part of a time, in UTC, with a number; raises `UnsaidError`."""
    part = value.timestamp_part
    if field.type.kind is not Kind.TIME:
        raise UnsaidError(f"the {part.name.lower()} of `{name}` is compared, and that is no time here")
    if part in _FUNCTIONS:
        number = _call(_FUNCTIONS[part], span, field.expression)
    elif part in _PLACES:
        place, length = ast.NumberLit(_PLACES[part], span), ast.NumberLit(2, span)
        number = _call(
            "to_int", span, _call("substring", span, _call("to_string", span, field.expression), place, length)
        )
    else:
        raise UnsaidError(f"the {part.name.lower()} of a time has no form here; year, month, day, hour and minute have")
    return ast.Comparison((number, ast.NumberLit(value.number, span)), (operator,), span)


def _call(function: str, span: Span, *arguments: ast.Expr) -> ast.Call:
    return ast.Call(ast.Name(function, span), arguments, distinct=False, span=span)
