"""Joins with optional parts: which condition of a join is about the partners of which part.

The condition of a join is taken apart where `and` joins it. An optional part has for partners the rows for which those
conditions hold that name it and no optional part behind it; optional parts are looked at in the order in which they
stand. What names no optional part puts the other parts together, if there are several. If there is one, all of its rows
stay: what is asked of it alone then says which of its rows have partners, of any part.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from carlang.resolve.bound.expressions import AllOf, BoundExpr, FieldRef, Scalar
from carlang.resolve.bound.streams import Joined, StreamPart
from carlang.resolve.bound.walks import parts


@dataclass(frozen=True, slots=True)
class Joining:
    """A join as it is done: the parts that every row has, with what joins them, and one optional part after another."""

    required: tuple[StreamPart, ...]
    conditions: tuple[BoundExpr, ...]
    optional: tuple[tuple[StreamPart, tuple[BoundExpr, ...]], ...]


def joining(joined: Joined) -> Joining:
    """Return how a join is done."""
    required = tuple(part for part in joined.parts if part.name not in joined.optional)
    optional = tuple(part for part in joined.parts if part.name in joined.optional)
    of_required: list[BoundExpr] = []
    of_part: dict[str, list[BoundExpr]] = {part.name: [] for part in optional}
    for test in conjuncts(joined.condition):
        named = _parts_named(test)
        last = next((part.name for part in reversed(optional) if part.name in named), None)
        if last is not None:
            of_part[last].append(test)
        elif len(required) > 1 or not optional:
            of_required.append(test)
        else:
            for tests in of_part.values():
                tests.append(test)
    return Joining(required, tuple(of_required), tuple((part, tuple(of_part[part.name])) for part in optional))


def _parts_named(test: BoundExpr) -> set[str]:
    named: set[str] = set()
    todo = [test]
    while todo:
        node = todo.pop()
        if isinstance(node, FieldRef):
            named.add(node.column.partition(".")[0])
        elif not isinstance(node, Scalar):  # what an aggregate of another stream asks for are columns of that
            todo.extend(parts(node))
    return named


def conjuncts(condition: BoundExpr) -> Iterator[BoundExpr]:
    """Yield the conditions that `and` joins."""
    todo = [condition]
    while todo:
        test = todo.pop()
        if isinstance(test, AllOf):
            todo.extend(reversed(test.conditions))
        else:
            yield test
