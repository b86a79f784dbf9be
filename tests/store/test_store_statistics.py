"""Footers say whose events are in a file, whoever wrote it: what they say is what is counted where they are silent."""

from __future__ import annotations

import os
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carlang.store import (
    Fault,
    Store,
    StoreFile,
    check_store,
    compact,
    count_events,
    count_rows,
    open_store,
    repair_store,
    write_plain,
)
from carlang.store.footer import merged_statistics, statistics
from carlang.store.merging import merge_hours, merge_inventories
from carlang.store.statistics import SCHEMA, packed, typed, unpacked
from tests.ingesting import load, sysmon_create, write_lines
from tests.mapping.sensor_records import windows
from tests.store.conftest import write_events

SYSMON = ("Microsoft-Windows-Sysmon/Operational", "Microsoft-Windows-Sysmon")
SECURITY = ("Security", "Microsoft-Windows-Security-Auditing")


def _on(computer: str, record: dict[str, Any], number: int, hour: int = 3) -> dict[str, Any]:
    system = record["Event"]["System"]
    time = {"#attributes": {"SystemTime": f"2020-01-02T{hour:02}:04:06.000001Z"}}
    changed = system | {"Computer": computer, "EventRecordID": number, "TimeCreated": time}
    return {"Event": record["Event"] | {"System": changed}}


def _records(number: int = 0) -> list[dict[str, Any]]:
    """Return records of three hosts, one of them by two names and with two sensors; two are hollow, one of no kind."""
    start = windows(SECURITY, 4688, NewProcessName="C:\\a.exe", NewProcessId="0x10")
    return [
        _on("pc1", sysmon_create(User=None), number + 1),
        _on("PC1", sysmon_create(), number + 2, hour=7),
        _on("pc1", start, number + 3),
        _on("pc2", start, number + 4),
        _on("pc2", windows(SECURITY, 4688), number + 5),
        _on("pc3", windows(SECURITY, 4688), number + 6),
        _on("pc3", windows(SECURITY, 4999, x="1"), number + 7),
    ]


def _silenced(store: Store, path: Path) -> Store:
    """Copy the files of a store into a plain tree as another program would write them: without statistics."""
    with duckdb.connect() as connection:
        for file in store.files():
            target = path / file.object / file.action / file.path.name
            target.parent.mkdir(parents=True, exist_ok=True)
            rows = f"FROM read_parquet('{file.path}', hive_partitioning = false)"
            connection.execute(f"COPY ({rows}) TO '{target}' (FORMAT parquet)")
    return open_store(path)


def _agree(path: Path, folder: Path) -> pa.Table:
    """Hold what the footers of a store say to what is counted where there are none, and to what a check counts."""
    store = open_store(path)
    silent = _silenced(store, folder)
    assert (store.silent_files(), silent.silent_files()) == (0, len(store.files()))
    assert store.inventory().equals(silent.inventory())
    assert (store.hollow(), store.info().sensors) == (silent.hollow(), silent.info().sensors)
    assert store.classes_seen_twice() == silent.classes_seen_twice()
    assert [finding.fault for finding in check_store(path).findings] == []
    return store.inventory()


def test_whoever_writes_a_file_says_whose_events_it_has(tmp_path: Path) -> None:
    path = tmp_path / "store"
    log, array = tmp_path / "a.json", tmp_path / "b.json"
    load(path, write_lines(log, _records()))
    first = _agree(path, tmp_path / "1")
    assert open_store(path).hollow() == {("process", "create"): 2}
    assert open_store(path).classes_seen_twice() == {("process", "create")}

    array.write_text(str([*_records(20), *_records()[:2]]).replace("'", '"').replace("None", "null"), "utf-8")
    assert load(path, array, dedupe="record").duplicates == 2
    _agree(path, tmp_path / "2")

    write_lines(log, [*_records(), *_records(40)])  # a longer state takes the place of the former, or is added to it
    array.write_text(str([*_records(20), *_records(60)]).replace("'", '"').replace("None", "null"), "utf-8")
    load(path, array)
    load(path, log)
    before = _agree(path, tmp_path / "3")
    assert pc.sum(before["rows"]).as_py() == 4 * pc.sum(first["rows"]).as_py()

    compact(open_store(path))
    assert _agree(path, tmp_path / "4").equals(before)
    write_plain(open_store(path), tmp_path / "plain")
    assert open_store(tmp_path / "plain").inventory().equals(before)
    assert open_store(tmp_path / "plain").silent_files() == 0

    # Of a source whose connections are lost the starts are taken out of the file that they share with others.
    connection = windows(SYSMON, 3, Image="C:\\a.exe", ProcessId=3, DestinationPort=3389, DestinationIp="10.0.0.1")
    load(path, write_lines(tmp_path / "c.json", [*_records(80), _on("pc9", connection, 99)]))
    compact(open_store(path))
    (lost,) = open_store(path).files("flow")
    lost.path.unlink()
    repair_store(path, apply=True, give_up=True)
    assert _agree(path, tmp_path / "5").equals(before)


def test_a_compaction_writes_what_a_footer_lacks(tmp_path: Path) -> None:
    path = tmp_path / "store"
    load(path, write_lines(tmp_path / "a.json", _records()))
    with patch("carlang.store.footer.packed", lambda _: "?"):
        load(path, write_lines(tmp_path / "b.json", _records(20)))
    store = open_store(path)
    counted = store.inventory()
    assert store.silent_files() == 2
    assert compact(store).merged == 4
    assert _agree(path, tmp_path / "silent").equals(counted)
    assert compact(open_store(path)).merged == 0


def test_what_footers_say_is_merged_once_until_one_says_something_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CARLANG_CACHE", str(tmp_path / "kept"))
    path = tmp_path / "store"
    load(path, write_lines(tmp_path / "a.json", _records()))
    with patch("carlang.store.footer.merge_inventories", wraps=merge_inventories) as merging:
        first, again = (open_store(path).inventory() for _ in range(2))
        assert (merging.call_count, first.equals(again, check_metadata=True)) == (1, True)
        load(path, write_lines(tmp_path / "b.json", _records(20)))
        grown, silent = (open_store(path).inventory() for _ in range(2))
        assert (merging.call_count, grown.equals(silent)) == (2, True)
    assert pc.sum(grown["rows"]).as_py() == 2 * pc.sum(first["rows"]).as_py()
    monkeypatch.setenv("CARLANG_CACHE", "off")
    assert open_store(path).inventory().equals(grown, check_metadata=True)


def test_files_that_say_nothing_are_counted_once_until_one_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CARLANG_CACHE", str(tmp_path / "kept"))
    load(tmp_path / "store", write_lines(tmp_path / "a.json", _records()))
    _silenced(open_store(tmp_path / "store"), tmp_path / "plain")
    paths = sorted((tmp_path / "plain").rglob("*.parquet"))

    def seen() -> tuple[pa.Table, int]:
        with patch("carlang.store.inventory.typed", wraps=typed) as counting:
            return open_store(tmp_path / "plain").inventory(), counting.call_count

    first, times = seen()
    assert times > 0
    assert seen() == (first, times)  # they were written just now, and may be written once more
    for path in paths:
        os.utime(path, (1_600_000_000, 1_600_000_000))
    assert seen() == (first, times)
    assert seen() == (first, 0)
    # Another file of the same size at the same path.
    path = next(path for path in paths if "create" in path.parts)
    with duckdb.connect() as connection:
        rows = connection.sql(f"SELECT * REPLACE ('pc4' AS hostname) FROM read_parquet('{path}')").to_arrow_table()  # noqa: S608  # the test's own
        connection.register("rows", rows)
        connection.execute(f"COPY rows TO '{path}.new' (FORMAT parquet)")
    Path(f"{path}.new").replace(path)
    os.utime(path, (1_600_000_001, 1_600_000_001))
    changed, times = seen()
    assert times > 0
    assert "pc4" in changed["host"].to_pylist()
    assert seen() == (changed, 0)
    # Written over in place, to the same size, and given the time that it had.
    content = path.read_bytes()
    path.write_bytes(content)
    os.utime(path, (1_600_000_001, 1_600_000_001))
    assert seen() == (changed, times)


def test_footers_merged_some_at_a_time_are_those_merged_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CARLANG_CACHE", "off")
    path = tmp_path / "store"
    for number in range(4):
        load(path, write_lines(tmp_path / f"{number}.json", _records(number * 10)))
    files = open_store(path).files()
    expected = merge_inventories([statistics(files)[0]])
    for at_once in (1, 2, 3, len(files)):
        monkeypatch.setattr("carlang.store.footer._AT_ONCE", at_once)
        inventory, told = merged_statistics(files)
        assert inventory.equals(expected, check_metadata=True)
        assert told == {file.path for file in files}


def test_statistics_of_other_rows_are_not_believed(tmp_path: Path) -> None:
    """A program that filters a file may hand its footer on."""
    source = write_events(tmp_path / "all.parquet", 0, 10, "create")
    target = tmp_path / "plain" / "process" / "create" / "some.parquet"
    target.parent.mkdir(parents=True)
    shutil.copy(source, target)
    assert open_store(tmp_path / "plain").silent_files() == 0
    table = pq.read_table(source)
    pq.write_table(table.slice(0, 4).replace_schema_metadata(pq.read_metadata(source).metadata), target)
    store = open_store(tmp_path / "plain")
    assert (store.silent_files(), store.inventory()["rows"].to_pylist()) == (1, [4])


def test_a_check_finds_statistics_that_are_not_those_of_the_rows(tmp_path: Path) -> None:
    path = tmp_path / "store"
    load(path, write_lines(tmp_path / "a.json", _records()))

    def wrong(inventory: pa.Table) -> str:
        return packed(inventory.set_column(0, "host", pa.repeat("pc9", len(inventory))))

    with patch("carlang.store.footer.packed", wrong):
        load(path, write_lines(tmp_path / "b.json", _records(20)))
    findings = check_store(path).findings
    assert {finding.fault for finding in findings} == {Fault.STATISTICS}
    assert not check_store(path, quick=True).findings
    assert [step.remedy for step in repair_store(path).steps] == []


@pytest.mark.parametrize(
    "text", ["", "x", "1/3:abcd", "1/-1:", f"1/{9**30}:aaaa", f"1/12:{'A' * 20}", "1/12:é", "2/3:abcd"]
)
def test_what_is_no_statistics_is_none(text: str) -> None:
    sound = packed(pa.Table.from_pylist([{"host": "a", "object": "o", "rows": 1}], SCHEMA))
    table, part = unpacked([sound, text, sound])
    assert (table["host"].to_pylist(), part.to_pylist()) == (["a", "a"], [0, 2])
    assert unpacked([text])[0].equals(SCHEMA.empty_table())


def test_statistics_that_were_damaged_are_none_or_others() -> None:
    text = packed(merge_inventories([pa.Table.from_pylist([{"host": "a", "object": "o", "rows": 1}], SCHEMA)]))
    for index in range(len(text)):
        table, _ = unpacked([text[:index] + ("B" if text[index] != "B" else "C") + text[index + 1 :]])
        table.validate(full=True)
        assert table.schema == SCHEMA


_NAMES = st.sampled_from(["a", "A", "b", "é", "x" * 99, None])
_ROW = st.builds(
    lambda host, object_, log, count, hours, filled: {
        "host": host, "object": object_, "action": "create", "log": log, "sensor": object_, "rows": count,
        "hollow": count // 2, "timed": count, "first_time": None if count < 3 else datetime(1960, 1, count, tzinfo=UTC),
        "last_time": datetime(2060, 1, 1 + count, tzinfo=UTC), "filled": sorted(filled.items()),
        "hours": [{"start": -5 + 9 * n, "end": n + 9 * n} for n in range(hours)],
        "ids": [{"source": log, "count": 1, "first": n, "last": n, "start": None, "end": hours} for n in range(hours)],
    },
    _NAMES, st.sampled_from(["process", "flow"]), _NAMES, st.integers(1, 9), st.integers(0, 3),
    st.dictionaries(st.sampled_from(["exe", "pid", "hostname"]), st.integers(1, 9)),
)  # fmt: skip


@settings(max_examples=50, deadline=None)
@given(st.lists(_ROW, max_size=8))
def test_a_footer_gives_back_what_was_put_into_it(rows: list[dict[str, Any]]) -> None:
    inventory = pa.Table.from_pylist(rows, SCHEMA)
    text = packed(inventory)
    assert text.isascii()
    read, part = unpacked([text, "none", text])
    assert read.to_pylist() == [*inventory.to_pylist(), *inventory.to_pylist()]
    assert part.to_pylist() == [0] * len(rows) + [2] * len(rows)


@settings(max_examples=50, deadline=None)
@given(st.lists(_ROW, max_size=8))
def test_the_hours_of_hosts_are_those_of_all_that_is_seen_of_them(rows: list[dict[str, Any]]) -> None:
    alike = {"object": "process", "action": "create", "log": None, "sensor": None}
    merged = merge_inventories([pa.Table.from_pylist([row | alike for row in rows], SCHEMA)])
    assert merge_hours(pa.Table.from_pylist(rows, SCHEMA)).to_pylist() == merged.select(["host", "hours"]).to_pylist()


def _runs(numbers: set[int]) -> list[tuple[int, int, int]]:
    """Return the runs of numbers between which fewer than ten are missing: how many, the first, the last."""
    runs: list[list[int]] = []
    for number in sorted(numbers):
        if runs and number - runs[-1][-1] <= 10:
            runs[-1].append(number)
        else:
            runs.append([number])
    return [(len(run), run[0], run[-1]) for run in runs]


_NUMBERS = st.frozensets(st.integers(0, 60) | st.integers(10**12 - 9, 10**12 - 1), max_size=9)


@settings(max_examples=20, deadline=None)
@given(parts=st.lists(st.tuples(_NUMBERS, st.sampled_from(["a", "b"])), min_size=1, max_size=4), in_sql=st.booleans())
def test_runs_of_numbers_are_those_of_all_records_however_they_are_split(
    *, parts: list[tuple[frozenset[int], str]], in_sql: bool
) -> None:
    def counted(numbers: frozenset[int], source: str) -> pa.Table:
        rows = [{"hostname": "A", "source": source, "record_id": str(n), "time": None} for n in [*numbers, *numbers]]
        rows += [
            {"hostname": "A", "source": source, "record_id": text, "time": None} for text in ("1e1", "", "-1", None)
        ]
        types = [("hostname", pa.string()), ("source", pa.string()), ("record_id", pa.string())]
        events = pa.Table.from_pylist(rows, pa.schema([*types, ("time", pa.timestamp("us", "UTC"))]))
        if not in_sql:
            return count_events(events, "process", "create")
        with duckdb.connect() as connection:
            connection.register("events_of_a_test", events)
            filled = {"hostname": len(rows), "source": len(rows), "record_id": len(rows) - 1, "time": 0}
            return count_rows(
                connection, "events_of_a_test", StoreFile(Path(), "process", "create", len(rows), filled=filled)
            )

    (row,) = merge_inventories(counted(*part) for part in parts).to_pylist()
    runs: dict[str, list[tuple[int, int, int]]] = {}
    for each in row["ids"]:
        runs.setdefault(each["source"], []).append((each["first"], each["last"], each["count"]))
    expected = {s: _runs({n for numbers, source in parts if source == s for n in numbers}) for _, s in parts}
    assert {s: [(f, t) for f, t, _ in of] for s, of in runs.items()} == {
        s: [(f, t) for _, f, t in of] for s, of in expected.items() if of
    }
    if len({source for _, source in parts}) == len(parts):  # records that two classes tell of are counted in both
        assert {s: [n for _, _, n in of] for s, of in runs.items()} == {
            s: [n for n, _, _ in of] for s, of in expected.items() if of
        }
