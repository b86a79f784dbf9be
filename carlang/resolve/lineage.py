"""Which fields of which events a program asks for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from carlang.resolve.bound import (
    Aggregated,
    BoundProgram,
    BoundStream,
    Derived,
    Difference,
    Distinct,
    Events,
    Grouped,
    Joined,
    Projected,
    Sequenced,
    expressions,
    fields_of,
    inputs,
    streams_below,
)

_EVERY_EVENT_HAS = frozenset({"object", "action"})


def searches(stream: BoundStream) -> Iterator[Events]:
    """Yield the searches that a stream is made of."""
    return (node for node in streams_below(stream) if isinstance(node, Events))


def asked_fields(stream: BoundStream) -> Iterator[tuple[Events, frozenset[str]]]:
    """Yield each search with those of its fields that something above it asks for, once for each that asks.

    Fields that a program computes itself are not among them, nor those that are only handed on to the output.
    """
    for node in streams_below(stream):
        wanted = _wanted(node)
        if not wanted:
            continue
        for prefix, source in _sources(node):
            own = {name.removeprefix(prefix) for name in wanted if name.startswith(prefix)}
            made = {name for s in streams_below(source) for name in _made(s)}
            for events in searches(source):
                columns = {c.name for c in events.columns} - _EVERY_EVENT_HAS
                yield events, frozenset((own & columns) - made)


def references(program: BoundProgram) -> tuple[str, ...]:
    """Return a program's references to the data model, `process/create/exe`, in alphabetical order.

    A class of events that is searched without asking for a field is there as `process/create`.
    """
    found: set[str] = set()
    for output in program.outputs:
        for events in searches(output.stream):
            found.update(f"{s.object}/{action}" for s in events.sets for action in s.actions)
        for events, fields in asked_fields(output.stream):
            found.update(f"{s.object}/{a}/{f}" for s in events.sets for a in s.actions for f in fields)
    bare = {name for name in found if name.count("/") == 1}
    return tuple(sorted(found - {name for name in bare if any(other.startswith(f"{name}/") for other in found)}))


def _wanted(node: BoundStream) -> frozenset[str]:
    asked = {name for e in expressions(node) for name in fields_of(e)}
    match node:
        case Grouped(keys=keys):
            asked.update(key.name for key in keys)
        case Difference(on=on):
            asked.update(on)
        case Distinct(column=column):
            asked.add(column.name)
        case Sequenced(steps=steps, keys=names):
            asked.update(f"{step.name}.{name}" for step in steps for name in (*names, "time"))
    return frozenset(asked)


def _sources(node: BoundStream) -> Iterable[tuple[str, BoundStream]]:
    """Yield the streams that a node asks, with the prefix of their columns there."""
    match node:
        case Joined(parts=several) | Sequenced(steps=several):
            return [(f"{part.name}.", part.stream) for part in several]
        case Aggregated(group=group):
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
