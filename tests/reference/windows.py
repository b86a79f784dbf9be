"""What cuts the rows of one key in time, and what lies together in it, event by event."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from tests.reference.order import Row, moment
from tests.reference.sequences import Event

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_MONDAY = datetime(1970, 1, 5, tzinfo=UTC)
_WEEK = timedelta(weeks=1)


def sessions(rows: list[Row], gap: int | None) -> list[list[Row]]:
    """Cut rows, which are in order of time, where the pause is longer than the gap."""
    cut: list[list[Row]] = []
    before: datetime | None = None
    for time, row in _timed(rows):
        if before is None or (gap is not None and time - before > timedelta(microseconds=gap)):
            cut.append([])
        cut[-1].append(row)
        before = time
    untimed = [row for row in rows if moment(row) is None]
    return [*cut, untimed] if untimed else cut


def interval(time: datetime | None, length: int | None) -> tuple[datetime | None, datetime | None]:
    """Return the start and the end of the interval that a time lies in."""
    if time is None or length is None or length <= 0:
        return None, None
    step = timedelta(microseconds=length)
    origin = _FIRST_MONDAY if step % _WEEK == timedelta() else _EPOCH
    start = origin + (time - origin) // step * step
    return start, start + step


def intervals(rows: list[Row], length: int | None) -> list[list[Row]]:
    """Put rows together whose times lie in one interval, those without one as well."""
    cut: dict[datetime | None, list[Row]] = {}
    for row in rows:
        cut.setdefault(interval(moment(row), length)[0], []).append(row)
    return list(cut.values())


def bursts(rows: list[Row], length: int | None, counts: Callable[[list[Row]], bool]) -> list[list[Row]]:
    """Return the rows of each burst: of windows that count, and that share a row with one another."""
    if length is None or length < 0:
        return []
    timed = _timed(rows)
    reach = timedelta(microseconds=length)
    made: list[set[int]] = []
    for begin, _ in timed:
        window = {i for i, (time, _) in enumerate(timed) if begin <= time <= begin + reach}
        if counts([timed[i][1] for i in sorted(window)]):
            touched = [burst for burst in made if burst & window]
            made = [burst for burst in made if not burst & window] + [window.union(*touched)]
    return [[timed[i][1] for i in sorted(burst)] for burst in made]


def meetings(events: Sequence[Event], parts: int, length: int) -> list[list[Row]]:
    """Return the rows that events of one key make: the newest of each part that waits, when all are near."""
    waiting: dict[int | None, Event] = {}
    met: list[list[Row]] = []
    for event in sorted(events, key=lambda e: (e.time, e.step)):
        waiting[event.step] = event
        times = [other.time for other in waiting.values()]
        if len(waiting) == parts and max(times) - min(times) <= timedelta(microseconds=length):
            met.append([waiting[part].row for part in range(parts)])
            waiting = {}
    return met


def _timed(rows: Sequence[Row]) -> list[tuple[datetime, Row]]:
    return [(time, row) for row in rows if (time := moment(row)) is not None]
