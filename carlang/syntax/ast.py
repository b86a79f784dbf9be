"""The syntax tree: what was written. A node's comment shows its source form; spans take no part in equality."""

from __future__ import annotations

from dataclasses import dataclass, field

from carlang.source import Span


def _span() -> Span:
    # Programs that differ in their layout alone have equal trees.
    return field(compare=False, repr=False)  # type: ignore[no-any-return]  # a dataclass field stands for its value


@dataclass(frozen=True, slots=True)
class Name:
    """`exe`, `[exe]`."""

    ident: str
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Member:
    """`s.exe`, `proto_info.pipe`, `event_data["Source Name"]`."""

    base: Expr
    name: Name
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class StringLit:
    r"""`"C:\\Windows\\*"`; `value` is the text that it stands for where it stands.

    Behind `match` that is the text as it is written, but for escaped quotes. Elsewhere `pattern` is that, where it is
    another text: what a constant of it stands for behind `match`.
    """

    value: str
    span: Span = _span()
    pattern: str | None = field(default=None, compare=False, repr=False)


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

    # As written, `300.1.1.1` too: whether it is an address is a matter of meaning.
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

    # All of a chain in one node: the longest published one has 108 operands, which would nest as deep.
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
class Between:
    """`a between b and c`, `a not between b and c`."""

    subject: Expr
    low: Expr
    high: Expr
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
class Element:
    """`xs[0]`, `xs[-1]`."""

    base: Expr
    index: int
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class IfElse:
    """`if (c) then e else f`."""

    condition: Expr
    then: Expr
    otherwise: Expr
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Call:
    """`lower(exe)`, `count(distinct user)`."""

    function: Name
    arguments: tuple[Expr, ...]
    distinct: bool
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
    | Between
    | Exists
    | Arithmetic
    | Negative
    | Element
    | IfElse
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
    # `and` means what `or` means here, so it takes no part in equality; it is kept for a remark on it.
    conjunctions: tuple[Span, ...] = field(compare=False, repr=False)
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Filter:
    """`filter p where (c)`; without an input, the stage before it in a pipe, or the stream of the result's name."""

    input: Stream | None
    condition: Expr
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Join:
    """`join (a, b optional) where (c)`; as a stage of a pipe, the stage before it comes first.

    `optional` are the places, among the inputs, of those that are said to be.
    """

    inputs: tuple[Stream, ...]
    condition: Expr | None
    span: Span = _span()
    optional: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Period:
    """`within 30 minutes`, `within any 10 minutes`, `every 1 hour`: `word` is what stands before the length."""

    word: str
    length: DurationLit | Name
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Group:
    """`group a, b by f1, f2 having (c) within any 10 minutes`; as a stage of a pipe it has no inputs of its own."""

    inputs: tuple[Stream, ...]
    keys: tuple[Name | Member, ...]
    having: Expr | None
    period: Period | None
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class SelectItem:
    """`count(user) as users`."""

    value: Expr
    alias: Name | None
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Select:
    """`from g select e1 as n1, e2`; as a stage of a pipe it has no input of its own."""

    input: Stream | None
    items: tuple[SelectItem, ...]
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class By:
    """`count(s) by f every 1 hour`, `a - b by f1, f2`; as a stage of a pipe, `count by f`, it has no value."""

    value: Expr | None
    keys: tuple[Name | Member, ...]
    every: DurationLit | Name | None
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Step:
    """`b`, `no b`, `c * 3`, `b where (b.ppid == a.pid)`: a step of a sequence; `times` is how often it comes."""

    stream: Stream
    absent: bool
    times: NumberLit | None
    condition: Expr | None
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Sequence:
    """`sequence (a, no b, c * 3) by hostname within 5 minutes until d`."""

    steps: tuple[Step, ...]
    keys: tuple[Name | Member, ...]
    within: DurationLit | Name | None
    until: Stream | None
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class SortKey:
    """`time desc`."""

    field: Name | Member
    descending: bool
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Sort:
    """`sort p by time desc, exe`; as a stage of a pipe it has no input of its own, and so it is with those below."""

    input: Stream | None
    keys: tuple[SortKey, ...]
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Head:
    """`head 10 of p`."""

    count: NumberLit | Name
    input: Stream | None
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Tail:
    """`tail 10 of p`."""

    count: NumberLit | Name
    input: Stream | None
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Unique:
    """`unique p by user, exe`."""

    input: Stream | None
    keys: tuple[Name | Member, ...]
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Together:
    """`together (a, b, c) by hostname within 10 minutes`."""

    parts: tuple[Stream, ...]
    keys: tuple[Name | Member, ...]
    within: DurationLit | Name
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Tree:
    """`children of p`; `kin` is `children`, `descendants` or `ancestors`; as a stage of a pipe it has no input."""

    kin: str
    input: Stream | None
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class RunAnalytic:
    """`run Analytic:CAR-2013-05-003`; `kind` is the word before the colon."""

    kind: Name
    id: Name
    span: Span = _span()


Stage = Filter | Join | Group | Select | By | Sort | Head | Tail | Unique | Tree


@dataclass(frozen=True, slots=True)
class Pipe:
    """`search Process:Create | filter c`; each stage takes the one before it as its input."""

    head: Stream
    stages: tuple[Stage, ...]
    span: Span = _span()


Condition = Or | And | Not | Comparison | In | TextTest | Between | Exists
"""What can be nothing but true or false."""
StreamForm = (
    Search
    | Filter
    | Join
    | Group
    | Select
    | By
    | Sequence
    | Together
    | Sort
    | Head
    | Tail
    | Unique
    | Tree
    | RunAnalytic
    | Pipe
)
"""What can be nothing but a stream."""
Stream = Name | StreamForm
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
class InputStmt:
    """`input since: time = now - 1 day`."""

    name: Name
    type: Name | None
    default: Expr | None
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
    """A statement that could not be read; `target` is the name that it would have bound, where that much is clear.

    `likely` is what it was probably meant to be, for analysis only: the statement with its faults mended, where that
    could be done. `mended` are the places at which that differs from what is written.
    """

    # Known, so that the uses of the name below are not reported as unknown.
    target: Name | None
    span: Span = _span()
    likely: AssignStmt | FieldStmt | InputStmt | OutputStmt | BareStmt | None = None
    mended: tuple[Span, ...] = field(default=(), compare=False, repr=False)


Statement = AssignStmt | FieldStmt | InputStmt | OutputStmt | BareStmt | FaultyStmt


@dataclass(frozen=True, slots=True)
class Program:
    """The statements of a program, in order."""

    statements: tuple[Statement, ...]


Node = Expr | EventClass | Period | SelectItem | SortKey | Step | Stream | Statement | Program
"""Everything that a tree is made of."""
