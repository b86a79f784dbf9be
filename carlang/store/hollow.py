"""Records that are no events because they have none of the members that events of their kind are made of.

Such a record is kept as event/log and names, in a column, the objects and actions that it would have been.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import duckdb

from carlang.database.connection import open_memory
from carlang.errors import StoreError
from carlang.store.files import StoreFile

CLAIMED_BY = "claimed_by"
"""The column: object and action as in `process/create`, or several."""

CLAIMS = ", "
"""What stands between several."""

_COUNTS = f"""
    SELECT claim, count(*) FROM (
      SELECT unnest(string_split({CLAIMED_BY}, '{CLAIMS}')) AS claim
      FROM read_parquet($files, union_by_name = true, hive_partitioning = false) WHERE {CLAIMED_BY} IS NOT NULL)
    GROUP BY claim ORDER BY claim
"""  # noqa: S608  # the names are those above


def hollow_counts(files: Sequence[StoreFile]) -> Mapping[tuple[str, str], int]:
    """Return the number of hollow records by the object and action that they would have been.

    Only files with such records are read, and of them one column. Raises `StoreError` where one cannot be read: how
    many there are decides whether an analytic found nothing.
    """
    paths = [str(file.path) for file in files if file.filled.get(CLAIMED_BY)]
    if not paths:
        return {}
    try:
        with open_memory() as connection:
            rows = connection.execute(_COUNTS, {"files": paths}).fetchall()
    except duckdb.Error as error:
        raise StoreError(f"the records that are no events cannot be counted: {error}") from error
    counts: Counter[tuple[str, str]] = Counter()
    for claim, count in rows:
        object_name, _, action = claim.partition("/")
        counts[object_name, action] += count
    return dict(counts)
