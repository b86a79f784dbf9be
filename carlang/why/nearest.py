"""The rows that come nearest to conditions that no row meets: what the fewest tests keep from being left."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial

import pyarrow as pa
import pyarrow.compute as pc

from carlang.model import Column
from carlang.model.types import INTEGER
from carlang.resolve.bound import BoundStream
from carlang.results import Nearest, NearRows, ToldRow, ToldRows, ToldTest, Unmet
from carlang.sql import ALL, COST, GROUP, ROWS, lower_examples, lower_nearest, mask_names, passing_tests
from carlang.why.conditions import Combined, Condition, Single, expression, parts, tests
from carlang.why.passages import Passage, Text
from carlang.why.queries import Queries, asks_for_processes, filtered
from carlang.why.shown import shown_of
from carlang.why.verdicts import Numbers, failing, joint, numbered
from carlang.why.wording import written

_COMBINATIONS = 500
"""How many combinations of tests that pass are looked at among the nearest rows, the rarest first."""

GROUPS, EXAMPLES = 3, 3
"""How many groups of nearest rows are shown, and how many rows of each."""

Placed = tuple[Condition, Text]
"""A condition with the program that it stands in."""


@dataclass(slots=True)
class _Group:
    """The nearest rows that fail the same conditions: the combinations of tests that they pass, and how many."""

    failed: Sequence[Condition]
    combinations: list[tuple[int, ...]] = field(default_factory=list)
    count: int = 0


def nearest_to(queries: Queries, passage: Passage) -> tuple[Nearest, str]:
    """Return the rows that come nearest to the conditions of a passage, and what is not said of them.

    Rows are asked for the processes behind them where they meet all that is asked of themselves, and where none does
    they are not asked: it would take long, and tell little of rows that have nothing else of what is looked for.
    """
    asked: list[Placed] = [(each.condition, each.text) for each in passage.asked]
    of_rows = [(part, text) for condition, text in asked if (part := _of_rows(condition)) is not None]
    if not of_rows or of_rows == asked:
        return _nearest(queries, passage, passage.base, asked), ""
    conditions = [expression(condition) for condition, _ in of_rows]
    if queries.left(passage.base, conditions)[-1]:
        return _nearest(queries, passage, filtered(passage.base, conditions), asked), ""
    return _nearest(
        queries, passage, passage.base, of_rows
    ), f"of which processes the nearest rows of {passage.stream} are"


def _of_rows(condition: Condition) -> Condition | None:
    """Return a condition as it is where all holds that is asked of processes; None where it holds then."""
    if isinstance(condition, Single):
        return None if asks_for_processes(condition.test) else condition
    of_rows = tuple(part for each in condition.parts if (part := _of_rows(each)) is not None)
    if not of_rows or (condition.any_of and len(of_rows) < len(condition.parts)):
        return None
    if of_rows == condition.parts:
        return condition
    return Combined(condition.span, of_rows, condition.any_of, condition.negated)


def _nearest(queries: Queries, passage: Passage, base: BoundStream, asked: Sequence[Placed]) -> Nearest:
    conditions = [condition for condition, _ in asked]
    singles, numbers = numbered(conditions)
    wanted, all_tests = joint(conditions, numbers), [single.test for single in singles]
    answer = queries.ask(base, all_tests, (), partial(lower_nearest, wanted=wanted, most=_COMBINATIONS))
    # The rarest first: what few rows lack alone tells more than what all of them do.
    chosen = sorted(_groups(answer, conditions, numbers, len(singles)), key=lambda group: group.count)[:GROUPS]
    shown = shown_of(base, asked)
    numbers_of_groups = {each: number for number, group in enumerate(chosen) for each in group.combinations}
    examples = queries.ask(
        base,
        all_tests,
        shown.values,
        partial(lower_examples, wanted=wanted, values=shown.values, groups=numbers_of_groups, most=EXAMPLES),
        [Column(GROUP, INTEGER), *shown.columns()],
    )
    texts = {id(part): text for condition, text in asked for part in parts(condition)}
    near: list[NearRows] = []
    for number, group in enumerate(chosen):
        failed_conditions = [written(each, texts[id(each)]) for each in group.failed]
        table = shown.table(examples.filter(pc.equal(examples[GROUP], number)))
        rows = [
            ToldRow(
                row, tuple(map(ToldTest, failed_conditions, (shown.of(tests(f), table, row) for f in group.failed)))
            )
            for row in range(table.num_rows)
        ]
        unmet = tuple(map(Unmet, failed_conditions, queries.never(passage.base, group.failed)))
        near.append(
            NearRows(unmet, group.count, ToldRows(passage.stream, group.count, table, shown.identity, tuple(rows)))
        )
    more = answer[ALL][0].as_py() - sum(group.count for group in chosen)
    return Nearest(passage.stream, answer[COST][0].as_py(), tuple(near), more)


def _groups(answer: pa.Table, conditions: Sequence[Condition], numbers: Numbers, tests_in_all: int) -> Iterable[_Group]:
    """Return the nearest rows, a combination of passed tests a row of the answer, by the conditions that they fail."""
    groups: dict[tuple[int, ...], _Group] = {}
    masks = zip(*(answer[name].to_pylist() for name in mask_names(tests_in_all)), strict=True)
    for combination, count in zip(masks, answer[ROWS].to_pylist(), strict=True):
        verdicts = passing_tests(combination, tests_in_all)
        failed = [each for condition in conditions for each in failing(condition, numbers, verdicts)]
        group = groups.setdefault(tuple(id(each) for each in failed), _Group(failed))
        group.combinations.append(combination)
        group.count += count
    return groups.values()
