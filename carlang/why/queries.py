"""What is asked of an engine about the rows of a stream, query by query."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from carlang.model import Column
from carlang.resolve import bound
from carlang.resolve.bound import BoundExpr, BoundStream
from carlang.results import Reason
from carlang.sql import PASSED, ROWS, Asking, asked_stream, lower_passed
from carlang.why.conditions import Condition, expression
from carlang.why.inquiry import Inquiry

if TYPE_CHECKING:
    import pyarrow as pa

MOST_TESTS = 200
"""Beyond so many tests in the conditions of a stream its rows are counted, and not asked for each test."""


@dataclass(frozen=True, slots=True)
class Queries:
    """Asks the session of an inquiry, and the judge of its store."""

    inquiry: Inquiry

    def ask(
        self,
        base: BoundStream,
        tests: Sequence[BoundExpr],
        more: Sequence[BoundExpr],
        lowering: Callable[[Asking], Any],
        columns: Sequence[Column] = (),
    ) -> pa.Table:
        """Ask the rows of a stream for some tests, and whatever more a lowering asks them for."""
        now, given = self.inquiry.now, self.inquiry.given
        return self.inquiry.session.ask(
            asked_stream(base, (*tests, *more)),
            lambda dialect, tied: lowering(Asking(base, tuple(tests), dialect, now, given, tied)),
            columns,
        )

    def left(self, base: BoundStream, conditions: Sequence[BoundExpr]) -> list[int]:
        """Return how many rows a stream has, and how many are left after each of some conditions."""
        first = next((index for index, each in enumerate(conditions) if asks_for_processes(each)), 0)
        if first:
            # To look for the process behind a row takes longer than all else: it is done for the rows that are left.
            before = self.left(base, conditions[:first])
            return before + self.left(filtered(base, conditions[:first]), conditions[first:])[1:]
        answer = self.ask(base, conditions, (), lower_passed)
        by_passed = list(zip(answer[PASSED].to_pylist(), answer[ROWS].to_pylist(), strict=True))
        return [sum(rows for passed, rows in by_passed if passed >= least) for least in range(len(conditions) + 1)]

    def never(self, base: BoundStream, conditions: Sequence[Condition]) -> Sequence[tuple[Reason, ...]]:
        """Return for each of some conditions why no row of a stream can meet it in this store, if none can."""
        return self.inquiry.never([filtered(base, [expression(each)]) for each in conditions])


def filtered(stream: BoundStream, conditions: Sequence[BoundExpr]) -> BoundStream:
    """Return the rows of a stream for which conditions hold."""
    return bound.Filtered(stream, bound.AllOf(tuple(conditions)), stream.columns) if conditions else stream


def asks_for_processes(expr: BoundExpr) -> bool:
    """Tell whether an expression asks for the process behind a row."""
    return any(isinstance(node, bound.ProcessField) for node in bound.walk(expr))
