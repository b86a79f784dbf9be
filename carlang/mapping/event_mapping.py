"""Checked mappings of raw records to events."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from carlang.diagnostics import nearest
from carlang.errors import IngestOptionError
from carlang.mapping.expression import Expression

AUTO = "auto"
"""In place of a sensor's name: all of them."""


@dataclass(frozen=True, slots=True, order=True)
class ObjectAction:
    """The object and the action that events are of, such as process/create."""

    object: str
    action: str


@dataclass(frozen=True)
class Document:
    """How documents have an object's fields: `known` are their names, and other members that documents have.

    `aliases` gives the field for other names as `plain_name` writes them, `misfits` an object of the values that do
    not fit their fields.
    """

    known: tuple[str, ...]
    aliases: Mapping[str, str]
    misfits: Expression


@dataclass(frozen=True)
class EventMapping:
    """A mapping of one kind of record to one object and action.

    `names` gives for a member other names that exports use for it, `fields` for a field its expressions, the first
    that is not null counts. Without `event_ids` the mapping takes all records of its log, or, where it has no log,
    what is left over. The ids of one that `says_all` tell everything: its records need no members.
    `document` is for records that are in the CAR model already. A mapping with `each` keeps records, in place of the
    mapping for the rest: as an event for each element of that list.
    """

    sensor: str
    object: str
    action: str
    channel: str | None
    provider: str | None
    event_ids: tuple[int, ...]
    where: Expression | None
    # Left out of the hash, as mappings are keys of dictionaries and dictionaries have none. Equality looks at them.
    names: Mapping[str, tuple[str, ...]] = field(hash=False)
    fields: Mapping[str, tuple[Expression, ...]] = field(hash=False)
    says_all: bool = False
    each: Expression | None = None
    document: Document | None = field(default=None, hash=False)

    @property
    def makes(self) -> ObjectAction:
        """What its events are."""
        return ObjectAction(self.object, self.action)

    @property
    def is_rest(self) -> bool:
        """Whether the mapping takes the records that no other is for."""
        return self.channel is None and self.provider is None

    @property
    def keeps(self) -> bool:
        """Whether the mapping keeps records as they are, whatever other events are made of them."""
        return self.is_rest or self.each is not None

    @property
    def members(self) -> list[str]:
        """The members of records that its fields are made of, each once."""
        return list(
            dict.fromkeys(name for expressions in self.fields.values() for e in expressions for name in e.members)
        )

    @property
    def condition_members(self) -> list[str]:
        """The members of records that its condition asks for."""
        return list(dict.fromkeys(self.where.members if self.where else ()))

    def own_members(self, common: Collection[str]) -> list[str]:
        """Return the members that only fields not in `common` are made of: these say nothing of what happened."""
        members: dict[bool, dict[str, None]] = {True: {}, False: {}}
        for field_name, expressions in self.fields.items():
            members[field_name in common] |= {name: None for e in expressions for name in e.members}
        return [name for name in members[False] if name not in members[True]]


@dataclass(frozen=True)
class Sensors:
    """The mappings of some sensors, in the order of their files.

    `kept` are the channels whose records go to the rest's mapping even if another one is for them. `forced` is the
    mapping that takes every record, whatever log the record says it is from. `chosen` sensors were asked for by name.
    """

    mappings: tuple[EventMapping, ...]
    kept: frozenset[str] = frozenset()
    forced: EventMapping | None = None
    chosen: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """The sensors' names, each once."""
        return tuple(dict.fromkeys(mapping.sensor for mapping in self.mappings))

    def only(self, sensor: str) -> Sensors:
        """Return the mappings of one sensor and those for the rest; `auto` stands for all sensors."""
        if sensor == AUTO:
            return self
        if sensor not in self.names:
            meant = nearest(sensor, self.names)
            hint = f"did you mean `{meant}`?" if meant else f"there are {', '.join(self.names)}, and auto"
            raise IngestOptionError(f"there is no sensor `{sensor}`; {hint}")
        return Sensors(tuple(m for m in self.mappings if m.sensor == sensor or m.is_rest), self.kept, chosen=True)
