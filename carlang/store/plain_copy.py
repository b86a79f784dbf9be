"""Copies of a store as a plain tree of Parquet files."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb

from carlang.database.connection import open_memory
from carlang.database.interrupts import interruptible
from carlang.database.quoting import quoted, text_literal
from carlang.errors import StoreError
from carlang.store.columns import RECORD_ID, row_order
from carlang.store.counting import count_rows, parquet_rows
from carlang.store.files import StoreFile
from carlang.store.footer import parquet_options
from carlang.store.merging import merge_inventories
from carlang.store.store import Store


def write_plain(store: Store, path: str | Path) -> None:
    """Copy a store into a new folder, `<object>/<action>/events.parquet`, the same bytes for the same events.

    Rows stand in the order of time, record_id and then all other columns. The folder may not hold anything yet.
    """
    target = Path(path)
    if target.exists() and any(target.iterdir()):
        raise StoreError(f"{target} is not empty; name a new folder for the copy")
    groups: dict[tuple[str, str], list[StoreFile]] = {}
    for file in store.files():
        groups.setdefault((file.object, file.action), []).append(file)
    target.mkdir(parents=True, exist_ok=True)
    with open_memory(threads=1) as connection:  # with several threads the row groups differ from copy to copy
        for (object_name, action), files in sorted(groups.items()):
            folder = target / object_name / action
            folder.mkdir(parents=True)
            _copy(connection, files, store.columns(object_name), folder / "events.parquet")


def _copy(connection: duckdb.DuckDBPyConnection, files: list[StoreFile], columns: dict[str, str], target: Path) -> None:
    present = {column for file in files for column in file.filled}
    names = [quoted(column) for column in columns if column in present]
    # All columns take part in the order: events that differ in one of them only have one order too, and so one copy.
    ordered = ", ".join([*row_order(present), *(f"{name} NULLS LAST" for name in names)])
    rows = "read_parquet($files, union_by_name = true, hive_partitioning = false)"
    if RECORD_ID in present:
        rows = f"(SELECT * REPLACE (CAST({RECORD_ID} AS VARCHAR) AS {RECORD_ID}) FROM {rows})"  # noqa: S608
    query = f"SELECT {', '.join(names)} FROM {rows} ORDER BY {ordered}"  # noqa: S608  # all names are quoted
    try:
        inventory = merge_inventories(count_rows(connection, parquet_rows([file]), file) for file in files)
        copy = f"COPY ({query}) TO {text_literal(str(target))} {parquet_options(None, inventory)}"
        interruptible(connection, lambda: connection.execute(copy, {"files": [str(file.path) for file in files]}))
    except duckdb.Error as error:
        shutil.rmtree(target.parent, ignore_errors=True)
        raise StoreError(f"{files[0].path.parent} cannot be copied to {target}: {error}") from error
