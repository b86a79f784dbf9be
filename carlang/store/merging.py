"""Merge inventories: rows of the same events become one. In Arrow, as there are hundreds of thousands of a fleet's.

Texts become numbers, and the numbers of a row's texts one key, by which rows are put together.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from carlang.store.statistics import ID_GAP, ID_RUN, SCHEMA, as_lists, chunk

_BY = ("folded", "object", "action", "log", "sensor")
_WIDE = 1 << 34  # more hours than lie between the first and the last that there can be
_NO_TEXT = pa.array([], pa.string())


@dataclass(frozen=True, slots=True)
class Keys:
    """Some columns of texts as one number a row, and the texts that the parts of a number stand for."""

    numbers: pa.Array
    parts: Mapping[str, tuple[int, pa.Array]]

    @classmethod
    def of(cls, table: pa.Table, names: Sequence[str]) -> Keys:
        """Number the rows of a table by some of its columns; one that is not there is empty."""
        numbers = pa.repeat(pa.scalar(0, pa.int64()), table.num_rows)
        parts: dict[str, tuple[int, pa.Array]] = {}
        size = 1
        for name in names:
            if name not in table.column_names:
                continue
            encoded = chunk(table[name].cast(pa.string())).dictionary_encode()
            places = pc.fill_null(encoded.indices.cast(pa.int64()), len(encoded.dictionary))
            numbers = pc.add(numbers, pc.multiply(places, size))
            parts[name] = size, encoded.dictionary
            size *= len(encoded.dictionary) + 1  # one for what has no text
        return cls(numbers, parts)

    def texts(self, name: str, numbers: pa.Array) -> pa.Array:
        """Return the texts of a column that numbers stand for."""
        size, texts = self.parts.get(name, (1, _NO_TEXT))
        count = len(texts) + 1
        places = pc.divide(numbers, size)
        places = pc.subtract(places, pc.multiply(pc.divide(places, count), count))
        return texts.take(pc.if_else(pc.equal(places, len(texts)), None, places))


def offsets(groups: pa.Array, of_entries: pa.Array) -> pa.Array:
    """Return where the entries of each group begin, and where the last ones end; entries are in the order of groups."""
    # Not by `group_by`, which loads Arrow's data sets: a warm run needs them for nothing else.
    counted = pc.value_counts(of_entries)
    places = pc.index_in(groups, counted.field("values"))
    counts = pc.fill_null(counted.field("counts").take(places), 0)
    return pa.concat_arrays([pa.array([0], pa.int64()), pc.cumulative_sum(counts)]).cast(pa.int32())


def merge_inventories(tables: Iterable[pa.Table]) -> pa.Table:
    """Return one inventory of the events of several, which have no event in common."""
    parts = pa.concat_tables([SCHEMA.empty_table(), *tables]).combine_chunks()
    parts = parts.append_column("folded", pc.utf8_lower(parts["host"]))
    parts = parts.append_column("key", Keys.of(parts, _BY).numbers)
    counted = parts.select(["key"]).group_by("key", use_threads=False).aggregate([([], "count_all")])
    again = counted.filter(pc.greater(counted["count_all"], 1))["key"]
    # Most rows are the only ones of their events, and stay as they are.
    is_split = pc.is_in(parts["key"], chunk(again))
    merged = pa.concat_tables([parts.filter(pc.invert(is_split)), _merged(parts.filter(is_split))])
    # Texts in order, and what has none behind them.
    return merged.sort_by([(name, "ascending") for name in _BY]).select(SCHEMA.names).combine_chunks()


def merge_hours(inventory: pa.Table) -> pa.Table:
    """Return the hosts of an inventory, each once, with the runs of hours in which it has events of any kind.

    They come in the order of their names without case, what has no name behind them.
    """
    parts = inventory.select(["host", "hours"])
    parts = parts.append_column("folded", pc.utf8_lower(parts["host"]))
    parts = parts.sort_by([("folded", "ascending"), ("host", "ascending")]).combine_chunks()
    folded = chunk(parts["folded"]).dictionary_encode()
    key = pc.fill_null(folded.indices.cast(pa.int64()), len(folded.dictionary))
    keys = key.unique()
    hosts = chunk(parts["host"]).take(pc.index_in(keys, key))
    return pa.table({"host": hosts, "hours": _hours(parts.append_column("key", key), keys)})


def _merged(parts: pa.Table) -> pa.Table:
    """Return a row for each key."""
    parts = parts.combine_chunks()
    sums = [(name, "sum") for name in ("rows", "hollow", "timed")]
    firsts = [(name, "min") for name in ("host", *_BY, "first_time")]
    grouped = parts.drop_columns(["filled", "hours", "ids"]).group_by("key", use_threads=False)
    table = grouped.aggregate([*sums, *firsts, ("last_time", "max")]).sort_by("key")
    keys = chunk(table["key"])
    columns = {name.rpartition("_")[0] or name: table[name] for name in table.column_names}
    columns["filled"] = _filled(parts, keys)
    columns["hours"] = _hours(parts, keys)
    columns["ids"] = _ids(parts, keys)
    return pa.table({name: columns[name] for name in parts.column_names}).cast(parts.schema)


def _filled(parts: pa.Table, keys: pa.Array) -> pa.MapArray:
    """Return the sums of counts by field, of each key."""
    filled = chunk(parts["filled"])
    encoded = filled.keys.dictionary_encode()
    order = pc.sort_indices(encoded.dictionary)
    names, count = encoded.dictionary.take(order), len(order)
    of_row = pc.index_in(chunk(parts["key"]), keys).cast(pa.int64())
    # A number for each key and name, in the order of both: groups of numbers are added up in half the time of texts.
    cell = pc.multiply(of_row.take(pc.list_parent_indices(as_lists(filled))), count)
    cell = pc.add(cell, pc.sort_indices(order).take(encoded.indices).cast(pa.int64()))
    grouped = pa.table([cell, filled.items], ["cell", "count"]).group_by("cell", use_threads=False)
    sums = grouped.aggregate([("count", "sum")]).sort_by("cell")
    cell = chunk(sums["cell"])
    key = pc.divide(cell, count) if count else cell
    name = names.take(pc.subtract(cell, pc.multiply(key, count)))
    return pa.MapArray.from_arrays(offsets(pa.array(range(len(keys)), pa.int64()), key), name, chunk(sums["count_sum"]))


def _hours(parts: pa.Table, keys: pa.Array) -> pa.ListArray:
    """Return the runs of hours of each key, those that overlap or touch as one."""
    hours = chunk(parts["hours"])
    key = pc.index_in(chunk(parts["key"]), keys).cast(pa.int64()).take(pc.list_parent_indices(hours))
    runs = hours.flatten()
    # The hours of each key lie far from those of the key before, so that none of them touch.
    start, end = (pc.add(runs.field(name).cast(pa.int64()), pc.multiply(key, _WIDE)) for name in ("start", "end"))
    table = pa.table([start, end, key], ["start", "end", "key"]).sort_by("start")
    start, end, key = (chunk(table[name]) for name in table.column_names)
    reached = pc.cumulative_max(end)
    edge = pa.array([True] * min(len(start), 1), pa.bool_())
    breaks = pc.greater(start[1:], reached[:-1])
    begins, ends = pa.concat_arrays([edge, breaks]), pa.concat_arrays([breaks, edge])
    of_run = key.filter(begins)
    base = pc.multiply(of_run, _WIDE)
    joined = [pc.subtract(start.filter(begins), base), pc.subtract(reached.filter(ends), base)]
    listed = pa.StructArray.from_arrays([each.cast(pa.int32()) for each in joined], ["start", "end"])
    return pa.ListArray.from_arrays(offsets(pa.array(range(len(keys)), pa.int64()), of_run), listed)


def _ids(parts: pa.Table, keys: pa.Array) -> pa.ListArray:
    """Return the runs of numbers of each key."""
    ids = chunk(parts["ids"])
    key = pc.index_in(chunk(parts["key"]), keys).take(pc.list_parent_indices(ids))
    runs = id_runs(pa.table({"group": key} | {field.name: ids.flatten().field(field.name) for field in ID_RUN}))
    listed = pa.StructArray.from_arrays([chunk(runs[field.name]) for field in ID_RUN], fields=list(ID_RUN))
    return pa.ListArray.from_arrays(offsets(pa.array(range(len(keys)), pa.int32()), chunk(runs["group"])), listed)


def id_runs(runs: pa.Table) -> pa.Table:
    """Return runs of numbers with those between which there is no gap as one; `group` and source tell them apart.

    They come in the order of groups, sources and numbers.
    """
    runs = runs.sort_by([(name, "ascending") for name in ("group", "source", "first")]).combine_chunks()
    if not len(runs):
        return runs
    group, source = chunk(runs["group"]), pc.fill_null(chunk(runs["source"]), "\0")
    differs = pc.or_(pc.not_equal(group[1:], group[:-1]), pc.not_equal(source[1:], source[:-1]))
    edge = pa.array([True], pa.bool_())
    log = pc.cumulative_sum(pa.concat_arrays([edge, differs]).cast(pa.int64()))
    first, last = chunk(runs["first"]), chunk(runs["last"])
    # The numbers of each group and source lie behind those of the one before, no further than they must: millions of
    # hosts and sources are to fit 64 bits.
    base = pc.multiply(log, pc.add(pc.subtract(pc.max(last), pc.min(first)), ID_GAP + 1))
    reached = pc.cumulative_max(pc.add(last, base))
    breaks = pc.or_(differs, pc.greater(pc.subtract(pc.add(first, base)[1:], reached[:-1]), ID_GAP))
    begins, ends = pa.concat_arrays([edge, breaks]), pa.concat_arrays([breaks, edge])
    run = pc.cumulative_sum(begins.cast(pa.int64()))
    counted = pc.cumulative_sum(chunk(runs["count"])).filter(ends)
    joined = {
        "group": group.filter(begins),
        "source": chunk(runs["source"]).filter(begins),
        "count": pc.subtract(counted, pa.concat_arrays([pa.array([0], pa.int64()), counted[:-1]])),
        "first": first.filter(begins),
        "last": pc.subtract(reached, base).filter(ends),
        "start": _least(chunk(runs["start"]), run, ends),
        "end": _most(chunk(runs["end"]).cast(pa.int64()), run, ends),
    }
    return pa.table({name: joined[name] for name in runs.column_names}).cast(runs.schema)


def _most(numbers: pa.Array, run: pa.Array, ends: pa.Array) -> pa.Array:
    """Return the largest of the numbers of each run, which are hours; null where it has none."""
    base = pc.multiply(run, _WIDE)
    none = pa.scalar(-_WIDE // 2 + 1, pa.int64())
    largest = pc.subtract(pc.cumulative_max(pc.add(pc.fill_null(numbers, none), base)), base).filter(ends)
    return pc.if_else(pc.equal(largest, none), None, largest)


def _least(numbers: pa.Array, run: pa.Array, ends: pa.Array) -> pa.Array:
    return pc.negate(_most(pc.negate(numbers.cast(pa.int64())), run, ends))
