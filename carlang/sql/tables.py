"""The event tables that lowered programs read, as views over the Parquet files of a store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlglot import exp

from carlang.model.schema import Object
from carlang.model.types import Column
from carlang.sql.fragments import SQL, call, column, instant, name, text
from carlang.sql.lower import SCHEMA, column_type

INCOMING = "incoming"
"""The name under which events in memory are handed to the engine."""


@dataclass(frozen=True, slots=True)
class EventFiles:
    """Parquet files of one action's events, and the columns that they have, each with its SQL type."""

    action: str
    paths: Sequence[str]
    columns: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Window:
    """A range of time, from `since` to before `until`; events without a time lie in every range."""

    since: datetime | None = None
    until: datetime | None = None


def lower_table(owner: Object, files: Sequence[EventFiles], window: Window, kind: str = "VIEW") -> exp.Create:
    """Return the statement that makes the table of an object's events.

    A column that files lack is missing in their events; one that they hold under another type is cast, and missing
    where the cast fails.
    """
    columns = tuple(Column(field.name, field.type) for field in owner.fields.values())
    query: exp.Select | exp.SetOperation | None = None
    for group in files:
        select = _select(owner, group, columns, window)
        query = exp.Union(this=query, expression=select, distinct=False) if query is not None else select
    table = exp.Table(this=name(owner.name), db=name(SCHEMA))
    return exp.Create(this=table, kind=kind, expression=query or _nothing(columns), replace=True)


def lower_incoming(owner: Object) -> exp.Create:
    """Return the statement that makes the table of an object's events from the table `INCOMING`."""
    table = exp.Table(this=name(owner.name), db=name(SCHEMA))
    query = exp.select("*").from_(exp.Table(this=name(INCOMING)))
    return exp.Create(this=table, kind="TABLE", expression=query, replace=True)


def lower_schema() -> exp.Create:
    """Return the statement that makes the schema of the event tables."""
    return exp.Create(this=exp.Table(db=name(SCHEMA)), kind="SCHEMA", exists=True)


def _select(owner: Object, group: EventFiles, columns: Sequence[Column], window: Window) -> exp.Select:
    options = [exp.EQ(this=exp.Var(this=key), expression=value) for key, value in _OPTIONS]
    paths = exp.Array(expressions=[text(path) for path in group.paths])
    rows = exp.Table(this=exp.Anonymous(this="read_parquet", expressions=[paths, *options]))
    query = exp.select(*(_column(owner, group, wanted) for wanted in columns)).from_(rows)
    for limit, test in ((window.since, exp.GTE), (window.until, exp.LT)):
        if limit is not None and "time" in group.columns:
            time = _stored("time", group.columns["time"], "timestamptz")
            untimed = exp.Is(this=column("time"), expression=exp.null())
            query = query.where(exp.Or(this=test(this=time, expression=instant(limit)), expression=untimed))
    return query


_NESTED = ("STRUCT", "MAP", "UNION")
_OPTIONS = (("union_by_name", exp.true()), ("hive_partitioning", exp.false()))


def _column(owner: Object, group: EventFiles, wanted: Column) -> SQL:
    kind = column_type(wanted.type.kind)
    if wanted.name == "object":
        value: SQL = text(owner.name)
    elif wanted.name == "action":
        value = text(group.action)
    elif wanted.name in group.columns:
        value = _stored(wanted.name, group.columns[wanted.name], kind)
    else:
        value = exp.cast(exp.null(), kind)
    return exp.alias_(value, name(wanted.name))


def _stored(field: str, stored: str, kind: str) -> SQL:
    value = column(field)
    if stored.startswith(_NESTED) or stored.endswith("]"):
        value = call("to_json", value)
    return exp.TryCast(this=value, to=exp.DataType.build(kind, dialect="duckdb"))


def _nothing(columns: Sequence[Column]) -> exp.Select:
    empty = [exp.alias_(exp.cast(exp.null(), column_type(c.type.kind)), name(c.name)) for c in columns]
    return exp.select(*empty).where(exp.false())
