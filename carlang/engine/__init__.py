"""SQL and a store to Arrow tables, on a locked-down DuckDB connection."""

from carlang.engine.connection import Limits
from carlang.engine.pattern import pattern_fault
from carlang.engine.result import AnalyticOutput, Failed, NotRun, Output, Result, RunReport
from carlang.engine.session import MemorySession, Session
from carlang.engine.support import missing_events, unsure_absence
from carlang.sql import Window

__all__ = [
    "AnalyticOutput",
    "Failed",
    "Limits",
    "MemorySession",
    "NotRun",
    "Output",
    "Result",
    "RunReport",
    "Session",
    "Window",
    "missing_events",
    "pattern_fault",
    "unsure_absence",
]
