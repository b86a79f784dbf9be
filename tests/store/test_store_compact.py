from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import deltalake
import pytest

from carlang.errors import StoreError
from carlang.model import builtin_model
from carlang.store import StagedFile, Store, compact, create_store, open_store, write_plain
from tests.conftest import POSIX, REPOSITORY
from tests.store.conftest import add_events, write_events


def _bytes(store: Path, folder: Path) -> dict[str, bytes]:
    write_plain(open_store(store), folder)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*.parquet")}


def test_small_files_become_one_and_the_events_stay_the_same(store: Store, tmp_path: Path) -> None:
    for number in range(5):
        add_events(store, number * 10, number * 10 + 10, str(number))
    add_events(store, 0, 3, "end", action="terminate")
    before = _bytes(store.path, tmp_path / "before")
    done = compact(store)
    assert (done.merged, done.written, done.rows, done.deleted) == (5, 1, 50, 0)
    assert _bytes(store.path, tmp_path / "after") == before
    (created,) = store.files("process", ["create"])
    assert created.rows == 50
    assert created.first_time == datetime(2020, 1, 1, 0, 0, 0, 1, UTC)
    assert created.last_time == datetime(2020, 1, 1, 0, 0, 49, 1, UTC)
    assert store.has_source("3")
    assert compact(store).merged == 0


def test_who_reads_meanwhile_keeps_its_files_until_they_are_deleted(store: Store) -> None:
    for number in range(3):
        add_events(store, number, number + 1, str(number))
    reader = open_store(store.path)
    old = [file.path for file in reader.files()]
    assert compact(store).deleted == 0
    assert all(path.exists() for path in old)
    assert compact(store, keep_hours=0).deleted == 3
    assert not any(path.exists() for path in old)
    assert open_store(store.path).info().rows == 3


def test_replaced_files_are_kept_for_parts_of_an_hour_too(store: Store) -> None:
    for number in range(3):
        add_events(store, number, number + 1, str(number))
    assert compact(store, keep_hours=0.5).deleted == 0
    assert compact(store, keep_hours=0).deleted == 3


def test_files_with_other_columns_are_merged(store: Store) -> None:
    add_events(store, 0, 4, "one")
    path = store.new_file("process", "create")
    path.parent.mkdir(parents=True, exist_ok=True)
    import duckdb  # noqa: PLC0415

    duckdb.execute(f"COPY (SELECT NULL::TIMESTAMPTZ AS time, 'x' AS user) TO '{path}' (FORMAT parquet)")
    store.commit([StagedFile(path, "process", "create")], ["two"])
    compact(store)
    (file,) = store.files()
    assert (file.rows, file.filled["user"], file.filled["exe"]) == (5, 1, 2)


def test_compactions_at_the_same_time_double_nothing(store: Store) -> None:
    for number in range(6):
        add_events(store, number, number + 1, str(number))
    opened = [open_store(store.path) for _ in range(3)]
    files = [each.files() for each in opened]
    done = []
    for each, own in zip(opened, files, strict=True):
        path = write_events(each.new_file("process", "create"), 0, 6)
        done.append(each.replace(own, path))
    assert done == [True, False, False]
    assert open_store(store.path).info().rows == 6


def test_ingests_and_compactions_go_on_at_the_same_time(store: Store) -> None:
    for number in range(4):
        add_events(store, number, number + 1, f"before {number}")
    faults: list[BaseException] = []

    def work(number: int) -> None:
        try:
            own = open_store(store.path)
            for turn in range(3):
                if number < 2:
                    compact(own)
                else:
                    own.refresh()
                    add_events(own, 0, 2, f"{number} {turn}")
        except BaseException as error:  # noqa: BLE001  # a thread's error would be lost
            faults.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert open_store(store.path).info().rows == 4 + 2 * 3 * 2


_DYING = """
import os, signal, sys
from carlang.store import compact, open_store
from carlang.store.store import Store

replace = Store.replace

def dying(self, files, path):
    if sys.argv[2] == "after":
        replace(self, files, path)
    os.kill(os.getpid(), signal.SIGKILL)

Store.replace = dying
compact(open_store(sys.argv[1]))
"""


@POSIX
@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_compaction_that_is_killed_loses_nothing(moment: str, store: Store, tmp_path: Path) -> None:
    for number in range(4):
        add_events(store, number, number + 1, str(number))
    before = _bytes(store.path, tmp_path / "before")
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    died = subprocess.run([sys.executable, "-c", _DYING, str(store.path), moment], env=environment, check=False)
    assert died.returncode == -signal.SIGKILL
    assert _bytes(store.path, tmp_path / "killed") == before
    compact(open_store(store.path))
    assert _bytes(store.path, tmp_path / "done") == before
    assert open_store(store.path).info().files == 1


def test_leftovers_are_deleted_after_a_day_and_what_was_rejected_stays(store: Store) -> None:
    add_events(store, 0, 2, "one")
    young = write_events(store.new_file("process", "create"), 0, 2)
    old = write_events(store.new_file("process", "create"), 0, 2)
    rejected = store.path / "_rejected" / "a.ndjson"
    rejected.parent.mkdir()
    rejected.write_text("{}\n", "utf-8")
    past = (datetime.now(UTC) - timedelta(days=9)).timestamp()
    for path in (old, rejected):
        os.utime(path, (past, past))
    assert compact(store, keep_hours=0).deleted == compact(store).deleted == 0
    assert old.exists()
    assert compact(store, keep_hours=24).deleted == 1
    assert (young.exists(), old.exists(), rejected.exists()) == (True, False, True)


def test_a_plain_tree_is_not_compacted(tmp_path: Path) -> None:
    write_events(tmp_path / "process/create/a.parquet", 0, 5)
    write_events(tmp_path / "process/create/b.parquet", 0, 5)
    with pytest.raises(StoreError, match="only read"):
        compact(open_store(tmp_path))


def test_many_commits_are_read_from_a_checkpoint(tmp_path: Path) -> None:
    store = create_store(tmp_path / "store", builtin_model())
    for number in range(3):
        add_events(store, number, number + 1, str(number))
    compact(store)
    assert list((store.path / "_delta_log").glob("*.checkpoint.parquet"))
    assert deltalake.DeltaTable(store.path).version() > 3
    again = open_store(store.path)
    assert (again.info().rows, again.has_source("2")) == (3, True)
