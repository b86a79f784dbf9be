"""Small stores of the tests' own: plain Parquet trees, `<object>/<action>/*.parquet`, and programs run over them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

import carlang

START = datetime(2020, 1, 1, tzinfo=UTC)
NOW = datetime(2020, 6, 15, 12, tzinfo=UTC)
Row = Mapping[str, Any]

_TYPES = {
    "time": pa.timestamp("us", "UTC"),
    "start_time": pa.timestamp("us", "UTC"),
    "end_time": pa.timestamp("us", "UTC"),
    "record_id": pa.int64(),
    "pid": pa.int64(),
    "ppid": pa.int64(),
    "dest_port": pa.int64(),
    "in_bytes": pa.int64(),
    "out_bytes": pa.int64(),
    "signature_valid": pa.bool_(),
}


def write(root: Path, kind: str, rows: Sequence[Row], types: Mapping[str, pa.DataType] | None = None) -> Path:
    """Add a file of events; `kind` is `object/action`. Rows get a time and a record_id where they have none."""
    folder = root / kind
    folder.mkdir(parents=True, exist_ok=True)
    known = {**_TYPES, **(types or {})}
    columns = {name: None for row in rows for name in row}
    columns |= {name: None for name in (types or {})}
    schema = pa.schema([(name, known.get(name, pa.string())) for name in columns])
    table = pa.Table.from_pylist([dict(row) for row in rows], schema=schema)
    path = folder / f"{len(list(folder.iterdir()))}.parquet"
    pq.write_table(table, path)
    return path


def numbered(values: Iterable[Any], field: str, **others: Any) -> list[dict[str, Any]]:
    """Return an event for each value, its `record_id` the value's place."""
    return [
        {"record_id": i, "time": START + timedelta(seconds=i), field: value, **others} for i, value in enumerate(values)
    ]


def run(root: Path, text: str, **options: Any) -> list[dict[str, Any]]:
    """Return the rows of a program's last output."""
    options.setdefault("now", NOW)
    result = carlang.run(text, carlang.open_store(root), **options)
    return list(result.values())[-1].rows()


def where(root: Path, condition: str, events: str = "Process:Create") -> list[int]:
    """Return the `record_id`s of the events for which a condition holds."""
    rows = run(root, f"p = search {events}\nq = filter p where ({condition})\noutput q")
    return [row["record_id"] for row in rows]


def values(root: Path, expression: str, events: str = "Process:Create") -> list[Any]:
    """Return an expression's value for each event."""
    rows = run(root, f"p = search {events}\np.found = {expression}\noutput p")
    return [row["found"] for row in rows]
