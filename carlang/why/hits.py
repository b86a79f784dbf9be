"""What the rows of an output met: the tests that hold of each, with the values that these look at."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from carlang.model import Column
from carlang.model.types import BOOLEAN
from carlang.results import ToldRow, ToldRows, ToldTest, ValueAt
from carlang.sql import lower_met, verdict_name
from carlang.why.conditions import Single
from carlang.why.passages import Asked, Passage
from carlang.why.queries import Queries, filtered
from carlang.why.shown import shown_of
from carlang.why.verdicts import Numbers, holds, meeting, numbered
from carlang.why.wording import written

Values = Callable[[Sequence[Single]], tuple[ValueAt, ...]]
"""Gives the values of a row that tests look at."""


def hits_of(queries: Queries, passage: Passage, total: int) -> ToldRows:
    """Return the first rows that a passage leaves, of `total`, with what they met."""
    asked = (*passage.implied, *passage.asked)
    singles, numbers = numbered([each.condition for each in asked])
    shown = shown_of(passage.base, [(each.condition, each.text) for each in asked])
    verdict_columns = [Column(verdict_name(index), BOOLEAN) for index in range(len(singles))]
    answer = queries.ask(
        filtered(passage.base, [each.expression for each in passage.asked]),
        [test.test for test in singles],
        shown.values,
        partial(lower_met, values=shown.values, most=queries.inquiry.hits),
        [*verdict_columns, *shown.columns()],
    )
    table, rows = shown.table(answer), list[ToldRow]()
    for row, verdicts in enumerate(zip(*(answer[c.name].to_pylist() for c in verdict_columns), strict=True)):
        values = partial(shown.of, table=table, row=row)
        rows.append(ToldRow(row, tuple(each for a in asked for each in _met(a, numbers, verdicts, values))))
    return ToldRows(passage.stream, total, table, shown.identity, tuple(rows))


def _met(asked: Asked, numbers: Numbers, verdicts: Sequence[bool], values: Values) -> Iterator[ToldTest]:
    """Yield the tests by which a row meets a condition; where another record of its occurrence does, that is said."""
    if not holds(asked.condition, numbers, verdicts):
        yield ToldTest(written(asked.condition, asked.text), elsewhere=True)
        return
    for test in meeting(asked.condition, numbers, verdicts):
        yield ToldTest(written(test, asked.text), values([test]))
