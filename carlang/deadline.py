"""Deadlines of work that Python itself does: compiling a program that somebody else wrote, judging a store for it.

Whoever is told how long something may take says so with `limit_time`. Each piece of work that counts for itself, such
as compiling one program, is a `task`. Loops as long as a program is, at the bottom of such work, call `check_time`,
which ends it once its time is up. What the engine does for a task has the time that is left
(`database.limited_to_task`); the query of a program has a limit of its own (`database.time_limit`).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from time import monotonic

from carlang.source import Span

_seconds: ContextVar[float | None] = ContextVar("seconds", default=None)
_end: ContextVar[float | None] = ContextVar("end", default=None)


class TimeUpError(Exception):
    """A task has taken all of its `seconds`; `span` is where in a program's text it was, where that is known."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"not compiled within {seconds:g} s")
        self.seconds = seconds
        self.span: Span | None = None


@contextmanager
def limit_time(seconds: float | None) -> Iterator[None]:
    """Give each task within this block so many seconds, or as many as it takes."""
    token = _seconds.set(seconds)
    try:
        yield
    finally:
        _seconds.reset(token)


@contextmanager
def task() -> Iterator[None]:
    """Begin a piece of work whose time counts; within another one it is a part of that."""
    seconds = _seconds.get()
    if seconds is None or _end.get() is not None:
        yield
        return
    token = _end.set(monotonic() + seconds)
    try:
        yield
    finally:
        _end.reset(token)


def check_time() -> None:
    """Raise `TimeUpError` where the task at hand has no time left."""
    end = _end.get()
    if end is not None and monotonic() > end:
        raise TimeUpError(_seconds.get() or 0.0)


def time_left() -> float | None:
    """Return the seconds that the task at hand has left; None where it may take as long as it does."""
    end = _end.get()
    return None if end is None else max(0.0, end - monotonic())


@contextmanager
def placed(span: Span) -> Iterator[None]:
    """Say of a time that is up within this block where in the text that was."""
    try:
        yield
    except TimeUpError as error:
        error.span = error.span or span
        raise
