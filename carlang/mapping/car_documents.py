"""Documents that are in the CAR model already: mappings that take their fields as they are."""

from __future__ import annotations

from functools import cache

from carlang.diagnostics import nearest
from carlang.errors import IngestOptionError
from carlang.mapping.event_mapping import EventMapping, ObjectAction
from carlang.mapping.expression import Expression, parse_expression
from carlang.model.schema import Model
from carlang.store.columns import PARTITIONS

SENSOR = "car"
"""The sensor of documents that name none."""

_OWN = {
    "time": ("instant({time})", "(event_time)"),
    "sensor": ("{sensor}", f"'{SENSOR}'"),
    "source": ("(source)",),
    "hostname": ("{hostname}", "host_label({fqdn})", "host_label(host)"),
    "fqdn": ("{fqdn}", "domain_name(host)"),
}
"""What is not only the document's member of that name; an event's source is the file in which it stood."""


def car_mappings(model: Model) -> tuple[EventMapping, ...]:
    """Return a mapping for each object and action of the model; the shape of a document names both as its channel."""
    return tuple(
        car_mapping(model, name, action.name) for name, object_ in model.objects.items() for action in object_.actions
    )


def car_mapping(model: Model, object_name: str, action: str) -> EventMapping:
    """Return the mapping that makes one object's events of documents."""
    names = [name for name in model.objects[object_name].fields if name not in PARTITIONS]
    return EventMapping(
        sensor=SENSOR,
        object=object_name,
        action=action,
        channel=f"car/{object_name}/{action}",
        provider=None,
        event_ids=(),
        where=None,
        names={},
        fields={name: _field(name) for name in names},
    )


@cache  # the same few hundred fields are in the mappings of all actions
def _field(name: str) -> tuple[Expression, ...]:
    return tuple(parse_expression(sql) for sql in _OWN.get(name, (f"{{{name}}}",)))


def named_class(model: Model, sensor: str) -> ObjectAction | None:
    """Return the object and action that are named in place of a sensor, as in `process/create`; else None.

    Raises `IngestError` for an action that the object does not have.
    """
    object_name, slash, action = sensor.partition("/")
    if not slash or object_name not in model.objects:
        return None
    actions = [each.name for each in model.objects[object_name].actions]
    if action not in actions:
        meant = nearest(action, actions)
        hint = f"did you mean `{object_name}/{meant}`?" if meant else f"it has {', '.join(actions)}"
        raise IngestOptionError(f"{object_name} has no action `{action}`; {hint}")
    return ObjectAction(object_name, action)
