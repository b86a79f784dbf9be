"""What each Parquet file of a store says in its footer: of which commit and sources it is, and whose events it has.

The log says the former, too. There the footer is for the day on which an entry of the log is lost: it tells the files
that the entry named from those that no commit ever did. Of the events by host it has the inventory.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from carlang.cache import remembered_bytes
from carlang.database.connection import limited_to_task, open_shared
from carlang.database.quoting import text_literal
from carlang.store.files import StoreFile, damaged
from carlang.store.merging import merge_inventories
from carlang.store.statistics import SCHEMA, chunk, ordered, packed, unpacked
from carlang.store.storage import first_line

_KEY = "carlang"
_STATISTICS = "carlang_statistics"
_TOLD = b"carlang_told"
_MERGED = "1"
"""The form of what is kept of footers between runs, another one where it is merged in another way."""
_AT_ONCE = 6
"""How many files' inventories are merged with those before them at once."""
_LATEST = 16
"""How many merged inventories are kept: a store that grows leaves one behind with each commit, of some megabytes."""


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
    texts = _texts(files)
    table, told = _told(list(texts.values()), _rows(texts, files))
    paths = list(texts)
    return table, frozenset(paths[number] for number in told)


def merged_statistics(files: Sequence[StoreFile]) -> tuple[pa.Table, frozenset[Path]]:
    """Return the inventories that files have in their footers as one, and the files that have one.

    It is kept between runs, by what the footers say: to read and merge those of a fleet takes longer than a query.
    """
    texts = _texts(files)
    paths, rows = list(texts), _rows(texts, files)
    said = [
        f"{hashlib.sha256(text.encode()).hexdigest()} {count}" for text, count in zip(texts.values(), rows, strict=True)
    ]

    sources = (_MERGED, str(SCHEMA), pa.__version__, *said)
    reader = pa.ipc.open_stream(
        remembered_bytes("inventory", sources, lambda: _written(*_merged(list(texts.values()), rows)), latest=_LATEST)
    )
    numbers = json.loads(reader.schema.metadata[_TOLD])
    return reader.read_all().replace_schema_metadata(None), frozenset(paths[number] for number in numbers)


def _merged(texts: Sequence[str], rows: Sequence[int]) -> tuple[pa.Table, frozenset[int]]:
    """Return the inventories of texts as one, and the numbers of those that are of as many rows as they are to be."""
    inventory, told = SCHEMA.empty_table(), frozenset[int]()
    # A few at a time: memory that is used again takes half of the time of as much that is new.
    for start in range(0, len(texts), _AT_ONCE):
        some = slice(start, start + _AT_ONCE)
        table, numbers = _told(texts[some], rows[some], in_order=False)
        inventory = merge_inventories([inventory, table])
        told |= {start + number for number in numbers}
    in_order = ordered(chunk(inventory["filled"]))
    return inventory.set_column(SCHEMA.get_field_index("filled"), "filled", in_order), told


def _written(inventory: pa.Table, told: Collection[int]) -> bytes:
    sink = pa.BufferOutputStream()
    schema = inventory.schema.with_metadata({_TOLD: json.dumps(sorted(told))})
    with pa.ipc.new_stream(sink, schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as writer:
        writer.write_table(inventory)
    content: bytes = sink.getvalue().to_pybytes()
    return content


def _texts(files: Sequence[StoreFile]) -> dict[Path, str]:
    with open_shared() as connection, limited_to_task(connection):
        texts = _statistics(connection, [file.path for file in files])
    return {file.path: texts[file.path] for file in files if file.path in texts}


def _rows(paths: Iterable[Path], files: Sequence[StoreFile]) -> list[int]:
    rows = {file.path: file.rows for file in files}
    return [rows[path] for path in paths]


def _told(texts: Sequence[str], rows: Sequence[int], *, in_order: bool = True) -> tuple[pa.Table, frozenset[int]]:
    """Return the inventories of texts, and the numbers of those that are of as many rows as they are to be."""
    table, part = unpacked(texts, in_order=in_order)
    sums = pa.table([part, table["rows"]], ["part", "rows"]).group_by("part").aggregate([("rows", "sum")])
    counts = zip(*(column.to_pylist() for column in sums.columns), strict=True)
    told = frozenset(number for number, count in counts if rows[number] == count)
    return table.filter(pc.is_in(part, pa.array(list(told), pa.int32()))), told


def _statistics(connection: duckdb.DuckDBPyConnection, paths: Sequence[Path]) -> dict[Path, str]:
    if not paths:
        return {}
    query = "SELECT file_name, decode(value) FROM parquet_kv_metadata($files) WHERE decode(key) = $key"
    try:
        arguments = {"files": [str(path) for path in paths], "key": _STATISTICS}
        return {Path(name): text for name, text in connection.execute(query, arguments).fetchall()}
    except (duckdb.InterruptException, duckdb.OutOfMemoryException):
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
