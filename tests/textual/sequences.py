"""Runs of a sequence: what waits in each place, told apart by what is asked later, and moved on one event at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from tests.textual.values import told_apart

Row = dict[str, Any]


@dataclass(frozen=True)
class Step:
    """An event of one key: which step of the sequence it is; None for one that ends runs. `place` orders a step's."""

    number: int | None
    time: datetime
    place: int
    row: Row


@dataclass(frozen=True)
class Asked:
    """A step as it is written: `names` are the columns of other steps that its condition names, and its `first_time`.

    `alone` are the columns whose values are not compared, of all steps.
    """

    name: str
    absent: bool = False
    times: int | None = None
    test: Callable[[Row], bool] | None = None
    names: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Run:
    """The latest event of each step so far, by its number, and the first one of those that come several times."""

    began: datetime
    latest: dict[int, Step] = field(default_factory=dict)
    firsts: dict[int, Step] = field(default_factory=dict)

    @property
    def ended(self) -> datetime:
        """The time of the last event."""
        return max(step.time for step in self.latest.values())

    def age(self) -> list[int]:
        """Return what sorts newer runs behind older ones."""
        numbers = sorted(self.latest, reverse=True)
        return [self.latest[n].place for n in numbers] + [self.firsts[n].place for n in sorted(self.firsts)]


@dataclass
class Runs:
    """A sequence of steps over the events of one key."""

    steps: Sequence[Asked]
    longest: timedelta | None
    alone: frozenset[str] = frozenset()

    def over(self, events: Iterable[Step]) -> list[Row]:
        """Return the complete runs, as rows with the columns of all steps that are there."""
        ordered = sorted(events, key=lambda e: (e.time, e.place))
        chain = [(n, k) for n, s in enumerate(self.steps) if not s.absent for k in range(s.times or 1)]
        waiting: list[list[Run]] = [[] for _ in chain]
        complete: list[Run] = []
        seen: list[Step] = []
        for _, together in groupby(ordered, key=lambda e: e.time):
            instant = list(together)
            if any(event.number is None for event in instant):
                waiting = [[] for _ in chain]
            for index in reversed(range(len(chain))):
                number, turn = chain[index]
                for event in (e for e in instant if e.number == number):
                    for run in self._moved(waiting, chain, index, event, seen):
                        grown = self._grown(run, number, turn, event)
                        if index + 1 == len(chain):
                            complete.append(grown)
                            continue
                        asked = self._asked_behind(chain, index)
                        alike = self._view(grown, asked, chain[index])
                        waiting[index] = [r for r in waiting[index] if self._view(r, asked, chain[index]) != alike]
                        waiting[index].append(grown)
            for event in instant:
                self._end(waiting, chain, event)
            seen += instant
        return [self.row(run) for run in complete if not self._spoilt(run, chain, ordered)]

    def _moved(
        self, waiting: list[list[Run]], chain: Sequence[tuple[int, int]], index: int, event: Step, seen: Sequence[Step]
    ) -> list[Run]:
        """Take the runs that an event carries on from where they wait; in the first place, the one that it begins."""
        number, turn = chain[index]
        if index == 0:
            run = self._grown(Run(event.time), number, turn, event)
            early = [
                e for e in seen if e.number is not None and e.number < chain[0][0] and self._near(e.time, event.time)
            ]
            return [] if any(self._is_of(run, other) for other in early) else [Run(event.time)]
        asked = [name for name in self._asked_behind(chain, index) if not self._is_new(name, number, turn)]
        best: dict[Any, Run] = {}
        for run in sorted(waiting[index - 1], key=Run.age):
            if run.ended < event.time and self._near(run.began, event.time):
                test = self.steps[number].test
                if test is None or test(self.row(self._grown(run, number, turn, event))):
                    best[self._view(run, asked, chain[index - 1])] = run  # the newest of its kind comes last
        waiting[index - 1] = [run for run in waiting[index - 1] if not any(run is taken for taken in best.values())]
        return list(best.values())

    def _near(self, first: datetime, last: datetime) -> bool:
        return self.longest is None or last - first <= self.longest

    def _grown(self, run: Run, number: int, turn: int, event: Step) -> Run:
        firsts = {**run.firsts, number: event} if self.steps[number].times is not None and turn == 0 else run.firsts
        return Run(run.began, {**run.latest, number: event}, firsts)

    def _is_new(self, name: str, number: int, turn: int) -> bool:
        """Tell whether a column is of the event that comes, not of the run that it carries on."""
        of_step = name.startswith(f"{self.steps[number].name}.")
        return of_step and not (name.endswith(".first_time") and self.steps[number].times is not None and turn > 0)

    def _asked_behind(self, chain: Sequence[tuple[int, int]], index: int) -> list[str]:
        """Return the columns that are asked of runs once they have got to a place."""
        number, _ = chain[index]
        again = index + 1 < len(chain) and chain[index + 1][0] == number
        later = [step for n, step in enumerate(self.steps) if n > number or (n == number and again)]
        return sorted({name for step in later for name in step.names})

    def _view(self, run: Run, asked: Iterable[str], reached: tuple[int, int]) -> tuple[Any, ...]:
        """Return what those who ask for columns see of a run; what is not there yet nobody sees."""
        number, turn = reached
        row = self.row(run)
        seen: list[tuple[str, Any]] = []
        for name in asked:
            for n, event in run.latest.items():
                step = self.steps[n]
                if step.times is not None and name == f"{step.name}.first_time":
                    seen.append((name, run.firsts[n].time))
                elif name.startswith(f"{step.name}.") and (n < number or turn + 1 == (step.times or 1)):
                    seen.append((name, event.place if name in self.alone else told_apart(row.get(name))))
        return tuple(seen)

    def _end(self, waiting: list[list[Run]], chain: Sequence[tuple[int, int]], event: Step) -> None:
        if event.number is None or not self.steps[event.number].absent:
            return
        behind = [index for index, (number, _) in enumerate(chain) if number > event.number]
        if behind and behind[0] > 0:
            place = behind[0] - 1
            waiting[place] = [r for r in waiting[place] if r.ended >= event.time or not self._is_of(r, event)]

    def _is_of(self, run: Run, event: Step) -> bool:
        """Tell whether an event is one of an absent step, beside a run."""
        step = self.steps[event.number or 0]
        own = {f"{step.name}.{column}": value for column, value in event.row.items()}
        return step.test is None or step.test({**self.row(run), **own})

    def _spoilt(self, run: Run, chain: Sequence[tuple[int, int]], events: Sequence[Step]) -> bool:
        """Tell whether what must be absent behind a complete run comes in the time that there is."""
        if not self._near(run.began, run.ended):
            return True
        last = chain[-1][0]
        if last + 1 == len(self.steps):
            return False
        late = [e for e in events if run.ended < e.time and self._near(run.began, e.time)]
        return any(e.number is None or (e.number > last and self._is_of(run, e)) for e in late)

    def row(self, run: Run) -> Row:
        """Return a run as a row of its steps' columns."""
        row: Row = {}
        for number, event in run.latest.items():
            name = self.steps[number].name
            row |= {f"{name}.{column}": value for column, value in event.row.items()}
            if number in run.firsts:
                row[f"{name}.first_time"] = run.firsts[number].time
        return row
