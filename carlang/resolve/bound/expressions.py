"""Bound expressions: the values and conditions that a program asks for, each with its type."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING

from carlang.model.types import BOOLEAN, STRING, TIME, Type
from carlang.source import Span

if TYPE_CHECKING:  # a stream holds expressions, and an expression may hold a stream
    from carlang.resolve.bound.streams import BoundStream, Lives


class Wildcard(Enum):
    """What a part of a pattern stands for when it is no text: a run of any characters, or exactly one."""

    RUN = "*"
    ONE = "?"


Pattern = tuple[str | Wildcard, ...]
"""Texts and wildcards in order; a text must be there, whatever its case."""


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
class ElementOf:
    """An item of a list by its index: from 0 on, or from -1 at the end backwards; missing where there is none."""

    items: BoundExpr
    index: int
    type: Type
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Choice:
    """The value whose condition is the first to hold, else `otherwise`; each condition has the value of its place."""

    conditions: tuple[BoundExpr, ...]
    values: tuple[BoundExpr, ...]
    otherwise: BoundExpr
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
class Identity:
    """The columns of a row that say which process it is of: a guid, or a host, a pid and a time, or both."""

    guid: FieldRef | None
    host: FieldRef | None
    pid: FieldRef | None
    time: FieldRef | None

    @property
    def fields(self) -> tuple[FieldRef, ...]:
        """The columns that there are."""
        return tuple(each for each in (self.guid, self.host, self.pid, self.time) if each is not None)


@dataclass(frozen=True, slots=True)
class ProcessField:
    """A field of the start of the process behind the row at hand, or of an ancestor: 1 is its parent, 2 the next.

    That process has the latest start, at or before the row's time, of the row's guid; else of its pid on its host,
    unless both have a guid. Neither may have ended before the row's time; of starts at one time the first in the
    order of results counts. A parent is found as `Related` says. Missing where there is no such start.
    """

    column: str
    generation: int
    identity: Identity
    lives: Lives
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
class InStream:
    """A value equals that of an expression in some row of a stream; a missing one equals none."""

    subject: BoundExpr
    stream: BoundStream
    value: BoundExpr
    """In the rows of `stream`."""
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
class EachText:
    """The text that the test of a `SomeText` is made of: each of them in turn."""

    type: Type = STRING
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class SomeText:
    """A test holds for some text of a row: a value that is one, an item of a list, a leaf of an open record."""

    values: tuple[BoundExpr, ...]
    test: BoundExpr
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
    | ElementOf
    | Choice
    | Arith
    | Apply
    | Param
    | Aggregate
    | Scalar
    | ProcessField
    | Truth
    | Compare
    | OneOf
    | InStream
    | Matches
    | RegexTest
    | InBlock
    | Contains
    | Affix
    | EachText
    | SomeText
    | Present
    | AllOf
    | AnyOf
    | Complement
)
