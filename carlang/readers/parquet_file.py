"""The reader of Parquet files: a record a row, by the names of the columns."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from typing import IO

import pyarrow as pa
from pyarrow import parquet

from carlang.readers import tuning
from carlang.readers.records import LogFile, ReadFault, Records, one_line
from carlang.readers.rows import Rows, unique_names


class ParquetReader:
    """Reads a Parquet file in batches of rows."""

    name = "Parquet"

    def matches(self, head: bytes) -> bool:
        """A Parquet file begins with its magic."""
        return head.startswith(b"PAR1")

    def read(self, log: LogFile) -> Iterator[Records | ReadFault]:
        """Read the file itself, or a copy of the stream on disk: what a file holds stands at its end."""
        with tempfile.TemporaryFile(prefix="carlang-") as spool:
            seekable: IO[bytes] = log.stream
            if log.path is None:
                shutil.copyfileobj(log.stream, spool)
                seekable = spool
            try:
                file = parquet.ParquetFile(seekable)
                schema = _schema(file.schema_arrow)
                with Rows(schema) as rows:
                    # One thread, as the mappers keep the others busy.
                    for batch in file.iter_batches(tuning.ROWS_AT_ONCE, use_threads=False):
                        yield rows.records(batch.rename_columns(schema.names))
            except pa.ArrowException as error:
                yield ReadFault(f"the Parquet file is damaged: {one_line(error)}")


def _schema(schema: pa.Schema) -> pa.Schema:
    """Return the schema with names that JSON can tell apart, and texts for what JSON has no form for."""
    fields = zip(unique_names(schema.names), schema.types, strict=True)
    return pa.schema([(name, pa.string() if pa.types.is_dictionary(type_) else type_) for name, type_ in fields])
