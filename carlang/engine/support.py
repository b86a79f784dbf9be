"""What a program asks of a store, and what of it the store lacks: an empty answer is not always "found nothing"."""

from __future__ import annotations

from collections.abc import Iterable

from carlang.model.schema import Model
from carlang.resolve.bound import (
    Aggregated,
    BoundOutput,
    BoundStream,
    Derived,
    Events,
    EventSet,
    Joined,
    Projected,
    expressions,
    fields_of,
    inputs,
    streams_below,
)
from carlang.store import Store, StoreFile


def missing_events(output: BoundOutput, store: Store, model: Model) -> str | None:
    """Return why an output cannot be computed at all: every class of events of one of its searches is absent."""
    for events in _searches(output.stream):
        lacking = [s for s in events.sets if not _files(store, s)]
        if len(lacking) == len(events.sets):
            return f"the store holds no {_or(_class_name(s, model) for s in lacking)} events"
    return None


def unsure_absence(output: BoundOutput, store: Store, model: Model) -> str | None:
    """Return why finding no row says little: a class of events, or a field that conditions ask for, is absent."""
    for events in _searches(output.stream):
        for event_set in events.sets:
            held = {f.action for f in _files(store, event_set)}
            absent = [a for a in event_set.actions if a not in held]
            if absent and not _is_whole(event_set, model):
                return f"the store holds no {_or(f'{event_set.object}/{a}' for a in absent)} events"
    for events, fields in _asked(output.stream):
        files = [f for event_set in events.sets for f in _files(store, event_set)]
        empty = [name for name in sorted(fields) if not any(f.filled.get(name, 0) for f in files)]
        if empty:
            names = " and ".join(_class_name(s, model) for s in events.sets)
            return f"no {names} event in the store has {_or(f'`{name}`' for name in empty)}"
    return None


def _files(store: Store, event_set: EventSet) -> list[StoreFile]:
    return [f for f in store.files(event_set.object, event_set.actions) if f.rows]


def _searches(stream: BoundStream) -> Iterable[Events]:
    return (node for node in streams_below(stream) if isinstance(node, Events))


def _asked(stream: BoundStream) -> Iterable[tuple[Events, frozenset[str]]]:
    """Yield each search with those of its fields that conditions and derived fields above it ask for."""
    for node in streams_below(stream):
        wanted = frozenset(name for e in expressions(node) for name in fields_of(e))
        if not wanted:
            continue
        for prefix, source in _sources(node):
            own = {name.removeprefix(prefix) for name in wanted if name.startswith(prefix)}
            made = {name for s in streams_below(source) for name in _made(s)}
            for events in _searches(source):
                columns = {c.name for c in events.columns} - {"object", "action"}
                yield events, frozenset((own & columns) - made)


def _sources(node: BoundStream) -> Iterable[tuple[str, BoundStream]]:
    """Yield the streams that a node's expressions ask, with the prefix of their columns there."""
    match node:
        case Joined(parts):
            return [(f"{part.name}.", part.stream) for part in parts]
        case Aggregated(group):
            return [("", source) for source in group.inputs]
        case _:
            return [("", source) for source in inputs(node)]


def _made(node: BoundStream) -> Iterable[str]:
    """Yield the names of columns that a stream computes itself."""
    match node:
        case Derived(column=column):
            return [column.name]
        case Projected(items=items) | Aggregated(items=items):
            return [item.column.name for item in items]
        case _:
            return []


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
