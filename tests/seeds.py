"""The seed of a test run: what Hypothesis and the drawn cases draw from, so that any run can be repeated.

`CARLANG_SEED=123 pytest` draws what an earlier run with this seed drew. Without it the day (UTC) is the seed: other
cases tomorrow, and the same ones all day, so that a failure stays until somebody has looked at it.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime

VARIABLE = "CARLANG_SEED"
_STRIDE = 1_000_000


def run_seed() -> int:
    """Return the seed of this run; raises `ValueError` where the variable holds no number from 0 on."""
    written = os.environ.get(VARIABLE) or f"{datetime.now(UTC):%Y%m%d}"
    if not (written.isascii() and written.isdigit()):
        raise ValueError(f"{VARIABLE} is a number from 0 on, not {written!r}")
    return int(written)


def drawn_seeds(count: int) -> range:
    """Return the seeds of this many drawn cases; runs with different seeds share none."""
    return range(run_seed() * _STRIDE, run_seed() * _STRIDE + count)
