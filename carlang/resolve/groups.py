"""Groups, what is selected from them, and projections."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from carlang.diagnostics import codes
from carlang.model.types import INTEGER, TIME, Column, Kind
from carlang.resolve.aggregates import is_aggregate_call, stream_of
from carlang.resolve.bound import (
    Aggregate,
    Aggregated,
    BoundExpr,
    BoundStream,
    FieldRef,
    Grouped,
    Item,
    NamedStream,
    Projected,
    Union,
)
from carlang.resolve.columns import all_columns, has_time, key_columns, same_types
from carlang.resolve.conditions import condition
from carlang.resolve.row import Flow, Row, column_types
from carlang.resolve.scope import Context
from carlang.resolve.values import value, written_out
from carlang.syntax import ast, walk

COUNT, FIRST, LAST = Column("count", INTEGER), Column("first_time", TIME), Column("last_time", TIME)
_TESTS = ast.Not | ast.In | ast.TextTest | ast.Exists
_CONDITIONS = ast.Or | ast.And | ast.Not | ast.Comparison | ast.In | ast.TextTest | ast.Exists


def group(
    ctx: Context,
    inputs: Sequence[tuple[Flow, ast.Stream]],
    written_keys: Sequence[ast.Name | ast.Member],
    gap: BoundExpr | None,
    place: ast.Stream | ast.Expr,
) -> Flow | None:
    """Return the groups of the union of streams by keys."""
    if not same_types(ctx, inputs):
        return None
    flows = [flow for flow, _ in inputs]
    members = _members(flows)
    keys = key_columns(ctx, members, written_keys)
    if keys is None:
        return None
    timed = has_time(all_columns(flows))
    if gap is not None and not timed:
        ctx.add(ctx.report(codes.BAD_OPERAND, "these rows have no time to be grouped by", place.span))
        return None
    grouped = Grouped(tuple(f.stream for f in flows), tuple(keys), gap, (), _group_columns(keys, timed=timed))
    return Flow(grouped, flows[0].owners, flows[0].origin, flows[0].names)


def _group_columns(keys: Sequence[Column], *, timed: bool) -> tuple[Column, ...]:
    taken = {key.name for key in keys}
    own = (COUNT, FIRST, LAST) if timed else (COUNT,)
    return (*keys, *(column for column in own if column.name not in taken))


def _members(flows: Sequence[Flow]) -> Row:
    """Return the row of a group's members: what the keys and the arguments of aggregates may ask for."""
    names = frozenset(name for flow in flows for name in flow.names)
    first = flows[0].row()
    return Row(column_types(all_columns(flows)), first.owners, names, first.title, first.origin)


def underlying_group(stream: BoundStream) -> Grouped | None:
    """Return the group that a stream is, under whatever names."""
    while isinstance(stream, NamedStream):
        stream = stream.stream
    return stream if isinstance(stream, Grouped) else None


def group_row(flow: Flow, grouped: Grouped, *names: str | None) -> Row:
    """Return what a condition or a selection over groups may ask for: the group's own columns and aggregates."""
    members = Flow(_union(grouped.inputs), flow.owners, flow.origin, flow.names).row(*names)
    row = flow.row(*names)
    return replace(row, members=members, title="the group")


def _union(streams: Sequence[BoundStream]) -> BoundStream:
    result = streams[0]
    for other in streams[1:]:
        columns = {c.name: c for c in (*other.columns, *result.columns)}
        result = Union(result, other, tuple(columns.values()))
    return result


def filter_groups(ctx: Context, flow: Flow, grouped: Grouped, written: ast.Expr, target: str | None) -> Flow:
    """Return the groups for which a condition holds; in it, aggregates are over the group's rows."""
    test = condition(ctx, group_row(flow, grouped, target), written)
    having = (*grouped.having, test) if test else grouped.having
    return Flow(replace(grouped, having=having), flow.owners, flow.origin, flow.names)


def select(ctx: Context, flow: Flow, written: ast.Select, target: str | None) -> Flow | None:
    """Return a projection of a stream, or aggregates over groups; over a plain stream, over all of its rows."""
    grouped = underlying_group(flow.stream)
    if grouped is None and not any(_is_of_all_rows(ctx, flow.row(target), i.value) for i in written.items):
        items = _items(ctx, flow.row(target), written.items)
        if items is None:
            return None
        columns = tuple(item.column for item in items)
        return Flow(Projected(flow.stream, items, columns), flow.owners, flow.origin, flow.names)
    if grouped is None:
        timed = has_time(flow.stream.columns)
        grouped = Grouped((flow.stream,), (), None, (), _group_columns((), timed=timed))
    row = group_row(Flow(grouped, flow.owners, flow.origin, flow.names), grouped, target)
    items = _items(ctx, row, written.items)
    return _aggregated(flow, grouped, items) if items is not None else None


def _aggregated(flow: Flow, grouped: Grouped, items: tuple[Item, ...]) -> Flow:
    """The keys come first without being asked for."""
    named = {item.column.name for item in items}
    asked = {item.value.column for item in items if isinstance(item.value, FieldRef)}
    keys = [Item(k, FieldRef(k.name, k.type)) for k in grouped.keys if k.name not in named and k.name not in asked]
    whole = (*keys, *items)
    return Flow(Aggregated(grouped, whole, tuple(i.column for i in whole)), flow.owners, flow.origin, flow.names)


def count_by(
    ctx: Context, flow: Flow, call: ast.Call | None, keys: Sequence[ast.Name | ast.Member], place: ast.By
) -> Flow | None:
    """Return `count(s) by f`: the keys and the count; of another aggregate, its value under its name."""
    grouped_flow = group(ctx, [(flow, place)], keys, None, place)
    grouped = underlying_group(grouped_flow.stream) if grouped_flow else None
    if grouped_flow is None or grouped is None:
        return None
    counted: BoundExpr | None = Aggregate("count", (), distinct=False, type=INTEGER)
    name = "count"
    if call is not None:
        counted = value(ctx, group_row(grouped_flow, grouped), call)
        name = call.function.ident.casefold()
    if counted is None:
        return None
    return _aggregated(grouped_flow, grouped, (Item(Column(name, counted.type), counted),))


def _is_of_all_rows(ctx: Context, row: Row, column: ast.Expr) -> bool:
    """Tell whether a column is computed from all rows together: an aggregate in it runs over them.

    An aggregate of another stream is a value that a test may compare with each row: `pid in [1, max(q.pid)]`. Outside
    these tests it makes one row as well: `count(q)`.
    """
    if any(isinstance(n, ast.Call) and is_aggregate_call(n) and not stream_of(ctx, row, n) for n in walk(column)):
        return True
    outside = walk(column, stop=lambda node: isinstance(node, _TESTS))
    return any(isinstance(node, ast.Call) and is_aggregate_call(node) for node in outside)


def _items(ctx: Context, row: Row, written: Sequence[ast.SelectItem]) -> tuple[Item, ...] | None:
    found: list[Item] = []
    whole = True
    for item in written:
        resolved = _item(ctx, row, item)
        if resolved is None:
            whole = False
        elif any(resolved.column.name.casefold() == other.column.name.casefold() for other in found):
            place = item.alias or item
            message = f"there is a column `{resolved.column.name}` already"
            ctx.add(ctx.report(codes.DUPLICATE_COLUMN, message, place.span).with_help("name it with `as`"))
            whole = False
        else:
            found.append(resolved)
    return tuple(found) if whole else None


def _item(ctx: Context, row: Row, item: ast.SelectItem) -> Item | None:
    written = written_out(ctx, row, item.value)
    resolved = condition(ctx, row, written) if isinstance(written, _CONDITIONS) else value(ctx, row, written)
    if resolved is None:
        return None
    if row.members is not None and isinstance(resolved, FieldRef) and resolved.column not in row.columns:
        return None
    if resolved.type.kind in (Kind.NULL, Kind.RECORD) and not isinstance(resolved, FieldRef):
        ctx.add(ctx.report(codes.BAD_OPERAND, f"a column cannot be {resolved.type.phrase}", item.span))
        return None
    return Item(Column(item.alias.ident if item.alias else _column_name(resolved, item.value), resolved.type), resolved)


def _column_name(resolved: BoundExpr, written: ast.Expr) -> str:
    """A field keeps its name, an aggregate is called by its function, anything else `value`."""
    if isinstance(resolved, FieldRef):
        return resolved.column
    if isinstance(written, ast.Call):
        return written.function.ident.casefold()
    return written.name.ident if isinstance(written, ast.Member) else "value"
