"""Count events in memory by host, class, log and sensor: what `counting` does in SQL, for an ingest that writes them.

An ingest writes hundreds of small files, and DuckDB would plan a query of a hundred expressions for each.
"""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from carlang.store.hollow import CLAIMED_BY, CLAIMS
from carlang.store.merging import Keys, id_runs, offsets
from carlang.store.statistics import ID_DIGITS, ID_RUN, LOGS, MARKED, MARKS, SCHEMA, chunk, mark

# Of a number without a type pyarrow asks whether it is one of dateutil's, which it looks for in vain: 35 us each time.
_NONE, _ONE = pa.scalar(0, pa.int64()), pa.scalar(1, pa.int64())
_HOUR = pa.scalar(3_600_000_000, pa.int64())
_FAR = pa.scalar(2_000_000_000, pa.int64())  # hours beyond which none is kept, so that they fit their type
_NO_HOUR = pa.scalar(None, pa.int64())


def count_events(events: pa.Table, object_name: str, action: str) -> pa.Table:
    """Return the inventory of events of one object and action, among them hollow records.

    Names of a host in different cases stay apart, which merge.
    """
    if not events.num_rows:
        return SCHEMA.empty_table()
    told_by = ("hostname", "sensor", "log_name") if (object_name, action) in LOGS else ("hostname", "sensor")
    keys = Keys.of(events, told_by)
    sums = _sums(events, keys)
    groups, hours = chunk(sums["key"]), _hour(events)
    columns = {
        "host": keys.texts("hostname", groups),
        "object": pa.repeat(pa.scalar(object_name, pa.string()), len(groups)),
        "action": pa.repeat(pa.scalar(action, pa.string()), len(groups)),
        "log": keys.texts("log_name", groups),
        "sensor": keys.texts("sensor", groups),
        "rows": sums["key_count"],
        "hollow": pa.repeat(_NONE, len(groups)),
        "timed": sums["time_count"],
        "first_time": sums["time_min"],
        "last_time": sums["time_max"],
        "filled": _filled(events, sums, _marks(events, keys.numbers) if (object_name, action) == MARKED else []),
        "hours": _hours(keys.numbers, hours, groups),
        "ids": _ids(keys.numbers, hours, events, groups),
    }
    counted = pa.table(columns).cast(SCHEMA)
    return pa.concat_tables([counted, *_hollow(events)])


def _sums(events: pa.Table, keys: Keys) -> pa.Table:
    """Return for each key the number of events, of those with a time, of values where some events have none."""
    partly = [n for n, c in zip(events.column_names, events.columns, strict=True) if 0 < c.null_count < len(c)]
    time = events["time"] if "time" in events.column_names else pa.nulls(events.num_rows, pa.timestamp("us", "UTC"))
    table = pa.table([keys.numbers, time, *(events[name] for name in partly)], ["key", "time", *map(_field, partly)])
    counts = [(_field(name), "count") for name in partly]
    wanted = [("key", "count"), ("time", "count"), ("time", "min"), ("time", "max"), *counts]
    return table.group_by("key", use_threads=False).aggregate(wanted).sort_by("key")


def _field(name: str) -> str:
    return f"field {name}"


def _marks(events: pa.Table, keys: pa.Array) -> list[pa.Table]:
    """Return how often each text stands in the fields of `MARKS`, by key."""
    tables = []
    for name in MARKS:
        if name in events.column_names and events[name].null_count < events.num_rows:
            texts = pc.binary_join_element_wise(mark(name), chunk(events[name].cast(pa.string())), "")
            table = pa.table([keys, texts], ["key", "mark"]).filter(pc.is_valid(texts))
            tables.append(table.group_by(["key", "mark"], use_threads=False).aggregate([([], "count_all")]))
    return tables


def _filled(events: pa.Table, sums: pa.Table, marks: Sequence[pa.Table]) -> pa.MapArray:
    """Return how many events of each key have a value, by field, and how often there are `marks`."""
    rows, groups = chunk(sums["key_count"]), pa.array(range(sums.num_rows), pa.int32())
    fields = [name for name in events.column_names if events[name].null_count < events.num_rows]
    texts = {text for table in marks for text in pc.unique(table["mark"]).to_pylist()}
    names = sorted({*fields, *texts})
    places = {name: place for place, name in enumerate(names)}
    counts = [chunk(sums[f"{_field(name)}_count"]) if events[name].null_count else rows for name in fields]
    # One table: for each of dozens of fields one, of a row a host, took longer than to count.
    numbers = [pa.repeat(pa.scalar(places[name], pa.int32()), len(groups)) for name in fields]
    columns = {"group": [groups] * len(fields), "name": numbers, "count": counts}
    parts = [pa.table({name: pa.concat_arrays(arrays) for name, arrays in columns.items()})] if fields else []
    numbered, keys = pa.array(names, pa.string()), chunk(sums["key"])
    parts += [
        pa.table(
            {
                "group": pc.index_in(table["key"], keys),
                "name": pc.index_in(table["mark"], numbered),
                "count": table["count_all"],
            }
        )
        for table in marks
    ]
    empty = pa.table({"group": groups[:0], "name": groups[:0], "count": rows[:0]})
    entries = pa.concat_tables([empty, *parts])
    entries = entries.filter(pc.greater(entries["count"], _NONE)).sort_by(
        [("group", "ascending"), ("name", "ascending")]
    )
    named = numbered.take(chunk(entries["name"]))
    return pa.MapArray.from_arrays(offsets(groups, chunk(entries["group"])), named, chunk(entries["count"]))


def _hours(keys: pa.Array, hours: pa.Array, groups: pa.Array) -> pa.ListArray:
    """Return for each key the runs of hours with events, those that follow one another as one."""
    table = (
        pa.table([keys, hours], ["key", "hour"])
        .filter(pc.is_valid(hours))
        .group_by(["key", "hour"], use_threads=False)
        .aggregate([])
    )
    table = table.sort_by([("key", "ascending"), ("hour", "ascending")])
    key, hour = chunk(table["key"]), chunk(table["hour"])
    follows = pc.and_(pc.equal(key[1:], key[:-1]), pc.equal(hour[1:], pc.add(hour[:-1], _ONE)))
    breaks = pc.invert(follows)
    edge = pa.array([True] * min(len(key), 1), pa.bool_())
    begins, ends = pa.concat_arrays([edge, breaks]), pa.concat_arrays([breaks, edge])
    runs = pa.StructArray.from_arrays(
        [hour.filter(begins).cast(pa.int32()), pc.add(hour.filter(ends), _ONE).cast(pa.int32())], ["start", "end"]
    )
    return pa.ListArray.from_arrays(offsets(groups, key.filter(begins)), runs)


def _ids(keys: pa.Array, hours: pa.Array, events: pa.Table, groups: pa.Array) -> pa.ListArray:
    """Return for each key the runs of numbers of records, by source."""
    if "record_id" not in events.column_names:
        return pa.ListArray.from_arrays(pa.array([0] * (len(groups) + 1), pa.int32()), pa.array([], ID_RUN))
    texts = chunk(events["record_id"].cast(pa.string()))
    source = events["source"].cast(pa.string()) if "source" in events.column_names else pa.nulls(len(keys), pa.string())
    table = pa.table([keys, source, texts, hours], ["group", "source", "id", "hour"])
    table = table.filter(pc.match_substring_regex(texts, f"^[0-9]{{1,{ID_DIGITS}}}$"))
    table = table.set_column(2, "id", table["id"].cast(pa.int64()))
    table = table.group_by(["group", "source", "id"], use_threads=False).aggregate([("hour", "min"), ("hour", "max")])
    count = pa.repeat(_ONE, len(table))
    columns = [table["group"], table["source"], count, table["id"], table["id"]]
    spans = [table[name].cast(pa.int32()) for name in ("hour_min", "hour_max")]
    runs = id_runs(pa.table([*columns, *spans], ["group", *(field.name for field in ID_RUN)]))
    listed = pa.StructArray.from_arrays([chunk(runs[field.name]) for field in ID_RUN], fields=list(ID_RUN))
    return pa.ListArray.from_arrays(offsets(groups, chunk(runs["group"])), listed)


def _hour(events: pa.Table) -> pa.Array:
    """Return the hour of each event since 1970; null without a time, and for those that are too far away."""
    time = events["time"] if "time" in events.column_names else pa.nulls(events.num_rows, pa.timestamp("us", "UTC"))
    moments = chunk(time.cast(pa.timestamp("us", "UTC")).cast(pa.int64()))
    hours = pc.divide(moments, _HOUR)
    hours = pc.if_else(pc.less(moments, pc.multiply(hours, _HOUR)), pc.subtract(hours, _ONE), hours)
    return pc.if_else(pc.less_equal(pc.abs(hours), _FAR), hours, _NO_HOUR)


def _hollow(events: pa.Table) -> list[pa.Table]:
    """Return the hollow records by host and the classes that they would be of."""
    if CLAIMED_BY not in events.column_names or events[CLAIMED_BY].null_count == events.num_rows:
        return []
    claiming = events.filter(pc.is_valid(events[CLAIMED_BY]))
    claims = pc.split_pattern(chunk(claiming[CLAIMED_BY]), CLAIMS)
    of_row, classes = pc.list_parent_indices(claims), pc.split_pattern(pc.list_flatten(claims), "/")
    hosts = claiming["hostname"] if "hostname" in events.column_names else pa.nulls(len(claiming), pa.string())
    table = pa.table(
        {
            "host": hosts.cast(pa.string()).take(of_row),
            "object": pc.list_element(classes, 0),
            "action": pc.list_element(classes, 1),
        }
    )
    counted = table.group_by(["host", "object", "action"], use_threads=False).aggregate([([], "count_all")])
    rows = [
        {
            "host": host,
            "object": owner,
            "action": action,
            "rows": 0,
            "hollow": count,
            "timed": 0,
            "filled": [],
            "hours": [],
            "ids": [],
        }
        for host, owner, action, count in zip(*(column.to_pylist() for column in counted.columns), strict=True)
    ]
    return [pa.Table.from_pylist(rows, SCHEMA)]
