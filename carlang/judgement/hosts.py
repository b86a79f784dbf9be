"""The hosts of a store by what an output could find on them: distinct patterns of events, each with its hosts.

A fleet has some ten thousand hosts and few patterns: those are judged, and the hosts are counted. They stay in Arrow.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from carlang.database import limited_to_task, open_shared
from carlang.deadline import check_time
from carlang.judgement.breaks import Logs, log_breaks
from carlang.judgement.seen import Seen
from carlang.judgement.streams import LOG, Kind
from carlang.results import LogBroken, LogCleared
from carlang.store import hollow_counts, mark

ALL_PLATFORMS = 7
_PLATFORMS = {"windows": 1, "linux": 2, "macos": 4}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_HOUR = 3_600_000_000
_EVERY_EVENT_HAS = frozenset({"object", "action"})
"""What no inventory counts: it stands in the names of folders."""
_MOST_MOMENTS = 20
"""How many instants are told apart: their stretches are bits of a number of 64, beside that of a kind of events. A
program compares with two or three; of one that compares with more, the others are not judged."""


@dataclass(frozen=True, slots=True)
class Need:
    """What tells hosts apart for an output: its classes, the fields that it asks for, the instants it compares with.

    Of records of logs, where it names no log, the texts in one field do, `mark`.
    """

    classes: frozenset[tuple[str, str]]
    fields: frozenset[str]
    moments: tuple[datetime, ...]
    mark: str | None = None


Lost = LogCleared | LogBroken
"""That a log was emptied, or that records of it are missing."""


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch of which a host's log lacks something or all; `kinds` are the events that others tell."""

    lost: Lost
    kinds: frozenset[Kind]


@dataclass(frozen=True, slots=True)
class Pattern:
    """Hosts with events of the same kinds. `hollow` are the classes of hollow records that some of theirs are of."""

    kinds: frozenset[Kind]
    hollow: frozenset[tuple[str, str]]
    platforms: int
    hosts: pa.DictionaryArray  # in the order of their names
    gaps: tuple[Gap, ...] = ()


_Told = Mapping[int, Mapping[int, Sequence[tuple[Lost, frozenset[int]]]]]
"""By need and host what is lost of logs, each with the codes that others than the log tell."""


def platform_mask(names: Sequence[str]) -> int:
    """Return platforms, in any case of letters, as a number; all where none is named, or one that is not known."""
    masks = [_PLATFORMS.get(name.strip().lower(), ALL_PLATFORMS) for name in names]
    mask = 0
    for each in masks:
        mask |= each
    return mask or ALL_PLATFORMS


def platform_names(mask: int) -> str:
    """Return the platforms of a number as people write them."""
    titles = {"windows": "Windows", "linux": "Linux", "macos": "macOS"}
    return ", ".join(titles[name] for name, bit in _PLATFORMS.items() if mask & bit)


def possible_platforms(sensors: Iterable[str], platforms: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """Return the platforms, as people write them, that a host with these sensors may run; none where nothing is known.

    `platforms` are those that each sensor runs on, by name. Sensors that contradict one another say nothing.
    """
    mask = ALL_PLATFORMS
    for sensor in sensors:
        mask &= platform_mask(platforms.get(sensor, ()))
    return tuple(platform_names(mask).split(", ")) if mask not in (0, ALL_PLATFORMS) else ()


class Hosts:
    """The hosts of an inventory. Safe to use from several threads, which take turns.

    `platforms` are those that each sensor runs on, by name; a sensor that is not there may be on any. `logs` are the
    channels that sensors are written to, `channels` those with the ones that they take single kinds of records from.
    """

    def __init__(
        self,
        inventory: pa.Table,
        platforms: Mapping[str, Sequence[str]],
        logs: Mapping[str, frozenset[str]],
        channels: Mapping[str, frozenset[str]],
    ) -> None:
        self._channels = channels
        self._logs = {sensor: frozenset(log.lower() for log in of) for sensor, of in logs.items()}
        self._lock = threading.Lock()
        self._connection = open_shared()
        masks = pa.table(
            {
                "sensor": pa.array(list(platforms), pa.string()),
                "mask": pa.array([platform_mask(names) for names in platforms.values()], pa.int32()),
            }
        )
        seen = Seen.of(inventory)
        # As streams: of a table the engine would read parts, and load Arrow's data sets for it, which takes longer.
        for name, table in (("seen_rows", seen.rows), ("kind_rows", seen.kinds), ("masks", masks)):
            self._connection.register(name, table.to_reader())
        with limited_to_task(self._connection):
            self._connection.execute(_TABLES)
            names = self._connection.sql("SELECT host FROM hosts ORDER BY id").to_arrow_table()
            self._names = names["host"].combine_chunks()
            self._lost = self._read_cleared()
            counts = {sensor: len(names) for sensor, names in platforms.items()}
            for id_, broken in log_breaks(seen.ids, Logs(self._channels, counts)).items():
                self._lost[id_] += broken
            self._hollow = hollow_counts(inventory)
            latest = self._connection.execute(_LATEST).fetchall()
            self._latest = {(owner, action): last for owner, action, last in latest}
        self._patterns: dict[Need, list[Pattern]] = {}
        self._marks: dict[str, Mapping[int, frozenset[str]]] = {}

    def latest(self) -> Mapping[tuple[str, str], int]:
        """Return the instant of the latest event of each class, in microseconds since 1970."""
        return self._latest

    def hollow(self) -> Mapping[tuple[str, str], int]:
        """Return the number of hollow records of each class that has some."""
        return self._hollow

    def patterns(self, need: Need) -> list[Pattern]:
        """Return the patterns of all hosts, those without any event of a need's classes among them."""
        self.read([need])
        return self._patterns[need]

    def read(self, needs: Iterable[Need]) -> None:
        """Read the patterns of many needs at once: a query has its price, however small the table."""
        with self._lock, limited_to_task(self._connection):
            unread = [need for need in dict.fromkeys(needs) if need not in self._patterns]
            if not unread:
                return
            elements = self._elements(unread)
            numbers: list[int] = []
            moments: frozenset[datetime] = frozenset()
            for number, need in enumerate(unread):
                joint = moments | frozenset(need.moments[:_MOST_MOMENTS])
                if len(joint) > _MOST_MOMENTS:
                    self._read(unread, numbers, sorted(moments), elements)
                    numbers, joint = [], frozenset(need.moments[:_MOST_MOMENTS])
                numbers.append(number)
                moments = joint
            self._read(unread, numbers, sorted(moments), elements)

    def _elements(self, needs: Sequence[Need]) -> dict[int, Sequence[Any]]:
        """Tell apart what needs ask for of the kinds of events: elements, each with its need."""
        classes = [(index, *each, sorted(need.fields)) for index, need in enumerate(needs) for each in need.classes]
        columns = list(zip(*classes, strict=True)) or [(), (), (), ()]
        types = (pa.int32(), pa.string(), pa.string(), pa.list_(pa.string()))
        arrays = [pa.array(list(values), type_) for values, type_ in zip(columns, types, strict=True)]
        needs_table = pa.table(arrays, names=["need", "object", "action", "asked"])
        self._connection.register("needs", needs_table.to_reader())
        self._connection.execute(_ELEMENTS)
        return {row[0]: row[1:] for row in self._connection.execute(_LISTED).fetchall()}

    def _read(
        self,
        needs: Sequence[Need],
        numbers: Sequence[int],
        moments: Sequence[datetime],
        elements: Mapping[int, Sequence[Any]],
    ) -> None:
        """Read the patterns of needs, by number; `moments` are all that they compare times with."""
        stretches = _stretches(moments)
        decoders = {n: _Decoder(elements, needs[n].fields, _own(needs[n].moments, moments)) for n in numbers}
        rows = self._connection.sql(_patterns_query(numbers, stretches)).to_arrow_table()
        hosts = rows["hosts"].combine_chunks()
        ids, ends = hosts.flatten(), hosts.offsets.to_pylist()
        told = self._told(numbers, stretches) if self._lost else {}
        read: dict[int, dict[object, list[Pattern]]] = {number: defaultdict(list) for number in numbers}
        for index, (number, codes, mask) in enumerate(
            zip(*(rows[name].to_pylist() for name in ("need", "codes", "mask")), strict=True)
        ):
            check_time()
            kinds, hollow = decoders[number].decoded(codes or ())
            of_pattern = ids.slice(ends[index] - ends[0], ends[index + 1] - ends[index])
            pattern = Pattern(kinds, hollow, mask, pa.DictionaryArray.from_arrays(of_pattern, self._names))
            patterns = self._with_gaps(pattern, told.get(number, {}), decoders[number])
            if (field := needs[number].mark) is not None:
                patterns = [part for each in patterns for part in self._marked(each, field)]
            for each in patterns:
                read[number][each.kinds, each.hollow, each.platforms, each.gaps].append(each)
        for number, alike in read.items():
            self._patterns[needs[number]] = [self._joined(patterns) for patterns in alike.values()]

    def _marked(self, pattern: Pattern, field: str) -> Iterator[Pattern]:
        """Yield a pattern by the texts that stand in a field of the hosts' records of logs."""
        if not any((kind.object, kind.action) == LOG for kind in pattern.kinds):
            yield pattern
            return
        marks = self._read_marks(field)
        hosts: dict[frozenset[str], list[int]] = defaultdict(list)
        for id_ in pattern.hosts.indices.to_pylist():
            hosts[marks.get(id_, frozenset())].append(id_)
        for texts, ids in hosts.items():
            kinds = frozenset(
                replace(kind, marks=texts) if (kind.object, kind.action) == LOG else kind for kind in pattern.kinds
            )
            yield replace(pattern, kinds=kinds, hosts=self._named(pa.array(ids, pa.int32())))

    def _read_marks(self, field: str) -> Mapping[int, frozenset[str]]:
        """Return by host the texts, folded, that stand in a field of records of logs."""
        if field not in self._marks:
            prefix = mark(field)
            query = f"""
                SELECT id, list(DISTINCT lower(mark[{len(prefix) + 1}:]))
                FROM (SELECT id, unnest(marks) AS mark FROM seen)
                WHERE starts_with(mark, $prefix) GROUP BY id
            """  # noqa: S608  # a number of our own
            rows = self._connection.execute(query, {"prefix": prefix}).fetchall()
            self._marks[field] = {id_: frozenset(texts) for id_, texts in rows}
        return self._marks[field]

    def _joined(self, patterns: Sequence[Pattern]) -> Pattern:
        """Return one pattern for those that differ in nothing that a need asks for."""
        if len(patterns) == 1:
            return patterns[0]
        ids = pa.concat_arrays([pattern.hosts.indices for pattern in patterns])
        return replace(patterns[0], hosts=self._named(ids.take(pc.sort_indices(ids))))

    # ---- what is lost of logs ----------------------------------------------------------------------------------------

    def _read_cleared(self) -> dict[int, list[tuple[Lost, frozenset[str]]]]:
        """Return by host the logs that were emptied, with the hours before that of which there is nothing.

        Each comes with its channel, folded.

        A log that has something in the hour before it was emptied had been collected by then: nothing is lost.
        """
        query = """
            SELECT id, object, action, log, sensor, hours FROM seen
            WHERE len(hours) > 0 AND id IN (SELECT id FROM seen WHERE action = 'log_clear' AND log IS NOT NULL)
            ORDER BY id
        """
        seen: dict[tuple[int, str], list[tuple[int, int]]] = defaultdict(list)
        emptied: dict[tuple[int, str], tuple[str, list[int]]] = {}
        for id_, owner, action, log, sensor, hours in self._connection.execute(query).fetchall():
            runs = [(run["start"], run["end"]) for run in hours]
            if (owner, action) == ("system", "log_clear"):
                if log is not None:
                    emptied.setdefault((id_, log.lower()), (log, []))[1].extend(start for start, _ in runs)
                continue
            for of_log in [log.lower()] if log is not None else self._logs.get(sensor, ()):
                seen[id_, of_log] += runs
        cleared: dict[int, list[tuple[Lost, frozenset[str]]]] = defaultdict(list)
        for (id_, folded), (log, starts) in emptied.items():
            for hour in sorted(set(starts)):
                before = max((min(end, hour) for start, end in seen[id_, folded] if start < hour), default=None)
                end = _hour_text(hour)
                if before != hour and end is not None:
                    lost = LogCleared(log, None if before is None else _hour_text(before), end)
                    cleared[id_].append((lost, frozenset({folded})))
        return cleared

    def _told(self, numbers: Sequence[int], stretches: Sequence[str]) -> _Told:
        """Return by need the hosts whose judgement may hang on what is lost of a log.

        They have each such loss with the codes that others than the log tell.
        """
        query = f"""
            SELECT need, seen.id, {_code(stretches)} AS code, sensor, seen.log FROM seen JOIN elements USING (kind)
            WHERE id IN ({", ".join(map(str, self._lost))}) AND need IN ({", ".join(map(str, numbers))})
        """  # noqa: S608  # numbers of our own
        by_host: dict[tuple[int, int], list[tuple[int, frozenset[str]]]] = defaultdict(list)
        for need, id_, code, sensor, log in self._connection.execute(query).fetchall():
            logs = frozenset({log.lower()}) if log else self._logs.get(sensor, frozenset())
            by_host[need, id_].append((code, logs))
        told: dict[int, dict[int, list[tuple[Lost, frozenset[int]]]]] = defaultdict(dict)
        for (need, id_), codes in by_host.items():
            every = frozenset(code for code, _ in codes)
            left = [
                (loss, frozenset(code for code, logs in codes if not logs or not logs <= channels))
                for loss, channels in self._lost[id_]
            ]
            if lost := [(loss, others) for loss, others in left if others != every]:
                told[need][id_] = lost
        return told

    def _with_gaps(
        self,
        pattern: Pattern,
        told: Mapping[int, Sequence[tuple[Lost, frozenset[int]]]],
        decoder: _Decoder,
    ) -> list[Pattern]:
        """Return a pattern, and for each of its hosts that hangs on a log that was emptied one of its own."""
        ids = pattern.hosts.indices
        is_told = pc.is_in(ids, pa.array(list(told), pa.int32())) if told else None
        if is_told is None or not pc.any(is_told).as_py():
            return [pattern]
        others = ids.filter(pc.invert(is_told))
        patterns = [replace(pattern, hosts=self._named(others))] if len(others) else []
        for id_ in ids.filter(is_told).to_pylist():
            gaps = [Gap(loss, decoder.decoded(left)[0]) for loss, left in told[id_]]
            patterns.append(replace(pattern, hosts=self._named(pa.array([id_], pa.int32())), gaps=tuple(gaps)))
        return patterns

    def _named(self, ids: pa.Array) -> pa.DictionaryArray:
        return pa.DictionaryArray.from_arrays(ids, self._names)


_TABLES = f"""
    CREATE TEMP TABLE seen AS FROM seen_rows;
    CREATE TEMP TABLE kinds AS FROM kind_rows;
    CREATE TEMP TABLE hosts AS
      SELECT id, min(host) AS host,
        CASE WHEN bit_and(coalesce(mask, {ALL_PLATFORMS})) = 0 THEN {ALL_PLATFORMS}
          ELSE bit_and(coalesce(mask, {ALL_PLATFORMS})) END AS mask
      FROM seen LEFT JOIN masks USING (sensor) GROUP BY id;
"""  # noqa: S608  # numbers of our own

_LATEST = "SELECT object, action, max(last_us) AS last FROM seen GROUP BY ALL HAVING last IS NOT NULL"

# Kinds that differ in nothing that a need asks for are one element of it; records of logs in the log only where a
# condition asks for its name.
_ELEMENTS = """
    CREATE OR REPLACE TEMP TABLE elements AS
      SELECT *, dense_rank() OVER (ORDER BY need, object, action, log, fields, present) AS element FROM (
        SELECT need, kind, object, action, CASE WHEN list_contains(asked, 'log_name') THEN log END AS log,
          list_sort(list_intersect(fields, asked)) AS fields, present
        FROM kinds JOIN needs USING (object, action))
"""
_LISTED = "SELECT DISTINCT element, object, action, log, fields, present FROM elements"


def _patterns_query(needs: Sequence[int], stretches: Sequence[str]) -> str:
    """Return the query for the patterns of needs; a code is an element, then a bit a stretch, then the untimed."""
    listed = ", ".join(map(str, needs))
    return f"""
      WITH codes AS (
        SELECT DISTINCT need, id, {_code(stretches)} AS code
        FROM seen JOIN elements USING (kind) WHERE need IN ({listed})),
      by_host AS (SELECT need, id, list(code ORDER BY code) AS codes FROM codes GROUP BY need, id)
      SELECT numbers.need::INTEGER AS need, codes, mask, list(hosts.id ORDER BY hosts.id) AS hosts
      FROM hosts CROSS JOIN unnest([{listed}]) AS numbers(need)
        LEFT JOIN by_host ON by_host.need = numbers.need AND by_host.id = hosts.id
      GROUP BY numbers.need, codes, mask ORDER BY numbers.need, min(hosts.id)
    """  # noqa: S608  # numbers of our own


def _code(stretches: Sequence[str]) -> str:
    """Return the SQL of a row's code."""
    bits = (f"(CASE WHEN {test} THEN {1 << index + 1} ELSE 0 END)" for index, test in enumerate(stretches))
    return f"element * {1 << len(stretches) + 1} + {' + '.join(bits)} + (timed < rows)::INTEGER"


def _hour_text(hour: int) -> str | None:
    """Return the beginning of an hour since 1970; None beyond the calendar's years."""
    try:
        return f"{_EPOCH + timedelta(hours=hour):%Y-%m-%dT%H:%M:%SZ}"
    except OverflowError:
        return None


def _stretches(moments: Sequence[datetime]) -> list[str]:
    """Return tests whether a row has events in each stretch: bound n is stretch 2n + 1, between bounds lie the others.

    Within an hour it is not known where events are, but for the first and the last: they may be anywhere in it.
    """
    if not moments:
        return ["timed > 0"]
    bounds = [(moment - _EPOCH) // timedelta(microseconds=1) for moment in moments]
    tests = []
    for index in range(2 * len(bounds) + 1):
        low = bounds[(index - 1) // 2] if index else None
        high = bounds[index // 2] if index // 2 < len(bounds) else None
        within, run = ["timed > 0"], []
        if low is not None:
            within.append(f"last_us {'>=' if index % 2 else '>'} {low}")
            run.append(f"""run."end"::BIGINT * {_HOUR} > {low}""")
        if high is not None:
            within.append(f"first_us {'<=' if index % 2 else '<'} {high}")
            run.append(f"""run."start"::BIGINT * {_HOUR} {"<=" if index % 2 else "<"} {high}""")
        in_hours = f"len(list_filter(hours, lambda run: {' AND '.join(run)})) > 0"
        tests.append(" AND ".join([*within, in_hours]))
    return tests


def _own(moments: Sequence[datetime], of_all: Sequence[datetime]) -> list[int]:
    """Return, for each stretch between the moments of several needs, that between a need's own in which it lies."""
    own = [0]
    for moment in of_all:
        before = sum(each < moment for each in moments[:_MOST_MOMENTS])
        is_own = moment in moments[:_MOST_MOMENTS]
        own += [2 * before + is_own, 2 * (before + is_own)]
    return own


@dataclass(frozen=True, slots=True)
class _Decoder:
    """Tells what codes stand for: `elements` of a need, which asks for `fields`, and stretches, as `own` has them."""

    elements: Mapping[int, Sequence[Any]]
    fields: frozenset[str]
    own: Sequence[int]

    def decoded(self, codes: Iterable[int]) -> tuple[frozenset[Kind], frozenset[tuple[str, str]]]:
        """Return the kinds that codes stand for, and the classes of hollow records."""
        kinds: set[Kind] = set()
        hollow: set[tuple[str, str]] = set()
        for code in codes:
            owner, action, log, fields, present = self.elements[code >> len(self.own) + 1]
            if not present:
                hollow.add((owner, action))
                continue
            lies_in = frozenset(own for index, own in enumerate(self.own) if code >> index + 1 & 1)
            missing = self.fields - frozenset(fields) - _EVERY_EVENT_HAS
            kinds.add(Kind(owner, action, log, missing, lies_in, bool(code & 1)))
        return frozenset(kinds), frozenset(hollow)
