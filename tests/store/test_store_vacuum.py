"""What a vacuum deletes, what it leaves, and when it is refused."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest

from carlang.errors import StoreError
from carlang.store import Store, compact, open_store, vacuum
from carlang.store.locks import STAGING_FOLDER
from tests.conftest import POSIX, REPOSITORY
from tests.store.conftest import add_events, write_events

_NOW = timedelta()


def _age(path: Path, days: float) -> Path:
    moment = time.time() - days * 86400
    os.utime(path, (moment, moment))
    return path


def test_what_was_replaced_or_never_named_goes_when_it_is_old_enough(store: Store) -> None:
    named = [_age(add_events(store, number, number + 1, str(number)), 30) for number in range(3)]
    never = _age(write_events(store.new_file("process", "create"), 0, 2), 8)
    young = _age(write_events(store.new_file("process", "create"), 0, 2), 6)
    assert compact(store).deleted == 0
    assert all(path.exists() for path in (*named, never, young))
    # The files were written a month ago, but replaced just now: who reads them began after that.
    assert vacuum(store, dry_run=True).files == (never,)
    assert never.exists()
    assert vacuum(store).files == (never,)
    done = vacuum(store, older_than=_NOW)
    assert set(done.files) == {*named, young}
    assert not any(path.exists() for path in (*named, never, young))
    assert open_store(store.path).info().rows == 3
    assert vacuum(store, older_than=_NOW).files == ()


def test_what_a_killed_writer_left_goes_and_what_was_rejected_stays(store: Store) -> None:
    add_events(store, 0, 2, "one")
    left = write_events(store.path / STAGING_FOLDER / "gone" / "a.parquet", 0, 2)
    rejected = store.path / "_rejected" / "a.ndjson"
    rejected.parent.mkdir()
    rejected.write_text("{}\n", "utf-8")
    _age(rejected, 30)
    assert vacuum(store).files == ()
    assert vacuum(store, older_than=_NOW).files == (left,)
    assert (left.parent.exists(), rejected.exists()) == (False, True)


def test_a_vacuum_is_refused_while_somebody_writes(store: Store) -> None:
    add_events(store, 0, 2, "one")
    never = write_events(store.new_file("process", "create"), 0, 2)
    refused = pytest.raises(StoreError, match="refused: an ingest or a compaction is running")
    with store.writing(), open_store(store.path).writing(), refused:
        vacuum(store, older_than=_NOW)
    assert never.exists()
    assert vacuum(store, older_than=_NOW).files == (never,)


def test_writers_wait_for_a_vacuum_and_then_say_why_they_cannot_go_on(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    from carlang.store import locks  # noqa: PLC0415

    monkeypatch.setattr(locks, "_PATIENCE", 0.1)
    with locks.alone(store.path, "vacuum"), pytest.raises(StoreError, match="is being vacuumed or repaired"):
        compact(store)
    with locks.alone(store.path, "vacuum"), pytest.raises(StoreError, match=r"vacuum of .* is refused"):
        vacuum(store)
    compact(store)


_WRITER = """
import sys, time
from carlang.store import open_store
with open_store(sys.argv[1]).writing():
    print("writing", flush=True)
    time.sleep(60)
"""


@POSIX
def test_the_lock_of_a_writer_ends_with_its_process(store: Store) -> None:
    add_events(store, 0, 2, "one")
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    command = [sys.executable, "-c", _WRITER, str(store.path)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "writing\n"
        with pytest.raises(StoreError, match="is running"):
            vacuum(store)
        writer.send_signal(signal.SIGKILL)
    vacuum(store, older_than=_NOW)
    assert [path.name for path in (store.path / STAGING_FOLDER).iterdir()] in ([], ["gate.lock"])


def test_nothing_is_deleted_while_the_log_lacks_something(store: Store) -> None:
    for number in range(3):
        add_events(store, number, number + 1, str(number))
    entry = store.path / "_delta_log" / f"{2:020}.json"
    opened = open_store(store.path)
    entry.write_text(entry.read_text("utf-8").splitlines()[0] + "\n", "utf-8")
    with pytest.raises(StoreError, match=r"2\.json cannot be read: it lacks something that was committed"):
        vacuum(opened, older_than=_NOW)
    assert len(list(store.path.glob("object=process/**/*.parquet"))) == 3
