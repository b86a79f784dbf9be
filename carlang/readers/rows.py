"""Tables become records: each row the text of a JSON object, which lacks the members that are null."""

from __future__ import annotations

from types import TracebackType
from typing import Self

import pyarrow as pa

from carlang.database.connection import open_memory
from carlang.database.quoting import quoted, text_literal
from carlang.readers.feed import Feed
from carlang.readers.records import Records, counted


class Rows:
    """Writes rows of one schema as JSON; used as a context manager."""

    def __init__(self, schema: pa.Schema) -> None:
        self._feed = Feed(schema)
        self._number = 1
        self._connection = open_memory()
        members = ", ".join(f"{text_literal(name)}, {quoted(name)}" for name in schema.names)
        self._connection.register("table_rows", self._feed)
        # To merge with an empty object takes out the members that are null: a record lacks what its row has not.
        # Names are quoted; the rows are never part of the text.
        query = f"SELECT CAST(json_merge_patch('{{}}', json_object({members})) AS VARCHAR) AS line FROM table_rows"  # noqa: S608
        self._connection.execute(f"PREPARE rows AS {query}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.unregister("table_rows")
        self._connection.close()

    def records(self, rows: pa.RecordBatch) -> Records:
        """Return rows as records, numbered on from the last ones."""
        self._feed.rows = pa.Table.from_batches([rows.cast(self._feed.schema)])
        lines = self._connection.sql("EXECUTE rows").to_arrow_table()["line"].combine_chunks()
        self._number += len(lines)
        return Records(lines, counted(self._number - len(lines), len(lines)), lines.nbytes)


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
