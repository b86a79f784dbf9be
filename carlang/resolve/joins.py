"""Joins, and sequences, which are joins in order: parts under their names, columns `part.column`."""

from __future__ import annotations

from collections.abc import Sequence

from carlang.diagnostics import codes
from carlang.model.types import DURATION, Column
from carlang.resolve.bound import AllOf, BoundExpr, Joined, Sequenced, StreamPart
from carlang.resolve.columns import has_time, key_columns
from carlang.resolve.conditions import condition
from carlang.resolve.row import Flow, Row, prefixed
from carlang.resolve.scope import Context
from carlang.resolve.values import value, written_out
from carlang.source import Span
from carlang.syntax import ast

NamedFlow = tuple[ast.Name, Flow]


def join(ctx: Context, parts: Sequence[NamedFlow], written: ast.Expr | None, target: str | None) -> Flow | None:
    """Return the join of streams under their names; without a condition, every combination of rows."""
    columns = _part_columns(parts)
    owners = _owners(parts)
    joined = tuple(StreamPart(name.ident, flow.stream) for name, flow in parts)
    test: BoundExpr | None = AllOf(())
    if written is not None:
        row = Flow(Joined(joined, AllOf(()), columns), owners, parts[0][1].origin).row(target)
        test = condition(ctx, row, written)
    return Flow(Joined(joined, test or AllOf(()), columns), owners, parts[0][1].origin)


def sequence(ctx: Context, written: ast.Sequence, steps: Sequence[NamedFlow], until: Flow | None) -> Flow | None:
    """Return the sequence of streams under their names."""
    keys = _common_keys(ctx, written, steps, until)
    within = duration(ctx, written.within) if written.within else None
    timed = [_timed(ctx, name.span, flow) for name, flow in steps]
    if written.until is not None and until is not None:
        timed.append(_timed(ctx, written.until.span, until))
    if keys is None or (written.within and within is None) or not all(timed):
        return None
    parts = tuple(StreamPart(name.ident, flow.stream) for name, flow in steps)
    stream = Sequenced(parts, keys, within, until.stream if until else None, _part_columns(steps))
    return Flow(stream, _owners(steps), steps[0][1].origin)


def named_parts(ctx: Context, written: Sequence[ast.Stream], flows: Sequence[Flow | None]) -> list[NamedFlow] | None:
    """Return streams with the names they have in a join, or None after reporting those without one of their own."""
    found: list[NamedFlow] = []
    whole = True
    for stream, flow in zip(written, flows, strict=True):
        if not isinstance(stream, ast.Name):
            fault = ctx.report(codes.UNNAMED_PART, "a part of a join needs a name", stream.span)
            ctx.add(fault.with_help("bind it first: `name = …`, then join `name`"))
            whole = False
        elif any(stream.ident == name.ident for name, _ in found):
            fault = ctx.report(codes.UNNAMED_PART, f"`{stream.ident}` is joined to itself under one name", stream.span)
            ctx.add(fault.with_help(f"give it a second name: `other = {stream.ident}`, then join `other`"))
            whole = False
        elif flow is None:
            whole = False
        else:
            found.append((stream, flow))
    return found if whole else None


def duration(ctx: Context, written: ast.Expr) -> BoundExpr | None:
    """Return a span of time as a value, or None after reporting that it is none."""
    row = Row({})
    found = value(ctx, row, written_out(ctx, row, written), DURATION)
    if found is None or found.type == DURATION:
        return found
    ctx.add(ctx.report(codes.BAD_OPERAND, f"a span of time stands here, not {found.type.phrase}", written.span))
    return None


def _part_columns(parts: Sequence[NamedFlow]) -> tuple[Column, ...]:
    return tuple(Column(f"{name.ident}.{c.name}", c.type) for name, flow in parts for c in flow.stream.columns)


def _owners(parts: Sequence[NamedFlow]) -> dict[str, tuple]:  # type: ignore[type-arg]  # see prefixed
    owners: dict[str, tuple] = {}  # type: ignore[type-arg]  # see prefixed
    for name, flow in parts:
        owners |= prefixed(name.ident, flow.owners)
    return owners


def _timed(ctx: Context, place: Span, flow: Flow) -> bool:
    if has_time(flow.stream.columns):
        return True
    ctx.add(ctx.report(codes.BAD_OPERAND, "a sequence is made of events; these rows have no time", place))
    return False


def _common_keys(
    ctx: Context, written: ast.Sequence, steps: Sequence[NamedFlow], until: Flow | None
) -> tuple[str, ...] | None:
    """Return the keys, which every step and the end must have."""
    found: tuple[str, ...] | None = ()
    flows = [flow for _, flow in steps] + ([until] if until else [])
    for flow in flows:
        columns = key_columns(ctx, flow.row(), written.keys)
        if columns is None:
            return None
        found = tuple(c.name for c in columns)
    return found
