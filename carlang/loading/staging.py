"""Events that wait to be written, and the staged Parquet files that they become."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from carlang.database.quoting import quoted, text_literal
from carlang.mapping.event_mapping import ObjectAction
from carlang.model.schema import Model
from carlang.readers import budget, tuning
from carlang.readers.feed import Feed
from carlang.store import Footer, StagedFile, count_events, object_columns, parquet_options


@dataclass(frozen=True)
class FileOfEvents:
    """Events that become a staged file with these columns, filled or not; they are of these sources of the batch."""

    staged: StagedFile
    sources: AbstractSet[int]
    events: pa.Table = field(repr=False)
    columns: Mapping[str, str] = field(repr=False)


class WaitingEvents:
    """Gathers events by object and action until they are worth a file: many small files make a slow store."""

    def __init__(self, new_file: Callable[[ObjectAction], Path], model: Model) -> None:
        self._new_file = new_file
        self._model = model
        self._tables: dict[ObjectAction, list[pa.Table]] = {}
        self._sources: dict[ObjectAction, set[int]] = {}
        self._sizes: dict[ObjectAction, int] = {}

    def add(self, makes: ObjectAction, events: pa.Table, sources: AbstractSet[int]) -> None:
        """Take events of some sources of the batch."""
        self._tables.setdefault(makes, []).append(events)
        self._sources.setdefault(makes, set()).update(sources)
        self._sizes[makes] = self._sizes.get(makes, 0) + events.nbytes

    def full(self) -> Iterator[FileOfEvents]:
        """Take out what is worth a file, and the most where all together is too much to keep."""
        while self._sizes:
            largest = max(self._sizes, key=lambda each: self._sizes[each])
            waiting = sum(self._sizes.values())
            if self._sizes[largest] < budget.within(tuning.BYTES_OF_FILE) and waiting < budget.within(
                tuning.BYTES_OF_FILES
            ):
                return
            yield self._take(largest)

    def all(self) -> Iterator[FileOfEvents]:
        """Take out everything, the most first, so that several threads are done at about the same time."""
        for makes in sorted(self._sizes, key=lambda each: (-self._sizes[each], each)):
            yield self._take(makes)

    def clear(self) -> None:
        """Let everything go."""
        self._tables.clear()
        self._sources.clear()
        self._sizes.clear()

    def _take(self, makes: ObjectAction) -> FileOfEvents:
        del self._sizes[makes]
        # Mappings leave out columns that they have nothing for, each its own.
        events = pa.concat_tables(self._tables.pop(makes), promote_options="default")
        staged = StagedFile(self._new_file(makes), makes.object, makes.action)
        columns = object_columns(self._model.objects[makes.object])
        return FileOfEvents(staged, self._sources.pop(makes), events, columns)


def write_events(file: FileOfEvents, footer: Footer, connection: duckdb.DuckDBPyConnection) -> None:
    """Write events in the order of their time, so that a search for some days reads few row groups."""
    events = file.events.combine_chunks()
    # The number orders events of one moment: a log's own order, and the same bytes however they came in.
    # Of two numbers without leading zeros, the longer is the larger.
    ids = events["record_id"]
    keys = pa.table([events["time"], pc.utf8_length(ids), ids], ["time", "length", "id"])
    order = pc.sort_indices(keys, sort_keys=[(name, "ascending") for name in keys.column_names])
    feed = Feed(events.schema)
    feed.rows = events.take(order)
    connection.register("staged_events", feed)
    target = text_literal(str(file.staged.path))
    columns = [
        quoted(name) if name in events.column_names else f"CAST(NULL AS {type_}) AS {quoted(name)}"
        for name, type_ in file.columns.items()
    ]
    columns += [quoted(name) for name in events.column_names if name not in file.columns]
    rows = f"SELECT {', '.join(columns)} FROM staged_events"  # noqa: S608  # all names are quoted
    inventory = count_events(events, file.staged.object, file.staged.action)
    connection.execute(f"COPY ({rows}) TO {target} {parquet_options(footer, inventory)}")
    connection.unregister("staged_events")
