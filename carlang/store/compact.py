"""Compaction: merge the small files that many ingests leave into a few large ones, unnoticed by readers."""

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
"""How long files that were replaced are kept, for readers that still have them open: a week, as Delta's own default."""

# Files from half the target size up are left alone: merging two of them would rewrite all their bytes to save one file.
_SMALL = 64 << 20
# A merged file is closed at this size: large enough that opening it costs nothing beside reading it, small enough that
# a run with `--since` still has files to leave out.
_LARGE = 128 << 20
# A group may be several times larger uncompressed. DuckDB sorts it within this and spills the rest to disk, so that a
# compaction leaves memory to the ingests and runs beside it.
_MEMORY = "1GB"


@dataclass(frozen=True, slots=True)
class Compaction:
    """What a compaction did: how many files were merged, how many they became, how many old files were deleted."""

    merged: int
    written: int
    rows: int
    deleted: int


def compact(store: Store, *, keep_hours: float = KEEP_HOURS) -> Compaction:
    """Merge the small files of each object and action, and delete files that were replaced long enough ago.

    Each merged file is committed in one transaction that adds it and removes those that it replaces: whoever opens the
    store sees the same events before and after. Ingests may go on meanwhile. A compaction that is stopped leaves at
    most files that no commit names. A group that another compaction got to first is left alone.

    Raises `StoreError` where the store is read-only or a file cannot be read.
    """
    merged = written = rows = 0
    store.refresh()
    with (
        tempfile.TemporaryDirectory(prefix="carlang-") as spool,
        open_memory(memory=_MEMORY, scratch=spool) as connection,
    ):
        for files in list(_groups(store.files())):  # grouped before the first merge changes what the store has
            if _merge(store, connection, files):
                merged, written, rows = merged + len(files), written + 1, rows + sum(f.rows for f in files)
    return Compaction(merged, written, rows, store.delete_replaced(keep_hours))


def _groups(files: Sequence[StoreFile]) -> Iterator[list[StoreFile]]:
    """Yield small files that are to become one: of one object and action, and next to one another in time."""
    small: dict[tuple[str, str], list[StoreFile]] = {}
    for file in files:
        if file.path.stat().st_size < _SMALL:
            small.setdefault((file.object, file.action), []).append(file)
    for candidates in small.values():
        group: list[StoreFile] = []
        size = 0
        # In the order of time, so that a merged file spans little of it and can be pruned; files without times last.
        for file in sorted(candidates, key=lambda f: (f.first_time is None, f.first_time, f.path)):
            if group and size >= _LARGE:
                yield group
                group, size = [], 0
            group.append(file)
            size += file.path.stat().st_size
        if len(group) > 1:
            yield group


def _merge(store: Store, connection: duckdb.DuckDBPyConnection, files: Sequence[StoreFile]) -> bool:
    """Write one file with the events of several and swap it in; False where another process replaced one first."""
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
    except BaseException:  # an interrupt too: a file that no commit names would stay until a vacuum a day later
        path.unlink(missing_ok=True)
        raise
    if not done:
        path.unlink(missing_ok=True)
    return done


def _copied(connection: duckdb.DuckDBPyConnection, copy: str, files: Sequence[StoreFile]) -> bool:
    """Copy, and tell whether as many events arrived as the store's log promises.

    A file that another process cut short would otherwise lose its events for good: the merged file replaces it.
    """
    row = connection.execute(copy, {"files": [str(file.path) for file in files]}).fetchone()
    return row is not None and row[0] == sum(file.rows for file in files)
