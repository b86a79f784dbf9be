"""What is said where a disk is full or may not be written, and that nothing of the store is lost by it."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError

from carlang.errors import StoreError
from carlang.loading import loader
from carlang.store import Store, check_store, compact, open_store, storage_fault
from tests.cli.commands import carlang
from tests.ingesting import load, sysmon_create, write_lines
from tests.store.conftest import add_events

_KEPT = "all that the store held before is still there, and nothing was added by halves"


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "the disk is full"),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), "the disk quota is used up"),
        (OSError(errno.EROFS, "Read-only file system"), "the file system is read-only"),
        (PermissionError(errno.EACCES, "Permission denied"), "it may not be written"),
        (duckdb.IOException('IO Error: Could not write file "x": No space left on device'), "the disk is full"),
        (duckdb.IOException('IO Error: Cannot open file "x": Read-only file system'), "the file system is read-only"),
        (DeltaError("Generic LocalFileSystem error: No space left on device (os error 28)"), "the disk is full"),
        (DeltaError("Unable to copy data to file: Permission denied (os error 13)"), "it may not be written"),
        (OSError("There is not enough space on the disk. (os error 112)"), "the disk is full"),
        (OSError("Access is denied. (os error 5)"), "it may not be written"),
        (duckdb.ConversionException("Conversion Error: Could not convert"), None),
        (FileNotFoundError(errno.ENOENT, "No such file or directory"), None),
    ],
)
def test_a_fault_of_the_storage_is_known_whoever_raises_it(error: Exception, said: str | None) -> None:
    assert storage_fault(error) == said


_FULL = [
    OSError(errno.ENOSPC, "No space left on device"),
    duckdb.IOException("IO Error: Could not write: No space left on device"),
    DeltaError("Generic LocalFileSystem error: No space left on device (os error 28)"),
]


@pytest.mark.parametrize(
    ("owner", "name", "error"),
    [
        (loader, "write_events", _FULL[1]),
        (json, "dumps", _FULL[0]),
        (DeltaTable, "create_write_transaction", _FULL[2]),
    ],
    ids=["events", "rejected", "log"],
)
def test_an_ingest_on_a_full_disk_says_so_and_adds_nothing(
    owner: object, name: str, error: Exception, store: Store, tmp_path: Path
) -> None:
    add_events(store, 0, 5, "before")
    log = tmp_path / "log.json"
    log.write_text("no json\n" + write_lines(tmp_path / "good.json", [sysmon_create()]).read_text("utf-8"), "utf-8")

    def full(*_arguments: object, **_options: object) -> None:
        raise error

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(owner, name, full)
        with pytest.raises(StoreError) as caught:
            load(store.path, log)
    assert "cannot be written: the disk is full; free some space" in str(caught.value)
    assert str(store.path) in str(caught.value)
    assert str(caught.value).endswith(_KEPT)
    assert check_store(store.path).is_whole
    assert open_store(store.path).info().rows == 5
    load(store.path, log)
    assert open_store(store.path).info().rows == 6


def test_a_compaction_on_a_full_disk_says_so_and_changes_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(3):
        add_events(store, number, number + 1, str(number))

    def full(*_arguments: object) -> bool:
        raise _FULL[1]

    with monkeypatch.context() as patch:
        patch.setattr(sys.modules["carlang.store.compact"], "_copied", full)
        with pytest.raises(StoreError, match=r"cannot be compacted: the disk is full; free some space .*halves$"):
            compact(store)
    assert check_store(store.path).findings == ()
    assert compact(store).rows == 3


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of a megabyte, which root can mount."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("a file system can be mounted by root alone")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_real_disk_that_is_full_or_read_only_is_said_to_be(small_disk: Path, tmp_path: Path) -> None:
    store = small_disk / "store"
    log = write_lines(tmp_path / "log.json", [sysmon_create(1)])
    large = write_lines(
        tmp_path / "large.json", [sysmon_create(n, CommandLine=os.urandom(2000).hex()) for n in range(600)]
    )
    load(store, log)
    full = carlang("ingest", large, "--store", store)
    assert full.status == 3
    assert "the disk is full; free some space and run the command again" in full.err
    assert str(store) in full.err
    assert check_store(store).is_whole
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    for command in (["ingest", str(large), "--store"], ["store", "compact"], ["store", "vacuum"]):
        done = carlang(*command, store)
        assert done.status == 3, command
        assert "the file system is read-only; make it writable, or name a store in another folder" in done.err, command
        assert str(store) in done.err
    for reading in ("info", "check", "repair"):
        assert carlang("store", reading, store).status == 0, reading
    assert open_store(store).info().rows == 1
