# ruff: noqa: INP001  # a folder of commands, not a package
"""What work costs in the process that does it: time of processors, time on the clock, and the most memory."""

from __future__ import annotations

import gc
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Cost:
    """What a task took: seconds of all processors and on the clock, MiB at the most, and how many rows it gave."""

    cpu: float
    wall: float
    peak: float
    rows: int


def peak() -> float:
    """Return the most memory that this process has had, in MiB; what `getrusage` counts begins with its parent."""
    status = Path("/proc/self/status")
    if status.exists():
        text = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(text.split()[1]) / 1024
    unit = 1 << 20 if sys.platform == "darwin" else 1 << 10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def taken(work: Callable[[], int]) -> Cost:
    """Do something in this process, with all threads that it starts, and return what it took."""
    # So that the garbage collector does not go through what was prepared in the middle of the work, for 50 ms.
    gc.collect()
    gc.freeze()
    begun = time.perf_counter(), time.process_time()
    rows = work()
    wall, cpu = time.perf_counter() - begun[0], time.process_time() - begun[1]
    return Cost(cpu, wall, peak(), rows)
