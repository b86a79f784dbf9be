"""Records wait until they are worth a run of their queries, and tasks go to the thread that has the least to do."""

from __future__ import annotations

import threading
from typing import Any, cast

import pyarrow as pa
import pytest

from carlang.loading import workers
from carlang.loading.waiting import WaitingRecords
from carlang.mapping import builtin_sensors
from carlang.mapping.mapper import Mapper
from carlang.mapping.router import Route
from carlang.model import builtin_model
from carlang.readers import tuning

_MAPPINGS = builtin_sensors(builtin_model()).mappings
_FIRST, _SECOND = Route(_MAPPINGS[:1]), Route(_MAPPINGS[1:2], keeps=True)


def _rows(count: int, text: str = "") -> pa.Table:
    return pa.table({"line": pa.array([text] * count)})


def _taken(found: Any) -> list[tuple[Route, int]]:
    return [(route, table.num_rows) for route, table in found]


def test_records_wait_until_there_are_enough_of_their_route(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tuning, "ROWS_OF_ROUTE", 5)
    waiting = WaitingRecords()
    waiting.add(_FIRST, _rows(3))
    waiting.add(_SECOND, _rows(1))
    assert _taken(waiting.full()) == []
    waiting.add(_FIRST, _rows(2))
    assert _taken(waiting.full()) == [(_FIRST, 5)]
    assert _taken(waiting.full()) == []
    assert _taken(waiting.all()) == [(_SECOND, 1)]
    assert _taken(waiting.all()) == []


def test_what_is_too_much_to_keep_does_not_wait_and_the_most_goes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tuning, "BYTES_OF_ROUTE", 10_000)
    monkeypatch.setattr(tuning, "BYTES_OF_ROUTES", 15_000)
    waiting = WaitingRecords()
    waiting.add(_FIRST, _rows(1, "x" * 11_000))
    assert _taken(waiting.full()) == [(_FIRST, 1)]
    waiting.add(_FIRST, _rows(1, "x" * 7_000))
    waiting.add(_SECOND, _rows(1, "x" * 8_500))
    assert _taken(waiting.full()) == [(_SECOND, 1)]
    assert _taken(waiting.all()) == [(_FIRST, 1)]


class _Mapper:
    """Stands for a mapper: tells in which thread it lives."""

    def __init__(self) -> None:
        self.thread = threading.get_ident()
        self.closed = False

    def close(self) -> None:
        self.closed = True


def test_a_task_goes_to_the_idlest_worker() -> None:
    pool = workers.Workers(2, lambda: cast("Mapper", _Mapper()))
    stopped = threading.Event()

    def where(_mapper: Mapper) -> int:
        return threading.get_ident()

    def wait(_mapper: Mapper) -> int:
        stopped.wait(30)
        return threading.get_ident()

    try:
        busy = pool.submit(wait)
        others = [pool.submit(where).result(30) for _ in range(5)]
        stopped.set()
        assert others == [others[0]] * 5
        assert busy.result(30) != others[0]
    finally:
        stopped.set()
        pool.close()


def test_a_task_that_fails_tells_its_error_and_leaves_the_worker_at_work() -> None:
    pool = workers.Workers(1, lambda: cast("Mapper", _Mapper()))

    def fail(_mapper: Mapper) -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        pool.submit(fail).result()
    mapper = pool.submit(lambda mapper: mapper).result()
    pool.close()
    assert cast("Any", mapper).closed
