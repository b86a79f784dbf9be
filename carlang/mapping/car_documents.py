"""Documents that are in the CAR model already: mappings that take their fields as they are.

A field may stand there under another name that the model lists for it. What the model does not know, and a value that
does not fit its field, is kept in `extra`.
"""

from __future__ import annotations

from functools import cache

from carlang.diagnostics import nearest
from carlang.errors import IngestOptionError
from carlang.mapping.event_mapping import Document, EventMapping, ObjectAction
from carlang.mapping.expression import Expression, parse_expression
from carlang.model.schema import Model, Object, plain_name
from carlang.model.types import Kind
from carlang.store.columns import PARTITIONS

SENSOR = "car"
"""The sensor of documents that name none."""

EXTRA = "extra"

_OWN = {
    "time": ("instant({time})", "(event_time)"),
    "sensor": ("{sensor}", f"'{SENSOR}'"),
    "source": ("(source)",),
    "hostname": ("{hostname}", "host_label({fqdn})", "host_label(host)"),
    "fqdn": ("{fqdn}", "domain_name(host)"),
}
"""What is not only the document's member of that name; an event's source is the file in which it stood."""

_CONVERTED = {
    Kind.INTEGER: "whole_number({%s})",
    Kind.PORT: "whole_number({%s})",
    Kind.DURATION: "whole_number({%s})",
    Kind.FLOAT: "TRY_CAST({%s} AS DOUBLE)",
    Kind.BOOLEAN: "TRY_CAST({%s} AS BOOLEAN)",
    Kind.TIME: "instant({%s})",
}
"""What makes a value of a member's text, for the kinds of fields that not every text is one for."""

_OF_THE_SHAPE = ("@timestamp", "data_model", "fields", *PARTITIONS)
"""Members of documents that are no fields, and no more than where the fields, the time and the kind of event stand."""


def car_mappings(model: Model) -> tuple[EventMapping, ...]:
    """Return a mapping for each object and action of the model; the shape of a document names both as its channel."""
    return tuple(
        car_mapping(model, name, action.name) for name, object_ in model.objects.items() for action in object_.actions
    )


def car_mapping(model: Model, object_name: str, action: str) -> EventMapping:
    """Return the mapping that makes one object's events of documents."""
    fields = {f.name: f.type.kind for f in model.objects[object_name].fields.values() if f.name not in PARTITIONS}
    return EventMapping(
        sensor=SENSOR,
        object=object_name,
        action=action,
        channel=f"car/{object_name}/{action}",
        provider=None,
        event_ids=(),
        where=None,
        names={},
        fields={name: _field(name, kind) for name, kind in fields.items()},
        document=_document(model, object_name),
    )


@cache  # the same few hundred fields are in the mappings of all actions
def _field(name: str, kind: Kind) -> tuple[Expression, ...]:
    if name == EXTRA:
        return (parse_expression("(extra)"),)
    return tuple(parse_expression(sql) for sql in _OWN.get(name, (_converted(name, kind),)))


def _converted(name: str, kind: Kind) -> str:
    return _CONVERTED[kind] % name if kind in _CONVERTED else f"{{{name}}}"


def _document(model: Model, object_name: str) -> Document:
    object_ = model.objects[object_name]
    names = [name for name in object_.fields if name not in PARTITIONS]
    return Document(
        known=(*names, *_OF_THE_SHAPE),
        aliases={plain_name(alias): name for name in names for alias in (*object_.fields[name].aliases, name)},
        misfits=_misfits(object_),
    )


def _misfits(object_: Object) -> Expression:
    """Return the expression of an object of the values that do not fit; `-` and the empty text are no values."""
    values = (
        f"'{f.name}', CASE WHEN {_converted(f.name, f.type.kind)} IS NULL THEN given({{{f.name}}}) END"
        for f in object_.fields.values()
        if f.type.kind in _CONVERTED
    )
    return parse_expression(f"members(json_object({', '.join(values)}))")


def named_class(model: Model, sensor: str) -> ObjectAction | None:
    """Return the object and action that are named in place of a sensor, as in `process/create`; else None.

    Raises `IngestOptionError` for an action that the object does not have.
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
