"""Events that a test writes down, as tables of the model's columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import pyarrow as pa

from carlang.analytic import CaseError, read_event
from carlang.model import Kind, Model, Object

_ARROW = {
    Kind.INTEGER: pa.int64(),
    Kind.PORT: pa.int64(),
    Kind.FLOAT: pa.float64(),
    Kind.BOOLEAN: pa.bool_(),
    Kind.TIME: pa.timestamp("us", tz="UTC"),
    Kind.DURATION: pa.int64(),
}


def event_tables(events: Sequence[Mapping[str, Any]], model: Model) -> dict[str, pa.Table]:
    """Return the tables of events by object, with all columns that the model has for it.

    Raises `CaseError` for an unknown object, action or field, or a value of another type than the field's.
    """
    rows: dict[str, list[dict[str, Any]]] = {}
    for index, event in enumerate(events):
        if sound := read_event(event, index, model, _raise):
            owner, row = sound
            rows.setdefault(owner.name, []).append(row)
    return {name: _table(model.objects[name], events) for name, events in rows.items()}


def _raise(error: CaseError) -> None:
    raise error


def seconds(value: timedelta) -> float:
    """Return a duration as tests and reports write it."""
    return value / timedelta(seconds=1)


def _table(owner: Object, rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    columns = {
        field.name: pa.array([row.get(field.name) for row in rows], _ARROW.get(field.type.kind, pa.string()))
        for field in owner.fields.values()
    }
    return pa.table(columns)
