"""What was found out by reading files, kept between runs in the user's cache folder.

Counting the events of files that say nothing of them takes as long as most queries do, and so does to look for records
that tell of one occurrence. The result is the same until the question, or a file, is another. A file is another when
its size, its inode or a time of its last change is. The time of its content is not enough: who writes over it can keep
that, as `rsync --inplace -t` does.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import duckdb
import pyarrow as pa

from carlang.cache import remembered_bytes
from carlang.store.files import StoreFile
from carlang.store.statistics import SCHEMA

_SETTLED = 3
"""For how many seconds a file must not have changed. File systems tell times apart by up to two seconds; of a file that
is written twice within them the second state would be taken for the first."""
_LATEST = 256
"""How many results of a kind are kept: a run of the catalogue counts some thirty classes, each by itself."""


def counted_once(files: Sequence[StoreFile], query: str, count: Callable[[], pa.Table]) -> pa.Table:
    """Return what `count` gives, the inventory that a query over files gives, or what it gave in an earlier run."""
    states = _states(files)
    if states is None:
        return count()
    sources = (query, str(SCHEMA), duckdb.__version__, pa.__version__, *states)
    content = remembered_bytes("counted", sources, lambda: _written(count()), latest=_LATEST)
    return pa.ipc.open_stream(content).read_all()


def told_once(files: Sequence[StoreFile], question: Sequence[str], look: Callable[[], bool]) -> bool:
    """Return what `look` says to a question about the events of files, or what it said in an earlier run.

    `question` is all that the answer depends on beside the files and what is installed. What `look` raises is raised.
    """
    states = _states(files)
    if states is None:
        return look()
    sources = (*question, duckdb.__version__, *states)
    return remembered_bytes("told", sources, lambda: b"yes" if look() else b"no", latest=_LATEST) == b"yes"


def _states(files: Sequence[StoreFile]) -> tuple[str, ...] | None:
    """Return what tells states of files apart; None where one is not there, or may still change."""
    states: list[str] = []
    for file in files:
        try:
            stat = file.path.stat()
        except OSError:
            return None
        if stat.st_mtime > time.time() - _SETTLED:
            return None
        states.append(f"{stat.st_size} {stat.st_mtime_ns} {stat.st_ctime_ns} {stat.st_ino}")
    return tuple(states)


def _written(rows: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, rows.schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as writer:
        writer.write_table(rows)
    content: bytes = sink.getvalue().to_pybytes()
    return content
