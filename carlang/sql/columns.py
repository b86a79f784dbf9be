"""Columns of streams that are made of several: named by their parts, and fitted to those of another stream."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from carlang.model.types import Column
from carlang.resolve import bound
from carlang.sql.dialect import Dialect
from carlang.sql.fragments import SQL, as_named, cast, column, select, subquery
from carlang.sql.occurrences import hidden


def part_table(part: bound.StreamPart, rows: SQL, lists: Sequence[str]) -> SQL:
    """Return the rows of a part of a join, its columns and lists of record ids under its name."""
    renamed = [as_named(column(c.name), f"{part.name}.{c.name}") for c in part.stream.columns]
    renamed += [as_named(column(hidden(n)), hidden(f"{part.name}.{n}")) for n in lists]
    return subquery(select(renamed, rows), part.name)


def fitted(dialect: Dialect, columns: Sequence[Column], wanted: Sequence[Column]) -> list[SQL]:
    """Return all columns that are wanted, those that are not there missing in every row."""
    names = {c.name for c in columns}
    return [
        column(c.name) if c.name in names else as_named(cast(exp.null(), dialect.type_of(c.type.kind)), c.name)
        for c in wanted
    ]


def fitted_lists(dialect: Dialect, columns: Sequence[Column], lists: Sequence[str], wanted: Sequence[str]) -> list[SQL]:
    """Return all lists of record ids that are wanted; of events that are not tied, of the one record that each is."""
    names = {c.name for c in columns}
    values: list[SQL] = []
    for list_name in wanted:
        record_id = list_name.removesuffix("s")
        if list_name in lists:
            values.append(column(hidden(list_name)))
        elif record_id in names:
            values.append(as_named(dialect.present_items([column(record_id)]), hidden(list_name)))
        else:
            values.append(as_named(exp.null(), hidden(list_name)))
    return values
