"""Whatever goes wrong at one source, the others are ingested, and the store holds nothing half."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from carlang.errors import StoreError
from carlang.loading import Status, loader
from carlang.mapping.mapper import Mapper
from carlang.readers import deadline, tuning
from carlang.readers.json_lines import JsonLinesReader
from carlang.readers.records import LogFile, ReadFault, Records
from carlang.store import open_store
from tests.ingesting import load, query, sysmon_create, write_lines

FAULTS = [
    duckdb.InternalException("a fault of DuckDB"),
    duckdb.FatalException("database has been invalidated"),
    pa.ArrowInvalid("a fault of Arrow"),
    MemoryError("no memory left"),
    RecursionError("too deep"),
    AssertionError("a fault of ours"),
]


def _logs(folder: Path) -> list[Path]:
    """Write four logs of two records each; the third is the one that does harm."""
    return [write_lines(folder / f"{n}.json", [sysmon_create(n), sysmon_create(n + 10)]) for n in range(4)]


@pytest.mark.parametrize(("task", "fault"), [("route", FAULTS[1]), ("map", FAULTS[0])], ids=["route", "map"])
def test_records_that_cannot_be_mapped_cost_their_source_alone(
    task: str, fault: Exception, store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    undisturbed = getattr(Mapper, task)

    def failing(self: Mapper, *arguments: Any) -> Any:
        sources = (table["source"].to_pylist() for table in arguments if isinstance(table, pa.Table))
        if any(source.endswith("2.json") for names in sources for source in names):
            raise fault
        return undisturbed(self, *arguments)

    logs = _logs(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(Mapper, task, failing)
        report = load(store, *logs)
    statuses = [source.status for source in report.sources]
    assert statuses == [Status.INGESTED] * 2 + [Status.REJECTED, Status.INGESTED]
    assert report.sources[2].reason == f"its records cannot be mapped: {fault}"
    assert report.events == {("process", "create"): 6}
    assert query(store, "SELECT count(*), count(DISTINCT source) FROM events") == [(6, 3)]
    assert {file.path for file in open_store(store).files()} == set(store.rglob("*.parquet"))
    assert load(store, *logs).events == {("process", "create"): 2}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: type(fault).__name__)
def test_a_reader_that_fails_keeps_what_it_has_read(
    fault: Exception, store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    undisturbed = JsonLinesReader.read

    def failing(self: JsonLinesReader, log: LogFile) -> Iterator[Records | ReadFault]:
        yield from undisturbed(self, log)
        if log.name.endswith("2.json"):
            raise fault

    monkeypatch.setattr(JsonLinesReader, "read", failing)
    report = load(store, *_logs(tmp_path))
    assert [source.rejected for source in report.sources] == [0, 0, 1, 0]
    said = str(report.sources[2].reason)
    assert str(fault) in said
    assert "it cannot be read on" in said or "it breaks off" in said
    assert report.events == {("process", "create"): 8}


def test_a_store_that_cannot_be_written_is_no_fault_of_a_source(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise duckdb.IOException("No space left on device")

    monkeypatch.setattr(loader, "write_events", full)
    with pytest.raises(StoreError, match="cannot be written: the disk is full"):
        load(store, *_logs(tmp_path))
    assert list(store.rglob("*.parquet")) == []


@pytest.fixture
def end_the_time(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Have the time that ingests may take be up when this is called: a busy machine may take long to get there."""
    clock = SimpleNamespace(monotonic=time.monotonic)
    monkeypatch.setattr(deadline, "time", clock)

    def end() -> None:
        clock.monotonic = lambda: time.monotonic() + 1e6

    return end


def test_when_the_time_is_up_what_was_committed_stays_and_the_rest_is_named(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, end_the_time: Callable[[], None]
) -> None:
    undisturbed = JsonLinesReader.read

    def slow(self: JsonLinesReader, log: LogFile) -> Iterator[Records | ReadFault]:
        yield from undisturbed(self, log)
        while log.name.endswith("2.json"):
            end_the_time()
            time.sleep(0.05)
            yield ReadFault("one more")

    logs = _logs(tmp_path)
    load(store, *logs[:1])
    monkeypatch.setattr(tuning, "COMMIT", 1)
    with monkeypatch.context() as patch:
        patch.setattr(JsonLinesReader, "read", slow)
        report = load(store, *logs, timeout=500)
    present, *ingested, late, last = report.sources
    assert present.status is Status.PRESENT
    assert [source.status for source in ingested] == [Status.INGESTED]
    assert [(source.status, source.reason) for source in (late, last)] == [
        (Status.UNREAD, "the time was up: 500 s")
    ] * 2
    assert report.unread == report.to_json()["unread"] == 2
    assert query(store, "SELECT count(*) FROM events") == [(4,)]
    assert [source.status for source in load(store, *logs).sources[2:]] == [Status.INGESTED] * 2


def test_where_time_is_short_what_was_read_is_committed_before_a_large_source(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, end_the_time: Callable[[], None]
) -> None:
    undisturbed = JsonLinesReader.read

    def endless(self: JsonLinesReader, log: LogFile) -> Iterator[Records | ReadFault]:
        yield from undisturbed(self, log)
        while log.name.endswith("large.json"):
            end_the_time()
            time.sleep(0.05)
            yield ReadFault("one more")

    small = write_lines(tmp_path / "small.json", [sysmon_create(1)])
    large = write_lines(tmp_path / "large.json", [sysmon_create(2)] * 20)
    monkeypatch.setattr(tuning, "COMMIT", large.stat().st_size)
    monkeypatch.setattr(JsonLinesReader, "read", endless)
    report = load(store, small, large, timeout=500)
    assert [source.status for source in report.sources] == [Status.INGESTED, Status.UNREAD]


def test_a_mapper_that_takes_too_long_is_interrupted(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def endless(self: Mapper, *_: Any) -> Any:
        return self.connection.execute("SELECT sum(a.range * b.range) FROM range(10000000) a, range(10000000) b")

    monkeypatch.setattr(Mapper, "route", endless)
    begun = time.monotonic()
    report = load(store, *_logs(tmp_path), timeout=3)
    assert time.monotonic() - begun < 30
    assert [source.status for source in report.sources] == [Status.UNREAD] * 4
    assert open_store(store).files() == ()


def test_a_fifo_without_a_writer_is_waited_for_until_the_time_is_up(store: Path, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    report = load(store, tmp_path / "fifo", timeout=1)
    assert [source.status for source in report.sources] == [Status.UNREAD]
