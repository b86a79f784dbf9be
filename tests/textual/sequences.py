"""Runs of a sequence: one waits in each place, and each event moves at most one on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

Row = dict[str, Any]


@dataclass(frozen=True)
class Step:
    """An event of one key: which step of the sequence it is; None for one that ends runs."""

    number: int | None
    time: datetime
    row: Row


def runs(events: Sequence[Step], steps: int, longest: timedelta | None) -> list[list[Row]]:
    """Return the complete runs of events of one key; those of one step are in order already."""
    complete: list[list[Row]] = []
    waiting: dict[int, list[Step]] = {}
    for _, together in groupby(sorted(events, key=lambda e: e.time), key=lambda e: e.time):
        instant = list(together)
        if any(event.number is None for event in instant):
            waiting = {}
        # What waits at this instant is what waited before it: from the last step back, none sees another.
        for number in range(steps - 1, -1, -1):
            for event in (e for e in instant if e.number == number):
                run = [event] if number == 0 else _carried_on(waiting, event, longest)
                if run and number == steps - 1:
                    complete.append([step.row for step in run])
                elif run:
                    waiting[number] = run
    return complete


def _carried_on(waiting: dict[int, list[Step]], event: Step, longest: timedelta | None) -> list[Step] | None:
    """Take the run that waits for an event and add the event to it, unless the run is too old."""
    place = (event.number or 0) - 1
    run = waiting.get(place)
    if run is None or run[-1].time >= event.time or (longest is not None and event.time - run[0].time > longest):
        return None
    del waiting[place]
    return [*run, event]
