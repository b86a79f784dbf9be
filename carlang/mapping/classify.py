"""Which mappings are for a record: by its log and event id, or by the names of its members where it names no log."""

from __future__ import annotations

import json
from dataclasses import dataclass

from carlang.mapping.event_mapping import EventMapping, Sensors
from carlang.mapping.shapes import SHAPES

Key = tuple[str | None, str | None, int | None]
"""What a record says of itself: channel, provider, event id."""

_LEAST = 0.5
"""The share of a record's members that a mapping has to know."""

_FEWEST = 3
_REMEMBERED = 10_000

_HEADS = frozenset(name.split(".")[0] for shape in SHAPES for names in shape.heads.values() for name in names)


@dataclass(frozen=True, slots=True)
class Guess:
    """A mapping found by the names of a record's members, and the share of them that the mapping knows."""

    place: int
    share: float


class Classifier:
    """Finds the places of the mappings that are for a record; what is the same for many records is found once.

    Several threads may ask at once.
    """

    def __init__(self, sensors: Sensors, forced: int | None = None) -> None:
        """`forced` is the place of a mapping that is for every record, whatever it says."""
        self.mappings = sensors.mappings
        self._forced = None if forced is None else (forced,)
        self.rest = tuple(place for place, mapping in enumerate(self.mappings) if mapping.is_rest)
        self._kept = frozenset(channel.lower() for channel in sensors.kept)
        self._logs: dict[str, list[int]] = {}
        for place, mapping in enumerate(self.mappings):
            for name in {n.lower() for n in (mapping.channel, mapping.provider) if n}:
                self._logs.setdefault(name, []).append(place)
        self._found: dict[Key, tuple[int, ...]] = {}
        self._guessed: dict[tuple[str, int | None], tuple[float, Guess | None]] = {}

    def places(self, key: Key) -> tuple[int, ...]:
        """Return the mappings for a record of this log and event id; none stands for the rest."""
        if self._forced is not None:
            return self._forced
        found = self._found.get(key)
        if found is None:
            if len(self._found) >= _REMEMBERED:
                self._found.clear()
            channel, provider, _ = key
            names = {name.lower() for name in (channel, provider) if name}
            near = sorted({place for name in names for place in self._logs.get(name, ())})
            found = self._found[key] = tuple(place for place in near if _is_for(self.mappings[place], key))
        return found

    def keeps(self, key: Key) -> bool:
        """Tell whether records of this log go to the rest's mapping even if another one is for them."""
        return (key[0] or "").lower() in self._kept

    def guess(self, members: str, event_id: int | None) -> Guess | None:
        """Return the mapping that fits a record's members best, given as a JSON array of their names.

        Only mappings of an event id that the record has, or has not said, are asked. None where none knows half of
        the members.
        """
        key = (members, event_id)
        known = self._guessed.get(key)
        if known is None:
            if len(self._guessed) >= _REMEMBERED:
                self._guessed.clear()
            found = frozenset(json.loads(members)) - _HEADS
            fits = (self._fit(place, found, event_id) for place in range(len(self.mappings)))
            known = self._guessed[key] = max(fits, key=lambda fit: fit[0], default=(0.0, None))
        return known[1]

    def _fit(self, place: int, found: frozenset[str], event_id: int | None) -> tuple[float, Guess | None]:
        """Return how well a record's members and a mapping's are the same, from 0 to 1."""
        mapping = self.mappings[place]
        if not mapping.event_ids or (event_id is not None and event_id not in mapping.event_ids):
            return 0.0, None
        wanted = mapping.members
        known = {name for m in wanted for name in (m, *mapping.names.get(m, ()))} & found
        if len(known) < max(1, min(_FEWEST, len(wanted))) or len(known) < _LEAST * len(found):
            return 0.0, None
        return 2 * len(known) / (len(found) + len(wanted)), Guess(place, len(known) / len(found))


def _is_for(mapping: EventMapping, key: Key) -> bool:
    """Tell whether a mapping is for a log: what both name is equal, and there is something that both name."""
    channel, provider, event_id = key
    if mapping.is_rest or (mapping.event_ids and event_id not in mapping.event_ids):
        return False
    pairs = [(mapping.channel, channel), (mapping.provider, provider)]
    known = [wanted.lower() == name.lower() for wanted, name in pairs if wanted and name]
    return bool(known) and all(known)
