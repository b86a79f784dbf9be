"""The values that are shown of rows, each asked for once, and the table that they come in."""

from __future__ import annotations

from collections.abc import Iterable

import pyarrow as pa

from carlang.model import Column
from carlang.resolve import bound
from carlang.resolve.bound import BoundExpr, BoundStream
from carlang.results import ValueAt
from carlang.sql import value_name
from carlang.why.conditions import Condition, Single, tests
from carlang.why.passages import Text
from carlang.why.wording import identity, label


class Shown:
    """Values of the rows of a stream: those that rows are known by, and those that tests look at."""

    def __init__(self, base: BoundStream) -> None:
        self.values: list[BoundExpr] = []
        self._columns: dict[BoundExpr | int, int] = {}
        self._texts_that_pass: set[int] = set()
        self._of_tests: dict[int, tuple[ValueAt, ...]] = {}
        columns = identity(base)
        self.identity = tuple(ValueAt(c.name, self._column(bound.FieldRef(c.name, c.type))) for c in columns)

    def add(self, test: Single, text: Text) -> None:
        """Show what a test looks at, called as in its program."""
        named = [ValueAt(label(each, text), self._column(each.value)) for each in test.operands]
        self._of_tests[id(test)] = tuple(dict.fromkeys(named))
        # A text of any field is named where one passes the test; where none does there is nothing to name.
        self._texts_that_pass |= {v.column for v, each in zip(named, test.operands, strict=True) if each.label}

    def of(self, of_tests: Iterable[Single], table: pa.Table, row: int) -> tuple[ValueAt, ...]:
        """Return the values that tests look at in a row, each once."""
        values = dict.fromkeys(value for test in of_tests for value in self._of_tests[id(test)])
        return tuple(v for v in values if v.column not in self._texts_that_pass or table.column(v.column)[row].is_valid)

    def columns(self) -> list[Column]:
        """Return the columns that the values come in."""
        return [Column(value_name(index), value.type) for index, value in enumerate(self.values)]

    def table(self, answer: pa.Table) -> pa.Table:
        """Return an answer without what is not shown of it."""
        return answer.select([value_name(index) for index in range(len(self.values))])

    def _column(self, value: BoundExpr) -> int:
        # What is no plain field may hold a stream, which is as long as the program above it.
        key = value if isinstance(value, bound.FieldRef) else id(value)
        if key not in self._columns:
            self._columns[key] = len(self.values)
            self.values.append(value)
        return self._columns[key]


def shown_of(base: BoundStream, asked: Iterable[tuple[Condition, Text]]) -> Shown:
    """Return what is shown of the rows of a stream where it is what the tests of conditions look at."""
    shown = Shown(base)
    for condition, text in asked:
        for test in tests(condition):
            shown.add(test, text)
    return shown
