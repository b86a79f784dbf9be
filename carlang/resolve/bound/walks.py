"""Ways through the bound tree: what a node is made of, and all that stands below it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import fields, replace
from typing import Any, assert_never

from carlang.resolve.bound.expressions import (
    Affix,
    Aggregate,
    AllOf,
    AnyOf,
    Apply,
    Arith,
    BoundExpr,
    Choice,
    Compare,
    Complement,
    Const,
    Contains,
    EachText,
    ElementOf,
    FieldRef,
    Identity,
    InBlock,
    InStream,
    Items,
    Matches,
    MemberRef,
    Now,
    OneOf,
    Param,
    Present,
    ProcessField,
    RegexTest,
    Scalar,
    SomeText,
    Truth,
)
from carlang.resolve.bound.streams import (
    Aggregated,
    BoundStream,
    Cut,
    Deduplicated,
    Derived,
    Difference,
    Distinct,
    Events,
    Filtered,
    Grouped,
    Intervals,
    Joined,
    NamedStream,
    Period,
    Projected,
    Related,
    Sequenced,
    Sessions,
    Sorted,
    Together,
    Union,
    Windows,
)


def inputs(stream: BoundStream) -> tuple[BoundStream, ...]:
    """Return the streams that a stream is made of, those that its expressions look at not among them."""
    match stream:
        case Events():
            return ()
        case Filtered(input=source) | Derived(input=source) | Projected(input=source) | Distinct(input=source):
            return (source,)
        case Sorted(input=source) | Cut(input=source) | Deduplicated(input=source):
            return (source,)
        case NamedStream(stream=source) | Aggregated(group=source):
            return (source,)
        case Grouped(inputs=sources):
            return sources
        case Joined(parts=joined) | Together(parts=joined):
            return tuple(part.stream for part in joined)
        case Union(left, right) | Difference(left, right):
            return (left, right)
        case Related(input=source, lives=lives):
            return (source, lives.starts, lives.ends)
        case Sequenced(steps=steps, until=barrier):
            return (*(step.stream for step in steps), *((barrier,) if barrier else ()))
        case _:
            assert_never(stream)


def expressions(stream: BoundStream) -> tuple[BoundExpr, ...]:
    """Return the expressions that a stream itself evaluates."""
    match stream:
        case Events() | NamedStream() | Union() | Difference() | Distinct() | Deduplicated():
            return ()
        case Sorted(keys=keys):
            return tuple(key.value for key in keys)
        case Cut(count=count):
            return (count,)
        case Filtered(condition=condition) | Joined(condition=condition):
            return (condition,)
        case Derived(value=value):
            return (value,)
        case Grouped(period=period, having=having):
            return (*having, *(_expressions_of(period) if period else ()))
        case Aggregated(items=items) | Projected(items=items):
            return tuple(item.value for item in items)
        case Related(identity=identity):
            return identity.fields
        case Sequenced(steps=steps, within=within):
            return (*(step.condition for step in steps if step.condition), *((within,) if within else ()))
        case Together(within=within):
            return (within,)
        case _:
            assert_never(stream)


def _expressions_of(period: Period) -> tuple[BoundExpr, ...]:
    match period:
        case Sessions(gap=length) | Intervals(length=length):
            return (length,)
        case Windows(length, conditions):
            return (*conditions, length)
        case _:
            assert_never(period)


def looked_at(stream: BoundStream) -> tuple[BoundStream, ...]:
    """Return the streams that the expressions of a stream look at."""
    streams: list[BoundStream] = []
    for expr in expressions(stream):
        for node in walk(expr):
            match node:
                case Scalar(stream=source) | InStream(stream=source):
                    streams.append(source)
                case ProcessField(lives=lives):
                    streams += (lives.starts, lives.ends)
                case _:
                    pass
    return tuple(streams)


def streams_below(stream: BoundStream) -> Iterator[BoundStream]:
    """Yield a stream and all streams that it is made of or looks at, each once, the inputs first."""
    # By identity: streams are shared, and comparing two of them would compare all that is below.
    seen: set[int] = set()
    # A stack of its own: a program of some hundred statements is a stream some hundred streams deep.
    todo: list[tuple[BoundStream, bool]] = [(stream, False)]
    while todo:
        node, ready = todo.pop()
        if ready:
            yield node
        elif id(node) not in seen:
            seen.add(id(node))
            todo.append((node, True))
            todo.extend((below, False) for below in reversed((*inputs(node), *looked_at(node))))


def is_sorted(stream: BoundStream) -> bool:
    """Tell whether a stream has an order of its own, other than that of results."""
    while True:
        match stream:
            case Sorted():
                return True
            case Filtered(input=source) | Derived(input=source) | Projected(input=source):
                stream = source
            case Cut(input=source) | Deduplicated(input=source) | NamedStream(stream=source):
                stream = source
            case _:
                return False


def extent(stream: BoundStream) -> tuple[int, int]:
    """Return how many stages without a name stand inside one another in a stream, and the highest level below them.

    A filter of a filter is no stage of its own: both become one query.
    """
    deepest, level = 0, 0
    todo = [(stream, 1)]
    while todo:
        node, depth = todo.pop()
        if isinstance(node, NamedStream):
            level = max(level, node.level)
            continue
        deepest = max(deepest, depth)
        for below in (*inputs(node), *looked_at(node)):
            merged = isinstance(node, Filtered) and isinstance(below, Filtered | Events)
            todo.append((below, depth + (not merged)))
    return deepest, level


def parts(expr: BoundExpr) -> tuple[BoundExpr, ...]:  # noqa: C901  # a case a node
    """Return the expressions that an expression is made of."""
    match expr:
        case FieldRef() | Const() | Now() | Param() | EachText():
            return ()
        # The most frequent ones first.
        case (
            Contains(container=a, item=b)
            | Affix(subject=a, affix=b)
            | Compare(left=a, right=b)
            | Arith(left=a, right=b)
        ):
            return (a, b)
        case AllOf(conditions=operands) | AnyOf(conditions=operands):
            return operands
        case ElementOf(items=inner):
            return (inner,)
        case Choice(conditions, values, otherwise):
            return (*conditions, *values, otherwise)
        case SomeText(values, test):
            return (*values, test)
        case MemberRef(record=inner) | Truth(operand=inner) | Present(operand=inner) | Complement(condition=inner):
            return (inner,)
        case Scalar(aggregate=inner):
            return (inner,)
        case ProcessField(identity=identity):
            return identity.fields
        case Items(items=operands) | Apply(arguments=operands) | Aggregate(arguments=operands):
            return operands
        # The value of the other side is of rows of the stream there.
        case InStream(subject=a):
            return (a,)
        case OneOf(subject=a) | Matches(subject=a) | RegexTest(subject=a) | InBlock(subject=a):
            return (a,)
        case _:
            assert_never(expr)


def renamed(expr: BoundExpr, names: Mapping[str, str]) -> BoundExpr:
    """Return an expression with other names for the columns of the row at hand."""
    return rewritten(
        expr,
        lambda node: replace(node, column=names.get(node.column, node.column)) if isinstance(node, FieldRef) else None,
    )


def rewritten(expr: BoundExpr, change: Callable[[BoundExpr], BoundExpr | None]) -> BoundExpr:
    """Return an expression with others in the place of what `change` gives one for; not inside other streams."""
    if (changed := change(expr)) is not None:
        return changed
    if isinstance(expr, Scalar):  # its columns are those of another stream
        return expr
    return replace(expr, **{field.name: _rewritten(getattr(expr, field.name), change) for field in fields(expr)})


def _rewritten(value: Any, change: Callable[[BoundExpr], BoundExpr | None]) -> Any:
    if isinstance(value, tuple):
        return tuple(_rewritten(each, change) for each in value)
    if isinstance(value, Identity):
        return replace(value, **{field.name: _rewritten(getattr(value, field.name), change) for field in fields(value)})
    return rewritten(value, change) if isinstance(value, BoundExpr) else value


_LEAVES: Collection[type] = frozenset({FieldRef, Const, Now, Param, EachText})


def walk(expr: BoundExpr) -> Iterator[BoundExpr]:
    """Yield an expression and all that it is made of."""
    todo = [expr]
    while todo:
        node = todo.pop()
        yield node
        if type(node) not in _LEAVES:  # two of three nodes; every program is walked some ten times
            todo.extend(parts(node))


def fields_of(expr: BoundExpr) -> frozenset[str]:
    """Return the names of the columns that an expression asks for by name, and not as one of all that are texts."""
    names: set[str] = set()
    todo = [expr]
    while todo:
        node = todo.pop()
        if isinstance(node, FieldRef):
            names.add(node.column)
        todo.extend((node.test,) if isinstance(node, SomeText) else parts(node))
    return frozenset(names)


def row_fields(expr: BoundExpr) -> frozenset[str]:
    """Return the names of the columns of the row at hand that an expression asks for, not those of other streams."""
    names: set[str] = set()
    todo = [expr]
    while todo:
        node = todo.pop()
        if isinstance(node, FieldRef):
            names.add(node.column)
        if not isinstance(node, Scalar):
            todo.extend(parts(node))
    return frozenset(names)
