"""What is known of events without reading them, by host: the inventory, how it merges, and how footers hold it.

An inventory is an Arrow table, `SCHEMA`, a row for each host, object, action, log and sensor. Those of parts of a store
merge into that of the whole. Each file holds its own in its footer, as text: names stand there once, counts beside
their numbers, all of it compressed. Fifty thousand hosts with twenty fields take 3 MB of a file, which takes gigabytes.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable

import pyarrow as pa
import pyarrow.compute as pc

from carlang.database.connection import open_shared

SCHEMA = pa.schema(
    [
        ("host", pa.string()),  # of names that differ in case the first in order; null for events without one
        ("object", pa.string()),
        ("action", pa.string()),
        ("log", pa.string()),  # of the classes in `LOGS` alone
        ("sensor", pa.string()),
        ("rows", pa.int64()),
        ("hollow", pa.int64()),  # records that would be such events, and have nothing of them in them
        ("timed", pa.int64()),  # rows that have a time
        ("first_time", pa.timestamp("us", "UTC")),
        ("last_time", pa.timestamp("us", "UTC")),
        ("filled", pa.map_(pa.string(), pa.int64())),  # by field, the rows that have a value; without those at 0
        ("hours", pa.list_(pa.struct([("start", pa.int32()), ("end", pa.int32())]))),  # runs of hours since 1970
    ]
)
"""The columns of an inventory. A run of hours has events in each hour from `start` to before `end`."""

Class = tuple[str, str]
"""An object and an action."""

LOGS: tuple[Class, ...] = (("event", "log"), ("system", "log_clear"))
"""The classes that are counted by log: records of logs, and that a log was emptied."""

NO_FILL = "MAP([]::VARCHAR[], []::BIGINT[])"
NO_HOURS = '[]::STRUCT("start" INTEGER, "end" INTEGER)[]'

_KEYS = ("k", "object", "action", "log", "sensor")
_TEXTS = ("object", "action", "log", "sensor")
_STORED = pa.schema(
    [
        SCHEMA.field("host"),
        *((name, pa.int32()) for name in _TEXTS),
        *(SCHEMA.field(name) for name in ("rows", "hollow", "timed", "first_time", "last_time")),
        ("filled", pa.map_(pa.int32(), pa.int64())),
        SCHEMA.field("hours"),
    ]
)
"""The columns as footers hold them: texts are numbers of names."""
_MOST_BYTES = 1 << 30
"""What statistics may become when they are unpacked: some ten million hosts. A file that says more is not believed."""
_SIZE = 4  # bytes of the number that stands in front of the names


_GROUP = ", ".join(_KEYS)


def _on(side: str) -> str:
    """Return the condition that rows of `sums` and of another table are of the same events."""
    return " AND ".join(f"sums.{key} IS NOT DISTINCT FROM {side}.{key}" for key in _KEYS)


# Most rows are the only ones of their events, and stay as they are. Of the others fields are counted in a table of
# their own, a row a field, and runs of hours that touch become one.
_MERGE = f"""
    WITH keyed AS (
      SELECT *, lower(host) AS k, count(*) OVER (PARTITION BY lower(host), object, action, log, sensor) AS parts_of
      FROM parts),
    split AS (SELECT * FROM keyed WHERE parts_of > 1),
    fields AS (
      SELECT {_GROUP}, MAP(list(name ORDER BY name), list(n ORDER BY name)) AS filled FROM (
        SELECT {_GROUP}, entry.key AS name, sum(entry.value)::BIGINT AS n FROM (
          SELECT {_GROUP}, unnest(map_entries(filled)) AS entry FROM split) GROUP BY ALL)
      GROUP BY ALL),
    runs AS (SELECT {_GROUP}, unnest(hours) AS run FROM split),
    ends AS (
      SELECT {_GROUP}, run."start" AS s, run."end" AS e,
        max(run."end") OVER (PARTITION BY {_GROUP} ORDER BY run."start", run."end"
          ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before FROM runs),
    islands AS (
      SELECT *, sum(CASE WHEN before >= s THEN 0 ELSE 1 END) OVER (PARTITION BY {_GROUP}
        ORDER BY s, e ROWS UNBOUNDED PRECEDING) AS island FROM ends),
    hours AS (
      SELECT {_GROUP}, list({{'start': s, 'end': e}} ORDER BY s) AS hours FROM (
        SELECT {_GROUP}, island, min(s) AS s, max(e) AS e FROM islands GROUP BY ALL)
      GROUP BY ALL),
    sums AS (
      SELECT {_GROUP}, min(host) AS host, sum(rows)::BIGINT AS rows, sum(hollow)::BIGINT AS hollow,
        sum(timed)::BIGINT AS timed, min(first_time) AS first_time, max(last_time) AS last_time
      FROM split GROUP BY ALL),
    merged AS (
      SELECT sums.*, coalesce(filled, {NO_FILL}) AS filled, coalesce(hours, {NO_HOURS}) AS hours
      FROM sums LEFT JOIN fields ON {_on("fields")} LEFT JOIN hours ON {_on("hours")})
    SELECT * EXCLUDE (k) FROM (
      SELECT * FROM merged UNION ALL BY NAME SELECT * EXCLUDE (parts_of) FROM keyed WHERE parts_of = 1)
    ORDER BY {_GROUP}
"""  # noqa: S608  # the names are those above


def merge_inventories(tables: Iterable[pa.Table]) -> pa.Table:
    """Return one inventory of the events of several, which have no event in common."""
    parts = pa.concat_tables([SCHEMA.empty_table(), *tables])
    with open_shared() as connection:
        connection.register("parts", parts)
        return typed(connection.sql(_MERGE).to_arrow_table())


def typed(table: pa.Table) -> pa.Table:
    """Return a table of an inventory's columns with their types."""
    return table.select(SCHEMA.names).cast(SCHEMA)


def packed(inventory: pa.Table) -> str:
    """Return the inventory of a file as its footer holds it: in ASCII, as Parquet's metadata are text."""
    table = inventory.combine_chunks()
    filled = _chunk(table["filled"])
    texts = pc.unique(pa.concat_arrays([*(_chunk(table[name]) for name in _TEXTS), filled.keys])).drop_null()
    names = texts.take(pc.sort_indices(texts))  # so that the order of the numbers is that of the names
    columns = {name: table[name] for name in SCHEMA.names}
    columns |= {name: pc.index_in(table[name], names) for name in _TEXTS}
    columns["filled"] = _numbered(filled, _chunk(table["rows"]), names)
    batch = pa.table(columns).cast(_STORED).combine_chunks().to_batches() or [pa.RecordBatch.from_pylist([], _STORED)]
    listed = json.dumps(names.to_pylist()).encode()
    content = len(listed).to_bytes(_SIZE, "little") + listed + batch[0].serialize().to_pybytes()
    return f"{len(content)}:" + base64.b64encode(pa.compress(content, "zstd", asbytes=True)).decode("ascii")


def _numbered(filled: pa.MapArray, rows: pa.Array, names: pa.Array) -> pa.MapArray:
    """Return maps by numbers of names, what all rows have first: the same counts side by side take hardly any room."""
    is_part = pc.not_equal(filled.items, rows.take(pc.list_parent_indices(_as_lists(filled))))
    return _ordered(pa.MapArray.from_arrays(filled.offsets, pc.index_in(filled.keys, names), filled.items), is_part)


def _ordered(filled: pa.MapArray, first: pa.Array | None = None) -> pa.MapArray:
    """Return maps with their entries in the order of `first`, if it is given, and then of their keys."""
    keys = {"row": pc.list_parent_indices(_as_lists(filled)), "first": first, "key": filled.keys}
    entries = pa.table({name: column for name, column in keys.items() if column is not None})
    order = pc.sort_indices(entries, sort_keys=[(name, "ascending") for name in entries.column_names])
    return pa.MapArray.from_arrays(filled.offsets, filled.keys.take(order), filled.items.take(order))


def _as_lists(filled: pa.MapArray) -> pa.ListArray:
    # Arrow tells the row of each entry for lists alone.
    return pa.ListArray.from_arrays(filled.offsets, filled.items)


def unpacked(text: str) -> pa.Table | None:
    """Return the inventory that a footer holds; None where the text is none, as another program may have written it."""
    try:
        size, _, content = text.partition(":")
        if not 0 < int(size) <= _MOST_BYTES:
            return None
        raw = pa.decompress(base64.b64decode(content, validate=True), int(size), "zstd")
        behind = _SIZE + int.from_bytes(raw[:_SIZE].to_pybytes(), "little")
        names = pa.array(json.loads(raw[_SIZE:behind].to_pybytes()), pa.string())
        batch = pa.ipc.read_record_batch(raw[behind:], _STORED)
        batch.validate(full=True)
        columns = {name: batch[name] for name in SCHEMA.names}
        columns |= {name: names.take(batch[name]) for name in _TEXTS}
        filled = _ordered(batch["filled"])
        columns["filled"] = pa.MapArray.from_arrays(filled.offsets, names.take(filled.keys), filled.items)
        return pa.table(columns, schema=SCHEMA)
    except (ValueError, TypeError, IndexError, OSError, pa.ArrowException):
        return None


def _chunk(column: pa.ChunkedArray) -> pa.Array:
    """Return a column as one array that begins at its first value."""
    array = column.combine_chunks()
    return array.chunk(0) if isinstance(array, pa.ChunkedArray) else array
