"""What a program gives of a test's events, compared with what the test expects."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from carlang.analytic import case_instant
from carlang.engine import QuerySession
from carlang.importers import AtLeast, Case
from carlang.model import Kind
from carlang.resolve import Given
from carlang.resolve.bound import BoundOutput, is_sorted
from carlang.results import Output
from carlang.testing.events import seconds

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Mismatch:
    """An output that gives other rows than a test expects: those that are missing, and those that are too many.

    Where the test expects a number of rows, `wanted` is that number, or with `or_more` the least.
    """

    output: str
    wanted: int
    found: int
    missing: tuple[Row, ...] = ()
    unexpected: tuple[Row, ...] = ()
    reordered: bool = False
    """Whether the rows are those that are expected, in another order than that of the test; it shows them all."""
    or_more: bool = False


def mismatches(
    session: QuerySession, outputs: Sequence[BoundOutput], case: Case, now: datetime, values: Given
) -> Iterator[Mismatch]:
    """Compare each output with what the test expects; one that it does not name must be empty."""
    for output in outputs:
        if mismatch := mismatch_of(session.run(output, now, given=values), output, case):
            yield mismatch


def mismatch_of(outcome: Output, output: BoundOutput, case: Case) -> Mismatch | None:
    """Return how what an output gave differs from what the test expects."""
    expected = case.expect.get(output.name, ())
    if isinstance(expected, AtLeast):
        few = outcome.total < expected.rows
        rows = tuple(outcome.rows()) if few else ()
        return Mismatch(output.name, expected.rows, outcome.total, unexpected=rows, or_more=True) if few else None
    if not isinstance(expected, int):
        return _compared(outcome, expected, in_order=is_sorted(output.stream))
    if outcome.total == expected:
        return None
    return Mismatch(output.name, expected, outcome.total, unexpected=tuple(outcome.rows()))


def _compared(actual: Output, expected: Iterable[Row], *, in_order: bool) -> Mismatch | None:
    """Match each expected row with a row of its own that has the values it names; of sorted outputs, in order."""
    rest = actual.rows()
    kinds = {c.name: c.type.kind for c in actual.columns}
    missing = []
    wanted = list(expected)
    if in_order and len(rest) == len(wanted) and all(_has(row, w, kinds) for row, w in zip(rest, wanted, strict=True)):
        return None
    rows = tuple(rest)
    # A row that names many fields has few to choose from: it chooses before those that would do with any.
    for row in sorted(wanted, key=lambda r: -len(r)):
        match = next((i for i, candidate in enumerate(rest) if _has(candidate, row, kinds)), None)
        if match is None:
            missing.append(row)
        else:
            rest.pop(match)
    if not missing and not rest:
        return (
            Mismatch(actual.name, len(wanted), actual.total, tuple(wanted), rows, reordered=True) if in_order else None
        )
    return Mismatch(actual.name, len(wanted), actual.total, tuple(missing), tuple(rest))


def _has(actual: Row, wanted: Row, kinds: Mapping[str, Kind]) -> bool:
    return all(key in actual and _equal(actual[key], value, kinds[key]) for key, value in wanted.items())


def _equal(actual: Any, wanted: Any, kind: Kind) -> bool:
    if kind is Kind.TIME and wanted is not None:
        return bool(actual == case_instant(wanted))
    if isinstance(actual, timedelta):
        return isinstance(wanted, int | float) and seconds(actual) == wanted
    if kind not in (Kind.INTEGER, Kind.PORT, Kind.FLOAT, Kind.BOOLEAN, Kind.LIST) and wanted is not None:
        return bool(actual == str(wanted))
    return bool(actual == wanted)
