"""What rows make of a condition, from what they make of its tests: which tests it is met by, and what it fails for.

Tests are known by their position among all tests of some conditions; verdicts are in the same order.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from carlang.sql import Joint
from carlang.why.conditions import Condition, Single, tests

Numbers = Mapping[int, int]
"""The positions of tests, by the identity of these."""


def numbered(conditions: Sequence[Condition]) -> tuple[list[Single], Numbers]:
    """Return the tests of conditions, and the position of each."""
    singles = [test for condition in conditions for test in tests(condition)]
    return singles, {id(test): index for index, test in enumerate(singles)}


def joint(conditions: Sequence[Condition], numbers: Numbers) -> Joint:
    """Return conditions, all of which have to hold, as tests by their positions."""
    return Joint(tuple(_joint(each, numbers) for each in conditions), any_of=False)


def _joint(condition: Condition, numbers: Numbers) -> int | Joint:
    if isinstance(condition, Single):
        return numbers[id(condition)]
    return Joint(tuple(_joint(part, numbers) for part in condition.parts), condition.any_of)


def holds(condition: Condition, numbers: Numbers, verdicts: Sequence[bool]) -> bool:
    """Tell whether a condition holds."""
    if isinstance(condition, Single):
        return verdicts[numbers[id(condition)]]
    parts = (holds(part, numbers, verdicts) for part in condition.parts)
    return any(parts) if condition.any_of else all(parts)


def meeting(condition: Condition, numbers: Numbers, verdicts: Sequence[bool]) -> Iterator[Single]:
    """Yield the tests by which a condition that holds does so: of alternatives those that hold."""
    if isinstance(condition, Single):
        yield condition
        return
    for part in condition.parts:
        if holds(part, numbers, verdicts):
            yield from meeting(part, numbers, verdicts)


def failing(condition: Condition, numbers: Numbers, verdicts: Sequence[bool]) -> list[Condition]:
    """Return what would have to hold besides for a condition to hold: the fewest tests.

    Of alternatives that are equally near no one is meant: these are returned as the one condition that they make.
    """
    if holds(condition, numbers, verdicts):
        return []
    if isinstance(condition, Single):
        return [condition]
    if not condition.any_of:
        return [each for part in condition.parts for each in failing(part, numbers, verdicts)]
    costs = [cost(part, numbers, verdicts) for part in condition.parts]
    nearest = [part for part, lacks in zip(condition.parts, costs, strict=True) if lacks == min(costs)]
    return failing(nearest[0], numbers, verdicts) if len(nearest) == 1 else [condition]


def cost(condition: Condition, numbers: Numbers, verdicts: Sequence[bool]) -> int:
    """Return how many tests would have to hold besides: 0 where the condition holds."""
    if isinstance(condition, Single):
        return 0 if verdicts[numbers[id(condition)]] else 1
    costs = [cost(part, numbers, verdicts) for part in condition.parts]
    return min(costs) if condition.any_of else sum(costs)
