"""The files of shapes: what they say can be run, and is put in order."""

from __future__ import annotations

import pytest

from carlang.database.connection import open_memory
from carlang.mapping.expression import Expression, check_expression
from carlang.mapping.inserts import define_inserts
from carlang.mapping.macros import define_macros
from carlang.mapping.members import EMPTY_RECORDS, define_empty_records, list_reader
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
    assert set(shape.header) <= set(HEADER_FIELDS)


def test_names_are_used_once_and_what_has_no_evidence_comes_last() -> None:
    names = [shape.name for shape in all_shapes()]
    assert len(set(names)) == len(names)
    assert [shape.name for shape in all_shapes() if not shape.evidence] == [UNKNOWN]
    assert names[-1] == UNKNOWN
