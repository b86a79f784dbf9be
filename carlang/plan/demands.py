"""Demands: which events of an object an output can look at at all, as a guard of them.

Filters stand above events, with names, derived columns and projections between. A row of events that no filter on its
way lets through is nowhere in the output; so the guards of these filters, handed down to the events, are necessary for
every row that matters. Where a stream is used twice, a row matters that either use asks for. Joins, groups, sequences
and differences ask for all rows of what they are made of, which is itself filtered as a rule.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import assert_never

from carlang.plan.conditions import guard_of
from carlang.plan.guards import NEVER, OPEN, Atom, Guard, bounded, every, some, with_atoms
from carlang.resolve import Given, bound

_FIXED = ("object", "action")
"""Columns that events have from the folder of their file; what is asked of them no file has to be read for."""

_STEPS = 50
"""How many filters stand behind one another in what is still a simple selection."""


@dataclass(frozen=True, slots=True)
class Demand:
    """Events of an object that an output looks at: of these actions, those that pass a guard."""

    object: str
    actions: frozenset[str]
    guard: Guard


def demands(output: bound.BoundOutput, given: Given) -> tuple[Demand, ...]:
    """Return what an output asks of each object whose events it searches."""
    asked: dict[int, list[Guard]] = {id(output.stream): [OPEN]}
    searches: list[tuple[bound.Events, Guard]] = []
    for stream in reversed(list(bound.streams_below(output.stream))):  # what uses a stream comes before it
        guard = bounded(some(asked.get(id(stream), [OPEN])))
        if isinstance(stream, bound.Events):
            searches.append((stream, guard))
        for below, wanted in _handed_down(stream, guard, given):
            asked.setdefault(id(below), []).append(wanted)
        for below in bound.looked_at(stream):
            asked.setdefault(id(below), []).append(OPEN)
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


def _of_objects(searches: Sequence[tuple[bound.Events, Guard]]) -> tuple[Demand, ...]:
    actions: dict[str, set[str]] = {}
    guards: dict[str, list[Guard]] = {}
    for events, guard in searches:
        for event_set in events.sets:
            actions.setdefault(event_set.object, set()).update(event_set.actions)
            guards.setdefault(event_set.object, []).append(guard)
    return tuple(Demand(name, frozenset(actions[name]), bounded(some(guards[name]))) for name in sorted(actions))


def _handed_down(stream: bound.BoundStream, guard: Guard, given: Given) -> list[tuple[bound.BoundStream, Guard]]:
    """Return the inputs of a stream whose rows pass `guard` or do not matter, each with the guard of its rows."""
    match stream:
        case bound.Events():
            return []
        case bound.Filtered(source, condition):
            return [(source, every([guard, _of_fields(guard_of(condition, given))]))]
        case bound.NamedStream(stream=source) | bound.Sorted(input=source):
            return [(source, guard)]
        case bound.Derived(source, column):
            return [(source, with_atoms(guard, lambda atom: OPEN if atom.column == column.name else atom))]
        case bound.Projected(source, items):
            columns = {i.column.name: i.value.column for i in items if isinstance(i.value, bound.FieldRef)}
            return [(source, with_atoms(guard, lambda atom: _renamed(atom, columns)))]
        case (
            bound.Joined()
            | bound.Grouped()
            | bound.Aggregated()
            | bound.Union()
            | bound.Difference()
            | bound.Distinct()
            | bound.Sequenced()
            | bound.Related()
            | bound.Together()
            | bound.Cut()
            | bound.Deduplicated()
        ):
            return [(below, OPEN) for below in bound.inputs(stream)]
        case _:
            assert_never(stream)


def _of_fields(guard: Guard) -> Guard:
    return with_atoms(guard, lambda atom: OPEN if atom.column in _FIXED else atom)


def _renamed(atom: Atom, columns: dict[str, str]) -> Guard:
    name = columns.get(atom.column)
    return OPEN if name is None or name in _FIXED else Atom(name, atom.test, atom.literal)


def of_columns(guard: Guard, columns: frozenset[str]) -> Guard:
    """Return a guard of rows that have these columns alone: a value that is missing passes no atom."""
    return with_atoms(guard, lambda atom: atom if atom.column in columns else NEVER)
