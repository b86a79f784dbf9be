"""Records that are no events because they have none of the members that events of their kind are made of.

Such a record is kept as event/log and names, in a column, the objects and actions that it would have been.
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from carlang.database import text_literal
from carlang.errors import StoreError
from carlang.store.files import StoreFile

CLAIMED_BY = "claimed_by"
"""The column: object and action as in `process/create`, or several."""

CLAIMS = ", "
"""What stands between several."""


def claiming_files(files: Sequence[StoreFile]) -> list[StoreFile]:
    """Return the files in which such records are."""
    return [file for file in files if file.filled.get(CLAIMED_BY)]


def claims_query(rows: str, *, has_host: bool = False) -> str:
    """Return the query for the claims of rows, given as SQL: a row for each class that a record would be of."""
    host = "CAST(hostname AS VARCHAR)" if has_host else "CAST(NULL AS VARCHAR)"
    return f"""
      SELECT {host} AS host, split_part(claim, '/', 1) AS object, split_part(claim, '/', 2) AS action FROM (
        SELECT *, unnest(string_split({CLAIMED_BY}, {text_literal(CLAIMS)})) AS claim
        FROM {rows} WHERE {CLAIMED_BY} IS NOT NULL)
    """  # noqa: S608  # texts are quoted


def not_counted(error: duckdb.Error) -> StoreError:
    """Describe that hollow records cannot be counted."""
    return StoreError(f"the records that are no events cannot be counted: {error}")
