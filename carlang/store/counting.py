"""Count events by host, object, action, log and sensor: the queries that make an inventory of rows."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import duckdb
import pyarrow as pa

from carlang.database import quoted, text_literal
from carlang.store.files import StoreFile
from carlang.store.hollow import CLAIMED_BY, claims_query
from carlang.store.statistics import LOGS, NO_FILL, NO_HOURS, SCHEMA, Class, typed

_HOUR = 3_600_000_000


def parquet_rows(files: Sequence[StoreFile]) -> str:
    """Return the SQL of all rows of files."""
    paths = ", ".join(text_literal(str(file.path)) for file in files)
    return f"read_parquet([{paths}], union_by_name = true, hive_partitioning = false)"


def count_rows(
    connection: duckdb.DuckDBPyConnection,
    rows: str,
    described: StoreFile,
    parameters: Mapping[str, Any] | None = None,
) -> pa.Table:
    """Return the inventory of rows that are to be written, among them the hollow records; `rows` is SQL.

    `described` says of which class they are, and which of their columns have a value in all of them or in none, as a
    file that they are some of or all of.
    """
    name = described.object, described.action
    query = class_query(name, rows, [described])
    if described.filled.get(CLAIMED_BY):
        hollow = hollow_query(claims_query(rows, has_host="hostname" in described.filled))
        query = f"({query}) UNION ALL BY NAME ({hollow})"
    connection.complete()  # DuckDB does nothing more while a row of the statement before is left to fetch
    ordered = f"SELECT * FROM ({query}) ORDER BY lower(host), object, action, log, sensor"  # noqa: S608  # quoted above
    return typed(connection.sql(ordered, params=dict(parameters or {})).to_arrow_table())


def class_query(name: Class, rows: str, files: Sequence[StoreFile], fields: Collection[str] | None = None) -> str:
    """Return the query that counts events of one object and action, of their fields those asked for, all where None.

    `rows` is the SQL of rows of `files`, of some or of all.
    """
    total = sum(file.rows for file in files)
    counts: dict[str, int] = {}
    for file in files:
        for column, count in file.filled.items():
            counts[column] = counts.get(column, 0) + count
    asked = {column: count for column, count in sorted(counts.items()) if fields is None or column in fields}
    is_log = name in LOGS
    host, sensor, log = (
        f"CAST({quoted(column)} AS VARCHAR)" if column in counts and wanted else "CAST(NULL AS VARCHAR)"
        for column, wanted in (("hostname", True), ("sensor", True), ("log_name", is_log))
    )
    time = "TRY_CAST(time AS TIMESTAMPTZ)" if "time" in counts else "CAST(NULL AS TIMESTAMPTZ)"
    # What all rows have, or none, is known already.
    read = [column for column, count in asked.items() if 0 < count < total]
    named = [text_literal(column) for column in asked]
    filled = [
        f"count({quoted(column)})" if column in read else ("count(*)" if count else "0::BIGINT")
        for column, count in asked.items()
    ]
    columns = "".join(
        f", {quoted(column)}" for column in read if column not in ("hostname", "sensor", "log_name", "time")
    )
    # Hours in a query of their own: counting columns by hour, too, would be work for each hour of each host.
    return f"""
      WITH events AS (
        SELECT {host} AS hostname, {sensor} AS sensor, {log} AS log_name, {time} AS time{columns} FROM {rows}),
      sums AS (
        SELECT lower(hostname) AS k, sensor AS s, log_name AS l, min(hostname) AS host, count(*) AS rows,
          count(time) AS timed, min(time) AS first_time, max(time) AS last_time,
          MAP([{", ".join(named)}]::VARCHAR[], [{", ".join(filled)}]::BIGINT[]) AS filled
        FROM events GROUP BY ALL),
      hours AS (
        SELECT k, s, l, list({{'start': "start", 'end': "end"}} ORDER BY "start") AS hours FROM (
          SELECT k, s, l, min(h)::INTEGER AS "start", (max(h) + 1)::INTEGER AS "end" FROM (
            SELECT k, s, l, h, h - row_number() OVER (PARTITION BY k, s, l ORDER BY h) AS island FROM (
              SELECT DISTINCT lower(hostname) AS k, sensor AS s, log_name AS l,
                CAST(floor(epoch_us(time) / {_HOUR}) AS BIGINT) AS h FROM events WHERE time IS NOT NULL))
          WHERE h BETWEEN -2_000_000_000 AND 2_000_000_000
          GROUP BY k, s, l, island)
        GROUP BY ALL)
      SELECT host, {text_literal(name[0])} AS object, {text_literal(name[1])} AS action, sums.l AS log,
        sums.s AS sensor, rows, 0::BIGINT AS hollow, timed, first_time, last_time,
        map_from_entries(list_filter(map_entries(filled), lambda entry: entry.value > 0)) AS filled,
        coalesce(hours, {NO_HOURS}) AS hours
      FROM sums LEFT JOIN hours ON sums.k IS NOT DISTINCT FROM hours.k AND sums.s IS NOT DISTINCT FROM hours.s
        AND sums.l IS NOT DISTINCT FROM hours.l
    """  # noqa: S608  # names and texts are quoted


def host_query(name: Class, rows: str, files: Sequence[StoreFile]) -> str:
    """Return the query for the hosts and sensors of one object and action."""
    held = {column for file in files for column in file.filled}
    host, sensor = (f"CAST({c} AS VARCHAR)" if c in held else "CAST(NULL AS VARCHAR)" for c in ("hostname", "sensor"))
    return f"""
      SELECT min(host) AS host, {text_literal(name[0])} AS object, {text_literal(name[1])} AS action,
        CAST(NULL AS VARCHAR) AS log, sensor, count(*) AS rows, 0::BIGINT AS hollow, 0::BIGINT AS timed,
        CAST(NULL AS TIMESTAMPTZ) AS first_time, CAST(NULL AS TIMESTAMPTZ) AS last_time,
        {NO_FILL} AS filled, {NO_HOURS} AS hours
      FROM (SELECT {host} AS host, {sensor} AS sensor FROM {rows})
      GROUP BY lower(host), sensor
    """  # noqa: S608  # texts are quoted


def hollow_query(claims: str) -> str:
    """Return the query for hollow records by host and the classes that they would be of."""
    return f"""
      SELECT min(host) AS host, object, action,
        CAST(NULL AS VARCHAR) AS log, CAST(NULL AS VARCHAR) AS sensor, 0::BIGINT AS rows, count(*) AS hollow,
        0::BIGINT AS timed, CAST(NULL AS TIMESTAMPTZ) AS first_time, CAST(NULL AS TIMESTAMPTZ) AS last_time,
        {NO_FILL} AS filled, {NO_HOURS} AS hours
      FROM ({claims}) GROUP BY lower(host), object, action
    """  # noqa: S608  # texts are quoted


def known_of(file: StoreFile) -> pa.Table:
    """Return what a store knows of a file without reading its events: nothing of hosts, and no gap in the hours."""
    moments = (file.first_time, file.last_time)
    first, last = (None if moment is None else int(moment.timestamp()) // 3600 for moment in moments)
    row = {
        "object": file.object,
        "action": file.action,
        "rows": file.rows,
        "hollow": 0,
        "timed": file.filled.get("time", 0),
        "first_time": file.first_time,
        "last_time": file.last_time,
        "filled": [(field, count) for field, count in file.filled.items() if count],
        "hours": [] if first is None or last is None else [{"start": first, "end": last + 1}],
    }
    return pa.Table.from_pylist([row], schema=SCHEMA)
