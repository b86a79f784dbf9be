"""What each Parquet file of a store says of itself in its footer: of which commit it is, and of which sources.

The log says so too. The footer is for the day on which an entry of the log is lost: it tells the files that the entry
named from those that no commit ever did.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from carlang.database.connection import open_memory
from carlang.database.quoting import text_literal
from carlang.store.files import damaged
from carlang.store.storage import first_line

_KEY = "carlang"


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


def parquet_options(footer: Footer) -> str:
    """Return the options of DuckDB's COPY for a file of a store with this footer."""
    text = json.dumps(
        {
            "name": footer.name,
            "commit": footer.commit,
            "sources": sorted(footer.sources),
            "replaces": sorted(footer.replaces),
            "marks": dict(footer.marks),
        },
        separators=(",", ":"),
    )
    return f"(FORMAT parquet, COMPRESSION zstd, KV_METADATA {{{_KEY}: {text_literal(text)}}})"


def footers(paths: Sequence[Path]) -> dict[Path, Footer]:
    """Return what files say of themselves; those that say nothing, as other programs write them, are left out.

    Raises `StoreError` with the name of a file that cannot be read.
    """
    with open_memory() as connection:
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
