"""Threads with a mapper each."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from typing import TypeVar

from carlang.mapping.mapper import Mapper

_Result = TypeVar("_Result")


class Worker:
    """A thread, and the mapper that lives in it from its first task on."""

    def __init__(self, make: Callable[[], Mapper]) -> None:
        self._make = make
        # A thread of its own, as a DuckDB connection may be used by one at a time.
        self._thread = ThreadPoolExecutor(1, "carlang-ingest")
        self._mapper: Mapper | None = None
        self._tasks: list[Future[object]] = []

    @property
    def waiting(self) -> int:
        """How many tasks are not done."""
        self._tasks = [task for task in self._tasks if not task.done()]
        return len(self._tasks)

    def submit(self, task: Callable[[Mapper], _Result]) -> Future[_Result]:
        """Have a task done after those before it."""
        # In the context of whoever has it done: what the memory is limited to stands there.
        future = self._thread.submit(copy_context().run, self._run, task)
        self._tasks.append(future)  # type: ignore[arg-type]  # only asked whether it is done
        return future

    def _run(self, task: Callable[[Mapper], _Result]) -> _Result:
        # Made in its thread, so that the threads define their macros at the same time, and only those that get a task.
        if self._mapper is None:
            self._mapper = self._make()
        return task(self._mapper)

    def interrupt(self) -> None:
        """Break off the query that is running."""
        if self._mapper is not None:
            self._mapper.connection.interrupt()

    def close(self) -> None:
        """Let go of the tasks that are waiting, and of the mapper."""
        self._thread.shutdown(cancel_futures=True)
        if self._mapper is not None:
            self._mapper.close()


class Workers:
    """Gives each task to the idlest worker."""

    def __init__(self, count: int, make: Callable[[], Mapper]) -> None:
        self._workers = [Worker(make) for _ in range(count)]

    def submit(self, task: Callable[[Mapper], _Result]) -> Future[_Result]:
        """Have a task done."""
        return min(self._workers, key=lambda worker: worker.waiting).submit(task)

    def interrupt(self) -> None:
        """Break off what is running."""
        for worker in self._workers:
            worker.interrupt()

    def close(self) -> None:
        """Let go of the tasks that are waiting, and of the threads."""
        for worker in self._workers:
            worker.close()
