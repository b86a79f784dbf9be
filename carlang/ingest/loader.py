"""Takes raw records in, chunk by chunk, and writes them as the events of a store."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import duckdb
import pyarrow as pa

from carlang.errors import IngestError
from carlang.ingest.events import events_query
from carlang.ingest.heads import LINES, records_query
from carlang.ingest.macros import define_macros
from carlang.ingest.mapping import EventMapping, Sensors
from carlang.ingest.records import Fault, Records
from carlang.ingest.report import Rejection
from carlang.model.schema import Model
from carlang.store import REJECTED_FOLDER, Store, object_columns
from carlang.store.files import open_memory
from carlang.store.quoting import text_literal

CHUNK = 32 << 20
"""How much raw text is mapped at once."""

_MEMORY = "2GB"
_REST = -1  # stands for the rest among the places of mappings
_SHOWN = 20

CHUNK_SCHEMA = pa.schema(
    [
        ("file", pa.int32()),
        ("source", pa.string()),
        ("number", pa.int64()),
        ("line", pa.string()),
        ("fault", pa.string()),
    ]
)
"""The raw lines of a chunk, and the places that could not be read."""


@dataclass
class FileCount:
    """A file of the batch: what was found in it so far."""

    name: str
    digest: str
    mapped: int = 0
    unmapped: int = 0
    rejected: int = 0
    reason: str | None = None
    rejected_parts: int = 0

    @property
    def records(self) -> int:
        """The number of records that were understood."""
        return self.mapped + self.unmapped


@dataclass
class Batch:
    """Whole files that are committed together: their counts, and the Parquet files written for them."""

    files: list[FileCount] = field(default_factory=list)
    parts: list[tuple[Path, str, str]] = field(default_factory=list)
    events: Counter[tuple[str, str]] = field(default_factory=Counter)
    unmapped: Counter[tuple[str | None, int | None]] = field(default_factory=Counter)
    rejections: list[Rejection] = field(default_factory=list)
    size: int = 0


class Loader:
    """Maps records to events with one DuckDB connection; used as a context manager.

    Records are gathered until they make a chunk, whatever files they come from, and are then mapped and written. A
    batch ends between two files.
    """

    def __init__(
        self, store: Store, model: Model, sensors: Sensors, *, hostname: str | None = None, keep_raw: bool = False
    ) -> None:
        self.store = store
        self.batch = Batch()
        self._keep_raw = keep_raw
        self._model = model
        self._hostname = hostname
        self._groups = _grouped(sensors)
        self._records_query = records_query(sensors)
        self._tables: list[pa.Table] = []
        self._waiting = 0
        self._spool = tempfile.TemporaryDirectory(prefix="carlang-")
        self._connection = open_memory()
        self._connection.execute(f"SET memory_limit = '{_MEMORY}'")
        self._connection.execute(f"SET temp_directory = {text_literal(self._spool.name)}")
        define_macros(self._connection)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()
        self._spool.cleanup()
        if kind is not None:
            self.discard()

    def begin(self, name: str, digest: str) -> FileCount:
        """Turn to a new file."""
        count = FileCount(name, digest)
        self.batch.files.append(count)
        return count

    def add(self, source: str, item: Records | Fault) -> None:
        """Take records, or the news that something could not be read, of the file begun last."""
        place = len(self.batch.files) - 1
        if isinstance(item, Fault):
            row = {"file": place, "source": source, "number": item.number, "line": item.text, "fault": item.reason}
            self._tables.append(pa.Table.from_pylist([row], schema=CHUNK_SCHEMA))
            return
        count = len(item.lines)
        columns = [
            pa.repeat(pa.scalar(place, pa.int32()), count),
            pa.repeat(pa.scalar(source), count),
            item.numbers,
            item.lines,
            pa.nulls(count, pa.string()),
        ]
        self._tables.append(pa.Table.from_arrays(columns, schema=CHUNK_SCHEMA))
        self._waiting += item.size
        self.batch.size += item.size
        if self._waiting >= CHUNK:
            self.flush()

    def flush(self) -> None:
        """Map and write what is waiting."""
        if not self._tables:
            return
        chunk = pa.concat_tables(self._tables)
        self._tables, self._waiting = [], 0
        try:
            self._connection.register("chunk", chunk)
            self._connection.execute(LINES)
            self._connection.unregister("chunk")
            self._connection.execute(self._records_query)
            self._count()
            self._write_events()
            self._write_rejected()
        except duckdb.Error as error:
            names = ", ".join(dict.fromkeys(f.name for f in self.batch.files[-3:]))
            raise IngestError(f"records of {names} (or before) cannot be mapped: {error}") from error

    def take(self) -> Batch:
        """Finish the batch and begin the next."""
        self.flush()
        batch, self.batch = self.batch, Batch()
        return batch

    def discard(self) -> None:
        """Give the batch up; what was written for it is deleted."""
        self._tables, self._waiting = [], 0
        delete_parts(self.batch)
        self.batch = Batch()

    def _count(self) -> None:
        query = "SELECT file, count(classes), count(*) - count(classes) FROM records GROUP BY file"
        for place, mapped, unmapped in self._connection.execute(query).fetchall():
            self.batch.files[place].mapped += mapped
            self.batch.files[place].unmapped += unmapped
        query = "SELECT channel, event_id, count(*) FROM records WHERE classes IS NULL GROUP BY ALL ORDER BY ALL"
        for channel, event_id, count in self._connection.execute(query).fetchall():
            self.batch.unmapped[(channel, event_id)] += count

    def _write_events(self) -> None:
        classes = "CASE WHEN kept THEN list_append(classes, -1) ELSE coalesce(classes, [-1]) END"
        query = f"SELECT DISTINCT unnest({classes}) FROM records"  # noqa: S608  # constants
        present = {row[0] for row in self._connection.execute(query).fetchall()}
        for (object_name, action), mappings in self._groups.items():
            # The part of a mapping that has no record in the chunk would still look at every record.
            found = [(place, m) for place, m in mappings if (_REST if m.is_rest else place) in present]
            if not found:
                continue
            columns = object_columns(self._model.objects[object_name])
            sql = events_query(found, columns, hostname=self._hostname, keep_raw=self._keep_raw)
            path = self.store.new_file(object_name, action)
            self.batch.parts.append((path, object_name, action))
            copy = f"COPY ({sql}) TO {text_literal(str(path))} (FORMAT parquet, COMPRESSION zstd)"
            row = self._connection.execute(copy).fetchone()
            self.batch.events[(object_name, action)] += row[0] if row else 0

    def _write_rejected(self) -> None:
        """Keep what was rejected, a file for each source and chunk; a second reading writes the same files again."""
        query = "SELECT file, count(*) FROM lines WHERE fault IS NOT NULL GROUP BY file ORDER BY file"
        for place, count in self._connection.execute(query).fetchall():
            file = self.batch.files[place]
            file.rejected += count
            file.rejected_parts += 1
            query = "SELECT source, number, fault FROM lines WHERE fault IS NOT NULL AND file = $place LIMIT $shown"
            rows = self._connection.execute(query, {"place": place, "shown": _SHOWN}).fetchall()
            self.batch.rejections += [Rejection(*row) for row in rows]
            file.reason = file.reason or _described(rows[0])
            folder = self.store.path / REJECTED_FOLDER
            folder.mkdir(exist_ok=True)
            path = folder / f"{file.digest[:16]}-{file.rejected_parts}.ndjson"
            rows_of_file = f"FROM lines WHERE fault IS NOT NULL AND file = {place}"
            query = f"SELECT source, number, fault AS reason, line AS text {rows_of_file}"  # a number
            self._connection.execute(f"COPY ({query}) TO {text_literal(str(path))} (FORMAT json)")


def delete_parts(batch: Batch) -> None:
    """Delete the Parquet files that were written for a batch."""
    for path, _, _ in batch.parts:
        path.unlink(missing_ok=True)


def _described(row: tuple[str, int | None, str]) -> str:
    source, number, reason = row
    return f"{source}, {number}: {reason}" if number is not None else f"{source}: {reason}"


def _grouped(sensors: Sensors) -> Mapping[tuple[str, str], list[tuple[int, EventMapping]]]:
    """Return the mappings of each object and action, with their places."""
    groups: dict[tuple[str, str], list[tuple[int, EventMapping]]] = {}
    for place, mapping in enumerate(sensors.mappings):
        groups.setdefault((mapping.object, mapping.action), []).append((place, mapping))
    return groups
