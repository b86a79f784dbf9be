"""Records that are no events because they have none of the members that events of their kind are made of.

Such a record is kept as event/log and names, in a column, the objects and actions that it would have been.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import duckdb

from carlang.database import text_literal
from carlang.database.connection import open_memory
from carlang.errors import StoreError
from carlang.store.files import StoreFile

CLAIMED_BY = "claimed_by"
"""The column: object and action as in `process/create`, or several."""

CLAIMS = ", "
"""What stands between several."""


def claiming_files(files: Sequence[StoreFile]) -> list[StoreFile]:
    """Return the files in which such records are."""
    return [file for file in files if file.filled.get(CLAIMED_BY)]


def claims_query(files: Sequence[StoreFile]) -> str:
    """Return the query for the claims of files, a row for each class that a record would be of."""
    paths = ", ".join(text_literal(str(file.path)) for file in files)
    host = "hostname" if any("hostname" in file.filled for file in files) else "CAST(NULL AS VARCHAR)"
    return f"""
      SELECT {host} AS host, split_part(claim, '/', 1) AS object, split_part(claim, '/', 2) AS action FROM (
        SELECT *, unnest(string_split({CLAIMED_BY}, {text_literal(CLAIMS)})) AS claim
        FROM read_parquet([{paths}], union_by_name = true, hive_partitioning = false) WHERE {CLAIMED_BY} IS NOT NULL)
    """  # noqa: S608  # texts are quoted


def hollow_counts(files: Sequence[StoreFile]) -> Mapping[tuple[str, str], int]:
    """Return the number of hollow records by the object and action that they would have been.

    Only files with such records are read, and of them one column. Raises `StoreError` where one cannot be read: how
    many there are decides whether an analytic found nothing.
    """
    if not (claiming := claiming_files(files)):
        return {}
    query = f"SELECT object, action, count(*) FROM ({claims_query(claiming)}) GROUP BY ALL ORDER BY ALL"  # noqa: S608
    try:
        with open_memory() as connection:
            return {(owner, action): count for owner, action, count in connection.execute(query).fetchall()}
    except duckdb.Error as error:
        raise not_counted(error) from error


def not_counted(error: duckdb.Error) -> StoreError:
    """Describe that hollow records cannot be counted."""
    return StoreError(f"the records that are no events cannot be counted: {error}")
