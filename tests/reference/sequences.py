"""Sequences as a machine: runs wait in places, one after each event that a run has, and events come one after another.

Events of one instant do not see one another: all of them look at the runs as they stood before it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from carlang.model.types import Kind
from carlang.resolve import bound as b
from tests.reference.order import Row, same

Holds = Callable[[Row, b.BoundExpr], bool]


@dataclass(frozen=True)
class Event:
    """A row that takes part in a sequence, as one of its steps by number, or None for one that ends runs."""

    step: int | None
    time: datetime
    order: int
    row: Row


@dataclass(frozen=True)
class Run:
    """Events in order: those of steps so far, the latest of each, and the first of those that are repeated."""

    start: datetime
    last: datetime
    events: Mapping[int, Event] = field(default_factory=dict)
    firsts: Mapping[int, datetime] = field(default_factory=dict)

    def newness(self) -> tuple[Any, ...]:
        """Return what is more for the newer of two runs."""
        return ([self.events[n].order for n in sorted(self.events, reverse=True)], sorted(self.firsts.items()))


@dataclass
class Machine:
    """The runs of one key."""

    sequence: b.Sequenced
    within: int | None
    holds: Holds

    def __post_init__(self) -> None:
        """Lay out the places: the step of each, and which of its events it takes."""
        steps = self.sequence.steps
        self.stages = [(n, times) for n, step in enumerate(steps) if not step.absent for times in range(step.times)]
        there = [n for n, _ in self.stages]
        self.leading = [n for n in range(len(steps)) if steps[n].absent and n < there[0]]
        self.trailing = [n for n in range(len(steps)) if steps[n].absent and n > there[-1]]
        self.waiting: list[list[Run]] = [[] for _ in self.stages]

    def take(self, events: Sequence[Event]) -> list[dict[str, Any]]:
        """Return the rows that events of one key make."""
        in_time = sorted(events, key=lambda e: e.time)
        for _, group in groupby(in_time, key=lambda e: e.time):
            instant = sorted(group, key=lambda e: e.order)
            if any(event.step is None for event in instant):
                self.waiting = [*([] for _ in self.stages[1:]), self.waiting[-1]]
            for place in range(len(self.stages) - 1, -1, -1):
                for event in instant:
                    if event.step == self.stages[place][0]:
                        self._take(place, event, in_time)
            for event in instant:
                if event.step is not None and self.sequence.steps[event.step].absent:
                    self._end(event)
        return [self._row(run) for run in self.waiting[-1] if self._stays(run, in_time)]

    def _take(self, place: int, event: Event, everything: Sequence[Event]) -> None:
        if place == 0:
            run = self._with(Run(event.time, event.time), place, event)
            if not any(self._is_before(run, event, other) for other in everything if other.step in self.leading):
                self._arrive(place, run)
            return
        chosen: dict[Any, Run] = {}
        for run in self.waiting[place - 1]:
            if self._lasts(run, event.time) and run.last < event.time and self._fits(place, run, event):
                told = self._told(place, run, arrived=place - 1)
                chosen[told] = max(run, chosen.get(told, run), key=Run.newness)
        for run in chosen.values():
            self.waiting[place - 1].remove(run)
            self._arrive(place, self._with(run, place, event))

    def _lasts(self, run: Run, time: datetime) -> bool:
        return self.within is None or time - run.start <= timedelta(microseconds=self.within)

    def _with(self, run: Run, place: int, event: Event) -> Run:
        step, times = self.stages[place]
        firsts = {**run.firsts, step: event.time} if self.sequence.steps[step].is_repeated and not times else run.firsts
        return replace(run, last=event.time, events={**run.events, step: event}, firsts=firsts)

    def _fits(self, place: int, run: Run, event: Event) -> bool:
        condition = self.sequence.steps[self.stages[place][0]].condition
        return condition is None or self.holds(self._row(self._with(run, place, event)), condition)

    def _arrive(self, place: int, run: Run) -> None:
        if place < len(self.stages) - 1:
            told = self._told(place, run, arrived=place)
            self.waiting[place] = [r for r in self.waiting[place] if self._told(place, r, arrived=place) != told]
        self.waiting[place].append(run)

    # ---- absent steps

    def _end(self, event: Event) -> None:
        """Take away the runs that wait for the step behind an absent one."""
        behind = next((p for p, (step, _) in enumerate(self.stages) if step > (event.step or 0)), 0)
        if behind > 0:
            kept = [run for run in self.waiting[behind - 1] if not self._is_disturbed(run, event)]
            self.waiting[behind - 1] = kept

    def _is_disturbed(self, run: Run, event: Event) -> bool:
        if run.last >= event.time or event.step is None:
            return False
        return self._is_of(run, event)

    def _is_of(self, run: Run, event: Event) -> bool:
        step = self.sequence.steps[event.step or 0]
        return step.condition is None or self.holds({**self._row(run), **_part(step.name, event.row)}, step.condition)

    def _is_before(self, run: Run, first: Event, event: Event) -> bool:
        early = event.time < first.time
        near = self.within is None or first.time - event.time <= timedelta(microseconds=self.within)
        return early and near and self._is_of(run, event)

    def _stays(self, run: Run, everything: Sequence[Event]) -> bool:
        if not self._lasts(run, run.last):
            return False
        late = [e for e in everything if run.last < e.time and self._lasts(run, e.time)] if self.trailing else []
        return not any(e.step is None or (e.step in self.trailing and self._is_of(run, e)) for e in late)

    # ---- what tells runs apart

    def _row(self, run: Run) -> dict[str, Any]:
        row: dict[str, Any] = {}
        for number, event in run.events.items():
            name = self.sequence.steps[number].name
            row |= _part(name, event.row)
            if number in run.firsts:
                row[f"{name}.first_time"] = run.firsts[number]
        return row

    def _told(self, place: int, run: Run, *, arrived: int) -> Any:
        """Return what conditions behind a place look at, of the steps that a run has behind it at `arrived`."""
        step, times = self.stages[arrived]
        done = [n for n in run.events if n != step or times == self.sequence.steps[n].times - 1]
        row = self._row(run)
        told = []
        for name in sorted(set(self._names_behind(place))):
            for number, event in run.events.items():
                of = self.sequence.steps[number]
                if number in run.firsts and name == f"{of.name}.first_time":
                    if number != self.stages[place][0] or self.stages[place][1] > 0 or arrived == place:
                        told.append(row[name])
                elif (
                    number in done
                    and name.startswith(f"{of.name}.")
                    and (arrived == place or number != self.stages[place][0])
                ):
                    kinds = {f"{of.name}.{c.name}": c.type.kind for c in of.stream.columns}
                    alone = kinds.get(name) in (Kind.LIST, Kind.RECORD)
                    told.append(event.order if alone else same(row.get(name)))
        return tuple(told)

    def _names_behind(self, place: int) -> Iterator[str]:
        """Yield the columns that the conditions of what comes behind a place look at, but not of their own events."""
        step, _ = self.stages[place]
        last = place == len(self.stages) - 1 or self.stages[place + 1][0] != step
        for number, other in enumerate(self.sequence.steps):
            if other.condition is not None and (number > step or (number == step and not last)):
                for name in b.row_fields(other.condition):
                    if not name.startswith(f"{other.name}.") or (
                        other.is_repeated and name == f"{other.name}.first_time"
                    ):
                        yield name


def _part(name: str, row: Row) -> dict[str, Any]:
    return {f"{name}.{column}": value for column, value in row.items()}
