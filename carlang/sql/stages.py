"""What a sequence asks, before any SQL: its stages, what tells runs apart at each, and what conditions compare."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from carlang.model.types import STRING_KINDS, TIME, Kind, Type
from carlang.resolve import bound

_ONE_EACH = frozenset({Kind.LIST, Kind.RECORD})
"""Kinds whose values are not compared: a condition that names such a column tells any two events apart."""
_PLAIN = frozenset({Kind.BOOLEAN, Kind.TIME, Kind.DURATION})


@dataclass(frozen=True, slots=True)
class Stage:
    """One event of a run: that of a step, or of a repeated one the first, the second, and so on.

    `part` is the number of the step among those that are there, `absent` are the absent steps right before it.
    """

    part: int
    step: bound.Step
    repetition: int
    absent: tuple[bound.Step, ...]

    @property
    def is_last(self) -> bool:
        """Whether its event is the one that the step's columns are of in the end."""
        return self.repetition == self.step.times - 1

    @property
    def first_time(self) -> str:
        """The name of the column with the time of the step's first event."""
        return first_time(self.step)


def first_time(step: bound.Step) -> str:
    """Return the name of the column with the time of a repeated step's first event."""
    return f"{step.name}.{bound.FIRST_TIME}"


@dataclass(frozen=True, slots=True)
class Told:
    """A column by which conditions to come tell runs apart; `part` is the step that it is of."""

    name: str
    type: Type
    part: int

    @property
    def by_event(self) -> bool:
        """Whether the event itself is compared, because its values are not."""
        return self.type.kind in _ONE_EACH


@dataclass(frozen=True)
class Plan:
    """The stages of a sequence; `leading` and `trailing` are the absent steps before the first and behind the last."""

    sequence: bound.Sequenced

    @cached_property
    def stages(self) -> tuple[Stage, ...]:
        """The events of a complete run, in order."""
        stages: list[Stage] = []
        absent: list[bound.Step] = []
        part = 0
        for step in self.sequence.steps:
            if step.absent:
                absent.append(step)
                continue
            before = tuple(absent) if part else ()
            stages += [Stage(part, step, times, () if times else before) for times in range(step.times)]
            absent.clear()
            part += 1
        return tuple(stages)

    @cached_property
    def leading(self) -> tuple[bound.Step, ...]:
        """The absent steps before the first one that is there."""
        steps = self.sequence.steps
        return steps[: next(i for i, step in enumerate(steps) if not step.absent)]

    @cached_property
    def trailing(self) -> tuple[bound.Step, ...]:
        """The absent steps behind the last one that is there."""
        steps = self.sequence.steps
        return steps[max(i for i, step in enumerate(steps) if not step.absent) + 1 :]

    @cached_property
    def types(self) -> Mapping[str, tuple[Type, int]]:
        """The columns of the steps that are there, each with its type and the number of its step."""
        types: dict[str, tuple[Type, int]] = {}
        for part, step in enumerate(self.sequence.present):
            types |= {f"{step.name}.{c.name}": (c.type, part) for c in step.stream.columns}
            if step.is_repeated:
                types[first_time(step)] = (TIME, part)
        return types

    @cached_property
    def firsts(self) -> tuple[str, ...]:
        """The columns with the times of the first events of repeated steps."""
        return tuple(first_time(step) for step in self.sequence.present if step.is_repeated)

    def told_apart(self, index: int) -> tuple[Told, ...]:
        """Return the columns of runs that have got to a stage which conditions to come name."""
        at = self.stages[index]
        told: dict[str, Told] = {}
        for name in self._named_behind(index):
            type_, part = self.types.get(name, (TIME, len(self.stages)))
            there = part < at.part or (part == at.part and (at.is_last or name == at.first_time))
            if there:
                told[name] = Told(name, type_, part)
        return tuple(told.values())

    def _named_behind(self, index: int) -> Iterable[str]:
        for stage in self.stages[index + 1 :]:
            for absent in stage.absent:
                yield from of_others(absent)
            yield from of_others(stage.step)
        for absent in self.trailing:
            yield from of_others(absent)


def of_others(step: bound.Step) -> list[str]:
    """Return the columns that a step's condition names, but for those of its own event."""
    names = sorted(bound.row_fields(step.condition)) if step.condition else []
    return [n for n in names if not is_own(step, n) or (step.is_repeated and n == first_time(step))]


def own_columns(step: bound.Step) -> list[str]:
    """Return the columns of its own event that a step's condition names."""
    names = sorted(bound.row_fields(step.condition)) if step.condition else []
    return [n for n in names if is_own(step, n) and not (step.is_repeated and n == first_time(step))]


def is_own(step: bound.Step, name: str) -> bool:
    """Tell whether a column is one of a step's event."""
    return name.startswith(f"{step.name}.")


# ---- conditions ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Link:
    """A step's condition, parted by what it asks of: the event alone, the run alone, or both.

    `equal` are pairs of a value of the run and one of the event, `rest` is what else is asked of both.
    """

    of_event: tuple[bound.BoundExpr, ...] = ()
    of_run: tuple[bound.BoundExpr, ...] = ()
    equal: tuple[tuple[bound.BoundExpr, bound.BoundExpr], ...] = ()
    rest: tuple[bound.BoundExpr, ...] = ()

    def settles(self, told: Iterable[Told]) -> bool:
        """Tell whether events that pass agree in columns of runs with one run at most: each equals something of it."""
        equal = {run.column for run, _ in self.equal if isinstance(run, bound.FieldRef)}
        return not self.rest and all(each.name in equal and not each.by_event for each in told)


def of_both(link: Link) -> list[bound.BoundExpr]:
    """Return what a condition asks of the run, alone or beside the event, as conditions."""
    equal = [bound.Compare("==", run, event) for run, event in link.equal]
    return [*link.of_run, *equal, *link.rest]


def linked(condition: bound.BoundExpr | None, of_event: Callable[[str], bool]) -> Link:
    """Part a condition; `of_event` tells the columns of the event from those of the run."""
    of_one: dict[bool, list[bound.BoundExpr]] = {True: [], False: []}
    equal: list[tuple[bound.BoundExpr, bound.BoundExpr]] = []
    rest: list[bound.BoundExpr] = []
    for test in bound.conjuncts(condition) if condition is not None else ():
        sides = {of_event(name) for name in bound.row_fields(test)}
        if len(sides) == 1:
            of_one[sides.pop()].append(test)
        elif not sides:
            of_one[True].append(test)
        elif pair := _equality(test, of_event):
            equal.append(pair)
        else:
            rest.append(test)
    return Link(tuple(of_one[True]), tuple(of_one[False]), tuple(equal), tuple(rest))


def _equality(test: bound.BoundExpr, of_event: Callable[[str], bool]) -> tuple[bound.BoundExpr, bound.BoundExpr] | None:
    """Return the run's side and the event's side of an equality whose values may be compared as keys are."""
    match test:
        case bound.Compare("==", left, right) if _as_keys(left.type.kind, right.type.kind):
            sides = [{of_event(name) for name in bound.row_fields(side)} for side in (left, right)]
            if sides == [{False}, {True}]:
                return left, right
            if sides == [{True}, {False}]:
                return right, left
    return None


def _as_keys(left: Kind, right: Kind) -> bool:
    # Ids that are all digits compare as numbers, and so do whole and other numbers.
    texts = STRING_KINDS - {Kind.ID}
    whole = {Kind.INTEGER, Kind.PORT}
    return {left, right} <= texts or {left, right} <= whole or (left is right and left in _PLAIN)
