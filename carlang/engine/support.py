"""What a program asks of a store, and what of it the store lacks: an empty answer is not always "found nothing"."""

from __future__ import annotations

from collections.abc import Iterable

from carlang.model.schema import Model
from carlang.resolve.bound import BoundOutput, EventSet
from carlang.resolve.lineage import asked_fields, searches
from carlang.store import Store, StoreFile


def missing_events(output: BoundOutput, store: Store, model: Model) -> str | None:
    """Return why an output cannot be computed at all: every class of events of one of its searches is absent."""
    for events in searches(output.stream):
        lacking = [s for s in events.sets if not _files(store, s)]
        if len(lacking) == len(events.sets):
            return f"the store holds no {_or(_class_name(s, model) for s in lacking)} events"
    return None


def unsure_absence(output: BoundOutput, store: Store, model: Model) -> str | None:
    """Return why finding no row says little: a class of events, or a field that conditions ask for, is absent."""
    for events in searches(output.stream):
        for event_set in events.sets:
            held = {f.action for f in _files(store, event_set)}
            absent = [a for a in event_set.actions if a not in held]
            if absent and not _is_whole(event_set, model):
                return f"the store holds no {_or(f'{event_set.object}/{a}' for a in absent)} events"
    for events, fields in asked_fields(output.stream):
        files = [f for event_set in events.sets for f in _files(store, event_set)]
        empty = [name for name in sorted(fields) if not any(f.filled.get(name, 0) for f in files)]
        if empty:
            names = " and ".join(_class_name(s, model) for s in events.sets)
            return f"no {names} event in the store has {_or(f'`{name}`' for name in empty)}"
    return None


def _files(store: Store, event_set: EventSet) -> list[StoreFile]:
    return [f for f in store.files(event_set.object, event_set.actions) if f.rows]


def _is_whole(event_set: EventSet, model: Model) -> bool:
    owner = model.objects.get(event_set.object)
    return owner is not None and len(event_set.actions) == len(owner.actions)


def _class_name(event_set: EventSet, model: Model) -> str:
    if _is_whole(event_set, model):
        return event_set.object
    return "/".join((event_set.object, _or(event_set.actions)))


def _or(names: Iterable[str]) -> str:
    *first, last = list(names)
    return f"{', '.join(first)} or {last}" if first else last
