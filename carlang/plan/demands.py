"""Demands: which events of an object an output can look at at all, as a guard and a condition of them.

Filters stand above events, with names, derived columns and projections between. A row of events that no filter on its
way lets through is nowhere in the output; so the guards of these filters, handed down to the events, are necessary for
every row that matters, and so are their conditions, where a row tells by itself whether they hold. Where a stream is
used twice, a row matters that either use asks for.

Guards go further than conditions: to both sides of a union and of a difference, to the parts of a join, and to the rows
of groups by what is asked of their keys. There a row can be that of an occurrence, put together from two records, of
which one value is in one of them and another one in the other. Sequences and the rest ask for all rows of what they are
made of.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import assert_never

from carlang.model.types import Column
from carlang.plan.conditions import guard_of
from carlang.plan.guards import NEVER, OPEN, Atom, Form, Guard, bounded, every, with_atoms
from carlang.plan.wishes import EVERY_ROW, Wish, derived, either, filtered, projected, with_values
from carlang.resolve import Given, bound

_FIXED = ("object", "action")
"""Columns that events have from the folder of their file; what is asked of them no file has to be read for."""

_STEPS = 50
"""How many filters stand behind one another in what is still a simple selection."""


@dataclass(frozen=True, slots=True)
class Demand:
    """Events of an object that an output looks at: of these actions, those that pass a guard.

    A condition, where there is one, holds of each of them, and is told by the event's own values.
    """

    object: str
    actions: frozenset[str]
    guard: Guard
    condition: bound.BoundExpr | None = None


def demands(output: bound.BoundOutput, given: Given) -> tuple[Demand, ...]:
    """Return what an output asks of each object whose events it searches."""
    asked: dict[int, list[Wish]] = {id(output.stream): [EVERY_ROW]}
    searches: list[tuple[bound.Events, Wish]] = []
    for stream in reversed(list(bound.streams_below(output.stream))):  # what uses a stream comes before it
        wish = either(asked.get(id(stream), [EVERY_ROW]))
        if isinstance(stream, bound.Events):
            searches.append((stream, wish))
        for below, wanted in _handed_down(stream, wish, given):
            asked.setdefault(id(below), []).append(wanted)
        for below in bound.looked_at(stream):
            asked.setdefault(id(below), []).append(EVERY_ROW)
    return _of_objects(searches)


def searched(stream: bound.BoundStream) -> bound.Events | None:
    """Return the search whose events a stream filters, names or puts in order, with their own columns and no others.

    None where it does anything else, or where it is many steps from the search.
    """
    for _ in range(_STEPS):
        match stream:
            case bound.Events():
                return stream
            case bound.Filtered(input=source) | bound.Sorted(input=source) | bound.NamedStream(stream=source):
                stream = source
            case _:
                return None
    return None


def _of_objects(searches: Sequence[tuple[bound.Events, Wish]]) -> tuple[Demand, ...]:
    actions: dict[str, set[str]] = {}
    wishes: dict[str, list[Wish]] = {}
    for events, wish in searches:
        for event_set in events.sets:
            actions.setdefault(event_set.object, set()).update(event_set.actions)
            wishes.setdefault(event_set.object, []).append(wish)
    of_objects = {name: either(wishes[name]) for name in sorted(actions)}
    return tuple(
        Demand(name, frozenset(actions[name]), wish.guard, wish.condition) for name, wish in of_objects.items()
    )


def _handed_down(  # noqa: C901  # a case a stream
    stream: bound.BoundStream, wish: Wish, given: Given
) -> list[tuple[bound.BoundStream, Wish]]:
    """Return the inputs of a stream whose rows are wished for or do not matter, each with the wish for its rows."""
    match stream:
        case bound.Events():
            return []
        case bound.Filtered(source, condition):
            return [
                (source, filtered(wish, _of_fields(guard_of(condition, given)), with_values(condition, given), _FIXED))
            ]
        case bound.NamedStream(stream=source) | bound.Sorted(input=source):
            return [(source, wish)]
        case bound.Derived(source, column, value):
            return [(source, derived(wish, column, value, _FIXED))]
        case bound.Projected(source, items):
            guard = _of_items(wish.guard, items)
            return [(source, Wish(guard, projected(wish.condition, items, _FIXED)))]
        case bound.Aggregated(group, items):
            return [(group, Wish(_of_items(wish.guard, items)))]
        case bound.Union(left, right):
            return [(side, Wish(_of_side(wish.guard, side.columns, stream.columns))) for side in (left, right)]
        case bound.Difference(left, right, on):
            return [(left, Wish(wish.guard)), (right, Wish(_of_keys(wish.guard, on)))]
        case bound.Distinct(source, column):
            return [(source, Wish(_of_keys(wish.guard, (column.name,))))]
        case bound.Grouped(sources, keys, having=having):
            guard = every([wish.guard, *(guard_of(condition, given) for condition in having)])
            return [(source, Wish(_of_keys(guard, [key.name for key in keys]))) for source in sources]
        case bound.Joined():
            return _to_parts(stream, wish.guard, given)
        case bound.Sequenced() | bound.Related() | bound.Together() | bound.Cut() | bound.Deduplicated():
            return [(below, EVERY_ROW) for below in bound.inputs(stream)]
        case _:
            assert_never(stream)


def _of_fields(guard: Guard) -> Guard:
    return with_atoms(guard, lambda atom: OPEN if atom.column in _FIXED else atom)


def _of_items(guard: Guard, items: Sequence[bound.Item]) -> Guard:
    columns = {i.column.name: i.value.column for i in items if isinstance(i.value, bound.FieldRef)}
    return with_atoms(guard, lambda atom: _renamed(atom, columns))


def _renamed(atom: Atom, columns: Mapping[str, str]) -> Guard:
    name = columns.get(atom.column)
    return OPEN if name is None or name in _FIXED else Atom(name, atom.test, atom.literal)


def _of_side(guard: Guard, side: Sequence[Column], union: Sequence[Column]) -> Guard:
    """Return the guard of one side's rows: a column that it lacks is missing, which passes no atom."""
    types = {column.name: column.type for column in union}
    fitting = {column.name: column.type == types[column.name] for column in side}

    def of_side(atom: Atom) -> Guard:
        return (atom if fitting[atom.column] else OPEN) if atom.column in fitting else NEVER

    return with_atoms(guard, of_side)


def _of_keys(guard: Guard, keys: Sequence[str]) -> Guard:
    """Return the guard of all rows that are equal in keys, texts without case, to one that passes.

    An expression can tell texts apart that are equal without case.
    """
    return with_atoms(guard, lambda atom: atom if atom.column in keys and atom.test is not Form.MATCHES else OPEN)


def _to_parts(joined: bound.Joined, guard: Guard, given: Given) -> list[tuple[bound.BoundStream, Wish]]:
    """Hand down to the parts of a join what is asked of each of them alone.

    Where parts are optional, combinations that lack them are rows as well: then conditions turn no row away.
    """
    if joined.optional:
        return [(part.stream, EVERY_ROW) for part in joined.parts]
    asked = every([guard, guard_of(joined.condition, given)])
    wishes: list[tuple[bound.BoundStream, Wish]] = []
    for part in joined.parts:
        columns = {f"{part.name}.{column.name}": column.name for column in part.stream.columns}
        wishes.append((part.stream, Wish(bounded(with_atoms(asked, partial(_renamed, columns=columns))))))
    return wishes
