"""A query whose time is up is ended, also where its time was up before it had begun."""

from __future__ import annotations

import threading
import time

import duckdb
import pytest

from carlang.database.connection import open_memory, time_limit
from carlang.errors import EngineError

ENDLESS = "SELECT sum(hash(a.i + b.i)) FROM range(10_000_000) a(i), range(10_000_000) b(i)"
_PATIENCE = 60.0
"""Seconds after which a test ends the query itself, and fails."""


@pytest.mark.parametrize("delay", [0.0, 0.3])
def test_an_interrupt_that_came_before_the_query_began_is_repeated(delay: float) -> None:
    impatient = threading.Event()
    with open_memory() as connection:

        def end() -> None:
            impatient.set()
            connection.interrupt()

        def begin_late() -> None:
            time.sleep(delay)
            connection.execute(ENDLESS).fetchall()

        watch = threading.Timer(_PATIENCE, end)
        watch.start()
        with pytest.raises(EngineError, match=r"ran longer than 0\.05 s"), time_limit(connection, 0.05):
            begin_late()
        watch.cancel()
        assert not impatient.is_set(), "the query went on when its time was up"


def test_a_connection_can_be_used_again_when_a_query_on_it_was_ended() -> None:
    with open_memory() as connection:
        with pytest.raises(EngineError), time_limit(connection, 0.05):
            connection.execute(ENDLESS).fetchall()
        with time_limit(connection, 60):
            assert connection.execute("SELECT 7").fetchall() == [(7,)]
        assert connection.execute("SELECT 8").fetchall() == [(8,)]


def test_somebody_elses_interrupt_is_no_lack_of_time() -> None:
    with open_memory() as connection:
        other = threading.Timer(0.2, connection.interrupt)
        other.start()
        with pytest.raises(duckdb.InterruptException), time_limit(connection, 60):
            connection.execute(ENDLESS).fetchall()
        other.join()
