"""Rows of one key cut in time, and rows of several streams that meet in time, as docs/language.md says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from tests.textual.sequences import Step
from tests.textual.views import Row

Borders = tuple[datetime | None, datetime | None]

_MICROSECOND = timedelta(microseconds=1)
_MICROSECONDS_OF_A_WEEK = 604_800_000_000


def sessions(members: Sequence[Row], pause: int | None) -> list[list[Row]]:
    """Cut rows in order of time where nothing came for longer than the pause; those without a time are left over."""
    cut: list[list[Row]] = []
    for row in (row for row in members if row.get("time") is not None):
        near = cut and (pause is None or row["time"] - cut[-1][-1]["time"] <= pause * _MICROSECOND)
        cut[-1].append(row) if near else cut.append([row])
    untimed = [row for row in members if row.get("time") is None]
    return [*cut, untimed] if untimed else cut


def by_the_clock(members: Sequence[Row], length: int | None) -> list[tuple[list[Row], Borders]]:
    """Sort rows into intervals, counted from 1970; weeks begin on Mondays, of which 1970-01-05 was one."""
    day = 5 if length and length % _MICROSECONDS_OF_A_WEEK == 0 else 1
    origin = datetime(1970, 1, day, tzinfo=UTC)
    pieces: dict[Borders, list[Row]] = {}
    for row in members:
        borders: Borders = (None, None)
        if row.get("time") is not None and length is not None and length > 0:
            number = ((row["time"] - origin) // _MICROSECOND) // length
            borders = (origin + number * length * _MICROSECOND, origin + (number + 1) * length * _MICROSECOND)
        pieces.setdefault(borders, []).append(row)
    return [(rows, borders) for borders, rows in pieces.items()]


def bursts(members: Sequence[Row], length: int | None, counts: Callable[[Sequence[Row]], bool]) -> list[list[Row]]:
    """Return the rows of windows that count, those of windows with a row in common together."""
    timed = [row for row in members if row.get("time") is not None]
    if length is None or length < 0:
        return []
    found: list[list[Row]] = []
    last_of_burst = -1
    for first, row in enumerate(timed):
        end = row["time"] + length * _MICROSECOND
        # A window begins with the first row of its time and ends with the last one inside.
        begin = next(i for i, other in enumerate(timed) if other["time"] == row["time"])
        last = max(i for i, other in enumerate(timed) if other["time"] <= end)
        if first != begin or not counts(timed[begin : last + 1]):
            continue
        if begin > last_of_burst:
            found.append([])
        found[-1] += timed[max(begin, last_of_burst + 1) : last + 1]
        last_of_burst = last
    return found


def meetings(steps: Sequence[Step], parts: int, length: int | None) -> list[list[Row]]:
    """Return the rows of each part that meet; each is the newest that has not met yet."""
    met: list[list[Row]] = []
    newest: list[Step | None] = [None] * parts
    for step in sorted(steps, key=lambda s: (s.time, s.number)):
        newest[step.number or 0] = step
        there = [each for each in newest if each is not None]
        if length is not None and len(there) == parts:
            times = sorted(each.time for each in there)
            if times[-1] - times[0] <= length * _MICROSECOND:
                met.append([each.row for each in there])
                newest = [None] * parts
    return met
