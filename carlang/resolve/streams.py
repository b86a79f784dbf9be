"""Streams: searches, filters and pipes, with the columns of their rows."""

from __future__ import annotations

from dataclasses import dataclass

from carlang.diagnostics import codes, nearest
from carlang.model.schema import Object
from carlang.resolve.bound import BoundStream, Filtered
from carlang.resolve.conditions import condition
from carlang.resolve.events import events
from carlang.resolve.scope import BrokenName, Context, Row, StreamName
from carlang.source import Span
from carlang.syntax import ast


@dataclass(frozen=True, slots=True)
class Flow:
    """A resolved stream, the objects its rows come from, the place they come from, and the names that reach them."""

    stream: BoundStream
    objects: tuple[Object, ...]
    origin: Span | None
    names: frozenset[str] = frozenset()

    def row(self, names: frozenset[str]) -> Row:
        """Return what a condition over the stream may ask for; `names` reach its rows besides its own."""
        title = "/".join(owner.name for owner in self.objects) or "the row"
        columns = {column.name: column.type for column in self.stream.columns}
        return Row(columns, self.objects, self.names | names, title, self.origin)


def stream(ctx: Context, written: ast.Stream, target: str | None = None) -> Flow | None:
    """Return a stream expression resolved, or None after reporting why it cannot be.

    `target` is the name that the result is about to get: conditions may use it for the rows at hand.
    """
    match written:
        case ast.Name():
            return _reference(ctx, written)
        case ast.Search():
            return _search(ctx, written, target)
        case ast.Filter():
            return _filter(ctx, written, target)
        case ast.Pipe(head, stages):
            flow = stream(ctx, head, target)
            for stage in stages:
                if stage.input is not None:
                    _two_inputs(ctx, stage.input)
                    return None
                flow = _filtered(ctx, flow, stage.condition, target)
            return flow


def _reference(ctx: Context, name: ast.Name) -> Flow | None:
    meaning = ctx.names.get(name.ident)
    match meaning:
        case StreamName():
            ctx.used.add(meaning.stream.key)
            return Flow(meaning.stream, meaning.objects, meaning.origin, frozenset({name.ident}))
        case BrokenName():
            return None
        case None:
            _unknown(ctx, name)
            return None
        case _:
            fault = ctx.report(codes.WRONG_NAME_KIND, f"`{name.ident}` is a constant, not a stream", name.span)
            ctx.add(fault.pointing_to(meaning.span, "bound here"))
            return None


def _unknown(ctx: Context, name: ast.Name) -> None:
    fault = ctx.report(codes.UNKNOWN_STREAM, f"there is no stream `{name.ident}`", name.span)
    known = [*ctx.streams(), *(n for n, m in ctx.names.items() if isinstance(m, BrokenName))]
    if near := nearest(name.ident, known):
        fault = fault.with_label(f"did you mean `{near}`?").repaired_by(near, certain=False)
    elif known:
        fault = fault.with_note(f"streams here: {', '.join(f'`{n}`' for n in known)}")
    elif ctx.model.object(name.ident):
        fault = fault.with_help(f"`search {name.ident}` gives the events of the object")
    ctx.add(fault)


def _search(ctx: Context, search: ast.Search, target: str | None) -> Flow | None:
    found = events(ctx, search)
    if found is None:
        return None
    flow = Flow(found[0], found[1], search.span if search.condition is None else _classes_span(search))
    return flow if search.condition is None else _filtered(ctx, flow, search.condition, target)


def _classes_span(search: ast.Search) -> Span:
    return Span(search.span.start, search.classes[-1].span.end)


def _filter(ctx: Context, written: ast.Filter, target: str | None) -> Flow | None:
    if written.input is not None:
        return _filtered(ctx, stream(ctx, written.input, target), written.condition, target)
    keyword = Span(written.span.start, written.span.start + len("filter"))
    if target is None or target not in ctx.names:
        fault = ctx.report(codes.UNKNOWN_STREAM, "this filter has no stream to filter", keyword)
        ctx.add(fault.with_help("name one: `filter process where (…)`"))
        return None
    fault = ctx.report(codes.IMPLICIT_INPUT, f"filters `{target}`, the stream of the same name", keyword)
    insertion = Span(keyword.end, keyword.end)
    ctx.add(fault.with_help(f"write `filter {target} where`").repaired_by(f" {target}", insertion))
    return _filtered(ctx, _reference(ctx, ast.Name(target, keyword)), written.condition, target)


def _filtered(ctx: Context, flow: Flow | None, written: ast.Expr, target: str | None) -> Flow | None:
    if flow is None:
        return None
    test = condition(ctx, flow.row(frozenset({target}) if target else frozenset()), written)
    if test is None:
        return Flow(flow.stream, flow.objects, flow.origin, flow.names)
    filtered = Filtered(flow.stream, test, flow.stream.columns)
    return Flow(filtered, flow.objects, flow.origin, flow.names)


def _two_inputs(ctx: Context, second: ast.Stream) -> None:
    fault = ctx.report(codes.SYNTAX, "a stage of a pipe takes its rows from the stage before it", second.span)
    ctx.add(fault.with_label("a second input"))
