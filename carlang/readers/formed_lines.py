"""Lines of one form, told from others and made records by a query."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from carlang.readers import budget
from carlang.readers.feed import Feed
from carlang.readers.records import Records

_LINES = pa.schema([("number", pa.int64()), ("line", pa.string())])


@dataclass(frozen=True, slots=True)
class LineForm:
    """A form of lines.

    `alike` is a regular expression of what may be such a line. `query` gives of the table `formed` the columns
    `number`, `line` and `record`, which is null where a line is none. All records have the `shape`.
    """

    alike: str
    query: str
    shape: str
    macros: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sorted:
    """Records of lines, and the lines that are of another form with their numbers, in their order."""

    records: Records | None
    others: pa.Table


class FormedLines:
    """Makes records of lines of a form; `begun` tells whether there were any."""

    def __init__(self, form: LineForm) -> None:
        self._form = form
        self._connection: duckdb.DuckDBPyConnection | None = None
        self._feed = Feed(_LINES)
        self.begun = False

    def close(self) -> None:
        """Close the connection, if one was needed."""
        if self._connection is not None:
            self._connection.unregister("formed")
            self._connection.close()

    def sort(self, lines: pa.Table) -> Sorted:
        """Tell lines of the form from others; each has a `number` and a `line`."""
        alike = pc.match_substring_regex(lines["line"], self._form.alike)
        if not pc.any(alike).as_py():
            return Sorted(None, lines)
        read = self._read(lines.filter(alike))
        is_record = pc.is_valid(read["record"])
        records = read.filter(is_record)
        if not records.num_rows:
            return Sorted(None, lines)
        self.begun = True
        others = lines.filter(pc.invert(alike))
        if records.num_rows < read.num_rows:
            unread = read.filter(pc.invert(is_record)).select(_LINES.names)
            others = pa.concat_tables([others, unread]).sort_by("number")
        texts = records["record"].combine_chunks()
        return Sorted(Records(texts, records["number"].combine_chunks(), texts.nbytes, self._form.shape), others)

    def _read(self, lines: pa.Table) -> pa.Table:
        """Return lines with their records."""
        if self._connection is None:
            self._connection = budget.open_engine()
            for macro in self._form.macros:
                self._connection.execute(macro)
            self._connection.register("formed", self._feed)
            self._connection.execute(f"PREPARE formed_records AS {self._form.query}")
        self._feed.rows = lines.cast(_LINES)
        return self._connection.sql("EXECUTE formed_records").to_arrow_table()
