"""Remarks on times in joins that are held together on one side only.

`b.time < a.time + 1 minute` says that b is not much later than a. That it may be any time earlier, by a year, is hardly
ever meant: each pair of times that has a bound above zero for how much later one is needs one for how much earlier.
Every comparison of two times of a join, with spans of time added on either side, is such a bound: `x - y < span`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from carlang.diagnostics import Diagnostic, codes
from carlang.model.types import Kind
from carlang.resolve.bound import (
    AllOf,
    Arith,
    BoundExpr,
    BoundOutput,
    BoundStream,
    Compare,
    Const,
    Derived,
    FieldRef,
    Filtered,
    Joined,
    NamedStream,
    streams_below,
    walk,
)
from carlang.resolve.scope import Context
from carlang.source import Span

_SOME_SPAN = 1
"""What a span of time counts for whose length is not known before a run: it is taken to be above zero."""


@dataclass(frozen=True, slots=True)
class _Bound:
    """That `later` is less than `span` microseconds after `earlier`; both are columns of a join."""

    later: FieldRef
    earlier: FieldRef
    span: int
    test: Compare

    @property
    def pair(self) -> tuple[str, str]:
        """The columns, the later one first."""
        return self.later.column, self.earlier.column


def unbounded_times(ctx: Context, outputs: tuple[BoundOutput, ...]) -> Iterator[Diagnostic]:
    """Yield a remark for each time in a join that may be any time before another one, and not any time behind it."""
    streams = {id(node): node for output in outputs for node in streams_below(output.stream)}
    conditions: dict[int, list[BoundExpr]] = {}
    joins: dict[int, Joined] = {}
    for node in streams.values():  # inputs first
        join = node if isinstance(node, Joined) else joins.get(id(_filtered_from(node)))
        if join is None:
            continue
        joins[id(node)] = join
        if isinstance(node, Joined | Filtered):
            conditions.setdefault(id(join), []).append(node.condition)
    for of_join in conditions.values():
        yield from _unbounded(ctx, of_join)


def _unbounded(ctx: Context, conditions: Sequence[BoundExpr]) -> Iterator[Diagnostic]:
    """Yield the remarks on the conditions of one join, and of filters of it."""
    certain = [b for condition in conditions for test in _conjuncts(condition) for b in _bounds(test)]
    # What is said beside an `or`, or negated, may be a bound; who says it has thought of it.
    tests = {id(bound.test) for bound in certain}
    others = [b for c in conditions for test in walk(c) if id(test) not in tests for b in _bounds(test)]
    bounded = {bound.pair[::-1] for bound in certain}
    bounded |= {pair for bound in others for pair in (bound.pair, bound.pair[::-1])}
    for bound in certain:
        if bound.span > 0 and bound.pair not in bounded and (span := bound.test.span):
            bounded.add(bound.pair)  # said once of two times
            yield _remark(ctx, bound, span)


def _remark(ctx: Context, bound: _Bound, span: Span) -> Diagnostic:
    later, earlier = (_written(ctx, each) for each in (bound.later, bound.earlier))
    text = ctx.source.text[span.start : span.end]
    meant = f"{earlier} <= {text}" if bound.test.left == bound.later else f"{text} and {earlier} <= {later}"
    fault = ctx.report(codes.UNBOUNDED_TIME, f"`{later}` may be any time before `{earlier}`", span)
    fault = fault.with_label("a bound on one side").with_help(f"`{meant}` leaves out what came before")
    return fault.sketched_by(meant)


def _written(ctx: Context, field: FieldRef) -> str:
    return ctx.source.text[field.span.start : field.span.end] if field.span else field.column


def _filtered_from(stream: BoundStream) -> BoundStream | None:
    """Return the stream below a filter, a name or a derived field; steps of a sequence are in order anyway."""
    match stream:
        case Filtered(input=below) | NamedStream(stream=below) | Derived(input=below):
            return below
        case _:
            return None


def _conjuncts(condition: BoundExpr) -> Iterator[BoundExpr]:
    if isinstance(condition, AllOf):
        for inner in condition.conditions:
            yield from _conjuncts(inner)
    else:
        yield condition


def _bounds(test: BoundExpr) -> Iterator[_Bound]:
    """Yield what a comparison says of how far two times of different parts are apart: equality says it both ways."""
    if not isinstance(test, Compare):
        return
    left, right = _sum(test.left), _sum(test.right)
    if left is None or right is None:
        return
    added = [*left.added, *right.taken]
    taken = [*left.taken, *right.added]
    if len(added) != 1 or len(taken) != 1 or _part(added[0]) == _part(taken[0]):
        return
    span = right.span - left.span
    if test.operator in ("<", "<=", "=="):
        yield _Bound(added[0], taken[0], span, test)
    if test.operator in (">", ">=", "=="):
        yield _Bound(taken[0], added[0], -span, test)


def _part(field: FieldRef) -> str:
    return field.column.partition(".")[0]


@dataclass(frozen=True, slots=True)
class _Sum:
    """Times that are added, times that are taken off, and a span in microseconds."""

    added: tuple[FieldRef, ...] = ()
    taken: tuple[FieldRef, ...] = ()
    span: int = 0


def _sum(value: BoundExpr) -> _Sum | None:
    """Return times and spans of time that are added up, or None where a value is not made of these alone."""
    match value:
        case FieldRef() if value.type.kind is Kind.TIME:
            return _Sum((value,))
        case Const(int(span)) if value.type.kind is Kind.DURATION:
            return _Sum(span=span)
        case Arith("+" | "-" as operator, left, right):
            first, second = _sum(left), _sum(right)
            if first is None or second is None:
                return None
            if operator == "+":
                return _Sum(first.added + second.added, first.taken + second.taken, first.span + second.span)
            return _Sum(first.added + second.taken, first.taken + second.added, first.span - second.span)
        case _ if value.type.kind is Kind.DURATION and not any(isinstance(part, FieldRef) for part in walk(value)):
            return _Sum(span=_SOME_SPAN)
        case _:
            return None
