"""The connection that runs analytics: it reads the store's files and nothing else.

An analytic is somebody else's program. Its strings reach SQL as literals and its names as quoted identifiers; this is
the second wall: even a hostile query on this connection cannot leave the store's folder, change a setting, load an
extension, or take more memory and time than it was given.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from carlang.errors import EngineError

_AGAIN = 0.01
"""Seconds between attempts to interrupt a query whose time is up."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a run may take: memory as DuckDB writes it (`2GB`; 80 % of the machine's where None), seconds a query."""

    memory: str | None = None
    seconds: float | None = None


def open_memory() -> duckdb.DuckDBPyConnection:
    """Open a DuckDB connection of its own, in memory, in UTC, that loads nothing from outside."""
    connection = duckdb.connect(":memory:")
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("SET autoinstall_known_extensions = false")
    return connection


def locked_connection(folder: Path | None, limits: Limits, scratch: Path) -> duckdb.DuckDBPyConnection:
    """Open a connection that can read files below `folder`, if there is one, spill to `scratch`, and nothing else."""
    connection = duckdb.connect(":memory:")
    settings: list[tuple[str, object]] = [
        ("TimeZone", "UTC"),
        ("autoinstall_known_extensions", False),
        ("autoload_known_extensions", False),
        ("allow_community_extensions", False),
        ("temp_directory", str(scratch)),
        ("allowed_directories", [f"{folder.resolve()}/"] if folder else []),
        ("enable_external_access", False),
        ("lock_configuration", True),
    ]
    if limits.memory:
        settings.insert(0, ("memory_limit", limits.memory))
    for name, value in settings:
        try:
            connection.execute(f"SET {name} = {_setting(value)}")
        except duckdb.Error as error:
            connection.close()
            raise EngineError(f"{name} cannot be {value!r}: {_first_line(error)}") from error
    return connection


def _setting(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return f"[{', '.join(_setting(item) for item in value)}]"
    return "'" + str(value).replace("'", "''") + "'"


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
        while not over.wait(_AGAIN):  # an interrupt before the query has begun is lost
            connection.interrupt()

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    except duckdb.InterruptException:
        if not expired.is_set():
            raise
    finally:
        over.set()
        watcher.join()
    if expired.is_set():
        raise EngineError(f"ran longer than {seconds:g} s; give it more with --timeout")


def engine_error(error: duckdb.Error) -> EngineError:
    """Say what stopped a query, and what helps."""
    if isinstance(error, duckdb.OutOfMemoryException):
        return EngineError(f"ran out of memory; give it more with --memory-limit ({_first_line(error)})")
    return EngineError(f"the query failed: {_first_line(error)}")


def _first_line(error: Exception) -> str:
    return str(error).split("\n", 1)[0]
