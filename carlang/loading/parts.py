"""Events that wait to be written, and the Parquet files that they become."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from carlang.database.quoting import quoted, text_literal
from carlang.model.schema import Model
from carlang.readers.feed import Feed
from carlang.store import Store, object_columns

Kind = tuple[str, str]
"""An object and an action."""

_FULL = 32 << 20
_MOST = 64 << 20


@dataclass(frozen=True)
class Part:
    """Events of one object and action that become a file with these columns, filled or not."""

    kind: Kind
    path: Path
    events: pa.Table = field(repr=False)
    columns: Mapping[str, str] = field(repr=False)


class Parts:
    """Gathers events by object and action until they are worth a file: many small files make a slow store."""

    def __init__(self, store: Store, model: Model) -> None:
        self._store = store
        self._model = model
        self._tables: dict[Kind, list[pa.Table]] = {}
        self._sizes: dict[Kind, int] = {}

    def add(self, kind: Kind, events: pa.Table) -> None:
        """Take events."""
        self._tables.setdefault(kind, []).append(events)
        self._sizes[kind] = self._sizes.get(kind, 0) + events.nbytes

    def full(self) -> Iterator[Part]:
        """Take out what is worth a file, and the most where all together is too much to keep."""
        while self._sizes:
            kind = max(self._sizes, key=lambda each: self._sizes[each])
            if self._sizes[kind] < _FULL and sum(self._sizes.values()) < _MOST:
                return
            yield self._taken(kind)

    def all(self) -> Iterator[Part]:
        """Take out everything, the most first, so that several threads are done at about the same time."""
        for kind in sorted(self._sizes, key=lambda kind: (-self._sizes[kind], kind)):
            yield self._taken(kind)

    def clear(self) -> None:
        """Let everything go."""
        self._tables.clear()
        self._sizes.clear()

    def _taken(self, kind: Kind) -> Part:
        del self._sizes[kind]
        # Mappings leave out columns that they have nothing for, each its own.
        events = pa.concat_tables(self._tables.pop(kind), promote_options="default")
        return Part(kind, self._store.new_file(*kind), events, object_columns(self._model.objects[kind[0]]))


def write_part(part: Part, connection: duckdb.DuckDBPyConnection) -> None:
    """Write events in the order of their time."""
    events = part.events.combine_chunks()
    order = pc.sort_indices(events, sort_keys=[("time", "ascending"), ("record_id", "ascending")])
    feed = Feed(events.schema)
    feed.rows = events.take(order)
    connection.register("part", feed)
    target = text_literal(str(part.path))
    columns = [
        quoted(name) if name in events.column_names else f"CAST(NULL AS {type_}) AS {quoted(name)}"
        for name, type_ in part.columns.items()
    ]
    columns += [quoted(name) for name in events.column_names if name not in part.columns]
    rows = f"SELECT {', '.join(columns)} FROM part"  # noqa: S608  # all names are quoted
    connection.execute(f"COPY ({rows}) TO {target} (FORMAT parquet, COMPRESSION zstd)")
    connection.unregister("part")
