"""The reference evaluator: a bound program interpreted over lists of events, one row after another.

It knows the meaning of the program and nothing of SQL: joins are loops, groups are dictionaries, a sequence is a
machine. Slow and plain, so that it can be read against the docstrings of `carlang.resolve.bound`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import product
from typing import Any, assert_never

from carlang.model.types import Column
from carlang.resolve import bound as b
from carlang.resolve import given_values
from tests.reference.aggregates import spellings
from tests.reference.expressions import Place, Run, at, evaluate, holds, identified
from tests.reference.occurrences import OCCURRENCE, RECORD_IDS, Pairs
from tests.reference.order import Row, ascending, in_order, moment, same, sort_key
from tests.reference.processes import Processes
from tests.reference.sequences import Event, Machine
from tests.reference.windows import bursts, interval, intervals, meetings, sessions

RANK = "#rank"
"""The place of a row in a sorted stream."""

_KEEPS_ORDER = b.Filtered | b.Derived | b.Projected | b.Cut | b.Deduplicated | b.NamedStream


@dataclass(frozen=True)
class Table:
    """The rows of an output in their order, and its columns."""

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]


def run(
    program: b.BoundProgram, events: Sequence[Row], now: datetime, params: Mapping[str, Any] | None = None
) -> dict[str, Table]:
    """Return the outputs of a program over events, which are rows with `object` and `action`."""
    evaluator = Evaluator(events, now, program.inputs, params or {})
    return {output.name: evaluator.table(output.stream) for output in program.outputs}


class Evaluator:
    """One run of a program; the rows of each stream are computed once."""

    def __init__(
        self, events: Sequence[Row], now: datetime, inputs: tuple[b.BoundInput, ...], params: Mapping[str, Any]
    ) -> None:
        pairs = Pairs.among(events)
        self._records, self._occurrences = pairs.records(events), pairs.occurrences(events)
        self._tied_classes = pairs.classes(events)
        self._known: dict[tuple[int, bool], list[Row]] = {}
        self._lives: Processes | None = None
        self._place = Place(Run(now, given_values(inputs, params), self._timely, self._processes))

    def table(self, stream: b.BoundStream) -> Table:
        """Return a stream as an output."""
        names = [column.name for column in stream.columns]
        rows = ({name: row.get(name) for name in names} for row in self._in_order(stream, self.rows(stream)))
        return Table(stream.columns, tuple(rows))

    def rows(self, stream: b.BoundStream) -> list[Row]:
        """Return the rows of a stream, in no order; of tied records the occurrences."""
        return self._known_rows(stream, of_records=False)

    def _known_rows(self, stream: b.BoundStream, *, of_records: bool) -> list[Row]:
        key = id(stream), of_records
        if key not in self._known:
            self._known[key] = list(self._records_of(stream) if of_records else self._rows(stream))
        return self._known[key]

    def _is_tied(self, stream: b.BoundStream) -> bool:
        """Tell whether a stream is of records of which some are tied."""
        while not isinstance(stream, b.Events):
            if not isinstance(stream, b.Sorted | _KEEPS_ORDER):
                return False
            stream = b.inputs(stream)[0]
        return any((s.object, action) in self._tied_classes for s in stream.sets for action in s.actions)

    def _records_of(self, stream: b.BoundStream) -> Iterable[Row]:
        """Return the rows of a stream of tied records, each record by itself."""
        match stream:
            case b.Events():
                return self._searched(stream, self._records)
            case b.NamedStream(stream=source):
                return self._known_rows(source, of_records=True)
            case b.Filtered(source, condition):
                rows = self._known_rows(source, of_records=True)
                return [row for row in rows if holds(self._place.at(row), condition)]
            case b.Derived(source, column, value):
                return self._derived(self._known_rows(source, of_records=True), column, value)
            case b.Projected(source, items):
                return self._projected(self._known_rows(source, of_records=True), items)
            case b.Sorted(source):
                return self._known_rows(source, of_records=True)
            case b.Cut(source) | b.Deduplicated(source):
                left = {row[OCCURRENCE] for row in self.rows(stream)}
                return [row for row in self._known_rows(source, of_records=True) if row[OCCURRENCE] in left]
            case _:
                raise AssertionError("these are no records")

    def _with_a_record(self, stream: b.Filtered) -> list[Row]:
        """Return the occurrences of which a record is in the stream."""
        passing = {row[OCCURRENCE] for row in self._known_rows(stream, of_records=True)}
        return [row for row in self.rows(stream.input) if row[OCCURRENCE] in passing]

    def _processes(self, lives: b.Lives) -> Processes:
        if self._lives is None:
            self._lives = Processes(self.rows(lives.starts), self.rows(lives.ends), lives.starts.columns)
        return self._lives

    def _related(self, stream: b.Related) -> list[Row]:
        rows = [
            (identified(row, stream.identity), {"root_guid": at(row, of.guid), "root_pid": at(row, of.pid)})
            for of in (stream.identity,)
            for row in self.rows(stream.input)
        ]
        return self._processes(stream.lives).related(stream.kin, rows)

    def _timely(self, stream: b.BoundStream) -> list[Row]:
        return in_order(self.rows(stream), stream.columns)

    def _rows(self, stream: b.BoundStream) -> Iterable[Row]:  # noqa: C901, PLR0911, PLR0912  # a case a node
        match stream:
            case b.NamedStream(stream=source):
                return self.rows(source)
            case b.Events():
                return self._searched(stream, self._occurrences)
            case b.Filtered() if self._is_tied(stream):
                return self._with_a_record(stream)
            case b.Filtered(source, condition):
                return [row for row in self.rows(source) if holds(self._place.at(row), condition)]
            case b.Derived(source, column, value):
                return self._derived(self.rows(source), column, value)
            case b.Projected(source, items):
                return self._projected(self.rows(source), items)
            case b.Joined():
                return self._joined(stream)
            case b.Grouped():
                return [place.row for place in self._groups(stream)]
            case b.Aggregated(group, items):
                return [self._items(place, items) for place in self._groups(group)]
            case b.Union(left, right):
                return [*self.rows(left), *self.rows(right)]
            case b.Difference():
                return self._difference(stream)
            case b.Distinct(source, column):
                found = spellings([row[column.name] for row in self.rows(source) if row.get(column.name) is not None])
                return [{column.name: spelling} for spelling, _ in found.values()]
            case b.Sequenced():
                return self._sequenced(stream)
            case b.Sorted():
                return self._sorted(stream)
            case b.Cut(source, count, last):
                rows = self._in_order(source, self.rows(source))
                asked = max(evaluate(self._place, count) or 0, 0)
                return rows[max(len(rows) - asked, 0) :] if last else rows[:asked]
            case b.Deduplicated(source, on):
                first: dict[Any, Row] = {}
                for row in self._in_order(source, self.rows(source)):
                    first.setdefault(_key(row, on), row)
                return list(first.values())
            case b.Together():
                return self._together(stream)
            case b.Related():
                return self._related(stream)
            case _:
                assert_never(stream)

    @staticmethod
    def _in_order(stream: b.BoundStream, rows: Sequence[Row]) -> list[Row]:
        """Return the rows of a stream in its order."""
        source = stream
        while not isinstance(source, b.Sorted):
            if not isinstance(source, _KEEPS_ORDER):
                return in_order(rows, stream.columns)
            source = b.inputs(source)[0]
        return sorted(rows, key=lambda row: int(row[RANK]))

    def _sorted(self, stream: b.Sorted) -> list[Row]:
        rows = in_order(self.rows(stream.input), stream.columns)
        keys = [[evaluate(self._place.at(row), key.value) for key in stream.keys] for row in rows]
        spelt = [[ascending(value) for value in values if isinstance(value, str)] for values in keys]
        order = sorted(range(len(rows)), key=lambda n: spelt[n])
        # From the last key to the first, since sorting leaves what is equal as it was.
        for number, key in reversed(list(enumerate(stream.keys))):
            by = {n: sort_key(keys[n][number], key.value.type) for n in order if keys[n][number] is not None}
            present = sorted(by, key=lambda n: by[n], reverse=key.descending)  # used at once
            order = [*present, *(n for n in order if n not in by)]
        return [{**rows[n], RANK: place} for place, n in enumerate(order)]

    def _derived(self, rows: Iterable[Row], column: Column, value: b.BoundExpr) -> list[Row]:
        return [{**row, column.name: evaluate(self._place.at(row), value)} for row in rows]

    def _projected(self, rows: Iterable[Row], items: Sequence[b.Item]) -> list[Row]:
        hidden = (OCCURRENCE, RECORD_IDS, RANK)
        return [
            {**self._items(self._place.at(row), items), **{name: row[name] for name in hidden if name in row}}
            for row in rows
        ]

    @staticmethod
    def _searched(stream: b.Events, events: Sequence[Row]) -> list[Row]:
        wanted = {(of.object, action) for of in stream.sets for action in of.actions}
        names = [*(column.name for column in stream.columns), OCCURRENCE, RECORD_IDS]
        chosen = [event for event in events if (event["object"], event["action"]) in wanted]
        return [{name: event.get(name) for name in names} for event in chosen]

    @staticmethod
    def _items(place: Place, items: Sequence[b.Item]) -> Row:
        return {item.column.name: evaluate(place, item.value) for item in items}

    def _joined(self, stream: b.Joined) -> list[Row]:
        sides = {part.name: _prefixed(part.name, self.rows(part.stream)) for part in stream.parts}
        required = [name for name in sides if name not in stream.optional]
        tests = [(test, _parts_of(test) & stream.optional) for test in _taken_apart(stream.condition)]
        combined = [_merged(rows) for rows in product(*(sides[name] for name in required))]
        alone = len(required) == 1 and bool(stream.optional)
        if not alone:
            combined = [
                row for row in combined if all(holds(self._place.at(row), test) for test, of in tests if not of)
            ]
        seen: set[str] = set()
        for name in [name for name in sides if name in stream.optional]:
            seen.add(name)
            own = [test for test, of in tests if (name in of and of <= seen) or (alone and not of)]
            combined = [each for row in combined for each in self._with_partners(row, sides[name], own)]
        return combined

    def _with_partners(self, row: Row, others: Sequence[Row], tests: Sequence[b.BoundExpr]) -> list[Row]:
        """Return a row with each of its partners among others, or alone where it has none."""
        pairs = [_merged((row, other)) for other in others]
        return [pair for pair in pairs if all(holds(self._place.at(pair), test) for test in tests)] or [row]

    def _difference(self, stream: b.Difference) -> list[Row]:
        there = {_key(row, stream.on) for row in self.rows(stream.right)}
        return [row for row in self.rows(stream.left) if _key(row, stream.on) not in there]

    def _groups(self, stream: b.Grouped) -> list[Place]:
        """Return the groups for which all conditions on them hold."""
        keys = [key.name for key in stream.keys]
        by_key: dict[Any, list[Row]] = {}
        columns = {column.name: column for source in stream.inputs for column in source.columns}
        for row in in_order([row for source in stream.inputs for row in self.rows(source)], columns.values()):
            by_key.setdefault(_key(row, keys), []).append(row)
        pieces = [members for rows in by_key.values() for members in self._cut(rows, stream)]
        places = [Place(self._place.run, self._group_row(members, stream), members) for members in pieces]
        return [place for place in places if all(holds(place, condition) for condition in stream.having)]

    def _cut(self, rows: list[Row], stream: b.Grouped) -> list[list[Row]]:
        """Cut the rows of one key, which are in order of time, in time."""
        match stream.period:
            case None:
                return [rows]
            case b.Sessions(length):
                return sessions(rows, evaluate(self._place, length))
            case b.Intervals(length):
                return intervals(rows, evaluate(self._place, length))
            case b.Windows(length, conditions):

                def counts(members: list[Row]) -> bool:
                    place = Place(self._place.run, _group_row(members, stream), members)
                    return all(holds(place, condition) for condition in conditions)

                return bursts(rows, evaluate(self._place, length), counts)
            case _:
                assert_never(stream.period)

    def _group_row(self, members: Sequence[Row], stream: b.Grouped) -> Row:
        row = _group_row(members, stream)
        if not isinstance(stream.period, b.Intervals):
            return row
        ends = interval(moment(members[0]), evaluate(self._place, stream.period.length))
        names = [c.name for c in stream.columns if c not in stream.keys]
        return {**{name: end for name, end in zip(("start", "end"), ends, strict=True) if name in names}, **row}

    def _together(self, stream: b.Together) -> list[Row]:
        within = evaluate(self._place, stream.within)
        if within is None:
            return []
        events: dict[Any, list[Event]] = {}
        for number, part in enumerate(stream.parts):
            for order, row in enumerate(self._timely(part.stream)):
                if (time := moment(row)) is not None:
                    events.setdefault(_key(row, stream.keys), []).append(Event(number, time, order, row))
        found = [rows for several in events.values() for rows in meetings(several, len(stream.parts), within)]
        names = [part.name for part in stream.parts]
        return [{k: v for name, row in zip(names, rows, strict=True) for k, v in _part(name, row)} for rows in found]

    def _sequenced(self, stream: b.Sequenced) -> list[Row]:
        within = None if stream.within is None else evaluate(self._place, stream.within)
        if stream.within is not None and within is None:
            return []
        parts: list[tuple[int | None, b.BoundStream]] = [(i, step.stream) for i, step in enumerate(stream.steps)]
        if stream.until is not None:
            parts.append((None, stream.until))
        events: dict[Any, list[Event]] = {}
        for step, source in parts:
            for order, row in enumerate(self._timely(source)):
                if (time := moment(row)) is not None:
                    events.setdefault(_key(row, stream.keys), []).append(Event(step, time, order, row))

        def fits(row: Row, condition: b.BoundExpr) -> bool:
            return holds(self._place.at(row), condition)

        return [row for of_key in events.values() for row in Machine(stream, within, fits).take(of_key)]


def _taken_apart(condition: b.BoundExpr) -> list[b.BoundExpr]:
    if not isinstance(condition, b.AllOf):
        return [condition]
    return [test for each in condition.conditions for test in _taken_apart(each)]


def _parts_of(expr: b.BoundExpr) -> set[str]:
    """Return the parts whose fields an expression asks for."""
    if isinstance(expr, b.FieldRef):
        return {expr.column.partition(".")[0]}
    inner = () if isinstance(expr, b.Scalar) else b.parts(expr)
    return set[str]().union(*(_parts_of(each) for each in inner))


def _merged(rows: Iterable[Row]) -> Row:
    return {k: v for row in rows for k, v in row.items()}


def _part(name: str, row: Row) -> list[tuple[str, Any]]:
    return [(f"{name}.{column}", value) for column, value in row.items()]


def _prefixed(name: str, rows: Sequence[Row]) -> list[Row]:
    return [dict(_part(name, row)) for row in rows]


def _key(row: Row, names: Sequence[str]) -> tuple[Any, ...]:
    return tuple(same(row.get(name)) for name in names)


def _group_row(members: Sequence[Row], stream: b.Grouped) -> Row:
    times = [time for row in members if (time := moment(row)) is not None]
    own = {"count": len(members), "first_time": min(times, default=None), "last_time": max(times, default=None)}
    keys = {k.name: min((row.get(k.name) for row in members), key=ascending) for k in stream.keys}
    return {**{c.name: own[c.name] for c in stream.columns if c.name in own}, **keys}
