"""Regular expressions, judged by the engine that will run them."""

from __future__ import annotations

import threading
from functools import lru_cache

import duckdb

_local = threading.local()


@lru_cache(maxsize=4096)
def pattern_fault(pattern: str) -> str | None:
    """Return what RE2 says is wrong with a regular expression, as `fault: piece of the pattern`, or None."""
    connection = getattr(_local, "connection", None)
    if connection is None:
        connection = _local.connection = duckdb.connect(":memory:", config={"threads": 1})
    try:
        connection.execute("SELECT regexp_matches('', $pattern, 'i')", {"pattern": pattern})
    except duckdb.Error as error:
        return str(error).removeprefix("Invalid Input Error: ")
    return None
