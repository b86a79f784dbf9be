"""Aggregates: functions of all rows of a group or a stream."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from carlang.diagnostics import codes
from carlang.model import functions
from carlang.model.functions import Accepts, Function
from carlang.model.types import Kind, Type
from carlang.resolve.bound import Aggregate, BoundExpr, Const, Scalar
from carlang.resolve.row import Flow, Row
from carlang.resolve.scope import BrokenName, Context, StreamName
from carlang.syntax import ast

ValueOf = Callable[[Context, Row, ast.Expr, Type | None], BoundExpr | None]

_HUNDRED = 100


def is_aggregate(name: str) -> bool:
    """Tell whether an aggregate has this name, in any case of letters."""
    return functions.aggregate(name) is not None


def is_aggregate_call(call: ast.Call) -> bool:
    """Tell whether a call is one of an aggregate; `min(a, b)` and `max(a, b)` are of the values of one row."""
    name = call.function.ident
    if name.casefold() in ("min", "max") and len(call.arguments) > 1:
        return False
    return is_aggregate(name) or functions.NUMBERED_TOP.fullmatch(name) is not None


def aggregate_call(ctx: Context, row: Row, call: ast.Call, value_of: ValueOf) -> BoundExpr | None:
    """Return a call of an aggregate: over the stream that its argument names, the group at hand, or the rows filtered.

    Reports an error and returns None where there are no rows to take it over, or the arguments do not fit.
    """
    function = functions.aggregate(call.function.ident)
    if function is None:
        return None
    if not function.least <= len(call.arguments) <= len(function.parameters):
        message = f"`{call.function.ident}` does not take {len(call.arguments)} arguments"
        ctx.add(ctx.report(codes.BAD_ARGUMENTS, message, call.span))
        return None
    named = _named_stream(ctx, row, call)
    if isinstance(named, BrokenName):
        return None
    if named is not None:
        flow, call = named
        aggregate = _aggregate(ctx, flow.row(), function, call, value_of)
        return Scalar(flow.stream, aggregate, aggregate.type) if aggregate else None
    if row.members is not None:
        return _aggregate(ctx, row.members, function, call, value_of)
    if row.stream is not None:
        aggregate = _aggregate(ctx, row, function, call, value_of)
        return Scalar(row.stream, aggregate, aggregate.type) if aggregate else None
    fault = ctx.report(codes.BAD_ARGUMENTS, f"`{call.function.ident}` has no rows to run over here", call.span)
    ctx.add(fault.with_help(f"name a stream: `{call.function.ident}(stream.field)`"))
    return None


def _named_stream(ctx: Context, row: Row, call: ast.Call) -> tuple[Flow, ast.Call] | BrokenName | None:
    """Return the stream that the first argument names, and the call with the stream's name taken off."""
    meaning = stream_of(ctx, row, call)
    if meaning is None or isinstance(meaning, BrokenName):
        return meaning
    ctx.used.add(meaning.stream.key)
    name = _first_word(call.arguments[0])
    flow = replace(meaning.flow, names=frozenset({name.ident} if name else ()))
    if isinstance(call.arguments[0], ast.Name):
        return flow, _of_whole_stream(ctx, flow, call)
    return flow, call


def _first_word(path: ast.Expr) -> ast.Name | None:
    """Return `a` of `a.b.c`."""
    while isinstance(path, ast.Member):
        path = path.base
    return path if isinstance(path, ast.Name) else None


def stream_of(ctx: Context, row: Row, call: ast.Call) -> StreamName | BrokenName | None:
    """Return the stream that an aggregate's first argument names, or None where it runs over the rows at hand."""
    if not call.arguments:
        return None
    first = call.arguments[0]
    name = _first_word(first)
    if name is None or name.ident in row.names:
        return None
    # A field of the rows at hand, a part of a join among them, comes before a stream of the same name.
    at_hand = row.members or row
    path = ctx.source.text[first.span.start : first.span.end].replace(" ", "")
    if at_hand.exact(path) or (isinstance(first, ast.Name) and at_hand.bare(first.ident)):
        return None
    meaning = ctx.names.get(name.ident)
    return meaning if isinstance(meaning, StreamName | BrokenName) else None


def _of_whole_stream(ctx: Context, flow: Flow, call: ast.Call) -> ast.Call:
    """`count(s)` counts the rows of s; `average(s)` takes the one number that s has."""
    if call.function.ident.casefold() == "count":
        return replace(call, arguments=())
    numbers = [c.name for c in flow.stream.columns if c.type.is_number or c.type.kind is Kind.DURATION]
    if "count" in numbers:
        numbers = ["count"]
    if len(numbers) != 1:
        return call
    place = call.arguments[0].span
    message = f"`{call.function.ident}` of a stream is read as that of its `{numbers[0]}`"
    ctx.add(ctx.report(codes.WHOLE_STREAM, message, place))
    return replace(call, arguments=(ast.Name(numbers[0], place), *call.arguments[1:]))


def _aggregate(ctx: Context, row: Row, function: Function, call: ast.Call, value_of: ValueOf) -> Aggregate | None:
    inner = replace(row, members=None, stream=None)
    given = [value_of(ctx, inner, argument, None) for argument in call.arguments]
    whole = tuple(argument for argument in given if argument is not None)
    if len(whole) < len(given):
        return None
    if call.distinct and function.name != "count":
        ctx.add(ctx.report(codes.BAD_ARGUMENTS, "`distinct` stands in `count` alone", call.span))
        return None
    kind = function.result(tuple(argument.type for argument in whole))
    if kind is None or not _second_fits(ctx, function, call, whole):
        if kind is None:
            message = f"`{call.function.ident}` does not take {whole[0].type.phrase}"
            ctx.add(ctx.report(codes.BAD_ARGUMENTS, message, call.span))
        return None
    return Aggregate(function.name, whole, call.distinct, kind)


def _second_fits(ctx: Context, function: Function, call: ast.Call, arguments: tuple[BoundExpr, ...]) -> bool:
    if len(function.parameters) < 2:  # noqa: PLR2004  # of a field alone
        return True
    wanted = function.parameters[1].accepts
    number = arguments[1].value if isinstance(arguments[1], Const) else None
    if wanted is Accepts.PERCENTAGE:
        fits = isinstance(number, int | float) and 0 <= number <= _HUNDRED
    else:
        fits = isinstance(number, int) and not isinstance(number, bool) and number > 0
    if not fits:
        ctx.add(
            ctx.report(codes.BAD_ARGUMENTS, f"`{function.name}` takes {wanted.value} here", call.arguments[-1].span)
        )
    return fits
