"""Maps a chunk of raw records to events, on a DuckDB connection of its own.

Statements are prepared once and read their rows from a `Feed`, which is given other rows for every chunk: what costs
most in a query of a hundred expressions is to plan it, and DuckDB plans anew whenever a table has changed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from carlang.ingest.classify import Classifier, Key
from carlang.ingest.events import POSITION, events_query, reads_line
from carlang.ingest.feed import Feed
from carlang.ingest.heads import heads_query, shapes_query
from carlang.ingest.macros import define_macros
from carlang.ingest.mapping import Sensors
from carlang.ingest.records import counted
from carlang.model.schema import Model
from carlang.store import object_columns
from carlang.store.files import open_memory

CHUNK_SCHEMA = pa.schema(
    [
        ("position", pa.int64()),
        ("file", pa.int32()),
        ("source", pa.string()),
        ("number", pa.int64()),
        ("line", pa.string()),
        ("fault", pa.string()),
    ]
)
"""Raw records and faults; `position` counts within the chunk, `file` within the batch."""

_CHUNK = pa.schema([CHUNK_SCHEMA.field(name) for name in ("position", "line", "fault")])
_BODIES = pa.schema([CHUNK_SCHEMA.field(name) for name in ("position", "line")])

_OF_CHUNK = ("source", "number", "line")

RECORDS_SCHEMA = pa.schema(
    [
        ("position", pa.int64()),
        ("source", pa.string()),
        ("number", pa.int64()),
        ("line", pa.string()),
        ("shape", pa.string()),
        ("channel", pa.string()),
        ("event_id", pa.int64()),
        ("provider", pa.string()),
        ("computer", pa.string()),
        ("record_id", pa.int64()),
        ("level", pa.string()),
        ("event_time", pa.timestamp("us", tz="UTC")),
        ("data", pa.string()),
    ]
)
"""What the query of a mapping reads."""

_HEADS = pa.schema([*(f for f in RECORDS_SCHEMA if f.name not in _OF_CHUNK), ("members", pa.string())])
_HEAD = ("shape", "channel", "event_id", "provider", "computer", "record_id", "level", "event_time", "data")


_MEMORY = "1GB"
"""What DuckDB keeps in memory of one mapper; a sort of more goes on on disk."""

_FEW = 2048
"""Rows for which a query is hardly worth its beginning, which takes as long as some hundred rows."""

NO_ROWS = pa.array([], pa.int64())


@dataclass(frozen=True)
class Statements:
    """What mappers run; `hostname` is for records that name no computer, `keep_raw` keeps lines in a column."""

    sensors: Sensors
    model: Model
    hostname: str | None = None
    keep_raw: bool = False

    def events(self, place: int) -> str:
        """Return the query of a mapping; few of all mappings are ever asked for."""
        mapping = self.sensors.mappings[place]
        columns = object_columns(self.model.objects[mapping.object])
        return events_query(mapping, columns, hostname=self.hostname, keep_raw=self.keep_raw)

    def reads_lines(self, place: int) -> bool:
        """Tell whether a mapping needs the line of every record."""
        return self.keep_raw or reads_line(self.sensors.mappings[place])


@dataclass
class Mapped:
    """What became of a chunk: events by the place of their mapping, rejected rows, and counts by file.

    `deferred` are rows for a mapping's query, too few to be worth a run of it: they wait for those of other chunks.
    `guessed` counts the records whose mapping was found by the names of their members, with the least share of them
    that the mapping knows.
    """

    events: list[tuple[int, pa.Table]] = field(default_factory=list)
    deferred: list[tuple[int, pa.Table]] = field(default_factory=list)
    rejected: pa.Table | None = None
    mapped: Counter[int] = field(default_factory=Counter)
    unmapped: Counter[int] = field(default_factory=Counter)
    kinds: Counter[tuple[str | None, int | None]] = field(default_factory=Counter)
    guessed: dict[int, tuple[int, float]] = field(default_factory=dict)


class Mapper:
    """Runs the statements on a connection of its own, a chunk at a time; not safe for several threads."""

    def __init__(self, statements: Statements, classifier: Classifier, temporary: str) -> None:
        self._statements = statements
        self._classifier = classifier
        self._chunk = Feed(_CHUNK)
        self._bodies = Feed(_BODIES)
        self._records = Feed(RECORDS_SCHEMA)
        self._prepared: set[str] = set()
        self.connection = open_memory()
        self.connection.execute("SET threads = 1")  # the loader has a mapper for each processor
        self.connection.execute(f"SET memory_limit = '{_MEMORY}'")
        self.connection.execute(f"SET temp_directory = '{temporary}'")
        define_macros(self.connection)
        self.connection.register("chunk", self._chunk)
        self.connection.register("bodies", self._bodies)
        self.connection.register("records", self._records)

    def close(self) -> None:
        """Close the connection."""
        for feed in ("chunk", "bodies", "records"):
            self.connection.unregister(feed)
        self.connection.close()

    def map(self, chunk: pa.Table) -> Mapped:
        """Map the records of a chunk."""
        heads, rejected = self.heads(chunk)
        result = Mapped(rejected=rejected)
        if heads.num_rows == 0:
            return result
        places, kept, result.guessed = self.choose(heads)
        given = [NO_ROWS]
        for place, rows in sorted(places.items()):
            given.append(self._events(place, chunk, heads, rows, result))
        mapped = pc.is_in(heads[POSITION], value_set=pa.concat_arrays(given))
        self._count(chunk, heads, mapped, result)
        left = pa.concat_arrays([kept, pc.indices_nonzero(pc.invert(mapped)).cast(pa.int64())])
        if len(left):
            for place in self._classifier.rest:
                self._events(place, chunk, heads, pc.unique(left), result)
        return result

    def heads(self, chunk: pa.Table) -> tuple[pa.Table, pa.Table | None]:
        """Return the heads of a chunk's records, and the rows of the chunk that are none, with the reason."""
        self._chunk.rows = chunk.select(_CHUNK.names)
        found = self._run("shapes", shapes_query).combine_chunks()
        self._chunk.rows = _CHUNK.empty_table()
        rejected = None
        good = pc.is_null(found["fault"])
        if pc.all(good).as_py() is False:
            bad = found.filter(pc.invert(good))
            rows = chunk.select(["file", "source", "number", "line"]).take(bad[POSITION])
            rejected, found = rows.append_column("fault", bad["fault"]), found.filter(good)
        shapes = found["shape"].unique().to_pylist()
        heads = [
            self._heads_of(shape, chunk, found if len(shapes) == 1 else found.filter(pc.equal(found["shape"], shape)))
            for shape in shapes
        ]
        return (pa.concat_tables(heads) if heads else _HEADS.empty_table()).combine_chunks(), rejected

    def _heads_of(self, shape: str, chunk: pa.Table, found: pa.Table) -> pa.Table:
        """Return the heads of records of one shape."""
        lines = chunk["line"] if found.num_rows == chunk.num_rows else chunk["line"].take(found[POSITION])
        if wrapped := found["inside"].null_count < found.num_rows:
            lines = pc.coalesce(found["inside"], lines)
        self._bodies.rows = pa.table([found[POSITION], lines], schema=_BODIES)
        heads = self._run(f"heads_{shape}", partial(heads_query, shape))
        self._bodies.rows = _BODIES.empty_table()
        if wrapped:
            data = pc.coalesce(heads["data"], found["inside"])
            heads = heads.set_column(heads.schema.get_field_index("data"), "data", data)
        return heads.append_column("shape", pa.repeat(pa.scalar(shape), heads.num_rows)).select(_HEADS.names)

    def choose(self, heads: pa.Table) -> tuple[dict[int, pa.Array], pa.Array, dict[int, tuple[int, float]]]:
        """Return the rows of the heads for each mapping, those that are kept as they are, and what was guessed."""
        found: dict[int, list[pa.Array]] = {}
        kept = [NO_ROWS]
        guessed: dict[int, tuple[int, float]] = {}
        for key, members, rows in _keys(heads):
            places = self._classifier.places(key)
            guess = self._classifier.guess(members, key[2]) if members is not None and not places else None
            if guess is not None:
                before, least = guessed.get(guess.place, (0, 1.0))
                guessed[guess.place] = (before + len(rows), min(least, guess.share))
                places = (guess.place,)
            for place in places:
                found.setdefault(place, []).append(rows)
            if self._classifier.keeps(key):
                kept.append(rows)
        return {place: pa.concat_arrays(rows) for place, rows in found.items()}, pa.concat_arrays(kept), guessed

    def _count(self, chunk: pa.Table, heads: pa.Table, mapped: pa.ChunkedArray, result: Mapped) -> None:
        """Count the records that gave events, and those that gave none, by file and by what they say of themselves."""
        files = chunk["file"].take(heads[POSITION])
        left = pc.invert(mapped)
        result.mapped.update(_counted(files.filter(mapped)))
        result.unmapped.update(_counted(files.filter(left)))
        names = ["channel", "event_id"]
        kinds = heads.select(names).filter(left).group_by(names).aggregate([([], "count_all")])
        for row in kinds.to_pylist():
            result.kinds[(row["channel"], row["event_id"])] += row["count_all"]

    def _events(self, place: int, chunk: pa.Table, heads: pa.Table, rows: pa.Array, result: Mapped) -> pa.Array:
        """Have a mapping make events of some rows of the heads; returns the positions of those that give one."""
        read = records(chunk, heads, rows, with_lines=self._statements.reads_lines(place))
        if read.num_rows < _FEW and self._classifier.mappings[place].where is None:
            result.deferred.append((place, read))
            return read[POSITION].combine_chunks()
        return self._make_events(place, read, result)

    def _make_events(self, place: int, rows: pa.Table, result: Mapped) -> pa.Array:
        self._records.rows = rows
        events = self._run(f"events_{place}", partial(self._statements.events, place))
        self._records.rows = RECORDS_SCHEMA.empty_table()
        if events.num_rows:
            result.events.append((place, events.drop_columns([POSITION])))
        return events[POSITION].combine_chunks()

    def query(self, sql: str, rows: pa.Table) -> list[tuple[Any, ...]]:
        """Run a query over the table `records` with these rows."""
        self._records.rows = rows
        return self.connection.execute(sql).fetchall()

    def map_deferred(self, place: int, rows: pa.Table) -> Mapped:
        """Run a mapping's query for rows that were deferred."""
        result = Mapped()
        self._make_events(place, rows, result)
        return result

    def _run(self, name: str, query: Callable[[], str]) -> pa.Table:
        if name not in self._prepared:
            self.connection.execute(f"PREPARE {name} AS {query()}")
            self._prepared.add(name)
        return self.connection.sql(f"EXECUTE {name}").to_arrow_table()


def records(chunk: pa.Table, heads: pa.Table, rows: pa.Array, *, with_lines: bool) -> pa.Table:
    """Return some rows of the heads as a mapping's query reads them; lines come along where they are the data."""
    chosen = heads if len(rows) == heads.num_rows else heads.take(rows)
    positions = chosen[POSITION]
    lines = chunk["line"].take(positions)
    if not with_lines:
        lines = pc.if_else(pc.is_null(chosen["data"]), lines, pa.scalar(None, pa.string()))
    columns = [positions, chunk["source"].take(positions), chunk["number"].take(positions), lines]
    return pa.table([*columns, *(chosen[name] for name in _HEAD)], schema=RECORDS_SCHEMA)


def _keys(heads: pa.Table) -> Iterator[tuple[Key, str | None, pa.Array]]:
    """Yield what records say of themselves, and the rows of the heads that say it."""
    numbered = heads.select(["channel", "provider", "event_id", "members"])
    numbered = numbered.append_column("row", counted(0, heads.num_rows))
    groups = numbered.group_by(["channel", "provider", "event_id", "members"]).aggregate([("row", "list")])
    lists = groups["row_list"].combine_chunks()
    for index, row in enumerate(groups.drop_columns(["row_list"]).to_pylist()):
        yield (row["channel"], row["provider"], row["event_id"]), row["members"], lists[index].values


def _counted(values: pa.ChunkedArray) -> dict[int, int]:
    return {entry["values"]: entry["counts"] for entry in pc.value_counts(values).to_pylist()}
