"""Who is seen in a store: events by host, object, action, log and sensor, the fields that they fill, and when.

An inventory is an Arrow table, `SCHEMA`, a row for each of these. It is computed from the events in one query a class,
and inventories of parts of a store merge into that of the whole.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence

import duckdb
import pyarrow as pa

from carlang.database import quoted, text_literal
from carlang.database.connection import open_shared
from carlang.store.files import StoreFile
from carlang.store.hollow import claiming_files, claims_query, not_counted

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

_KEYS = ("k", "object", "action", "log", "sensor")
_HOUR = 3_600_000_000
_NO_FILL = "MAP([]::VARCHAR[], []::BIGINT[])"
_NO_HOURS = '[]::STRUCT("start" INTEGER, "end" INTEGER)[]'


def _on(side: str) -> str:
    """Return the condition that rows of `sums` and of another table are of the same events."""
    return " AND ".join(f"sums.{key} IS NOT DISTINCT FROM {side}.{key}" for key in _KEYS)


# Fields are counted in a table of their own, a row a field; runs of hours that touch become one.
_MERGE = f"""
    WITH keyed AS (SELECT *, lower(host) AS k FROM parts),
    fields AS (
      SELECT k, object, action, log, sensor, MAP(list(name ORDER BY name), list(n ORDER BY name)) AS filled FROM (
        SELECT k, object, action, log, sensor, entry.key AS name, sum(entry.value)::BIGINT AS n FROM (
          SELECT k, object, action, log, sensor, unnest(map_entries(filled)) AS entry FROM keyed) GROUP BY ALL)
      GROUP BY ALL),
    runs AS (SELECT k, object, action, log, sensor, unnest(hours) AS run FROM keyed),
    ends AS (
      SELECT k, object, action, log, sensor, run."start" AS s, run."end" AS e,
        max(run."end") OVER (PARTITION BY k, object, action, log, sensor ORDER BY run."start", run."end"
          ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before FROM runs),
    islands AS (
      SELECT *, sum(CASE WHEN before >= s THEN 0 ELSE 1 END) OVER (PARTITION BY k, object, action, log, sensor
        ORDER BY s, e ROWS UNBOUNDED PRECEDING) AS island FROM ends),
    hours AS (
      SELECT k, object, action, log, sensor, list({{'start': s, 'end': e}} ORDER BY s) AS hours FROM (
        SELECT k, object, action, log, sensor, island, min(s) AS s, max(e) AS e FROM islands GROUP BY ALL)
      GROUP BY ALL),
    sums AS (
      SELECT k, object, action, log, sensor, min(host) AS host, sum(rows)::BIGINT AS rows,
        sum(hollow)::BIGINT AS hollow, sum(timed)::BIGINT AS timed, min(first_time) AS first_time,
        max(last_time) AS last_time FROM keyed GROUP BY ALL)
    SELECT sums.host, sums.object, sums.action, sums.log, sums.sensor, rows, hollow, timed, first_time, last_time,
      coalesce(filled, {_NO_FILL}) AS filled, coalesce(hours, {_NO_HOURS}) AS hours
    FROM sums LEFT JOIN fields ON {_on("fields")} LEFT JOIN hours ON {_on("hours")}
    ORDER BY {", ".join(f"sums.{key}" for key in _KEYS)}
"""  # noqa: S608  # the names are those above


Class = tuple[str, str]
"""An object and an action."""

LOGS: tuple[Class, ...] = (("event", "log"), ("system", "log_clear"))
"""The classes that are counted by log: records of logs, and that a log was emptied."""


class Inventory:
    """Counts the events of files, and keeps what it has counted; class by class, for one is asked about few of them.

    Of a class that nobody asks for, hosts and sensors alone are read: what there is to say of the others is said by
    host, too.
    """

    def __init__(self, files: Sequence[StoreFile]) -> None:
        self._files = [file for file in files if file.rows]
        self._hosts: dict[Class, pa.Table] = {}
        self._counted: dict[Class, tuple[frozenset[str] | None, pa.Table]] = {}
        self._hollow: pa.Table | None = None
        self._whole: tuple[object, pa.Table] | None = None

    def table(self, classes: Collection[Class] | None = None, fields: Collection[str] | None = None) -> pa.Table:
        """Return the inventory, as `SCHEMA` says.

        Only of `classes`, all where None, it has fields and hours; only of `fields`, all where None, how often they are
        filled. A file that cannot be read counts as its statistics say, without hosts;
        raises `StoreError` where it has hollow records, which they do not tell.
        """
        by_class: dict[Class, list[StoreFile]] = {}
        for file in self._files:
            by_class.setdefault((file.object, file.action), []).append(file)
        asked = None if fields is None else frozenset(fields)
        key = None if classes is None else frozenset(classes), asked
        if self._whole is not None and self._whole[0] == key:
            return self._whole[1]
        with open_shared() as connection:
            parts = [
                self._count(connection, name, files, asked)
                if classes is None or name in classes
                else self._look(connection, name, files)
                for name, files in by_class.items()
            ]
            if self._hollow is None:
                self._hollow = _hollow_rows(connection, claiming_files(self._files))
        self._whole = key, merge_inventories([*parts, self._hollow])
        return self._whole[1]

    def _count(
        self,
        connection: duckdb.DuckDBPyConnection,
        name: Class,
        files: Sequence[StoreFile],
        fields: frozenset[str] | None,
    ) -> pa.Table:
        counted = self._counted.get(name)
        if counted is None or not (counted[0] is None or (fields is not None and fields <= counted[0])):
            rows = _rows(connection, files, lambda some: _class_query(*name, some, fields))
            counted = self._counted[name] = fields, rows
        return counted[1]

    def _look(self, connection: duckdb.DuckDBPyConnection, name: Class, files: Sequence[StoreFile]) -> pa.Table:
        if name in self._counted:
            return self._counted[name][1]
        if name not in self._hosts:
            self._hosts[name] = _rows(connection, files, lambda some: _host_query(*name, some))
        return self._hosts[name]


def _rows(
    connection: duckdb.DuckDBPyConnection, files: Sequence[StoreFile], query: Callable[[Sequence[StoreFile]], str]
) -> pa.Table:
    """Return the rows of a query of files; of a file that cannot be read, what its statistics say.

    Who needs the events of a damaged file fails at them and says so. Who does not is not to fail at the counting.
    """
    if not files:
        return SCHEMA.empty_table()
    try:
        return _typed(connection.sql(query(files)).to_arrow_table())
    except duckdb.Error:
        if len(files) == 1:
            return _from_statistics(files[0])
        return pa.concat_tables([_rows(connection, [file], query) for file in files])


def _from_statistics(file: StoreFile) -> pa.Table:
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


def merge_inventories(tables: Iterable[pa.Table]) -> pa.Table:
    """Return one inventory of the events of several, which have no event in common."""
    parts = pa.concat_tables([SCHEMA.empty_table(), *tables])
    with open_shared() as connection:
        connection.register("parts", parts)
        return _typed(connection.sql(_MERGE).to_arrow_table())


def _class_query(object_name: str, action: str, files: Sequence[StoreFile], fields: frozenset[str] | None) -> str:
    """Return the query that counts the events of one object and action, of its fields those asked for."""
    rows = sum(file.rows for file in files)
    counts: dict[str, int] = {}
    for file in files:
        for column, count in file.filled.items():
            counts[column] = counts.get(column, 0) + count
    asked = {column: count for column, count in counts.items() if fields is None or column in fields}
    is_log = (object_name, action) in LOGS
    host, sensor, log = (
        f"CAST({quoted(column)} AS VARCHAR)" if column in counts and wanted else "CAST(NULL AS VARCHAR)"
        for column, wanted in (("hostname", True), ("sensor", True), ("log_name", is_log))
    )
    time = "TRY_CAST(time AS TIMESTAMPTZ)" if "time" in counts else "CAST(NULL AS TIMESTAMPTZ)"
    # What all rows have, or none, the statistics of the files say already.
    read = [column for column, count in asked.items() if 0 < count < rows]
    named = [text_literal(column) for column in asked]
    filled = [
        f"count({quoted(column)})" if column in read else ("count(*)" if count else "0::BIGINT")
        for column, count in asked.items()
    ]
    paths = ", ".join(text_literal(str(file.path)) for file in files)
    columns = "".join(
        f", {quoted(column)}" for column in read if column not in ("hostname", "sensor", "log_name", "time")
    )
    # Hours in a query of their own: counting columns by hour, too, would be work for each hour of each host.
    return f"""
      WITH events AS (
        SELECT {host} AS hostname, {sensor} AS sensor, {log} AS log_name, {time} AS time{columns}
        FROM read_parquet([{paths}], union_by_name = true, hive_partitioning = false)),
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
      SELECT host, {text_literal(object_name)} AS object, {text_literal(action)} AS action, sums.l AS log,
        sums.s AS sensor, rows, 0::BIGINT AS hollow, timed, first_time, last_time,
        map_from_entries(list_filter(map_entries(filled), lambda entry: entry.value > 0)) AS filled,
        coalesce(hours, {_NO_HOURS}) AS hours
      FROM sums LEFT JOIN hours ON sums.k IS NOT DISTINCT FROM hours.k AND sums.s IS NOT DISTINCT FROM hours.s
        AND sums.l IS NOT DISTINCT FROM hours.l
    """  # noqa: S608  # names and texts are quoted


def _host_query(object_name: str, action: str, files: Sequence[StoreFile]) -> str:
    """Return the query for the hosts and sensors of one object and action."""
    held = {column for file in files for column in file.filled}
    host, sensor = (f"CAST({c} AS VARCHAR)" if c in held else "CAST(NULL AS VARCHAR)" for c in ("hostname", "sensor"))
    paths = ", ".join(text_literal(str(file.path)) for file in files)
    return f"""
      SELECT min(host) AS host, {text_literal(object_name)} AS object, {text_literal(action)} AS action,
        CAST(NULL AS VARCHAR) AS log, sensor, count(*) AS rows, 0::BIGINT AS hollow, 0::BIGINT AS timed,
        CAST(NULL AS TIMESTAMPTZ) AS first_time, CAST(NULL AS TIMESTAMPTZ) AS last_time,
        {_NO_FILL} AS filled, {_NO_HOURS} AS hours
      FROM (SELECT {host} AS host, {sensor} AS sensor
        FROM read_parquet([{paths}], union_by_name = true, hive_partitioning = false))
      GROUP BY lower(host), sensor
    """  # noqa: S608  # texts are quoted


def _hollow_rows(connection: duckdb.DuckDBPyConnection, files: Sequence[StoreFile]) -> pa.Table:
    """Return the hollow records of files, by host and the classes that they would be of."""
    if not files:
        return SCHEMA.empty_table()
    query = f"""
      SELECT min(host) AS host, object, action,
        CAST(NULL AS VARCHAR) AS log, CAST(NULL AS VARCHAR) AS sensor, 0::BIGINT AS rows, count(*) AS hollow,
        0::BIGINT AS timed, CAST(NULL AS TIMESTAMPTZ) AS first_time, CAST(NULL AS TIMESTAMPTZ) AS last_time,
        {_NO_FILL} AS filled, {_NO_HOURS} AS hours
      FROM ({claims_query(files)}) GROUP BY lower(host), object, action
    """  # noqa: S608  # texts are quoted
    try:
        return _typed(connection.sql(query).to_arrow_table())
    except duckdb.Error as error:  # no statistics tell how many there are, which decides whether nothing was found
        raise not_counted(error) from error


def _typed(table: pa.Table) -> pa.Table:
    return table.select(SCHEMA.names).cast(SCHEMA)
