"""Mapping files, one a sensor: which raw record is which object and action, and what gives each field."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path as FilePath
from typing import Any, Literal

import duckdb
from pydantic import BaseModel, ConfigDict, Field, field_validator

from carlang.database.connection import open_memory
from carlang.datafile import (
    DataFile,
    DataFileError,
    Fault,
    Path,
    read_builtin_yaml,
    read_yaml,
    read_yaml_file,
    validate,
)
from carlang.diagnostics import nearest
from carlang.mapping.builtin import builtin_files
from carlang.mapping.car_documents import car_mapping, car_mappings, named_class
from carlang.mapping.event_mapping import AUTO, EventMapping, Sensors
from carlang.mapping.expression import Expression, check_expression, parse_expression
from carlang.mapping.macros import define_macros
from carlang.mapping.members import EMPTY_RECORDS, define_empty_records, list_reader
from carlang.model import builtin_model
from carlang.model.schema import Model, Object
from carlang.store.columns import PARTITIONS

Alternatives = tuple[str, ...]

_ANY = "any"
_SUFFIXES = (".yaml", ".yml")


def _listed(value: Any) -> Any:
    return value if isinstance(value, list) else [value]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class LogEntry(_Part):
    """The log that a sensor writes; a record that lacks one of the two is judged by the other."""

    channel: str | None = None
    provider: str | None = None


class EventEntry(_Part):
    """A kind of record and the fields of its event. `where` narrows it down by the record's data.

    `says_all` is for ids that tell everything by themselves: such a record is an event without any members, too.
    `each` is a list: the record is kept as an event for each of its elements, in place of one made by the rest.
    """

    object: str
    action: str
    event_id: tuple[int, ...] | None = ()  # None: of any id
    log: tuple[LogEntry, ...] = ()
    where: str | None = None
    says_all: bool = False
    each: str | None = None
    names: Mapping[str, Alternatives] = Field(default_factory=dict)
    fields: Mapping[str, Alternatives] = Field(default_factory=dict)

    _logs = field_validator("log", mode="before")(_listed)

    @field_validator("event_id", mode="before")
    @classmethod
    def _ids(cls, value: Any) -> Any:
        return None if value == _ANY else _listed([] if value is None else value)

    @field_validator("names", "fields", mode="before")
    @classmethod
    def _alternatives(cls, value: Any) -> Any:
        return {key: _listed(item) for key, item in value.items()} if isinstance(value, dict) else value


class SensorEntry(_Part):
    """A mapping file. A sensor that takes the `rest` gets what no other mapping is for, and the logs that it `keeps`.

    Fields in `common` are those of all events whose object has them. `platforms` are those that its hosts may run; of a
    sensor that names none, nothing is known.
    """

    sensor: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    title: str
    how: str | None = None
    platforms: tuple[Literal["windows", "linux", "macos"], ...] = ()
    rest: bool = False
    keeps: tuple[str, ...] = ()
    log: tuple[LogEntry, ...] = ()
    names: Mapping[str, Alternatives] = Field(default_factory=dict)
    common: Mapping[str, Alternatives] = Field(default_factory=dict)
    events: tuple[EventEntry, ...]

    _logs = field_validator("log", mode="before")(_listed)

    @field_validator("names", "common", mode="before")
    @classmethod
    def _alternatives(cls, value: Any) -> Any:
        return {key: _listed(item) for key, item in value.items()} if isinstance(value, dict) else value


def builtin_sensors(model: Model) -> Sensors:
    """Return the mappings that ship with the package; a test, not every ingest, asks DuckDB for their expressions."""
    # A program that ingests often does so with one model, and putting its mappings together takes longer than a record.
    return _of_builtin_model() if model is builtin_model() else _checked(_builtin_entries(), model, None)


@cache
def _of_builtin_model() -> Sensors:
    return _checked(_builtin_entries(), builtin_model(), None)


@cache
def _documents_of_builtin_model() -> tuple[EventMapping, ...]:
    return car_mappings(builtin_model())


def chosen_sensors(sensor: str, model: Model) -> Sensors:
    """Return the mappings that apply: of all sensors (`auto`), of the sensor of a name, or of a mapping file.

    Of all sensors, there are also those of documents in the CAR model. An object and action, `process/create`, makes
    one mapping, which is forced on every record. What else none of them is for goes to the mapping for the rest.

    Raises `IngestError` where there is no such sensor, or no such action, `DataFileError` with every fault of a
    mapping file.
    """
    if makes := named_class(model, sensor):
        forced = car_mapping(model, makes.object, makes.action)
        return Sensors((forced,), forced=forced)
    builtin = builtin_sensors(model)
    if sensor == AUTO:
        documents = _documents_of_builtin_model() if model is builtin_model() else car_mappings(model)
        return Sensors(builtin.mappings + documents, builtin.kept)
    if not sensor.endswith(_SUFFIXES):
        return builtin.only(sensor)
    document = read_yaml_file(FilePath(sensor))
    written = load_sensors([(document.name, document.text)], model)
    has_rest = any(m.is_rest for m in written.mappings)
    rest = () if has_rest else tuple(m for m in builtin.mappings if m.is_rest)
    return Sensors(written.mappings + rest, written.kept | builtin.kept, chosen=True)


def load_sensors(texts: Sequence[tuple[str, str]], model: Model) -> Sensors:
    """Read mapping files, given as name and text; raises DataFileError with every fault of a file and its place."""
    with open_memory() as connection:
        define_macros(connection)
        define_empty_records(connection)
        return _checked([_entry(read_yaml(name, text)) for name, text in texts], model, connection)


@cache
def _builtin_entries() -> tuple[tuple[DataFile, SensorEntry], ...]:
    return tuple(_entry(read_builtin_yaml(name, text)) for name, text in builtin_files())


def builtin_titles() -> dict[str, str]:
    """Return what the sensors that ship with the package are called, by their names."""
    return {entry.sensor: entry.title for _, entry in _builtin_entries()}


def builtin_ways() -> dict[str, str]:
    """Return, by the sensors' names, what has to be switched on for their logs, and how to get at these."""
    return {entry.sensor: entry.how for _, entry in _builtin_entries() if entry.how}


def _entry(document: DataFile) -> tuple[DataFile, SensorEntry]:
    return document, validate(SensorEntry, document)


def _checked(
    entries: Iterable[tuple[DataFile, SensorEntry]], model: Model, connection: duckdb.DuckDBPyConnection | None
) -> Sensors:
    mappings: list[EventMapping] = []
    kept: set[str] = set()
    for document, entry in entries:
        mappings += _Checker(document, entry, model, connection).mappings()
        kept |= set(entry.keeps)
    return Sensors(tuple(mappings), frozenset(kept))


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
        self._objections: dict[str, str | None] = {}

    def mappings(self) -> list[EventMapping]:
        self._check_common()
        mappings = [m for i, event in enumerate(self.entry.events) for m in self._mappings(event, ("events", i))]
        if self.faults:
            raise DataFileError(self.document.name, sorted(self.faults, key=lambda f: (f.line, f.column)))
        return mappings

    def _check_common(self) -> None:
        """Check that each field in `common` is one of some event's object."""
        objects = [self.model.objects[e.object] for e in self.entry.events if e.object in self.model.objects]
        fields = {name: None for known in objects for name in known.fields if name not in PARTITIONS}
        if self.entry.rest and self.entry.log:
            self._fault("a sensor that takes the `rest` has no log of its own", ("log",), at_key=True)
        if self.entry.keeps and not self.entry.rest:
            self._fault("only a sensor that takes the `rest` keeps other sensors' records", ("keeps",), at_key=True)
        for name in self.entry.common:
            if objects and name not in fields:
                self._fault(
                    f"no object of these events has a field `{name}`", ("common", name), name, fields, at_key=True
                )

    def _mappings(self, event: EventEntry, path: Path) -> list[EventMapping]:
        """Return the mapping of an entry, for each log that it is for."""
        object_ = self.model.objects.get(event.object)
        if object_ is None:
            self._fault(f"there is no object `{event.object}`", (*path, "object"), event.object, self.model.objects)
        elif event.action not in (actions := [a.name for a in object_.actions]):
            message = f"{object_.name} has no action `{event.action}`"
            self._fault(message, (*path, "action"), event.action, actions)
        logs = event.log or self.entry.log
        named = bool(logs) and all(log.channel or log.provider for log in logs)
        if not self.entry.rest and not (event.event_id != () and named):
            self._fault("a mapping needs an `event_id` and a `log`, or the sensor takes the `rest`", path)
        names = {**self.entry.names, **event.names}
        common = {n: texts for n, texts in self.entry.common.items() if object_ and n in object_.fields}
        fields = self._fields(common, ("common",), object_)
        fields |= self._fields(event.fields, (*path, "fields"), object_)
        where = self._expression(event.where, (*path, "where")) if event.where else None
        each = self._expression(event.each, (*path, "each")) if event.each else None
        return [
            EventMapping(
                sensor=self.entry.sensor,
                object=event.object,
                action=event.action,
                channel=log.channel,
                provider=log.provider,
                event_ids=event.event_id or (),
                where=where,
                names=names,
                fields=fields,
                says_all=event.says_all,
                each=each,
            )
            for log in logs or (LogEntry(),)
        ]

    def _fields(
        self,
        entries: Mapping[str, Alternatives],
        path: Path,
        object_: Object | None,
    ) -> dict[str, tuple[Expression, ...]]:
        fields: dict[str, tuple[Expression, ...]] = {}
        for name, alternatives in entries.items():
            if object_ is not None and (name not in object_.fields or name in PARTITIONS):
                self._fault(f"{object_.name} has no field `{name}`", (*path, name), name, object_.fields, at_key=True)
            way = (*path, name)
            is_list = len(alternatives) > 1
            parsed = [self._expression(a, (*way, i) if is_list else way) for i, a in enumerate(alternatives)]
            fields[name] = tuple(expression for expression in parsed if expression is not None)
        return fields

    def _expression(self, text: str, path: Path) -> Expression | None:
        try:
            expression = parse_expression(text)
        except ValueError as error:
            self._fault(str(error), path)
            return None
        if self.connection is not None:
            sql = expression.bind(list_reader(expression.members))
            # Many fields of a file have the same expression, and DuckDB parses and plans each that it is asked for.
            if sql not in self._objections:
                self._objections[sql] = _objection(self.connection, sql)
            if objection := self._objections[sql]:
                self._fault(objection, path)
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
        fault = self.document.fault(message + hint, path, at_key=at_key)
        # What is wrong in `common` is found again for each event.
        if fault not in self.faults:
            self.faults.append(fault)


def _objection(connection: duckdb.DuckDBPyConnection, sql: str) -> str | None:
    """Return what is wrong with bound SQL, or None."""
    try:
        check_expression(connection, sql, EMPTY_RECORDS)
    except ValueError as error:
        return str(error)
    return None
