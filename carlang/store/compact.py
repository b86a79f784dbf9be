"""Compaction: the small files that many ingests leave become few large ones, and no reader notices."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import duckdb

from carlang.database.connection import open_memory
from carlang.database.quoting import text_literal
from carlang.errors import StoreError
from carlang.store.files import StoreFile
from carlang.store.store import Store

KEEP_HOURS = 168.0
"""How long files that were replaced are kept, for readers that still have them open."""

_SMALL = 64 << 20
_LARGE = 128 << 20
_MEMORY = "1GB"


@dataclass(frozen=True, slots=True)
class Compaction:
    """What a compaction did: files that were `merged`, files that they became, and old files that were deleted."""

    merged: int
    written: int
    rows: int
    deleted: int


def compact(store: Store, *, keep_hours: float = KEEP_HOURS) -> Compaction:
    """Merge the small files of each object and action, and delete files that were replaced long enough ago.

    Each merged file is committed in one transaction that adds it and removes those that it replaces: whoever opens the
    store sees the same events before and after. Ingests may go on meanwhile. A compaction that is stopped leaves at
    most files that no commit names. What another compaction has replaced first is left as it is.

    Raises `StoreError` where the store is only read or a file cannot be.
    """
    merged = written = rows = 0
    store.refresh()
    with tempfile.TemporaryDirectory(prefix="carlang-") as spool, open_memory() as connection:
        connection.execute(f"SET memory_limit = '{_MEMORY}'")
        connection.execute(f"SET temp_directory = {text_literal(spool)}")
        for files in list(_groups(store.files())):
            if _merge(store, connection, files):
                merged, written, rows = merged + len(files), written + 1, rows + sum(f.rows for f in files)
    return Compaction(merged, written, rows, store.delete_replaced(keep_hours))


def _groups(files: Sequence[StoreFile]) -> Iterator[list[StoreFile]]:
    """Yield small files that are to become one: of one object and action, and next to one another in time."""
    kinds: dict[tuple[str, str], list[StoreFile]] = {}
    for file in files:
        if file.path.stat().st_size < _SMALL:
            kinds.setdefault((file.object, file.action), []).append(file)
    for found in kinds.values():
        group: list[StoreFile] = []
        size = 0
        for file in sorted(found, key=lambda f: (f.first_time is None, f.first_time, f.path)):
            if group and size >= _LARGE:
                yield group
                group, size = [], 0
            group.append(file)
            size += file.path.stat().st_size
        if len(group) > 1:
            yield group


def _merge(store: Store, connection: duckdb.DuckDBPyConnection, files: Sequence[StoreFile]) -> bool:
    """Write a file with the events of others and exchange it for them; False where another was quicker."""
    path = store.new_file(files[0].object, files[0].action)
    present = {column for file in files for column in file.filled}
    order = ", ".join(f"{name} NULLS LAST" for name in ("time", "record_id") if name in present)
    events = "FROM read_parquet($files, union_by_name = true, hive_partitioning = false)"
    query = f"{events} ORDER BY {order}" if order else events
    copy = f"COPY ({query}) TO {text_literal(str(path))} (FORMAT parquet, COMPRESSION zstd)"
    try:
        done = _copied(connection, copy, files) and store.replace(files, path)
    except duckdb.Error as error:
        path.unlink(missing_ok=True)
        raise StoreError(f"{files[0].path.parent} cannot be compacted: {error}") from error
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    if not done:
        path.unlink(missing_ok=True)
    return done


def _copied(connection: duckdb.DuckDBPyConnection, copy: str, files: Sequence[StoreFile]) -> bool:
    """Copy, and tell whether all events of the files were there."""
    row = connection.execute(copy, {"files": [str(file.path) for file in files]}).fetchone()
    return row is not None and row[0] == sum(file.rows for file in files)
