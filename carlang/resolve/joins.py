"""Streams made of several: joins, unions and differences; and the columns that they share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from carlang.diagnostics import codes, nearest
from carlang.model.schema import Object
from carlang.model.types import DURATION, TIME, Column, Kind, Type, field_of
from carlang.resolve.bound import (
    AllOf,
    BoundExpr,
    Const,
    Difference,
    Distinct,
    FieldRef,
    Joined,
    StreamPart,
    Together,
    Union,
)
from carlang.resolve.conditions import condition
from carlang.resolve.scope import EMPTY_ROW, Context, Entries, Flow, Row, entries_of
from carlang.resolve.symbols import Entry, SymbolKind
from carlang.resolve.values import value, written_out
from carlang.source import Span
from carlang.syntax import ast

NamedFlow = tuple[ast.Name, Flow]
Side = tuple[Flow, ast.Expr]

# Columns that differ between two events that a reader would call the same, so that a difference does not look at them.
_SINGLE_OUT = frozenset({"time", "record_id", "source", "pid", "ppid", "tid"})
_SINGLE_OUT_ENDINGS = ("_pid", "_tid")

MOST_PARTS = 1_000
"""How many parts a join may have, with the parts of its parts. A join of a join with itself doubles them."""

MOST_COLUMNS = 5_000
"""How many columns the parts of a join may have together, for the same reason; no object of the model has a hundred."""

# ---- joins -----------------------------------------------------------------------------------------------------------


def join(
    ctx: Context, parts: Sequence[NamedFlow], written: ast.Join, target: Entry | None, optional: frozenset[str]
) -> Flow | None:
    """Return the join of streams under their names; without a condition, every combination of rows.

    Of the parts in `optional` a row need not have one.
    """
    span = written.span
    if too_wide(ctx, parts, span) or _none_required(ctx, parts, optional):
        return None
    columns = part_columns(parts)
    joined = stream_parts(parts)
    flow = Flow(
        Joined(joined, AllOf(()), columns, optional, span=span),
        owners_of(parts),
        parts[0][1].origin,
        entries=part_entries(ctx, parts),
        broken=broken_of(flow for _, flow in parts),
    )
    # The condition is over the joined rows, which are there without it: every combination.
    test = condition(ctx, flow.row(target), written.condition) if written.condition is not None else None
    return flow.over(Joined(joined, test, columns, optional, span=span)) if test else flow


def _none_required(ctx: Context, parts: Sequence[NamedFlow], optional: frozenset[str]) -> bool:
    """Report a join of optional parts alone, and tell whether it is one."""
    if any(name.ident not in optional for name, _ in parts):
        return False
    fault = ctx.report(codes.BAD_OPERAND, "one part of a join at least is not optional", parts[0][0].span)
    ctx.add(fault.with_help("the rows of the others stay without a partner: `join (a, b optional) where (…)`"))
    return True


def together(ctx: Context, written: ast.Together, parts: Sequence[NamedFlow]) -> Flow | None:
    """Return the rows of events of all streams that lie together in time, under the streams' names."""
    if too_wide(ctx, parts, written.span):
        return None
    keys = common_keys(ctx, written.keys, [flow for _, flow in parts])
    within = duration(ctx, written.within)
    timed = [has_events(ctx, name.span, flow) for name, flow in parts]
    # Where one of these is faulty the parts are known all the same.
    length = within if within and all(timed) else Const(0, DURATION)
    stream = Together(stream_parts(parts), keys or (), length, part_columns(parts), span=written.span)
    broken = broken_of(flow for _, flow in parts)
    return Flow(stream, owners_of(parts), parts[0][1].origin, entries=part_entries(ctx, parts), broken=broken)


def broken_of(flows: Iterable[Flow]) -> frozenset[str]:
    """Return the names of the columns of streams whose making has errors."""
    return frozenset[str]().union(*(flow.broken for flow in flows))


def too_wide(ctx: Context, parts: Sequence[NamedFlow], span: Span) -> bool:
    """Report parts that have too many columns, or too many parts of their own, and tell whether they have."""
    columns = sum(len(flow.stream.columns) for _, flow in parts)
    inner = sum(len(flow.owners) for _, flow in parts)
    if columns <= MOST_COLUMNS and inner <= MOST_PARTS:
        return False
    measure = (
        f"{MOST_COLUMNS:,} columns" if columns > MOST_COLUMNS else f"{MOST_PARTS:,} parts, with those of its parts"
    )
    fault = ctx.report(codes.TOO_DEEP, f"joins more than {measure}", span)
    ctx.add(fault.with_help("take the columns that are needed before the join: `from a select b, c`"))
    return True


def named_parts(ctx: Context, written: Sequence[ast.Stream], flows: Sequence[Flow | None]) -> list[NamedFlow] | None:
    """Return streams with the names they have in a join, or None after reporting those without one of their own."""
    parts: list[NamedFlow] = []
    faulty = False
    for stream, flow in zip(written, flows, strict=True):
        if not isinstance(stream, ast.Name):
            fault = ctx.report(codes.UNNAMED_PART, "a part of a join needs a name", stream.span)
            ctx.add(fault.with_help("bind it first: `name = …`, then join `name`"))
            faulty = True
        # Two parts of one name would have the same columns.
        elif any(stream.ident == name.ident for name, _ in parts):
            fault = ctx.report(codes.UNNAMED_PART, f"`{stream.ident}` is joined to itself under one name", stream.span)
            ctx.add(fault.with_help(f"give it a second name: `other = {stream.ident}`, then join `other`"))
            faulty = True
        elif flow is None:
            faulty = True
        else:
            parts.append((stream, flow))
    return None if faulty else parts


def duration(ctx: Context, written: ast.Expr) -> BoundExpr | None:
    """Return a span of time as a value, or None after reporting that it is none."""
    length = value(ctx, EMPTY_ROW, written_out(ctx, EMPTY_ROW, written), DURATION)
    if length is None or length.type == DURATION:
        return length
    ctx.add(ctx.report(codes.BAD_OPERAND, f"a span of time stands here, not {length.type.phrase}", written.span))
    return None


def stream_parts(parts: Sequence[NamedFlow]) -> tuple[StreamPart, ...]:
    """Return streams under their names."""
    return tuple(StreamPart(name.ident, flow.stream, span=name.span) for name, flow in parts)


def part_columns(parts: Sequence[NamedFlow]) -> tuple[Column, ...]:
    """Return the columns of all parts, behind their names."""
    return tuple(Column(f"{name.ident}.{c.name}", c.type) for name, flow in parts for c in flow.stream.columns)


def owners_of(parts: Sequence[NamedFlow]) -> Mapping[str, tuple[Object, ...]]:
    """Return the objects that the rows of parts come from, by the prefix of their columns."""
    return {f"{name.ident}.{inner}": objects for name, flow in parts for inner, objects in flow.owners.items()}


def part_entries(ctx: Context, parts: Sequence[NamedFlow]) -> Entries:
    """Return the symbols of the columns of parts, and of the parts."""
    entries: dict[str, Entry] = {}
    for name, flow in parts:
        part = ctx.symbols.entry(SymbolKind.PART, name.ident, columns=flow.stream.columns)
        part.joined_at = ctx.symbols.span_of(name)
        entries[f"{name.ident}."] = part
        entries |= {f"{name.ident}.{inner}": entry for inner, entry in flow.entries.items()}
    return entries


def has_events(ctx: Context, span: Span, flow: Flow) -> bool:
    """Tell whether rows have a time; report where they do not."""
    if has_time(flow.stream.columns):
        return True
    ctx.add(ctx.report(codes.BAD_OPERAND, "this is made of events; these rows have no time", span))
    return False


def common_keys(
    ctx: Context, written: Sequence[ast.Name | ast.Member], flows: Sequence[Flow]
) -> tuple[str, ...] | None:
    """Return the keys, which every one of some streams must have."""
    names: tuple[str, ...] | None = ()
    for flow in flows:
        columns = key_columns(ctx, flow.row(), written)
        if columns is None:
            return None
        names = tuple(c.name for c in columns)
    return names


# ---- sets ------------------------------------------------------------------------------------------------------------


def union(ctx: Context, left: Side, right: Side, span: Span) -> Flow | None:
    """Return the rows of both streams."""
    if not same_types(ctx, (left, right)):
        return None
    owners: dict[str, tuple[Object, ...]] = {}
    for prefix in {**right[0].owners, **left[0].owners}:
        # The left one first: messages about its rows name its object first.
        both = [o for flow, _ in (left, right) for o in flow.owners.get(prefix, ())]
        owners[prefix] = tuple({o.name: o for o in both}.values())
    columns = all_columns((left[0], right[0]))
    entries = {**right[0].entries, **left[0].entries}
    stream = Union(left[0].stream, right[0].stream, columns, span=span)
    broken = broken_of((left[0], right[0]))
    return Flow(stream, owners, left[0].origin, entries=entries, broken=broken)


def difference(ctx: Context, left: Side, right: Side, keys: Sequence[ast.Name | ast.Member], span: Span) -> Flow | None:
    """Return the rows of the left stream that the right one does not have, compared in `keys` or what both share."""
    if not same_types(ctx, (left, right)):
        return None
    flow, other = left[0], right[0]
    if keys:
        columns = key_columns(ctx, flow.row(), keys)
        if columns is None or key_columns(ctx, other.row(), keys) is None:
            return flow  # whose rows they are, fewer of them
        on = tuple(c.name for c in columns)
    else:
        # Without keys, all that both have, but not what differs between any two events, nor what does not compare.
        names = {c.name for c in other.stream.columns}
        shared = [c for c in flow.stream.columns if c.name in names and c.type.kind not in (Kind.RECORD, Kind.LIST)]
        on = tuple(c.name for c in shared if not singles_out(c))
        if not on:
            fault = ctx.report(codes.BAD_OPERAND, "the two streams share no column to compare", left[1].span)
            ctx.add(fault.with_help("name the fields: `a - b by image_path`"))
            return None
    stream = Difference(flow.stream, other.stream, on, flow.stream.columns, bool(keys), span=span)
    return Flow(stream, flow.owners, flow.origin, entries=flow.entries, broken=flow.broken)


def unique(ctx: Context, flow: Flow, field: ast.Expr, span: Span) -> Flow | None:
    """Return the distinct values of a field of a stream."""
    values = value(ctx, flow.row(), field)
    if values is None:
        return None
    if not isinstance(values, FieldRef) or values.type.kind in (Kind.RECORD, Kind.LIST):
        ctx.add(ctx.report(codes.BAD_ARGUMENTS, "`unique` takes a field of a stream: `unique(s.user)`", field.span))
        return None
    column = next(c for c in flow.stream.columns if c.name == values.column)
    # The column keeps its name, and so its symbol.
    entries = entries_of(flow.entries, [column.name])
    return Flow(Distinct(flow.stream, column, (column,), span=span), flow.owners, flow.origin, entries=entries)


# ---- columns ---------------------------------------------------------------------------------------------------------


def key_columns(ctx: Context, row: Row, keys: Sequence[ast.Name | ast.Member]) -> list[Column] | None:
    """Return the columns that keys name, or None after reporting those that are not there."""
    columns, broken = usable_keys(ctx, row, keys)
    return None if broken else columns


def usable_keys(ctx: Context, row: Row, keys: Sequence[ast.Name | ast.Member]) -> tuple[list[Column], frozenset[str]]:
    """Return the columns that keys name, and the names of those that are not there, after reporting them.

    Beside a name that is not there stands the one that it was probably meant to be.
    """
    columns: list[Column] = []
    broken: set[str] = set()
    for key in keys:
        resolved = value(ctx, row, key)
        word = key.ident if isinstance(key, ast.Name) else key.name.ident
        if resolved is None:
            broken |= {word.casefold(), (nearest(word, row.columns) or word).casefold()}
        elif not isinstance(resolved, FieldRef) or resolved.type.kind in (Kind.RECORD, Kind.LIST):
            ctx.add(ctx.report(codes.BAD_OPERAND, "a key is a field", key.span))
            broken.add(word.casefold())
        elif resolved.column not in [c.name for c in columns]:
            columns.append(Column(resolved.column, resolved.type))
    return columns, frozenset(broken)


def singles_out(column: Column) -> bool:
    """Tell whether a column tells one event from others like it: its time, its record, processes by number or GUID."""
    name = field_of(column.name)
    return name in _SINGLE_OUT or name.endswith(_SINGLE_OUT_ENDINGS) or column.type.kind is Kind.GUID


def all_columns(flows: Iterable[Flow]) -> tuple[Column, ...]:
    """Return the columns of several streams, each once, in order."""
    columns: dict[str, Column] = {}
    for flow in flows:
        for column in flow.stream.columns:
            columns.setdefault(column.name, column)
    return tuple(columns.values())


def same_types(ctx: Context, flows: Sequence[tuple[Flow, ast.Stream | ast.Expr]]) -> bool:
    """Tell whether columns of one name hold the same kind of values in all streams; report where they do not."""
    seen: dict[str, Type] = {}
    for flow, written in flows:
        for column in flow.stream.columns:
            other = seen.setdefault(column.name, column.type)
            if not _alike(other, column.type):
                message = f"`{column.name}` is {column.type.phrase} here and {other.phrase} before"
                ctx.add(ctx.report(codes.INCOMPARABLE, message, written.span))
                return False
    return True


def _alike(a: Type, b: Type) -> bool:
    return a.kind is b.kind or (a.is_string and b.is_string) or (a.is_number and b.is_number)


def has_time(columns: Iterable[Column]) -> bool:
    """Tell whether rows have a time of their own."""
    return any(c.name == "time" and c.type == TIME for c in columns)
