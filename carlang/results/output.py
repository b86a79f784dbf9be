"""One output of a program: its rows as an Arrow table."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from carlang.model.types import Column


@dataclass(frozen=True)
class Output:
    """The rows of one output, ordered by `time`, then `record_id`, then the remaining columns.

    Times are UTC with microseconds, durations Arrow durations in microseconds. `total` is the number of rows found;
    it is greater than `count` where a limit cut the table.
    """

    name: str
    columns: tuple[Column, ...]
    table: pa.Table = field(repr=False)
    total: int = 0

    @property
    def count(self) -> int:
        """The number of rows in the table."""
        return int(self.table.num_rows)

    def to_arrow(self) -> pa.Table:
        """Return the rows as an Arrow table."""
        return self.table

    def to_pandas(self) -> Any:
        """Return the rows as a pandas DataFrame; pandas must be installed (`pip install carlang[pandas]`)."""
        return self.table.to_pandas()

    def to_polars(self) -> Any:
        """Return the rows as a Polars DataFrame; polars must be installed (`pip install carlang[polars]`)."""
        import polars as pl  # noqa: PLC0415  # an optional package, loaded where it is asked for

        return pl.from_arrow(self.table)

    def rows(self) -> list[dict[str, Any]]:
        """Return the rows as dicts of Python values; a missing value is None.

        Where a time lies beyond the years that Python knows, all times are texts.
        """
        try:
            return self.table.to_pylist()  # type: ignore[no-any-return]  # pyarrow has no types of its own
        except (OverflowError, ValueError):
            return _with_far_times(self.table).to_pylist()  # type: ignore[no-any-return]  # the same


def _with_far_times(table: pa.Table) -> pa.Table:
    """Give times as texts: some lie in years that Python does not know."""
    for index, kind in enumerate(table.schema):
        if pa.types.is_timestamp(kind.type):
            table = table.set_column(index, kind.name, table.column(index).cast(pa.string()))
    return table
