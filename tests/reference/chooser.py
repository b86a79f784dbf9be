"""Where cases come from: choices, made by Hypothesis, which can shrink them, or fast by a seeded generator."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import TypeVar

from hypothesis import strategies as st

T = TypeVar("T")


class Chooser:
    """Makes choices out of whole numbers; smaller numbers stand for simpler cases."""

    def __init__(self, integer: Callable[[int, int], int]) -> None:
        self.integer = integer

    def pick(self, several: Sequence[T]) -> T:
        """Return one of several, the simplest first."""
        return several[self.integer(0, len(several) - 1)]

    def chance(self, percent: int) -> bool:
        """Return true in so many of a hundred cases."""
        return self.integer(1, 100) > 100 - percent

    def some(self, several: Sequence[T], least: int, most: int) -> list[T]:
        """Return some of several, each at most once."""
        left = list(several)
        count = min(self.integer(least, most), len(left))
        return [left.pop(self.integer(0, len(left) - 1)) for _ in range(count)]

    def shuffled(self, several: Sequence[T]) -> list[T]:
        """Return all of several in another order."""
        return self.some(several, len(several), len(several))


def seeded(seed: int) -> Chooser:
    """Return a chooser whose choices follow from a seed."""
    return Chooser(random.Random(seed).randint)  # noqa: S311  # cases, not secrets


@st.composite
def choosers(draw: st.DrawFn) -> Chooser:
    """Draw a chooser whose choices Hypothesis makes."""
    return Chooser(lambda low, high: draw(st.integers(low, high)))
