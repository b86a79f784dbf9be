"""Who is seen in a store: the inventory counts what is in the events, however it is put together."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from carlang.store import Store, open_store
from carlang.store.inventory import Inventory
from carlang.store.merging import merge_inventories
from carlang.store.statistics import SCHEMA
from tests.engine.trees import write

START = datetime(2024, 3, 5, tzinfo=UTC)


def _rows() -> list[dict[str, Any]]:
    """Return events of two hosts: hours 0, 1, 2 and 5 of the one, some without a time, one before 1970."""
    at = [{"hostname": "Pc1", "time": START + timedelta(hours=h), "exe": "a", "sensor": "s"} for h in (0, 1, 1, 2, 5)]
    return [
        *at,
        {"hostname": "PC1", "time": START + timedelta(hours=3), "exe": None, "sensor": "s", "pid": 4},
        {"hostname": "pc2", "time": None, "exe": "a", "sensor": "t"},
        {"hostname": "pc2", "time": datetime(1969, 12, 31, 23, 30, tzinfo=UTC), "exe": "a", "sensor": "t"},
        {"hostname": None, "time": START, "exe": "a", "sensor": "t"},
    ]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """The same events in one file and, in another class, in three."""
    rows = _rows()
    write(tmp_path, "process/create", rows)
    for part in (rows[:4], rows[4:6], rows[6:]):
        write(tmp_path, "process/terminate", part)
    logs = [{"hostname": "PC1", "time": START, "log_name": name, "claimed_by": claim}
            for name, claim in (("Security", None), ("System", "process/create, file/create"))]  # fmt: skip
    write(tmp_path, "event/log", logs)
    return open_store(tmp_path)


def _listed(store: Store, action: str) -> list[dict[str, Any]]:
    return [row for row in store.inventory().to_pylist() if row["action"] == action and row["rows"]]


def test_events_are_counted_by_host_whatever_its_case(store: Store) -> None:
    (first, second, nobody) = _listed(store, "create")
    assert [(row["host"], row["sensor"], row["rows"], row["timed"]) for row in (first, second, nobody)] == [
        ("PC1", "s", 6, 6),
        ("pc2", "t", 2, 1),
        (None, "t", 1, 1),
    ]
    assert dict(first["filled"]) == {"exe": 5, "hostname": 6, "pid": 1, "sensor": 6, "time": 6}
    assert (first["first_time"], first["last_time"]) == (START, START + timedelta(hours=5))
    hour = int(START.timestamp()) // 3600
    assert first["hours"] == [{"start": hour, "end": hour + 4}, {"start": hour + 5, "end": hour + 6}]
    assert second["hours"] == [{"start": -1, "end": 0}]


def test_inventories_of_parts_merge_into_that_of_the_whole(store: Store) -> None:
    files = store.files("process", ["terminate"])
    whole = Inventory(files).table()
    parts = merge_inventories(Inventory([file]).table() for file in files)
    assert parts.schema == whole.schema == SCHEMA
    assert parts.equals(whole)
    of_create = Inventory(store.files("process", ["create"])).table().drop_columns("action")
    assert of_create.equals(whole.drop_columns("action"))


def test_records_of_logs_are_counted_by_log_and_hollow_ones_by_what_they_would_be(store: Store) -> None:
    assert [(row["log"], row["rows"]) for row in _listed(store, "log")] == [("Security", 1), ("System", 1)]
    hollow = [row for row in store.inventory().to_pylist() if row["hollow"]]
    assert [(row["host"], row["object"], row["action"], row["hollow"], row["rows"]) for row in hollow] == [
        ("PC1", "file", "create", 1, 0),
        ("PC1", "process", "create", 1, 0),
    ]


def test_of_a_class_that_nobody_asks_about_hosts_and_sensors_are_known(store: Store) -> None:
    table = store.inventory({("process", "create")}, {"exe"})
    rows = {(row["host"], row["action"]): row for row in table.to_pylist() if row["rows"]}
    assert dict(rows["PC1", "create"]["filled"]) == {"exe": 5}
    assert rows["PC1", "terminate"]["filled"] == []
    assert rows["PC1", "terminate"]["rows"] == 6
    # What is asked for afterwards is counted then.
    later = store.inventory({("process", "terminate")}, {"pid"})
    (row,) = [row for row in later.to_pylist() if (row["host"], row["action"]) == ("PC1", "terminate")]
    assert dict(row["filled"]) == {"pid": 1}
