"""An exclusion as a condition on the rows of an output, by the comparisons of the language."""

from __future__ import annotations

from collections.abc import Iterable

from carlang.baseline.exclusions import Exactly, Exclusion, Value
from carlang.likeness import ANYTHING
from carlang.model import Column, Kind
from carlang.resolve.bound import (
    AllOf,
    AnyOf,
    BoundExpr,
    Compare,
    Complement,
    Const,
    FieldRef,
    InBlock,
    Matches,
    Present,
)
from carlang.resolve.literals import block, matches_any, wildcards
from carlang.source import Span

_NOWHERE = Span(0, 0)
_MANY = frozenset({Kind.TIME, Kind.DURATION, Kind.RECORD, Kind.LIST, Kind.NULL})
"""Kinds of columns that an exclusion cannot compare: what is made of many values, and what is another each time."""


def condition_of(exclusion: Exclusion, columns: Iterable[Column]) -> BoundExpr | None:
    """Return the condition on rows with some columns; None where it can hold for none of them."""
    by_name = {column.name.casefold(): column for column in columns}
    conditions: list[BoundExpr] = []
    for name, values in exclusion.fields.items():
        column = by_name.get(name.casefold())
        if column is None:
            return None
        tests = [test for value in values if (test := _test(column, value)) is not None]
        if not tests:
            return None
        conditions.append(tests[0] if len(tests) == 1 else AnyOf(tuple(tests)))
    return AllOf(tuple(conditions))


def unusable_field(column: Column, values: Iterable[Value]) -> str | None:
    """Return why a column cannot be any of some values, if that is so."""
    if column.type.kind in _MANY:
        return f"`{column.name}` is {column.type.phrase}, which no exclusion compares"
    if all(_test(column, value) is None for value in values):
        return f"`{column.name}` is {column.type.phrase}, which is never any of these"
    return None


def _test(column: Column, value: Value) -> BoundExpr | None:
    """Return the test that a column is a value; None where it never is."""
    subject, kind = FieldRef(column.name, column.type), column.type
    if value is None:
        return Complement(Present(subject))
    if kind.kind in _MANY:
        return None
    match value:
        case bool():
            return Compare("==", subject, Const(value, kind)) if kind.kind is Kind.BOOLEAN else None
        case int() | float():
            if kind.is_string:
                return _text_test(subject, str(value))
            return Compare("==", subject, Const(value, kind)) if kind.is_number else None
        case Exactly(text):
            return Compare("==", subject, Const(text, kind)) if kind.is_string else None
        case str():
            return _text_test(subject, value) if kind.is_string else None


def _text_test(subject: FieldRef, text: str) -> BoundExpr:
    """Return the test that a text matches a pattern; of addresses one names all spellings, or a block of them."""
    if subject.type.kind is Kind.IP:
        if ANYTHING in text:
            return Matches(subject, wildcards(text))
        if bounds := block(text):
            return InBlock(subject, *bounds)
    return matches_any(subject, text, _NOWHERE, _NOWHERE)
