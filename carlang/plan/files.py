"""Files of events, and what is looked for in them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from carlang.plan.guards import Atom

FILE_SHIFT = 32
"""A row's number has that of its file in the upper half, as the engine numbers the rows of files."""


@dataclass(frozen=True, slots=True)
class EventFile:
    """A Parquet file of events of an action, with the number that it has among those of the object."""

    path: Path
    action: str
    number: int


@dataclass(frozen=True, slots=True)
class Leaf:
    """Events of some actions that pass one of some atoms.

    `tested` are the columns of texts that its condition looks at, none where it is not to be tested.
    """

    actions: frozenset[str]
    atoms: tuple[Atom, ...]
    tested: tuple[str, ...] = ()


class UnfitError(Exception):
    """Events cannot be looked through for guards, or what passes is too much; the message says why."""
