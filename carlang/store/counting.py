"""Count events by host, object, action, log and sensor: the queries that make an inventory of rows."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import duckdb
import pyarrow as pa

from carlang.database import interruptible, quoted, text_literal
from carlang.store.files import StoreFile
from carlang.store.hollow import CLAIMED_BY, claims_query
from carlang.store.statistics import (
    ID_DIGITS,
    ID_GAP,
    LOGS,
    MARKED,
    MARKS,
    NO_FILL,
    NO_HOURS,
    NO_IDS,
    SCHEMA,
    Class,
    mark,
    typed,
)

_HOUR = 3_600_000_000
# In a query of their own: counting columns by hour, too, would be work for each hour of each host.
_HOURS = f""",
      hours AS (
        SELECT k, s, l, list({{'start': "start", 'end': "end"}} ORDER BY "start") AS hours FROM (
          SELECT k, s, l, min(h)::INTEGER AS "start", (max(h) + 1)::INTEGER AS "end" FROM (
            SELECT k, s, l, h, h - row_number() OVER (PARTITION BY k, s, l ORDER BY h) AS island FROM (
              SELECT DISTINCT lower(hostname) AS k, sensor AS s, log_name AS l,
                CAST(floor(epoch_us(time) / {_HOUR}) AS BIGINT) AS h FROM events WHERE time IS NOT NULL))
          WHERE h BETWEEN -2_000_000_000 AND 2_000_000_000
          GROUP BY k, s, l, island)
        GROUP BY ALL)"""  # noqa: S608  # no text from outside
_ID_COLUMNS = frozenset({"record_id", "source"})


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
    return typed(
        interruptible(connection, lambda: connection.sql(ordered, params=dict(parameters or {})).to_arrow_table())
    )


def class_query(name: Class, rows: str, files: Sequence[StoreFile], fields: Collection[str] | None = None) -> str:
    """Return the query that counts events of one object and action, of their fields those asked for, all where None.

    `rows` is the SQL of rows of `files`, of some or of all.
    """
    total = sum(file.rows for file in files)
    counts = _filled(files)
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
    marked = [column for column in MARKS if name == MARKED and counts.get(column)]
    told = dict.fromkeys([*read, *marked, *sorted(_ID_COLUMNS & counts.keys())])
    columns = "".join(f", {quoted(c)}" for c in told if c not in ("hostname", "sensor", "log_name", "time"))
    return f"""
      WITH events AS (
        SELECT {host} AS hostname, {sensor} AS sensor, {log} AS log_name, {time} AS time{columns} FROM {rows}),
      sums AS (
        SELECT lower(hostname) AS k, sensor AS s, log_name AS l, min(hostname) AS host, count(*) AS rows,
          count(time) AS timed, min(time) AS first_time, max(time) AS last_time,
          MAP([{", ".join(named)}]::VARCHAR[], [{", ".join(filled)}]::BIGINT[]) AS filled
        FROM events GROUP BY ALL){_HOURS}{_ids(counts, "log_name")}{_marks(marked)}
      SELECT host, {text_literal(name[0])} AS object, {text_literal(name[1])} AS action, sums.l AS log,
        sums.s AS sensor, rows, 0::BIGINT AS hollow, timed, first_time, last_time,
        map_from_entries(list_sort(list_concat(
          list_filter(map_entries(filled), lambda entry: entry.value > 0), coalesce(marks, [])))) AS filled,
        coalesce(hours, {NO_HOURS}) AS hours, coalesce(ids, {NO_IDS}) AS ids
      FROM sums {_of_sums("hours")} {_of_sums("ids")} {_of_sums("marks")}
    """  # noqa: S608  # names and texts are quoted


def _filled(files: Sequence[StoreFile]) -> dict[str, int]:
    """Return in how many rows of files each column has a value."""
    counts: dict[str, int] = {}
    for file in files:
        for column, count in file.filled.items():
            counts[column] = counts.get(column, 0) + count
    return counts


def _of_sums(table: str) -> str:
    """Return the SQL that puts beside each sum the row of a table that is of the same host, sensor and log."""
    same = " AND ".join(f"sums.{column} IS NOT DISTINCT FROM {table}.{column}" for column in ("k", "s", "l"))
    return f"LEFT JOIN {table} ON {same}"


def _marks(columns: Sequence[str]) -> str:
    """Return the SQL of how often each text stands in columns."""
    if not columns:
        return ", marks AS (SELECT NULL AS k, NULL AS s, NULL AS l, [] AS marks WHERE false)"
    texts = ", ".join(f"{text_literal(mark(column))} || CAST({quoted(column)} AS VARCHAR)" for column in columns)
    return f""",
      marks AS (
        SELECT k, s, l, list({{'key': mark, 'value': n}}) AS marks FROM (
          SELECT k, s, l, mark, count(*)::BIGINT AS n FROM (
            SELECT lower(hostname) AS k, sensor AS s, log_name AS l, unnest([{texts}]) AS mark FROM events)
          WHERE mark IS NOT NULL GROUP BY ALL)
        GROUP BY ALL)"""  # noqa: S608  # names and texts are quoted


def _ids(counts: Mapping[str, int], log: str) -> str:
    """Return the SQL of the runs of numbers of records, by source."""
    if not counts.get("record_id"):
        return ", ids AS (SELECT NULL AS k, NULL AS s, NULL AS l, NULL AS ids WHERE false)"
    source = "CAST(source AS VARCHAR)" if "source" in counts else "CAST(NULL AS VARCHAR)"
    text = "CAST(record_id AS VARCHAR)"
    digits = f"CAST(CASE WHEN regexp_full_match({text}, '[0-9]{{1,{ID_DIGITS}}}') THEN {text} END AS BIGINT)"
    return f""",
      numbered AS (
        SELECT k, s, l, source, id, min(h) AS a, max(h) AS b FROM (
          SELECT lower(hostname) AS k, sensor AS s, {log} AS l, {source} AS source, {digits} AS id,
            CASE WHEN h BETWEEN -2_000_000_000 AND 2_000_000_000 THEN h END AS h
          FROM (SELECT *, CAST(floor(epoch_us(time) / {_HOUR}) AS BIGINT) AS h FROM events))
        WHERE id IS NOT NULL GROUP BY ALL),
      parted AS (
        SELECT *, sum(CASE WHEN id - before <= {ID_GAP} THEN 0 ELSE 1 END)
          OVER (PARTITION BY k, s, l, source ORDER BY id) AS part
        FROM (SELECT *, lag(id) OVER (PARTITION BY k, s, l, source ORDER BY id) AS before FROM numbered)),
      ids AS (
        SELECT k, s, l, list({{'source': source, 'count': n, 'first': f, 'last': t, 'start': a, 'end': b}}
          ORDER BY source NULLS LAST, f) AS ids
        FROM (
          SELECT k, s, l, source, part, count(*) AS n, min(id) AS f, max(id) AS t, min(a)::INTEGER AS a,
            max(b)::INTEGER AS b FROM parted GROUP BY ALL)
        GROUP BY k, s, l)"""  # noqa: S608  # names of our own


def host_query(name: Class, rows: str, files: Sequence[StoreFile]) -> str:
    """Return the query for the hosts and sensors of one object and action."""
    counts = _filled(files)
    columns = [
        f"CAST({column} AS {type_}) AS {column}" if column in counts else f"CAST(NULL AS {type_}) AS {column}"
        for column, type_ in (("hostname", "VARCHAR"), ("sensor", "VARCHAR"), ("log_name", "VARCHAR"))
    ]
    columns.append(f"{'TRY_CAST(time AS TIMESTAMPTZ)' if 'time' in counts else 'CAST(NULL AS TIMESTAMPTZ)'} AS time")
    columns += sorted(_ID_COLUMNS & counts.keys())
    # Records by number are of a log as a whole: what of it is missing, each of its classes has a part in.
    log = "log_name" if name in LOGS else "CAST(NULL AS VARCHAR)"
    return f"""
      WITH events AS (SELECT {", ".join(columns)} FROM {rows}),
      sums AS (
        SELECT lower(hostname) AS k, sensor AS s, {log} AS l, min(hostname) AS host, count(*) AS rows
        FROM events GROUP BY ALL){_ids(counts, log)}
      SELECT host, {text_literal(name[0])} AS object, {text_literal(name[1])} AS action,
        sums.l AS log, sums.s AS sensor, rows, 0::BIGINT AS hollow, 0::BIGINT AS timed,
        CAST(NULL AS TIMESTAMPTZ) AS first_time, CAST(NULL AS TIMESTAMPTZ) AS last_time,
        {NO_FILL} AS filled, {NO_HOURS} AS hours, coalesce(ids, {NO_IDS}) AS ids
      FROM sums {_of_sums("ids")}
    """  # noqa: S608  # texts are quoted


def hollow_query(claims: str) -> str:
    """Return the query for hollow records by host and the classes that they would be of."""
    return f"""
      SELECT min(host) AS host, object, action,
        CAST(NULL AS VARCHAR) AS log, CAST(NULL AS VARCHAR) AS sensor, 0::BIGINT AS rows, count(*) AS hollow,
        0::BIGINT AS timed, CAST(NULL AS TIMESTAMPTZ) AS first_time, CAST(NULL AS TIMESTAMPTZ) AS last_time,
        {NO_FILL} AS filled, {NO_HOURS} AS hours, {NO_IDS} AS ids
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
        "ids": [],
    }
    return pa.Table.from_pylist([row], schema=SCHEMA)
