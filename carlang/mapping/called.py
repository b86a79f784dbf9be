"""What sensors call the fields of events: the members of their records that fill them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from carlang.mapping.event_mapping import EventMapping, Sensors
from carlang.mapping.expression import Expression

Called = Mapping[str, Mapping[str, tuple[str, ...]]]
"""By field and sensor the members that fill it, the nearest first; none where it is filled with something else."""

_PLAIN = re.compile(r"(?:(?:given|number|windows_path|guid|address|lower|instant|truth|real|words)\()?\{[^{}]+\}[^{}]*")
_LISTED = re.compile(r"(?:given\()?coalesce\(", re.IGNORECASE)


def called_by_sensor(sensors: Sensors, object_: str, action: str | None = None) -> Called:
    """Return what sensors call the fields of an object's events, or of those of one action.

    A field that a sensor makes of a constant, or of the record's frame, has no name there.
    """
    nearness: dict[str, dict[str, dict[str, int]]] = {}
    for mapping in sensors.mappings:
        if mapping.object != object_ or action not in (None, mapping.action):
            continue
        for field in mapping.fields:
            names = nearness.setdefault(field, {}).setdefault(mapping.sensor, {})
            for distance, name in _names(mapping, field):
                plain = name.replace("\\.", ".")  # a point within a name, which the record's own has without the slash
                names[plain] = min(names.get(plain, distance), distance)
    return {
        field: {sensor: _nearest_first(names) for sensor, names in by_sensor.items()}
        for field, by_sensor in nearness.items()
    }


def _nearest_first(names: Mapping[str, int]) -> tuple[str, ...]:
    """Return names in order, those that differ in case alone once."""
    by_folded = {name.casefold(): name for name in sorted(names, key=names.__getitem__, reverse=True)}
    return tuple(sorted(by_folded.values(), key=names.__getitem__))


def sensors_of(sensors: Sensors, object_: str, action: str) -> tuple[str, ...]:
    """Return the sensors that have events of an object and action."""
    of_class = (m.sensor for m in sensors.mappings if (m.object, m.action) == (object_, action))
    return tuple(dict.fromkeys(of_class))


def called_by_any(sensors: Sensors) -> dict[str, dict[str, list[str]]]:
    """Return by object and field what sensors call it; a member is one field's name, that which is nearest to it."""
    nearest: dict[tuple[str, str], tuple[int, str, str]] = {}
    for mapping in sensors.mappings:
        for field in mapping.fields:
            for distance, name in _names(mapping, field):
                key = (mapping.object, name.casefold().replace("_", ""))
                candidate = (distance, field, name)
                nearest[key] = min(nearest.get(key, candidate), candidate)
    table: dict[str, dict[str, set[str]]] = {}
    for (owner, _), (_, field, name) in nearest.items():
        table.setdefault(owner, {}).setdefault(field, set()).add(name)
    return {owner: {field: sorted(table[owner][field]) for field in sorted(table[owner])} for owner in sorted(table)}


def _names(mapping: EventMapping, field: str) -> Iterator[tuple[int, str]]:
    """Yield the names of members that fill a field, each with how far the field is from holding just that."""
    for expression in mapping.fields[field]:
        for distance, member in _members(expression):
            yield from ((distance, name) for name in (member, *mapping.names.get(member, ())))


def _members(expression: Expression) -> Iterator[tuple[int, str]]:
    # Not looked for in the text, where `{3}` of a regular expression looks like one.
    members = list(dict.fromkeys(expression.members))
    text = expression.bind("{{{}}}".format)
    if len(members) == 1 and _PLAIN.fullmatch(text):
        yield 0, members[0]
    elif _LISTED.match(text):
        yield from ((1, member) for member in members)
    elif text.startswith("account(") and members:
        yield 1, members[-1]
    elif members:
        yield 2, members[0]
