"""Mutants that a test cannot tell apart, found without running them.

Most mutants differ from the program in the condition of one filter, over the same rows. One query over those rows gives
the truth of all these conditions in each of them. A mutant whose condition is true of the same rows as the program's
gives what the program gives, whatever the program goes on to do with them; two whose conditions are true of the same
rows give the same. So one of each kind is left to be run.

The query asks for the tests that conditions are made of, each once; what `and`, `or` and `not` make of them is worked
out here, where a mutant costs no more than the one test in which it differs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime
from functools import reduce
from operator import and_, or_
from typing import Any

from carlang.engine import QuerySession
from carlang.model import BOOLEAN, Column
from carlang.resolve import Given
from carlang.resolve.bound import (
    AllOf,
    AnyOf,
    BoundExpr,
    BoundOutput,
    BoundStream,
    Compare,
    Complement,
    Derived,
    Filtered,
    InStream,
    Item,
    NamedStream,
    OneOf,
    Projected,
    Scalar,
    walk,
)

Signature = int
"""The rows of which a condition is true, a bit each, in the order of the query."""


@dataclass(frozen=True, slots=True)
class ChangedFilter:
    """All that is different in a mutant: another condition in the place of that of `filter`."""

    filter: Filtered
    condition: BoundExpr


def changed_filter(outputs: Sequence[BoundOutput], mutated: Sequence[BoundOutput]) -> ChangedFilter | None:
    """Return the one filter in which a program's outputs and a mutant's differ, or None where they differ otherwise."""
    changes = list(_differences(tuple(outputs), tuple(mutated)))
    first = changes[0] if changes else None
    # A stream that is used several times is met several times.
    return first if all(change == first for change in changes) else None


def has_rows_of(stream: BoundStream, changed: ChangedFilter) -> bool:
    """Tell whether a stream has as many rows as the changed filter lets through: no stage but columns follows it."""
    while not isinstance(stream, Filtered):
        match stream:
            case NamedStream(stream=below) | Derived(input=below) | Projected(input=below):
                stream = below
            case _:
                return False
    return stream.condition == changed.condition and stream.input == changed.filter.input


def _differences(old: Any, new: Any) -> Iterator[ChangedFilter | None]:
    """Yield the filters in which two parts of bound programs differ; None for any other difference."""
    if old == new:
        return
    if isinstance(old, Filtered) and isinstance(new, Filtered) and old.input == new.input:
        # One query asks both conditions, and a stream's name means one stream in it.
        same_streams = _looked_at(old.condition) == _looked_at(new.condition)
        yield ChangedFilter(old, new.condition) if same_streams else None
    elif isinstance(old, tuple) and isinstance(new, tuple) and len(old) == len(new):
        for a, b in zip(old, new, strict=True):
            yield from _differences(a, b)
    elif is_dataclass(old) and type(old) is type(new):
        for field in fields(old):
            if field.compare:
                yield from _differences(getattr(old, field.name), getattr(new, field.name))
    else:
        yield None


def _looked_at(condition: BoundExpr) -> list[BoundStream]:
    return [part.stream for part in walk(condition) if isinstance(part, Scalar | InStream)]


def signatures(
    session: QuerySession, filter_: Filtered, conditions: Sequence[BoundExpr], now: datetime, given: Given
) -> tuple[Signature, list[Signature]] | None:
    """Return of which rows of a filter's input its own condition is true, and the same for each of other conditions.

    None where records are tied: a filter takes an occurrence for any of its records, and which, no row of it says.
    """
    tests = dict.fromkeys(test for condition in (filter_.condition, *conditions) for test in _tests(condition))
    items = tuple(Item(Column(f"c{number}", BOOLEAN), test) for number, test in enumerate(tests))
    rows = Projected(filter_.input, items, tuple(item.column for item in items))
    answer = session.run(BoundOutput("tests", rows), now, given=given)
    if answer.tied:
        return None
    truths = {
        test: sum(1 << row for row, true in enumerate(column.to_pylist()) if true)
        for test, column in zip(tests, answer.table.columns, strict=True)
    }
    everywhere = (1 << answer.total) - 1
    own, *others = (_true_of(condition, truths, everywhere) for condition in (filter_.condition, *conditions))
    return own, others


def _tests(condition: BoundExpr) -> Iterator[BoundExpr]:
    """Yield the conditions that a condition puts together."""
    match condition:
        case AllOf(conditions) | AnyOf(conditions):
            for part in conditions:
                yield from _tests(part)
        case Complement(part):
            yield from _tests(part)
        case OneOf():
            yield from _equalities(condition)
        case _:
            yield condition


def _equalities(test: OneOf) -> Iterator[Compare]:
    """Yield the equalities of which a list is one: most mutants of the list have all of them but one in common."""
    return (Compare("==", test.subject, value) for value in test.values)


def _true_of(condition: BoundExpr, truths: Mapping[BoundExpr, Signature], everywhere: Signature) -> Signature:
    match condition:
        case AllOf(conditions):
            return reduce(and_, (_true_of(part, truths, everywhere) for part in conditions), everywhere)
        case AnyOf(conditions):
            return reduce(or_, (_true_of(part, truths, everywhere) for part in conditions), 0)
        case Complement(part):
            return everywhere & ~_true_of(part, truths, everywhere)
        case OneOf():
            return reduce(or_, (truths[equality] for equality in _equalities(condition)), 0)
        case _:
            return truths[condition]
