"""What is known of classes of events and of their fields, as plain data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow.compute as pc

from carlang.foreign import classes_elsewhere, names_elsewhere
from carlang.mapping import Sensors, builtin_sensors, called_by_sensor, sensors_of
from carlang.model import Action, Field, Model, Object, Type
from carlang.store import ClassInfo, HostInfo, Store
from carlang.store.seen import hosts_of
from carlang.vocabulary.wanted import Wanted


@dataclass(frozen=True, slots=True)
class FieldEntry:
    """A field of a class of events.

    `sensors` are those that fill it, each with what it calls it, nothing where it has no name for it; `elsewhere` is
    what data models and products call it besides. `filled` is the share, 0 to 1, of the store's events of the class
    that have a value, `hosts_without` the number of hosts that have such events and never a value: None where no store
    was asked, or that would have to be counted event by event.
    """

    name: str
    type: Type
    description: str
    example: str
    common: bool
    extension: bool
    aliases: tuple[str, ...]
    sensors: Mapping[str, tuple[str, ...]]
    elsewhere: tuple[str, ...]
    filled: float | None = None
    hosts_without: int | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the field as values that JSON can hold."""
        return {
            "name": self.name,
            "type": self.type.kind.value,
            "values": list(self.type.values),
            "description": self.description,
            "example": self.example,
            "common": self.common,
            "extension": self.extension,
            "aliases": list(self.aliases),
            "sensors": {sensor: list(names) for sensor, names in self.sensors.items()},
            "elsewhere": list(self.elsewhere),
            "filled": self.filled,
            "hosts_without": self.hosts_without,
        }


@dataclass(frozen=True, slots=True)
class ActionEntry:
    """An action of an object, the sensors that have events of it, and how many events a store has, if one was asked."""

    name: str
    description: str
    extension: bool
    aliases: tuple[str, ...]
    sensors: tuple[str, ...]
    events: int | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the action as values that JSON can hold."""
        return {
            "name": self.name,
            "description": self.description,
            "extension": self.extension,
            "aliases": list(self.aliases),
            "sensors": list(self.sensors),
            "events": self.events,
        }


@dataclass(frozen=True, slots=True)
class ClassEntry:
    """A class of events: an object, and an action of it or, where that is None, all of them.

    `actions` are those asked for, `fields` likewise: all that the object has, the common ones last, or one. `elsewhere`
    is what products and data models call such events. `events` and `hosts` are a store's, None where none was asked.
    """

    object: str
    title: str
    action: str | None
    description: str
    extension: bool
    elsewhere: tuple[str, ...]
    actions: tuple[ActionEntry, ...]
    fields: tuple[FieldEntry, ...]
    remark: str = ""
    events: int | None = None
    hosts: int | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the class as values that JSON can hold."""
        return {
            "object": self.object,
            "title": self.title,
            "action": self.action,
            "description": self.description,
            "extension": self.extension,
            "elsewhere": list(self.elsewhere),
            "events": self.events,
            "hosts": self.hosts,
            "actions": [action.to_json() for action in self.actions],
            "fields": [field.to_json() for field in self.fields],
        }


def class_entries(wanted: Sequence[Wanted], model: Model, store: Store | None = None) -> tuple[ClassEntry, ...]:
    """Return what is known of classes of events and their fields; with a store, how much of them that has.

    No event is read: the numbers are those of the log and of the files' footers. Of a store with files that have none
    the hosts are not told.

    Raises `StoreError` where the store cannot be read.
    """
    sensors = builtin_sensors(model)
    held = {(each.object, each.action): each for each in store.info().classes} if store else None
    return tuple(_entry(each, model, sensors, held, _hosts(each, store)) for each in wanted)


def _hosts(wanted: Wanted, store: Store | None) -> list[HostInfo] | None:
    """Return the hosts that have events of a class, with these alone; None where only events tell them."""
    if store is None or store.silent_files():
        return None
    inventory = store.inventory()
    chosen = pc.and_(pc.equal(inventory["object"], wanted.object.name), pc.greater(inventory["rows"], 0))
    if wanted.action:
        chosen = pc.and_(chosen, pc.equal(inventory["action"], wanted.action.name))
    return list(hosts_of(inventory.filter(chosen)))


def _entry(
    wanted: Wanted,
    model: Model,
    sensors: Sensors,
    held: Mapping[tuple[str, str], ClassInfo] | None,
    hosts: Sequence[HostInfo] | None,
) -> ClassEntry:
    owner = wanted.object
    actions = (wanted.action,) if wanted.action else owner.actions
    of_class = [held[key] for a in actions if (key := (owner.name, a.name)) in held] if held is not None else None
    called = called_by_sensor(sensors, owner.name, wanted.action.name if wanted.action else None)
    fields = (wanted.field,) if wanted.field else owner.fields.values()
    searched = f"{owner.name}:{wanted.action.name}" if wanted.action else owner.name
    return ClassEntry(
        object=owner.name,
        title=owner.title,
        action=wanted.action.name if wanted.action else None,
        description=wanted.action.description if wanted.action else owner.description,
        extension=wanted.action.extension if wanted.action else owner.extension,
        elsewhere=classes_elsewhere(searched),
        actions=tuple(_action(owner, action, sensors, held) for action in actions),
        fields=tuple(_field(owner, each, model, called.get(each.name, {}), of_class, hosts) for each in fields),
        remark=wanted.remark,
        events=sum(each.rows for each in of_class) if of_class is not None else None,
        hosts=len(hosts) if hosts is not None else None,
    )


def _action(
    owner: Object, action: Action, sensors: Sensors, held: Mapping[tuple[str, str], ClassInfo] | None
) -> ActionEntry:
    info = held.get((owner.name, action.name)) if held is not None else None
    return ActionEntry(
        name=action.name,
        description=action.description,
        extension=action.extension,
        aliases=action.aliases,
        sensors=sensors_of(sensors, owner.name, action.name),
        events=(info.rows if info else 0) if held is not None else None,
    )


def _field(
    owner: Object,
    field: Field,
    model: Model,
    called: Mapping[str, tuple[str, ...]],
    of_class: Sequence[ClassInfo] | None,
    hosts: Iterable[HostInfo] | None,
) -> FieldEntry:
    told = {name.casefold() for names in called.values() for name in names} | {a.casefold() for a in field.aliases}
    elsewhere = (name for name in names_elsewhere(owner.name, field.name) if name.casefold() not in told)
    without = sum(not any(each.fill.get(field.name) for each in host.classes) for host in hosts) if hosts else None
    return FieldEntry(
        name=field.name,
        type=field.type,
        description=field.description,
        example=field.example,
        common=field.name in model.common,
        extension=field.extension,
        aliases=field.aliases,
        sensors=called,
        elsewhere=tuple(elsewhere),
        filled=_filled(field.name, of_class) if of_class else None,
        hosts_without=without,
    )


def _filled(field: str, of_class: Sequence[ClassInfo]) -> float | None:
    """Return the share of the events of some classes that have a field; None where there are none."""
    rows = sum(each.rows for each in of_class)
    return sum(each.fill.get(field, 0.0) * each.rows for each in of_class) / rows if rows else None
