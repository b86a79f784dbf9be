"""Who writes to a store at the moment: ingests and compactions beside one another, or a vacuum or a repair alone.

Every writer holds a lock of its own on a file in the store's folder for work in progress; who wants to be alone tries
the locks of all. Both do so behind a gate, a lock that is held for the moment in which a writer comes in, and as long
as somebody is alone. The locks are those of the operating system: they end with the process, however it ends.
"""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from carlang.errors import StoreError
from carlang.store.storage import not_written

STAGING_FOLDER = "_staging"
"""Where files stand that are still written, with the locks of their writers; readers of the table skip it."""

_GATE = "gate.lock"
_WRITER = "writer-"
# Seconds. A writer comes in within milliseconds; a vacuum deletes thousands of files in this time.
_PATIENCE = 60.0


@contextmanager
def writing(store: Path) -> Iterator[Path]:
    """Be one of a store's writers in this block, and have a new folder for files that are not part of it yet.

    The folder goes with the block, and all that is still in it.

    Raises `StoreError` where a vacuum or a repair does not end.
    """
    name = uuid.uuid4().hex
    folder = store / STAGING_FOLDER / name
    lock = _lock(store, f"{_WRITER}{name}.lock")
    try:
        folder.parent.mkdir(exist_ok=True)
        with _lock(store, _GATE).acquire(timeout=_PATIENCE):
            lock.acquire(timeout=_PATIENCE)
        folder.mkdir()
    except Timeout as error:
        lock.release()
        raise StoreError(f"{store} is being vacuumed or repaired; try again when that is done") from error
    except OSError as error:
        lock.release()
        raise not_written(store, error) from error
    try:
        yield folder
    finally:
        # The log cannot name anything in here: files leave for their places before a commit does.
        _remove(folder)
        lock.release()
        _forget(lock)


@contextmanager
def alone(store: Path, what: str) -> Iterator[None]:
    """Be the only one that writes to a store in this block.

    Raises `StoreError`, which says `what` is refused, where an ingest, a compaction or anybody else writes.
    """
    folder = store / STAGING_FOLDER
    gate = _lock(store, _GATE)
    try:
        folder.mkdir(exist_ok=True)
        gate.acquire(timeout=0)
    except Timeout as error:
        raise StoreError(f"{what} of {store} is refused: a writer is just beginning or another upkeep runs") from error
    except OSError as error:
        raise not_written(store, error) from error
    try:
        for path in sorted(folder.glob(f"{_WRITER}*.lock")):
            if not _is_free(path):
                raise StoreError(
                    f"{what} of {store} is refused: an ingest or a compaction is running; try again when it has ended"
                )
        yield
    finally:
        gate.release()


def _is_free(path: Path) -> bool:
    """Tell whether the writer of a lock is gone; its file goes then, as nobody else comes in behind the gate."""
    lock = FileLock(path, thread_local=False)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return False
    lock.release()
    _forget(lock)
    return True


def _lock(store: Path, name: str) -> FileLock:
    # Not bound to a thread: a generator may be closed in another one than it was begun in.
    return FileLock(store / STAGING_FOLDER / name, thread_local=False)


def _forget(lock: FileLock) -> None:
    with contextlib.suppress(OSError):  # a lock's file that stays is found free, and goes with a vacuum
        Path(lock.lock_file).unlink(missing_ok=True)


def _remove(folder: Path) -> None:
    for path in sorted(folder.rglob("*"), reverse=True):
        with contextlib.suppress(OSError):  # what stays is deleted by a vacuum
            path.rmdir() if path.is_dir() else path.unlink()
    with contextlib.suppress(OSError):
        folder.rmdir()
