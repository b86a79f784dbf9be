"""Routes raw records to the mappings that are for them, and maps them to events, in DuckDB.

Queries read their rows from a `Feed`, which is given other rows for every chunk. What costs most in a query of a
hundred expressions is to plan it, and DuckDB 2.0 does so at every run of whatever reads a table: to prepare a statement
would plan it once more, for nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from carlang.database.connection import open_memory
from carlang.database.quoting import text_literal
from carlang.mapping.event_mapping import EventMapping, ObjectAction, Sensors
from carlang.mapping.events import (
    HOLLOW,
    MISFITS,
    TRACE_COLUMNS,
    events_query,
    is_guarded,
    reads_line,
    traced_query,
    unclaimed_query,
)
from carlang.mapping.guessing import Doubts, add_doubts
from carlang.mapping.headers import cast_query, header_names, header_query, made_over
from carlang.mapping.inserts import define_inserts, insert_macros, needs_inserts
from carlang.mapping.macros import Macros
from carlang.mapping.openings import evidence_names, hiding_names, names_query, shapes_query
from carlang.mapping.record_times import RecordTimes
from carlang.mapping.router import GuessCount, GuessCounts, LogKey, Route, Router, add_guesses
from carlang.mapping.tables import (
    BODIES_SCHEMA,
    EVENT_TIME,
    HEADERS_SCHEMA,
    LINES_SCHEMA,
    POSITION,
    RECORDS_SCHEMA,
    TIMES_SCHEMA,
    with_headers,
    without_lines,
)
from carlang.mapping.times import spelled
from carlang.model.schema import Model
from carlang.readers import budget, tuning
from carlang.readers.feed import Feed
from carlang.readers.records import counted
from carlang.store import CLAIMED_BY, CLAIMS, object_columns

LogName = tuple[str | None, int | None]
"""A channel and an event id, as records name them."""

Hollow = dict[ObjectAction, list[pa.Array]]
"""The positions of records that a mapping was for and that have none of its members, by what they would have been."""

_FOLLOWING = "SET VARIABLE done = true"
"""A statement that gives no rows. Where one follows, DuckDB's Python package runs a query as it stands, and hands its
rows on; the last query of a text it would bind first, to describe it, and once more to run it."""

_OPTIMIZERS = (
    "cte_inlining",
    "expression_rewriter",
    "filter_pushdown",
    "limit_pushdown",
    "regex_range",
    "unused_columns",
)
"""Those of DuckDB's optimizers that have something to gain in a query of one scan, without a join or an aggregate. The
others, common subexpressions above all, take a tenth of an ingest of many kinds of records."""

_TRACED = [POSITION, "source", "number", "shape", "channel", "event_id"]
_NO_POSITIONS = pa.array([], pa.int64())


@dataclass(frozen=True)
class Statements:
    """What mappers run; `hostname` is for records that name no computer, `keep_raw` keeps lines in a column.

    With `traced`, the events carry what an explanation says of them. `timezone` is that of times that name none.
    """

    sensors: Sensors
    model: Model
    hostname: str | None = None
    keep_raw: bool = False
    traced: bool = False
    timezone: str | None = None

    def events(self, mapping: EventMapping) -> str:
        """Return the query of a mapping; few of all mappings are ever asked for."""
        columns = object_columns(self.model.objects[mapping.object])
        query = events_query(mapping, columns, hostname=self.hostname, keep_raw=self.keep_raw, keep_members=self.traced)
        return traced_query(mapping, columns, query) if self.traced else query

    def reads_lines(self, mapping: EventMapping) -> bool:
        """Tell whether a mapping needs the line of every record."""
        return self.keep_raw or reads_line(mapping)


@dataclass
class Routed:
    """The records of a chunk by their routes, and the rows that are none."""

    routes: dict[Route, pa.Table] = field(default_factory=dict)
    rejected: pa.Table | None = None
    guesses: GuessCounts = field(default_factory=dict)
    doubts: Doubts = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MappedEvents:
    """Events that one mapping made.

    `trace` tells, of each of those that are traced, of which record of the batch it is and what it was made of.
    """

    mapping: EventMapping
    rows: pa.Table = field(repr=False)
    trace: pa.Table | None = field(default=None, repr=False)


@dataclass
class Mapped:
    """What became of records of a route: events, counts by file, and what the unmapped say of themselves.

    `hollow` counts, by channel, event id and what they would have been, the records that a mapping was for and that
    have none of its members: they are no events. `unmapped_logs` are the unmapped without them. `traced` are the
    records and their headers, where they are to be explained, `misfits` counts, by object and field, values of
    documents that do not fit. `unread_times` counts times that could not be read by how they are written, `unzoned`
    by file the records of whose time the zone is unknown.
    """

    events: list[MappedEvents] = field(default_factory=list)
    mapped: Counter[int] = field(default_factory=Counter)
    unmapped: Counter[int] = field(default_factory=Counter)
    unmapped_logs: Counter[LogName] = field(default_factory=Counter)
    hollow: Counter[tuple[LogName, ObjectAction]] = field(default_factory=Counter)
    misfits: Counter[tuple[str, str]] = field(default_factory=Counter)
    unread_times: Counter[str] = field(default_factory=Counter)
    unzoned: Counter[int] = field(default_factory=Counter)
    traced: pa.Table | None = None


@dataclass(frozen=True, slots=True)
class _Batch:
    """Records of a route that are being mapped: their positions in the batch, their times, what became of them."""

    of_batch: pa.ChunkedArray
    times: RecordTimes
    result: Mapped


class Mapper:
    """Routes records and maps them, on a connection of its own; not safe for several threads."""

    def __init__(self, statements: Statements, router: Router, temporary: str) -> None:
        self._statements = statements
        self._router = router
        self._feeds = {"chunk": Feed(LINES_SCHEMA), "bodies": Feed(BODIES_SCHEMA), "records": Feed(RECORDS_SCHEMA)}
        self._queries: dict[EventMapping, str] = {}
        self._names_inserts = False
        # One thread, as the loader has a mapper for each processor.
        memory = budget.engine_memory(tuning.MAPPER_MEMORY, budget.threads())
        self.connection = open_memory(1, memory=memory, scratch=budget.own_folder(temporary))
        _leave_out_optimizers(self.connection)
        self.macros = Macros(self.connection, statements.timezone)
        for name, feed in self._feeds.items():
            self.connection.register(name, feed)

    def close(self) -> None:
        """Close the connection."""
        # A registered feed and its connection refer to one another; only unregistered are both let go at once.
        for name in self._feeds:
            self.connection.unregister(name)
        self.connection.close()

    def route(self, chunk: pa.Table, begin: int = 0) -> Routed:
        """Find out which mappings are for the records of a chunk, whose first row is at `begin` in the batch."""
        headers, rejected = self._headers(chunk)
        routes, guesses, doubts = self._choose(headers)
        records = with_headers(chunk, headers, begin)
        without = without_lines(records, made_over())
        routed = {}
        for route, rows in routes.items():
            table = records if self._reads_lines(route) else without
            routed[route] = table.take(rows) if len(routes) > 1 else table
        if rejected is not None:
            rejected = rejected.set_column(0, POSITION, pc.add(rejected[POSITION], begin))
        return Routed(routed, rejected, guesses, doubts)

    def _reads_lines(self, route: Route) -> bool:
        """Tell whether the records of a route may be asked for their lines."""
        return any(map(self._statements.reads_lines, route.mappings + self._router.rest))

    def map(self, route: Route, rows: pa.Table) -> Mapped:
        """Make the events of records of a route."""
        result = Mapped(traced=rows.select(_TRACED) if self._statements.traced else None)
        of_batch = rows[POSITION]
        numbered = rows.set_column(0, RECORDS_SCHEMA.field(0), counted(0, rows.num_rows))
        numbered = numbered.append_column(CLAIMED_BY, pa.nulls(rows.num_rows, pa.string()))
        hollow: Hollow = {}
        batch = _Batch(of_batch, RecordTimes(numbered), result)
        keeping = tuple(mapping for mapping in route.mappings if mapping.keeps)
        made = [self._events(mapping, numbered, batch, hollow) for mapping in route.mappings if not mapping.keeps]
        if any(len(positions) == rows.num_rows for positions in made):
            mapped = pa.repeat(pa.scalar(True), rows.num_rows)  # noqa: FBT003  # the value that is repeated
        else:
            mapped = pc.is_in(numbered[POSITION], value_set=pa.concat_arrays([_NO_POSITIONS, *made]))
            self._unclaimed(route, numbered.filter(pc.invert(mapped)), hollow)
        claimed = _claimed(hollow, numbered.num_rows)
        if claimed is not None:
            index = numbered.schema.get_field_index(CLAIMED_BY)
            numbered = numbered.set_column(index, RECORDS_SCHEMA.field(CLAIMED_BY), claimed)
        _count(numbered, mapped, result)
        _count_hollow(numbered, hollow, result)
        keep = pc.invert(mapped) if claimed is None else pc.or_(pc.invert(mapped), pc.is_valid(claimed))
        left = numbered if route.keeps or keeping else numbered.filter(keep)
        for mapping in (keeping or self._router.rest) if left.num_rows else ():
            self._events(mapping, left, batch, {})
        result.unread_times, result.unzoned = batch.times.unread(), batch.times.unzoned()
        return result

    def _unclaimed(self, route: Route, rows: pa.Table, hollow: Hollow) -> None:
        """Note the records that gave no event because nothing that a mapping's condition asks for is in them.

        A mapping of all event ids has nothing but its condition to claim a record by.
        """
        guarded = (m for m in route.mappings if m.event_ids and m.condition_members and is_guarded(m))
        for mapping in guarded if rows.num_rows and self._router.rest else ():
            positions = self._run(unclaimed_query(mapping), "records", rows.select(RECORDS_SCHEMA.names))
            if positions.num_rows:
                hollow.setdefault(mapping.makes, []).append(positions[POSITION].combine_chunks())

    def _headers(self, chunk: pa.Table) -> tuple[pa.Table, pa.Table | None]:
        """Return the headers of a chunk's records, and the rows of the chunk that are none, with the reason."""
        try:
            return self._headers_by_shape(chunk)
        except duckdb.Error:
            if chunk["shape"].null_count == chunk.num_rows:
                raise
            # A reader was wrong about its lines: look at each of them.
            unknown = pa.nulls(chunk.num_rows, pa.string())
            return self._headers_by_shape(chunk.set_column(chunk.schema.get_field_index("shape"), "shape", unknown))

    def _headers_by_shape(self, chunk: pa.Table) -> tuple[pa.Table, pa.Table | None]:
        rejected = None
        names = self._names(chunk)
        shaped = self._shapes(chunk, names)
        good = pc.is_null(shaped["fault"])
        if pc.all(good).as_py() is False:
            bad = shaped.filter(pc.invert(good))
            rows = chunk.select([POSITION, "file", "source", "number", "line"]).take(bad[POSITION])
            rejected, shaped = rows.append_column("fault", bad["fault"]), shaped.filter(good)
        shapes = shaped["shape"].unique().to_pylist()
        headers = [
            self._headers_of(
                shape, chunk, shaped if len(shapes) == 1 else shaped.filter(pc.equal(shaped["shape"], shape)), names
            )
            for shape in shapes
        ]
        return (pa.concat_tables(headers) if headers else HEADERS_SCHEMA.empty_table()).combine_chunks(), rejected

    def _names(self, chunk: pa.Table) -> frozenset[str] | None:
        """Return those names of records' members that shapes have to do with; None where not all can be told."""
        if chunk["shape"].null_count < chunk.num_rows:
            return None
        names = frozenset(self._run(names_query(), "chunk", chunk.select(LINES_SCHEMA.names))["name"].to_pylist())
        return None if names & hiding_names() else names & (evidence_names() | header_names())

    def _shapes(self, chunk: pa.Table, names: frozenset[str] | None) -> pa.Table:
        """Return the position and the shape of every record, what of the line it is, or why it is none."""
        unknown_count = chunk["shape"].null_count
        is_known = pc.is_valid(chunk["shape"])
        known = chunk.select([POSITION, "fault", "shape"])
        known = known.filter(is_known) if unknown_count else known
        known = known.add_column(2, "inside", pa.nulls(known.num_rows, pa.string()))
        if unknown_count == 0:
            return known
        unknown = chunk.select(LINES_SCHEMA.names)
        unknown = unknown.filter(pc.invert(is_known)) if known.num_rows else unknown
        looked_at = self._run(shapes_query(names), "chunk", unknown).combine_chunks()
        if known.num_rows == 0:
            return looked_at
        columns = [POSITION, "fault", "inside", "shape"]
        return pa.concat_tables([looked_at.select(columns), known.select(columns)]).sort_by(POSITION)

    def _headers_of(self, shape: str, chunk: pa.Table, shaped: pa.Table, names: frozenset[str] | None) -> pa.Table:
        """Return the headers of records of one shape."""
        lines = chunk["line"] if shaped.num_rows == chunk.num_rows else chunk["line"].take(shaped[POSITION])
        if wrapped := shaped["inside"].null_count < shaped.num_rows:
            lines = pc.coalesce(shaped["inside"], lines)
        bodies = pa.table([shaped[POSITION], lines], schema=BODIES_SCHEMA)
        headers = self._run(header_query(shape, names), "bodies", bodies)
        headers = self._with_spelled_times(headers)
        if wrapped:
            data = pc.coalesce(headers["data"], shaped["inside"])
            headers = headers.set_column(headers.schema.get_field_index("data"), "data", data)
        return headers.append_column("shape", pa.repeat(pa.scalar(shape), headers.num_rows)).select(
            HEADERS_SCHEMA.names
        )

    def _with_spelled_times(self, headers: pa.Table) -> pa.Table:
        """Read the times that SQL could not, and name what could not be read at all, as `TIMES_SCHEMA` has it."""
        told = headers["told_time"].combine_chunks()
        if told.null_count == headers.num_rows:
            return headers.append_column(TIMES_SCHEMA.field("unread_time"), told)
        texts = told.dictionary_encode()
        read = [spelled(text, self._statements.timezone) for text in texts.dictionary.to_pylist()]
        rows = pa.table([counted(0, len(read)), [each.iso for each in read]], schema=BODIES_SCHEMA)
        moments = self._run(cast_query(), "bodies", rows)[EVENT_TIME].combine_chunks()
        # What is of the right form may still be none, as the 30th of February.
        is_read = moments.is_valid().to_pylist()
        unread = [None if good else each.text for each, good in zip(read, is_read, strict=True)]
        columns = {
            EVENT_TIME: pc.coalesce(moments.take(texts.indices), headers[EVENT_TIME]),
            "unzoned": pc.coalesce(pa.array([each.unzoned for each in read]).take(texts.indices), headers["unzoned"]),
        }
        for name, values in columns.items():
            headers = headers.set_column(headers.schema.get_field_index(name), HEADERS_SCHEMA.field(name), values)
        return headers.append_column(
            TIMES_SCHEMA.field("unread_time"), pa.array(unread, pa.string()).take(texts.indices)
        )

    def _choose(self, headers: pa.Table) -> tuple[dict[Route, pa.Array], GuessCounts, Doubts]:
        """Return the rows of the headers for each route, what was guessed, and what was not."""
        routes: dict[Route, list[pa.Array]] = {}
        guesses: GuessCounts = {}
        doubts: Doubts = {}
        for key, members, timed, rows in _log_keys(headers):
            mappings = self._router.mappings(key)
            guess = self._router.guess(members, key[2], timed=timed) if members is not None and not mappings else None
            if guess is not None and guess.doubt is not None:
                add_doubts(doubts, {(guess.mapping, guess.doubt): len(rows)})
            elif guess is not None:
                add_guesses(guesses, {guess.mapping: GuessCount(len(rows), guess.share)})
                mappings = (guess.mapping,)
            routes.setdefault(Route(mappings, self._router.keeps(key)), []).append(rows)
        return {route: pa.concat_arrays(rows) for route, rows in routes.items()}, guesses, doubts

    def _events(self, mapping: EventMapping, rows: pa.Table, batch: _Batch, hollow: Hollow) -> pa.Array:
        """Run a mapping's query for some records; returns the positions of those that gave an event.

        Those whose events would have been hollow are noted.
        """
        if mapping not in self._queries:
            self._queries[mapping] = self._statements.events(mapping)
        events = self._run(self._queries[mapping], "records", rows.select(RECORDS_SCHEMA.names))
        if MISFITS in events.column_names:
            for name in pc.list_flatten(events[MISFITS]).to_pylist():
                batch.result.misfits[(mapping.object, name)] += 1
            events = events.drop_columns([MISFITS])
        if HOLLOW in events.column_names:
            # Without a mapping for the rest there is nowhere else to keep them: every record was said to be an event.
            if self._router.rest and pc.any(events[HOLLOW]).as_py():
                hollow.setdefault(mapping.makes, []).append(events.filter(events[HOLLOW])[POSITION].combine_chunks())
                events = events.filter(pc.invert(events[HOLLOW]))
            events = events.drop_columns([HOLLOW])
        positions = events[POSITION].combine_chunks()
        if events.num_rows:
            events = batch.times.noted(events.drop_columns([POSITION]), positions)
            if self._statements.traced:
                trace = events.select(TRACE_COLUMNS).append_column(POSITION, batch.of_batch.take(positions))
                batch.result.events.append(MappedEvents(mapping, events.drop_columns(list(TRACE_COLUMNS)), trace))
            else:
                batch.result.events.append(MappedEvents(mapping, events))
        return positions

    def _run(self, query: str, feed: str, rows: pa.Table) -> pa.Table:
        """Run a query over rows under the name of a feed."""
        self.macros.make_known(query)
        if not self._names_inserts and needs_inserts(query):
            self.macros.make_known(" ".join(insert_macros().values()))
            define_inserts(self.connection)
            self._names_inserts = True
        self._feeds[feed].rows = rows
        result = self.connection.sql(f"{query}; {_FOLLOWING}").to_arrow_table()
        # Let go of the rows, which a mapper that waits for its next task would else keep in memory.
        self._feeds[feed].rows = self._feeds[feed].schema.empty_table()
        return result


def _leave_out_optimizers(connection: duckdb.DuckDBPyConnection) -> None:
    # By the names of this version of DuckDB: it refuses one that it does not know.
    names = [name for (name,) in connection.execute("SELECT name FROM duckdb_optimizers()").fetchall()]
    others = ",".join(name for name in names if name not in _OPTIMIZERS)
    connection.execute(f"SET disabled_optimizers = {text_literal(others)}")  # SET takes no parameters


def _claimed(hollow: Hollow, count: int) -> pa.Array | None:
    """Return, for each of so many records, the names of what it would have been if it were not hollow."""
    if not hollow:
        return None
    rows = counted(0, count)
    claimed: pa.Array = pa.nulls(count, pa.string())
    for makes, arrays in sorted(hollow.items()):
        is_of_it = pc.is_in(rows, value_set=pa.concat_arrays(arrays))
        name = pc.if_else(is_of_it, f"{makes.object}/{makes.action}", None)
        # With nulls to be skipped, pyarrow's join gives fewer rows than it gets.
        claimed = pc.coalesce(pc.binary_join_element_wise(claimed, name, CLAIMS), claimed, name)
    return claimed


def _count_hollow(rows: pa.Table, hollow: Hollow, result: Mapped) -> None:
    """Count hollow records by what they say of themselves and what they would have been."""
    for makes, arrays in hollow.items():
        positions = pc.unique(pa.concat_arrays(arrays))
        for row in _by_log(rows.take(positions)):
            result.hollow[((row["channel"], row["event_id"]), makes)] += row["count_all"]


def _by_log(rows: pa.Table) -> list[dict[str, Any]]:
    names = ["channel", "event_id"]
    counts: list[dict[str, Any]] = rows.select(names).group_by(names).aggregate([([], "count_all")]).to_pylist()
    return counts


def _count(rows: pa.Table, mapped: pa.Array, result: Mapped) -> None:
    """Count the records that gave events, and those that gave none, by file and by what they say of themselves."""
    left = rows.select(["file", "channel", "event_id", CLAIMED_BY]).filter(pc.invert(mapped))
    result.mapped.update(_counts(rows["file"].filter(mapped)))
    result.unmapped.update(_counts(left["file"]))
    for row in _by_log(left.filter(pc.is_null(left[CLAIMED_BY]))):
        result.unmapped_logs[(row["channel"], row["event_id"])] += row["count_all"]


def _log_keys(headers: pa.Table) -> Iterator[tuple[LogKey, str | None, bool, pa.Array]]:
    """Yield what records say of where they are from, their members' names, whether they have a time, and their rows."""
    names = ["channel", "provider", "event_id", "members"]
    numbered = headers.select(names).append_column("row", counted(0, headers.num_rows))
    # The time matters to those alone whose members are asked.
    if headers["members"].null_count < headers.num_rows:
        timed = pc.or_(pc.is_valid(headers[EVENT_TIME]), pc.is_null(headers["members"]))
    else:
        timed = pa.repeat(pa.scalar(True), headers.num_rows)  # noqa: FBT003  # the value that is repeated
    numbered = numbered.append_column("timed", timed)
    names.append("timed")
    groups = numbered.group_by(names).aggregate([("row", "list")])
    lists = groups["row_list"].combine_chunks()
    for index, row in enumerate(groups.drop_columns(["row_list"]).to_pylist()):
        yield (row["channel"], row["provider"], row["event_id"]), row["members"], row["timed"], lists[index].values


def _counts(values: pa.ChunkedArray) -> dict[int, int]:
    return {entry["values"]: entry["counts"] for entry in pc.value_counts(values).to_pylist()}
