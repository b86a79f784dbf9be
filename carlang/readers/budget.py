"""The memory that an ingest may take: one budget, of which everything that holds records has its part.

Whoever is told how much that is says so with `limit_memory`. The sizes of `tuning` are asked for through `within` and
`longest`, in the thread that reads, and are smaller where the budget is.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path

import duckdb

from carlang.database import ENGINE_SHARE, bytes_of, open_memory
from carlang.readers import tuning
from carlang.readers.records import one_line


@dataclass(frozen=True, slots=True)
class _Budget:
    memory: int
    scratch: Path


_budget: ContextVar[_Budget | None] = ContextVar("budget", default=None)


@contextmanager
def limit_memory(memory: int | None, scratch: Path) -> Iterator[None]:
    """Share so many bytes out within this block, as many as `tuning` says where None.

    What engines keep and does not fit goes to the folder `scratch`.
    """
    token = _budget.set(None if memory is None else _Budget(memory, scratch))
    try:
        yield
    finally:
        _budget.reset(token)


def within(size: int) -> int:
    """Return a size, in bytes or in things that take some, as the budget allows it: with less, all shrink alike."""
    budget = _budget.get()
    return size if budget is None else max(1, min(size, size * budget.memory // tuning.MEMORY))


def longest(size: int) -> int:
    """Return how large a single thing may be, which is held several times over on its way: a line, a document."""
    budget = _budget.get()
    return size if budget is None else min(size, budget.memory // tuning.COPIES)


def too_long(kind: str, size: int) -> str:
    """Say that one thing of a kind, such as `a line`, is more than may be read of it: `longest(size)`."""
    most = longest(size)
    reason = f"{kind} of more than {most >> 20} MB"
    return of_limit(reason) if most < size else reason


def threads() -> int:
    """Return how many mappers may work at the same time."""
    budget = _budget.get()
    return tuning.THREADS if budget is None else max(1, min(tuning.THREADS, budget.memory // tuning.MEMORY_OF_THREAD))


def engine_memory(most: str, parts: int) -> str:
    """Return what one of so many engines may keep in memory, as DuckDB writes it: `most`, or a part of the budget."""
    budget, limit = _budget.get(), bytes_of(most)
    if budget is None or limit is None:
        return most
    return f"{min(limit, round(budget.memory * ENGINE_SHARE) // parts) >> 10}KiB"


def window(size: int) -> int:
    """Return how much of what it has unpacked a decompressor may go back to."""
    budget = _budget.get()
    return size if budget is None else min(size, budget.memory // tuning.WINDOWS)


def most_of_record() -> int | None:
    """Return how many bytes a record may have beside the others; None without a budget."""
    budget = _budget.get()
    return None if budget is None else budget.memory // tuning.COPIES


def said(error: Exception) -> str:
    """Return what an error says in its first line; where an engine had too little memory, with the remedy."""
    reason = one_line(error)
    return of_limit(reason) if isinstance(error, duckdb.OutOfMemoryException) else reason


def of_limit(reason: str) -> str:
    """Return why there was not enough memory for something, with the remedy where a budget may have been too small."""
    return reason if _budget.get() is None else f"{reason}; give it more with --memory-limit"


def open_engine() -> duckdb.DuckDBPyConnection:
    """Open a connection for a reader, beside those of the mappers, which keeps to the budget if there is one."""
    budget = _budget.get()
    if budget is None:
        return open_memory()
    memory = engine_memory(tuning.MAPPER_MEMORY, 1)
    return open_memory(1, memory=memory, scratch=own_folder(budget.scratch))


def own_folder(scratch: str | Path) -> Path:
    """Return a folder below one, not made yet, for an engine alone: DuckDB gives its files the same names in each."""
    return Path(scratch, uuid.uuid4().hex)
