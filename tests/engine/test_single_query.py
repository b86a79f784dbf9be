"""One analytic is one query: what is asked of the engine, told by the statements that it runs, and not by the clock."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import carlang
from carlang.analytic import RunOptions, load_text, run_one
from carlang.engine import duckdb_engine
from carlang.engine.protocol import Answer
from carlang.model import builtin_model
from carlang.store import StagedFile, Store, create_store
from carlang.store.inventory import Inventory
from tests.ingesting import load, sysmon_create, write_lines
from tests.mapping.sensor_records import windows
from tests.store.conftest import write_events

SECURITY = ("Security", "Microsoft-Windows-Security-Auditing")
PROGRAM = 'p = search Process:Create\nat = filter p where exe == "at.exe"\noutput at\n'
OPTIONS = RunOptions.of(now=datetime(2024, 1, 1, tzinfo=UTC))


class Recorded(duckdb_engine.DuckDBEngine):
    """An engine that remembers what it was asked."""

    statements: list[str]

    def execute(
        self, statement: str, tables: Mapping[str, pa.Table] | None = None, *, takes_time: bool = False
    ) -> None:
        self.statements.append(statement)
        super().execute(statement, tables, takes_time=takes_time)

    def query(self, text: str, limit: int | None = None) -> Answer:
        self.statements.append(text)
        return super().query(text, limit)


def _asked(store: Store) -> tuple[list[str], list[dict[str, Any]]]:
    """Return the statements that a run of the program asks of the engine, and its rows."""
    Recorded.statements = []
    with patch("carlang.engine.session.DuckDBEngine", Recorded):
        (output,) = run_one(load_text(PROGRAM, model=builtin_model()), store, OPTIONS, {}).values()
    return Recorded.statements, output.table.to_pylist()


def _log(path: Path, *, computer: str, pid: str = "0x440") -> Path:
    """Write a start that Sysmon tells of, and one of the security log of a host."""
    start = windows(SECURITY, 4688, NewProcessName="C:\\at.exe", NewProcessId=pid)["Event"]
    system = {**start["System"], "Computer": computer}
    return write_lines(path, [sysmon_create(), {"Event": {**start, "System": system}}])


def test_a_store_with_one_sensor_a_host_is_read_by_one_query(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load(tmp_path / "store", _log(tmp_path / "log.json", computer="HOST2"))

    def counted(*_: object) -> pa.Table:
        raise AssertionError("events were counted, though footers say what there is to say of them")

    monkeypatch.setattr(Inventory, "_count", counted)
    monkeypatch.setattr(Inventory, "_look", counted)
    statements, rows = _asked(carlang.open_store(tmp_path / "store"))
    schema, view, query = statements
    assert schema.startswith("CREATE SCHEMA")
    assert view.startswith("CREATE OR REPLACE VIEW")
    assert query.count('"events"') == 1
    assert len(rows) == 2


def test_two_sensors_of_one_host_have_their_records_paired(tmp_path: Path) -> None:
    load(tmp_path / "store", _log(tmp_path / "log.json", computer="HOST1"))
    statements, _ = _asked(carlang.open_store(tmp_path / "store"))
    assert any("pairs" in statement for statement in statements)


@pytest.mark.parametrize("are_pairs", [True, False])
def test_records_are_paired_once_where_none_of_them_are_pairs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, are_pairs: bool
) -> None:
    monkeypatch.setenv("CARLANG_CACHE", str(tmp_path / "kept"))
    load(tmp_path / "store", _log(tmp_path / "log.json", computer="HOST1", pid="0x440" if are_pairs else "0x441"))
    asked = []
    for age in (None, 1, None, 2):  # files that were written just now may be written once more
        if age is not None:
            for path in (tmp_path / "store").rglob("*.parquet"):
                os.utime(path, (1_600_000_000 + age, 1_600_000_000 + age))
        statements, rows = _asked(carlang.open_store(tmp_path / "store"))
        asked.append((any("pairs" in statement for statement in statements), len(rows)))
    count = 1 if are_pairs else 2
    assert asked == [(True, count), (True, count), (are_pairs, count), (True, count)]


@pytest.mark.parametrize("alike", [True, False])
def test_files_are_looked_into_for_their_columns_only_where_these_differ(tmp_path: Path, *, alike: bool) -> None:
    store = create_store(tmp_path / "store", builtin_model())
    for number in range(2):
        path = write_events(store.new_file("process", "create"), number * 10, number * 10 + 10, "create")
        if number:  # the same columns in another order, or one less
            table = pq.read_table(path)
            names = sorted(name for name in table.column_names if alike or name != "pid")
            pq.write_table(table.select(names), path)
        assert not store.commit([StagedFile(path, "process", "create")], [str(number)])
    statements, rows = _asked(carlang.open_store(store.path))
    assert ["union_by_name" in statement for statement in statements[1:]] == [not alike, False]
    assert [row["pid"] for row in rows] == [0, 2, 4, 6, 8, *((10, 12, 14, 16, 18) if alike else [None] * 5)]
    assert {row["exe"] for row in rows} == {"at.exe"}
