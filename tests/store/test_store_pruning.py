"""What a run need not read is not read: a file of the wrong object or time may as well be unreadable."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import carlang
from carlang.errors import EngineError
from carlang.model import STRING, Field, Model, builtin_model
from carlang.store import StagedFile, Store, create_store, open_store
from tests.store.conftest import add_events, write_events

_ALL = "search Process:Create | filter exe == 'at.exe'"
_LATER = datetime(2020, 1, 1, 0, 1, tzinfo=UTC)


def _spoil(path: Path) -> None:
    """Keep a file's size and both ends, and nothing between them."""
    path.write_bytes(b"PAR1" + bytes(path.stat().st_size - 8) + b"PAR1")


def _count(store: Store, **bounds: Any) -> int:
    return sum(output.total or 0 for output in carlang.run(_ALL, store, **bounds).values())


def test_files_outside_of_the_time_that_is_asked_for_are_not_opened(store: Store) -> None:
    early = add_events(store, 0, 10, "early")
    add_events(store, 100, 110, "late")
    _spoil(early)
    opened = open_store(store.path)
    assert _count(opened, since=_LATER) == 5
    with pytest.raises(EngineError):
        _count(opened)
    with pytest.raises(EngineError):
        _count(opened, until=_LATER)


def test_a_file_is_opened_if_its_last_event_is_at_since_and_not_if_its_first_is_at_until(store: Store) -> None:
    add_events(store, 0, 11, "early")
    late = add_events(store, 100, 110, "late")
    opened = open_store(store.path)
    last_of_early, first_of_late = (
        datetime(2020, 1, 1, 0, second // 60, second % 60, 1, tzinfo=UTC) for second in (10, 100)
    )
    assert _count(opened, since=last_of_early, until=first_of_late) == 1
    _spoil(late)
    assert _count(opened, until=first_of_late) == 6
    with pytest.raises(EngineError):
        _count(opened, until=first_of_late + timedelta(microseconds=1))


def test_files_of_other_objects_are_not_opened(store: Store) -> None:
    add_events(store, 0, 10, "create")
    other = write_events(store.new_file("file", "create"), 0, 10)
    store.commit([StagedFile(other, "file", "create")], ["file"])
    _spoil(other)
    assert _count(open_store(store.path)) == 5


def test_an_old_store_opens_under_a_newer_model(store: Store) -> None:
    add_events(store, 0, 4, "old")
    process = builtin_model().objects["process"]
    grown = replace(process, fields={**process.fields, "mood": Field("mood", STRING)})
    model = Model({**builtin_model().objects, "process": grown}, builtin_model().common)
    asked = carlang.load_text("search Process:Create | filter mood not exists", model=model)
    assert sum(output.total for output in asked.run(open_store(store.path)).values()) == 4
    newer = create_store(store.path, model)
    assert newer.info().rows == 4
    add_events(newer, 4, 6, "new")
    assert sum(output.total for output in asked.run(open_store(store.path)).values()) == 6
