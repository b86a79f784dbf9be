"""What is left where a commit is broken off at any of its steps, by Ctrl-C, a full disk or an error of the library."""

from __future__ import annotations

import contextlib
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from deltalake import DeltaTable
from deltalake.exceptions import CommitFailedError

from carlang.errors import StoreError
from carlang.store import Store, compact, open_store
from carlang.store.delta import DeltaLog
from tests.ingesting import load, sysmon_create, write_lines
from tests.store.conftest import add_events

# Each step of a commit, as the function that takes it: where it stands, its name, and what calls it.
_STEPS: dict[str, tuple[object, str]] = {
    "move": (Path, "replace"),
    "commit": (DeltaTable, "create_write_transaction"),
    "refresh": (DeltaLog, "refresh"),
    "copy": (sys.modules["carlang.store.delta"], "copy_entries"),
}
_FULL = OSError(28, "No space left on device")
_FAILED = CommitFailedError("said to have failed")
_CASES = [
    *((step, moment, KeyboardInterrupt()) for step in _STEPS for moment in ("before", "after")),
    *(("commit", moment, error) for error in (_FULL, _FAILED) for moment in ("before", "after")),
]
_at_each_step = pytest.mark.parametrize(
    ("step", "moment", "error"),
    _CASES,
    ids=[f"{step}, {moment}: {type(error).__name__}" for step, moment, error in _CASES],
)


def _numbers(store: Path) -> list[int]:
    """Return the pids of all events in the files that the log names, read without any of carlang."""
    files = [uri.removeprefix("file://") for uri in DeltaTable(store).file_uris()]
    if not files:
        return []
    rows = duckdb.execute("SELECT pid FROM read_parquet($files) ORDER BY pid", {"files": files}).fetchall()
    return [row[0] for row in rows]


def _break(
    patch: pytest.MonkeyPatch, step: str, moment: str, error: BaseException, only: Callable[[tuple[Any, ...]], bool]
) -> Counter[str]:
    """Let a step raise right before or right after it is taken; returns how often it did."""
    owner, name = _STEPS[step]
    taken = getattr(owner, name)
    broken: Counter[str] = Counter()

    def breaking(*arguments: Any, **options: Any) -> Any:
        if not only(arguments):
            return taken(*arguments, **options)
        broken[step] += 1
        if moment == "after":
            taken(*arguments, **options)
        raise error

    patch.setattr(owner, name, breaking)
    return broken


def _is_step(step: str) -> Callable[[tuple[Any, ...]], bool]:
    # Other files than those of events are moved as well, and the log is read anew before the commit too.
    return (lambda arguments: str(arguments[0]).endswith(".parquet")) if step == "move" else lambda _: True


@_at_each_step
def test_a_compaction_that_is_broken_off_loses_and_doubles_nothing(
    step: str, moment: str, error: BaseException, store: Store
) -> None:
    for number in range(4):
        add_events(store, number * 2, number * 2 + 2, str(number))
    with pytest.MonkeyPatch.context() as patch:
        broken = _break(patch, step, moment, error, _is_step(step))
        patch.setattr("carlang.store.delta._ATTEMPTS", 2)
        with contextlib.suppress(KeyboardInterrupt, StoreError, OSError, CommitFailedError):
            compact(store)
        assert broken[step]
    assert _numbers(store.path) == list(range(8))
    assert compact(open_store(store.path)).rows in (0, 8)
    assert _numbers(store.path) == list(range(8))


@_at_each_step
def test_an_ingest_that_is_broken_off_is_completed_by_the_next(
    step: str, moment: str, error: BaseException, store: Store, tmp_path: Path
) -> None:
    add_events(store, 0, 1, "before")
    log = write_lines(tmp_path / "log.json", [sysmon_create(1, ProcessId="1")])
    with pytest.MonkeyPatch.context() as patch:
        broken = _break(patch, step, moment, error, _is_step(step))
        patch.setattr("carlang.store.delta._ATTEMPTS", 2)
        with contextlib.suppress(KeyboardInterrupt, StoreError, OSError, CommitFailedError):
            load(store.path, log)
        assert broken[step]
    assert _numbers(store.path) in ([0], [0, 1])
    load(store.path, log)
    assert _numbers(store.path) == [0, 1]


def test_a_commit_that_was_made_in_spite_of_an_error_counts_as_made(store: Store) -> None:
    with pytest.MonkeyPatch.context() as patch:
        _break(patch, "commit", "after", CommitFailedError("the answer was lost"), lambda _: True)
        add_events(store, 0, 5, "one")
    assert store.has_source("one")
    assert _numbers(store.path) == list(range(5))
