"""Events that a test writes down, as tables of the model's columns."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pyarrow as pa

from carlang.diagnostics import nearest
from carlang.model import Kind, Model, Object, Type
from carlang.resolve.literals import time_value

_ARROW = {
    Kind.INTEGER: pa.int64(),
    Kind.PORT: pa.int64(),
    Kind.FLOAT: pa.float64(),
    Kind.BOOLEAN: pa.bool_(),
    Kind.TIME: pa.timestamp("us", tz="UTC"),
    Kind.DURATION: pa.int64(),
}


class EventError(Exception):
    """An event of a test that the model does not know; `path` leads to what is wrong, from the list of events."""

    def __init__(self, message: str, *path: str | int) -> None:
        super().__init__(message)
        self.path = path


def event_tables(events: Sequence[Mapping[str, Any]], model: Model) -> dict[str, pa.Table]:
    """Return the tables of events by object, with all columns that the model has for it.

    Raises `EventError` for an unknown object, action or field, or a value of another type than the field's.
    """
    rows: dict[str, list[dict[str, Any]]] = {}
    for index, event in enumerate(events):
        owner = _object(event, model, index)
        rows.setdefault(owner.name, []).append(_row(event, owner, index))
    return {name: _table(model.objects[name], events) for name, events in rows.items()}


def _object(event: Mapping[str, Any], model: Model, index: int) -> Object:
    named = event.get("object")
    owner = model.object(str(named)) if named else None
    if owner is not None:
        return owner
    near = nearest(str(named), model.objects) if named else None
    message = f"the data model has no object `{named}`" if named else "an event names its `object`"
    raise EventError(message + (f"; did you mean `{near}`?" if near else ""), index, *(("object",) if named else ()))


def _row(event: Mapping[str, Any], owner: Object, index: int) -> dict[str, Any]:
    action = owner.action(str(event.get("action")))
    if action is None:
        names = ", ".join(a.name for a in owner.actions)
        message = f"{owner.title} has no action `{event.get('action')}`; its actions are {names}"
        raise EventError(message, index, *(("action",) if "action" in event else ()))
    row: dict[str, Any] = {"object": owner.name, "action": action.name}
    for key, value in event.items():
        if key in row:
            continue
        field = owner.field(key)
        if field is None:
            near = nearest(key, owner.fields)
            message = f"{owner.title} has no field `{key}`" + (f"; did you mean `{near}`?" if near else "")
            raise EventError(message, index, key)
        row[field.name] = field_value(value, field.type, index, key)
    return row


def field_value(value: Any, kind: Type, *path: str | int) -> Any:
    """Return a value as the field's type has it; raises `EventError` where it is none of that type."""
    if value is None:
        return None
    converted: Any = None
    match kind.kind:
        case Kind.TIME:
            converted = instant(value)
        case Kind.INTEGER | Kind.PORT:
            converted = value if isinstance(value, int) and not isinstance(value, bool) else None
        case Kind.FLOAT:
            converted = float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
        case Kind.BOOLEAN:
            converted = value if isinstance(value, bool) else None
        case Kind.RECORD:
            converted = json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else None
        case _:
            converted = str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else None
    if converted is None:
        raise EventError(f"{value!r} is not {kind.phrase}", *path)
    return converted


def instant(value: Any) -> datetime | None:
    """Return the UTC time that a value of a test names, or None."""
    if isinstance(value, str):
        return time_value(value)
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    return None


def seconds(value: timedelta) -> float:
    """Return a duration as tests and reports write it."""
    return value / timedelta(seconds=1)


def _table(owner: Object, rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    columns = {
        field.name: pa.array([row.get(field.name) for row in rows], _ARROW.get(field.type.kind, pa.string()))
        for field in owner.fields.values()
    }
    return pa.table(columns)
