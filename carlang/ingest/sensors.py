"""Mapping files, one a sensor: which raw record is which object and action, and what gives each field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.resources import files as package_files
from typing import Any

import duckdb
from pydantic import BaseModel, ConfigDict, Field, field_validator

from carlang.datafile import DataFile, DataFileError, Fault, Path, read_yaml, validate
from carlang.diagnostics import nearest
from carlang.ingest.expression import Expression, check_expression, parse_expression
from carlang.ingest.macros import define_macros
from carlang.ingest.mapping import EventMapping, Sensors
from carlang.ingest.members import EMPTY_RECORDS, define_empty_records, list_reader
from carlang.model.schema import Model, Object
from carlang.store.columns import PARTITIONS
from carlang.store.files import open_memory

Alternatives = tuple[str, ...]


def _listed(value: Any) -> Any:
    return value if isinstance(value, list) else [value]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class LogEntry(_Part):
    """The log that a sensor writes; a record that lacks one of the two is judged by the other."""

    channel: str | None = None
    provider: str | None = None


class EventEntry(_Part):
    """A kind of record and the fields of its event. `where` narrows it down by the record's data."""

    object: str
    action: str
    event_id: tuple[int, ...] = ()
    log: LogEntry | None = None
    where: str | None = None
    names: Mapping[str, Alternatives] = Field(default_factory=dict)
    fields: Mapping[str, Alternatives] = Field(default_factory=dict)

    _ids = field_validator("event_id", mode="before")(_listed)

    @field_validator("names", "fields", mode="before")
    @classmethod
    def _alternatives(cls, value: Any) -> Any:
        return {key: _listed(item) for key, item in value.items()} if isinstance(value, dict) else value


class SensorEntry(_Part):
    """A mapping file. A sensor that takes the `rest` gets what no other mapping is for."""

    sensor: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    title: str
    rest: bool = False
    log: LogEntry | None = None
    names: Mapping[str, Alternatives] = Field(default_factory=dict)
    common: Mapping[str, Alternatives] = Field(default_factory=dict)
    events: tuple[EventEntry, ...]

    @field_validator("names", "common", mode="before")
    @classmethod
    def _alternatives(cls, value: Any) -> Any:
        return {key: _listed(item) for key, item in value.items()} if isinstance(value, dict) else value


def builtin_sensors(model: Model) -> Sensors:
    """Return the mappings that ship with the package; a test, not every ingest, asks DuckDB for their expressions."""
    return load_sensors(builtin_files(), model, trusted=True)


def builtin_files() -> list[tuple[str, str]]:
    """Return the mapping files that ship with the package, each with its name and text."""
    folder = package_files("carlang.ingest") / "sensors"
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".yaml"))
    return [(name, (folder / name).read_text("utf-8")) for name in names]


def load_sensors(texts: Sequence[tuple[str, str]], model: Model, *, trusted: bool = False) -> Sensors:
    """Read mapping files, given as name and text; raises DataFileError with every fault of a file and its place.

    The expressions of `trusted` files are not tried on DuckDB, which is most of the work.
    """
    with open_memory() as connection:
        if not trusted:
            define_macros(connection)
            define_empty_records(connection)
        mappings: list[EventMapping] = []
        for name, text in texts:
            document = read_yaml(name, text)
            entry = validate(SensorEntry, document)
            mappings += _Checker(document, entry, model, None if trusted else connection).mappings()
    return Sensors(tuple(mappings))


class _Checker:
    """Checks one file: names against the model, expressions against DuckDB if there is a connection."""

    def __init__(
        self, document: DataFile, entry: SensorEntry, model: Model, connection: duckdb.DuckDBPyConnection | None
    ) -> None:
        self.document = document
        self.entry = entry
        self.model = model
        self.connection = connection
        self.faults: list[Fault] = []

    def mappings(self) -> list[EventMapping]:
        found = [self._mapping(event, ("events", i)) for i, event in enumerate(self.entry.events)]
        if self.faults:
            raise DataFileError(self.document.name, sorted(self.faults, key=lambda f: (f.line, f.column)))
        return found

    def _mapping(self, event: EventEntry, path: Path) -> EventMapping:
        object_ = self.model.objects.get(event.object)
        if object_ is None:
            self._fault(f"there is no object `{event.object}`", (*path, "object"), event.object, self.model.objects)
        elif event.action not in (actions := [a.name for a in object_.actions]):
            message = f"{object_.name} has no action `{event.action}`"
            self._fault(message, (*path, "action"), event.action, actions)
        log = event.log or self.entry.log or LogEntry()
        if not self.entry.rest and not (event.event_id and (log.channel or log.provider)):
            self._fault("a mapping needs an `event_id` and a `log`, or the sensor takes the `rest`", path)
        names = {**self.entry.names, **event.names}
        fields = self._fields(self.entry.common, ("common",), object_, names)
        fields |= self._fields(event.fields, (*path, "fields"), object_, names)
        return EventMapping(
            sensor=self.entry.sensor,
            object=event.object,
            action=event.action,
            channel=log.channel,
            provider=log.provider,
            event_ids=event.event_id,
            where=self._expression(event.where, (*path, "where"), names) if event.where else None,
            names=names,
            fields=fields,
        )

    def _fields(
        self,
        entries: Mapping[str, Alternatives],
        path: Path,
        object_: Object | None,
        names: Mapping[str, Alternatives],
    ) -> dict[str, tuple[Expression, ...]]:
        fields: dict[str, tuple[Expression, ...]] = {}
        for name, alternatives in entries.items():
            if object_ is not None and (name not in object_.fields or name in PARTITIONS):
                self._fault(f"{object_.name} has no field `{name}`", (*path, name), name, object_.fields, at_key=True)
            way = (*path, name)
            several = len(alternatives) > 1
            parsed = [self._expression(a, (*way, i) if several else way, names) for i, a in enumerate(alternatives)]
            fields[name] = tuple(expression for expression in parsed if expression is not None)
        return fields

    def _expression(self, text: str, path: Path, names: Mapping[str, Alternatives]) -> Expression | None:
        try:
            expression = parse_expression(text)
            if self.connection is not None:
                sql = expression.bind(list_reader(expression.members, names))
                check_expression(self.connection, sql, EMPTY_RECORDS)
        except ValueError as error:
            self._fault(str(error), path)
            return None
        return expression

    def _fault(
        self,
        message: str,
        path: Path,
        wrong: str = "",
        known: Sequence[str] | Mapping[str, Any] = (),
        *,
        at_key: bool = False,
    ) -> None:
        meant = nearest(wrong, list(known)) if wrong else None
        hint = f"; did you mean `{meant}`?" if meant else ""
        self.faults.append(self.document.fault(message + hint, path, at_key=at_key))
