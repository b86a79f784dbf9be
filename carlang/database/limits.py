"""What a run may take of the machine."""

from __future__ import annotations

import math
import re
import threading
from dataclasses import dataclass

from carlang.errors import EngineError

_MEMORY = re.compile(r"(?P<number>\d+(?:\.\d+)?)\s*(?P<unit>[KMGT]i?B|%)", re.IGNORECASE)
_ALL = 100.0


class LimitError(EngineError, ValueError):
    """A limit that is none: not an amount of memory, or not a time that a query could run."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Memory as DuckDB writes it (`2GB`, `512MiB`, `50%`; 80 % of the machine's where None) and seconds a query.

    Raises `LimitError` for an amount that is not one, so that a wrong limit is known before anything runs.
    """

    memory: str | None = None
    seconds: float | None = None

    def __post_init__(self) -> None:
        if self.memory is not None and not _is_memory(self.memory):
            raise LimitError(f"memory_limit: {self.memory!r} is not an amount of memory; write 2GB, 512MiB or 50%")
        # A wait longer than TIMEOUT_MAX (292 years) overflows in the thread that watches the clock. NaN fails both.
        if self.seconds is not None and not 0 < self.seconds <= threading.TIMEOUT_MAX:
            raise LimitError(f"timeout: {self.seconds!r} is not a time to run; give a number of seconds above 0")


def _is_memory(text: str) -> bool:
    """DuckDB would also take `-1` and `none`, no limit at all, and `2G`, which other programs read as 2GiB."""
    amount = _MEMORY.fullmatch(text.strip())
    if amount is None:
        return False
    number = float(amount["number"])
    return 0 < number <= (_ALL if amount["unit"] == "%" else math.inf)
