"""Take rows away that exclusions are like, batch by batch, and count them by exclusion."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc


class Remover:
    """Takes rows from batches whose last column has the number of an exclusion; others have none there."""

    def __init__(self, exclusions: int) -> None:
        self._counts = [0] * exclusions

    @property
    def excluded(self) -> tuple[int, ...]:
        """How many rows each exclusion has taken away so far."""
        return tuple(self._counts)

    def left_of(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Return the rows of a batch that no exclusion is like, without the column that says so."""
        marks = batch.column(batch.num_columns - 1)
        rows = batch.select(range(batch.num_columns - 1))
        if marks.null_count == len(marks):
            return rows
        for counted in pc.value_counts(marks.drop_null()).to_pylist():
            self._counts[counted["values"]] += counted["counts"]
        return rows.filter(marks.is_null())

    def schema_of(self, schema: pa.Schema) -> pa.Schema:
        """Return the schema of the rows that are left."""
        return schema.remove(len(schema) - 1)
