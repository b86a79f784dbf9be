from __future__ import annotations

import json
import threading
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import deltalake
import duckdb
import pyarrow as pa
import pytest

from carlang.errors import StoreError
from carlang.model import STRING, Field, Model, builtin_model
from carlang.store import StagedFile, Store, compact, create_store, open_store
from tests.conftest import POSIX
from tests.store.conftest import add_events, write_events


def test_a_commit_is_seen_with_its_statistics_without_opening_a_file(store: Store) -> None:
    path = add_events(store, 0, 5, "one")
    for opened in (store, open_store(store.path)):
        (file,) = opened.files()
        assert (file.path, file.object, file.action, file.rows) == (path, "process", "create", 5)
        assert file.first_time == datetime(2020, 1, 1, 0, 0, 0, 1, UTC)
        assert file.last_time == datetime(2020, 1, 1, 0, 0, 4, 1, UTC)
        expected = {"time": 5, "hostname": 5, "exe": 3, "pid": 5, "command_line": 0, "sensor": 5}
        assert dict(file.filled) == expected
        assert set(opened.columns("process")) == set(expected)
        assert opened.columns("process")["time"] == "TIMESTAMP WITH TIME ZONE"
        assert opened.columns("process")["pid"] == "BIGINT"
        assert opened.columns("file") == {}


def test_files_are_chosen_by_object_and_action(store: Store) -> None:
    add_events(store, 0, 5, "one")
    ended = add_events(store, 5, 7, "two", action="terminate")
    assert len(store.files("process")) == 2
    assert [f.path for f in store.files("process", ["terminate", "access"])] == [ended]
    assert store.files("file") == store.files("process", []) == ()


def test_a_file_that_no_commit_names_is_not_there(store: Store) -> None:
    write_events(store.new_file("process", "create"), 0, 5)
    assert store.files() == ()
    assert open_store(store.path).info().rows == 0


def test_a_source_is_remembered_by_its_digest(store: Store) -> None:
    add_events(store, 0, 5, "one")
    assert store.has_source("one")
    assert open_store(store.path).has_source("one")
    assert not store.has_source("two")


def test_a_source_that_another_committed_first_is_not_added_again(store: Store) -> None:
    other = open_store(store.path)
    add_events(other, 0, 5, "one")
    path = write_events(store.new_file("process", "create"), 0, 7)
    assert store.commit([StagedFile(path, "process", "create")], ["two", "one"]) == {"one"}
    assert not store.has_source("two")
    assert open_store(store.path).info().rows == 5


def test_commits_at_the_same_time_all_succeed(store: Store) -> None:
    faults: list[Exception] = []

    def commit(number: int) -> None:
        try:
            add_events(open_store(store.path), 0, 2, f"source {number}")
        except Exception as error:  # noqa: BLE001  # a thread's error would be lost
            faults.append(error)

    threads = [threading.Thread(target=commit, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert open_store(store.path).info().rows == 16


def test_other_readers_of_delta_and_parquet_see_the_events(store: Store) -> None:
    path = add_events(store, 0, 5, "one")
    table = deltalake.DeltaTable(store.path)
    actions = pa.table(table.get_add_actions(flatten=True)).to_pylist()
    assert [(a["partition.object"], a["partition.action"], a["num_records"]) for a in actions] == [
        ("process", "create", 5)
    ]
    assert [Path(uri) for uri in table.file_uris()] == [path]
    rows = pa.RecordBatchReader.from_stream(table.scan()).read_all()
    assert (rows.num_rows, set(rows["action"].to_pylist())) == (5, {"create"})
    hive = "SELECT object, action, count(*) FROM read_parquet($glob, hive_partitioning = true) GROUP BY ALL"
    glob = str(store.path / "**" / "*.parquet")
    assert duckdb.execute(hive, {"glob": glob}).fetchall() == [("process", "create", 5)]


def test_a_new_model_adds_its_columns_to_a_store(store: Store) -> None:
    add_events(store, 0, 5, "one")
    model = builtin_model()
    process = model.objects["process"]
    fields = {**process.fields, "mood": Field("mood", STRING)}
    grown = Model({**model.objects, "process": replace(process, fields=fields)}, model.common)
    again = create_store(store.path, grown)
    assert again.info().rows == 5
    assert "mood" in {f.name for f in deltalake.DeltaTable(store.path).schema().fields}


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda path: path.unlink(), "No such file"),
        (lambda path: path.write_bytes(b"short"), "bytes where the log says"),
        (lambda path: path.write_bytes(bytes(path.stat().st_size)), "not a Parquet file"),
    ],
    ids=["missing", "cut", "overwritten"],
)
def test_a_damaged_file_is_named(damage: object, message: str, store: Store) -> None:
    path = add_events(store, 0, 5, "one")
    assert callable(damage)
    damage(path)
    with pytest.raises(StoreError, match=message) as caught:
        open_store(store.path).files()
    assert str(path) in str(caught.value)


def test_another_delta_table_is_no_store(tmp_path: Path) -> None:
    deltalake.write_deltalake(tmp_path, pa.table({"a": [1]}))
    with pytest.raises(StoreError, match="not one of events"):
        open_store(tmp_path)


def test_a_damaged_log_is_named(store: Store) -> None:
    entry = store.path / "_delta_log" / "00000000000000000000.json"
    entry.write_text("garbage", "utf-8")
    with pytest.raises(StoreError) as caught:
        open_store(store.path)
    assert str(entry) in str(caught.value)


def test_statistics_that_a_writer_left_out_are_read_from_the_file(store: Store) -> None:
    add_events(store, 0, 5, "one")
    entry = store.path / "_delta_log" / "00000000000000000001.json"
    lines = [json.loads(line) for line in entry.read_text("utf-8").splitlines()]
    for line in lines:
        line.get("add", {}).pop("stats", None)
    entry.write_text("\n".join(json.dumps(line) for line in lines), "utf-8")
    (file,) = open_store(store.path).files()
    assert (file.rows, file.filled["exe"], file.first_time) == (5, 3, datetime(2020, 1, 1, 0, 0, 0, 1, UTC))


def test_info_sums_a_store_up(store: Store) -> None:
    add_events(store, 0, 4, "one")
    add_events(store, 4, 10, "two")
    add_events(store, 10, 11, "three", action="terminate")
    info = store.info()
    assert (info.rows, info.files, info.sensors, info.writable) == (11, 3, ("test",), True)
    created, ended = info.classes
    assert (created.object, created.action, created.rows, created.files) == ("process", "create", 10, 2)
    assert (created.fill["exe"], created.fill["command_line"], created.fill["pid"]) == (0.5, 0.0, 1.0)
    assert (ended.action, ended.rows) == ("terminate", 1)
    assert info.first_time == created.first_time
    assert info.last_time == ended.last_time
    assert json.loads(json.dumps(info.to_json()))["first_time"] == "2020-01-01T00:00:00.000001Z"


@pytest.mark.parametrize(
    "name", ["../outside.parquet", "{folder}/outside.parquet", "object=x/../../outside.parquet", "..%2Foutside.parquet"]
)
def test_a_log_that_names_a_file_outside_of_the_store_is_refused(name: str, store: Store, tmp_path: Path) -> None:
    outside = write_events(tmp_path / "outside.parquet", 0, 7)
    add_events(store, 0, 3, "one")
    entry = {
        "path": name.format(folder=tmp_path),
        "partitionValues": {"object": "process", "action": "create"},
        "size": outside.stat().st_size,
        "modificationTime": 1,
        "dataChange": True,
        "stats": json.dumps({"numRecords": 7, "nullCount": {"pid": 0}}),
    }
    log = store.path / "_delta_log"
    (log / f"{len(list(log.glob('*.json'))):020}.json").write_text(json.dumps({"add": entry}) + "\n", encoding="utf-8")
    with pytest.raises(StoreError, match="outside of the store"):
        open_store(store.path).files()


@POSIX
@pytest.mark.parametrize("linked", ["file", "folder"])
def test_a_link_that_leads_out_of_the_store_is_refused(linked: str, store: Store, tmp_path: Path) -> None:
    path = add_events(store, 0, 3, "one")
    link = path if linked == "file" else path.parent
    outside = link.rename(tmp_path / "outside")
    link.symlink_to(outside)
    with pytest.raises(StoreError, match="names a file outside of the store"):
        compact(open_store(store.path))


def test_a_store_behind_a_link_is_read(store: Store, tmp_path: Path) -> None:
    add_events(store, 0, 3, "one")
    (tmp_path / "link").symlink_to(store.path)
    assert open_store(tmp_path / "link").info().rows == 3


def test_nothing_outside_of_the_store_is_deleted(store: Store, tmp_path: Path) -> None:
    victim = tmp_path / "victim.parquet"
    add_events(store, 0, 3, "one")
    for name in ("../victim.parquet", str(victim), f"file://{victim}", "..%2Fvictim.parquet"):
        victim.write_bytes(b"x")
        log = store.path / "_delta_log"
        values = {"object": "process", "action": "create"}
        entry = {"path": name, "deletionTimestamp": 1, "dataChange": True, "extendedFileMetadata": True}
        entry |= {"partitionValues": values, "size": 1}
        version = max(int(path.stem) for path in log.glob("*.json")) + 1
        (log / f"{version:020}.json").write_text(json.dumps({"remove": entry}) + "\n", encoding="utf-8")
        compact(open_store(store.path), keep_hours=0)
        assert victim.exists(), name
