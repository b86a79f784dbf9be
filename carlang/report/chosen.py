"""Rows with the columns that somebody asked for, in that order, whatever else their output has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import pyarrow as pa

from carlang.diagnostics import nearest
from carlang.model.types import NULL, Column, field_of
from carlang.report.streams import ReportError
from carlang.report.view import OutputView, View
from carlang.results import Rows

FORMATS_OF_COLUMNS = ("table", "json", "ndjson", "csv", "parquet", "markdown")
"""The formats that write what columns an output has; the others have columns of their own, or all for their readers."""


@dataclass(frozen=True, slots=True)
class ChosenRows:
    """Rows with some of their columns, by position; None is a column without values."""

    rows: Rows
    positions: tuple[int | None, ...]
    schema: pa.Schema

    @property
    def num_rows(self) -> int:
        """The number of rows."""
        return self.rows.num_rows

    def to_batches(self, max_chunksize: int | None = None) -> Iterator[pa.RecordBatch]:
        """Yield the rows, batch by batch."""
        for batch in self.rows.to_batches(max_chunksize=max_chunksize):
            columns = [pa.nulls(batch.num_rows) if i is None else batch.column(i) for i in self.positions]
            yield pa.RecordBatch.from_arrays(columns, schema=self.schema)


def with_columns(view: View, wanted: Sequence[str]) -> View:
    """Return a run with no other columns than those wanted, of each output as many as it has."""
    # Of the outputs as they are: the column that stands where one has none of these would be taken for its own.
    names = (
        list(dict.fromkeys(name for output in view.outputs for name in _meant(word, output.rows.schema.names)))
        or [word]
        for word in wanted
    )
    chosen = tuple(dict.fromkeys(name for meant in names for name in meant))
    return replace(view, outputs=tuple(_chosen(output, wanted, chosen) for output in view.outputs), chosen=chosen)


def check_columns(wanted: Sequence[str], outputs: Iterable[Sequence[str]]) -> None:
    """Raise `ReportError` for a name that none of some outputs, of which there are any, has a column of."""
    known = [list(names) for names in outputs]
    for word in wanted:
        if known and not any(_meant(word, names) for names in known):
            names = {name for of_output in known for name in of_output}
            near = nearest(word, names | {field_of(name) for name in names})
            raise ReportError(f"no output has a column {word!r}" + (f"; did you mean {near}?" if near else ""))


def _chosen(output: OutputView, wanted: Sequence[str], chosen: Sequence[str]) -> OutputView:
    names = output.rows.schema.names
    indexes = list(dict.fromkeys(names.index(name) for word in wanted for name in _meant(word, names)))
    if not indexes and wanted:  # its rows are rows all the same
        schema = pa.schema([pa.field(chosen[0], pa.null())])
        return replace(output, rows=ChosenRows(output.rows, (None,), schema), columns=(Column(chosen[0], NULL),))
    schema = pa.schema([output.rows.schema.field(index) for index in indexes])
    columns = tuple(output.columns[index] for index in indexes)
    return replace(output, rows=ChosenRows(output.rows, tuple(indexes), schema), columns=columns)


def _meant(word: str, names: Sequence[str]) -> list[str]:
    """Return the columns that a name stands for: the one of that name, else the fields of that name of all parts."""
    folded = word.casefold()
    exact = [name for name in names if name.casefold() == folded]
    return exact[:1] or [name for name in names if field_of(name).casefold() == folded]
