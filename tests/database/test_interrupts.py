"""Ctrl-C is heard while DuckDB works, whichever of its threads has the work."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator

import duckdb
import pytest

from carlang.database import Limits, interruptible, open_memory
from carlang.engine import DuckDBEngine
from carlang.errors import EngineError

# Its rows are fetched by the thread that asks, which waits for them where it hears nothing.
ENDLESS = "SELECT * FROM range(3_000_000) a(i), range(3_000_000) b(i) WHERE hash(a.i + b.i) = 1"
_PATIENCE = 60.0
"""Seconds after which a test ends the query itself, and fails."""


@pytest.fixture
def ctrl_c() -> Iterator[threading.Timer]:
    """Press Ctrl-C a moment after it is started. Whoever started this process may have had it ignored."""
    usual = signal.signal(signal.SIGINT, signal.default_int_handler)
    pressed = threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT))
    yield pressed
    pressed.join()
    signal.signal(signal.SIGINT, usual)


@pytest.mark.skipif(sys.platform == "win32", reason="os.kill ends a process there")
def test_ctrl_c_ends_a_query_at_once(ctrl_c: threading.Timer) -> None:
    engine = DuckDBEngine(None, Limits())
    late = threading.Timer(_PATIENCE, engine._connection.interrupt)  # noqa: SLF001  # nobody else can
    late.start()
    begun = time.monotonic()

    def interrupted() -> None:
        ctrl_c.start()
        engine.query(ENDLESS)

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    late.cancel()
    assert time.monotonic() - begun < _PATIENCE / 2
    assert engine.query("SELECT 1 AS one").total == 1
    engine.close()


def test_what_goes_wrong_is_raised_where_it_is_waited_for() -> None:
    with open_memory() as connection:
        assert interruptible(connection, lambda: connection.execute("SELECT 7").fetchall()) == [(7,)]
        with pytest.raises(duckdb.ParserException):
            interruptible(connection, lambda: connection.execute("SELEC 7"))
    engine = DuckDBEngine(None, Limits(seconds=0.1))
    with pytest.raises(EngineError, match=r"longer than 0\.1 s"):
        engine.query(ENDLESS)
    engine.close()


def test_in_other_threads_work_is_just_done() -> None:
    names: list[str] = []
    with open_memory() as connection:

        def note() -> None:
            names.append(interruptible(connection, lambda: threading.current_thread().name))

        other = threading.Thread(target=note, name="other")
        other.start()
        other.join()
        note()
    assert names == ["other", "carlang-query"]
