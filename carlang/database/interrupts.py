"""Ctrl-C while DuckDB works.

Python hears a signal when its main thread comes back to the interpreter. A thread that waits in DuckDB for what other
threads are at does not, until the query has ended. So the main thread has long queries run by another one, and waits
where it hears.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextvars import copy_context
from typing import TypeVar

import duckdb

T = TypeVar("T")

_LISTENING = 0.2
"""Seconds that are waited for at once. On Windows a wait for ever would hear no Ctrl-C; soon enough for a person, and
rare enough to cost nothing."""

_AGAIN = 0.01
"""Seconds between attempts to interrupt a query: one that comes before DuckDB has begun to execute is lost."""


def interruptible(connection: duckdb.DuckDBPyConnection, work: Callable[[], T]) -> T:
    """Do work that takes long in DuckDB, such that Ctrl-C ends it at once; returns what it returns.

    It must use this connection and no other, and be content to be broken off at any query. In other threads than the
    main one, which hear no signals, it is just done.
    """
    if threading.current_thread() is not threading.main_thread():
        return work()
    result: Future[T] = Future()
    # Not the thread itself is waited for: Python takes it for stopped when a signal comes while it is joined.
    is_done = threading.Event()

    def run() -> None:
        try:
            result.set_result(work())
        except BaseException as error:  # noqa: BLE001  # raised again where it is waited for
            result.set_exception(error)
        finally:
            is_done.set()

    threading.Thread(target=copy_context().run, args=(run,), name="carlang-query", daemon=True).start()
    try:
        while not is_done.wait(_LISTENING):
            pass
    except BaseException:
        # The connection is not to be closed, nor files deleted that it writes, while the thread is at it.
        while not is_done.wait(_AGAIN):
            connection.interrupt()
        raise
    return result.result()
