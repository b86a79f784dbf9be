"""Streams: searches, filters, joins, groups, selections, sets, sequences, other analytics, and pipes of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import islice

from carlang.diagnostics import codes, unmistakable
from carlang.resolve.bound import Filtered
from carlang.resolve.conditions import condition
from carlang.resolve.events import events
from carlang.resolve.groups import count_by, filter_groups, group, select, underlying_group
from carlang.resolve.joins import duration, join, named_parts, sequence
from carlang.resolve.meant import lone_stream
from carlang.resolve.row import Flow
from carlang.resolve.scope import MOST_SUGGESTIONS, BrokenName, ConstantName, Context, InputName, ScalarName, StreamName
from carlang.resolve.sets import difference, union, unique
from carlang.source import Span
from carlang.syntax import ast

_LISTED = 12
"""How many streams a message lists at most."""

Keys = Sequence[ast.Name | ast.Member]


def is_stream(ctx: Context, written: ast.Value) -> bool:
    """Tell whether an expression stands for a stream: it says so, or is made of names that do."""
    if isinstance(written, ast.StreamForm):
        return True
    if isinstance(written, ast.Call):
        return written.function.ident.casefold() == "unique"
    while isinstance(written, ast.Arithmetic) and written.operator in "+-":
        written = written.left
    if isinstance(written, ast.Name):
        return not isinstance(ctx.names.get(written.ident), ConstantName | ScalarName | InputName)
    return isinstance(written, ast.Call) and written.function.ident.casefold() == "unique"


def stream(ctx: Context, written: ast.Value, target: str | None = None) -> Flow | None:  # noqa: C901, PLR0911  # a case a form
    """Return a stream expression resolved, or None after reporting why it cannot be.

    `target` is the name that the result is about to get: conditions may use it for the rows at hand.
    """
    match written:
        case ast.Name():
            return reference(ctx, written)
        case ast.Search():
            return _search(ctx, written, target)
        case ast.Filter():
            return _filter(ctx, written, target)
        case ast.Join(inputs, test):
            parts = named_parts(ctx, inputs, [stream(ctx, each) for each in inputs])
            return join(ctx, parts, test, target) if parts else None
        case ast.Group(inputs, keys, gap):
            return _group(ctx, [(stream(ctx, each), each) for each in inputs], keys, gap, written)
        case ast.Select(source):
            flow = stream(ctx, source) if source else None
            return select(ctx, flow, written, target) if flow else None
        case ast.By():
            return _by(ctx, written)
        case ast.Sequence():
            return _sequence(ctx, written)
        case ast.RunAnalytic():
            return ctx.run_analytic(ctx, written)
        case ast.Pipe():
            return _pipe(ctx, written, target)
        case ast.Arithmetic("+" | "-", left, right):
            return _set(ctx, written, left, right, ())
        case ast.Call(_, (ast.Member(base, name),)) if is_stream(ctx, written):
            flow = stream(ctx, base) if isinstance(base, ast.Name) else None
            return unique(ctx, flow, name) if flow else None
        case _:
            ctx.add(ctx.report(codes.WRONG_NAME_KIND, "a stream is expected here", written.span))
            return None


def reference(ctx: Context, name: ast.Name) -> Flow | None:
    """Return the stream that a name stands for, or None after reporting that it stands for none."""
    meaning = ctx.names.get(name.ident)
    match meaning:
        case StreamName():
            ctx.used.add(meaning.stream.key)
            return replace(meaning.flow, names=frozenset({name.ident}))
        case BrokenName():
            return None
        case None:
            return _unknown(ctx, name)
        case _:
            fault = ctx.report(codes.WRONG_NAME_KIND, f"`{name.ident}` is a value, not a stream", name.span)
            ctx.add(fault.pointing_to(meaning.span, "bound here"))
            return None


def _unknown(ctx: Context, name: ast.Name) -> Flow | None:
    """Report a stream that is not there; the one probably meant stands in for it, to check the rest against."""
    fault = ctx.report(codes.UNKNOWN_STREAM, f"there is no stream `{name.ident}`", name.span)
    known = list(ctx.streams()) if ctx.suggested <= MOST_SUGGESTIONS else []
    nearest = ctx.nearest(name.ident, known)
    sure = unmistakable(name.ident, known) or lone_stream(ctx, name, output=False)
    if near := sure or nearest:
        ctx.add(fault.with_label(f"did you mean `{near}`?").repaired_by(near, certain=near == sure))
        return reference(ctx, ast.Name(near, name.span))
    listed = [f"`{stream}`" for stream in islice(ctx.streams(), _LISTED)]
    if listed:
        fault = fault.with_note(f"streams here: {', '.join(listed)}")
    elif ctx.model.object(name.ident):
        fault = fault.with_help(f"`search {name.ident}` gives the events of the object")
    ctx.add(fault)
    return None


def _search(ctx: Context, search: ast.Search, target: str | None) -> Flow | None:
    found = events(ctx, search)
    if found is None:
        return None
    place = Span(search.span.start, search.classes[-1].span.end)
    flow = Flow(found[0], {"": found[1]}, place)
    return flow if search.condition is None else filtered(ctx, flow, search.condition, target)


def _filter(ctx: Context, written: ast.Filter, target: str | None) -> Flow | None:
    if written.input is not None:
        flow = stream(ctx, written.input)
        return filtered(ctx, flow, written.condition, target) if flow else None
    keyword = Span(written.span.start, written.span.start + len("filter"))
    if target is None or target not in ctx.names:
        fault = ctx.report(codes.UNKNOWN_STREAM, "this filter has no stream to filter", keyword)
        ctx.add(fault.with_help("name one: `filter process where (…)`"))
        return None
    fault = ctx.report(codes.IMPLICIT_INPUT, f"filters `{target}`, the stream of the same name", keyword)
    insertion = Span(keyword.end, keyword.end)
    ctx.add(fault.with_help(f"write `filter {target} where`").repaired_by(f" {target}", insertion))
    source = reference(ctx, ast.Name(target, keyword))
    return filtered(ctx, source, written.condition, target) if source else None


def filtered(ctx: Context, flow: Flow, written: ast.Expr, target: str | None) -> Flow:
    """Return the rows, or groups, for which a condition holds; where it is faulty, the stream itself, to go on with."""
    if grouped := underlying_group(flow.stream):
        return filter_groups(ctx, flow, grouped, written, target)
    test = condition(ctx, replace(flow.row(target), stream=flow.stream), written)
    if test is None:
        return flow
    return Flow(Filtered(flow.stream, test, flow.stream.columns), flow.owners, flow.origin, flow.names)


def _group(
    ctx: Context,
    inputs: Sequence[tuple[Flow | None, ast.Stream]],
    keys: Keys,
    gap: ast.Expr | None,
    place: ast.Stream,
) -> Flow | None:
    bound_gap = duration(ctx, gap) if gap else None
    whole = [(flow, written) for flow, written in inputs if flow is not None]
    if len(whole) < len(inputs) or (gap and bound_gap is None):
        return None
    return group(ctx, whole, keys, bound_gap, place)


def _by(ctx: Context, written: ast.By) -> Flow | None:
    match written.value:
        case ast.Arithmetic("-", left, right):
            return _set(ctx, written, left, right, written.keys)
        case ast.Call(_, (argument,)) as call:
            root: ast.Expr = argument
            while isinstance(root, ast.Member):
                root = root.base
            if isinstance(root, ast.Name):
                flow = stream(ctx, root)
                arguments = () if root is argument else (argument,)
                return count_by(ctx, flow, replace(call, arguments=arguments), written.keys, written) if flow else None
    fault = ctx.report(codes.SYNTAX, "`by` cannot stand here", written.span)
    ctx.add(fault.with_help("`count(stream) by field`, `a - b by field`, `group stream by field`"))
    return None


def _set(ctx: Context, written: ast.Value, left: ast.Expr, right: ast.Expr, keys: Keys) -> Flow | None:
    a, b = stream(ctx, left), stream(ctx, right)
    if a is None or b is None:
        return None
    if isinstance(written, ast.Arithmetic) and written.operator == "+":
        return union(ctx, (a, left), (b, right))
    return difference(ctx, (a, left), (b, right), keys)


def _sequence(ctx: Context, written: ast.Sequence) -> Flow | None:
    parts = named_parts(ctx, written.steps, [stream(ctx, step) for step in written.steps])
    until = stream(ctx, written.until) if written.until else None
    if parts is None or (written.until and until is None):
        return None
    return sequence(ctx, written, parts, until)


def _pipe(ctx: Context, pipe: ast.Pipe, target: str | None) -> Flow | None:
    flow = stream(ctx, pipe.head, target)
    for stage in pipe.stages:
        if flow is None:
            return None
        flow = _stage(ctx, flow, stage, pipe, target)
    return flow


def _stage(ctx: Context, flow: Flow, stage: ast.Stage, pipe: ast.Pipe, target: str | None) -> Flow | None:
    match stage:
        case ast.Filter(None, test):
            return filtered(ctx, flow, test, target)
        case ast.Filter(second):
            place = second.span if second else stage.span
            fault = ctx.report(codes.SYNTAX, "a stage of a pipe takes its rows from the stage before it", place)
            ctx.add(fault.with_label("a second input"))
            return None
        case ast.Group(_, keys, gap):
            return _group(ctx, [(flow, pipe.head)], keys, gap, stage)
        case ast.Select():
            return select(ctx, flow, stage, target)
        case ast.By(_, keys):
            return count_by(ctx, flow, None, keys, stage)
        case ast.Join(others, test):
            return _join_stage(ctx, flow, stage, others, test, target)


def _join_stage(
    ctx: Context,
    flow: Flow,
    stage: ast.Join,
    others: tuple[ast.Stream, ...],
    test: ast.Expr | None,
    target: str | None,
) -> Flow | None:
    if len(flow.names) != 1:
        fault = ctx.report(codes.UNNAMED_PART, "the stage before this join has no name of its own", stage.span)
        ctx.add(fault.with_help("bind it first: `name = …`, then `join name, other where (…)`"))
        return None
    first = ast.Name(next(iter(flow.names)), stage.span)
    parts = named_parts(ctx, (first, *others), [flow, *(stream(ctx, each) for each in others)])
    return join(ctx, parts, test, target) if parts else None
