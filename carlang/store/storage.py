"""Storage that does not take what is written: a disk that is full, a folder that is read-only, and what to say of it.

The system's own errors, DuckDB's and those of deltalake's Rust side come as three kinds of exceptions, of which only
the first has a number: the others are known by the system's words in their texts.
"""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from carlang.errors import StoreError

_FULL = "the disk is full"
_QUOTA = "the disk quota is used up"
_READ_ONLY = "the file system is read-only"
_FORBIDDEN = "it may not be written"

_NUMBERS = {
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _QUOTA,
    errno.EROFS: _READ_ONLY,
    errno.EACCES: _FORBIDDEN,
    errno.EPERM: _FORBIDDEN,
}

# As Linux and macOS word it, and Windows. Rust writes the number behind, `(os error 28)`, which differs by system.
_WORDS = (
    (re.compile("no space left on device|not enough space on the disk|disk full", re.IGNORECASE), _FULL),
    (re.compile("quota exceeded", re.IGNORECASE), _QUOTA),
    (re.compile("read-only file system|media is write protected", re.IGNORECASE), _READ_ONLY),
    (re.compile("permission denied|access is denied|operation not permitted", re.IGNORECASE), _FORBIDDEN),
)

_REMEDY = {
    _FULL: "free some space",
    _QUOTA: "free some space",
    _READ_ONLY: "make it writable, or name a store in another folder",
    _FORBIDDEN: "give the user who runs carlang the right to write there, or name a store in another folder",
}


def storage_fault(error: BaseException) -> str | None:
    """Say in a few words what is wrong with the storage, None where the error is of another kind."""
    if isinstance(error, OSError) and error.errno in _NUMBERS:
        return _NUMBERS[error.errno]
    text = str(error)
    return next((words for pattern, words in _WORDS if pattern.search(text)), None)


def not_written(path: Path, error: BaseException, doing: str = "cannot be written") -> StoreError:
    """Describe what could not be written into a store: why, what helps, and that what was there is kept."""
    if isinstance(error, OSError) and error.filename and storage_fault(error):
        path = Path(str(error.filename))  # more exact: the very folder or file
    if fault := storage_fault(error):
        return StoreError(
            f"{path} {doing}: {fault}; {_REMEDY[fault]} and run the command again: "
            "all that the store held before is still there, and nothing was added by halves"
        )
    reason = (error.strerror if isinstance(error, OSError) else None) or first_line(error)
    return StoreError(f"{path} {doing}: {reason}")


@contextmanager
def written_to(path: Path) -> Iterator[None]:
    """Say of what DuckDB or the system raise in this block that the path cannot be written, and why."""
    try:
        yield
    except (duckdb.Error, OSError) as error:
        raise not_written(path, error) from error


def first_line(error: BaseException) -> str:
    """Return the first line of an error's text: behind it DuckDB shows SQL, and Rust a trace."""
    return str(error).split("\n", 1)[0]
