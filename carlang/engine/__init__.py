"""SQL and a store to Arrow tables.

A `Session` makes tables of a store's events and lowers programs; an `Engine` runs the SQL. DuckDB, on a connection that
is locked down, is the one engine there is.
"""

from typing import TYPE_CHECKING

from carlang.exports import hand_on

if TYPE_CHECKING:
    from carlang.engine.duckdb_engine import DuckDBEngine
    from carlang.engine.memory import MemorySession
    from carlang.engine.planned import Decision
    from carlang.engine.protocol import Answer, Engine
    from carlang.engine.query_session import QuerySession
    from carlang.engine.session import Session
    from carlang.sql import Window
else:
    __getattr__ = hand_on(
        __name__,
        {
            "engine.duckdb_engine": "DuckDBEngine",
            "engine.memory": "MemorySession",
            "engine.planned": "Decision",
            "engine.protocol": "Answer Engine",
            "engine.query_session": "QuerySession",
            "engine.session": "Session",
            "sql": "Window",
        },
    )

__all__ = [
    "Answer",
    "Decision",
    "DuckDBEngine",
    "Engine",
    "MemorySession",
    "QuerySession",
    "Session",
    "Window",
]
