"""Read the rows of outputs: the events that each is made of, its time, host, user, process, and what it is alike to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import types

from carlang.model.telling import TELLING
from carlang.model.types import Kind, field_of
from carlang.results import AnalyticOutput, Output, RowOf, first_rows
from carlang.triage.fields import UNLIKE, UNLIKE_KINDS, base_name, habit_columns, of_process

MOST_ROWS = 50_000
"""How many rows of an output are looked at one by one; an output with more is noise, and says how many are left."""
MOST_IN_ALL = 100_000
"""The same of all outputs of a run together: some ten seconds and some hundred megabytes."""

APART = 3_600_000_000
"""Microseconds, an hour: a row of several records happened when the last of them did, with those up to so long before.
Joins by pid pair what lies a year apart, too."""

Key = tuple[object, ...]
"""What tells a record from others; that of an event has its time at the place `TIME_IN_KEY`."""
TIME_IN_KEY = 3


_SAYING = (*TELLING, "src_ip", "src_port", "protocol", "message")
"""Fields by which events without an id of their own are told apart."""


@dataclass(frozen=True, slots=True)
class ProcessRef:
    """What an event says of a process: `guid` in lower case, `time` in microseconds; `image` its program."""

    host: str
    guid: str | None
    pid: int | None
    time: int | None
    image: str | None
    parent_guid: str | None = None
    ppid: int | None = None
    parent_image: str | None = None
    is_start: bool = False


@dataclass(frozen=True, slots=True)
class Habit:
    """The values of an event that ordinary work repeats: its class, columns and texts."""

    event_class: tuple[str, str]
    columns: tuple[str, ...]
    values: tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class Sighting:
    """A row: the keys of its records, when, where and by whom, the processes, what it is alike to (`alike`)."""

    at: RowOf
    records: tuple[Key, ...]
    first: int | None
    last: int | None
    hosts: tuple[str, ...]
    user: str | None
    processes: tuple[ProcessRef, ...]
    habits: tuple[Habit, ...]
    alike: tuple[tuple[str, str], ...]


def late(records: tuple[Key, ...]) -> tuple[Key, ...]:
    """Return those of a row's records that lie no longer than `APART` before the last; all that have no time."""
    times = [time for key in records if isinstance(time := key[TIME_IN_KEY], int)] if len(records) > 1 else []
    begin = max(times) - APART if times else 0
    return tuple(key for key in records if not times or not isinstance(time := key[TIME_IN_KEY], int) or time >= begin)


def shares(counts: Sequence[int], most: int = MOST_ROWS, in_all: int = MOST_IN_ALL) -> list[int]:
    """Return how many rows of each output are looked at: all of those with few, as many of each other.

    No output has more than `most`, and all together no more than `in_all`.
    """
    capped = [min(rows, most) for rows in counts]
    left = in_all
    for behind, (rows, number) in enumerate(sorted((rows, number) for number, rows in enumerate(capped))):
        capped[number] = min(rows, left // (len(capped) - behind))
        left -= capped[number]
    return capped


def read_output(number: int, result: AnalyticOutput, most: int = MOST_ROWS) -> list[Sighting]:
    """Return the rows of a run's output, its number among the results given, `most` of them."""
    table = first_rows(result.output.data, most)
    if not table.num_rows:
        return []
    kinds = {column.name: column.type.kind for column in result.output.columns}
    columns = _Columns(table)
    prefixes = columns.prefixes()
    alike = _alike(table, kinds, is_event=bool(prefixes))
    parts = [list(_parts(columns, prefix, kinds, result.output)) for prefix in prefixes]
    if not parts:
        return list(_groups(RowOf(number, 0), (result.analytic, result.output.name), columns, alike))
    seen: dict[tuple[Key, ...], count[int]] = {}
    sightings = []
    for row, events in enumerate(zip(*parts, strict=True)):
        there = [event for event in events if event is not None]
        if not there:
            continue
        records = tuple(event.record for event in there)
        # Two rows of an output are two occurrences, also where nothing tells their records apart.
        again = next(seen.setdefault(records, count()))
        keys = records if not again else tuple((*key, again) for key in records)
        times = [event.process.time for event in there if event.process.time is not None]
        users = [event.user for event in there if event.user]
        sightings.append(
            Sighting(
                RowOf(number, row),
                keys,
                min((time for time in times if time >= max(times) - APART), default=None),
                max(times, default=None),
                tuple(dict.fromkeys(event.process.host for event in there if event.process.host)),
                users[0] if users else None,
                tuple(event.process for event in there),
                tuple(event.habit for event in there),
                alike[row],
            )
        )
    return sightings


@dataclass(frozen=True, slots=True)
class _Event:
    record: Key
    user: str | None
    process: ProcessRef
    habit: Habit


class _Columns:
    """The columns of a table as Python values, each converted when it is first asked for."""

    def __init__(self, table: pa.Table) -> None:
        self._table = table
        self._places: dict[str, int] = {}
        for place, name in enumerate(table.column_names):  # of two columns of one name the first
            self._places.setdefault(name, place)
        self._values: dict[str, Sequence[Any]] = {}
        self.rows = table.num_rows

    def __contains__(self, name: str) -> bool:
        return name in self._places

    @property
    def names(self) -> Iterator[str]:
        """The names of the columns."""
        yield from self._places

    def prefixes(self) -> list[str]:
        """Return what stands before the names of the columns of each event in a row: nothing, or `part.`."""
        return [name.removesuffix("object") for name in self._places if field_of(name) == "object"]

    def texts(self, name: str) -> Sequence[str | None]:
        """Return a column as texts; nothing but missing values where it is not there."""
        return self._converted(f"text {name}", name, lambda column: text_column(column).to_pylist())

    def numbers(self, name: str) -> Sequence[int | None]:
        """Return a column of integers; nothing but missing values where it is none."""

        def values(column: pa.ChunkedArray) -> Sequence[int | None]:
            return column.to_pylist() if types.is_integer(column.type) else [None] * self.rows

        return self._converted(f"number {name}", name, values)

    def times(self, name: str) -> Sequence[int | None]:
        """Return a column of times as microseconds since 1970; nothing but missing values where it is none."""

        def values(column: pa.ChunkedArray) -> Sequence[int | None]:
            if not types.is_timestamp(column.type):
                return [None] * self.rows
            return column.cast(pa.timestamp("us", "UTC")).cast(pa.int64()).to_pylist()  # type: ignore[no-any-return]

        return self._converted(f"time {name}", name, values)

    def _converted(self, key: str, name: str, convert: Any) -> Sequence[Any]:
        if key not in self._values:
            place = self._places.get(name)
            self._values[key] = [None] * self.rows if place is None else convert(self._table.column(place))
        return self._values[key]


def _parts(columns: _Columns, prefix: str, kinds: Mapping[str, Kind], output: Output) -> Iterator[_Event | None]:
    """Yield the event of a part of each row; None where the part is missing, as one that is optional may be."""
    # What a program makes of an event no other output has, and no store: it tells of neither its record nor its habits.
    computed = frozenset(output.computed)
    of_part = [name.removeprefix(prefix) for name in output.tested if name.startswith(prefix)]
    tested_kinds = tuple((name, kinds[prefix + name]) for name in of_part if "." not in name)
    texts = {name: columns.texts(prefix + name) for name in ("object", "action", "hostname", "user", "record_id")}
    time, source, sensor = (
        columns.times(prefix + "time"),
        columns.texts(prefix + "source"),
        columns.texts(prefix + "sensor"),
    )
    # What has no id of its own is told apart by all that it says.
    absent: Sequence[str | None] = [None] * columns.rows
    saying = [absent if prefix + name in computed else columns.texts(prefix + name) for name in _SAYING]
    objects = {each: habit_columns(each, tested_kinds) for each in set(texts["object"]) if each}
    for row in range(columns.rows):
        object_, action = texts["object"][row], texts["action"][row]
        if object_ is None or action is None:
            yield None
            continue
        habits = tuple(n for n in objects[object_] if prefix + n in columns and prefix + n not in computed)
        values = tuple(columns.texts(prefix + name)[row] for name in habits)
        host, record = texts["hostname"][row] or "", texts["record_id"][row]
        process = _process(columns, prefix, object_, action, row, host.casefold(), time[row])
        told: Key = (source[row], sensor[row], record)
        if record is None:
            told = (process.guid, process.pid, *(column[row] for column in saying))
        key = (object_, action, host.casefold(), time[row], *told)
        yield _Event(key, texts["user"][row], process, Habit((object_, action), habits, values))


def _process(
    columns: _Columns, prefix: str, object_: str, action: str, row: int, host: str, time: int | None
) -> ProcessRef:
    fields = of_process(object_)
    images = (columns.texts(prefix + name)[row] for name in fields.images)
    image = next((each for each in images if each), None)
    is_start = (object_, action) == ("process", "create")
    return ProcessRef(
        host,
        known_guid(columns.texts(prefix + fields.guid)[row]),
        columns.numbers(prefix + fields.pid)[row],
        time,
        base_name(image),
        known_guid(columns.texts(prefix + "parent_guid")[row]) if is_start else None,
        columns.numbers(prefix + "ppid")[row] if is_start else None,
        columns.texts(prefix + "parent_exe")[row] if is_start else None,
        is_start,
    )


def _groups(
    begin: RowOf, output: tuple[str, str], columns: _Columns, alike: Sequence[tuple[tuple[str, str], ...]]
) -> Iterator[Sighting]:
    """Yield rows that are no events: groups, and what a program makes of events under names of its own."""
    timed = [columns.times(name) for name in columns.names]
    texts = {name: columns.texts(name) for name in ("hostname", "user", "guid", "parent_guid", "exe", "parent_exe")}
    pid, ppid = columns.numbers("pid"), columns.numbers("ppid")
    seen: dict[tuple[tuple[str, str], ...], count[int]] = {}
    for row in range(columns.rows):
        again = next(seen.setdefault(alike[row], count()))
        times = [time for column in timed if (time := column[row]) is not None]
        host = (texts["hostname"][row] or "").casefold()
        first, last = min(times, default=None), max(times, default=None)
        guid, own = known_guid(texts["guid"][row]), pid[row]
        processes: tuple[ProcessRef, ...] = ()
        if guid or own is not None:
            processes = (ProcessRef(host, guid, own, first, base_name(texts["exe"][row])),)
        elif (guid := known_guid(texts["parent_guid"][row])) or ppid[row] is not None:
            processes = (ProcessRef(host, guid, ppid[row], first, base_name(texts["parent_exe"][row])),)
        at, hosts, user = RowOf(begin.output, row), (host,) if host else (), texts["user"][row]
        yield Sighting(at, (("row", *output, alike[row], again),), first, last, hosts, user, processes, (), alike[row])


def _alike(table: pa.Table, kinds: Mapping[str, Kind], *, is_event: bool) -> list[tuple[tuple[str, str], ...]]:
    """Return of each row the fields, with their texts, in which it would be the same if it happened again.

    Rows are told apart in Arrow, and only values of rows that differ become Python's.
    """
    names, arrays = [], []
    for place, name in enumerate(table.column_names):
        field, column = field_of(name), table.column(place)
        kind = kinds.get(name)
        differs = kind in UNLIKE_KINDS and (is_event or kind in {Kind.TIME, Kind.DURATION, Kind.GUID, Kind.ID})
        if name in names or differs or field in UNLIKE or column.null_count == len(column):
            continue
        names.append(name)
        arrays.append(text_column(column))
    if not names:
        return [()] * table.num_rows
    numbers = [str(place) for place in range(len(names))]
    rows = pa.array(range(table.num_rows), pa.int64())
    grouped = pa.table([*arrays, rows], [*numbers, "row"]).group_by(numbers, use_threads=False)
    alike: list[tuple[tuple[str, str], ...]] = [()] * table.num_rows
    told = grouped.aggregate([("row", "list")])
    values = zip(*(told[number].to_pylist() for number in numbers), strict=True)
    for texts, of_rows in zip(values, told["row_list"].to_pylist(), strict=True):
        pairs = tuple(sorted((name, text) for name, text in zip(names, texts, strict=True) if text is not None))
        for row in of_rows:
            alike[row] = pairs
    return alike


def telling(alike: tuple[tuple[str, str], ...], tested: Sequence[str]) -> dict[str, str]:
    """Return those of an event's columns that tell what happened: what is looked at first, then what was tested."""
    ranks = {name: rank for rank, name in enumerate(TELLING)}
    order = {name: len(ranks) + rank for rank, name in enumerate(tested)}
    order |= {name: ranks[field] for name, _ in alike if (field := field_of(name)) in ranks}
    return {name: text for _, name, text in sorted((order[n], n, text) for n, text in alike if n in order)}


def text_column(column: pa.ChunkedArray) -> pa.Array:
    """Return a column as texts, whatever its type is."""
    kind = column.type
    if types.is_dictionary(kind):
        column = column.cast(kind.value_type)
        kind = kind.value_type
    if types.is_nested(kind) or types.is_duration(kind) or types.is_binary(kind):
        return pa.array([None if value is None else str(value) for value in column.to_pylist()], pa.string())
    if types.is_null(kind):
        return pa.nulls(len(column), pa.string())
    return pc.cast(column.combine_chunks() if column.num_chunks != 1 else column.chunk(0), pa.string())


def known_guid(guid: str | None) -> str | None:
    """Return a guid in lower case; None for one that stands for none, of zeros alone."""
    return guid.casefold() if guid and guid.strip("{}0- ") else None
