"""Stores of single exports, cut out of one store into which all of them were ingested.

An ingest takes most of its time to prepare its queries, and so does a run over a small store. So all exports are
ingested at once, and what an analytic that looks at each event by itself finds in that store is told apart by the
events' source; all others run over a store of each export.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from carlang.analytic import CompiledAnalytic
from carlang.database.quoting import text_literal
from carlang.resolve.bound import Derived, Events, Filtered, NamedStream, Scalar, expressions, streams_below, walk
from carlang.store import open_store

_ROW_BY_ROW = (Events, Filtered, Derived, NamedStream)


@dataclass(frozen=True)
class Part:
    """What of a store one export is: the events of these sources, of some of them those of these records alone."""

    name: str
    sources: Mapping[str, Collection[str] | None]

    def holds(self, row: Mapping[str, Any]) -> bool:
        """Tell whether an event of the store is of the part."""
        if row["source"] not in self.sources:
            return False
        numbers = self.sources[row["source"]]
        return numbers is None or str(row["record_id"]) in numbers


def looks_at_single_events(analytic: CompiledAnalytic) -> bool:
    """Tell whether whatever an analytic finds is an event, which it finds whatever other events there are."""
    streams = [stream for output in analytic.outputs() for stream in streams_below(output.stream)]
    scalars = (part for stream in streams for each in expressions(stream) for part in walk(each))
    return all(isinstance(stream, _ROW_BY_ROW) for stream in streams) and not any(
        isinstance(s, Scalar) for s in scalars
    )


def cut(store: Path, parts: Sequence[Part], folder: Path) -> Mapping[str, Path]:
    """Write the events of each part as a store of its own, a plain tree; returns these by the parts' names."""
    opened = open_store(store)
    with duckdb.connect() as connection:
        connection.register("parts", _table(parts))
        for kind in opened.info().classes:
            files = [str(file.path) for file in opened.files(kind.object) if file.action == kind.action]
            events = f"""
                SELECT e.*, p.part, {text_literal(kind.object)} AS object, {text_literal(kind.action)} AS action
                FROM read_parquet($files, hive_partitioning = false, union_by_name = true) e JOIN parts p
                ON e.source = p.source AND (p.number IS NULL OR p.number = CAST(e.record_id AS VARCHAR))"""  # noqa: S608
            # Each class has folders of its own in the folder, which is there from the second one on.
            how = "FORMAT parquet, PARTITION_BY (part, object, action), OVERWRITE_OR_IGNORE"
            connection.execute(f"COPY ({events}) TO {text_literal(str(folder))} ({how})", {"files": files})
    return {part.name: folder / f"part={part.name}" for part in parts}


def _table(parts: Iterable[Part]) -> pa.Table:
    rows = [
        {"part": part.name, "source": source, "number": number}
        for part in parts
        for source, numbers in part.sources.items()
        for number in ([None] if numbers is None else sorted(numbers))
    ]
    return pa.Table.from_pylist(rows, pa.schema([(name, pa.string()) for name in ("part", "source", "number")]))
