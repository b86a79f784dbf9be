"""Stores whose events stand at, just below and just above a value, and conditions asked of them through the library."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

import carlang

START = datetime(2024, 2, 29, 23, 59, 59, tzinfo=UTC)
TICK = timedelta(microseconds=1)
"""The least distance between two times."""

_TIME = pa.timestamp("us", "UTC")
_TYPES = {
    **dict.fromkeys(("time", "creation_time", "start_time", "end_time"), _TIME),
    **dict.fromkeys(("record_id", "pid", "ppid", "dest_port", "src_port", "in_bytes"), pa.int64()),
    "signature_valid": pa.bool_(),
}

ORDERED = {
    # below at above missing
    "<": "T...",
    "<=": "TT..",
    ">": "..T.",
    ">=": ".TT.",
    "==": ".T..",
    "=": ".T..",
    "!=": "T.TT",
    "<>": "T.TT",
}
"""What every operator says of a value just below another, at it, just above it, and of a missing one."""

TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "=": "=", "!=": "!=", "<>": "<>"}
"""The operator that says the same when its sides are exchanged."""


def store_of(folder: Path, kind: str, events: Iterable[Mapping[str, Any]], name: str = "events") -> Path:
    """Write events of `object/action` as a file of a plain tree; each gets its number as `record_id`."""
    rows = [{"record_id": number} | dict(event) for number, event in enumerate(events)]
    columns = dict.fromkeys(column for row in rows for column in row)
    schema = pa.schema([(column, _TYPES.get(column, pa.string())) for column in columns])
    (folder / kind).mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), folder / kind / f"{name}.parquet")
    return folder


def truths(folder: Path, search: str, conditions: Sequence[str], before: Sequence[str] = ()) -> dict[str, str]:
    """Return what each condition says of the events in the order of their numbers, `T` or `.`; one run for all.

    `before` are statements about the stream `p`, such as derived fields, that the conditions need.
    """
    asked = list(dict.fromkeys(conditions))
    derived = [f"p.c{number} = ({condition})" for number, condition in enumerate(asked)]
    text = "\n".join([f"p = search {search}", *before, *derived, "output p"])
    rows = carlang.run(text, carlang.open_store(folder))["p"].rows()
    rows.sort(key=lambda row: int(row["record_id"]))
    assert all(isinstance(row[f"c{number}"], bool) for row in rows for number in range(len(asked)))
    return {c: "".join("T" if row[f"c{number}"] else "." for row in rows) for number, c in enumerate(asked)}


def opposite(truth: str) -> str:
    """Return the truth of `not (…)`."""
    return truth.translate(str.maketrans("T.", ".T"))


def kept(folder: Path, condition: str, search: str) -> list[int]:
    """Return the numbers of the events that a filter keeps."""
    rows = carlang.run(f"search {search} | filter {condition}", carlang.open_store(folder))["result"].rows()
    return [int(row["record_id"]) for row in rows]
