"""How common values are in a store, and which starts of processes it has: small tables by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from carlang.database import Limits
from carlang.errors import EngineError
from carlang.store import Lookup, Question, Spread, Store, class_spread, process_starts, value_spreads
from tests.judgement.fleets import store_of

STARTS = ("process", "create")
DAY = datetime(2024, 3, 5, 23, 30, tzinfo=UTC)


def event(hours: float | None, host: str | None, exe: str | None, **fields: Any) -> dict[str, Any]:
    time = None if hours is None else DAY + timedelta(hours=hours)
    return {"time": time, "hostname": host, "exe": exe, "sensor": "s", **fields}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return store_of(
        tmp_path_factory.mktemp("occurrences"),
        process__create=[
            event(0, "PC1", "cmd.exe", parent_exe="explorer.exe", pid=1, guid="{A}"),
            event(1, "pc1", "CMD.EXE", parent_exe="Explorer.exe", pid=2, ppid=1),
            event(30, "PC2", "cmd.exe", parent_exe="word.exe", pid=1),
            event(None, None, "cmd.exe", pid=1),
            event(2, "PC3", None, parent_exe="explorer.exe"),
            event(3, "PC3", "it's \"; DROP TABLE", pid=7),
        ],
    )


def test_a_class_is_counted_by_events_hosts_and_days(store: Store) -> None:
    # Those that name no host are one, and what has no time is on no day.
    assert class_spread(store, STARTS) == Spread(events=6, hosts=4, days=3)
    assert class_spread(store, ("process", "terminate")) == Spread(0, 0, 0)


def test_values_are_counted_without_case_and_a_missing_one_is_a_value(store: Store) -> None:
    pairs = Question(
        ("parent_exe", "exe"),
        (
            ("explorer.exe", "cmd.exe"),
            ("EXPLORER.EXE", "cmd.exe"),
            ("explorer.exe", None),
            (None, "cmd.exe"),
            ("a", "b"),
        ),
    )
    names = Question(("exe",), (("cmd.exe",), ("it's \"; DROP TABLE",)))
    unknown = Question(("signer",), ((None,), ("x",)))
    with Lookup(store, Limits()) as lookup:
        of_pairs, of_names, of_unknown = value_spreads(lookup, STARTS, [pairs, names, unknown])
        assert value_spreads(lookup, ("process", "terminate"), [names]) == [{}]
    assert of_pairs == {
        ("explorer.exe", "cmd.exe"): Spread(events=2, hosts=1, days=2),
        ("EXPLORER.EXE", "cmd.exe"): Spread(events=2, hosts=1, days=2),
        ("explorer.exe", None): Spread(events=1, hosts=1, days=1),
        (None, "cmd.exe"): Spread(events=1, hosts=1, days=0),
    }
    assert of_names == {("cmd.exe",): Spread(4, 3, 3), ("it's \"; DROP TABLE",): Spread(1, 1, 1)}
    assert of_unknown == {(None,): Spread(6, 4, 3)}


def test_starts_are_looked_up_by_guid_and_by_pid_on_a_host(store: Store) -> None:
    with Lookup(store, Limits()) as lookup:
        found = process_starts(lookup, ["{a}"], [("pc2", 1), ("pc9", 1), ("pc1", 7)])
        assert process_starts(lookup, [], []) == []
    assert [(start.host, start.pid, start.guid, start.parent_exe) for start in found] == [
        ("PC1", 1, "{A}", "explorer.exe"),
        ("PC2", 1, None, "word.exe"),
    ]
    assert found[0].time == round(DAY.timestamp() * 1_000_000)


def test_a_lookup_keeps_to_its_limits_and_to_its_store(store: Store, tmp_path: Path) -> None:
    with Lookup(store, Limits(seconds=0.05)) as lookup, pytest.raises(EngineError, match="ran longer than"):
        lookup.rows("SELECT count(*) FROM range(100_000_000) a, range(100_000) b WHERE a.range % 7 = b.range % 11", {})
    (tmp_path / "other.csv").write_text("a\n1\n", encoding="utf-8")
    with Lookup(store, Limits()) as lookup, pytest.raises(EngineError):
        lookup.rows(f"FROM read_csv('{tmp_path / 'other.csv'}')", {})
