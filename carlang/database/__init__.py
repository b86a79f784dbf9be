"""DuckDB connections: the one place that opens them, limits them, and quotes for them."""

from typing import TYPE_CHECKING

from carlang.exports import hand_on

if TYPE_CHECKING:
    from carlang.database.connection import (
        engine_error,
        limit_memory,
        limited_to_task,
        locked_connection,
        memory_of_task,
        open_memory,
        open_shared,
        resolved_bytes,
        time_limit,
    )
    from carlang.database.interrupts import interruptible
    from carlang.database.limits import ENGINE_SHARE, LEAST_MEMORY, LimitError, Limits, bytes_of
    from carlang.database.pattern import pattern_fault
    from carlang.database.quoting import quoted, text_literal
else:
    __getattr__ = hand_on(
        __name__,
        {
            "database.connection": (
                "engine_error limit_memory limited_to_task locked_connection memory_of_task open_memory open_shared"
                " resolved_bytes time_limit"
            ),
            "database.interrupts": "interruptible",
            "database.limits": "ENGINE_SHARE LEAST_MEMORY LimitError Limits bytes_of",
            "database.pattern": "pattern_fault()",
            "database.quoting": "quoted text_literal",
        },
    )

__all__ = [
    "ENGINE_SHARE",
    "LEAST_MEMORY",
    "LimitError",
    "Limits",
    "bytes_of",
    "engine_error",
    "interruptible",
    "limit_memory",
    "limited_to_task",
    "locked_connection",
    "memory_of_task",
    "open_memory",
    "open_shared",
    "pattern_fault",
    "quoted",
    "resolved_bytes",
    "text_literal",
    "time_limit",
]
