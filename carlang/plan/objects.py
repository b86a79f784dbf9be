"""The plan of an object: which outputs take its events from those that pass guards, and why others do not."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from carlang import plan
from carlang.plan.demands import Demand
from carlang.plan.files import EventFile, Leaf
from carlang.plan.guards import NEVER, OPEN, Atom, Guard, Open, atoms_of, with_atoms
from carlang.plan.prices import Price, cheapest
from carlang.plan.wishes import beyond_guards
from carlang.resolve.bound import BoundExpr, row_fields

if TYPE_CHECKING:
    from carlang.plan.portions import Portion

LEAST_LEAVES = 4
"""How many guards make it worth while to look through an object's events for them: that costs what three to four
queries do."""

LEAST_WORK = 1_000_000
"""How many events, counted once for each guard, make it worth while for few of them: a sample costs as much as some
queries over a hundred thousand events."""

MANY_LEAVES = 16
"""So many guards are worth while over however few events. Each condition that none of them rules out takes 5 to 10 ms
to be written as SQL and planned by the engine, and of 1,200 rules over recordings of attacks a quarter are left."""

LARGEST_SHARE = 0.05
"""The share of events beyond which a guard is none: to keep them all costs as much as the query that it saves."""

LARGEST_TESTED = 0.25
"""The same where there is a condition to be tested on what passes, so that no more is kept than what it holds of."""

LEAST_TESTED = 0.005
"""The share of events that have to pass for a condition to be tested: what it looks at has to be read for all."""

LARGEST_SUM = 0.7
"""The share of events that all guards together may let pass, each counted for itself."""

_TEXT, _WHOLE = "VARCHAR", ("BIGINT", "INTEGER", "SMALLINT", "TINYINT")


@dataclass(frozen=True, slots=True)
class Choice:
    """What was decided of a demand: the atoms of its guard and the share of events that pass, or `reason` why none.

    Where there is no sample, there is no share.
    """

    atoms: tuple[Atom, ...] = ()
    share: float | None = None
    reason: str = ""
    leaf: int | None = None
    """The number of its leaf, where its events are those that pass a guard."""


@dataclass(frozen=True, slots=True)
class ObjectPlan:
    """A choice for each demand, and the leaves of those that have one, each with the condition for its events."""

    choices: tuple[Choice, ...]
    leaves: tuple[Leaf, ...]
    conditions: tuple[BoundExpr | None, ...] = ()

    def long_columns(self, files: Sequence[EventFile], columns: Collection[str]) -> tuple[str, ...]:
        """Return those of some columns that guards look at whose texts are long; raises as `survivors` does."""
        guarded = {atom.column for leaf in self.leaves for atom in leaf.atoms}
        return plan.long_columns(files, guarded & set(columns))

    def survivors(self, files: Sequence[EventFile], long: Sequence[str]) -> Iterator[Portion]:
        """Yield what passes the guards of the leaves, as `scanning.survivors` does."""
        return plan.survivors(files, self.leaves, long)


def plan_object(
    demands: Sequence[Demand],
    files: Sequence[EventFile],
    columns: Mapping[str, str],
    rows: int,
    testable: Collection[str] = (),
) -> ObjectPlan:
    """Choose guards for what outputs ask of an object, by their prices on a sample of its events.

    `columns` are those that its files have, with their SQL types; conditions are tested that ask for `testable` ones
    alone. Raises `UnfitError` where the events cannot be read.
    """
    guards = [_readable(demand.guard, columns) for demand in demands]
    choices = [Choice(reason="asks for every event") if isinstance(guard, Open) else Choice() for guard in guards]
    count = sum(not choice.reason for choice in choices)
    if not can_pay(count, rows):
        reason = f"{count} of its guards over {rows:,} events are fewer than pay"
        return ObjectPlan(tuple(c if c.reason else replace(c, reason=reason) for c in choices), ())
    priced = plan.shares(files, list(dict.fromkeys(atom for guard in guards for atom in atoms_of(guard))))
    prices = [cheapest(guard, priced) for guard in guards]
    conditions = [beyond_guards(demand.condition, testable) for demand in demands]
    chosen = _affordable(prices, conditions)
    leaves: dict[tuple[Leaf, BoundExpr | None], int] = {}
    for index, price in enumerate(prices):
        if price is None:
            continue
        atoms = price[1]
        share = min(1.0, sum(priced[atom] for atom in atoms))
        if index not in chosen:
            choices[index] = Choice(atoms, share, "too many events pass its guard")
            continue
        condition = conditions[index] if share >= LEAST_TESTED else None
        tested = tuple(sorted(row_fields(condition) & columns.keys())) if condition is not None else ()
        of_demand = Leaf(demands[index].actions, atoms, tested), condition
        choices[index] = Choice(atoms, share, leaf=leaves.setdefault(of_demand, len(leaves)))
    return ObjectPlan(tuple(choices), tuple(leaf for leaf, _ in leaves), tuple(condition for _, condition in leaves))


def can_pay(guards: int, rows: int) -> bool:
    """Tell whether to look through so many events of an object for so many guards may cost less than the queries."""
    return guards >= MANY_LEAVES or (guards >= LEAST_LEAVES and guards * rows >= LEAST_WORK)


def are_too_many(events: int, rows: int) -> bool:
    """Tell whether so many events of an object that has so many are too many to be kept for one output."""
    return events > LARGEST_SHARE * rows


def _affordable(prices: Sequence[Price | None], conditions: Sequence[BoundExpr | None]) -> set[int]:
    """Return which guards are kept: the cheapest, as long as they let few enough events pass."""
    chosen: set[int] = set()
    total = 0.0
    for share, index in sorted((price[0], index) for index, price in enumerate(prices) if price is not None):
        total += share
        largest = LARGEST_SHARE if conditions[index] is None else LARGEST_TESTED
        if share <= largest and total <= LARGEST_SUM:
            chosen.add(index)
    return chosen


def _readable(guard: Guard, columns: Mapping[str, str]) -> Guard:
    """Return a guard of what can be read for it: a column that no file has is missing in every event."""

    def changed(atom: Atom) -> Guard:
        type_ = columns.get(atom.column)
        if type_ is None:
            return NEVER
        fits = type_ == _TEXT if isinstance(atom.literal, str) else type_ in _WHOLE
        return atom if fits else OPEN

    return with_atoms(guard, changed)
