"""The moment until which an ingest may take; whatever takes long asks for it."""

from __future__ import annotations

import time
from concurrent.futures import Future
from typing import TypeVar

_Result = TypeVar("_Result")


class TimeUpError(Exception):
    """The time is up: no fault of a source, so that no reader takes it for one."""


class Deadline:
    """A moment in the future, or none. Several threads may ask for it."""

    def __init__(self, seconds: float | None = None) -> None:
        self.seconds = seconds
        self._until = None if seconds is None else time.monotonic() + seconds

    @property
    def left(self) -> float | None:
        """The seconds that are left, zero at the least; None where there is no end."""
        return None if self._until is None else max(0.0, self._until - time.monotonic())

    def check(self) -> None:
        """Raise `TimeUpError` if the time is up."""
        if self.left == 0:
            raise TimeUpError

    def stop(self) -> None:
        """Let the time be up at once: whatever still works for an ingest that has ended is to end too."""
        self._until = time.monotonic()

    def result(self, future: Future[_Result]) -> _Result:
        """Wait for a task; raises `TimeUpError` where that takes too long."""
        try:
            return future.result(timeout=self.left)
        except TimeoutError:
            if not future.done():
                raise TimeUpError from None
            raise
