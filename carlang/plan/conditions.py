"""The guard of a condition of the bound program."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from carlang.model.types import Kind
from carlang.plan.guards import NEVER, OPEN, Atom, Form, Guard, every, some
from carlang.plan.literals import pattern_guard, text_guard
from carlang.plan.regexes import regex_guard
from carlang.resolve import Given, bound

_LARGEST_NUMBER = 2**63 - 1
_WHOLE = (Kind.INTEGER, Kind.PORT)
_AFFIXES = {"startswith": Form.PREFIX, "endswith": Form.SUFFIX}


def guard_of(condition: bound.BoundExpr, given: Given) -> Guard:
    """Return what every row must have that a condition holds of; `given` are the values of inputs."""
    match condition:
        case bound.AllOf(conditions):
            return every([guard_of(each, given) for each in conditions])
        case bound.AnyOf(conditions):
            return some([guard_of(each, given) for each in conditions])
        case bound.Compare("==", left, right):
            return _equal(left, [right], given) if isinstance(left, bound.FieldRef) else _equal(right, [left], given)
        case bound.OneOf(subject, values):
            return _equal(subject, values, given)
        case bound.Contains(container, item):
            return _text(container, Form.CONTAINS, item, given)
        case bound.Affix(test, subject, affix):
            return _text(subject, _AFFIXES[test], affix, given)
        case bound.Matches(bound.FieldRef() as field, pattern) if field.type.is_string:
            return pattern_guard(field.column, pattern)
        case bound.RegexTest(bound.FieldRef() as field, regex) if field.type.is_string:
            return regex_guard(field.column, regex)
        # What a row lacks, has in a range, in other rows or in any of many values is not told by one value; nor is what
        # is computed.
        case (
            bound.Compare()
            | bound.Matches()
            | bound.RegexTest()
            | bound.Complement()
            | bound.Present()
            | bound.InBlock()
            | bound.Truth()
            | bound.InStream()
            | bound.ProcessField()
            | bound.SomeText()
            | bound.EachText()
            | bound.Choice()
            | bound.ElementOf()
            | bound.FieldRef()
            | bound.MemberRef()
            | bound.Const()
            | bound.Now()
            | bound.Param()
            | bound.Items()
            | bound.Arith()
            | bound.Apply()
            | bound.Aggregate()
            | bound.Scalar()
        ):
            return OPEN
        case _:
            assert_never(condition)


def _equal(subject: bound.BoundExpr, values: Sequence[bound.BoundExpr], given: Given) -> Guard:
    """The guard of a subject that equals one of some values."""
    if not isinstance(subject, bound.FieldRef):
        return OPEN
    return some([_equal_to(subject, _constant(value, given)) for value in values])


def _equal_to(field: bound.FieldRef, value: bound.Const | None) -> Guard:
    match value:
        case bound.Const(value=str(text)) if field.type.is_string:
            return text_guard(field.column, Form.EQUAL, text)
        case bound.Const(value=None):
            return NEVER  # nothing is equal to what is missing
        case bound.Const(value=int(number)) if field.type.kind in _WHOLE and not isinstance(number, bool):
            return Atom(field.column, Form.EQUAL, number) if abs(number) <= _LARGEST_NUMBER else OPEN
        case _:
            return OPEN


def _text(subject: bound.BoundExpr, test: Form, value: bound.BoundExpr, given: Given) -> Guard:
    constant = _constant(value, given)
    if not isinstance(subject, bound.FieldRef) or not subject.type.is_string or constant is None:
        return OPEN
    return text_guard(subject.column, test, constant.value) if isinstance(constant.value, str) else OPEN


def _constant(value: bound.BoundExpr, given: Given) -> bound.Const | None:
    """Return the constant that a value is, or that a run gives for it."""
    if isinstance(value, bound.Param):
        value = given.get((value.name, value.type.kind), value)
    return value if isinstance(value, bound.Const) else None
