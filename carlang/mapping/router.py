"""Which mappings are for a record: by its log and event id, or by the names of its members where it names no log."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from carlang.mapping.event_mapping import EventMapping, Sensors
from carlang.mapping.shapes import all_shapes, is_member
from carlang.readers import tuning

LogKey = tuple[str | None, str | None, int | None]
"""What a record's header says of where it is from: channel, provider, event id."""

# Below half, a mapping of some other log that happens to share `User` and `Computer` with the record would do. What
# carlang's own tests of guesses hold is right at this share; more was not measured.
_LEAST_SHARE = 0.5

# One or two common names (`ProcessId`, `User`) are in mappings of every sensor and prove nothing.
_FEWEST_MEMBERS = 3


@dataclass(frozen=True, slots=True)
class Route:
    """The way that a record goes: the mappings that are for it, all of which are tried.

    Records that give no event go to the mappings for the rest; all of the route do where it `keeps`.
    """

    mappings: tuple[EventMapping, ...]
    keeps: bool = False


@dataclass(frozen=True, slots=True)
class Guess:
    """A mapping found by the names of a record's members, and the share of them that the mapping knows."""

    mapping: EventMapping
    share: float


@dataclass(frozen=True, slots=True)
class GuessCount:
    """How many records a mapping was guessed for, and the share of its members that it knows of the least sure one."""

    records: int = 0
    least_share: float = 1.0

    def __add__(self, other: GuessCount) -> GuessCount:
        return GuessCount(self.records + other.records, min(self.least_share, other.least_share))


GuessCounts = dict[EventMapping, GuessCount]


def add_guesses(total: GuessCounts, more: Mapping[EventMapping, GuessCount]) -> None:
    """Add counts to others, mapping by mapping."""
    for mapping, count in more.items():
        total[mapping] = total.get(mapping, GuessCount()) + count


class Router:
    """Finds the mappings that are for a record; what is the same for many records is found once.

    Several threads may ask at once: all that they share are dictionaries whose entries are the same whoever made them.
    """

    def __init__(self, sensors: Sensors) -> None:
        self._mappings = sensors.mappings
        self._forced = None if sensors.forced is None else (sensors.forced,)
        self.rest = tuple(mapping for mapping in sensors.mappings if mapping.is_rest)
        self._kept = frozenset(channel.lower() for channel in sensors.kept)
        # Indexes into `_mappings`, so that those of a channel and those of a provider merge in the order of the files.
        self._by_log: dict[str, list[int]] = {}
        for index, mapping in enumerate(sensors.mappings):
            for name in {n.lower() for n in (mapping.channel, mapping.provider) if n}:
                self._by_log.setdefault(name, []).append(index)
        self._known: dict[LogKey, tuple[EventMapping, ...]] = {}
        self._guesses: dict[tuple[str, int | None], tuple[Guess | None]] = {}

    def mappings(self, key: LogKey) -> tuple[EventMapping, ...]:
        """Return the mappings for a record of this log and event id; an empty tuple stands for the rest."""
        if self._forced is not None:
            return self._forced
        known = self._known.get(key)
        if known is None:
            if len(self._known) >= tuning.ROUTES_REMEMBERED:
                self._known.clear()
            channel, provider, _ = key
            names = {name.lower() for name in (channel, provider) if name}
            candidates = sorted({index for name in names for index in self._by_log.get(name, ())})
            known = tuple(self._mappings[index] for index in candidates if _is_for(self._mappings[index], key))
            self._known[key] = known
        return known

    def keeps(self, key: LogKey) -> bool:
        """Tell whether records of this log go to the rest's mapping even if another one is for them."""
        return (key[0] or "").lower() in self._kept

    def guess(self, members: str, event_id: int | None) -> Guess | None:
        """Return the mapping that fits a record's members best, given as a JSON array of their names.

        Only mappings of an event id that the record has, or has not said, are asked. None where none knows half of
        the members.
        """
        key = (members, event_id)
        known = self._guesses.get(key)
        if known is None:
            if len(self._guesses) >= tuning.ROUTES_REMEMBERED:
                self._guesses.clear()
            names = frozenset(json.loads(members)) - _header_members()
            fits = (_fit(mapping, names, event_id) for mapping in self._mappings)
            # A tuple, as "no mapping fits" is worth remembering too.
            known = self._guesses[key] = (max(fits, key=lambda fit: fit[0], default=(0.0, None))[1],)
        return known[0]


@cache
def _header_members() -> frozenset[str]:
    """Return the first parts of all names under which shapes keep headers; they tell nothing of whose record it is."""
    values = (each for shape in all_shapes() for alternatives in shape.header.values() for each in alternatives)
    return frozenset(name.split(".")[0] for each in values if is_member(each) for name in each.members)


def _fit(mapping: EventMapping, names: frozenset[str], event_id: int | None) -> tuple[float, Guess | None]:
    """Return how well a record's members and a mapping's are the same, from 0 to 1 (Dice's coefficient)."""
    if not mapping.event_ids or (event_id is not None and event_id not in mapping.event_ids):
        return 0.0, None
    wanted = mapping.members
    known = {name for m in wanted for name in (m, *mapping.names.get(m, ()))} & names
    if len(known) < max(1, min(_FEWEST_MEMBERS, len(wanted))) or len(known) < _LEAST_SHARE * len(names):
        return 0.0, None
    return 2 * len(known) / (len(names) + len(wanted)), Guess(mapping, len(known) / len(names))


def _is_for(mapping: EventMapping, key: LogKey) -> bool:
    """Tell whether a mapping is for a log: what both name is equal, and there is something that both name."""
    channel, provider, event_id = key
    if mapping.is_rest or (mapping.event_ids and event_id not in mapping.event_ids):
        return False
    pairs = [(mapping.channel, channel), (mapping.provider, provider)]
    equal = [wanted.lower() == name.lower() for wanted, name in pairs if wanted and name]
    return bool(equal) and all(equal)
