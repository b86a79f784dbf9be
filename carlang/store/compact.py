"""Compaction: merge the small files that many ingests leave into a few large ones, unnoticed by readers."""

from __future__ import annotations

import tempfile
import uuid
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import duckdb
import pyarrow as pa

from carlang.database.connection import open_memory
from carlang.database.interrupts import interruptible
from carlang.database.quoting import text_literal
from carlang.store.columns import RECORD_ID, row_order
from carlang.store.counting import count_rows, parquet_rows
from carlang.store.files import StoreFile
from carlang.store.footer import Footer, footers, parquet_options, statistics
from carlang.store.merging import merge_inventories
from carlang.store.storage import not_written
from carlang.store.store import Staging, Store
from carlang.store.vacuum import vacuum

# Files from half the target size up are left alone: merging two of them would rewrite all their bytes to save one file.
_SMALL = 64 << 20
# A merged file is closed at this size: large enough that opening it costs nothing beside reading it, small enough that
# a run with `--since` still has files to leave out.
_LARGE = 128 << 20
# A group may be several times larger uncompressed. DuckDB sorts it within this and spills the rest to disk, so that a
# compaction leaves memory to the ingests and runs beside it.
_MEMORY = "1GB"
# Other writers of Delta than carlang hold no lock, and write their files long before the log names them.
_UNNAMED_HOURS = 24
# A thousand years: more than a `timedelta` with hours can be, and than there are instants.
_HOURS_MAX = 24 * 365 * 1000


@dataclass(frozen=True, slots=True)
class Compaction:
    """What a compaction did: how many files were merged, how many they became, how many old files were deleted."""

    merged: int
    written: int
    rows: int
    deleted: int


def compact(store: Store, *, keep_hours: float | None = None) -> Compaction:
    """Merge the small files of each object and action.

    Each merged file is committed in one transaction that adds it and removes those that it replaces: whoever opens the
    store sees the same events before and after. Ingests may go on meanwhile. A group that another compaction got to
    first is left alone. Files that were replaced stay until a vacuum. A compaction that is stopped, at whatever moment
    and by whatever, has swapped a group or it has not; it deletes nothing.

    With `keep_hours` a vacuum follows, of the files that were replaced so many hours ago or before; of those that no
    commit named too, if that is a day or more.

    Files whose ids of records are numbers, as in carlang 0.1, or that do not say in their footers whose events are in
    them, are written anew whatever their size.

    Raises `StoreError` where the store is read-only or a file cannot be read.
    """
    merged = written = rows = 0
    with (
        store.writing() as staging,
        tempfile.TemporaryDirectory(prefix="carlang-") as spool,
        open_memory(memory=_MEMORY, scratch=spool) as connection,
    ):
        store.refresh()
        numbered = frozenset(file.path for file in store.make_record_ids_text())
        silent = {file.path for file in store.files() if file.rows} - statistics(store.files())[1]
        for files in list(
            _groups(store.files(), numbered | silent)
        ):  # grouped before the first merge changes what the store has
            if _merge(store, staging, connection, files):
                merged, written, rows = merged + len(files), written + 1, rows + sum(f.rows for f in files)
        store.checkpoint()
    deleted = 0
    if keep_hours is not None:
        older_than = timedelta(hours=min(keep_hours, _HOURS_MAX))
        deleted = len(vacuum(store, older_than=older_than, never_named=keep_hours >= _UNNAMED_HOURS).files)
    return Compaction(merged, written, rows, deleted)


def _groups(files: Sequence[StoreFile], old: AbstractSet[Path]) -> Iterator[list[StoreFile]]:
    """Yield small files that are to become one: of one object and action, and next to one another in time.

    Those that are `old` are written anew, if need be alone.
    """
    small: dict[tuple[str, str], list[StoreFile]] = {}
    for file in files:
        if file.path.stat().st_size < _SMALL or file.path in old:
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
        if len(group) > 1 or any(file.path in old for file in group):
            yield group


def _merge(store: Store, staging: Staging, connection: duckdb.DuckDBPyConnection, files: Sequence[StoreFile]) -> bool:
    """Write one file with the events of several and swap it in; False where another process replaced one first."""
    path = staging.new_file()
    present = {column for file in files for column in file.filled}
    order = ", ".join(row_order(present))
    cast = f"SELECT * REPLACE (CAST({RECORD_ID} AS VARCHAR) AS {RECORD_ID}) " if RECORD_ID in present else ""
    events = f"{cast}FROM read_parquet($files, union_by_name = true, hive_partitioning = false)"
    query = f"SELECT * FROM ({events}) ORDER BY {order}" if order else events  # noqa: S608  # of this package's names
    footer = _footer(store, path, files)
    try:
        options = parquet_options(footer, _inventory(connection, files))
        copy = f"COPY ({query}) TO {text_literal(str(path))} {options}"
        return _copied(connection, copy, files) and store.replace(files, path)
    except duckdb.Error as error:
        raise not_written(files[0].path.parent, error, "cannot be compacted") from error
    finally:
        # It is still there if it was not swapped in: the space is wanted for the next group.
        path.unlink(missing_ok=True)


def _footer(store: Store, path: Path, files: Sequence[StoreFile]) -> Footer:
    replaced = footers([file.path for file in files])
    return Footer(
        name=path.name,
        commit=uuid.uuid4().hex,
        sources=tuple({source for footer in replaced.values() for source in footer.sources}),
        replaces=tuple(file.path.relative_to(store.path).as_posix() for file in files),
    )


def _inventory(connection: duckdb.DuckDBPyConnection, files: Sequence[StoreFile]) -> pa.Table:
    """Return the inventory of files: those that say nothing in their footers are counted."""
    said, known = statistics(files)
    silent = [file for file in files if file.path not in known]
    counted = [count_rows(connection, parquet_rows([file]), file) for file in silent]
    return merge_inventories([said, *counted])


def _copied(connection: duckdb.DuckDBPyConnection, copy: str, files: Sequence[StoreFile]) -> bool:
    """Copy, and tell whether as many events arrived as the store's log promises.

    A file that another process cut short would otherwise lose its events for good: the merged file replaces it.
    """
    paths = {"files": [str(file.path) for file in files]}
    row = interruptible(connection, lambda: connection.execute(copy, paths).fetchone())
    return row is not None and row[0] == sum(file.rows for file in files)
