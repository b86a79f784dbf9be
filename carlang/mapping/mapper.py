"""Sorts raw records by the mappings that are for them, and maps them to events, in DuckDB.

Statements are prepared once and read their rows from a `Feed`, which is given other rows for every chunk: what costs
most in a query of a hundred expressions is to plan it, and DuckDB plans anew whenever a table has changed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from carlang.database.connection import open_memory
from carlang.mapping.classify import Classifier, Key
from carlang.mapping.event_mapping import Sensors
from carlang.mapping.events import POSITION, events_query, reads_line
from carlang.mapping.headers import heads_query, shapes_query
from carlang.mapping.macros import define_macros
from carlang.model.schema import Model
from carlang.readers.feed import Feed
from carlang.readers.records import counted
from carlang.store import object_columns

CHUNK_SCHEMA = pa.schema(
    [
        ("position", pa.int64()),
        ("file", pa.int32()),
        ("source", pa.string()),
        ("number", pa.int64()),
        ("line", pa.string()),
        ("fault", pa.string()),
        ("shape", pa.string()),
    ]
)
"""Raw records and faults; `position` counts within the chunk, `file` within the batch.

`shape` stands where it is known, and that the line is a whole record.
"""

_CHUNK = pa.schema([CHUNK_SCHEMA.field(name) for name in ("position", "line", "fault")])
_BODIES = pa.schema([CHUNK_SCHEMA.field(name) for name in ("position", "line")])

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
        ("message", pa.string()),
    ]
)
"""What the query of a mapping reads."""

SORTED_SCHEMA = RECORDS_SCHEMA.append(CHUNK_SCHEMA.field("file"))
"""Records that wait for the queries of their mappings."""

_OF_CHUNK = ("source", "number", "line")

_HEADS = pa.schema([*(f for f in RECORDS_SCHEMA if f.name not in _OF_CHUNK), ("members", pa.string())])

_MEMORY = "1GB"
"""What DuckDB keeps in memory of one mapper; a sort of more goes on on disk."""

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


@dataclass(frozen=True, slots=True)
class Lane:
    """The way that a record goes: the places of the mappings that are for it.

    Records that give no event go to the mappings for the rest; all of the lane do where it `keeps`.
    """

    places: tuple[int, ...]
    keeps: bool = False


@dataclass
class Sorted:
    """The records of a chunk by their lanes, and the rows that are none.

    `guessed` counts the records whose mapping was found by the names of their members, with the least share of them
    that the mapping knows.
    """

    lanes: dict[Lane, pa.Table] = field(default_factory=dict)
    rejected: pa.Table | None = None
    guessed: dict[int, tuple[int, float]] = field(default_factory=dict)


@dataclass
class Mapped:
    """What became of records of a lane: events by the place of their mapping, and counts by file."""

    events: list[tuple[int, pa.Table]] = field(default_factory=list)
    mapped: Counter[int] = field(default_factory=Counter)
    unmapped: Counter[int] = field(default_factory=Counter)
    kinds: Counter[tuple[str | None, int | None]] = field(default_factory=Counter)


class Mapper:
    """Sorts records and maps them, on a connection of its own; not safe for several threads."""

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

    def sort(self, chunk: pa.Table) -> Sorted:
        """Find out which mappings are for the records of a chunk."""
        heads, rejected = self.heads(chunk)
        lanes, guessed = self.choose(heads)
        whole = records(chunk, heads)
        bare = _without_lines(whole)
        found = {}
        for lane, rows in lanes.items():
            given = whole if self._reads_lines(lane) else bare
            found[lane] = given.take(rows) if len(lanes) > 1 else given
        return Sorted(found, rejected, guessed)

    def _reads_lines(self, lane: Lane) -> bool:
        """Tell whether the records of a lane may be asked for their lines."""
        return any(map(self._statements.reads_lines, lane.places + self._classifier.rest))

    def prepare(self, lane: Lane) -> None:
        """Have the queries of a lane ready."""
        for place in lane.places:
            self._prepare(f"events_{place}", partial(self._statements.events, place))

    def map(self, lane: Lane, rows: pa.Table) -> Mapped:
        """Make the events of records of a lane."""
        result = Mapped()
        numbered = rows.set_column(0, RECORDS_SCHEMA.field(0), counted(0, rows.num_rows))
        given = [self._events(place, numbered, result) for place in lane.places]
        if any(len(found) == rows.num_rows for found in given):
            mapped = pa.repeat(pa.scalar(True), rows.num_rows)  # noqa: FBT003  # the value that is repeated
        else:
            mapped = pc.is_in(numbered[POSITION], value_set=pa.concat_arrays([NO_ROWS, *given]))
        _count(numbered, mapped, result)
        left = numbered if lane.keeps else numbered.filter(pc.invert(mapped))
        for place in self._classifier.rest if left.num_rows else ():
            self._events(place, left, result)
        return result

    def heads(self, chunk: pa.Table) -> tuple[pa.Table, pa.Table | None]:
        """Return the heads of a chunk's records, and the rows of the chunk that are none, with the reason."""
        try:
            return self._heads(chunk)
        except duckdb.Error:
            unknown = pa.nulls(chunk.num_rows, pa.string())
            if chunk["shape"].null_count == chunk.num_rows:
                raise
            # A reader was wrong about its lines: look at each of them.
            return self._heads(chunk.set_column(chunk.schema.get_field_index("shape"), "shape", unknown))

    def _heads(self, chunk: pa.Table) -> tuple[pa.Table, pa.Table | None]:
        rejected = None
        found = self._shapes(chunk)
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

    def _shapes(self, chunk: pa.Table) -> pa.Table:
        """Return the position and the shape of every record, what of the line it is, or why it is none."""
        count = chunk["shape"].null_count
        known = pc.is_valid(chunk["shape"])
        whole = chunk.select([POSITION, "fault", "shape"])
        whole = whole.filter(known) if count else whole
        whole = whole.add_column(2, "inside", pa.nulls(whole.num_rows, pa.string()))
        if count == 0:
            return whole
        rest = chunk.select(_CHUNK.names)
        self._chunk.rows = rest.filter(pc.invert(known)) if whole.num_rows else rest
        found = self._run("shapes", shapes_query).combine_chunks()
        self._chunk.rows = _CHUNK.empty_table()
        if whole.num_rows == 0:
            return found
        columns = [POSITION, "fault", "inside", "shape"]
        return pa.concat_tables([found.select(columns), whole.select(columns)]).sort_by(POSITION)

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

    def choose(self, heads: pa.Table) -> tuple[dict[Lane, pa.Array], dict[int, tuple[int, float]]]:
        """Return the rows of the heads for each lane, and what was guessed."""
        found: dict[Lane, list[pa.Array]] = {}
        guessed: dict[int, tuple[int, float]] = {}
        for key, members, rows in _keys(heads):
            places = self._classifier.places(key)
            guess = self._classifier.guess(members, key[2]) if members is not None and not places else None
            if guess is not None:
                before, least = guessed.get(guess.place, (0, 1.0))
                guessed[guess.place] = (before + len(rows), min(least, guess.share))
                places = (guess.place,)
            found.setdefault(Lane(places, self._classifier.keeps(key)), []).append(rows)
        return {lane: pa.concat_arrays(rows) for lane, rows in found.items()}, guessed

    def _events(self, place: int, rows: pa.Table, result: Mapped) -> pa.Array:
        """Run a mapping's query for some records; returns the positions of those that gave an event."""
        self._records.rows = rows.select(RECORDS_SCHEMA.names)
        events = self._run(f"events_{place}", partial(self._statements.events, place))
        self._records.rows = RECORDS_SCHEMA.empty_table()
        if events.num_rows:
            result.events.append((place, events.drop_columns([POSITION])))
        return events[POSITION].combine_chunks()

    def query(self, sql: str, rows: pa.Table) -> list[tuple[Any, ...]]:
        """Run a query over the table `records` with these rows."""
        self._records.rows = rows.select(RECORDS_SCHEMA.names)
        return self.connection.execute(sql).fetchall()

    def _prepare(self, name: str, query: Callable[[], str]) -> None:
        if name not in self._prepared:
            self.connection.execute(f"PREPARE {name} AS {query()}")
            self._prepared.add(name)

    def _run(self, name: str, query: Callable[[], str]) -> pa.Table:
        self._prepare(name, query)
        return self.connection.sql(f"EXECUTE {name}").to_arrow_table()


def records(chunk: pa.Table, heads: pa.Table) -> pa.Table:
    """Return the records of a chunk with their heads."""
    own = chunk.select([*_OF_CHUNK, "file"])
    if heads.num_rows < chunk.num_rows or len(heads["shape"].unique()) > 1:
        own = own.take(heads[POSITION])
    own = own.append_column(CHUNK_SCHEMA.field(POSITION), heads[POSITION])
    columns = [own[name] if name in own.column_names else heads[name] for name in SORTED_SCHEMA.names]
    return pa.table(columns, schema=SORTED_SCHEMA)


def _without_lines(rows: pa.Table) -> pa.Table:
    """Return records with their lines where these are the data alone."""
    missing = rows["data"].null_count
    if missing == rows.num_rows:
        return rows
    nothing = pa.scalar(None, pa.string())
    own = pc.if_else(pc.is_null(rows["data"]), rows["line"], nothing) if missing else pa.repeat(nothing, rows.num_rows)
    return rows.set_column(rows.schema.get_field_index("line"), SORTED_SCHEMA.field("line"), own)


def _count(rows: pa.Table, mapped: pa.Array, result: Mapped) -> None:
    """Count the records that gave events, and those that gave none, by file and by what they say of themselves."""
    names = ["channel", "event_id"]
    left = rows.select(["file", *names]).filter(pc.invert(mapped))
    result.mapped.update(_counted(rows["file"].filter(mapped)))
    result.unmapped.update(_counted(left["file"]))
    for row in left.select(names).group_by(names).aggregate([([], "count_all")]).to_pylist():
        result.kinds[(row["channel"], row["event_id"])] += row["count_all"]


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
