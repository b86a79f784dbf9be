"""Connections: the one opener, the connection that runs analytics, and the limit of time.

An analytic is somebody else's program. Its strings reach SQL as literals and its names as quoted identifiers; the
locked connection is the second wall: even a hostile query on it cannot leave the store's folder, change a setting, load
an extension, or take more memory and time than it was given.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
import weakref
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

import duckdb

from carlang.database.limits import Limits, bytes_of
from carlang.database.quoting import text_literal
from carlang.deadline import check_time, time_left
from carlang.errors import EngineError

_AGAIN = 0.01
"""Seconds between attempts to interrupt a query whose time is up: short beside any timeout a person would set, long
enough that the watching thread costs nothing."""

Value = bool | int | str | list[str]

_EVERYWHERE: dict[str, Value] = {
    # Casts of texts to times, and parts of times, follow the session's zone, which is else the machine's.
    "TimeZone": "UTC",
    # Nothing is fetched from the network because a query named a function that an extension would have.
    "autoinstall_known_extensions": False,
}


def open_memory(
    threads: int | None = None, *, memory: str | None = None, scratch: str | Path | None = None
) -> duckdb.DuckDBPyConnection:
    """Open a DuckDB connection of its own, in memory, in UTC, that loads nothing from outside.

    `threads` is how many it works with, as many as the machine has where None. `memory` is how much it keeps, as
    DuckDB writes it; what is more goes to the folder `scratch`.
    """
    settings: dict[str, Value] = {}
    if threads is not None:
        settings["threads"] = threads
    if memory is not None:
        settings["memory_limit"] = memory
    if scratch is not None:
        settings["temp_directory"] = str(scratch)
    return _opened(settings)


_memory: ContextVar[str | None] = ContextVar("memory", default=None)


@contextmanager
def limit_memory(memory: str | None) -> Iterator[None]:
    """Have what `open_shared` opens in this block keep no more than so much memory, as DuckDB writes it.

    It is spilled to disk, what is more. None is no limit.
    """
    token = _memory.set(memory)
    try:
        yield
    finally:
        _memory.reset(token)


def memory_of_task() -> str | None:
    """Return the memory that the task at hand may take on shared connections; None where it has no limit."""
    return _memory.get()


def open_shared() -> duckdb.DuckDBPyConnection:
    """Open a connection to the one database in memory that a process has for queries of carlang's own.

    It costs a thousandth of a database of one's own, whose making takes longer than most of these queries. What it
    registers and its TEMP tables are its own; it makes nothing else, and changes no setting. Not for what others
    wrote: an internal error of DuckDB's ends a database for all its connections, and the next caller then gets a
    new one. A limit of memory is a database's, so where the task at hand has one it is another database.
    """
    return _shared.connection(memory_of_task())


class _Shared:
    """The databases of `open_shared`, made when they are first asked for: without a limit, and of the latest limit."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.databases: dict[str | None, duckdb.DuckDBPyConnection] = {}
        self._scratches: list[weakref.finalize[..., object]] = []
        self._left: list[duckdb.DuckDBPyConnection] = []

    def connection(self, memory: str | None) -> duckdb.DuckDBPyConnection:
        """Return a connection to the database of a limit."""
        with self._lock:
            if (database := self.databases.get(memory)) is not None:
                try:
                    return _tuned(database.cursor(), {})
                except (duckdb.Error, EngineError):
                    database.close()
            # Without the cache of files, which would grow as long as the process lives.
            settings: dict[str, Value] = {"enable_external_file_cache": False}
            if memory is not None:
                # Who has connections to the one before keeps it, and it spills until the process ends.
                for former in self.databases.keys() - {None}:
                    del self.databases[former]
                scratch = tempfile.mkdtemp(prefix="carlang-")
                self._scratches.append(weakref.finalize(self, shutil.rmtree, scratch, ignore_errors=True))
                settings |= {"memory_limit": memory, "temp_directory": scratch}
            self.databases[memory] = _opened(settings)
            return _tuned(self.databases[memory].cursor(), {})

    def leave(self) -> None:
        """Begin anew in a process that was forked: it has the databases' memory, and none of their threads."""
        self._lock = threading.Lock()
        # Kept, because closing them would wait for those threads, and their folders are the other process's.
        self._left += self.databases.values()
        self.databases = {}
        for scratch in self._scratches:
            scratch.detach()
        self._scratches = []


_shared = _Shared()
if hasattr(os, "register_at_fork"):  # Windows forks nothing
    os.register_at_fork(after_in_child=_shared.leave)


def resolved_bytes(memory: str) -> int:
    """Return how many bytes an amount of memory is; of a share of the machine's the engine says it."""
    size = bytes_of(memory)
    if size is not None:
        return size
    # Asked for all of it: with a small share the engine could not even answer.
    with open_memory(threads=1, memory="100%") as connection:
        (row,) = connection.execute("SELECT current_setting('memory_limit')").fetchall()
    return round((bytes_of(row[0]) or 0) * float(memory.strip().removesuffix("%")) / 100)


def locked_connection(folder: Path | None, limits: Limits, scratch: Path) -> duckdb.DuckDBPyConnection:
    """Open a connection that can read files below `folder`, if there is one, spill to `scratch`, and nothing else."""
    return _opened(
        {
            **({"memory_limit": limits.memory} if limits.memory else {}),
            "autoload_known_extensions": False,
            "allow_community_extensions": False,
            # These two cannot be changed any more once there is no external access.
            "temp_directory": str(scratch),
            # DuckDB compares prefixes: without the separator `store2` would lie in `store`.
            "allowed_directories": [f"{folder.resolve()}/"] if folder else [],
            "enable_external_access": False,
            # The last: no setting can be changed after it.
            "lock_configuration": True,
        }
    )


def _opened(settings: Mapping[str, Value]) -> duckdb.DuckDBPyConnection:
    """Open a connection with settings, made in their order; raises `EngineError` for one that DuckDB does not take."""
    return _tuned(duckdb.connect(":memory:"), settings)


def _tuned(connection: duckdb.DuckDBPyConnection, settings: Mapping[str, Value]) -> duckdb.DuckDBPyConnection:
    for name, value in {**_EVERYWHERE, **settings}.items():
        try:
            connection.execute(f"SET {name} = {_literal(value)}")  # SET takes no parameters
        except duckdb.Error as error:
            connection.close()
            raise EngineError(f"{name} cannot be {value!r}: {_first_line(error)}") from error
    return connection


def _literal(value: Value) -> str:
    match value:
        case bool() | int():
            return str(value).lower()
        case str():
            return text_literal(value)
        case list():
            return f"[{', '.join(text_literal(item) for item in value)}]"


@contextmanager
def time_limit(connection: duckdb.DuckDBPyConnection, seconds: float | None) -> Iterator[None]:
    """Interrupt what the connection runs in this block after some seconds; raises `EngineError` then."""
    if seconds is None:
        yield
        return
    over, expired = threading.Event(), threading.Event()

    def watch() -> None:
        if over.wait(seconds):
            return
        expired.set()
        # Again and again, because an interrupt that comes before DuckDB has begun to execute is lost.
        while not over.wait(_AGAIN):
            connection.interrupt()

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    except duckdb.InterruptException:
        # Without an expired limit the interrupt is the user's, who pressed Ctrl-C.
        if not expired.is_set():
            raise
    finally:
        over.set()
        # Joined, so that no interrupt of this block reaches the next query of the connection.
        watcher.join()
    if expired.is_set():
        raise EngineError(f"ran longer than {seconds:g} s; give it more with --timeout")


@contextmanager
def limited_to_task(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Interrupt what the connection runs in this block when the task at hand has no time left.

    Raises `TimeUpError` then, and `EngineError` where the connection has no memory left.
    """
    try:
        with time_limit(connection, time_left()):
            yield
    except duckdb.OutOfMemoryException as error:
        raise engine_error(error) from error
    except EngineError:
        check_time()
        raise


def engine_error(error: duckdb.Error) -> EngineError:
    """Say what stopped a query, and what helps."""
    if isinstance(error, duckdb.OutOfMemoryException):
        return EngineError(f"ran out of memory; give it more with --memory-limit ({_first_line(error)})")
    return EngineError(f"the query failed: {_first_line(error)}")


def _first_line(error: Exception) -> str:
    # What follows in DuckDB's messages is the SQL with a caret, and its own advice, which names DuckDB's settings.
    return str(error).split("\n", 1)[0]
