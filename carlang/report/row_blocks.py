"""The rows of an output as a table shows them: the columns chosen, and the number of each hit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pyarrow as pa
from pyarrow import types
from rich.cells import cell_len

from carlang.escapes import printable
from carlang.report.cells import texts
from carlang.report.layout import Measure, longest_piece
from carlang.report.values import BATCH
from carlang.results import Rows

NUMBER = "#"
"""The heading of the numbers of hits."""


class ShownRows:
    """Rows with the columns that are shown of them, read in their order; `first` is the number of the first, if any."""

    def __init__(self, rows: Rows, columns: Sequence[int], first: int | None) -> None:
        self._rows = rows
        self._columns = list(columns)
        self._first = first

    @property
    def fields(self) -> list[pa.Field]:
        """The columns with their types, that of the numbers first."""
        numbers = [] if self._first is None else [pa.field(NUMBER, pa.int64())]
        return numbers + [self._rows.schema.field(index) for index in self._columns]

    def only(self, chosen: Sequence[int]) -> ShownRows:
        """Return the rows with some of the columns, by their positions among `fields`; the numbers stay."""
        offset = 0 if self._first is None else 1
        return ShownRows(self._rows, [self._columns[i - offset] for i in chosen if i >= offset], self._first)

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Yield the rows in batches of `BATCH` at most: no more of them stand in memory."""
        number = self._first or 0
        schema = pa.schema(self.fields)
        for batch in self._rows.to_batches(max_chunksize=BATCH):
            columns = [batch.column(index) for index in self._columns]
            if self._first is not None:
                columns.insert(0, pa.array(range(number, number + batch.num_rows), pa.int64()))
            yield pa.RecordBatch.from_arrays(columns, schema=schema)
            number += batch.num_rows


def measured(rows: ShownRows, need: Sequence[int]) -> list[Measure]:
    """Return how wide the columns of rows are; `need` says of those behind the numbers which may be left out."""
    fields = rows.fields
    widest, pieces = [0] * len(fields), [0] * len(fields)
    for batch in rows.batches():
        for index, column in enumerate(batch.columns):
            # Most columns repeat their values, and few of them are the widest: only those are taken apart.
            for text in texts(column.unique() if _repeats(column.type) else column):
                if text is None:
                    continue
                widest[index] = max(widest[index], cell_len(text))
                if len(text) > pieces[index]:
                    pieces[index] = max(pieces[index], longest_piece(text))
    needs = [0] * (len(fields) - len(need)) + list(need)
    return [
        Measure(printable(field.name), widest[i], is_number(field.type) or _is_rigid(field.type), pieces[i], needs[i])
        for i, field in enumerate(fields)
    ]


def is_number(kind: pa.DataType) -> bool:
    """Tell whether values of a type are numbers, which stand at the right of their column."""
    return bool(types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind))


def _is_rigid(kind: pa.DataType) -> bool:
    return bool(types.is_timestamp(kind) or types.is_boolean(kind))


def _repeats(kind: pa.DataType) -> bool:
    return bool(types.is_string(kind))
