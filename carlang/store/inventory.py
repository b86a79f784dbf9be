"""Who is seen in a store: events by host, object, action, log and sensor, the fields that they fill, and when.

Each file says so in its footer, and no event is read. Of files that do not, as other programs write them, and carlang
before it did, events are counted, in one query a class.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from carlang.database.connection import limited_to_task, open_shared
from carlang.database.interrupts import interruptible
from carlang.store.counted import counted_once
from carlang.store.counting import class_query, hollow_query, host_query, known_of, parquet_rows
from carlang.store.files import StoreFile
from carlang.store.footer import merged_statistics
from carlang.store.hollow import claiming_files, claims_query, not_counted
from carlang.store.merging import merge_inventories
from carlang.store.statistics import SCHEMA, Class, typed


class Inventory:
    """What files say of their events, and what is counted of those that say nothing. It is kept.

    Events are counted class by class, for one is asked about few of them. Of a class that nobody asks for, hosts and
    sensors alone are read: what there is to say of the others is said by host, too.
    """

    def __init__(self, files: Sequence[StoreFile]) -> None:
        files = [file for file in files if file.rows]
        self._said, known = merged_statistics(files)
        self._files = [file for file in files if file.path not in known]
        self._hosts: dict[Class, pa.Table] = {}
        self._counted: dict[Class, tuple[frozenset[str] | None, pa.Table]] = {}
        self._hollow: pa.Table | None = None
        self._latest: tuple[object, pa.Table] | None = None

    @property
    def silent(self) -> int:
        """The number of files that do not say what is in them, so that their events are read."""
        return len(self._files)

    def table(self, classes: Collection[Class] | None = None, fields: Collection[str] | None = None) -> pa.Table:
        """Return the inventory, as `statistics.SCHEMA` says.

        Of files whose events are counted, only `classes`, all where None, have fields and hours; only of `fields`, all
        where None, it is known how often they are filled. A file that cannot be read counts as its statistics in the
        log say, without hosts; raises `StoreError` where it has hollow records, which they do not tell.
        """
        if not self._files:
            return self._said
        by_class: dict[Class, list[StoreFile]] = {}
        for file in self._files:
            by_class.setdefault((file.object, file.action), []).append(file)
        asked = None if fields is None else frozenset(fields)
        key = None if classes is None else frozenset(classes), asked
        if self._latest is not None and self._latest[0] == key:
            return self._latest[1]
        with open_shared() as connection, limited_to_task(connection):
            parts = [
                self._count(connection, name, files, asked)
                if classes is None or name in classes
                else self._look(connection, name, files)
                for name, files in by_class.items()
            ]
            if self._hollow is None:
                self._hollow = _hollow_rows(connection, claiming_files(self._files))
        self._latest = key, merge_inventories([self._said, *parts, self._hollow])
        return self._latest[1]

    def _count(
        self,
        connection: duckdb.DuckDBPyConnection,
        name: Class,
        files: Sequence[StoreFile],
        fields: frozenset[str] | None,
    ) -> pa.Table:
        counted = self._counted.get(name)
        if counted is None or not (counted[0] is None or (fields is not None and fields <= counted[0])):
            rows = _rows(connection, files, lambda some: class_query(name, parquet_rows(some), some, fields))
            counted = self._counted[name] = fields, rows
        return counted[1]

    def _look(self, connection: duckdb.DuckDBPyConnection, name: Class, files: Sequence[StoreFile]) -> pa.Table:
        if name in self._counted:
            return self._counted[name][1]
        if name not in self._hosts:
            self._hosts[name] = _rows(connection, files, lambda some: host_query(name, parquet_rows(some), some))
        return self._hosts[name]


def classes_seen_twice(inventory: pa.Table) -> frozenset[Class]:
    """Return the classes of which some host has events from more than one sensor."""
    seen = inventory.filter(pc.and_(pc.greater(inventory["rows"], 0), pc.is_valid(inventory["sensor"])))
    folded = pa.table({"host": pc.utf8_lower(seen["host"])} | {n: seen[n] for n in ("object", "action", "sensor")})
    sensors = folded.group_by(["host", "object", "action"]).aggregate([("sensor", "count_distinct")])
    twice = sensors.filter(pc.greater(sensors["sensor_count_distinct"], 1))
    return frozenset(zip(twice["object"].to_pylist(), twice["action"].to_pylist(), strict=True))


def hollow_counts(inventory: pa.Table) -> dict[Class, int]:
    """Return the number of hollow records by the object and action that they would have been."""
    hollow = inventory.filter(pc.greater(inventory["hollow"], 0))
    if not len(hollow):
        return {}
    summed = hollow.group_by(["object", "action"]).aggregate([("hollow", "sum")])
    rows: Iterable[Mapping[str, object]] = summed.to_pylist()
    return {(str(row["object"]), str(row["action"])): int(str(row["hollow_sum"])) for row in rows}


def _rows(
    connection: duckdb.DuckDBPyConnection, files: Sequence[StoreFile], query: Callable[[Sequence[StoreFile]], str]
) -> pa.Table:
    """Return the rows of a query of files; of a file that cannot be read, what its statistics say.

    Who needs the events of a damaged file fails at them and says so. Who does not is not to fail at the counting.
    """
    if not files:
        return SCHEMA.empty_table()
    try:
        return _counted(connection, files, query(files))
    except (duckdb.InterruptException, duckdb.OutOfMemoryException):
        raise
    except duckdb.Error:
        if len(files) == 1:
            return known_of(files[0])
        return pa.concat_tables([_rows(connection, [file], query) for file in files])


def _counted(connection: duckdb.DuckDBPyConnection, files: Sequence[StoreFile], query: str) -> pa.Table:
    def count() -> pa.Table:
        return typed(interruptible(connection, lambda: connection.sql(query).to_arrow_table()))

    return counted_once(files, query, count)


def _hollow_rows(connection: duckdb.DuckDBPyConnection, files: Sequence[StoreFile]) -> pa.Table:
    """Return the hollow records of files, by host and the classes that they would be of."""
    if not files:
        return SCHEMA.empty_table()
    has_host = any("hostname" in file.filled for file in files)
    try:
        query = hollow_query(claims_query(parquet_rows(files), has_host=has_host))
        return _counted(connection, files, query)
    except (duckdb.InterruptException, duckdb.OutOfMemoryException):
        raise
    except duckdb.Error as error:  # no statistics tell how many there are, which decides whether nothing was found
        raise not_counted(error) from error
