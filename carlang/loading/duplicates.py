"""Records that stand in two exports of one log: found by their log, computer and number, and left out.

The time has to be the same to within two seconds, as exports differ in how exactly they give it: a log that was
cleared counts anew, and its records are not those of before. An event without a number or without a time never counts
as one that is there already. Events of one source are not compared with one another.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import duckdb

from carlang.database.quoting import text_literal
from carlang.loading.parts import Kind
from carlang.store import Store

_SECONDS = 2
_KEY = ("log", "computer", "record_id")


def drop_duplicates(
    connection: duckdb.DuckDBPyConnection, store: Store, parts: Sequence[tuple[Path, str, str]]
) -> tuple[list[tuple[Path, str, str]], Counter[str], Counter[Kind]]:
    """Rewrite written parts without the events of records that the store, or a part before, holds from another source.

    Returns the parts that still hold events, and how many were dropped by source and by kind. What is held of the
    store is read from the columns of the key alone; what is kept in memory is the key of one part.
    """
    left: list[tuple[Path, str, str]] = []
    sources: Counter[str] = Counter()
    kinds: Counter[Kind] = Counter()
    for path, object_name, action in parts:
        before = [file.path for file in store.files(object_name, [action])]
        before += [other for other, *kind in left if kind == [object_name, action]]
        dropped = _rewrite(connection, path, before)
        sources += dropped
        kinds[(object_name, action)] += dropped.total()
        if path.exists():
            left.append((path, object_name, action))
    return left, sources, +kinds


def _rewrite(connection: duckdb.DuckDBPyConnection, path: Path, before: Sequence[Path]) -> Counter[str]:
    """Write a part anew without what it, or a part before, has from another source; returns what was dropped."""
    part = _parquet([path])
    columns = {row[0] for row in connection.execute(f"DESCRIBE FROM {part}").fetchall()}
    same = " AND ".join(f"n.{name} = o.{name}" for name in _KEY)
    near = f"abs(epoch_us(n.time) - epoch_us(o.time)) <= {_SECONDS * 1_000_000} AND n.source IS DISTINCT FROM o.source"
    first = "(o.place < 0 OR (o.source, o.place) < (n.source, n.place))"
    own = f"SELECT {_key(columns)}, file_row_number AS place FROM {part}"  # noqa: S608
    others = [f"SELECT {_key(columns)}, -1 AS place FROM {_parquet(before)}"] if before else []  # noqa: S608
    # Names of columns are this module's, paths are literals.
    connection.execute(f"CREATE OR REPLACE TEMP TABLE own AS FROM ({own}) WHERE record_id IS NOT NULL")
    connection.execute("CREATE OR REPLACE TEMP TABLE twins AS SELECT place FROM own LIMIT 0")
    for old in (*others, own):
        query = f"SELECT DISTINCT n.place FROM own AS n JOIN ({old}) AS o ON {same} AND {near} AND {first}"  # noqa: S608
        connection.execute(f"INSERT INTO twins {query}")
    query = f"SELECT source, count(*) FROM {part} WHERE file_row_number IN (FROM twins) GROUP BY source"  # noqa: S608
    found = connection.execute(query).fetchall()
    if found:
        _write(connection, path)
    return Counter(dict(found))


def _write(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Write a part anew without the twins; one that has nothing else is deleted."""
    whole = path.rename(path.with_suffix(".whole"))
    rows = f"SELECT * EXCLUDE (file_row_number) FROM {_parquet([whole])} WHERE file_row_number NOT IN (FROM twins)"  # noqa: S608
    copy = f"COPY ({rows}) TO {text_literal(str(path))} (FORMAT parquet, COMPRESSION zstd)"
    row = connection.execute(copy).fetchone()
    whole.unlink()
    if row is None or row[0] == 0:
        path.unlink()


def _key(columns: set[str]) -> str:
    log = ", ".join(name for name in ("log_name", "sensor") if name in columns)
    return f"lower(coalesce({log})) AS log, lower(hostname) AS computer, record_id, time, source"


def _parquet(paths: Sequence[Path]) -> str:
    files = ", ".join(text_literal(str(path)) for path in paths)
    return f"read_parquet([{files}], union_by_name = true, hive_partitioning = false, file_row_number = true)"
