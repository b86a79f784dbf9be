"""What is said of an output held against the reference evaluator, which knows conditions and no SQL."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from carlang.engine import QuerySession
from carlang.program import CompiledProgram
from carlang.resolve import bound, given_values
from carlang.results import Nearest, ToldRow, ToldRows, ValueAt, WrittenCondition
from carlang.why import Inquiry, Texts, explain_output
from carlang.why.conditions import Condition, Single, tests
from carlang.why.passages import Passage, passages
from carlang.why.queries import asks_for_processes
from carlang.why.verdicts import cost, numbered
from carlang.why.wording import written
from tests.reference.drawn_events import NOW
from tests.reference.evaluator import Evaluator
from tests.reference.expressions import evaluate, holds
from tests.reference.occurrences import OCCURRENCE
from tests.reference.order import Row

ALL = 10_000
"""More rows than a drawn store has."""


class Teller:
    """What the evaluator makes of the rows that conditions are asked of."""

    def __init__(self, program: CompiledProgram, events: Sequence[Row], params: Mapping[str, Any]) -> None:
        self.evaluator = Evaluator(events, NOW, program.require().inputs, params)

    def rows(self, stream: bound.BoundStream) -> list[Row]:
        """Return the rows that filters ask: of tied records each record."""
        of_records = self.evaluator._is_tied(stream)  # noqa: SLF001  # what it knows of records is its own
        return self.evaluator._known_rows(stream, of_records=of_records)  # noqa: SLF001

    def number(self, stream: bound.BoundStream, rows: Sequence[Row]) -> int:
        """Return how many rows of a stream some rows are: of tied records the occurrences."""
        return len(set(self.keys(stream, rows)))

    def keys(self, stream: bound.BoundStream, rows: Sequence[Row]) -> list[int]:
        """Return what tells apart what rows are."""
        if self.evaluator._is_tied(stream):  # noqa: SLF001
            return [row[OCCURRENCE] for row in rows]
        return list(range(len(rows)))

    def holds(self, row: Row, expr: bound.BoundExpr) -> bool:
        return holds(self.evaluator._place.at(row), expr)  # noqa: SLF001

    def value(self, row: Row, expr: bound.BoundExpr) -> Any:
        return evaluate(self.evaluator._place.at(row), expr)  # noqa: SLF001


def check_all(session: QuerySession, program: CompiledProgram, events: Sequence[Row], params: Mapping[str, Any]) -> int:
    """Check what is said of each output of a program, and return how many rows something was said of."""
    meaning = program.require()
    inquiry = Inquiry(session, NOW, given_values(meaning.inputs, params), lambda asked: [()] * len(asked), ALL)
    teller = Teller(program, events, params)
    said = 0
    for output in meaning.outputs:
        total = session.run(output, NOW, 0, inquiry.given).total
        why = explain_output(inquiry, output, total, Texts(program.source, lambda _: None))
        assert why.error is None, why.error
        ways = list(passages(output, program.source, lambda _: None).values())
        assert why.streams[-1].left == total
        for passage, counted in zip(ways, why.streams, strict=True):
            _check_counts(teller, passage, [counted.rows, *(each.rows for each in counted.conditions)])
        dry = [p for p, counted in zip(ways, why.streams, strict=True) if counted.rows and not counted.left]
        if total:
            said += sum(_check_hits(teller, _passage_of(ways, hits), hits) for hits in why.hits)
        else:
            said += sum(_check_nearest(teller, *each) for each in zip(dry, why.nearest, strict=True))
    return said


def _passage_of(ways: Sequence[Passage], hits: ToldRows) -> Passage:
    """Return the last passage of the name that hits have: a program may use a name again."""
    return [passage for passage in ways if passage.stream == hits.stream][-1]


def _check_counts(teller: Teller, passage: Passage, counts: Sequence[int]) -> None:
    rows = teller.rows(passage.base)
    expected = [teller.number(passage.base, rows)]
    for each in passage.asked:
        rows = [row for row in rows if teller.holds(row, each.expression)]
        expected.append(teller.number(passage.base, rows))
    assert list(counts) == expected, passage.stream


def _check_hits(teller: Teller, passage: Passage, hits: ToldRows) -> int:
    """Check that of each hit there is a row that meets all that it is said to meet, with the values that are shown."""
    rows = [r for r in teller.rows(passage.base) if all(teller.holds(r, a.expression) for a in passage.asked)]
    assert hits.total == len(hits.rows) == teller.number(passage.base, rows)
    tests_: dict[WrittenCondition, list[Single]] = {}
    for asked in (*passage.implied, *passage.asked):
        for single in tests(asked.condition):
            tests_.setdefault(written(single, asked.text), []).append(single)
    for hit in hits.rows:
        assert any(_is_row(teller, row, hits, hit, tests_) for row in rows), hit
        assert passage.implied or len(hit.tested) >= len(passage.asked)
    return len(hits.rows)


def _is_row(
    teller: Teller,
    row: Row,
    hits: ToldRows,
    hit: ToldRow,
    tests_: Mapping[WrittenCondition, Sequence[Single]],
) -> bool:
    """Tell whether a row is what a hit is said to be."""

    def shown(values: Sequence[ValueAt]) -> list[Any]:
        return [hits.table.column(value.column)[hit.row].as_py() for value in values]

    if shown(hits.identity) != [row.get(value.name) for value in hits.identity]:
        return False
    return all(
        any(
            teller.holds(row, single.test)
            and all(map(_same, shown(each.values), (teller.value(row, o.value) for o in single.operands)))
            for single in tests_[each.condition]
        )
        for each in hit.tested
        if not each.elsewhere
    )


def _same(shown: Any, value: Any) -> bool:
    if isinstance(shown, timedelta):
        return bool(shown == timedelta(microseconds=value))
    if isinstance(shown, float):
        return math.isclose(shown, value, rel_tol=1e-9, abs_tol=1e-9)
    return bool(shown == value)


def _check_nearest(teller: Teller, passage: Passage, nearest: Nearest) -> int:
    """Check that no row lacks fewer tests, and that all that lack as few are counted."""
    conditions = [each.condition for each in passage.asked]
    costs: dict[int, int] = {}
    rows = teller.rows(passage.base)
    for key, row in zip(teller.keys(passage.base, rows), rows, strict=True):
        costs[key] = min(costs.get(key, ALL), _cost(teller, conditions, row))
    least = min(costs.values())
    assert least > 0
    if not any(asks_for_processes(single.test) for condition in conditions for single in tests(condition)):
        assert nearest.away == least
        assert sum(group.count for group in nearest.groups) + nearest.more == list(costs.values()).count(least)
    assert all(len(group.examples.rows) == min(3, group.count) for group in nearest.groups)
    return sum(group.count for group in nearest.groups)


def _cost(teller: Teller, conditions: Sequence[Condition], row: Row) -> int:
    singles, numbers = numbered(conditions)
    verdicts = [teller.holds(row, single.test) for single in singles]
    return sum(cost(condition, numbers, verdicts) for condition in conditions)
