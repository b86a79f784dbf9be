"""One output of a program: its rows, batch by batch or as an Arrow table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from typing import Any

import pyarrow as pa

from carlang.escapes import printable
from carlang.model.types import Column
from carlang.results.judgement import Judgement
from carlang.results.rows import Rows, first_rows, table_of
from carlang.results.wording import shortened

_HTML_ROWS = 20
"""How many rows a notebook shows: a look at them, and none of the megabytes that it would keep in its file."""
_HTML_LENGTH = 200
"""How much of a value a notebook shows, in characters: command lines can be as long as a book."""


@dataclass(frozen=True, repr=False, eq=False)
class Output:
    """The rows of one output, ordered by `time`, then `record_id`, then the remaining columns.

    Times are UTC with microseconds, durations Arrow durations in microseconds. `data` are the rows as they are kept,
    which need not be in memory. `total` is the number of rows found; it is greater than `count` where a limit cut them.
    `len` is `count`, and iteration gives `rows()`. `judgement` is what the store can say of it; None in an output that
    no store gave. `tied` are the classes of events, such as `process/create`, of which records of two sensors are one
    row where they tell of one occurrence. `tested` are the columns that conditions looked at, `computed` those that the
    program made rather than read from events; both by name, in the order of the columns. `excluded` are
    the numbers of rows that exclusions of a baseline took away, by the exclusion; `total` does not count them.
    """

    name: str
    columns: tuple[Column, ...]
    data: Rows
    total: int = 0
    judgement: Judgement | None = None
    tied: tuple[str, ...] = ()
    tested: tuple[str, ...] = ()
    computed: tuple[str, ...] = ()
    excluded: tuple[int, ...] = ()

    def __eq__(self, other: object) -> bool:
        """Tell whether another output says the same, wherever the rows of either are kept."""
        if not isinstance(other, Output):
            return NotImplemented
        if (self.name, self.columns, self.total) != (other.name, other.columns, other.total):
            return False
        if (self.judgement, self.tied, self.count) != (other.judgement, other.tied, other.count):
            return False
        if self.excluded != other.excluded:
            return False
        return self.data is other.data or bool(self.to_arrow().equals(other.to_arrow()))

    # As that of a list: rows have no hash.
    __hash__ = None  # type: ignore[assignment]

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self.rows())

    def __repr__(self) -> str:
        return f"Output({self.name}: {self._counts}, {len(self.columns)} columns)"

    @property
    def _counts(self) -> str:
        cut = f"{self.count:,} of " if self.count < self.total else ""
        return f"{cut}{self.total:,} row{'' if self.total == 1 else 's'}"

    def _repr_html_(self) -> str:
        """Show the first rows in a notebook, without the columns that have no value in them."""
        shown = _rows(first_rows(self.data, _HTML_ROWS))
        names = [c.name for c in self.columns if any(row[c.name] is not None for row in shown)]
        head = "".join(f"<th>{_html(name)}</th>" for name in names)
        body = "".join(f"<tr>{''.join(f'<td>{_html(row[name])}</td>' for name in names)}</tr>" for row in shown)
        more = f", the first {len(shown)} shown" if len(shown) < self.total else ""
        caption = f"<caption>{_html(self.name)}: {self._counts}{more}</caption>"
        return f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"

    @property
    def count(self) -> int:
        """The number of rows that are there."""
        return int(self.data.num_rows)

    @property
    def table(self) -> pa.Table:
        """The rows as an Arrow table."""
        return self.to_arrow()

    def batches(self, size: int | None = None) -> Iterator[pa.RecordBatch]:
        """Yield the rows as Arrow's batches, of `size` rows at most: no more than one need be in memory."""
        yield from self.data.to_batches(max_chunksize=size)

    def to_arrow(self) -> pa.Table:
        """Return the rows as an Arrow table."""
        return table_of(self.data)

    def to_pandas(self) -> Any:
        """Return the rows as a pandas DataFrame; pandas must be installed (`pip install carlang[pandas]`)."""
        return self.to_arrow().to_pandas()

    def to_polars(self) -> Any:
        """Return the rows as a Polars DataFrame; polars must be installed (`pip install carlang[polars]`)."""
        import polars as pl  # noqa: PLC0415  # an optional package, loaded where it is asked for

        return pl.from_arrow(self.to_arrow())

    def rows(self) -> list[dict[str, Any]]:
        """Return the rows as dicts of Python values; a missing value is None.

        Where a time lies beyond the years that Python knows, all times are texts.
        """
        return _rows(self.to_arrow())


def _rows(table: pa.Table) -> list[dict[str, Any]]:
    try:
        return table.to_pylist()  # type: ignore[no-any-return]  # pyarrow has no types of its own
    except (OverflowError, ValueError):
        return _with_far_times(table).to_pylist()  # type: ignore[no-any-return]  # the same


def _html(value: object) -> str:
    """Return a value as text of HTML; events are not ours, so nothing of them is markup or turns text around."""
    return escape(printable(shortened("" if value is None else str(value), _HTML_LENGTH)))


def _with_far_times(table: pa.Table) -> pa.Table:
    """Give times as texts: some lie in years that Python does not know."""
    for index, kind in enumerate(table.schema):
        if pa.types.is_timestamp(kind.type):
            table = table.set_column(index, kind.name, table.column(index).cast(pa.string()))
    return table
