"""Stores that tests share."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from carlang.model import builtin_model
from carlang.store import StagedFile, Store, StoreFile, count_rows, create_store, parquet_options

_EVENTS = """
    SELECT TIMESTAMPTZ '2020-01-01 00:00:00.000001+00' + to_seconds(i) AS time, 'HOST1' AS hostname,
      CASE WHEN i % 2 = 0 THEN 'at.exe' END AS exe, i AS pid, CAST(NULL AS VARCHAR) AS command_line, 'test' AS sensor
    FROM range({first}, {last}) AS numbers(i)
"""


def write_events(path: Path, first: int, last: int, action: str | None = None) -> Path:
    """Write a Parquet file of invented processes; of an action that is named its footer has statistics, as ours do."""
    path.parent.mkdir(parents=True, exist_ok=True)
    events, options = f"({_EVENTS.format(first=first, last=last)})", "(FORMAT parquet)"
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        if action is not None:
            filled = dict.fromkeys(("time", "hostname", "pid", "sensor"), last - first)
            filled |= {"exe": len(range(first + first % 2, last, 2)), "command_line": 0}
            known = StoreFile(path, "process", action, last - first, filled=filled)
            options = parquet_options(None, count_rows(connection, events, known))
        connection.execute(f"COPY {events} TO '{path}' {options}")
    return path


def add_events(store: Store, first: int, last: int, digest: str, action: str = "create") -> Path:
    """Commit a file of invented processes."""
    path = write_events(store.new_file("process", action), first, last, action)
    assert store.commit([StagedFile(path, "process", action)], [digest]) == frozenset()
    return path


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A new store without events."""
    return create_store(tmp_path / "store", builtin_model())
