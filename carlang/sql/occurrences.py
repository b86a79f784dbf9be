"""Which streams of an output are made of tied records, and which columns lowering adds to them for that.

Two sensors of one host can tell of one occurrence, a record each. Streams of such records stay records for as long as
they are filtered, derived or projected, so that a condition is tested on each record. What counts, joins, puts in
order or shows takes occurrences: those of which a record is left.

A stream of occurrences has a list of the ids of its records beside every `record_id`: `record_ids`, and in a join
`part.record_ids`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import assert_never

from carlang.model.schema import Class
from carlang.model.types import Column, Kind, Type
from carlang.resolve import bound

OCCURRENCE = "#occurrence"
"""The column of tied records, and of occurrences, that tells occurrences apart."""

RECORD_IDS = "record_ids"
"""The list of the ids of an occurrence's records."""

_LIST_OF_IDS = Type(Kind.LIST, item=Type(Kind.ID))


@dataclass(frozen=True, slots=True)
class Occurrences:
    """What an output's streams have of occurrences; streams are known by identity.

    `tied` are the streams of tied records, `lists` the names of the lists of record ids that streams have.
    """

    tied: frozenset[int] = frozenset()
    lists: Mapping[int, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def below(cls, output: bound.BoundStream, classes: Collection[Class]) -> Occurrences:
        """Return what the streams of an output have, of which the events of `classes` are tied."""
        if not classes:
            return cls()
        tied: set[int] = set()
        lists: dict[int, tuple[str, ...]] = {}
        for stream in bound.streams_below(output):  # inputs first
            if _is_tied(stream, tied, classes):
                tied.add(id(stream))
            if names := _lists(stream, tied, lists):
                lists[id(stream)] = names
        return cls(frozenset(tied), lists)

    def lists_of(self, stream: bound.BoundStream) -> tuple[str, ...]:
        """Return the names of the lists of record ids that a stream of occurrences has."""
        return self.lists.get(id(stream), ())

    def are_tied(self, stream: bound.BoundStream) -> bool:
        """Tell whether a stream is one of tied records."""
        return id(stream) in self.tied


def hidden(list_name: str) -> str:
    """Return the column in which lowering keeps a list of record ids until it is shown."""
    return f"#{list_name}"


def shown_columns(output: bound.BoundOutput, classes: Collection[Class]) -> tuple[Column, ...]:
    """Return the columns of an output: its own, and the lists of record ids where the events of `classes` are tied."""
    columns = output.stream.columns
    names = {c.name for c in columns}
    lists = Occurrences.below(output.stream, classes).lists_of(output.stream)
    return (*columns, *(Column(name, _LIST_OF_IDS) for name in lists if name not in names))


def tied_objects(output: bound.BoundOutput, classes: Collection[Class]) -> frozenset[str]:
    """Return the objects of the searches that find tied records: all of a search, for its events have one form."""
    if not classes:
        return frozenset()
    searches = [node for node in bound.streams_below(output.stream) if isinstance(node, bound.Events)]
    return frozenset(s.object for node in searches if _finds(node, classes) for s in node.sets)


def _finds(events: bound.Events, classes: Collection[Class]) -> bool:
    return any((s.object, action) in classes for s in events.sets for action in s.actions)


def _is_tied(stream: bound.BoundStream, tied: Collection[int], classes: Collection[Class]) -> bool:
    match stream:
        case bound.Events():
            return _finds(stream, classes)
        case bound.Filtered() | bound.Derived() | bound.Projected():
            return id(stream.input) in tied
        case bound.Sorted() | bound.Cut() | bound.Deduplicated():
            return id(stream.input) in tied
        case bound.NamedStream():
            return id(stream.stream) in tied
        case (
            bound.Joined()
            | bound.Grouped()
            | bound.Aggregated()
            | bound.Union()
            | bound.Difference()
            | bound.Distinct()
            | bound.Sequenced()
            | bound.Together()
            | bound.Related()
        ):
            return False
        case _:
            assert_never(stream)


def _lists(stream: bound.BoundStream, tied: Collection[int], lists: Mapping[int, tuple[str, ...]]) -> tuple[str, ...]:
    """Return the names of the lists of a stream from those of its inputs."""
    match stream:
        case bound.Events():
            return (RECORD_IDS,) if id(stream) in tied else ()
        case bound.Filtered(input=source) | bound.Derived(input=source) | bound.Difference(left=source):
            return lists.get(id(source), ())
        case bound.Sorted(input=source) | bound.Cut(input=source) | bound.Deduplicated(input=source):
            return lists.get(id(source), ())
        case bound.NamedStream(stream=source):
            return lists.get(id(source), ())
        case bound.Projected(source, items):
            kept = {
                i.column.name for i in items if isinstance(i.value, bound.FieldRef) and i.value.column == i.column.name
            }
            return tuple(name for name in lists.get(id(source), ()) if name.removesuffix("s") in kept)
        case bound.Joined(parts=parts) | bound.Together(parts=parts):
            return tuple(f"{part.name}.{name}" for part in parts for name in lists.get(id(part.stream), ()))
        case bound.Sequenced():
            return tuple(f"{step.name}.{name}" for step in stream.present for name in lists.get(id(step.stream), ()))
        case bound.Union(left, right):
            return tuple(dict.fromkeys((*lists.get(id(left), ()), *lists.get(id(right), ()))))
        case bound.Related(lives=lives):
            return lists.get(id(lives.starts), ())
        case bound.Grouped() | bound.Aggregated() | bound.Distinct():
            return ()
        case _:
            assert_never(stream)
