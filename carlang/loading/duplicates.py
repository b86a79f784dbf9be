"""Records that are in two exports of one log: recognized by their log, computer and number, and left out.

The time has to be the same to within two seconds, as exports differ in how exactly they give it: a log that was
cleared counts anew, and its records are not those of before. An event without a number or without a time never counts
as one that is there already. Events of one source are not compared with one another.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import duckdb

from carlang.database.quoting import text_literal
from carlang.mapping.event_mapping import ObjectAction
from carlang.store import StagedFile, Store, count_rows, described, footers, parquet_options

# One export cuts the time to the second, another rounds it: they differ by up to one; two leaves room for both at once.
# A log that is cleared and filled again has its number again in minutes at the earliest.
_SECONDS = 2
_KEY = ("log", "computer", "record_id")


@dataclass
class Deduplicated:
    """The staged files that still hold events, and how many events were dropped by source and by what they are."""

    staged: list[StagedFile] = field(default_factory=list)
    sources: Counter[str] = field(default_factory=Counter)
    dropped: Counter[ObjectAction] = field(default_factory=Counter)


def drop_duplicates(
    connection: duckdb.DuckDBPyConnection, store: Store, staged: Sequence[StagedFile], former: str | None = None
) -> Deduplicated:
    """Rewrite staged files without the events of records that the store, or a file before, holds from another source.

    Events of the store of which the condition `former` is true do not count: the staged ones may replace them.
    What is held of the store is read from the columns of the key alone; what is kept in memory is the key of one file.
    """
    result = Deduplicated()
    for file in staged:
        stored = [stored.path for stored in store.files(file.object, [file.action])]
        before = [f.path for f in result.staged if (f.object, f.action) == (file.object, file.action)]
        dropped = _rewrite(connection, file, [(stored, former), (before, None)])
        result.sources += dropped
        result.dropped[ObjectAction(file.object, file.action)] += dropped.total()
        if file.path.exists():
            result.staged.append(file)
    return result


def _rewrite(
    connection: duckdb.DuckDBPyConnection, file: StagedFile, before: Sequence[tuple[Sequence[Path], str | None]]
) -> Counter[str]:
    """Write a file anew without what it, or a file before, has from another source; returns what was dropped."""
    events = _parquet([file.path])
    columns = {row[0] for row in connection.execute(f"DESCRIBE FROM {events}").fetchall()}
    same = " AND ".join(f"n.{name} = o.{name}" for name in _KEY)
    near = f"abs(epoch_us(n.time) - epoch_us(o.time)) <= {_SECONDS * 1_000_000} AND n.source IS DISTINCT FROM o.source"
    # Of two that are both new, the first by source stays, whichever file the threads wrote first.
    first = "(o.place < 0 OR (o.source, o.place) < (n.source, n.place))"
    new = f"SELECT {_key(columns)}, file_row_number AS place FROM {events}"  # noqa: S608
    others = [
        f"SELECT {_key(columns)}, -1 AS place FROM {_parquet(paths)} WHERE NOT coalesce({spared or 'false'}, false)"  # noqa: S608
        for paths, spared in before
        if paths
    ]
    # Names of columns are this module's, paths are literals.
    connection.execute(f"CREATE OR REPLACE TEMP TABLE new AS FROM ({new}) WHERE record_id IS NOT NULL")
    connection.execute("CREATE OR REPLACE TEMP TABLE twins AS SELECT place FROM new LIMIT 0")
    for old in (*others, new):
        query = f"SELECT DISTINCT n.place FROM new AS n JOIN ({old}) AS o ON {same} AND {near} AND {first}"  # noqa: S608
        connection.execute(f"INSERT INTO twins {query}")
    query = f"SELECT source, count(*) FROM {events} WHERE file_row_number IN (FROM twins) GROUP BY source"  # noqa: S608
    dropped = connection.execute(query).fetchall()
    if dropped:
        _write_without_twins(connection, file)
    return Counter(dict(dropped))


def _write_without_twins(connection: duckdb.DuckDBPyConnection, file: StagedFile) -> None:
    """Write a file anew without the twins; one that has nothing else is deleted."""
    path, complete = file.path, file.path.rename(file.path.with_suffix(".whole"))
    rows = (
        f"SELECT * EXCLUDE (file_row_number) FROM {_parquet([complete])}"  # noqa: S608
        " WHERE file_row_number NOT IN (FROM twins)"
    )
    footer = footers([complete])[complete]
    inventory = count_rows(connection, f"({rows})", described(replace(file, path=complete)))
    copy = f"COPY ({rows}) TO {text_literal(str(path))} {parquet_options(footer, inventory)}"
    count = connection.execute(copy).fetchone()
    complete.unlink()
    if count is None or count[0] == 0:
        path.unlink()


def _key(columns: set[str]) -> str:
    log = ", ".join(name for name in ("log_name", "sensor") if name in columns)
    # Files of older stores have numbers for ids.
    record = "CAST(record_id AS VARCHAR) AS record_id"
    return f"lower(coalesce({log})) AS log, lower(hostname) AS computer, {record}, time, source"


def _parquet(paths: Sequence[Path]) -> str:
    files = ", ".join(text_literal(str(path)) for path in paths)
    return f"read_parquet([{files}], union_by_name = true, hive_partitioning = false, file_row_number = true)"
