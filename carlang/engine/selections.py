"""Outputs that only filter the events of one search, answered together: one query finds the rows of all.

The conditions of all outputs are tested in one query, each on the events that its guard has left, which gives marks: an
output and an event. The events are then ranked once, by the few columns that tell nearly all of them apart, and read
once, in the order of results. An output's rows are those of its marks, in that order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from carlang.deadline import TimeUpError, task
from carlang.engine.dealing import Dealer
from carlang.engine.planned import Planned
from carlang.engine.protocol import Answer, Engine
from carlang.errors import EngineError
from carlang.model.types import Column
from carlang.resolve import Given
from carlang.resolve.bound import BoundOutput
from carlang.results import Spool
from carlang.sql import (
    AT,
    INCOMING,
    KEY,
    LEAF,
    MASK,
    MOST_BITS,
    RANK,
    lower_all_masks,
    lower_exact_ranks,
    lower_marked_occurrences,
    lower_masks,
    lower_no_pool,
    lower_nothing,
    lower_pool,
    lower_ranks,
    lower_rows,
    selection_of,
)

if TYPE_CHECKING:
    from carlang.sql import Conditions, Selection, Source

Numbers = npt.NDArray[np.int64]

FETCHED = 100_000
"""How many events are read and put in order at once: with long command lines, some hundred megabytes."""

_NO_TIME = np.iinfo(np.int64).min
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_LEAST = 2
"""How many outputs are answered together."""

_MOST_FAILURES = 24
"""How often outputs that cannot be answered together are parted before each of the rest is asked for alone. One among a
thousand is found in eleven; where none has enough time, no more than this is lost."""


@dataclass(frozen=True, slots=True)
class Expected:
    """An output that is a selection, with the values of its inputs."""

    output: BoundOutput
    given: Given
    selection: Selection


@dataclass(frozen=True, slots=True)
class Request:
    """What a run asks of all outputs alike."""

    now: datetime
    limit: int | None


class Selections:
    """Outputs that can be answered together, and what they were answered."""

    def __init__(self, engine: Engine, spool: Spool) -> None:
        self._engine = engine
        self._spool = spool
        self._groups: dict[int, tuple[Source, list[Expected]]] = {}
        self._answers: dict[int, tuple[Given, Request, Answer | None]] = {}

    def expect(
        self, asked: Iterable[tuple[BoundOutput, Given]], source_of: Callable[[BoundOutput, Selection], Source]
    ) -> None:
        """Expect those outputs that can be answered together; what was expected before is let go."""
        self._answers.clear()
        self._groups = {}
        outputs = list(asked)
        if len(outputs) < _LEAST:
            return
        groups: dict[tuple[str, tuple[Column, ...]], tuple[Source, list[Expected]]] = {}
        for output, given in outputs:
            selection = selection_of(output.stream)
            if selection is not None:
                source = source_of(output, selection)
                key = source.owner.name, source.shown
                groups.setdefault(key, (source, []))[1].append(Expected(output, given, selection))
        large = [group for group in groups.values() if len(group[1]) >= _LEAST]
        self._groups = {id(each.output): group for group in large for each in group[1]}

    def expected(self, output: BoundOutput) -> bool:
        """Tell whether an output is one of several that will be answered together."""
        return id(output) in self._groups

    def answer(
        self,
        output: BoundOutput,
        given: Given | None,
        request: Request,
        planned: Planned,
        show: Callable[[str], None],
    ) -> Answer | None:
        """Return the answer of an output that is expected; None where it has to be asked for alone.

        `show` has the table of an object's numbered events show all of them.
        """
        if id(output) not in self._groups:
            return None
        if id(output) not in self._answers:
            source, group = self._groups[id(output)]
            show(source.owner.name)
            self._together(source, group, request, planned)
        of, known, answer = self._answers[id(output)]
        return answer if known == request and of is given else None

    def _together(self, source: Source, group: Sequence[Expected], request: Request, planned: Planned) -> None:
        """Answer a group; where that fails, its halves, so that what stops one output stops no other."""
        todo, failures = [group], 0
        while todo:
            part = todo.pop()
            answers: Sequence[Answer | None] = [None] * len(part)
            try:
                if failures < _MOST_FAILURES:
                    with task():
                        answers = _Group(self._engine, self._spool, source, part, planned).answers(request)
            except (EngineError, TimeUpError, RecursionError):
                failures += 1
                if len(part) > 1:
                    middle = len(part) // 2
                    todo += [part[middle:], part[:middle]]
                    continue
            for each, answer in zip(part, answers, strict=True):
                self._answers[id(each.output)] = each.given, request, answer


class _Group:
    """Outputs over one source that are answered together."""

    def __init__(
        self, engine: Engine, spool: Spool, source: Source, asked: Sequence[Expected], planned: Planned
    ) -> None:
        self._engine = engine
        self._spool = spool
        self._source = source
        self._asked = asked
        self._marks = planned.marks(source.owner.name)
        self._leaves = [planned.leaf_of(each.output, each.given, source.owner.name) for each in asked]

    def answers(self, request: Request) -> list[Answer]:
        """Return the answers of all outputs."""
        which, keys = self._found(request)
        distinct, place = np.unique(keys, return_inverse=True)
        ordered, times = self._in_order(distinct)
        rank = np.empty(len(distinct), dtype=np.int64)
        rank[np.searchsorted(distinct, ordered)] = np.arange(len(distinct))
        ranks = rank[place]
        order = np.lexsort((ranks, which))
        ends = np.cumsum(np.bincount(which, minlength=len(self._asked)))
        of_outputs = np.split(ranks[order], ends[:-1])
        shown = [each[: request.limit] for each in of_outputs]
        needed = np.unique(np.concatenate(shown))
        dealer = Dealer(self._spool, [np.searchsorted(needed, each) for each in shown])
        schema = self._read(ordered[needed], times[needed], dealer)
        return [Answer(rows, len(each)) for rows, each in zip(dealer.rows(schema), of_outputs, strict=True)]

    def _found(self, request: Request) -> tuple[Numbers, Numbers]:
        """Return pairs of an output's index and the key of an event that its conditions hold for, each once."""
        leaves: dict[int, list[int]] = {}
        unguarded: list[int] = []
        for index, leaf in enumerate(self._leaves):
            if leaf is None:
                unguarded.append(index)
            else:
                leaves.setdefault(leaf, []).append(index)
        found = [*self._of_leaves(leaves, request), *self._of_all(unguarded, request)]
        which = np.concatenate([np.empty(0, np.int64), *(each[0] for each in found)])
        keys = np.concatenate([np.empty(0, np.int64), *(each[1] for each in found)])
        if self._source.tied and len(keys):  # both records of an occurrence may have passed
            once = np.unique(np.stack((which, keys)), axis=1)
            which, keys = once[0], once[1]
        return which, keys

    def _of_leaves(self, leaves: Mapping[int, Sequence[int]], request: Request) -> Iterator[tuple[Numbers, Numbers]]:
        """Yield the marks of outputs that have a guard, by the events that pass it."""
        if self._marks is None or not leaves:
            return
        marks = self._marks.rename_columns([LEAF, KEY])
        filled = set(marks[LEAF].unique().to_pylist())
        tests = {
            leaf: [self._test(i, request, of_pool=True) for i in of] for leaf, of in leaves.items() if leaf in filled
        }
        if not tests:
            return
        marks = marks.filter(pc.is_in(marks[LEAF], pa.array(list(tests), marks[LEAF].type)))
        if self._source.tied:
            marks = self._read_all(lower_marked_occurrences(self._source), marks)
        columns = {column for of in tests.values() for test in of for column in test.columns}
        keys = pa.table({KEY: marks[KEY].unique()})
        self._engine.execute(self._text(lower_pool(self._source, columns)), {INCOMING: keys}, takes_time=True)
        try:
            for first in range(0, max(map(len, tests.values())), MOST_BITS):
                part = {leaf: of[first : first + MOST_BITS] for leaf, of in tests.items() if len(of) > first}
                query = lower_masks(self._source, {leaf: [t.test for t in of] for leaf, of in part.items()})
                found = self._read_all(query, marks)
                leaf = found[LEAF].to_numpy()
                order = np.argsort(leaf, kind="stable")
                leaf, key, mask = leaf[order], found[KEY].to_numpy()[order], found[MASK].to_numpy()[order]
                for number in part:
                    begin, end = np.searchsorted(leaf, [number, number + 1])
                    yield from _bits(leaves[number][first : first + MOST_BITS], key[begin:end], mask[begin:end])
        finally:
            self._engine.execute(self._text(lower_no_pool(self._source)))

    def _of_all(self, outputs: Sequence[int], request: Request) -> Iterator[tuple[Numbers, Numbers]]:
        """Yield the marks of outputs without a guard, by all events."""
        for first in range(0, len(outputs), MOST_BITS):
            part = outputs[first : first + MOST_BITS]
            tests = [self._test(index, request) for index in part]
            columns = {column for test in tests for column in test.columns}
            found = self._read_all(lower_all_masks(self._source, [test.test for test in tests], columns))
            yield from _bits(part, found[KEY].to_numpy(), found[MASK].to_numpy())

    def _test(self, index: int, request: Request, *, of_pool: bool = False) -> Conditions:
        each = self._asked[index]
        dialect = self._engine.dialect
        return dialect.conditions_of(each.selection, self._source, request.now, each.given, of_pool=of_pool)

    def _in_order(self, keys: Numbers) -> tuple[Numbers, Numbers]:
        """Return keys in the order of results, and the times of their events, `_NO_TIME` where one has none."""
        if not len(keys):
            return keys, keys
        ranked = self._read_all(lower_ranks(self._source), pa.table({KEY: keys}))
        key, rank = (ranked[name].to_numpy() for name in (self._source.key, RANK))
        exact = np.zeros(len(key), dtype=np.int64)
        numbers, count = np.unique(rank, return_counts=True)
        alike = key[np.isin(rank, numbers[count > 1])]
        if len(alike):  # of one time and id of a record: all columns tell them apart
            told = self._read_all(lower_exact_ranks(self._source), pa.table({KEY: alike}))[self._source.key].to_numpy()
            place = np.argsort(key, kind="stable")
            exact[place[np.searchsorted(key[place], told)]] = np.arange(len(told))
        order: Numbers = np.lexsort((exact, rank))
        times = ranked[AT].fill_null(_NO_TIME).to_numpy()
        return np.asarray(key[order], dtype=np.int64), np.asarray(times[order], dtype=np.int64)

    def _read(self, keys: Numbers, times: Numbers, dealer: Dealer) -> pa.Schema:
        """Read the rows of keys in their order, and have them dealt to the outputs."""
        if not len(keys):
            return self._read_all(lower_nothing(self._source.dialect, self._source.shown)).schema
        schema: pa.Schema | None = None
        for first in range(0, len(keys), FETCHED):
            part = keys[first : first + FETCHED]
            between = _around(times[first : first + FETCHED]) if len(part) < len(keys) else None
            text = self._text(lower_rows(self._source, between))
            incoming = pa.table({KEY: part, RANK: np.arange(len(part))})
            schema = self._engine.read(text, dealer.take, {INCOMING: incoming})
        return schema

    def _read_all(self, query: Any, incoming: pa.Table | None = None) -> pa.Table:
        batches: list[pa.RecordBatch] = []
        tables = {} if incoming is None else {INCOMING: incoming}
        schema = self._engine.read(self._text(query), batches.append, tables)
        return pa.Table.from_batches(batches, schema=schema)

    def _text(self, tree: Any) -> str:
        return self._engine.dialect.text(tree)


def _around(times: Numbers) -> tuple[datetime, datetime] | None:
    """Return the first and the last of some times; None where one is missing, or in a year that Python lacks."""
    try:
        first, last = (_EPOCH + timedelta(microseconds=int(time)) for time in (times.min(), times.max()))
    except OverflowError:
        return None
    return first, last


def _bits(outputs: Sequence[int], keys: Numbers, masks: Numbers) -> Iterator[tuple[Numbers, Numbers]]:
    """Yield, for each output, its index and the keys in whose mask its bit is set."""
    for bit, index in enumerate(outputs):
        of = keys[(masks & (1 << bit)) != 0]
        yield np.full(len(of), index, dtype=np.int64), of
