"""What a mapping makes of the first records of a source, field by field; nothing is written."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from carlang.loading.pipeline import Pipeline
from carlang.mapping.event_mapping import EventMapping
from carlang.mapping.events import traced_fields
from carlang.mapping.guessing import Doubts
from carlang.mapping.mapper import Mapped, MappedEvents, Statements
from carlang.mapping.members import with_other_names
from carlang.mapping.router import GuessCounts
from carlang.mapping.sensors import chosen_sensors
from carlang.mapping.tables import POSITION
from carlang.mapping.times import checked_zone
from carlang.model.schema import Model
from carlang.readers import tuning
from carlang.readers.containers import read_log
from carlang.readers.deadline import Deadline
from carlang.readers.records import LogFile, ReadFault, Records
from carlang.readers.sources import SourceFile, SourceKind, find_sources
from carlang.readers.streams import spool
from carlang.store import object_columns


@dataclass(frozen=True, slots=True)
class ExplainedField:
    """A field of an event: its value, and the members of the record that it was made of, by the names they have there.

    A member that the record lacks is listed under its first name with None.
    """

    name: str
    value: str | None
    members: Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class ExplainedEvent:
    """An event that a record becomes, by which sensor's mapping."""

    sensor: str
    object: str
    action: str
    fields: tuple[ExplainedField, ...]


@dataclass(frozen=True, slots=True)
class ExplainedRecord:
    """A record: where it is, what its header says, and what becomes of it; or why it is none."""

    source: str
    number: int | None
    shape: str | None = None
    channel: str | None = None
    event_id: int | None = None
    events: tuple[ExplainedEvent, ...] = ()
    fault: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the record as values that JSON can hold."""
        events = [
            {
                "sensor": e.sensor,
                "object": e.object,
                "action": e.action,
                "fields": [{"name": f.name, "value": f.value, "members": dict(f.members)} for f in e.fields],
            }
            for e in self.events
        ]
        return {
            "source": self.source,
            "number": self.number,
            "shape": self.shape,
            "channel": self.channel,
            "event_id": self.event_id,
            "events": events,
            "fault": self.fault,
        }


def explain(
    sources: Sequence[str | Path],
    *,
    model: Model,
    sensor: str = "auto",
    hostname: str | None = None,
    timezone: str | None = None,
    first: int | None = None,
) -> list[ExplainedRecord]:
    """Return what an ingest would make of the first records of each source, `tuning.EXPLAINED` where None.

    The records go the way that they go in an ingest, into a sink that writes nothing. `sensor` and `timezone` are what
    they are there. Raises `IngestError` where there is no such sensor or zone, `DataFileError` with every fault of a
    mapping file.
    """
    zone = None if timezone is None else checked_zone(timezone)
    statements = Statements(chosen_sensors(sensor, model), model, hostname, traced=True, timezone=zone)
    tracer = _Tracer(model)
    with Pipeline(statements, tracer, threads=1) as pipeline:  # some records do not keep a second thread busy
        for file in find_sources(sources):
            pipeline.begin(file.name)
            for source, item in _first_items(file, tuning.EXPLAINED if first is None else first):
                pipeline.add(source, item)
        pipeline.finish()
    return tracer.explained()


def _first_items(file: SourceFile, first: int) -> Iterator[tuple[str, Records | ReadFault]]:
    """Read the first records of a file; what could not be read counts as one."""
    if file.kind is SourceKind.PASSED_OVER:
        return
    if file.fault:
        yield file.name, ReadFault(file.fault)
        return
    left = first
    try:
        with _on_disk(file) as path, path.open("rb") as stream:
            for source, item in read_log(LogFile(file.name, stream, path)):
                taken = item.first(left) if isinstance(item, Records) else item
                yield source, taken
                left -= len(taken.lines) if isinstance(taken, Records) else 1
                if left <= 0:
                    return
    except OSError as error:
        yield file.name, ReadFault(error.strerror or str(error))


@contextmanager
def _on_disk(file: SourceFile) -> Iterator[Path]:
    if file.kind is not SourceKind.STREAM:
        yield file.path
        return
    with tempfile.TemporaryDirectory(prefix="carlang-") as folder:
        target = Path(folder) / "stream"
        spool(file, target, None, Deadline())
        yield target


class _Tracer:
    """The sink that explains: keeps what became of each record, by the record's position in the batch."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._records: dict[int, ExplainedRecord] = {}
        self._events: dict[int, list[ExplainedEvent]] = {}

    def explained(self) -> list[ExplainedRecord]:
        """Return all records with their events, in the order in which they were read."""
        return [
            replace(record, events=tuple(self._events.get(position, ())))
            for position, record in sorted(self._records.items())
        ]

    def reject(self, rows: pa.Table) -> None:
        """Keep what is no record, with its fault."""
        for row in rows.to_pylist():
            self._records[row[POSITION]] = ExplainedRecord(row["source"], row["number"], fault=row["fault"])

    def count_guesses(self, guesses: GuessCounts, doubts: Doubts) -> None:
        """Leave guesses uncounted: an explained event names the mapping that was guessed."""

    def take(self, mapped: Mapped) -> None:
        """Keep what records say of themselves, and the events that they became."""
        for row in mapped.traced.to_pylist() if mapped.traced is not None else ():
            header = (row["shape"], row["channel"], row["event_id"])
            self._records[row[POSITION]] = ExplainedRecord(row["source"], row["number"], *header)
        for made in mapped.events:
            for position, event in _explained(made, self._model):
                self._events.setdefault(position, []).append(event)


def _explained(made: MappedEvents, model: Model) -> Iterator[tuple[int, ExplainedEvent]]:
    """Yield the events of a mapping, each with the position of its record."""
    if made.trace is None:
        return
    mapping = made.mapping
    names = traced_fields(mapping, object_columns(model.objects[mapping.object]))
    known = with_other_names(mapping.members, mapping.names)
    for row in made.trace.to_pylist():
        values = dict(zip(known, row["traced_members"], strict=True))
        fields = (
            ExplainedField(name, text, _members_of(mapping, name, values))
            for name, text in zip(names, row["traced_texts"] if names else (), strict=True)
        )
        yield row[POSITION], ExplainedEvent(mapping.sensor, mapping.object, mapping.action, tuple(fields))


def _members_of(mapping: EventMapping, field: str, values: Mapping[str, str | None]) -> dict[str, str | None]:
    """Return the members that a field is made of; of a member's names the one that the record has."""
    members: dict[str, str | None] = {}
    for member in (name for expression in mapping.fields[field] for name in expression.members):
        present = (name for name in (member, *mapping.names.get(member, ())) if values.get(name))
        name = next(present, member)
        members[name] = values.get(name)
    return members
