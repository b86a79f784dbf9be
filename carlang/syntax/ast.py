"""The syntax tree: what was written. A node's comment shows its source form; spans take no part in equality."""

from __future__ import annotations

from dataclasses import dataclass, field

from carlang.source import Span


def _span() -> Span:
    return field(compare=False, repr=False)  # type: ignore[no-any-return]  # a dataclass field stands for its value


@dataclass(frozen=True, slots=True)
class Name:
    """`exe`, `[exe]`."""

    ident: str
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Member:
    """`s.exe`, `proto_info.pipe`."""

    base: Expr
    name: Name
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class StringLit:
    r"""`"C:\\Windows\\*"`; `value` is the text that it stands for."""

    value: str
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class NumberLit:
    """`445`, `1.5`."""

    value: int | float
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class DurationLit:
    """`1 hour`, in microseconds."""

    microseconds: int
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class BoolLit:
    """`true`, `false`."""

    value: bool
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class NullLit:
    """`null`."""

    span: Span = _span()


@dataclass(frozen=True, slots=True)
class NowLit:
    """`now`, the one instant of a run."""

    span: Span = _span()


@dataclass(frozen=True, slots=True)
class AddressLit:
    """`10.0.0.0/8`, `10.0.0.1`, unquoted."""

    text: str
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class ListLit:
    """`["a", "b"]`."""

    items: tuple[Expr, ...]
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Or:
    """`a or b or c`."""

    operands: tuple[Expr, ...]
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class And:
    """`a and b and c`."""

    operands: tuple[Expr, ...]
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Not:
    """`not a`."""

    operand: Expr
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Comparison:
    """`a < b <= c`; operators are `==`, `!=`, `<`, `<=`, `>`, `>=`, one fewer than operands."""

    operands: tuple[Expr, ...]
    operators: tuple[str, ...]
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class In:
    """`a in b`, `a not in b`."""

    item: Expr
    container: Expr
    negated: bool
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class TextTest:
    """`a contains b`; `test` is `contains`, `startswith`, `endswith` or `match`."""

    test: str
    subject: Expr
    pattern: Expr
    negated: bool
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Exists:
    """`a exists`."""

    operand: Expr
    negated: bool
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """`a + b`; operators are `+`, `-`, `*`, `/`, `%`."""

    operator: str
    left: Expr
    right: Expr
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Negative:
    """`-a`."""

    operand: Expr
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Call:
    """`lower(exe)`."""

    function: Name
    arguments: tuple[Expr, ...]
    span: Span = _span()


Literal = StringLit | NumberLit | DurationLit | BoolLit | NullLit | NowLit | AddressLit
Expr = (
    Name
    | Member
    | Literal
    | ListLit
    | Or
    | And
    | Not
    | Comparison
    | In
    | TextTest
    | Exists
    | Arithmetic
    | Negative
    | Call
)


@dataclass(frozen=True, slots=True)
class EventClass:
    """`Process:Create`, `File:Create,Modify`, `Process`; no action, or `*`, means every action."""

    object: Name
    actions: tuple[Name, ...]
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Search:
    """`search Process:Create or File:Create where (c)`; `conjunctions` are the places of an `and` between classes."""

    classes: tuple[EventClass, ...]
    condition: Expr | None
    conjunctions: tuple[Span, ...] = field(compare=False, repr=False)
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Filter:
    """`filter p where (c)`; without an input, the stage before it in a pipe, or the stream of the result's name."""

    input: Stream | None
    condition: Expr
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Pipe:
    """`search Process:Create | filter c`; each stage takes the one before it as its input."""

    head: Stream
    stages: tuple[Filter, ...]
    span: Span = _span()


Stream = Name | Search | Filter | Pipe
Value = Stream | Expr


@dataclass(frozen=True, slots=True)
class AssignStmt:
    """`p = search Process:Create`, `xs = ["a", "b"]`."""

    target: Name
    value: Value
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class FieldStmt:
    """`s.f = e`."""

    stream: Name
    field: Name
    value: Expr
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class OutputStmt:
    """`output a, b`, `return a`."""

    items: tuple[Stream, ...]
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class BareStmt:
    """`search Process:Create | filter c`; `exe == "at.exe"`."""

    value: Value
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class FaultyStmt:
    """A statement that could not be read; `target` is the name that it would have bound, where that much is clear."""

    target: Name | None
    span: Span = _span()


Statement = AssignStmt | FieldStmt | OutputStmt | BareStmt | FaultyStmt


@dataclass(frozen=True, slots=True)
class Program:
    """The statements of a program, in order."""

    statements: tuple[Statement, ...]
