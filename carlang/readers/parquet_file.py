"""The reader of Parquet files: a record a row, by the names of the columns."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from typing import IO

import pyarrow as pa
from pyarrow import parquet

from carlang.readers import budget, tuning
from carlang.readers.records import LogFile, ReadFault, Records, copy_readable, counted, one_line
from carlang.readers.rows import Rows, is_writable, unique_names


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
                if broken := copy_readable(log.stream, spool, tuning.PIECE):
                    raise broken  # without its end, nothing of the file can be found
                seekable = spool
            try:
                file = parquet.ParquetFile(seekable, page_checksum_verification=True)
                schema = _schema(file.schema_arrow)
            except (pa.ArrowException, OSError, ValueError) as error:
                yield ReadFault(f"the Parquet file is damaged: {one_line(error)}")
                return
            with Rows(schema) as rows:
                yield from _row_groups(file, schema, rows)


def _row_groups(file: parquet.ParquetFile, schema: pa.Schema, rows: Rows) -> Iterator[Records | ReadFault]:
    """Yield the records of one group of rows after the other; of one that is damaged, those before the damage."""
    first = 1
    for group in range(file.num_row_groups):
        number = first
        first += max(0, file.metadata.row_group(group).num_rows)
        try:
            # One thread, as the mappers keep the others busy.
            for batch in file.iter_batches(budget.within(tuning.ROWS_AT_ONCE), row_groups=[group], use_threads=False):
                yield from rows.records(_as_json_can(batch, schema), counted(number, batch.num_rows))
                number += batch.num_rows
        except (pa.ArrowException, OSError, ValueError) as error:
            reason = f"the Parquet file is damaged, rows {number} to {first - 1} are missing: {one_line(error)}"
            yield ReadFault(reason, number)


def _schema(schema: pa.Schema) -> pa.Schema:
    """Return the schema with names that JSON can tell apart, and texts for what JSON has no form for."""
    fields = [
        pa.field(name, pa.string() if pa.types.is_dictionary(type_) else type_)
        for name, type_ in zip(unique_names(schema.names), schema.types, strict=True)
    ]
    return pa.schema([field if is_writable(field) else pa.field(field.name, pa.string()) for field in fields])


def _as_json_can(batch: pa.RecordBatch, schema: pa.Schema) -> pa.Table:
    """Return rows with the columns of a schema; bytes in a text that are no UTF-8 become U+FFFD."""
    columns = []
    for column, type_ in zip(batch.columns, schema.types, strict=True):
        if not pa.types.is_string(type_) and not pa.types.is_large_string(type_):
            columns.append(column)
            continue
        plain = column.dictionary_decode() if pa.types.is_dictionary(column.type) else column
        if not _is_text(plain.type):
            plain = pa.array([None if value is None else str(value) for value in plain.to_pylist()], type_)
        columns.append(_valid(plain, type_))
    return pa.Table.from_arrays(columns, names=schema.names)


def _is_text(type_: pa.DataType) -> bool:
    return bool(pa.types.is_string(type_) or pa.types.is_large_string(type_) or pa.types.is_string_view(type_))


def _valid(texts: pa.Array, type_: pa.DataType) -> pa.Array:
    try:
        texts.validate(full=True)
    except pa.ArrowInvalid:
        values = texts.cast(pa.large_binary()).to_pylist()
        return pa.array([None if value is None else value.decode("utf-8", "replace") for value in values], type_)
    return texts.cast(type_)
