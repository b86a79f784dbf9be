"""The files of shapes: what they say can be run, and is put in order."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import duckdb
import pytest

from carlang.database.connection import open_memory
from carlang.mapping.expression import Expression, check_expression
from carlang.mapping.headers import header_query
from carlang.mapping.inserts import define_inserts
from carlang.mapping.macros import define_macros
from carlang.mapping.members import EMPTY_RECORDS, define_empty_records, list_reader
from carlang.mapping.openings import hiding_names, shapes_query
from carlang.mapping.shapes import HEADER_FIELDS, UNKNOWN, Shape, all_shapes


def _expressions(shape: Shape) -> list[Expression]:
    values = [*shape.time, *shape.message, *shape.data]
    values += [each for group in (*shape.evidence, *shape.header.values()) for each in group]
    return values + [each for renamed in shape.renamed for group in renamed.members.values() for each in group]


@pytest.mark.parametrize("shape", all_shapes(), ids=lambda shape: shape.name)
def test_expressions_of_a_shape_can_be_run(shape: Shape) -> None:
    with open_memory() as connection:
        define_macros(connection)
        define_inserts(connection)
        define_empty_records(connection)
        for expression in _expressions(shape):
            check_expression(connection, expression.bind(list_reader(expression.members)), EMPTY_RECORDS)


@pytest.mark.parametrize("shape", all_shapes(), ids=lambda shape: shape.name)
def test_a_shape_says_who_writes_it_and_how_the_export_is_made(shape: Shape) -> None:
    assert shape.title
    assert shape.how
    assert all(name and how for name, how in shape.how.items())
    assert set(shape.header) <= set(HEADER_FIELDS)


@pytest.fixture(scope="module")
def lines() -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to tables of lines under the names that queries read them by."""
    with open_memory() as connection:
        define_macros(connection)
        define_inserts(connection)
        connection.execute("CREATE TABLE bodies (position BIGINT, line VARCHAR)")
        connection.execute("CREATE TABLE chunk (position BIGINT, line VARCHAR, fault VARCHAR)")
        yield connection


def _rows_of(connection: duckdb.DuckDBPyConnection, records: list[dict[str, Any]], query: str) -> list[Any]:
    for table in ("bodies", "chunk"):
        rows = [[number, json.dumps(record)] for number, record in enumerate(records)]
        connection.execute(f"DELETE FROM {table}")  # noqa: S608  # one of two
        connection.executemany(f"INSERT INTO {table} (position, line) VALUES (?, ?)", rows)  # noqa: S608
    return connection.execute(f"FROM ({query}) ORDER BY position").fetchall()


def _record(names: list[str]) -> dict[str, Any]:
    """Return a record that has these members, and a time."""
    record: dict[str, Any] = {"TimeCreated": "2024-03-21T10:00:00.123Z"}
    for name in names:
        *outer, last = [part.replace("\\", "") for part in re.split(r"(?<!\\)\.", name)]
        inner = record
        for part in outer:
            inner = inner.setdefault(part, {})
        inner[last] = "1"
    return record


@pytest.fixture(scope="module")
def shapes_of_all(lines: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """What the query that looks for all members says of each record of the test below, by its position."""
    records = [_evident(shape) for shape in all_shapes()]
    rows = _rows_of(lines, records, shapes_query(None))
    return {all_shapes()[position].name: row for position, *row in rows}


def _evident(shape: Shape) -> dict[str, Any]:
    return _record([group[0].members[0] for group in shape.evidence])


@pytest.mark.parametrize("shape", all_shapes(), ids=lambda shape: shape.name)
def test_what_records_do_not_have_need_not_be_looked_for(
    shape: Shape, lines: duckdb.DuckDBPyConnection, shapes_of_all: dict[str, Any]
) -> None:
    record = _evident(shape)
    names = frozenset(record)
    few, all_members = (_rows_of(lines, [record], header_query(shape.name, each)) for each in (names, None))
    assert few == all_members
    if not names & hiding_names():
        assert [row[1:] for row in _rows_of(lines, [record], shapes_query(names))] == [tuple(shapes_of_all[shape.name])]


def test_names_are_used_once_and_what_has_no_evidence_comes_last() -> None:
    names = [shape.name for shape in all_shapes()]
    assert len(set(names)) == len(names)
    assert [shape.name for shape in all_shapes() if not shape.evidence] == [UNKNOWN]
    assert names[-1] == UNKNOWN
