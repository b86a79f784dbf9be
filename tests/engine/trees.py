"""Small stores of the tests' own: plain Parquet trees, `<object>/<action>/*.parquet`, and programs run over them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

import carlang
from carlang.analytic import load_text
from carlang.engine import Session
from carlang.model import builtin_model

START = datetime(2020, 1, 1, tzinfo=UTC)
NOW = datetime(2020, 6, 15, 12, tzinfo=UTC)
Row = Mapping[str, Any]

_MOST_SESSIONS = 4
_sessions: dict[Path, Session] = {}

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
    columns |= dict.fromkeys(types or {})
    schema = pa.schema([(name, known.get(name, pa.string())) for name in columns])
    table = pa.Table.from_pylist([dict(row) for row in rows], schema=schema)
    path = folder / f"{len(list(folder.iterdir()))}.parquet"
    pq.write_table(table, path)
    if root in _sessions:
        _sessions.pop(root).close()
    return path


def session(root: Path) -> Session:
    """Return a session over a store; it is kept, since opening one takes longer than a query, until a file is added."""
    if root not in _sessions:
        while len(_sessions) >= _MOST_SESSIONS:
            _sessions.pop(next(iter(_sessions))).close()
        _sessions[root] = Session(carlang.open_store(root), builtin_model())
    return _sessions[root]


def close_sessions() -> None:
    while _sessions:
        _sessions.popitem()[1].close()


def numbered(values: Iterable[Any], field: str, **others: Any) -> list[dict[str, Any]]:
    """Return an event for each value, its `record_id` the value's place."""
    return [
        {"record_id": i, "time": START + timedelta(seconds=i), field: value, **others} for i, value in enumerate(values)
    ]


def run(root: Path, text: str, now: datetime = NOW) -> list[dict[str, Any]]:
    """Return the rows of a program's last output."""
    output = load_text(text).outputs()[-1]
    return session(root).run(output, now).rows()


def where(root: Path, condition: str, events: str = "Process:Create") -> list[int]:
    """Return the `record_id`s of the events for which a condition holds."""
    rows = run(root, f"p = search {events}\nq = filter p where ({condition})\noutput q")
    return [int(row["record_id"]) for row in rows]


def values(root: Path, expression: str, events: str = "Process:Create") -> list[Any]:
    """Return an expression's value for each event."""
    rows = run(root, f"p = search {events}\np.found = {expression}\noutput p")
    return [row["found"] for row in rows]


def flags(root: Path, conditions: Sequence[str], events: str = "Process:Create") -> list[list[int]]:
    """Return, for each of some conditions, the `record_id`s of the events for which it holds; one query for all."""
    lines = [f"p.c{i} = ({condition})" for i, condition in enumerate(conditions)]
    rows = run(root, "\n".join([f"p = search {events}", *lines, "output p"]))
    return [[int(row["record_id"]) for row in rows if row[f"c{i}"]] for i in range(len(conditions))]
