"""The Arrow tables between the stations of a record's way: chunk, records with their headers, events."""

from __future__ import annotations

from collections.abc import Set as AbstractSet

import pyarrow as pa
import pyarrow.compute as pc

from carlang.store import CLAIMED_BY

POSITION = "position"
"""The column that tells of which record of a table a row of a query's result is."""

EVENT_TIME = "event_time"
"""The column of a record's time."""

CHUNK_SCHEMA = pa.schema(
    [
        (POSITION, pa.int64()),
        ("file", pa.int32()),
        ("source", pa.string()),
        ("number", pa.int64()),
        ("line", pa.string()),
        ("fault", pa.string()),
        ("shape", pa.string()),
    ]
)
"""Raw records and faults; `position` counts within the chunk, `file` within the batch.

`shape` stands where it is known, and that the line is a whole record.
"""

LINES_SCHEMA = pa.schema([CHUNK_SCHEMA.field(name) for name in (POSITION, "line", "fault")])
"""What the query for shapes reads."""

BODIES_SCHEMA = pa.schema([CHUNK_SCHEMA.field(name) for name in (POSITION, "line")])
"""What the query for headers reads."""

RECORDS_SCHEMA = pa.schema(
    [
        (POSITION, pa.int64()),
        ("source", pa.string()),
        ("number", pa.int64()),
        ("line", pa.string()),
        ("shape", pa.string()),
        ("channel", pa.string()),
        ("event_id", pa.int64()),
        ("provider", pa.string()),
        ("computer", pa.string()),
        ("record_id", pa.string()),
        ("level", pa.string()),
        (EVENT_TIME, pa.timestamp("us", tz="UTC")),
        ("data", pa.string()),
        ("message", pa.string()),
        (CLAIMED_BY, pa.string()),
    ]
)
"""What the query of a mapping reads."""

TIMES_SCHEMA = pa.schema([("unread_time", pa.string()), ("unzoned", pa.bool_())])
"""What is to be said of a record's time: its text where it could not be read, and whether its zone is unknown."""

_UNCLAIMED = [field for field in RECORDS_SCHEMA if field.name != CLAIMED_BY]

ROUTED_SCHEMA = pa.schema([*_UNCLAIMED, CHUNK_SCHEMA.field("file"), *TIMES_SCHEMA])
"""Records that wait for the queries of their mappings; `position` counts within the batch."""

_OF_CHUNK = ("source", "number", "line")

HEADERS_SCHEMA = pa.schema(
    [*(f for f in _UNCLAIMED if f.name not in _OF_CHUNK), *TIMES_SCHEMA, ("members", pa.string())]
)
"""What records say of themselves; `position` counts within the chunk."""


def with_headers(chunk: pa.Table, headers: pa.Table, begin: int) -> pa.Table:
    """Return the records of a chunk with their headers; `begin` is the position of the chunk's first in the batch."""
    rows = chunk.select([*_OF_CHUNK, "file"])
    # Headers of one shape that are as many as the chunk's rows are in its order; to take them out would copy all lines.
    if headers.num_rows < chunk.num_rows or len(headers["shape"].unique()) > 1:
        rows = rows.take(headers[POSITION])
    positions = pc.add(headers[POSITION], begin)
    rows = rows.append_column(CHUNK_SCHEMA.field(POSITION), positions)
    columns = [rows[name] if name in rows.column_names else headers[name] for name in ROUTED_SCHEMA.names]
    return pa.table(columns, schema=ROUTED_SCHEMA)


def without_lines(rows: pa.Table, made_over: AbstractSet[str]) -> pa.Table:
    """Return records with their lines where these are the data alone, and where the data were `made_over` in a shape.

    Elsewhere the data are a copy of most of the line: records that wait for their queries would take twice the memory.
    """
    needed = pc.is_null(rows["data"])
    if not made_over.isdisjoint(rows["shape"].unique().to_pylist()):
        needed = pc.or_(needed, pc.is_in(rows["shape"], value_set=pa.array(sorted(made_over), pa.string())))
    count = pc.sum(needed).as_py() or 0
    if count == rows.num_rows:
        return rows
    nothing = pa.scalar(None, pa.string())
    lines = pc.if_else(needed, rows["line"], nothing) if count else pa.repeat(nothing, rows.num_rows)
    return rows.set_column(rows.schema.get_field_index("line"), ROUTED_SCHEMA.field("line"), lines)
