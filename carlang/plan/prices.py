"""Prices: which of the guards of a demand lets the fewest events pass, and whether it is worth being one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import assert_never

from carlang.plan.guards import Atom, Every, Form, Guard, Open, Some

Price = tuple[float, tuple[Atom, ...]]
"""The share of events that pass, and the atoms of which they pass one."""

_OF_LENGTH = 1e-6
"""What tells atoms apart that no event of the sample passes: of two the longer one will be passed by fewer."""

_OF_EXPRESSION = 0.02
"""What it costs to look for an expression by itself, as a share of events that pass: so many more may pass a text."""


def cheapest(guard: Guard, shares: Mapping[Atom, float]) -> Price | None:
    """Return the atoms that the fewest events pass and that are a guard together; None where every event passes."""
    match guard:
        case Open():
            return None
        case Atom():
            surcharge = _OF_EXPRESSION if guard.test is Form.MATCHES else _OF_LENGTH / (1 + len(str(guard.literal)))
            return shares[guard] + surcharge, (guard,)
        case Every(guards):
            prices = [price for each in guards if (price := cheapest(each, shares)) is not None]
            return min(prices, key=lambda price: (price[0], len(price[1])), default=None)
        case Some(guards):
            total, atoms = 0.0, dict[Atom, None]()
            for each in guards:
                price = cheapest(each, shares)
                if price is None:
                    return None
                total += price[0]
                atoms.update(dict.fromkeys(price[1]))
            return total, tuple(atoms)
        case _:
            assert_never(guard)
