"""The engine asked why an output found its rows, or none, in a few queries a stream."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from carlang.errors import EngineError
from carlang.model import Column
from carlang.model.types import BOOLEAN, INTEGER
from carlang.resolve import bound
from carlang.resolve.bound import BoundExpr, BoundOutput, BoundStream
from carlang.results import (
    ConditionRows,
    Nearest,
    NearRows,
    Reason,
    StreamRows,
    ToldRow,
    ToldRows,
    ToldTest,
    Unmet,
    Why,
)
from carlang.sql import (
    ALL,
    COST,
    GROUP,
    PASSED,
    ROWS,
    Asking,
    asked_stream,
    lower_examples,
    lower_met,
    lower_nearest,
    lower_passed,
    mask_names,
    passing_tests,
    verdict_name,
)
from carlang.why.conditions import Condition, expression, parts, tests
from carlang.why.inquiry import Inquiry, Texts
from carlang.why.passages import Asked, Passage, Text, passages
from carlang.why.shown import Shown
from carlang.why.verdicts import Numbers, failing, holds, joint, meeting, numbered
from carlang.why.wording import begun, unsaid, written

if TYPE_CHECKING:
    import pyarrow as pa

_MOST_TESTS = 200
"""Beyond so many tests in the conditions of a stream its rows are counted, and not asked for each test."""

_COMBINATIONS = 500
"""How many combinations of tests that pass are looked at among the nearest rows, the rarest first."""

_GROUPS, _EXAMPLES = 3, 3
"""How many groups of nearest rows are shown, and how many rows of each."""


def explain_output(inquiry: Inquiry, output: BoundOutput, total: int, texts: Texts) -> Why:
    """Return why an output has the rows that it has, which are `total`.

    What fails on the way ends it, and is said.
    """
    why, asking = Why(), _Asking(inquiry)
    try:
        ways = passages(output, texts.program, texts.find)
        for passage in ways.values():
            why = replace(why, streams=(*why.streams, asking.counted(passage)))
        rows = {id(passage): counted for passage, counted in zip(ways.values(), why.streams, strict=True)}
        if not total:
            return asking.without_hits(why, ways, rows)
        for passage in _of_output(ways, ways[id(output.stream)]):
            why = asking.with_hits(why, passage, rows[id(passage)].left)
    except EngineError as error:
        return replace(why, error=str(error))
    except RecursionError:
        return replace(why, error="the program is nested too deeply to be asked; give parts of it names")
    return why


@dataclass(frozen=True, slots=True)
class _Asking:
    """Asks the session of an inquiry about one passage after another."""

    inquiry: Inquiry

    def _ask(
        self,
        base: BoundStream,
        asked: Sequence[BoundExpr],
        more: Sequence[BoundExpr],
        lowering: Callable[[Asking], Any],
        columns: Sequence[Column] = (),
    ) -> pa.Table:
        """Ask the rows of a stream for some tests, and whatever more a lowering asks them for."""
        return self.inquiry.session.ask(
            asked_stream(base, (*asked, *more)),
            lambda dialect, tied: lowering(
                Asking(base, tuple(asked), dialect, self.inquiry.now, self.inquiry.given, tied)
            ),
            columns,
        )

    # ---- how many rows are left --------------------------------------------------------------------------------------

    def counted(self, passage: Passage) -> StreamRows:
        conditions = [each.expression for each in passage.asked]
        answer = self._ask(passage.base, conditions, (), lower_passed)
        by_passed = list(zip(answer[PASSED].to_pylist(), answer[ROWS].to_pylist(), strict=True))
        left = [sum(rows for passed, rows in by_passed if passed >= least) for least in range(len(conditions) + 1)]
        of_conditions = [
            ConditionRows(each.stream, written(each.condition, each.text), rows)
            for each, rows in zip(passage.asked, left[1:], strict=True)
        ]
        return StreamRows(passage.stream, begun(passage), left[0], tuple(of_conditions))

    # ---- what hits met -----------------------------------------------------------------------------------------------

    def with_hits(self, why: Why, passage: Passage, total: int) -> Why:
        asked = (*passage.implied, *passage.asked)
        singles, numbers = numbered([each.condition for each in asked])
        if not passage.implied and (sentence := unsaid(passage)):
            why = replace(why, unsaid=(*why.unsaid, sentence))
        if len(singles) > _MOST_TESTS:
            return replace(why, unsaid=(*why.unsaid, f"which of {len(singles)} tests rows of {passage.stream} met"))
        if not asked or not self.inquiry.hits:
            return why
        shown = _shown(passage.base, asked)
        passing = [each.expression for each in passage.asked]
        verdict_columns = [Column(verdict_name(index), BOOLEAN) for index in range(len(singles))]
        answer = self._ask(
            passage.base,
            [test.test for test in singles],
            (*passing, *shown.values),
            partial(lower_met, passing=passing, values=shown.values, most=self.inquiry.hits),
            [*verdict_columns, *shown.columns()],
        )
        verdicts = zip(*(answer[c.name].to_pylist() for c in verdict_columns), strict=True)
        rows = [
            ToldRow(row, tuple(each for a in asked for each in _met(a, numbers, of_row, shown)))
            for row, of_row in enumerate(verdicts)
        ]
        hits = ToldRows(passage.stream, total, shown.table(answer), shown.identity, tuple(rows))
        return replace(why, hits=(*why.hits, hits))

    # ---- what came nearest -------------------------------------------------------------------------------------------

    def without_hits(self, why: Why, ways: Mapping[int, Passage], rows: Mapping[int, StreamRows]) -> Why:
        """Say where rows are lost: at conditions, of which the nearest rows are asked, or at what makes the rows."""
        streams: list[StreamRows] = []
        for passage in ways.values():
            counted = rows[id(passage)]
            if not counted.rows:
                inner = [rows[id(ways[id(each)])].left for each in bound.inputs(passage.made) if id(each) in ways]
                if inner and all(inner) and (sentence := unsaid(passage)):
                    why = replace(why, unsaid=(*why.unsaid, sentence))
            elif not counted.left:
                counted = self._judged(passage, counted)
                why = self._with_nearest(why, passage)
            streams.append(counted)
        return replace(why, streams=tuple(streams))

    def _judged(self, passage: Passage, counted: StreamRows) -> StreamRows:
        """Return the rows of a stream with why conditions can never be met in this store."""
        reasons = self._never(passage, [each.condition for each in passage.asked])
        judged = [replace(of, never=why) for of, why in zip(counted.conditions, reasons, strict=True)]
        return replace(counted, conditions=tuple(judged))

    def _never(self, passage: Passage, conditions: Sequence[Condition]) -> Sequence[tuple[Reason, ...]]:
        base = passage.base
        return self.inquiry.never([bound.Filtered(base, expression(each), base.columns) for each in conditions])

    def _with_nearest(self, why: Why, passage: Passage) -> Why:
        conditions = [each.condition for each in passage.asked]
        singles, numbers = numbered(conditions)
        if len(singles) > _MOST_TESTS:
            return replace(
                why, unsaid=(*why.unsaid, f"which rows of {passage.stream} are nearest to {len(singles)} tests")
            )
        wanted = joint(conditions, numbers)
        all_tests = [test.test for test in singles]
        answer = self._ask(passage.base, all_tests, (), partial(lower_nearest, wanted=wanted, most=_COMBINATIONS))
        masks = zip(*(answer[name].to_pylist() for name in mask_names(len(singles))), strict=True)
        groups: dict[tuple[int, ...], _Group] = {}
        for combination, count in zip(masks, answer[ROWS].to_pylist(), strict=True):
            verdicts = passing_tests(combination, len(singles))
            failed = [each for condition in conditions for each in failing(condition, numbers, verdicts)]
            group = groups.setdefault(tuple(id(each) for each in failed), _Group(failed))
            group.combinations.append(combination)
            group.count += count
        # The rarest first: what few rows lack alone tells more than what all of them do.
        chosen = sorted(groups.values(), key=lambda group: group.count)[:_GROUPS]
        shown = _shown(passage.base, passage.asked)
        numbers_of_groups = {each: number for number, group in enumerate(chosen) for each in group.combinations}
        examples = self._ask(
            passage.base,
            all_tests,
            shown.values,
            partial(lower_examples, wanted=wanted, values=shown.values, groups=numbers_of_groups, most=_EXAMPLES),
            [Column(GROUP, INTEGER), *shown.columns()],
        )
        texts = {id(part): each.text for each in passage.asked for part in parts(each.condition)}
        near = tuple(self._near(passage, group, n, examples, shown, texts) for n, group in enumerate(chosen))
        more = answer[ALL][0].as_py() - sum(group.count for group in chosen)
        nearest = Nearest(passage.stream, answer[COST][0].as_py(), near, more)
        return replace(why, nearest=(*why.nearest, nearest))

    def _near(  # what a group is shown by
        self,
        passage: Passage,
        group: _Group,
        number: int,
        examples: pa.Table,
        shown: Shown,
        texts: Mapping[int, Text],
    ) -> NearRows:
        """Return a group of the nearest rows with its examples, and whether what they fail can be met at all."""
        conditions = [written(each, texts[id(each)]) for each in group.failed]
        unmet = map(Unmet, conditions, self._never(passage, group.failed))
        values = [shown.of(tests(each)) for each in group.failed]
        tested = tuple(ToldTest(condition, of) for condition, of in zip(conditions, values, strict=True))
        rows = [row for row, of in enumerate(examples[GROUP].to_pylist()) if of == number]
        table = shown.table(examples.take(rows))
        shown_rows = tuple(ToldRow(row, tested) for row in range(len(rows)))
        return NearRows(
            tuple(unmet), group.count, ToldRows(passage.stream, group.count, table, shown.identity, shown_rows)
        )


@dataclass(slots=True)
class _Group:
    """The nearest rows that fail the same conditions: the combinations of tests that they pass, and how many."""

    failed: Sequence[Condition]
    combinations: list[tuple[int, ...]] = field(default_factory=list)
    count: int = 0


def _of_output(ways: Mapping[int, Passage], passage: Passage) -> Iterator[Passage]:
    """Yield the passages whose rows are those of an output: of a union both sides."""
    if isinstance(passage.made, bound.Union) and not passage.asked:
        for side in (passage.made.left, passage.made.right):
            yield from _of_output(ways, ways[id(side)])
    else:
        yield passage


def _shown(base: BoundStream, asked: Sequence[Asked]) -> Shown:
    shown = Shown(base)
    for each in asked:
        for test in tests(each.condition):
            shown.add(test, each.text)
    return shown


def _met(asked: Asked, numbers: Numbers, verdicts: Sequence[bool], shown: Shown) -> Iterator[ToldTest]:
    """Yield the tests by which a row meets a condition; where another record of its occurrence does, that is said."""
    if not holds(asked.condition, numbers, verdicts):
        yield ToldTest(written(asked.condition, asked.text), elsewhere=True)
        return
    for test in meeting(asked.condition, numbers, verdicts):
        yield ToldTest(written(test, asked.text), shown.of([test]))
