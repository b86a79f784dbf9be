"""Guards: what a row must have, in one of some columns, for a condition to hold of it.

A guard is necessary and not sufficient: every row that the condition accepts passes it, and the condition is tested on
what passes. It is made of atoms, each a test of one value by itself, so that it is answered once for a value, wherever
the value stands.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from itertools import islice
from typing import assert_never

ODD_LETTERS = "\u0130\u017f\u212a"
"""The letters beyond ASCII that are an ASCII letter to some test: the I with a dot and the sign of Kelvin in lower case
are `i` and `k`, and a regular expression without case takes the long s for `s`. A value that has one of them passes
every atom."""

LARGEST = 20_000
"""How many atoms a guard may have: lists of hashes are that long. Where programs are drawn so that streams share
others again and again, guards would double with each; what is longer is no guard."""


class Form(Enum):
    """How an atom compares a value with its literal; texts are in lower case."""

    EQUAL = "=="
    PREFIX = "startswith"
    SUFFIX = "endswith"
    CONTAINS = "contains"
    NOT_ASCII = "not ASCII"
    """The value has a character beyond ASCII; the literal is empty."""
    MATCHES = "matches"
    """The literal, a regular expression as it is written, is found in the value as it is."""


@dataclass(frozen=True, slots=True)
class Atom:
    """A test of a column's value: a number, which is equal, or a text of ASCII characters in lower case.

    Of a regular expression alone the text is what it is.
    """

    column: str
    test: Form
    literal: str | int

    def __str__(self) -> str:
        """Name the test as programs write it."""
        if self.test is Form.NOT_ASCII:
            return f"{self.column} has a character beyond ASCII"
        return f"{self.column} {self.test.value} {self.literal!r}"


@dataclass(frozen=True, slots=True)
class Every:
    """Each of some guards is necessary: any one of them will do."""

    guards: tuple[Guard, ...]


@dataclass(frozen=True, slots=True)
class Some:
    """A row passes one of some guards; of none, no row passes."""

    guards: tuple[Guard, ...]


@dataclass(frozen=True, slots=True)
class Open:
    """Every row passes."""


Guard = Atom | Every | Some | Open

OPEN = Open()
NEVER = Some(())


def every(guards: Iterable[Guard]) -> Guard:
    """Return the guard of rows that pass all of some guards."""
    kept = tuple(dict.fromkeys(guard for guard in guards if not isinstance(guard, Open)))
    if NEVER in kept:
        return NEVER
    if not kept:
        return OPEN
    return kept[0] if len(kept) == 1 else Every(kept)


def some(guards: Iterable[Guard]) -> Guard:
    """Return the guard of rows that pass one of some guards."""
    alternatives: dict[Guard, None] = {}
    for guard in guards:
        match guard:
            case Open():
                return OPEN
            case Some(below):
                alternatives.update(dict.fromkeys(below))
            case Atom() | Every():
                alternatives[guard] = None
            case _:
                assert_never(guard)
    return next(iter(alternatives)) if len(alternatives) == 1 else Some(tuple(alternatives))


def atoms_of(guard: Guard) -> Iterator[Atom]:
    """Yield the atoms of a guard."""
    todo = [guard]
    while todo:
        match todo.pop():
            case Atom() as atom:
                yield atom
            case Every(guards) | Some(guards):
                todo.extend(guards)
            case Open():
                pass


def bounded(guard: Guard) -> Guard:
    """Return a guard, or none where it has more than `LARGEST` atoms."""
    return OPEN if next(islice(atoms_of(guard), LARGEST, None), None) else guard


def with_atoms(guard: Guard, changed: Callable[[Atom], Guard]) -> Guard:
    """Return a guard with another one in the place of each atom."""
    match guard:
        case Atom():
            return changed(guard)
        case Every(guards):
            return every(with_atoms(each, changed) for each in guards)
        case Some(guards):
            return some(with_atoms(each, changed) for each in guards)
        case Open():
            return guard
        case _:
            assert_never(guard)
