"""Events that are kept because outputs of a session need them: planned together, read once.

For a planned output the tables of an object's events show those of its leaf alone. Its query stays as it is, and so do
its rows: the events that a table lacks then are ones that its conditions would turn away.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pyarrow as pa

from carlang.database import ENGINE_SHARE, Limits, resolved_bytes
from carlang.deadline import TimeUpError, task
from carlang.engine.protocol import Engine
from carlang.errors import EngineError
from carlang.model.schema import Object
from carlang.plan import Choice, Demand, EventFile, ObjectPlan, UnfitError, are_too_many, can_pay, plan_object, searched
from carlang.resolve import Given
from carlang.resolve.bound import BoundOutput
from carlang.sql import (
    COMBINATIONS,
    INCOMING,
    LEAF,
    Window,
    lower_counts,
    lower_kept,
    lower_let_go,
    lower_marked,
    lower_marks,
    lower_marks_of,
    lower_partners,
    lower_shown,
    lower_unmarked,
)

Counts = Mapping[int, int]
"""How many events are kept for each leaf."""

if TYPE_CHECKING:
    from carlang.sql import Dialect

_LEAST_MEMORY = 512 * 10**6
"""The limit of memory below which nothing is planned: row groups are looked through in Python's own memory, some
hundred megabytes at a time."""

_MOST_KEPT = 600 * 10**6
"""How many bytes of events are kept of an object, about; of the memory that the engine may take, a third at most."""

_BYTES_OF_VALUE = 40
"""What a value of a kept event takes, about: of a million process starts it was 39."""

_TOO_MANY = "too many events pass its guard"
_NO_ROOM = "there is no room for the events that pass its guard"

_NO_TIME = datetime(1970, 1, 1, tzinfo=UTC)
"""The time of the run, where conditions are lowered that do not ask for it."""


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
        self._room = _MOST_KEPT if memory is None else min(_MOST_KEPT, round(memory * ENGINE_SHARE / 3))
        self._leaves: dict[tuple[int, str], tuple[Given, int]] = {}
        self._marks: dict[str, pa.Table] = {}
        self._kept: set[tuple[str, int]] = set()
        self._shown: dict[tuple[str, int], tuple[str, ...]] = {}
        self._owners: list[Object] = []
        self._empty: set[tuple[str, int]] = set()
        self.decisions: list[Decision] = []
        self.failures: dict[str, str] = {}
        """The objects whose outputs could not be planned together, and why."""

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
        self.failures.clear()

    def keep(
        self, events: ObjectEvents, asked: Sequence[Asked], is_marked: Callable[[BoundOutput], bool], *, tied: bool
    ) -> None:
        """Keep what outputs ask of an object's events, where that pays, and remember the decision for each.

        Outputs that `is_marked` says are answered by marks need these alone. `tied` says that there are pairs of the
        object's records.
        """
        # Of few outputs nothing is tested, and what is kept of their queries is not to load what writes them.
        is_worth_it = can_pay(len(asked), events.rows)
        testable = _testable(events, self._engine.dialect) if is_worth_it else frozenset[str]()
        try:
            with task():
                demands = [each.demand for each in asked]
                plan = plan_object(demands, events.files, events.columns, events.rows, testable)
                counts, texts = self._mark(events, plan, tied=tied) if plan.leaves else ({}, ())
                choices: Sequence[Choice] = plan.choices
                if plan.leaves:
                    are_marked = [is_marked(each.output) for each in asked]
                    choices = self._divide(events, choices, are_marked, counts, texts)
        except (UnfitError, EngineError, TimeUpError) as error:
            self._forget(events.owner)
            self.failures[events.owner.name] = str(error)
            choices = [Choice(reason=str(error))] * len(asked)
        for each, choice in zip(asked, choices, strict=True):
            self.decisions.append(Decision(each.output, each.demand.object, choice))
            if choice.leaf is not None:
                self._leaves[id(each.output), each.demand.object] = each.given, choice.leaf
                if not counts[choice.leaf]:
                    self._empty.add((events.owner.name, choice.leaf))

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
        self._marks.pop(owner.name, None)
        self._kept = {each for each in self._kept if each[0] != owner.name}
        for statement in (lower_unmarked(owner), lower_let_go(owner)):
            self._engine.execute(self._engine.dialect.text(statement))

    def _mark(self, events: ObjectEvents, plan: ObjectPlan, *, tied: bool) -> tuple[Counts, Sequence[str]]:
        """Mark the events that pass the guards of a plan, and its conditions.

        Returns how many these are by leaf, and the columns whose texts stand with the marks.
        """
        owner, dialect, execute = events.owner, self._engine.dialect, self._engine.execute
        self._owners.append(owner)
        # A partner is marked for another record's sake, and its texts have not been read.
        long = () if tied else plan.long_columns(events.files, _testable(events, dialect))
        execute(dialect.text(lower_marks(owner, long)))
        tests = {leaf: test for leaf, test in enumerate(plan.conditions) if test is not None}
        marked = dialect.text(lower_marked(owner, long, tests, dialect, _NO_TIME))
        for portion in plan.survivors(events.files, long):
            execute(marked, {INCOMING: portion.pairs, COMBINATIONS: portion.combinations}, takes_time=True)
        if tied:
            execute(dialect.text(lower_partners(owner)), takes_time=True)
        rows = self._engine.query(dialect.text(lower_counts(owner))).table.to_pydict()
        counts = dict.fromkeys(range(len(plan.leaves)), 0) | dict(zip(rows[LEAF], rows["count"], strict=True))
        return counts, long

    def _divide(
        self,
        events: ObjectEvents,
        choices: Sequence[Choice],
        are_marked: Sequence[bool],
        counts: Counts,
        texts: Sequence[str],
    ) -> Sequence[Choice]:
        """Take the marks of the leaves that outputs are answered by, and keep the events of the others'.

        Returns the choices, none where events are too many.
        """
        owner, text, execute = events.owner, self._engine.dialect.text, self._engine.execute
        too_many = {leaf for leaf, count in counts.items() if are_too_many(count, events.rows)}
        choices = [_without(choice, too_many, _TOO_MANY) for choice in choices]
        marked, kept = _leaves_of(choices, are_marked)
        without_room = _largest(counts, kept, self._room // (_BYTES_OF_VALUE * max(1, len(events.columns))))
        kept -= without_room
        batches: list[pa.RecordBatch] = []
        if marked:
            schema = self._engine.read(text(lower_marks_of(owner, marked)), batches.append)
            self._marks[owner.name] = pa.Table.from_batches(batches, schema=schema)
        if kept:
            execute(text(lower_kept(owner, texts, kept)), takes_time=True)
            self._kept |= {(owner.name, leaf) for leaf in kept}
        execute(text(lower_unmarked(owner)))
        return [
            choice if is_marked else _without(choice, without_room, _NO_ROOM)
            for choice, is_marked in zip(choices, are_marked, strict=True)
        ]


def _testable(events: ObjectEvents, dialect: Dialect) -> frozenset[str]:
    """Return the columns that conditions can ask for where they are tested: texts that files hold as such, or lack."""
    fields = events.owner.fields.values()
    texts = (field.name for field in fields if dialect.type_of(field.type.kind) == "varchar")
    return frozenset(name for name in texts if events.columns.get(name, "VARCHAR") == "VARCHAR")


def _leaves_of(choices: Sequence[Choice], are_marked: Sequence[bool]) -> tuple[set[int], set[int]]:
    """Return the leaves of outputs that are answered by marks, and of those whose events are kept."""
    leaves: tuple[set[int], set[int]] = set(), set()
    for choice, is_marked in zip(choices, are_marked, strict=True):
        if choice.leaf is not None:
            leaves[not is_marked].add(choice.leaf)
    return leaves


def _largest(counts: Counts, leaves: AbstractSet[int], most: int) -> AbstractSet[int]:
    """Return the leaves, the largest first, without which the events of the others are at most so many."""
    largest: set[int] = set()
    left = sum(counts[leaf] for leaf in leaves)
    for leaf in sorted(leaves, key=lambda each: -counts[each]):
        if left <= most:
            break
        largest.add(leaf)
        left -= counts[leaf]
    return largest


def _without(choice: Choice, leaves: AbstractSet[int], reason: str) -> Choice:
    """Return a choice, or that of no leaf where its own is one of some."""
    return replace(choice, leaf=None, reason=reason) if choice.leaf in leaves else choice
