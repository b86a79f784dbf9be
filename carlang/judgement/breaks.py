"""Breaks in the numbers of records: where a log that numbers its records misses some, or begins anew.

Windows numbers the records of each log one after the other. A log that was read as a whole has all numbers, one that
was filtered has gaps by nature. So a gap counts for something in a log alone that is otherwise without: at least nine
in ten of the numbers between its gaps are there, and there are at least twenty records for each gap. Fewer than
`ID_GAP` missing numbers are no gap: what a sensor leaves out now and then, and records that cannot be read.

A record may be events of several classes, and is counted once: of classes that one record of a sensor may be of, the
one that has most records counts.

A log is that of one host in one source, as exports of one log may overlap. What another source has of the same log is
not missing. Where numbers that are higher are of earlier hours, the log began to count anew.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from carlang.mapping import classes_of_one_record
from carlang.results import LogBroken
from carlang.store.merging import Keys, id_runs

_THERE = 90
"""So many in a hundred of the numbers between gaps are there."""
_RECORDS_A_GAP = 20
"""So many records there are at least for each gap."""
_LOGS = 1 << 20  # more than there are
_CLASS = ["sensor", "object", "action"]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Log:
    """A log that numbers its records: its name as it is shown, and the channels, folded, that it may be."""

    name: str
    channels: frozenset[str]


@dataclass(frozen=True, slots=True)
class Logs:
    """The logs that sensors are written to, by the sensors' names, and how many platforms each sensor may run on."""

    channels: Mapping[str, frozenset[str]]
    platforms: Mapping[str, int]

    def of(self, log: str | None, sensor: str | None) -> Log | None:
        """Return the log that records are of, by its name or by the sensor that is written to it.

        None where a sensor is written to several logs of a host, each of which numbers its records for itself.
        """
        if log is None:
            return self._of_sensor(sensor or "")
        folded = log.lower()
        owners = [name for name, channels in self.channels.items() if folded in {each.lower() for each in channels}]
        return self._of_sensor(owners[0]) if owners else Log(log, frozenset({folded}))

    def _of_sensor(self, sensor: str) -> Log | None:
        channels = self.channels.get(sensor, frozenset())
        # Of as many logs as platforms each host has one.
        if not channels or len(channels) > max(1, self.platforms.get(sensor, 1)):
            return None
        name = next(iter(channels)) if len(channels) == 1 else sensor
        return Log(name, frozenset(channel.lower() for channel in channels))


def log_breaks(runs: pa.Table, logs: Logs) -> dict[int, list[tuple[LogBroken, frozenset[str]]]]:
    """Return the breaks by host, each with the channels that its log may be.

    `runs` has a row for each run of numbers: `id` of the host, `object`, `action`, `log`, `sensor`, and the members of
    `ID_RUN`.
    """
    keys = Keys.of(runs, ("log", "sensor"))
    pairs = pc.unique(keys.numbers)
    texts = (keys.texts(name, pairs).to_pylist() for name in ("log", "sensor"))
    of_pairs = [logs.of(log, sensor) for log, sensor in zip(*texts, strict=True)]
    named = list(dict.fromkeys(log for log in of_pairs if log is not None))
    numbers = pa.array([None if log is None else named.index(log) for log in of_pairs], pa.int64())
    of_row = numbers.take(pc.index_in(keys.numbers, pairs))
    group = pc.add(pc.multiply(runs["id"].cast(pa.int64()), _LOGS), of_row)
    table = runs.drop_columns(["id", "log"]).append_column("group", group).filter(pc.is_valid(group))
    joined = id_runs(table.drop_columns(_CLASS))
    if not _has_gap(joined):
        return {}
    breaks: dict[int, list[tuple[LogBroken, frozenset[str]]]] = defaultdict(list)
    for of_log in _with_gaps(joined, table):
        host, number = divmod(of_log[0]["group"], _LOGS)
        others = joined.filter(pc.equal(joined["group"], of_log[0]["group"])).to_pylist()
        for before, after in pairwise(of_log):
            broken = _broken(named[number].name, before, after)
            is_filled = any(o["first"] <= before["last"] + 1 and o["last"] >= after["first"] - 1 for o in others)
            if broken is not None and not is_filled:
                breaks[host].append((broken, named[number].channels))
    return breaks


def _has_gap(joined: pa.Table) -> bool:
    """Tell whether a log of a source has more than one run, as its runs stand side by side."""
    group, source = joined["group"].combine_chunks(), pc.fill_null(joined["source"].combine_chunks(), "\0")
    same = pc.and_(pc.equal(group[1:], group[:-1]), pc.equal(source[1:], source[:-1]))
    return bool(pc.any(same).as_py())


def _with_gaps(joined: pa.Table, by_class: pa.Table) -> Iterator[list[dict[str, Any]]]:
    """Yield the runs of each log of a source that has some gaps and is otherwise without.

    `joined` are those of all its classes together.
    """
    length = pc.add(pc.subtract(joined["last"], joined["first"]), 1)
    lengths = joined.append_column("length", length).group_by(["group", "source"], use_threads=False)
    sums = lengths.aggregate([("count", "sum"), ("length", "sum"), ("first", "count")])
    sums = sums.append_column("gaps", pc.subtract(sums["first_count"], 1))
    # Counted by class, a record may be there twice: what seems to be without gaps is counted once more.
    may_be = pc.and_(pc.greater(sums["gaps"], 0), _is_without(sums["count_sum"], sums["length_sum"], sums["gaps"]))
    for each in sums.filter(may_be).to_pylist():
        group, source = each["group"], each["source"]
        records = _records(_of_log(by_class, group, source))
        if _is_without(records, each["length_sum"], each["gaps"]).as_py():
            yield _of_log(joined, group, source).to_pylist()


def _is_without(records: Any, length: Any, gaps: Any) -> Any:
    """Tell whether logs are otherwise without gaps."""
    is_dense = pc.greater_equal(pc.multiply(records, 100), pc.multiply(length, _THERE))
    return pc.and_(is_dense, pc.greater_equal(records, pc.multiply(gaps, _RECORDS_A_GAP)))


def _of_log(runs: pa.Table, group: int, source: str | None) -> pa.Table:
    of_source = pc.is_null(runs["source"]) if source is None else pc.equal(runs["source"], source)
    return runs.filter(pc.and_(pc.equal(runs["group"], group), of_source))


def _records(runs: pa.Table) -> int:
    """Return how many different records there are at least."""
    sums = runs.group_by(_CLASS, use_threads=False).aggregate([("count", "sum")]).to_pylist()
    counted: set[tuple[str | None, tuple[str, str]]] = set()
    records = 0
    for row in sorted(sums, key=lambda row: (-row["count_sum"], row["object"], row["action"])):
        sensor, event_class = row["sensor"], (row["object"], row["action"])
        pairs = classes_of_one_record(sensor) if sensor is not None else frozenset[frozenset[tuple[str, str]]]()
        if not any(of == sensor and frozenset({event_class, other}) in pairs for of, other in counted):
            counted.add((sensor, event_class))
            records += row["count_sum"]
    return records


def _broken(log: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> LogBroken | None:
    """Return what lies between two runs; None where nobody knows when that was."""
    times = before["start"], before["end"], after["start"], after["end"]
    if None in times:
        return None
    if after["end"] < before["start"]:  # the higher numbers are the older ones
        return _between(log, after["end"], before["start"], None)
    return _between(log, before["end"], after["start"], after["first"] - before["last"] - 1)


def _between(log: str, hour: int, until: int, missing: int | None) -> LogBroken | None:
    try:
        start, end = (_EPOCH + timedelta(hours=each) for each in (hour, max(hour, until) + 1))
    except OverflowError:  # beyond the calendar's years
        return None
    return LogBroken(log, f"{start:%Y-%m-%dT%H:%M:%SZ}", f"{end:%Y-%m-%dT%H:%M:%SZ}", missing)
