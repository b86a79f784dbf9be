"""What a run may take of the machine."""

from __future__ import annotations

import math
import re
import threading
from dataclasses import dataclass

from carlang.errors import EngineError

_MEMORY = re.compile(r"(?P<number>\d+(?:\.\d+)?)\s*(?P<unit>[KMGT]i?B|%)", re.IGNORECASE)
_ALL = 100.0
_BYTES = {"KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12, "KIB": 2**10, "MIB": 2**20, "GIB": 2**30, "TIB": 2**40}

LEAST_MEMORY = 64 * 10**6
"""The least that a run may be bound to, in bytes. The engine reads a file by blocks of a quarter of a megabyte for each
column and thread; with less it fails at whatever is not empty."""

ENGINE_SHARE = 0.75
"""How much of the memory is the engine's, which spills to disk what is more; the rest is for the rows that are kept."""


class LimitError(EngineError, ValueError):
    """A limit that is none: not an amount of memory, or not a time that a query could run."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Memory as DuckDB writes it (`2GB`, `512MiB`, `50%`; 80 % of the machine's where None) and seconds a query.

    The memory is that of the engine and of the rows that are kept together, beyond what the process takes before.

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

    def for_engine(self) -> Limits:
        """Return the limits with the engine's share of the memory."""
        if self.memory is None or (amount := _MEMORY.fullmatch(self.memory.strip())) is None:
            return self
        return Limits(f"{float(amount['number']) * ENGINE_SHARE:f}{amount['unit']}", self.seconds)


def bytes_of(memory: str) -> int | None:
    """Return how many bytes an amount of memory is; None where it is none, or a share of the machine's."""
    amount = _MEMORY.fullmatch(memory.strip())
    if amount is None or amount["unit"] == "%":
        return None
    return int(float(amount["number"]) * _BYTES[amount["unit"].upper()])


def _is_memory(text: str) -> bool:
    """DuckDB would also take `-1` and `none`, no limit at all, and `2G`, which other programs read as 2GiB."""
    amount = _MEMORY.fullmatch(text.strip())
    if amount is None:
        return False
    number = float(amount["number"])
    return 0 < number <= (_ALL if amount["unit"] == "%" else math.inf)
