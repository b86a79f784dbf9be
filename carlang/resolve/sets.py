"""Unions, differences and distinct values of streams."""

from __future__ import annotations

from collections.abc import Sequence

from carlang.diagnostics import codes
from carlang.model.types import Kind
from carlang.resolve.bound import Difference, Distinct, FieldRef, Union
from carlang.resolve.columns import all_columns, key_columns, same_types, singles_out
from carlang.resolve.row import Flow
from carlang.resolve.scope import Context
from carlang.resolve.values import value
from carlang.syntax import ast

Side = tuple[Flow, ast.Expr]


def union(ctx: Context, left: Side, right: Side) -> Flow | None:
    """Return the rows of both streams."""
    if not same_types(ctx, (left, right)):
        return None
    owners = {prefix: objects for side in (right, left) for prefix, objects in side[0].owners.items()}
    for prefix in owners:
        both = [o for side in (left, right) for o in side[0].owners.get(prefix, ())]
        owners[prefix] = tuple({o.name: o for o in both}.values())
    columns = all_columns((left[0], right[0]))
    return Flow(Union(left[0].stream, right[0].stream, columns), owners, left[0].origin)


def difference(ctx: Context, left: Side, right: Side, keys: Sequence[ast.Name | ast.Member]) -> Flow | None:
    """Return the rows of the left stream that the right one does not have, compared in `keys` or what both share."""
    if not same_types(ctx, (left, right)):
        return None
    flow, other = left[0], right[0]
    if keys:
        found = key_columns(ctx, flow.row(), keys)
        in_other = key_columns(ctx, other.row(), keys)
        if found is None or in_other is None:
            return None
        on = tuple(c.name for c in found)
    else:
        names = {c.name for c in other.stream.columns}
        shared = [c for c in flow.stream.columns if c.name in names and c.type.kind not in (Kind.RECORD, Kind.LIST)]
        on = tuple(c.name for c in shared if not singles_out(c))
        if not on:
            fault = ctx.report(codes.BAD_OPERAND, "the two streams share no column to compare", left[1].span)
            ctx.add(fault.with_help("name the fields: `a - b by image_path`"))
            return None
    return Flow(Difference(flow.stream, other.stream, on, flow.stream.columns), flow.owners, flow.origin)


def unique(ctx: Context, flow: Flow, field: ast.Expr) -> Flow | None:
    """Return the distinct values of a field of a stream."""
    found = value(ctx, flow.row(), field)
    if found is None:
        return None
    if not isinstance(found, FieldRef) or found.type.kind in (Kind.RECORD, Kind.LIST):
        ctx.add(ctx.report(codes.BAD_ARGUMENTS, "`unique` takes a field of a stream: `unique(s.user)`", field.span))
        return None
    column = next(c for c in flow.stream.columns if c.name == found.column)
    return Flow(Distinct(flow.stream, column, (column,)), flow.owners, flow.origin)
