"""Calls of aggregates, and which rows they run over: a stream's, the group's at hand, or those that are filtered."""

from __future__ import annotations

from dataclasses import replace

from carlang.diagnostics import codes
from carlang.model import functions
from carlang.model.types import Kind
from carlang.resolve import values
from carlang.resolve.bound import BoundExpr, Scalar
from carlang.resolve.calls import aggregate_takes, aggregated
from carlang.resolve.scope import BrokenName, Context, Row, StreamName
from carlang.resolve.symbols import SymbolKind
from carlang.syntax import ast


def aggregate_call(ctx: Context, row: Row, call: ast.Call, name: str) -> BoundExpr | None:
    """Return a call of an aggregate: over the stream that its argument names, the group at hand, or the rows filtered.

    Reports an error and returns None where there are no rows to take it over, or the arguments do not fit.
    """
    function = functions.aggregate(name)
    if function is None or not aggregate_takes(ctx, call, function):
        return None
    ctx.symbols.use(ctx.symbols.shared(SymbolKind.FUNCTION, function.name, within="aggregate"), call.function)
    meaning = stream_of(ctx, row, call)
    if isinstance(meaning, BrokenName):
        return None
    if meaning is not None:
        rows, over = meaning.flow, meaning.flow.stream
        call, row = _of_stream(ctx, meaning, call), replace(rows, names={meaning.symbol.name: meaning.symbol}).row()
    elif row.members is not None:
        row, over = row.members, None
    elif row.stream is not None:
        over = row.stream
    else:
        fault = ctx.report(codes.BAD_ARGUMENTS, f"`{call.function.ident}` has no rows to run over here", call.span)
        ctx.add(fault.with_help(f"name a stream: `{call.function.ident}(stream.field)`"))
        return None
    # Its arguments are of one row: no aggregate stands inside another.
    row = replace(row, members=None, stream=None)
    match call.arguments:
        case (ast.Name(word) as own,) if function.name == "count" and word in row.names and not row.bare(word):
            ctx.symbols.use(row.names[word], own)
            call = replace(call, arguments=())  # `count(s)` in a condition on groups of s counts their rows
    aggregate = aggregated(ctx, call, function, tuple(values.value(ctx, row, argument) for argument in call.arguments))
    if aggregate is None or over is None:
        return aggregate
    return Scalar(over, aggregate, aggregate.type, span=call.span)


def stream_of(ctx: Context, row: Row, call: ast.Call) -> StreamName | BrokenName | None:
    """Return the stream that an aggregate's first argument names, or None where it runs over the rows at hand."""
    name = _first_word(call)
    if name is None or name.ident in row.names:
        return None
    # A field of the rows at hand, a part of a join among them, comes before a stream of the same name.
    at_hand = row.members or row
    first = call.arguments[0]
    path = ctx.source.text[first.span.start : first.span.end].replace(" ", "")
    if at_hand.exact(path) or (isinstance(first, ast.Name) and at_hand.bare(first.ident)):
        return None
    meaning = ctx.names.get(name.ident)
    return meaning if isinstance(meaning, StreamName | BrokenName) else None


def _first_word(call: ast.Call) -> ast.Name | None:
    """Return `a` of `max(a.b.c)`."""
    node: ast.Expr | None = call.arguments[0] if call.arguments else None
    while isinstance(node, ast.Member):
        node = node.base
    return node if isinstance(node, ast.Name) else None


def _of_stream(ctx: Context, meaning: StreamName, call: ast.Call) -> ast.Call:
    """Return a call over a named stream: `count(s)` counts its rows, `average(s)` takes the one number that s has."""
    ctx.used.add(meaning.stream.key)
    name = call.arguments[0]
    if not isinstance(name, ast.Name):
        return call
    ctx.symbols.use(meaning.symbol, name)
    # Published programs write `average(counts)` where `counts` is a stream of groups.
    if call.function.ident.casefold() == "count":
        return replace(call, arguments=())
    columns = meaning.flow.stream.columns
    numbers = [c.name for c in columns if c.type.is_number or c.type.kind is Kind.DURATION]
    # A stream of groups has its keys beside the count, and these may be numbers too.
    if "count" in numbers:
        numbers = ["count"]
    if len(numbers) != 1:
        return call
    message = f"`{call.function.ident}` of a stream is read as that of its `{numbers[0]}`"
    ctx.add(ctx.report(codes.WHOLE_STREAM, message, name.span))
    return replace(call, arguments=(ast.Name(numbers[0], name.span), *call.arguments[1:]))
