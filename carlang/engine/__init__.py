"""SQL and a store to Arrow tables, on a locked-down DuckDB connection."""

from carlang.engine.session import MemorySession, Session
from carlang.engine.support import missing_events, unsure_absence
from carlang.sql import Window

__all__ = ["MemorySession", "Session", "Window", "missing_events", "unsure_absence"]
