"""What a mapping makes of the first records of a source, field by field; nothing is written."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from carlang.mapping.classify import Classifier
from carlang.mapping.event_mapping import EventMapping, Sensors
from carlang.mapping.events import column_values, mapped_records
from carlang.mapping.mapper import CHUNK_SCHEMA, Mapper, Statements, records
from carlang.mapping.members import with_other_names
from carlang.mapping.sensors import chosen_sensors
from carlang.model.schema import Model
from carlang.readers.containers import read_member
from carlang.readers.records import Fault, Member, Records
from carlang.readers.sources import SourceFile, find_sources
from carlang.store import object_columns

FIRST = 10
"""How many records of a source are explained."""


@dataclass(frozen=True, slots=True)
class ExplainedField:
    """A field of an event: its value, and the members of the record that it was made of, by the names they have there.

    A member that the record lacks stands under its first name with None.
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
    """A record: where it stands, what its head says, and what becomes of it; or why it is none."""

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
    first: int = FIRST,
) -> list[ExplainedRecord]:
    """Return what becomes of the first records of each source; `sensor` is a name or the path of a mapping file.

    Raises `IngestError` where there is no such sensor, `DataFileError` with every fault of a mapping file.
    """
    sensors = chosen_sensors(sensor, model)
    found: list[ExplainedRecord] = []
    with tempfile.TemporaryDirectory(prefix="carlang-") as spool:
        mapper = Mapper(Statements(sensors, model, hostname), Classifier(sensors), spool)
        try:
            for file in find_sources(sources):
                lines = [{"position": place} | line for place, line in enumerate(_first_lines(file, first))]
                found += _explained(mapper, pa.Table.from_pylist(lines, schema=CHUNK_SCHEMA), sensors, model, hostname)
        finally:
            mapper.close()
    return found


def _first_lines(file: SourceFile, first: int) -> list[dict[str, Any]]:
    lines: list[dict[str, Any]] = []
    if file.fault:
        return [_line(file.name, Fault(file.fault))]
    with file.path.open("rb") as stream:
        for source, item in read_member(Member(file.name, stream, file.path)):
            lines += [_line(source, item)] if isinstance(item, Fault) else _lines(source, item, first - len(lines))
            if len(lines) >= first:
                break
    return lines


def _line(source: str, fault: Fault) -> dict[str, Any]:
    return {"file": 0, "source": source, "number": fault.number, "line": fault.text, "fault": fault.reason}


def _lines(source: str, records: Records, count: int) -> list[dict[str, Any]]:
    taken = zip(records.numbers[:count].to_pylist(), records.lines[:count].to_pylist(), strict=True)
    return [{"file": 0, "source": source, "number": number, "line": line, "fault": None} for number, line in taken]


def _explained(
    mapper: Mapper, chunk: pa.Table, sensors: Sensors, model: Model, hostname: str | None
) -> list[ExplainedRecord]:
    """Return what becomes of the records of a chunk, in their order."""
    heads, rejected = mapper.heads(chunk)
    lanes, _ = mapper.choose(heads)
    whole = records(chunk, heads)
    events: dict[int, list[ExplainedEvent]] = {}

    def take(place: int, rows: list[int]) -> None:
        for position, event in _events(mapper, whole.take(rows), sensors.mappings[place], model, hostname):
            events.setdefault(position, []).append(event)

    positions = heads["position"].to_pylist()
    left: list[int] = []
    for lane, found_rows in lanes.items():
        rows = found_rows.to_pylist()
        for place in lane.places:
            take(place, rows)
        left += [row for row in rows if lane.keeps or positions[row] not in events]
    for place in (place for place, mapping in enumerate(sensors.mappings) if mapping.is_rest and left):
        take(place, left)
    faults = rejected.to_pylist() if rejected is not None else []
    found = [ExplainedRecord(row["source"], row["number"], fault=row["fault"]) for row in faults]
    given = chunk.select(["source", "number"]).take(heads["position"]).to_pylist()
    for row, head in zip(given, heads.to_pylist(), strict=True):
        own_events = tuple(events.get(head["position"], ()))
        said = (head["shape"], head["channel"], head["event_id"])
        found.append(ExplainedRecord(row["source"], row["number"], *said, own_events))
    return found


def _events(
    mapper: Mapper, rows: pa.Table, mapping: EventMapping, model: Model, hostname: str | None
) -> Iterator[tuple[int, ExplainedEvent]]:
    values = column_values(mapping, object_columns(model.objects[mapping.object]))
    names = [name for name in values if name in mapping.fields]
    texts = ", ".join(f"CAST({values[name]} AS VARCHAR)" for name in names) or "NULL"
    # Expressions were checked when their file was read.
    query = f"SELECT position, d, [{texts}] FROM {mapped_records(mapping, hostname)} ORDER BY position"  # noqa: S608
    for position, members, found in mapper.query(query, rows):
        raw = dict(zip(with_other_names(mapping.members, mapping.names), members, strict=True))
        fields = (
            ExplainedField(name, value, _members_of(mapping, name, raw))
            for name, value in zip(names, found, strict=True)
        )
        yield position, ExplainedEvent(mapping.sensor, mapping.object, mapping.action, tuple(fields))


def _members_of(mapping: EventMapping, field: str, raw: Mapping[str, str | None]) -> dict[str, str | None]:
    """Return the members that a field is made of; of a member's names the one that the record has."""
    found: dict[str, str | None] = {}
    for member in (name for expression in mapping.fields[field] for name in expression.members):
        present = (name for name in (member, *mapping.names.get(member, ())) if raw.get(name))
        name = next(present, member)
        found[name] = raw.get(name)
    return found
