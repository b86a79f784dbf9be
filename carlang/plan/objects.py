"""The plan of an object: which outputs take its events from those that pass guards, and why others do not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import pyarrow as pa

from carlang import plan
from carlang.plan.demands import Demand
from carlang.plan.files import EventFile, Leaf
from carlang.plan.guards import NEVER, OPEN, Atom, Guard, Open, atoms_of, with_atoms
from carlang.plan.prices import Price, cheapest

LEAST_LEAVES = 4
"""How many guards make it worth while to look through an object's events for them: that costs what three to four
queries do."""

LEAST_WORK = 1_000_000
"""How many events, counted once for each guard, make it worth while: a sample costs as much as some queries over a
hundred thousand events."""

LARGEST_SHARE = 0.1
"""The share of events beyond which a guard is none: to keep them all costs as much as the query that it saves."""

LARGEST_SUM = 0.5
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
    """A choice for each demand, and the leaves of those that have one."""

    choices: tuple[Choice, ...]
    leaves: tuple[Leaf, ...]

    def survivors(self, files: Sequence[EventFile], most: int) -> pa.Table:
        """Return pairs of a leaf and the number of an event that passes; raises as `scanning.survivors` does."""
        return plan.survivors(files, self.leaves, most)


def plan_object(
    demands: Sequence[Demand], files: Sequence[EventFile], columns: Mapping[str, str], rows: int
) -> ObjectPlan:
    """Choose guards for what outputs ask of an object, by their prices on a sample of its events.

    `columns` are those that its files have, with their SQL types. Raises `UnfitError` where the events cannot be read.
    """
    guards = [_readable(demand.guard, columns) for demand in demands]
    choices = [Choice(reason="asks for every event") if isinstance(guard, Open) else Choice() for guard in guards]
    count = sum(not choice.reason for choice in choices)
    if count < LEAST_LEAVES or count * rows < LEAST_WORK:
        reason = f"{count} of its guards over {rows:,} events are fewer than pay"
        return ObjectPlan(tuple(c if c.reason else replace(c, reason=reason) for c in choices), ())
    priced = plan.shares(files, list(dict.fromkeys(atom for guard in guards for atom in atoms_of(guard))))
    prices = [cheapest(guard, priced) for guard in guards]
    chosen = _affordable(prices)
    leaves: dict[Leaf, int] = {}
    for index, price in enumerate(prices):
        if price is None:
            continue
        atoms = price[1]
        share = min(1.0, sum(priced[atom] for atom in atoms))
        if index not in chosen:
            choices[index] = Choice(atoms, share, "too many events pass its guard")
            continue
        leaf = leaves.setdefault(Leaf(demands[index].actions, atoms), len(leaves))
        choices[index] = Choice(atoms, share, leaf=leaf)
    return ObjectPlan(tuple(choices), tuple(leaves))


def _affordable(prices: Sequence[Price | None]) -> set[int]:
    """Return which guards are kept: the cheapest, as long as they let few enough events pass."""
    chosen: set[int] = set()
    total = 0.0
    for share, index in sorted((price[0], index) for index, price in enumerate(prices) if price is not None):
        total += share
        if share <= LARGEST_SHARE and total <= LARGEST_SUM:
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
