"""What is the same whenever it is asked why in a run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from carlang.engine import QuerySession
from carlang.resolve import Given
from carlang.resolve.bound import BoundStream
from carlang.results import Reason
from carlang.source import Source

Never = Callable[[Sequence[BoundStream]], Sequence[tuple[Reason, ...]]]
"""Gives, for each of some streams, why no event of the store can be a row of it; nothing where some may be."""


@dataclass(frozen=True, slots=True)
class Inquiry:
    """A run in which is asked why: its session, its instant, the values of inputs, what judges the store.

    `hits` is how many rows are shown with what they met.
    """

    session: QuerySession
    now: datetime
    given: Given
    never: Never
    hits: int


@dataclass(frozen=True, slots=True)
class Texts:
    """The program of an output, and what gives the programs of the analytics that it runs, by their ids."""

    program: Source
    find: Callable[[str], Source | None]
