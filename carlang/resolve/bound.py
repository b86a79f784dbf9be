"""The bound program: what a program means. Every name is a reference, every expression has a type.

This is the tree that `sql` lowers and that an evaluator of its own could interpret; it knows nothing of SQL.
Comparisons here have two values: where an operand is missing they are false, and `Complement` of them is true.

A node's span is the place that it was written at, in the text of the program that it was written in: nodes of an
analytic that this one runs point into that one's. A constant is written where its name stands. Spans take no part in
equality; a node that a program did not write, such as the condition of a join without one, has none.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import assert_never

from carlang.model.types import BOOLEAN, STRING, TIME, Column, Type
from carlang.source import Span

# ---- patterns --------------------------------------------------------------------------------------------------------


class Wildcard(Enum):
    """What a part of a pattern stands for when it is no text: a run of any characters, or exactly one."""

    RUN = "*"
    ONE = "?"


Pattern = tuple[str | Wildcard, ...]
"""Texts and wildcards in order; a text must be there, whatever its case."""


# ---- expressions -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FieldRef:
    """A column of the row at hand."""

    column: str
    type: Type
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class MemberRef:
    """A member of an open record; missing where the record lacks it."""

    record: BoundExpr
    member: str
    type: Type = STRING
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Const:
    """A literal value of its type: texts, numbers, truth values, UTC times, durations in microseconds, None."""

    value: str | int | float | bool | datetime | None
    type: Type
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Now:
    """The one instant of the run."""

    type: Type = TIME
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Items:
    """A list of values."""

    items: tuple[BoundExpr, ...]
    type: Type
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Arith:
    """Numbers, times and durations added, subtracted, multiplied, divided; missing where an operand is missing.

    Division gives a float; by zero, and the remainder of it, is missing.
    """

    operator: str
    left: BoundExpr
    right: BoundExpr
    type: Type
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Apply:
    """A function of the language applied to its arguments."""

    function: str
    arguments: tuple[BoundExpr, ...]
    type: Type
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Param:
    """The value given for an input of the program, as the type that its place asks for."""

    name: str
    type: Type
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Aggregate:
    """A function of many rows: of those of a group, or of a stream where `Scalar` holds it.

    Missing values do not count; of no values, counts are 0, `values`, `top` and `rare` empty lists, others missing.
    """

    function: str
    arguments: tuple[BoundExpr, ...]
    distinct: bool
    type: Type
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Scalar:
    """An aggregate over all rows of a stream: one value wherever it stands."""

    stream: BoundStream
    aggregate: Aggregate
    type: Type
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Truth:
    """A value of type boolean as a condition: false where it is missing."""

    operand: BoundExpr
    type: Type = BOOLEAN
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Compare:
    """`==`, `<`, `<=`, `>`, `>=` between values of comparable types; texts compare without case."""

    operator: str
    left: BoundExpr
    right: BoundExpr
    type: Type = BOOLEAN
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class OneOf:
    """Equality with any of some constants."""

    subject: BoundExpr
    values: tuple[Const, ...]
    type: Type = BOOLEAN
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Matches:
    """A text matches a pattern as a whole, without case."""

    subject: BoundExpr
    pattern: Pattern
    type: Type = BOOLEAN
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class RegexTest:
    """A regular expression in RE2 syntax is found somewhere in a text, without case."""

    subject: BoundExpr
    regex: str
    type: Type = BOOLEAN
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class InBlock:
    """An IP address lies in a block: `low <= address <= high`, as 128-bit numbers; IPv4 as `::ffff:a.b.c.d`."""

    subject: BoundExpr
    low: int
    high: int
    type: Type = BOOLEAN
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Contains:
    """A text contains another, or a list a value, without case."""

    container: BoundExpr
    item: BoundExpr
    type: Type = BOOLEAN
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Affix:
    """A text begins (`startswith`) or ends (`endswith`) with another, without case."""

    test: str
    subject: BoundExpr
    affix: BoundExpr
    type: Type = BOOLEAN
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Present:
    """A value is not missing."""

    operand: BoundExpr
    type: Type = BOOLEAN
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every condition holds; of none, true."""

    conditions: tuple[BoundExpr, ...]
    type: Type = BOOLEAN
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Some condition holds; of none, false."""

    conditions: tuple[BoundExpr, ...]
    type: Type = BOOLEAN
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Complement:
    """A condition does not hold."""

    condition: BoundExpr
    type: Type = BOOLEAN
    span: Span | None = field(default=None, compare=False, repr=False)


BoundExpr = (
    FieldRef
    | MemberRef
    | Const
    | Now
    | Items
    | Arith
    | Apply
    | Param
    | Aggregate
    | Scalar
    | Truth
    | Compare
    | OneOf
    | Matches
    | RegexTest
    | InBlock
    | Contains
    | Affix
    | Present
    | AllOf
    | AnyOf
    | Complement
)


# ---- streams ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class EventSet:
    """Events of one object: its name and the names of the actions, all of them where every action is meant.

    `whole` says that the program names the object and no action of it: rows are the same as if it named all of them.
    """

    object: str
    actions: tuple[str, ...]
    whole: bool = field(default=False, compare=False, repr=False)
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Events:
    """Events from the store; a column that the object of an event does not have is missing in it."""

    sets: tuple[EventSet, ...]
    columns: tuple[Column, ...]
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Filtered:
    """The rows of a stream for which a condition holds."""

    input: BoundStream
    condition: BoundExpr
    columns: tuple[Column, ...]
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Derived:
    """The rows of a stream with one more column, or another value in it."""

    input: BoundStream
    column: Column
    value: BoundExpr
    columns: tuple[Column, ...]
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class StreamPart:
    """A stream under the name that it has in a join or a sequence."""

    name: str
    stream: BoundStream
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Joined:
    """Every combination of rows of the parts for which a condition holds; columns are named `part.column`."""

    parts: tuple[StreamPart, ...]
    condition: BoundExpr
    columns: tuple[Column, ...]
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Grouped:
    """The rows of all inputs in groups of equal keys, texts without case, missing equal to missing.

    With a gap, a pause longer than it (in microseconds) between two rows of a group, in order of time, begins a new
    group; rows without a time are a group of their own. A row a group: the keys, of texts the first in order of
    characters, `count`, `first_time`, `last_time`. `having` are conditions on groups: fields are those of this row,
    aggregates are over the group's rows.
    """

    inputs: tuple[BoundStream, ...]
    keys: tuple[Column, ...]
    gap: BoundExpr | None
    having: tuple[BoundExpr, ...]
    columns: tuple[Column, ...]
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Item:
    """A column and what it holds."""

    column: Column
    value: BoundExpr
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Aggregated:
    """A row a group, with other columns than the group's own: expressions of those and of aggregates."""

    group: Grouped
    items: tuple[Item, ...]
    columns: tuple[Column, ...]
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Projected:
    """The rows of a stream with other columns: expressions of its own."""

    input: BoundStream
    items: tuple[Item, ...]
    columns: tuple[Column, ...]
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Union:
    """The rows of both streams; a column that one lacks is missing in its rows."""

    left: BoundStream
    right: BoundStream
    columns: tuple[Column, ...]
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Difference:
    """The rows of `left` to which no row of `right` is equal in the columns `on`, texts without case."""

    left: BoundStream
    right: BoundStream
    on: tuple[str, ...]
    columns: tuple[Column, ...]
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Distinct:
    """The values of a column, each once, without missing ones; of texts that differ in case the first in order."""

    input: BoundStream
    column: Column
    columns: tuple[Column, ...]
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Sequenced:
    """Runs of events, one of each step in order, strictly later each, with equal keys.

    Within a key, events are taken in order of time. An event of the first step begins a run and replaces one that has
    got no further; an event of a later step carries on the newest run that waits for it, which then waits no more,
    and replaces a run that has got as far as that; so each event is in one run at most. An event of `until` ends all
    runs of its key. `within` (microseconds) bounds the time from the first event to the last. Events without a time
    take no part. Columns are named `step.column`.
    """

    steps: tuple[StreamPart, ...]
    keys: tuple[str, ...]
    within: BoundExpr | None
    until: BoundStream | None
    columns: tuple[Column, ...]
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class NamedStream:
    """A stream that the program has given a name; `key` is unique, where names are shadowed `name` is not."""

    key: str
    name: str
    stream: BoundStream
    level: int = field(default=1, compare=False, repr=False, kw_only=True)
    """How many streams with names stand behind one another up to this one."""
    span: Span = field(compare=False, repr=False)

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns of the stream."""
        return self.stream.columns


BoundStream = (
    Events
    | Filtered
    | Derived
    | Joined
    | Grouped
    | Aggregated
    | Projected
    | Union
    | Difference
    | Distinct
    | Sequenced
    | NamedStream
)


@dataclass(frozen=True, slots=True)
class BoundOutput:
    """A result of the program: its name and its rows."""

    name: str
    stream: BoundStream
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class BoundInput:
    """A parameter of the program.

    `types` are those that its uses ask for, its declared one alone where there is one. Without a default a run must
    give a value.
    """

    name: str
    types: tuple[Type, ...]
    default: BoundExpr | None
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class BoundProgram:
    """The outputs of a program, in order, all streams it names, in the order of their statements, and its inputs."""

    outputs: tuple[BoundOutput, ...]
    named: tuple[NamedStream, ...]
    inputs: tuple[BoundInput, ...] = ()


# ---- walks -----------------------------------------------------------------------------------------------------------


def inputs(stream: BoundStream) -> tuple[BoundStream, ...]:
    """Return the streams that a stream is made of, those that its expressions look at not among them."""
    match stream:
        case Events():
            return ()
        case Filtered(input=source) | Derived(input=source) | Projected(input=source) | Distinct(input=source):
            return (source,)
        case NamedStream(stream=source) | Aggregated(group=source):
            return (source,)
        case Grouped(inputs=sources):
            return sources
        case Joined(parts=joined):
            return tuple(part.stream for part in joined)
        case Union(left, right) | Difference(left, right):
            return (left, right)
        case Sequenced(steps=steps, until=barrier):
            return (*(step.stream for step in steps), *((barrier,) if barrier else ()))
        case _:
            assert_never(stream)


def expressions(stream: BoundStream) -> tuple[BoundExpr, ...]:
    """Return the expressions that a stream itself evaluates."""
    match stream:
        case Events() | NamedStream() | Union() | Difference() | Distinct():
            return ()
        case Filtered(condition=condition) | Joined(condition=condition):
            return (condition,)
        case Derived(value=value):
            return (value,)
        case Grouped(gap=gap, having=having):
            return (*having, *((gap,) if gap else ()))
        case Aggregated(items=items) | Projected(items=items):
            return tuple(item.value for item in items)
        case Sequenced(within=within):
            return (within,) if within else ()
        case _:
            assert_never(stream)


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
            looked_at = [s.stream for e in expressions(node) for s in walk(e) if isinstance(s, Scalar)]
            todo.append((node, True))
            todo.extend((below, False) for below in reversed((*inputs(node), *looked_at)))


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
        looked_at = [s.stream for e in expressions(node) for s in walk(e) if isinstance(s, Scalar)]
        for below in (*inputs(node), *looked_at):
            merged = isinstance(node, Filtered) and isinstance(below, Filtered | Events)
            todo.append((below, depth + (not merged)))
    return deepest, level


def parts(expr: BoundExpr) -> tuple[BoundExpr, ...]:
    """Return the expressions that an expression is made of."""
    match expr:
        case FieldRef() | Const() | Now() | Param():
            return ()
        case MemberRef(record=inner) | Truth(operand=inner) | Present(operand=inner) | Complement(condition=inner):
            return (inner,)
        case Scalar(aggregate=inner):
            return (inner,)
        case Items(items=operands) | Apply(arguments=operands) | Aggregate(arguments=operands):
            return operands
        case AllOf(conditions=operands) | AnyOf(conditions=operands):
            return operands
        case Arith(left=a, right=b) | Compare(left=a, right=b) | Contains(container=a, item=b):
            return (a, b)
        case Affix(subject=a, affix=b):
            return (a, b)
        case OneOf(subject=a) | Matches(subject=a) | RegexTest(subject=a) | InBlock(subject=a):
            return (a,)
        case _:
            assert_never(expr)


def walk(expr: BoundExpr) -> Iterator[BoundExpr]:
    """Yield an expression and all that it is made of."""
    todo = [expr]
    while todo:
        node = todo.pop()
        yield node
        todo.extend(parts(node))


def fields_of(expr: BoundExpr) -> frozenset[str]:
    """Return the names of the columns that an expression asks for."""
    return frozenset(node.column for node in walk(expr) if isinstance(node, FieldRef))
