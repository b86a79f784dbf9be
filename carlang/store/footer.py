"""What each Parquet file of a store says in its footer: of which commit and sources it is, and whose events it has.

The log says the former, too. There the footer is for the day on which an entry of the log is lost: it tells the files
that the entry named from those that no commit ever did. Of the events by host it has the inventory.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from carlang.database.connection import limited_to_task, open_shared
from carlang.database.quoting import text_literal
from carlang.store.files import StoreFile, damaged
from carlang.store.statistics import packed, unpacked
from carlang.store.storage import first_line

_KEY = "carlang"
_STATISTICS = "carlang_statistics"


@dataclass(frozen=True, slots=True)
class Footer:
    """The identity of a file: its own name, its commit, the digests of its sources, and the files that it replaces.

    `marks` are those that the commit sets for the sources.
    """

    name: str
    commit: str
    sources: tuple[str, ...] = ()
    replaces: tuple[str, ...] = ()
    marks: Mapping[str, int] = field(default_factory=dict)


def parquet_options(footer: Footer | None, inventory: pa.Table) -> str:
    """Return the options of DuckDB's COPY for a file of a store: what it says of itself, and the inventory of its rows.

    A file of a plain tree is of no commit.
    """
    said = {_STATISTICS: packed(inventory)}
    if footer is not None:
        said[_KEY] = json.dumps(
            {
                "name": footer.name,
                "commit": footer.commit,
                "sources": sorted(footer.sources),
                "replaces": sorted(footer.replaces),
                "marks": dict(footer.marks),
            },
            separators=(",", ":"),
        )
    pairs = ", ".join(f"{key}: {text_literal(text)}" for key, text in sorted(said.items()))
    return f"(FORMAT parquet, COMPRESSION zstd, KV_METADATA {{{pairs}}})"


def statistics(files: Sequence[StoreFile]) -> tuple[pa.Table, frozenset[Path]]:
    """Return the inventories that files have in their footers, one below the other, and the files that have one.

    One that is not of as many rows as the file has is none: a program that filters files may hand their footers on.
    """
    with open_shared() as connection, limited_to_task(connection):
        texts = _statistics(connection, [file.path for file in files])
    rows = {file.path: file.rows for file in files}
    table, part = unpacked(list(texts.values()))
    sums = pa.table([part, table["rows"]], ["part", "rows"]).group_by("part").aggregate([("rows", "sum")])
    paths = list(texts)
    said = {number for number, count in zip(*sums.columns, strict=True) if rows[paths[number.as_py()]] == count.as_py()}
    told = pc.is_in(part, pa.array([number.as_py() for number in said], pa.int32()))
    return table.filter(told), frozenset(paths[number.as_py()] for number in said)


def _statistics(connection: duckdb.DuckDBPyConnection, paths: Sequence[Path]) -> dict[Path, str]:
    if not paths:
        return {}
    query = "SELECT file_name, decode(value) FROM parquet_kv_metadata($files) WHERE decode(key) = $key"
    try:
        arguments = {"files": [str(path) for path in paths], "key": _STATISTICS}
        return {Path(name): text for name, text in connection.execute(query, arguments).fetchall()}
    except duckdb.InterruptException:
        raise
    except duckdb.Error:
        if len(paths) == 1:
            return {}
        return {each: text for path in paths for each, text in _statistics(connection, [path]).items()}


def footers(paths: Sequence[Path]) -> dict[Path, Footer]:
    """Return what files say of themselves; those that say nothing, as other programs write them, are left out.

    Raises `StoreError` with the name of a file that cannot be read.
    """
    with open_shared() as connection:
        return {path: footer for path in paths if (footer := _footer(connection, path))}


def _footer(connection: duckdb.DuckDBPyConnection, path: Path) -> Footer | None:
    query = "SELECT decode(value) FROM parquet_kv_metadata($file) WHERE decode(key) = $key"
    try:
        row = connection.execute(query, {"file": str(path), "key": _KEY}).fetchone()
    except duckdb.Error as error:
        raise damaged(path, first_line(error)) from error
    try:
        said = json.loads(row[0]) if row else None
        return said and Footer(
            name=str(said["name"]),
            commit=str(said["commit"]),
            sources=tuple(map(str, said["sources"])),
            replaces=tuple(map(str, said["replaces"])),
            marks={str(name): int(number) for name, number in said["marks"].items()},
        )
    except (ValueError, KeyError, TypeError, AttributeError):  # some other program's key of the same name
        return None
