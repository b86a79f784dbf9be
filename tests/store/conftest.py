"""Stores that tests share."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from carlang.model import builtin_model
from carlang.store import StagedFile, Store, create_store

_EVENTS = """
    SELECT TIMESTAMPTZ '2020-01-01 00:00:00.000001+00' + to_seconds(i) AS time, 'HOST1' AS hostname,
      CASE WHEN i % 2 = 0 THEN 'at.exe' END AS exe, i AS pid, CAST(NULL AS VARCHAR) AS command_line, 'test' AS sensor
    FROM range({first}, {last}) AS numbers(i)
"""


def write_events(path: Path, first: int, last: int) -> Path:
    """Write a Parquet file of invented processes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(f"COPY ({_EVENTS.format(first=first, last=last)}) TO '{path}' (FORMAT parquet)")
    return path


def add_events(store: Store, first: int, last: int, digest: str, action: str = "create") -> Path:
    """Commit a file of invented processes."""
    path = write_events(store.new_file("process", action), first, last)
    assert store.commit([StagedFile(path, "process", action)], [digest]) == frozenset()
    return path


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A new store without events."""
    return create_store(tmp_path / "store", builtin_model())
