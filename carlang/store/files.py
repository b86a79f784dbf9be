"""The Parquet files of a store, and what is known of each without reading its rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb

from carlang.database.connection import engine_error, open_shared
from carlang.errors import EngineError, StoreError

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EARLIEST = datetime.min.replace(tzinfo=UTC)
_LATEST = datetime.max.replace(tzinfo=UTC)

# One row for each file and leaf column. `parquet_metadata` has one for each row group, and has it twice for a file that
# is named twice, hence the DISTINCT. Writers older than Parquet 2.4 fill in `stats_min` alone. Times come as
# microseconds, because Python's datetime ends with the year 9999 and a file's times need not.
_FOOTERS = """
    SELECT file_name, path_in_schema, sum(row_group_num_rows)::BIGINT,
           sum(coalesce(stats_null_count, 0))::BIGINT, bool_and(stats_null_count IS NOT NULL),
           CASE WHEN path_in_schema = 'time' THEN
             epoch_us(min(TRY_CAST(coalesce(stats_min_value, stats_min) AS TIMESTAMPTZ))) END,
           CASE WHEN path_in_schema = 'time' THEN
             epoch_us(max(TRY_CAST(coalesce(stats_max_value, stats_max) AS TIMESTAMPTZ))) END
    FROM (SELECT DISTINCT ON (file_name, row_group_id, column_id) * FROM parquet_metadata($files))
    GROUP BY file_name, path_in_schema, column_id ORDER BY file_name, column_id
"""


@dataclass(frozen=True)
class StoreFile:
    """A Parquet file of events of one object and action.

    `filled` holds, for every column of the file, the number of its values that are not null. The times are those of
    the earliest and the latest event, None where no event has a time.
    """

    path: Path
    object: str
    action: str
    rows: int
    first_time: datetime | None = None
    last_time: datetime | None = None
    filled: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StagedFile:
    """A Parquet file that was written into a store's folders and that no commit names yet: readers do not see it."""

    path: Path
    object: str
    action: str


def described(file: StagedFile) -> StoreFile:
    """Describe a staged file from its footer."""
    (known,) = read_footers([(file.path, file.object, file.action)])
    return known


def instant(microseconds: int | None) -> datetime | None:
    """Return the UTC time of a number of microseconds since 1970, or the nearest that Python's calendar reaches."""
    if microseconds is None:
        return None
    try:
        return _EPOCH + timedelta(microseconds=microseconds)
    except OverflowError:
        return _LATEST if microseconds > 0 else _EARLIEST


def read_footers(parts: Sequence[tuple[Path, str, str]]) -> tuple[StoreFile, ...]:
    """Describe Parquet files, given as path, object and action, from their footers alone.

    Raises `StoreError` with the name of the file that cannot be read.
    """
    if not parts:
        return ()
    with open_shared() as connection:
        try:
            rows = connection.execute(_FOOTERS, {"files": [str(path) for path, _, _ in parts]}).fetchall()
            empty = _empty_files(connection, parts, {row[0] for row in rows})
        except duckdb.Error as error:
            raise _unreadable(connection, parts, error) from error
    columns: dict[str, list[tuple[str, int, int, int | None, int | None]]] = {}
    for name, column, count, nulls, _, first, last in rows:
        columns.setdefault(name, []).append((column, count, count - nulls, first, last))
    return tuple(_described(part, columns.get(str(part[0]), []), empty.get(str(part[0]), [])) for part in parts)


def _described(
    part: tuple[Path, str, str], columns: list[tuple[str, int, int, int | None, int | None]], empty: list[str]
) -> StoreFile:
    path, object_name, action = part
    if not columns:
        return StoreFile(path, object_name, action, 0, filled=dict.fromkeys(empty, 0))
    first, last = next(((c[3], c[4]) for c in columns if c[0] == "time"), (None, None))
    filled: dict[str, int] = {}
    for name, _, count, _, _ in columns:
        column = name.partition(", ")[0]  # a nested column appears as its leaves, `proto_info, pipe`
        filled[column] = max(filled.get(column, 0), count)
    return StoreFile(path, object_name, action, columns[0][1], instant(first), instant(last), filled)


def _empty_files(
    connection: duckdb.DuckDBPyConnection, parts: Sequence[tuple[Path, str, str]], known: set[str]
) -> dict[str, list[str]]:
    """Return the columns of files without row groups, which the metadata of row groups cannot show."""
    without_row_groups = [str(path) for path, _, _ in parts if str(path) not in known]
    if not without_row_groups:
        return {}
    query = "SELECT file_name, name FROM parquet_schema($files) WHERE num_children IS NULL ORDER BY ALL"
    columns: dict[str, list[str]] = {}
    for name, column in connection.execute(query, {"files": without_row_groups}).fetchall():
        columns.setdefault(name, []).append(column)
    return columns


def files_with_numbers(column: str, files: Sequence[StoreFile]) -> tuple[StoreFile, ...]:
    """Return those of some files in which a column holds whole numbers, by their footers."""
    if not files:
        return ()
    query = "SELECT DISTINCT file_name FROM parquet_schema($files) WHERE name = $column AND type = 'INT64'"
    with open_shared() as connection:
        try:
            rows = connection.execute(query, {"files": [str(f.path) for f in files], "column": column}).fetchall()
        except duckdb.Error as error:
            raise _unreadable(connection, [(f.path, f.object, f.action) for f in files], error) from error
    names = {row[0] for row in rows}
    return tuple(file for file in files if str(file.path) in names)


def _unreadable(
    connection: duckdb.DuckDBPyConnection, parts: Sequence[tuple[Path, str, str]], error: duckdb.Error
) -> StoreError | EngineError:
    """Find the file that DuckDB could not read, opening one after the other: its message names it only sometimes."""
    if isinstance(error, duckdb.OutOfMemoryException):
        return engine_error(error)
    for path, _, _ in parts:
        try:
            connection.execute("SELECT count(*) FROM parquet_metadata($file)", {"file": str(path)}).fetchall()
        except duckdb.Error as fault:
            return damaged(path, str(fault).split("\n", 1)[0])
    return StoreError(f"the files of the store cannot be read: {error}")


class DamageError(StoreError):
    """A file of a store is not what it was, or not there; `reason` says what is wrong, without the file's name."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(
            f"{path} cannot be read: {reason}; `carlang store check` says what is missing, "
            "`carlang store repair` what can be brought back"
        )
        self.reason = reason


def damaged(path: Path, reason: str) -> DamageError:
    """Describe a file of a store that cannot be read."""
    return DamageError(path, reason)
