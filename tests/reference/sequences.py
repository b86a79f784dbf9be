"""Sequences as a machine: one place for a run after each step, events one after another.

The machine of a key holds a run at most in each place: the one that has got that far. Events of one instant do not see
one another: all of them look at the runs as they stood before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tests.reference.order import Row

Run = tuple[Row, ...]


@dataclass(frozen=True)
class Event:
    """A row that takes part in a sequence, as which of its steps; None for one that ends runs."""

    step: int | None
    time: datetime
    row: Row


@dataclass
class Machine:
    """The runs of one key."""

    steps: int
    within: int | None
    waiting: dict[int, tuple[datetime, datetime, Run]] = field(default_factory=dict)
    """By the number of steps done: the times of a run's first and last event, and its rows."""
    complete: list[Run] = field(default_factory=list)

    def take(self, events: Sequence[Event]) -> list[Run]:
        """Return the runs that events of one key make; of one instant, those of the last step are taken first."""
        for event in sorted(events, key=lambda e: (e.time, -self.steps if e.step is None else -e.step)):
            if event.step is None:
                self.waiting.clear()
            elif event.step == 0:
                self._arrive(1, event.time, event.time, (event.row,))
            else:
                self._carry_on(event, event.step)
        return self.complete

    def _carry_on(self, event: Event, done: int) -> None:
        if done not in self.waiting:
            return
        start, last, rows = self.waiting[done]
        late = self.within is not None and event.time - start > timedelta(microseconds=self.within)
        if late or last >= event.time:
            return
        del self.waiting[done]
        self._arrive(done + 1, start, event.time, (*rows, event.row))

    def _arrive(self, done: int, start: datetime, last: datetime, rows: Run) -> None:
        if done == self.steps:
            self.complete.append(rows)
        else:
            self.waiting[done] = (start, last, rows)
