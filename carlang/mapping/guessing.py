"""What a record that names no log may be taken for, by the names of its members.

A listing of running processes has ProcessId, CommandLine and User, as a log of starts has, and is none. So a guess
needs names that only the events of one kind have, and a time; that two kinds fit equally well is no guess.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cache
from importlib.resources import files as package_files

from pydantic import BaseModel, ConfigDict

from carlang.datafile import read_builtin_yaml, validate
from carlang.mapping.event_mapping import EventMapping
from carlang.mapping.shapes import all_shapes, is_member

# Below half, a mapping of some other log that happens to share `User` and `Computer` with the record would do. What
# carlang's own tests of guesses hold is right at this share; more was not measured.
_LEAST_SHARE = 0.5

# One or two common names (`ProcessId`, `User`) are in mappings of every sensor and prove nothing.
_FEWEST_MEMBERS = 3

# One name that no other mapping knows may be a coincidence: only what carlang maps is known, not what all logs hold.
_FEWEST_TELLING = 2


class Doubt(Enum):
    """Why a record that has some members of a mapping was not taken for its."""

    COMMONPLACE = "other records have these members too"
    UNTIMED = "they have no time"
    RIVALS = "others fit as well"


@dataclass(frozen=True, slots=True)
class Guess:
    """A mapping found by the names of a record's members, and the share of them that the mapping knows.

    With a `doubt`, the record was not taken for it.
    """

    mapping: EventMapping
    share: float
    doubt: Doubt | None = None


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    commonplace: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Fit:
    mapping: EventMapping
    known: frozenset[str]
    rank: float
    share: float


class Guesser:
    """Guesses among mappings; `outright`, where the sensor was named, by how well they fit alone."""

    def __init__(self, mappings: Iterable[EventMapping], *, outright: bool) -> None:
        # Without an event id of its own, a mapping is for all that its log holds: its names tell nothing apart.
        self._names = {mapping: _names(mapping) for mapping in mappings if mapping.event_ids}
        self._outright = outright

    def guess(self, members: Iterable[str], event_id: int | None, *, timed: bool) -> Guess | None:
        """Return the mapping that fits a record's members best; None where none knows half of them.

        Only mappings of an event id that the record has, or has not said, are asked. A guess may be in doubt.
        """
        names = frozenset(members) - _header_members()
        allowed = [m for m in self._names if event_id is None or event_id in m.event_ids]
        fits = sorted((fit for m in allowed if (fit := self._fit(m, names))), key=lambda fit: fit.rank, reverse=True)
        if not fits:
            return None
        if self._outright:
            return Guess(fits[0].mapping, fits[0].share)
        telling = [fit for fit in fits if self._tells(fit, allowed, event_id)]
        if not telling:
            return Guess(fits[0].mapping, fits[0].share, Doubt.COMMONPLACE)
        best = telling[0]
        rivals = any(fit.rank == best.rank and _kind(fit.mapping) != _kind(best.mapping) for fit in telling)
        doubt = Doubt.RIVALS if rivals else None if timed else Doubt.UNTIMED
        return Guess(best.mapping, best.share, doubt)

    def _fit(self, mapping: EventMapping, names: frozenset[str]) -> _Fit | None:
        """Return how well a record's members and a mapping's are the same, from 0 to 1 (Dice's coefficient)."""
        wanted = len(mapping.members)
        known = self._names[mapping] & names
        if len(known) < max(1, min(_FEWEST_MEMBERS, wanted)) or len(known) < _LEAST_SHARE * len(names):
            return None
        return _Fit(mapping, known, 2 * len(known) / (len(names) + wanted), len(known) / len(names))

    def _tells(self, fit: _Fit, allowed: Iterable[EventMapping], event_id: int | None) -> bool:
        """Tell whether names of a record are in mappings of one kind of event alone, and in no listing."""
        others = (m for m in allowed if _kind(m) != _kind(fit.mapping))
        telling = {name for name in fit.known if _plain(name) not in _commonplace()}
        for other in others:
            telling -= self._names[other]
        # An event id beside them is a name that no listing has.
        return len(telling) + (event_id is not None) >= _FEWEST_TELLING and bool(telling)


def _names(mapping: EventMapping) -> frozenset[str]:
    return frozenset(name for member in mapping.members for name in (member, *mapping.names.get(member, ())))


def _kind(mapping: EventMapping) -> tuple[str, str, str]:
    return (mapping.sensor, mapping.object, mapping.action)


def _plain(name: str) -> str:
    return name.casefold().replace("_", "")


@cache
def _commonplace() -> frozenset[str]:
    name = "guessing.yaml"
    text = (package_files("carlang.mapping") / name).read_text("utf-8")
    return frozenset(map(_plain, validate(_File, read_builtin_yaml(name, text)).commonplace))


@cache
def _header_members() -> frozenset[str]:
    """Return the first parts of all names under which shapes keep headers; they tell nothing of whose record it is."""
    values = (each for shape in all_shapes() for alternatives in shape.header.values() for each in alternatives)
    return frozenset(name.split(".")[0] for each in values if is_member(each) for name in each.members)


def add_doubts(total: Doubts, more: Mapping[tuple[EventMapping, Doubt], int]) -> None:
    """Add counts of records that were not guessed to others."""
    for key, count in more.items():
        total[key] = total.get(key, 0) + count


Doubts = dict[tuple[EventMapping, Doubt], int]
"""How many records were not taken for a mapping's, and why."""
