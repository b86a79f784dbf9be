from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from carlang.errors import StoreError
from carlang.model import builtin_model
from carlang.store import Store, create_store, open_store, write_plain
from tests.store.conftest import add_events, write_events


@pytest.mark.parametrize(
    "folder", ["process/create", "object=process/action=create", "process/create/2020/01", "Process/Create"]
)
def test_a_plain_tree_is_a_store_to_read(folder: str, tmp_path: Path) -> None:
    path = write_events(tmp_path / folder / "any.parquet", 0, 5)
    store = open_store(tmp_path)
    (file,) = store.files("process", ["create"])
    assert (file.path, file.rows) == (path, 5)
    assert file.first_time == datetime(2020, 1, 1, 0, 0, 0, 1, UTC)
    assert file.last_time == datetime(2020, 1, 1, 0, 0, 4, 1, UTC)
    assert dict(file.filled) == {"time": 5, "hostname": 5, "exe": 3, "pid": 5, "command_line": 0, "sensor": 5}
    assert store.columns("process")["time"] == "TIMESTAMP WITH TIME ZONE"
    assert not store.writable
    assert store.info().rows == 5
    assert not store.has_source("any")


def test_files_may_differ_in_their_columns_and_may_be_empty(tmp_path: Path) -> None:
    write_events(tmp_path / "process/create/a.parquet", 0, 5)
    write_events(tmp_path / "process/create/none.parquet", 0, 0)
    other = tmp_path / "process/terminate/b.parquet"
    other.parent.mkdir()
    duckdb.execute(f"COPY (SELECT 1 AS uid) TO '{other}' (FORMAT parquet)")
    store = open_store(tmp_path)
    assert [f.rows for f in store.files()] == [5, 0, 1]
    assert {"time", "pid", "uid"} <= set(store.columns("process"))
    assert store.files("process", ["terminate"])[0].first_time is None


def test_a_plain_tree_is_never_written(tmp_path: Path) -> None:
    write_events(tmp_path / "process/create/a.parquet", 0, 5)
    with pytest.raises(StoreError, match="only read"):
        create_store(tmp_path, builtin_model())
    with pytest.raises(StoreError, match="only read"):
        open_store(tmp_path).new_file("process", "create")


def test_a_damaged_file_of_a_tree_is_named(tmp_path: Path) -> None:
    write_events(tmp_path / "process/create/a.parquet", 0, 5)
    bad = tmp_path / "process/create/b.parquet"
    bad.write_bytes(b"PAR1 no more")
    with pytest.raises(StoreError) as caught:
        open_store(tmp_path).files()
    assert str(bad) in str(caught.value)


def test_what_is_no_store_is_an_error_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"there is no event store at .* `carlang ingest"):
        open_store(tmp_path / "gone")
    with pytest.raises(StoreError, match="is not an event store"):
        open_store(tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="is a file"):
        open_store(tmp_path / "file")
    with pytest.raises(StoreError, match="is a file"):
        create_store(tmp_path / "file", builtin_model())


def test_a_copy_has_the_same_bytes_however_the_events_were_added(store: Store, tmp_path: Path) -> None:
    add_events(store, 0, 3000, "one")
    add_events(store, 3000, 5000, "two")
    other = create_store(tmp_path / "other", builtin_model())
    for number in (4, 1, 0, 3, 2):
        add_events(other, number * 1000, number * 1000 + 1000, str(number))
    write_plain(store, tmp_path / "a")
    write_plain(other, tmp_path / "b")
    name = "process/create/events.parquet"
    assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    assert open_store(tmp_path / "a").info().rows == 5000
    with pytest.raises(StoreError, match="is not empty"):
        write_plain(store, tmp_path / "a")


def test_the_sample_store_opens_without_a_path() -> None:
    assert open_store().info().rows > 100
