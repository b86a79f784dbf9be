"""Regular expressions, judged by the engine that will run them."""

from __future__ import annotations

import threading
from functools import lru_cache

import duckdb

from carlang.database.connection import open_memory

# A connection a thread: DuckDB's may be used by one thread at a time, and opening one takes longer than a judgement.
_local = threading.local()


@lru_cache(maxsize=4096)  # more patterns than a catalogue of analytics has; each is a short text
def pattern_fault(pattern: str) -> str | None:
    """Return what RE2 says is wrong with a regular expression, as `fault: piece of the pattern`, or None."""
    connection = getattr(_local, "connection", None)
    if connection is None:
        # One thread: a judgement reads no rows, and a pool of threads takes memory in each process that compiles.
        connection = _local.connection = open_memory(threads=1)
    try:
        connection.execute("SELECT regexp_matches('', $pattern, 'i')", {"pattern": pattern})
    except duckdb.Error as error:
        return str(error).removeprefix("Invalid Input Error: ")
    return None
