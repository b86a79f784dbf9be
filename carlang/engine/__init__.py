"""SQL and a store to Arrow tables.

A `Session` makes tables of a store's events and lowers programs; an `Engine` runs the SQL. DuckDB, on a connection that
is locked down, is the one engine there is.
"""

from carlang.engine.duckdb_engine import DuckDBEngine
from carlang.engine.planned import Decision
from carlang.engine.protocol import Answer, Engine
from carlang.engine.session import MemorySession, QuerySession, Session
from carlang.sql import Window

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
