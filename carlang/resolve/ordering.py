"""Streams in an order of their own: what is sorted, the first rows and the last, and the first of each value."""

from __future__ import annotations

from carlang.diagnostics import codes
from carlang.model.types import INTEGER, Kind
from carlang.resolve.bound import (
    BoundExpr,
    Const,
    Cut,
    Deduplicated,
    FieldRef,
    Item,
    MemberRef,
    Param,
    ProcessField,
    Projected,
    Sorted,
    SortKey,
)
from carlang.resolve.groups import with_process_keys
from carlang.resolve.joins import key_columns
from carlang.resolve.scope import EMPTY_ROW, Context, Flow
from carlang.resolve.values import value, written_out
from carlang.syntax import ast

MOST_ROWS = 2**62
"""How many rows may be asked for: more than there are, and fewer than an engine's numbers go to."""


def ordered(ctx: Context, flow: Flow, written: ast.Sort | ast.Head | ast.Tail | ast.Unique) -> Flow | None:
    """Return a stream sorted, cut or without repetitions, or None after reporting what is wrong."""
    stream, columns = flow.stream, flow.stream.columns
    match written:
        case ast.Sort(_, keys):
            by = [_sort_key(ctx, flow, key) for key in keys]
            # With a key that is faulty, the rows are there all the same.
            valid = tuple(key for key in by if key is not None)
            return flow.over(Sorted(stream, valid, columns, span=written.span)) if valid else flow
        case ast.Unique(_, fields):
            (keyed,), of_rows = with_process_keys(ctx, [flow], fields)
            names = key_columns(ctx, keyed.row(), of_rows)
            if names is None:
                return flow
            on = tuple(column.name for column in names)
            stream = Deduplicated(keyed.stream, on, keyed.stream.columns, span=written.span)
            if keyed is flow:
                return flow.over(stream)
            # A field of the process behind a row is looked at and not kept.
            items = tuple(Item(c, FieldRef(c.name, c.type)) for c in columns)
            return flow.over(Projected(stream, items, columns, span=written.span))
        case ast.Head() | ast.Tail():
            count = _row_count(ctx, written.count)
            last = isinstance(written, ast.Tail)
            return flow.over(Cut(stream, count, last, columns, span=written.span)) if count else flow


def _sort_key(ctx: Context, flow: Flow, key: ast.SortKey) -> SortKey | None:
    by = value(ctx, flow.row(), key.field)
    if by is None:
        return None
    if isinstance(by, FieldRef | MemberRef | ProcessField) and by.type.kind not in (Kind.RECORD, Kind.LIST):
        return SortKey(by, key.descending, span=key.span)
    fault = ctx.report(codes.BAD_OPERAND, f"rows are sorted by a field, not by {by.type.phrase}", key.field.span)
    ctx.add(fault.with_help("what is computed can be made a field first: `stream.field = …`"))
    return None


def _row_count(ctx: Context, written: ast.Expr) -> BoundExpr | None:
    count = value(ctx, EMPTY_ROW, written_out(ctx, EMPTY_ROW, written), INTEGER)
    if count is None:
        return None
    match count:
        case Const(int(number)) if 0 <= number <= MOST_ROWS and count.type == INTEGER:
            return count
        case Param() if count.type == INTEGER:
            return count
    fault = ctx.report(codes.BAD_OPERAND, "how many rows is a whole number, a constant or an input", written.span)
    ctx.add(fault.with_help("`head 10 of p`, or `input n: integer = 10` and `head n of p`"))
    return None
