"""Groups, what is selected from them, and projections."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from carlang.diagnostics import codes, nearest
from carlang.model.types import INTEGER, TIME, Column, Kind
from carlang.resolve.aggregates import stream_of
from carlang.resolve.bound import (
    Aggregate,
    Aggregated,
    BoundExpr,
    BoundStream,
    Const,
    Cut,
    Deduplicated,
    Derived,
    FieldRef,
    Filtered,
    Grouped,
    Intervals,
    Item,
    NamedStream,
    Period,
    ProcessField,
    Projected,
    Sessions,
    Sorted,
    Union,
    Windows,
    inputs,
)
from carlang.resolve.calls import is_aggregate_call
from carlang.resolve.conditions import condition, condition_or_value
from carlang.resolve.fields import asked_process_field
from carlang.resolve.joins import all_columns, duration, has_time, same_types, usable_keys
from carlang.resolve.processes import column_of
from carlang.resolve.scope import Context, Entries, Flow, Row, column_types, entries_of
from carlang.resolve.symbols import Entry, SymbolKind
from carlang.resolve.values import takes_element, value, written_out
from carlang.source import Span
from carlang.syntax import ast, walk

COUNT, FIRST, LAST = Column("count", INTEGER), Column("first_time", TIME), Column("last_time", TIME)
START, END = Column("start", TIME), Column("end", TIME)
_TESTS = ast.Not | ast.In | ast.TextTest | ast.Exists | ast.IfElse


def group(
    ctx: Context,
    inputs: Sequence[tuple[Flow, ast.Stream]],
    written_keys: Sequence[ast.Name | ast.Member],
    in_time: Period | None,
    span: Span,
) -> Flow | None:
    """Return the groups of the union of streams by keys."""
    if not same_types(ctx, inputs):
        return None
    flows, written_keys = with_process_keys(ctx, [flow for flow, _ in inputs], written_keys)
    keys, broken = usable_keys(ctx, _members(flows), written_keys)
    timed = has_time(all_columns(flows))
    if in_time is not None and not timed:
        ctx.add(ctx.report(codes.BAD_OPERAND, "these rows have no time to be grouped by", span))
        return None
    columns = _group_columns(keys, in_time, timed=timed)
    grouped = Grouped(tuple(f.stream for f in flows), tuple(keys), in_time, (), columns, span=span)
    entries = {name: entry for flow in reversed(flows) for name, entry in flow.entries.items()}
    kept = entries_of(entries, (key.name for key in keys))
    # The count and times of one group are not those of another, so each has symbols of its own.
    made = {c.name: ctx.symbols.entry(SymbolKind.COLUMN, c.name, c.type) for c in columns[len(keys) :]}
    broken = broken.union(*(flow.broken for flow in flows))
    first = flows[0]
    return Flow(grouped, first.owners, first.origin, first.names, {**kept, **made}, members=entries, broken=broken)


def period(ctx: Context, written: ast.Period) -> Period | None:
    """Return how groups are cut in time, or None after reporting that what stands there is no length."""
    length = duration(ctx, written.length)
    if length is None:
        return None
    match written.word:
        case "within":
            return Sessions(length, span=written.span)
        case "within any":
            return Windows(length, (), span=written.span)
        case _:
            if isinstance(length, Const) and length.value == 0:
                fault = ctx.report(codes.BAD_OPERAND, "an interval is longer than nothing", written.length.span)
                ctx.add(fault.with_help("`every 1 hour`"))
                return None
            return Intervals(length, span=written.span)


def with_process_keys(
    ctx: Context, flows: Sequence[Flow], keys: Sequence[ast.Name | ast.Member]
) -> tuple[Sequence[Flow], Sequence[ast.Name | ast.Member]]:
    """Return streams with a column for each key that is a field of the process behind a row, and the keys' names."""
    written = list(keys)
    # All of them are looked for in the streams as they are: a column made for one is none that another asks for.
    asked = [[asked_process_field(ctx, flow, key) for flow in flows] for key in keys]
    for index, fields in enumerate(asked):
        known = [field for field in fields if field]
        if len(known) == len(flows):
            flows = [_with_column(flow, field, keys[index].span) for flow, field in zip(flows, known, strict=True)]
            written[index] = _path(column_of(known[0]), keys[index].span)
    return flows, written


def _with_column(flow: Flow, field: ProcessField, span: Span) -> Flow:
    column = Column(column_of(field), field.type)
    columns = (*(c for c in flow.stream.columns if c.name != column.name), column)
    return flow.over(Derived(flow.stream, column, field, columns, span=span))


def _path(column: str, span: Span) -> ast.Name | ast.Member:
    first, *rest = column.split(".")
    path: ast.Name | ast.Member = ast.Name(first, span)
    for word in rest:
        path = ast.Member(path, ast.Name(word, span), span)
    return path


def _group_columns(keys: Sequence[Column], in_time: Period | None, *, timed: bool) -> tuple[Column, ...]:
    # A key called `count` hides the count.
    taken = {key.name for key in keys}
    interval = (START, END) if isinstance(in_time, Intervals) else ()
    summary = (*interval, COUNT, FIRST, LAST) if timed else (COUNT,)
    return (*keys, *(column for column in summary if column.name not in taken))


def _members(flows: Sequence[Flow]) -> Row:
    """Return the row of a group's members: what the keys and the arguments of aggregates may ask for."""
    names = {name: entry for flow in reversed(flows) for name, entry in flow.names.items()}
    entries = {name: entry for flow in reversed(flows) for name, entry in flow.entries.items()}
    first = flows[0].row()
    columns = column_types(all_columns(flows))
    broken = frozenset[str]().union(*(flow.broken for flow in flows))
    return Row(columns, first.owners, names, first.title, first.origin, entries=entries, broken=broken)


def underlying_group(stream: BoundStream) -> Grouped | None:
    """Return the group that a stream is, under whatever names."""
    while isinstance(stream, NamedStream):
        stream = stream.stream
    return stream if isinstance(stream, Grouped) else None


def ordered_group(ctx: Context, stream: BoundStream) -> Grouped | None:
    """Return the group of which a stream has some rows, or all, in another order; None where it is none."""
    below = _below_order(ctx, stream)
    return below if isinstance(below, Grouped) and underlying_group(stream) is None else None


def _below_order(ctx: Context, stream: BoundStream) -> BoundStream:
    """Return the stream that another one has some rows of, or all, in some order."""
    above: list[BoundStream] = []
    below = stream
    # What is below is known for each stage of a chain: without this, each would walk to its beginning again.
    while id(below) not in ctx.below_order and isinstance(below, NamedStream | Sorted | Cut | Deduplicated | Filtered):
        above.append(below)
        (below,) = inputs(below)
    _, below = ctx.below_order.get(id(below), (below, below))
    ctx.below_order.update({id(each): (each, below) for each in above})
    return below


def _group_row(flow: Flow, grouped: Grouped, target: Entry | None = None) -> Row:
    """Return what a condition or a selection over groups may ask for: the group's own columns and aggregates."""
    members = replace(flow, stream=_union(grouped.inputs), entries=flow.members).row(target)
    return replace(flow.row(target), members=members, title="the group")


def _union(streams: Sequence[BoundStream]) -> BoundStream:
    result = streams[0]
    for other in streams[1:]:
        # The first stream decides the type of a column that both have.
        columns = {c.name: c for c in (*other.columns, *result.columns)}
        result = Union(result, other, tuple(columns.values()))
    return result


def filter_groups(ctx: Context, flow: Flow, grouped: Grouped, written: ast.Expr, target: Entry | None) -> Flow:
    """Return the groups for which a condition holds; in it, aggregates are over the group's rows."""
    # The condition stays with the group: it may ask for aggregates, and behind the group their rows are gone.
    test = condition(ctx, _group_row(flow, grouped, target), written)
    having = (*grouped.having, test) if test else grouped.having
    return flow.over(replace(grouped, having=having))


def having(ctx: Context, flow: Flow, written: ast.Expr, target: Entry | None) -> Flow:
    """Return the groups for which a condition holds; of bursts it is asked of each window."""
    grouped = underlying_group(flow.stream)
    if grouped is None or not isinstance(grouped.period, Windows):
        return filter_groups(ctx, flow, grouped, written, target) if grouped else flow
    test = condition(ctx, _group_row(flow, grouped, target), written)
    windows = replace(grouped.period, conditions=(test,)) if test else grouped.period
    return flow.over(replace(grouped, period=windows))


# ---- selections ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Selected:
    """The columns of a selection, and the symbols of those that are not fields of the model.

    `broken` are the names of those that have errors.
    """

    items: tuple[Item, ...]
    entries: Mapping[str, Entry]
    broken: frozenset[str] = frozenset()


def select(ctx: Context, flow: Flow, written: ast.Select, target: Entry | None) -> Flow | None:
    """Return a projection of a stream, or aggregates over groups; over a plain stream, over all of its rows."""
    if group_before := ordered_group(ctx, flow.stream):
        return _select_ordered(ctx, flow, group_before, written, target)
    grouped = underlying_group(flow.stream)
    row = flow.row(target)
    if grouped is None and not any(_is_of_all_rows(ctx, row, item.value) for item in written.items):
        selected = _select(ctx, row, written.items)
        columns = tuple(item.column for item in selected.items)
        stream = Projected(flow.stream, selected.items, columns, span=written.span)
        return replace(flow, stream=stream, entries=selected.entries, broken=selected.broken)
    # One group of all rows; a stream without rows has none.
    if grouped is None:
        columns = _group_columns((), None, timed=has_time(flow.stream.columns))
        grouped = Grouped((flow.stream,), (), None, (), columns, span=written.span)
        made = {c.name: ctx.symbols.entry(SymbolKind.COLUMN, c.name, c.type) for c in columns}
        flow = replace(flow, stream=grouped, entries=made, members=flow.entries)
    row = _group_row(flow.over(grouped), grouped, target)
    selected = _select(ctx, row, written.items)
    return _aggregated(flow, grouped, selected, written.span)


def _select_ordered(
    ctx: Context, flow: Flow, grouped: Grouped, written: ast.Select, target: Entry | None
) -> Flow | None:
    """Return columns of groups that have been sorted or cut, their keys first; the rows of each are not at hand."""
    row = flow.row(target)
    if aggregates := [item for item in written.items if _is_of_all_rows(ctx, row, item.value)]:
        message = "the rows of groups are not at hand behind `sort`, `head`, `tail` and `unique`"
        fault = ctx.report(codes.BAD_ARGUMENTS, message, aggregates[0].span)
        ctx.add(fault.with_help("select first: `| group by f | select max(pid) as m | sort by m desc`"))
        return None
    selected = _select(ctx, row, written.items)
    items = (*_keys_unasked(grouped, selected), *selected.items)
    entries = {**entries_of(flow.entries, (item.column.name for item in items)), **selected.entries}
    stream = Projected(flow.stream, items, tuple(item.column for item in items), span=written.span)
    return replace(flow, stream=stream, entries=entries, broken=selected.broken | flow.broken)


def _keys_unasked(grouped: Grouped, selected: _Selected) -> tuple[Item, ...]:
    """Return the keys that come first without being asked for, and the start of an interval, which is one more."""
    # A key that is selected, under whatever name, is not given a second time.
    named = {item.column.name for item in selected.items}
    asked = {item.value.column for item in selected.items if isinstance(item.value, FieldRef)}
    interval = [START] if START in grouped.columns and START not in grouped.keys else []
    keys = [k for k in (*grouped.keys, *interval) if k.name not in named and k.name not in asked]
    return tuple(Item(key, FieldRef(key.name, key.type)) for key in keys)


def _aggregated(flow: Flow, grouped: Grouped, selected: _Selected, span: Span) -> Flow:
    keys = _keys_unasked(grouped, selected)
    items = (*keys, *selected.items)
    entries = entries_of(flow.entries, (key.column.name for key in keys))
    stream = Aggregated(grouped, items, tuple(item.column for item in items), span=span)
    # Keys that are not there come without being asked for, too.
    broken = selected.broken | flow.broken
    return replace(flow, stream=stream, entries={**entries, **selected.entries}, broken=broken)


def count_by(
    ctx: Context, flow: Flow, call: ast.Call | None, keys: Sequence[ast.Name | ast.Member], written: ast.By
) -> Flow | None:
    """Return `count(s) by f every 1 hour`: the keys and the count; of another aggregate, its value under its name."""
    every = period(ctx, ast.Period("every", written.every, written.every.span)) if written.every else None
    if written.every and every is None:
        return None
    grouped_flow = group(ctx, [(flow, written)], keys, every, written.span)
    grouped = underlying_group(grouped_flow.stream) if grouped_flow else None
    if grouped_flow is None or grouped is None:
        return None
    counted: BoundExpr | None = Aggregate("count", (), distinct=False, type=INTEGER, span=written.span)
    name = "count"
    if call is not None:
        counted = value(ctx, _group_row(grouped_flow, grouped), call)
        name = call.function.ident.casefold()
    if counted is None:
        return None
    item = Item(Column(name, counted.type), counted, span=counted.span)
    entry = ctx.symbols.entry(SymbolKind.COLUMN, name, counted.type)
    return _aggregated(grouped_flow, grouped, _Selected((item,), {name: entry}), written.span)


def _is_of_all_rows(ctx: Context, row: Row, column: ast.Expr) -> bool:
    """Tell whether a column is computed from all rows together: an aggregate in it runs over them.

    An aggregate of another stream is a value that a test may compare with each row: `pid in [1, max(q.pid)]`. Outside
    these tests it makes one row as well: `count(q)`.
    """
    if any(not stream_of(ctx, row, call) for call in _aggregates(ctx, row, walk(column))):
        return True
    outside = walk(column, stop=lambda node: isinstance(node, _TESTS))
    return any(_aggregates(ctx, row, outside))


def _aggregates(ctx: Context, row: Row, nodes: Iterable[ast.Node]) -> Iterator[ast.Call]:
    calls = (node for node in nodes if isinstance(node, ast.Call))
    return (call for call in calls if is_aggregate_call(call) and not takes_element(ctx, row, call))


def _select(ctx: Context, row: Row, written: Sequence[ast.SelectItem]) -> _Selected:
    items: list[Item] = []
    entries: dict[str, Entry] = {}
    broken: set[str] = set()
    for each in written:
        item = _item(ctx, row, each)
        if item is None:
            broken |= _probable_names(row, each)
        elif any(item.column.name.casefold() == other.column.name.casefold() for other in items):
            span = each.alias.span if each.alias else each.span
            message = f"there is a column `{item.column.name}` already"
            ctx.add(ctx.report(codes.DUPLICATE_COLUMN, message, span).with_help("name it with `as`"))
        else:
            items.append(item)
            entries |= _item_entry(ctx, row.entries, each, item)
    return _Selected(tuple(items), entries, frozenset(broken))


def _probable_names(row: Row, written: ast.SelectItem) -> set[str]:
    """Return what a column with errors may be called below: by its alias, as it is written, as it was meant."""
    if written.alias:
        return {written.alias.ident.casefold()}
    match written.value:
        case ast.Name(word) | ast.Member(_, ast.Name(word)) | ast.Call(ast.Name(word)):
            return {word.casefold(), (nearest(word, row.columns) or word).casefold()}
        case _:
            return {"value"}


def _item(ctx: Context, row: Row, written: ast.SelectItem) -> Item | None:
    resolved = condition_or_value(ctx, row, written_out(ctx, row, written.value))
    if resolved is None:
        return None
    # A field of the rows in a group has many values there: it stands inside an aggregate only.
    if row.members is not None and isinstance(resolved, FieldRef) and resolved.column not in row.columns:
        return None
    if resolved.type.kind in (Kind.NULL, Kind.RECORD) and not isinstance(resolved, FieldRef):
        ctx.add(ctx.report(codes.BAD_OPERAND, f"a column cannot be {resolved.type.phrase}", written.span))
        return None
    name = written.alias.ident if written.alias else _column_name(resolved, written.value)
    return Item(Column(name, resolved.type), resolved, span=written.span)


def _item_entry(ctx: Context, known: Entries, written: ast.SelectItem, item: Item) -> Entries:
    """Return the symbol of a selected column by its name; a field that keeps its name is the same symbol still."""
    if written.alias:
        return {item.column.name: ctx.symbols.bound(SymbolKind.COLUMN, written.alias, item.column.type)}
    if isinstance(item.value, FieldRef):
        return entries_of(known, [item.value.column])
    return {item.column.name: ctx.symbols.entry(SymbolKind.COLUMN, item.column.name, item.column.type)}


def _column_name(resolved: BoundExpr, written: ast.Expr) -> str:
    """A field keeps its name, an aggregate is called by its function, anything else `value`."""
    if isinstance(resolved, FieldRef):
        return resolved.column
    if isinstance(resolved, ProcessField):
        return column_of(resolved)
    if isinstance(written, ast.Call):
        return written.function.ident.casefold()
    return written.name.ident if isinstance(written, ast.Member) else "value"
