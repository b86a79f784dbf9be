"""Sequences: their steps, what each may ask of those before it, their keys and their length.

A sequence is a join in order: it has parts under their names, and columns `part.column`. An absent step is no part of a
row; its events are looked for, and its condition may ask for them, but nothing behind it can.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from carlang.diagnostics import codes
from carlang.model.types import TIME, Column
from carlang.resolve.bound import (
    FIRST_TIME,
    BoundExpr,
    Derived,
    FieldRef,
    Filtered,
    ProcessField,
    Sequenced,
    Step,
    renamed,
    rewritten,
    row_fields,
)
from carlang.resolve.bound import walk as expression_nodes
from carlang.resolve.conditions import condition
from carlang.resolve.joins import (
    NamedFlow,
    broken_of,
    common_keys,
    duration,
    has_events,
    named_parts,
    owners_of,
    part_columns,
    part_entries,
    too_wide,
)
from carlang.resolve.scope import Context, Entries, Flow, Row, column_types
from carlang.resolve.symbols import SymbolKind
from carlang.syntax import ast, walk

MOST_STEPS = 100
"""How many steps a sequence may have, a repeated one as many as it is repeated: each is a stage of the query."""


@dataclass(frozen=True, slots=True)
class _Part:
    """A step with its stream, which stands under a name."""

    written: ast.Step
    name: ast.Name
    flow: Flow
    times: int
    entries: Entries
    """The symbols of its columns and of the part, one each for all conditions and for the rows."""

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns of the step in a row, behind its name."""
        columns = part_columns([(self.name, self.flow)])
        if self.written.times is None or self.written.absent:
            return columns
        first = Column(f"{self.name.ident}.{FIRST_TIME}", TIME)
        return (*(c for c in columns if c.name.casefold() != first.name.casefold()), first)


def sequence(ctx: Context, written: ast.Sequence, flows: Sequence[Flow | None], until: Flow | None) -> Flow | None:
    """Return the sequence of streams, `flows`, under their names; `until` is the one that ends its runs."""
    steps = _parts(ctx, written, flows)
    if steps is None or too_wide(ctx, [(part.name, part.flow) for part in steps], written.span):
        return None
    # All of these are looked at before any fault ends it, so that every fault is reported.
    _check_shape(ctx, written, steps)
    streams = [part.flow for part in steps] + ([until] if until else [])
    keys = common_keys(ctx, written.keys, streams)
    within = duration(ctx, written.within) if written.within else None
    timed = [has_events(ctx, part.name.span, part.flow) for part in steps]
    if written.until is not None and until is not None:
        timed.append(has_events(ctx, written.until.span, until))
    bound = _with_processes([_step(ctx, steps, index) for index in range(len(steps))])
    # Where one of these is faulty its parts are known all the same.
    barrier = until.stream if until and all(timed) else None
    present = [part for part in steps if not part.written.absent] or steps
    columns = tuple(column for part in present for column in part.columns)
    parts = _named(present)
    stream = Sequenced(bound, keys or (), within, barrier, columns, span=written.span)
    broken = broken_of(flow for _, flow in parts)
    return Flow(stream, owners_of(parts), parts[0][1].origin, entries=_entries(present), broken=broken)


def _named(parts: Iterable[_Part]) -> list[NamedFlow]:
    return [(part.name, part.flow) for part in parts]


def _parts(ctx: Context, written: ast.Sequence, flows: Sequence[Flow | None]) -> list[_Part] | None:
    """Return the steps with their streams, or None after reporting those without a name of their own.

    Nothing of an absent step is in a row, so it may have the name of another step.
    """
    present = [(step.stream, flow) for step, flow in zip(written.steps, flows, strict=True) if not step.absent]
    absent = [(step.stream, flow) for step, flow in zip(written.steps, flows, strict=True) if step.absent]
    found = named_parts(ctx, [stream for stream, _ in present], [flow for _, flow in present])
    alone = [named_parts(ctx, [stream], [flow]) for stream, flow in absent]
    if found is None or not all(alone):
        return None
    steps: list[_Part] = []
    for step, flow in zip(written.steps, flows, strict=True):
        if isinstance(step.stream, ast.Name) and flow is not None:
            entries = dict(part_entries(ctx, [(step.stream, flow)]))
            if step.times and not step.absent:
                first = f"{step.stream.ident}.{FIRST_TIME}"
                entries[first] = ctx.symbols.entry(SymbolKind.COLUMN, FIRST_TIME, TIME)
            steps.append(_Part(step, step.stream, flow, _times(ctx, step), entries))
    return steps


def _times(ctx: Context, step: ast.Step) -> int:
    if step.times is None:
        return 1
    if step.absent:
        fault = ctx.report(codes.BAD_STEP, "an absent step comes no number of times", step.times.span)
        ctx.add(fault.with_help("leave the number out: `no` asks that none comes"))
        return 1
    times = step.times.value
    if not isinstance(times, int) or not 1 <= times <= MOST_STEPS:
        fault = ctx.report(codes.BAD_STEP, f"a step comes once to {MOST_STEPS} times in a row", step.times.span)
        ctx.add(fault.with_help("many events of one kind are a burst: `group s having (count() >= 200) within any …`"))
        return 1
    return times


def _check_shape(ctx: Context, written: ast.Sequence, steps: Sequence[_Part]) -> None:
    """Report what is no sequence: too few or too many steps, none that is there, an absence that nothing ends."""
    present = [part for part in steps if not part.written.absent]
    if len(steps) < 2:  # noqa: PLR2004  # one event has no order
        fault = ctx.report(codes.BAD_STEP, "a sequence has two steps at least", written.span)
        if steps[0].written.times:
            fault = fault.with_help(
                "several events of one kind are a burst: `group s having (count() >= 3) within any …`"
            )
        ctx.add(fault)
    elif not present:
        fault = ctx.report(codes.BAD_STEP, "a sequence without a step that is there has no rows", written.span)
        ctx.add(fault.with_help("one step at least stands without `no`"))
    elif sum(part.times for part in steps) > MOST_STEPS:
        message = f"a sequence has {MOST_STEPS} steps at most, a repeated one counted as often as it comes"
        ctx.add(ctx.report(codes.BAD_STEP, message, written.span))
    elif steps[-1].written.absent and written.within is None:
        last = steps[-1].written.span
        fault = ctx.report(codes.BAD_STEP, "nothing says how long the last step has to be absent", last)
        ctx.add(
            fault.with_help("bound the sequence, `sequence (a, no b) within 5 minutes`, or end it with another step")
        )


# ---- conditions ------------------------------------------------------------------------------------------------------


def _step(ctx: Context, steps: Sequence[_Part], index: int) -> Step:
    """Return a step with its condition; one that asks for the step's own events alone filters its stream."""
    part = steps[index]
    name, written = part.name.ident, part.written
    repeated = written.times is not None and not written.absent
    plain = Step(
        name,
        part.flow.stream,
        absent=written.absent,
        times=part.times,
        is_repeated=repeated,
        span=part.name.span,
    )
    if written.condition is None or not _sees_its_parts(ctx, steps, index):
        return plain
    visible = _visible(steps, index)
    test = condition(ctx, _row(part, visible), written.condition)
    if test is None:
        return plain
    own = {f"{name}.{column.name}": column.name for column in part.flow.stream.columns}
    asked = row_fields(test)
    if own.keys() >= asked and (written.times is None or f"{name}.{FIRST_TIME}" not in asked):
        stream = part.flow.stream
        return replace(plain, stream=Filtered(stream, renamed(test, own), stream.columns, span=written.span))
    return replace(plain, condition=test)


def _with_processes(steps: Sequence[Step]) -> tuple[Step, ...]:
    """Make what conditions ask of the processes behind events columns of these, by which runs are told apart.

    No program can name these columns.
    """
    conditions = [step.condition for step in steps if step.condition]
    asked = list(dict.fromkeys(n for test in conditions for n in expression_nodes(test) if isinstance(n, ProcessField)))
    columns = {each: Column(f"#process {index}", each.type) for index, each in enumerate(asked)}
    changed: list[Step] = []
    for step in steps:
        stream, own = step.stream, {f"{step.name}.{c.name}": c.name for c in step.stream.columns}
        for each, column in columns.items():
            if all(ref.column in own for ref in each.identity.fields):
                stream = Derived(stream, column, renamed(each, own), (*stream.columns, column), span=step.span)
        changed.append(replace(step, stream=stream))

    def as_columns(step: Step, test: BoundExpr) -> BoundExpr:
        def change(node: BoundExpr) -> BoundExpr | None:
            if not isinstance(node, ProcessField):
                return None
            parts = (step, *(other for other in changed if not other.absent))
            owner = next(p for p in parts if all(r.column.startswith(f"{p.name}.") for r in node.identity.fields))
            return FieldRef(f"{owner.name}.{columns[node].name}", node.type, span=node.span)

        return rewritten(test, change)

    return tuple(replace(s, condition=as_columns(s, s.condition)) if s.condition and columns else s for s in changed)


def _visible(steps: Sequence[_Part], index: int) -> list[_Part]:
    """Return the steps that the condition of one may ask for: those before it that are there.

    Before the first of those there are none: there it is the first.
    """
    before = [part for part in steps[:index] if not part.written.absent]
    return before or [part for part in steps if not part.written.absent and steps[index].written.absent][:1]


def _row(part: _Part, others: Sequence[_Part]) -> Row:
    """Return what the condition of a step may ask for: its own event, also by bare names, and those of other steps."""
    steps = [*others, part]
    parts = _named(steps)
    return Row(
        column_types(column for each in steps for column in each.columns),
        owners_of(parts),
        title=part.flow.row().title,
        origin=part.flow.origin,
        entries=_entries(steps),
        broken=broken_of(flow for _, flow in parts),
        own=f"{part.name.ident}.",
    )


def _entries(steps: Iterable[_Part]) -> Entries:
    return {name: entry for step in steps for name, entry in step.entries.items()}


def _sees_its_parts(ctx: Context, steps: Sequence[_Part], index: int) -> bool:
    """Report names in a condition that it cannot ask for: of later steps, of absent ones, of two steps at once."""
    part = steps[index]
    name, test = part.name.ident, part.written.condition
    visible = {each.name.ident for each in _visible(steps, index)}
    if test is None:
        return True
    if name in visible:
        fault = ctx.report(
            codes.BAD_STEP, f"`{name}` is two steps here, and a condition cannot tell which", part.name.span
        )
        ctx.add(fault.with_help(f"give one a second name: `other = {name}`"))
        return False
    hidden = {
        each.name.ident: each.written.absent for each in reversed(steps) if each.name.ident not in {*visible, name}
    }
    faults = [n.base for n in walk(test) if isinstance(n, ast.Member) and isinstance(n.base, ast.Name)]
    faults = [base for base in faults if base.ident in hidden]
    for base in faults:
        if hidden[base.ident]:
            fault = ctx.report(codes.BAD_STEP, f"`{base.ident}` is absent, so it has no fields here", base.span)
            ctx.add(fault.with_help(f"what `{base.ident}` must not have in common is said in its own condition"))
        else:
            fault = ctx.report(codes.BAD_STEP, f"`{base.ident}` comes after `{name}`", base.span)
            ctx.add(fault.with_help(f"a condition asks for its step and those before it; put it behind `{base.ident}`"))
    return not faults
