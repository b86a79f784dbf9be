"""Events that are kept because outputs of a session need them: planned together, read once.

For a planned output the tables of an object's events show those of its leaf alone. Its query stays as it is, and so do
its rows: the events that a table lacks then are ones that its conditions would turn away.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from carlang.database import ENGINE_SHARE, Limits, resolved_bytes
from carlang.deadline import TimeUpError, task
from carlang.engine.protocol import Engine
from carlang.errors import EngineError
from carlang.model.schema import Object
from carlang.plan import Choice, Demand, EventFile, UnfitError, plan_object, searched
from carlang.resolve import Given
from carlang.resolve.bound import BoundOutput
from carlang.sql import (
    INCOMING,
    LEAF,
    MARKED,
    Window,
    lower_kept,
    lower_let_go,
    lower_marks,
    lower_shown,
    lower_unmarked,
)

_BYTES_OF_MARK = 64
"""What a mark takes of Python's memory while marks are put in order, beside what the engine has."""

_MOST_MARKS = 16_000_000
"""How many marks there may be where memory has no limit: a gigabyte of them."""

_LEAST_MEMORY = 512 * 10**6
"""The limit of memory below which nothing is planned: row groups are looked through in Python's own memory, some
hundred megabytes at a time."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided of an output's events of an object."""

    output: BoundOutput
    object: str
    choice: Choice


@dataclass(frozen=True, slots=True)
class ObjectEvents:
    """An object with its files, the columns that they have with their SQL types, and how many events are in them."""

    owner: Object
    files: Sequence[EventFile]
    columns: Mapping[str, str]
    rows: int


@dataclass(frozen=True, slots=True)
class Asked:
    """What an output asks of an object's events, with the values of its inputs."""

    output: BoundOutput
    given: Given
    demand: Demand


class Planned:
    """What is kept of objects' events, and for which outputs."""

    def __init__(self, engine: Engine, limits: Limits, window: Window) -> None:
        self._engine = engine
        self._window = window
        memory = None if limits.memory is None else resolved_bytes(limits.memory)
        self.has_room = memory is None or memory >= _LEAST_MEMORY
        room = _MOST_MARKS if memory is None else round(memory * (1 - ENGINE_SHARE) / 2 / _BYTES_OF_MARK)
        self._most = min(room, _MOST_MARKS)
        self._leaves: dict[tuple[int, str], tuple[Given, int]] = {}
        self._marks: dict[str, pa.Table] = {}
        self._kept: set[tuple[str, int]] = set()
        self._shown: dict[tuple[str, int], tuple[str, ...]] = {}
        self._owners: list[Object] = []
        self._empty: set[tuple[str, int]] = set()
        self.decisions: list[Decision] = []

    def let_go(self) -> None:
        """Forget all plans and what is kept for them."""
        for owner in self._owners:
            self._forget(owner)
        self._owners.clear()
        self._leaves.clear()
        self._marks.clear()
        self._kept.clear()
        self._empty.clear()
        self.decisions.clear()

    def keep(
        self, events: ObjectEvents, asked: Sequence[Asked], is_marked: Callable[[BoundOutput], bool], *, tied: bool
    ) -> None:
        """Keep what outputs ask of an object's events, where that pays, and remember the decision for each.

        Outputs that `is_marked` says are answered by marks need these alone. `tied` says that there are pairs of the
        object's records.
        """
        try:
            with task():
                plan = plan_object([each.demand for each in asked], events.files, events.columns, events.rows)
                marks = plan.survivors(events.files, self._most) if plan.leaves else None
            if marks is not None:
                self._owners.append(events.owner)
                choices_of = list(zip(asked, plan.choices, strict=True))
                marked = {choice.leaf for each, choice in choices_of if is_marked(each.output)}
                kept = {choice.leaf for each, choice in choices_of if not is_marked(each.output)} - {None}
                self._marks[events.owner.name] = _of_leaves(marks, marked)
                self._kept |= {(events.owner.name, leaf) for leaf in kept if leaf is not None}
                if kept:
                    self._make(events.owner, _of_leaves(marks, kept), tied=tied)
                filled = set(marks["leaf"].unique().to_pylist())
                self._empty |= {(events.owner.name, leaf) for leaf in range(len(plan.leaves)) if leaf not in filled}
        except (UnfitError, EngineError, TimeUpError) as error:
            self._forget(events.owner)
            self._marks.pop(events.owner.name, None)
            self._kept = {each for each in self._kept if each[0] != events.owner.name}
            choices: Sequence[Choice] = [Choice(reason=str(error))] * len(asked)
        else:
            choices = plan.choices
        for each, choice in zip(asked, choices, strict=True):
            self.decisions.append(Decision(each.output, each.demand.object, choice))
            if choice.leaf is not None:
                self._leaves[id(each.output), each.demand.object] = each.given, choice.leaf

    def leaf_of(self, output: BoundOutput, given: Given | None, object_name: str) -> int | None:
        """Return the leaf that an output takes an object's events from; None where it takes them from all."""
        of, leaf = self._leaves.get((id(output), object_name), (None, None))
        return leaf if of is given else None

    def kept_leaf_of(self, output: BoundOutput, given: Given | None, object_name: str) -> int | None:
        """Return the leaf that an output takes an object's events from, where the events of that are kept."""
        leaf = self.leaf_of(output, given, object_name)
        return leaf if leaf is not None and (object_name, leaf) in self._kept else None

    def marks(self, object_name: str) -> pa.Table | None:
        """Return pairs of a leaf and the number of an event that passes, for outputs that are answered by marks."""
        return self._marks.get(object_name)

    def finds_nothing(self, output: BoundOutput, given: Given | None) -> bool:
        """Tell whether no event passes the guard of an output that selects from one search."""
        events = searched(output.stream)
        if events is None:
            return False
        leaves = [(s.object, self.leaf_of(output, given, s.object)) for s in events.sets]
        return all(leaf is not None and (name, leaf) in self._empty for name, leaf in leaves)

    def show(self, owner: Object, leaf: int) -> None:
        """Make the tables of an object's events, numbered or not, those of a leaf."""
        key = owner.name, leaf
        if key not in self._shown:
            text = self._engine.dialect.text
            self._shown[key] = tuple(text(each) for each in lower_shown(owner, self._window, leaf))
        for statement in self._shown[key]:
            self._engine.execute(statement)

    def _forget(self, owner: Object) -> None:
        for statement in (lower_unmarked(owner), lower_let_go(owner)):
            self._engine.execute(self._engine.dialect.text(statement))

    def _make(self, owner: Object, marks: pa.Table, *, tied: bool) -> None:
        text, execute = self._engine.dialect.text, self._engine.execute
        incoming = {INCOMING: marks.rename_columns([LEAF, MARKED])}
        execute(text(lower_marks(owner, tied=tied)), incoming, takes_time=True)
        execute(text(lower_kept(owner)), takes_time=True)
        execute(text(lower_unmarked(owner)))


def _of_leaves(marks: pa.Table, leaves: Collection[int | None]) -> pa.Table:
    """Return the marks of some leaves."""
    numbers = [leaf for leaf in leaves if leaf is not None]
    return marks.filter(pc.is_in(marks["leaf"], pa.array(numbers, marks["leaf"].type)))
