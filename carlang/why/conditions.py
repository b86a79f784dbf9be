"""Conditions taken apart as they are written: single tests, joined by `and` and `or`, with what each looks at.

`not` is moved inwards to the tests, so that what is joined is only ever to hold: `not (a or b)` is `not a` and `not b`.
A test of several values that is written as one, `exe in ["a", "b*"]`, is one, whatever it is bound to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from carlang.model.types import STRING, Kind
from carlang.resolve import bound
from carlang.resolve.bound import BoundExpr
from carlang.source import Span

Change = Callable[[BoundExpr], BoundExpr | None]
"""Gives what is to stand in the place of an expression, None where it stays."""


@dataclass(frozen=True, slots=True)
class Operand:
    """A value that a test looks at: what is asked of a row for it, and the expression as it is written."""

    written: BoundExpr
    value: BoundExpr
    label: str = ""
    """What it is called where that is not how it is written."""


@dataclass(frozen=True, slots=True)
class Single:
    """One test, which holds or does not; `negated` says that its opposite stands in the program, below a `not`."""

    span: Span | None
    test: BoundExpr
    operands: tuple[Operand, ...]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Combined:
    """Conditions of which all have to hold, or with `any_of` some; `negated` as that of a test."""

    span: Span | None
    parts: tuple[Condition, ...]
    any_of: bool
    negated: bool = False


Condition = Single | Combined


def taken_apart(condition: BoundExpr) -> tuple[Condition, ...]:
    """Return the conditions that `and` joins, in the order of the program."""
    tree = _tree(condition, negated=False)
    return tree.parts if isinstance(tree, Combined) and not tree.any_of else (tree,)


def tests(condition: Condition) -> Iterator[Single]:
    """Yield the single tests of a condition, in the order of the program."""
    if isinstance(condition, Single):
        yield condition
    else:
        for part in condition.parts:
            yield from tests(part)


def parts(condition: Condition) -> Iterator[Condition]:
    """Yield a condition and all that it is made of."""
    yield condition
    if isinstance(condition, Combined):
        for part in condition.parts:
            yield from parts(part)


def changed(condition: Condition, change: Change) -> Condition:
    """Return a condition that asks for other things in the place of what `change` gives some for."""
    if isinstance(condition, Combined):
        return replace(condition, parts=tuple(changed(part, change) for part in condition.parts))
    operands = tuple(replace(each, value=rewritten(each.value, change)) for each in condition.operands)
    return replace(condition, test=rewritten(condition.test, change), operands=operands)


def rewritten(expr: BoundExpr, change: Change) -> BoundExpr:
    """Return an expression of a row with others in some places; what it asks of other streams' rows stays as it is."""

    def of_this_row(node: BoundExpr) -> BoundExpr | None:
        if isinstance(node, bound.InStream):
            return replace(node, subject=rewritten(node.subject, change))
        return change(node)

    return bound.rewritten(expr, of_this_row)


def expression(condition: Condition) -> BoundExpr:
    """Return a condition as one expression."""
    if isinstance(condition, Single):
        return condition.test
    parts = tuple(expression(part) for part in condition.parts)
    return bound.AnyOf(parts) if condition.any_of else bound.AllOf(parts)


def _tree(condition: BoundExpr, *, negated: bool) -> Condition:
    match condition:
        case bound.Complement(inner) if inner.span is not None and inner.span != condition.span:
            return _tree(inner, negated=not negated) if _is_joined(inner) else _single(condition, negated=negated)
        case bound.AllOf(joined) | bound.AnyOf(joined) if _is_joined(condition):
            any_of = isinstance(condition, bound.AnyOf) is not negated
            trees = [_tree(part, negated=negated) for part in joined]
            flat = [p for t in trees for p in (t.parts if isinstance(t, Combined) and t.any_of is any_of else (t,))]
            return Combined(condition.span, tuple(flat), any_of, negated)
        case _:
            return _single(condition, negated=negated)


def _is_joined(condition: BoundExpr) -> bool:
    """Tell whether conditions are joined by a word: those that one test is bound to stand where that stands."""
    match condition:
        case bound.AllOf(joined) | bound.AnyOf(joined):
            spans = [part.span for part in joined]
            return len(joined) > 1 and all(
                span is not None and span != condition.span and _has_its_operands(part)
                for span, part in zip(spans, joined, strict=True)
            )
        case bound.Complement(inner):
            return _is_joined(inner)
        case _:
            return False


def _has_its_operands(test: BoundExpr) -> bool:
    """Tell whether a test is written around what it looks at, and is not only an item of a list."""
    inner = test.condition if isinstance(test, bound.Complement) else test
    operands = [part.span for part in bound.parts(inner) if part.span is not None]
    if inner.span is None or not operands or isinstance(inner, bound.SomeText):
        return True
    return inner.span.start <= operands[0].start and operands[0].end <= inner.span.end


def _single(condition: BoundExpr, *, negated: bool) -> Single:
    test = bound.Complement(condition) if negated else condition
    return Single(condition.span, test, tuple(_operands(condition)), negated)


def _operands(condition: BoundExpr) -> Iterator[Operand]:
    """Yield what a test looks at that rows, or runs, differ in, each once."""
    known: set[BoundExpr | int] = set()
    for value in _values(condition):
        # An aggregate holds a stream, which is as long as the program above it.
        key = value if isinstance(value, bound.FieldRef) else id(value)
        if key not in known:
            known.add(key)
            yield Operand(value, value)
    for node in bound.walk(condition):
        if isinstance(node, bound.SomeText):
            yield from _texts(node)


def _values(condition: BoundExpr) -> Iterator[BoundExpr]:
    """Yield the values that conditions compare, and the fields that these are computed from."""
    match condition:
        case bound.AllOf(joined) | bound.AnyOf(joined):
            for part in joined:
                yield from _values(part)
        case bound.Complement(inner):
            yield from _values(inner)
        case bound.Choice(conditions, values, otherwise) if condition.type.kind is Kind.BOOLEAN:
            for part in (*conditions, *values, otherwise):
                yield from _values(part)
        case bound.SomeText():
            return
        case bound.FieldRef() | bound.ProcessField() | bound.MemberRef() | bound.Param() | bound.Now():
            yield condition
        case _:
            for value in bound.parts(condition) if isinstance(condition, _TESTS) else (condition,):
                yield from _computed(value)


def _computed(value: BoundExpr) -> Iterator[BoundExpr]:
    """Yield a value, and the fields of the row that it is computed from; a constant is the same in all rows."""
    fields, aggregates = list[BoundExpr](), list[BoundExpr]()
    todo = [value]
    while todo:
        node = todo.pop()
        match node:
            case bound.FieldRef() | bound.MemberRef() | bound.ProcessField():
                fields.append(node)
            case bound.Aggregate() | bound.Scalar():  # what stands in it is of other rows
                aggregates.append(node)
            case _:
                todo.extend(reversed(bound.parts(node)))
    plain = bound.FieldRef | bound.MemberRef | bound.ProcessField | bound.Const | bound.Items
    if not isinstance(value, plain):
        yield value
    yield from fields
    yield from (each for each in aggregates if each is not value)


_TESTS = (
    bound.Truth
    | bound.Compare
    | bound.OneOf
    | bound.InStream
    | bound.Matches
    | bound.RegexTest
    | bound.InBlock
    | bound.Contains
    | bound.Affix
    | bound.Present
)


def _texts(some: bound.SomeText) -> Iterator[Operand]:
    """Yield the name of the first field with a text that passes a test of all, and the text where the field is one."""
    tests: list[BoundExpr] = []
    names: list[BoundExpr] = []
    values: list[BoundExpr] = []
    nothing = bound.Const(None, STRING)
    for value in some.values:
        if not isinstance(value, bound.FieldRef):
            continue
        is_text = value.type.is_string
        tests.append(_test_of(value, some.test) if is_text else bound.SomeText((value,), some.test))
        names.append(bound.Const(value.column, STRING))
        values.append(value if is_text else nothing)
    yield Operand(some, bound.Choice(tuple(tests), tuple(names), nothing, STRING), "any: the field")
    yield Operand(some, bound.Choice(tuple(tests), tuple(values), nothing, STRING), "any: its text")


def _test_of(value: BoundExpr, test: BoundExpr) -> BoundExpr:
    return rewritten(test, lambda node: value if isinstance(node, bound.EachText) else None)
