"""Streams: searches, filters, pipes, other analytics, and what is grouped, selected, joined or set beside others.

`stream` is the one way in, and comes back to itself for every input.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from itertools import islice
from typing import assert_never

from carlang.diagnostics import codes, unmistakable
from carlang.foreign import event_class
from carlang.model.schema import Action, Object
from carlang.model.types import Column
from carlang.resolve.bound import Events, EventSet, Filtered, Windows
from carlang.resolve.conditions import condition
from carlang.resolve.groups import (
    count_by,
    filter_groups,
    group,
    having,
    ordered_group,
    period,
    select,
    underlying_group,
)
from carlang.resolve.joins import difference, join, named_parts, together, union, unique
from carlang.resolve.names import lone_stream
from carlang.resolve.ordering import ordered
from carlang.resolve.processes import related
from carlang.resolve.scope import (
    BrokenName,
    ConstantName,
    Context,
    Flow,
    InputName,
    ScalarName,
    StreamName,
)
from carlang.resolve.sequences import sequence
from carlang.resolve.symbols import Entry, SymbolKind
from carlang.source import Span
from carlang.syntax import ast

_LISTED = 12
"""How many streams a message lists at most: a line of them."""

Keys = Sequence[ast.Name | ast.Member]


def is_stream(ctx: Context, written: ast.Value) -> bool:
    """Tell whether an expression stands for a stream: it says so, or is made of names that do."""
    # `a + b` is a union if `a` is a stream and a sum if it is not. Sums lean to the left.
    while isinstance(written, ast.Arithmetic) and written.operator in "+-":
        written = written.left
    if isinstance(written, ast.Name):
        return not isinstance(ctx.names.get(written.ident), ConstantName | ScalarName | InputName)
    return isinstance(written, ast.StreamForm) or (
        isinstance(written, ast.Call) and written.function.ident.casefold() == "unique"
    )


def stream(ctx: Context, written: ast.Value, target: Entry | None = None) -> Flow | None:  # noqa: C901, PLR0911, PLR0912  # a case a form
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
        case ast.Join(inputs):
            parts = named_parts(ctx, inputs, [stream(ctx, each) for each in inputs])
            return join(ctx, parts, written, target, _optional(written)) if parts else None
        case ast.Group(inputs):
            return _group(ctx, [(stream(ctx, each), each) for each in inputs], written, target)
        case ast.Select(source):
            flow = stream(ctx, source) if source else None
            return select(ctx, flow, written, target) if flow else None
        case ast.By():
            return _by(ctx, written)
        case ast.Sequence():
            return _sequence(ctx, written)
        case ast.Sort(source) | ast.Head(_, source) | ast.Tail(_, source) | ast.Unique(source):
            flow = stream(ctx, source) if source else None
            return ordered(ctx, flow, written) if flow else None
        case ast.Together(parts):
            named = named_parts(ctx, parts, [stream(ctx, part) for part in parts])
            return together(ctx, written, named) if named else None
        case ast.Tree(kin, source):
            flow = stream(ctx, source) if source else None
            return related(ctx, flow, kin, written.span) if flow else None
        case ast.RunAnalytic():
            return _run(ctx, written)
        case ast.Pipe():
            return _pipe(ctx, written, target)
        case ast.Arithmetic("+", left, right):
            a, b = stream(ctx, left), stream(ctx, right)
            return union(ctx, (a, left), (b, right), written.span) if a and b else None
        case ast.Arithmetic("-", left, right):
            return _difference(ctx, left, right, (), written.span)
        case ast.Call(function, (ast.Member(ast.Name() as base, name),)) if is_stream(ctx, written):
            ctx.symbols.use(ctx.symbols.shared(SymbolKind.FUNCTION, "unique"), function)
            flow = stream(ctx, base)
            return unique(ctx, flow, name, written.span) if flow else None
        case _:
            ctx.add(ctx.report(codes.WRONG_NAME_KIND, "a stream is expected here", written.span))
            return None


# ---- names -----------------------------------------------------------------------------------------------------------


def _reference(ctx: Context, name: ast.Name) -> Flow | None:
    """Return the stream that a name stands for, or None after reporting that it stands for none."""
    meaning = ctx.names.get(name.ident)
    if meaning is None:
        return _unknown(ctx, name)
    ctx.symbols.use(meaning.symbol, name)
    match meaning:
        case StreamName():
            ctx.used.add(meaning.stream.key)
            return replace(meaning.flow, names={name.ident: meaning.symbol})
        case BrokenName():
            return None
        case ConstantName() | ScalarName() | InputName():
            fault = ctx.report(codes.WRONG_NAME_KIND, f"`{name.ident}` is a value, not a stream", name.span)
            ctx.add(fault.pointing_to(meaning.span, "bound here") if meaning.span else fault)
            return None
        case _:
            assert_never(meaning)


def _unknown(ctx: Context, name: ast.Name) -> Flow | None:
    """Report a stream that is not there; the one probably meant stands in for it, to check the rest against."""
    fault = ctx.report(codes.UNKNOWN_STREAM, f"there is no stream `{name.ident}`", name.span)
    known = list(ctx.streams()) if not ctx.has_suggested_enough else []
    nearest = ctx.nearest(name.ident, known)
    sure = unmistakable(name.ident, known) or lone_stream(ctx, name, output=False)
    # With a stand-in the statements below are checked against fields that are probably meant, and say nothing twice.
    if near := sure or nearest:
        ctx.add(fault.with_label(f"did you mean `{near}`?").repaired_by(near, certain=near == sure))
        return _reference(ctx, ast.Name(near, name.span))
    # A table or a category of another language, `DeviceProcessEvents | filter …`; here a search gives its events.
    if (searched := event_class(name.ident)) and not ctx.model.object(name.ident):
        before = ctx.source.text[ctx.source.text.rfind("\n", 0, name.span.start) + 1 : name.span.start].rstrip()
        meant = f"(search {searched})" if before and not before.endswith("=") else f"search {searched}"
        ctx.add(fault.with_label(f"`search {searched}` here").repaired_by(meant, certain=False))
        return None
    listed = [f"`{stream}`" for stream in islice(ctx.streams(), _LISTED)]
    if listed:
        fault = fault.with_note(f"streams here: {', '.join(listed)}")
    elif ctx.model.object(name.ident):
        fault = fault.with_help(f"`search {name.ident}` gives the events of the object")
    ctx.add(fault)
    return None


def _run(ctx: Context, written: ast.RunAnalytic) -> Flow | None:
    """Return the first output of another analytic, which has been resolved before this program."""
    wanted = written.id.ident
    if written.kind.ident.casefold() != "analytic":
        fault = ctx.report(codes.SYNTAX, f"`{written.kind.ident}` cannot be run", written.kind.span)
        ctx.add(fault.with_help(f"`run Analytic:{wanted}`").repaired_by("Analytic"))
        return None
    ctx.symbols.use(ctx.symbols.shared(SymbolKind.ANALYTIC, wanted), written.id)
    if way := ctx.cycles.get(wanted.casefold()):
        ctx.add(ctx.report(codes.ANALYTIC_CYCLE, f"the analytics run one another: {way}", written.span))
        return None
    output = ctx.analytics.get(wanted.casefold())
    if output is None:
        fault = ctx.report(codes.UNKNOWN_ANALYTIC, f"there is no analytic `{wanted}`", written.id.span)
        ctx.add(fault.with_help("it is looked for beside the file, on the search path and in the catalogue"))
        return None
    # Also where it has errors: its inputs are this program's, whether or not it can be run.
    ctx.inherit(output)
    if output.flow is None:
        fault = ctx.report(codes.UNKNOWN_ANALYTIC, f"`{wanted}` has errors and cannot be run", written.id.span)
        if cause := output.fault:
            at = cause.location
            fault = fault.with_note(f"{at.file}:{at.line}:{at.column}: {cause.code.name}: {cause.message}")
        ctx.add(fault)
        return None
    flow = output.flow
    return Flow(flow.stream, flow.owners, written.span, entries=flow.entries, members=flow.members)


# ---- searches --------------------------------------------------------------------------------------------------------


def _search(ctx: Context, search: ast.Search, target: Entry | None) -> Flow | None:
    """Return the events that a search asks for, or None where no object of it is known.

    An unknown object or action is reported; what was probably meant stands in for it, so that the rest of the program
    can be checked against its fields.
    """
    for conjunction in search.conjunctions:
        fault = ctx.report(codes.EVENTS_AND, "no event is of two classes at once; read as `or`", conjunction)
        ctx.add(fault.repaired_by("or"))
    known = [(written, _event_class(ctx, written)) for written in search.classes]
    classes = [each for _, each in known if each is not None]
    if not classes:
        return None
    actions: dict[str, dict[str, None]] = {}
    objects: dict[str, Object] = {}
    for owner, asked in classes:
        objects[owner.name] = owner
        actions.setdefault(owner.name, {}).update(dict.fromkeys(action.name for action in asked))
    span = Span(search.span.start, search.classes[-1].span.end)
    whole = {each[0].name for written, each in known if each is not None and not written.actions}
    sets = tuple(EventSet(name, tuple(names), name in whole, span=span) for name, names in actions.items())
    events = Events(sets, _columns(objects.values()), span=span)
    flow = Flow(events, {"": tuple(objects.values())}, span)
    return flow if search.condition is None else _filtered(ctx, flow, search.condition, target, search.span)


def _event_class(ctx: Context, written: ast.EventClass) -> tuple[Object, tuple[Action, ...]] | None:
    name = written.object
    owner = ctx.model.object(name.ident)
    if owner is None:
        return _unknown_object(ctx, written)
    ctx.symbols.use(ctx.symbols.shared(SymbolKind.OBJECT, owner.name), name)
    # `search Process` and `search Process:*` are every action.
    if not written.actions:
        return owner, owner.actions
    asked = [action for word in written.actions for action in _actions(ctx, owner, word)]
    return owner, tuple(asked) or owner.actions


def _unknown_object(ctx: Context, written: ast.EventClass) -> tuple[Object, tuple[Action, ...]] | None:
    """Report an object that is not there; the one probably meant stands in for it, to check the rest against."""
    name = written.object
    fault = ctx.report(codes.UNKNOWN_OBJECT, f"the data model has no object `{name.ident}`", name.span)
    class_ = f"{name.ident}:{written.actions[0].ident}" if len(written.actions) == 1 else ""
    if searched := (event_class(class_) if class_ else None) or event_class(name.ident):
        object_name, _, action = searched.partition(":")
        # Its actions are kept, unless they are of the name that was replaced.
        whole = not written.actions or event_class(class_) == searched
        text, span = (searched, written.span) if whole else (object_name, name.span)
        ctx.add(fault.with_label(f"`{text}` here").repaired_by(text, span, certain=False))
        owner = ctx.model.object(object_name)
        if owner is None:
            return None
        if whole:
            meant = owner.action(action) if action else None
            return owner, (meant,) if meant else owner.actions
        return owner, tuple(a for word in written.actions for a in _actions(ctx, owner, word)) or owner.actions
    near = ctx.nearest(name.ident, [o.title for o in ctx.model.objects.values()])
    if near is None:
        ctx.add(fault.with_note(f"its objects are {', '.join(ctx.model.objects)}"))
        return None
    ctx.add(fault.with_label(f"did you mean `{near}`?").repaired_by(near.replace(" ", "_"), certain=False))
    owner = ctx.model.object(near)
    return (owner, owner.actions) if owner else None


def _actions(ctx: Context, owner: Object, name: ast.Name) -> tuple[Action, ...]:
    if action := owner.action(name.ident):
        ctx.symbols.use(ctx.symbols.shared(SymbolKind.ACTION, action.name, within=owner.name), name)
        return (action,)
    if actions := owner.actions_by_alias(name.ident):
        names = " and ".join(f"`{action.name}`" for action in actions)
        fault = ctx.report(codes.CLASS_ALIAS, f"{owner.title} calls `{name.ident}` {names}", name.span)
        written = ",".join(action.name for action in actions)
        ctx.add(fault.repaired_by(written))
        ctx.symbols.use(ctx.symbols.shared(SymbolKind.ACTION, written, within=owner.name), name)
        return actions
    fault = ctx.report(codes.UNKNOWN_ACTION, f"{owner.title} has no action `{name.ident}`", name.span)
    known = [action.name for action in owner.actions]
    searched = event_class(f"{owner.name}:{name.ident}") or event_class(name.ident) or ""
    called = searched.partition(":")[2] if ctx.model.object(searched.partition(":")[0]) is owner else ""
    if called and (action := owner.action(called)):
        ctx.add(fault.with_label(f"`{action.name}` here").repaired_by(action.name, certain=False))
        return (action,)
    if near := ctx.nearest(name.ident, known):
        fault = fault.with_label(f"did you mean `{near}`?").repaired_by(near, certain=False)
    ctx.add(fault.with_note(f"its actions are {', '.join(known)}"))
    return ()


def _columns(objects: Collection[Object]) -> tuple[Column, ...]:
    if len(objects) == 1:
        return next(iter(objects)).columns
    columns: dict[str, Column] = {}
    for owner in objects:
        for each in owner.columns:
            columns.setdefault(each.name, each)
    return tuple(columns.values())


# ---- filters ---------------------------------------------------------------------------------------------------------


def _filter(ctx: Context, written: ast.Filter, target: Entry | None) -> Flow | None:
    if written.input is not None:
        flow = stream(ctx, written.input)
        return _filtered(ctx, flow, written.condition, target, written.span) if flow else None
    # `p = filter (c)` filters the `p` above, with a warning; a stage of a pipe without an input is taken in `_stage`.
    keyword = Span(written.span.start, written.span.start + len("filter"))
    if target is None or target.name not in ctx.names:
        fault = ctx.report(codes.UNKNOWN_STREAM, "this filter has no stream to filter", keyword)
        ctx.add(fault.with_help("name one: `filter process where (…)`"))
        return None
    name = target.name
    fault = ctx.report(codes.IMPLICIT_INPUT, f"filters `{name}`, the stream of the same name", keyword)
    insertion = Span(keyword.end, keyword.end)
    ctx.add(fault.with_help(f"write `filter {name} where`").repaired_by(f" {name}", insertion))
    source = _reference(ctx, ast.Name(name, keyword))
    return _filtered(ctx, source, written.condition, target, written.span) if source else None


def _filtered(ctx: Context, flow: Flow, written: ast.Expr, target: Entry | None, span: Span) -> Flow:
    """Return the rows, or groups, for which a condition holds; where it is faulty, the stream itself, to go on with."""
    # Under a name a group is a group still, as long as nothing has been selected from it.
    if grouped := underlying_group(flow.stream):
        return filter_groups(ctx, flow, grouped, written, target)
    # Of groups that have been sorted or cut, an aggregate would be taken for one of each group's rows.
    rows = None if ordered_group(ctx, flow.stream) else flow.stream
    test = condition(ctx, replace(flow.row(target), stream=rows), written)
    return flow.over(Filtered(flow.stream, test, flow.stream.columns, span=span)) if test else flow


# ---- streams of streams ----------------------------------------------------------------------------------------------


def _group(
    ctx: Context, inputs: Sequence[tuple[Flow | None, ast.Stream]], written: ast.Group, target: Entry | None
) -> Flow | None:
    in_time = period(ctx, written.period) if written.period else None
    valid = [(flow, each) for flow, each in inputs if flow is not None]
    if len(valid) < len(inputs):
        return None
    if isinstance(in_time, Windows) and written.period and not written.having:
        fault = ctx.report(codes.ALWAYS_TRUE, "every window counts: nothing is asked of it", written.period.span)
        fault = fault.with_label("as `within`, but for events without a time")
        ctx.add(fault.with_help("say which windows count: `having (count() >= 5) within any …`"))
    flow = group(ctx, valid, written.keys, in_time, written.span)
    return having(ctx, flow, written.having, target) if flow and written.having else flow


def _by(ctx: Context, written: ast.By) -> Flow | None:
    match written.value:
        case ast.Arithmetic("-", left, right):
            if written.every is not None:
                fault = ctx.report(codes.SYNTAX, "a difference has no intervals", written.every.span)
                ctx.add(fault.with_help("name it, and count it: `d = a - b by f`, `count(d) every 1 hour`"))
            return _difference(ctx, left, right, written.keys, written.span)
        case ast.Call(_, (argument,)) as call:
            # `count(s) by f` and `max(s.pid) by f`: the stream is what the path begins with.
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


def _difference(ctx: Context, left: ast.Expr, right: ast.Expr, keys: Keys, span: Span) -> Flow | None:
    a, b = stream(ctx, left), stream(ctx, right)
    return difference(ctx, (a, left), (b, right), keys, span) if a and b else None


def _sequence(ctx: Context, written: ast.Sequence) -> Flow | None:
    flows = [stream(ctx, step.stream) for step in written.steps]
    until = stream(ctx, written.until) if written.until else None
    faulty_end = written.until is not None and until is None
    return sequence(ctx, written, flows, until) if not faulty_end else None


# ---- pipes -----------------------------------------------------------------------------------------------------------


def _pipe(ctx: Context, pipe: ast.Pipe, target: Entry | None) -> Flow | None:
    flow = stream(ctx, pipe.head, target)
    for stage in pipe.stages:
        if flow is None:
            return None
        flow = _stage(ctx, flow, stage, pipe, target)
    return flow


def _stage(ctx: Context, flow: Flow, stage: ast.Stage, pipe: ast.Pipe, target: Entry | None) -> Flow | None:
    match stage:
        case ast.Filter(None, test):
            return _filtered(ctx, flow, test, target, stage.span)
        case ast.Sort(None) | ast.Head(_, None) | ast.Tail(_, None) | ast.Unique(None):
            return ordered(ctx, flow, stage)
        case ast.Filter(second) | ast.Sort(second) | ast.Head(_, second) | ast.Tail(_, second) | ast.Unique(second):
            second_input = second.span if second else stage.span
            fault = ctx.report(codes.SYNTAX, "a stage of a pipe takes its rows from the stage before it", second_input)
            ctx.add(fault.with_label("a second input"))
            return None
        case ast.Group():
            return _group(ctx, [(flow, pipe.head)], stage, target)
        case ast.Select():
            return select(ctx, flow, stage, target)
        case ast.By(_, keys):
            return count_by(ctx, flow, None, keys, stage)
        case ast.Join():
            return _join_stage(ctx, flow, stage, target)
        case ast.Tree(kin):
            return related(ctx, flow, kin, stage.span)
        case _:
            assert_never(stage)


def _join_stage(ctx: Context, flow: Flow, stage: ast.Join, target: Entry | None) -> Flow | None:
    if len(flow.names) != 1:
        fault = ctx.report(codes.UNNAMED_PART, "the stage before this join has no name of its own", stage.span)
        ctx.add(fault.with_help("bind it first: `name = …`, then `join name, other where (…)`"))
        return None
    # The stage before it is the first part, under its name; that name is not written in this stage.
    first = ast.Name(next(iter(flow.names)), stage.span)
    parts = named_parts(ctx, (first, *stage.inputs), [flow, *(stream(ctx, each) for each in stage.inputs)])
    return join(ctx, parts, stage, target, _optional(stage)) if parts else None


def _optional(written: ast.Join) -> frozenset[str]:
    """Return the names of the optional parts of a join."""
    named = ((index, each) for index, each in enumerate(written.inputs) if isinstance(each, ast.Name))
    return frozenset(each.ident for index, each in named if index in written.optional)
