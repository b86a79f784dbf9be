"""The bound program: what a program means. Every name is a reference, every expression has a type.

This is the tree that `sql` lowers and that an evaluator of its own could interpret; it knows nothing of SQL.
Comparisons here have two values: where an operand is missing they are false, and `Not` of them is true.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from carlang.model.types import BOOLEAN, STRING, TIME, Column, Type
from carlang.source import Span

# ---- patterns --------------------------------------------------------------------------------------------------------


class Any(Enum):
    """What a part of a pattern stands for when it is no text: a run of any characters, or exactly one."""

    RUN = "*"
    ONE = "?"


Pattern = tuple[str | Any, ...]
"""Texts and wildcards in order; a text must be there, whatever its case."""


# ---- expressions -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FieldRef:
    """A column of the row at hand."""

    column: str
    type: Type


@dataclass(frozen=True, slots=True)
class MemberRef:
    """A member of an open record; missing where the record lacks it."""

    record: BoundExpr
    member: str
    type: Type = STRING


@dataclass(frozen=True, slots=True)
class Const:
    """A literal value of its type: texts, numbers, truth values, UTC times, durations in microseconds, None."""

    value: str | int | float | bool | datetime | None
    type: Type


@dataclass(frozen=True, slots=True)
class Now:
    """The one instant of the run."""

    type: Type = TIME


@dataclass(frozen=True, slots=True)
class Items:
    """A list of values."""

    items: tuple[BoundExpr, ...]
    type: Type


@dataclass(frozen=True, slots=True)
class Arith:
    """Numbers, times and durations added, subtracted, multiplied, divided; missing where an operand is missing.

    Division gives a float; by zero, and the remainder of it, is missing.
    """

    operator: str
    left: BoundExpr
    right: BoundExpr
    type: Type


@dataclass(frozen=True, slots=True)
class Apply:
    """A function of the language applied to its arguments."""

    function: str
    arguments: tuple[BoundExpr, ...]
    type: Type


@dataclass(frozen=True, slots=True)
class Truth:
    """A value of type boolean as a condition: false where it is missing."""

    operand: BoundExpr
    type: Type = BOOLEAN


@dataclass(frozen=True, slots=True)
class Compare:
    """`==`, `<`, `<=`, `>`, `>=` between values of comparable types; texts compare without case."""

    operator: str
    left: BoundExpr
    right: BoundExpr
    type: Type = BOOLEAN


@dataclass(frozen=True, slots=True)
class OneOf:
    """Equality with any of some constants."""

    subject: BoundExpr
    values: tuple[Const, ...]
    type: Type = BOOLEAN


@dataclass(frozen=True, slots=True)
class Matches:
    """A text matches a pattern as a whole, without case."""

    subject: BoundExpr
    pattern: Pattern
    type: Type = BOOLEAN


@dataclass(frozen=True, slots=True)
class RegexTest:
    """A regular expression in RE2 syntax is found somewhere in a text, without case."""

    subject: BoundExpr
    regex: str
    type: Type = BOOLEAN


@dataclass(frozen=True, slots=True)
class InBlock:
    """An IP address lies in a block: `low <= address <= high`, as 128-bit numbers; IPv4 as `::ffff:a.b.c.d`."""

    subject: BoundExpr
    low: int
    high: int
    type: Type = BOOLEAN


@dataclass(frozen=True, slots=True)
class Contains:
    """A text contains another, or a list a value, without case."""

    container: BoundExpr
    item: BoundExpr
    type: Type = BOOLEAN


@dataclass(frozen=True, slots=True)
class Affix:
    """A text begins (`startswith`) or ends (`endswith`) with another, without case."""

    test: str
    subject: BoundExpr
    affix: BoundExpr
    type: Type = BOOLEAN


@dataclass(frozen=True, slots=True)
class Present:
    """A value is not missing."""

    operand: BoundExpr
    type: Type = BOOLEAN


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every condition holds; of none, true."""

    conditions: tuple[BoundExpr, ...]
    type: Type = BOOLEAN


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Some condition holds; of none, false."""

    conditions: tuple[BoundExpr, ...]
    type: Type = BOOLEAN


@dataclass(frozen=True, slots=True)
class Complement:
    """A condition does not hold."""

    condition: BoundExpr
    type: Type = BOOLEAN


BoundExpr = (
    FieldRef
    | MemberRef
    | Const
    | Now
    | Items
    | Arith
    | Apply
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
    """Events of one object: its name and the names of the actions, all of them where every action is meant."""

    object: str
    actions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Events:
    """Events from the store; a column that the object of an event does not have is missing in it."""

    sets: tuple[EventSet, ...]
    columns: tuple[Column, ...]


@dataclass(frozen=True, slots=True)
class Filtered:
    """The rows of a stream for which a condition holds."""

    input: BoundStream
    condition: BoundExpr
    columns: tuple[Column, ...]


@dataclass(frozen=True, slots=True)
class Derived:
    """The rows of a stream with one more column, or another value in it."""

    input: BoundStream
    column: Column
    value: BoundExpr
    columns: tuple[Column, ...]


@dataclass(frozen=True, slots=True)
class Named:
    """A stream that the program has given a name; `key` is unique, where names are shadowed `name` is not."""

    key: str
    name: str
    stream: BoundStream
    span: Span = field(compare=False, repr=False)

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns of the stream."""
        return self.stream.columns


BoundStream = Events | Filtered | Derived | Named


@dataclass(frozen=True, slots=True)
class BoundOutput:
    """A result of the program: its name and its rows."""

    name: str
    stream: BoundStream


@dataclass(frozen=True, slots=True)
class BoundProgram:
    """The outputs of a program, in order, and all streams it names, in the order of their statements."""

    outputs: tuple[BoundOutput, ...]
    named: tuple[Named, ...]


# ---- walks -----------------------------------------------------------------------------------------------------------


def inputs(stream: BoundStream) -> tuple[BoundStream, ...]:
    """Return the streams that a stream is made of."""
    match stream:
        case Events():
            return ()
        case Filtered(input=source) | Derived(input=source):
            return (source,)
        case Named(stream=source):
            return (source,)


def streams_below(stream: BoundStream) -> Iterator[BoundStream]:
    """Yield a stream and all streams that it is made of, each once, the inputs first."""
    seen: set[int] = set()

    def walk(node: BoundStream) -> Iterator[BoundStream]:
        if id(node) in seen:
            return
        seen.add(id(node))
        for below in inputs(node):
            yield from walk(below)
        yield node

    yield from walk(stream)


def parts(expr: BoundExpr) -> tuple[BoundExpr, ...]:
    """Return the expressions that an expression is made of."""
    match expr:
        case FieldRef() | Const() | Now():
            return ()
        case MemberRef(record=inner) | Truth(operand=inner) | Present(operand=inner) | Complement(condition=inner):
            return (inner,)
        case Items(items=several) | Apply(arguments=several):
            return several
        case AllOf(conditions=several) | AnyOf(conditions=several):
            return several
        case Arith(left=a, right=b) | Compare(left=a, right=b) | Contains(container=a, item=b):
            return (a, b)
        case Affix(subject=a, affix=b):
            return (a, b)
        case OneOf(subject=a) | Matches(subject=a) | RegexTest(subject=a) | InBlock(subject=a):
            return (a,)


def fields_of(expr: BoundExpr) -> frozenset[str]:
    """Return the names of the columns that an expression asks for."""
    found: set[str] = set()
    todo = [expr]
    while todo:
        node = todo.pop()
        if isinstance(node, FieldRef):
            found.add(node.column)
        todo.extend(parts(node))
    return frozenset(found)
