"""Which mappings are for a record: by its log and event id, or by the names of its members where it names no log."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from carlang.mapping.event_mapping import EventMapping, Sensors
from carlang.mapping.guessing import Guess, Guesser
from carlang.readers import tuning

LogKey = tuple[str | None, str | None, int | None]
"""What a record's header says of where it is from: channel, provider, event id."""


@dataclass(frozen=True, slots=True)
class Route:
    """The way that a record goes: the mappings that are for it, all of which are tried.

    Records that give no event go to the mappings for the rest; all of the route do where it `keeps`.
    """

    mappings: tuple[EventMapping, ...]
    keeps: bool = False


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
        self._guesses: dict[tuple[str, int | None, bool], tuple[Guess | None]] = {}
        self._guesser = Guesser(sensors.mappings, outright=sensors.chosen)

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

    def guess(self, members: str, event_id: int | None, *, timed: bool) -> Guess | None:
        """Return what a record may be by its members, given as a JSON array of their names; see `Guesser`."""
        key = (members, event_id, timed)
        known = self._guesses.get(key)
        if known is None:
            if len(self._guesses) >= tuning.ROUTES_REMEMBERED:
                self._guesses.clear()
            # A tuple, as "no mapping fits" is worth remembering too.
            known = self._guesses[key] = (self._guesser.guess(json.loads(members), event_id, timed=timed),)
        return known[0]


def _is_for(mapping: EventMapping, key: LogKey) -> bool:
    """Tell whether a mapping is for a log: what both name is equal, and there is something that both name."""
    channel, provider, event_id = key
    if mapping.is_rest or (mapping.event_ids and event_id not in mapping.event_ids):
        return False
    pairs = [(mapping.channel, channel), (mapping.provider, provider)]
    equal = [wanted.lower() == name.lower() for wanted, name in pairs if wanted and name]
    return bool(equal) and all(equal)
