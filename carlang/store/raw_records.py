"""The records that events were made of, where a store keeps them."""

from __future__ import annotations

import pyarrow as pa

from carlang.database import quoted, text_literal
from carlang.store.columns import RAW, RECORD_ID
from carlang.store.lookup import Lookup
from carlang.store.starts import MOMENT
from carlang.store.statistics import Class


def raw_records(lookup: Lookup, name: Class, time: int | None, source: str | None, record_id: str | None) -> list[str]:
    """Return the records of the events of a class that have this time, in microseconds, this source and this id.

    There is one, but where a record had no id, or came in twice; none where an ingest did not keep them. Raises
    `EngineError` where the limits are passed.
    """
    files = [file for file in lookup.store.files(name[0], [name[1]]) if file.rows and file.filled.get(RAW)]
    if not files:
        return []
    present = set().union(*(file.filled for file in files))
    paths = ", ".join(text_literal(str(file.path)) for file in files)
    rows = f"read_parquet([{paths}], union_by_name = true, hive_partitioning = false)"
    asked: dict[str, pa.Array] = {
        "time": pa.array([time], pa.int64()),
        "source": pa.array([source], pa.string()),
        RECORD_ID: pa.array([record_id], pa.string()),
    }
    values = {name: f"CAST({quoted(name)} AS VARCHAR)" if name != "time" else MOMENT for name in asked}
    read = [f"{values[name] if name in present else 'NULL'} AS {quoted(name)}" for name in asked]
    equal = [f"events.{quoted(name)} IS NOT DISTINCT FROM asked.{quoted(name)}" for name in asked if name in present]
    query = (
        f"SELECT DISTINCT {RAW} FROM (SELECT {RAW}, {', '.join(read)} FROM {rows}) AS events, asked "  # noqa: S608  # quoted
        f"WHERE {' AND '.join([*equal, f'{RAW} IS NOT NULL'])} ORDER BY ALL"
    )
    return [record for (record,) in lookup.rows(query, {"asked": pa.table(asked)})]
