"""The event tables that lowered programs read, as views over the Parquet files of a store."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from carlang.model.schema import Object
from carlang.model.types import Column, Kind, Type
from carlang.sql.dialect import Dialect
from carlang.sql.fragments import SQL, as_named, cast, column, everything, instant, missing, name, select, text
from carlang.sql.shapes import INCOMING, SCHEMA, EventFiles, Window

NUMBER = "#id"
"""The column of numbered events that holds their numbers, which differ for all events of a session."""


def lower_table(
    dialect: Dialect,
    owner: Object,
    files: Sequence[EventFiles],
    window: Window,
    kind: str = "VIEW",
    numbered_from: int | None = None,
) -> exp.Create:
    """Return the statement that makes the table of an object's events.

    A column that files lack is missing in their events; one that they hold under another type is cast, and missing
    where the cast fails. With the number of the first file, it is the table of numbered events.
    """
    columns = owner.columns
    query: exp.Query | None = None
    for group in files:
        rows = _rows(dialect, owner, group, columns, window)
        if numbered_from is not None:
            rows = rows.select(as_named(dialect.row_number_in_files(numbered_from), NUMBER), copy=False)
            numbered_from += len(group.paths)
        query = exp.Union(this=query, expression=rows, distinct=False) if query is not None else rows
    if query is None:
        empty = [as_named(cast(exp.null(), dialect.type_of(c.type.kind)), c.name) for c in columns]
        if numbered_from is not None:
            empty.append(as_named(cast(exp.null(), "bigint"), NUMBER))
        query = exp.Select().select(*empty, copy=False).where(exp.false(), copy=False)
    table = event_table(owner.name) if numbered_from is None else numbered_table(owner.name)
    return exp.Create(this=table, kind=kind, expression=query, replace=True)


def lower_nothing(dialect: Dialect, columns: Sequence[Column]) -> exp.Select:
    """Return a query of these columns without a row, each of the type that events have."""
    empty = [as_named(cast(exp.null(), _sql_type(dialect, c.type)), c.name) for c in columns]
    return exp.Select().select(*empty, copy=False).where(exp.false(), copy=False)


def _sql_type(dialect: Dialect, type_: Type) -> str:
    return f"{_sql_type(dialect, type_.item)}[]" if type_.item is not None else dialect.type_of(type_.kind)


def lower_numbered(dialect: Dialect, owner: Object, first: int) -> exp.Create:
    """Return the statement that makes the table of an object's numbered events from that of its events in memory."""
    columns = [exp.Star(), as_named(dialect.row_number_in_memory(first), NUMBER)]
    query = select(columns, event_table(owner.name))
    return exp.Create(this=numbered_table(owner.name), kind="VIEW", expression=query, replace=True)


def lower_incoming(owner: Object) -> exp.Create:
    """Return the statement that makes the table of an object's events from the table `INCOMING`."""
    query = everything(exp.Table(this=name(INCOMING)))
    return exp.Create(this=event_table(owner.name), kind="TABLE", expression=query, replace=True)


def lower_schema() -> exp.Create:
    """Return the statement that makes the schema of the event tables."""
    return exp.Create(this=exp.Table(db=name(SCHEMA)), kind="SCHEMA", exists=True)


def event_table(object_name: str) -> exp.Table:
    """Return the table of an object's events."""
    return exp.Table(this=name(object_name), db=name(SCHEMA))


def numbered_table(object_name: str) -> exp.Table:
    """Return the table of an object's events with a number each, in the column `NUMBER`."""
    return exp.Table(this=name(f"#{object_name}"), db=name(SCHEMA))


def record_table(object_name: str) -> exp.Table:
    """Return the table of an object's tied records."""
    return exp.Table(this=name(f"#{object_name} records"), db=name(SCHEMA))


def occurrence_table(object_name: str) -> exp.Table:
    """Return the table of an object's occurrences."""
    return exp.Table(this=name(f"#{object_name} occurrences"), db=name(SCHEMA))


def _rows(dialect: Dialect, owner: Object, group: EventFiles, columns: Sequence[Column], window: Window) -> exp.Select:
    query = select(
        [_column(dialect, owner, group, c) for c in columns], dialect.parquet_rows(group.paths, alike=group.alike)
    )
    for limit, test in ((window.since, exp.GTE), (window.until, exp.LT)):
        if limit is not None and "time" in group.columns:
            time = dialect.stored(column("time"), group.columns["time"], dialect.type_of(Kind.TIME))
            inside = test(this=time, expression=instant(limit))
            query = query.where(exp.Or(this=inside, expression=missing(column("time"))), copy=False)
    return query


def _column(dialect: Dialect, owner: Object, group: EventFiles, wanted: Column) -> SQL:
    to = dialect.type_of(wanted.type.kind)
    if wanted.name == "object":
        value: SQL = text(owner.name)
    elif wanted.name == "action":
        value = text(group.action)
    elif wanted.name in group.columns:
        value = dialect.stored(column(wanted.name), group.columns[wanted.name], to)
    else:
        value = cast(exp.null(), to)
    return as_named(value, wanted.name)
