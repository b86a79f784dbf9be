"""Tables become records: each row the text of a JSON object, which lacks the members that are null."""

from __future__ import annotations

from collections.abc import Iterator
from types import TracebackType
from typing import Self

import duckdb
import pyarrow as pa

from carlang.database.quoting import quoted, text_literal
from carlang.readers import budget
from carlang.readers.feed import Feed
from carlang.readers.records import ReadFault, Records


class Rows:
    """Writes rows of one schema as JSON; used as a context manager."""

    def __init__(self, schema: pa.Schema) -> None:
        self._feed = Feed(schema)
        members = ", ".join(f"{text_literal(name)}, {quoted(name)}" for name in schema.names)
        # To merge with an empty object takes out the members that are null: a record lacks what its row has not.
        # Names are quoted; the rows are never part of the text.
        query = f"SELECT CAST(json_merge_patch('{{}}', json_object({members})) AS VARCHAR) AS line FROM table_rows"  # noqa: S608
        self._statement = f"PREPARE rows AS {query}"
        self._connection = self._opened()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def records(self, rows: pa.Table, numbers: pa.Array) -> Iterator[Records | ReadFault]:
        """Yield rows as records with their numbers; a row that JSON cannot hold is a fault, the others are read."""
        try:
            lines = self.lines(rows)
        except (duckdb.Error, pa.ArrowException) as error:
            if isinstance(error, duckdb.InterruptException):
                raise
            # An internal error of DuckDB's leaves a database that refuses all that follows.
            self._close()
            self._connection = self._opened()
            half = rows.num_rows // 2
            if half == 0:
                yield ReadFault(f"it cannot be written as JSON: {budget.said(error)}", numbers[0].as_py())
                return
            # Taken and not sliced: a slice of an object still has all values of its members, the bad one among them.
            for part in (range(half), range(half, rows.num_rows)):
                yield from self.records(rows.take(pa.array(part, pa.int64())), numbers[part.start : part.stop])
            return
        if len(lines):
            yield Records(lines, numbers, lines.nbytes)

    def lines(self, rows: pa.Table) -> pa.Array:
        """Return rows as texts of JSON; what DuckDB or Arrow raise of one row is raised for all."""
        rows.validate(full=True)  # of texts that are no UTF-8 an error here is better than one in DuckDB's kernel
        self._feed.rows = rows.cast(self._feed.schema)
        lines = self._connection.sql("EXECUTE rows").to_arrow_table()["line"].combine_chunks()
        self._feed.rows = self._feed.schema.empty_table()
        return lines

    def _opened(self) -> duckdb.DuckDBPyConnection:
        connection = budget.open_engine()
        connection.register("table_rows", self._feed)
        connection.execute(self._statement)
        return connection

    def _close(self) -> None:
        try:
            self._connection.unregister("table_rows")
        finally:
            self._connection.close()


def is_writable(field: pa.Field) -> bool:
    """Tell whether DuckDB can make JSON of a column's type."""
    try:
        with Rows(pa.schema([field])) as rows:
            rows.lines(pa.schema([field]).empty_table())
    except (duckdb.Error, pa.ArrowException):
        return False
    return True


def unique_names(names: list[str]) -> list[str]:
    """Return names of columns such that none stands twice, in whatever case."""
    taken: set[str] = set()
    result = []
    for number, name in enumerate(names, start=1):
        unique = name.strip() or f"column {number}"
        while unique.casefold() in taken:
            unique += "_"
        taken.add(unique.casefold())
        result.append(unique)
    return result
