"""`--format parquet`: one table of all rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyarrow import types

from carlang.report.columns import row_names
from carlang.report.json import failed_json, not_run_json
from carlang.report.streams import ReportError, Stream, binary, valid
from carlang.report.values import BATCH, MICROSECONDS, instant, json_text, json_values
from carlang.report.view import OutputView, View

_HEAD = ("analytic", "title", "output")
_GROUP_ROWS = 100_000
"""How many rows of an output are written at once, as a row group: with long command lines, a hundred megabytes."""
_TIME = pa.timestamp("us", "UTC")


def write_parquet(view: View, stream: Stream) -> None:
    """Write the rows of a run as one Parquet table; what could not run and what failed goes into its metadata.

    Raises:
        ReportError: the stream takes text alone, or is a terminal.
    """
    raw = binary(stream)
    if raw.isatty():
        raise ReportError("parquet is not for a terminal: give a file to write to (`--output PATH`)")
    schema = _schema(view)
    with pq.ParquetWriter(raw, schema, compression="zstd") as writer:
        for output in view.outputs:
            if output.shown:
                for table in _groups(output):
                    writer.write_table(_conformed(output, table, schema))


def _schema(view: View) -> pa.Schema:
    kinds: dict[str, list[pa.DataType]] = {}
    for output in view.outputs:
        for name, kind in zip(row_names(output.rows.schema.names), output.rows.schema.types, strict=True):
            kinds.setdefault(name, []).append(stored_type(kind))
    fields = [pa.field(name, pa.string()) for name in _HEAD]
    fields += [pa.field(name, _common_type(stored)) for name, stored in kinds.items()]
    return pa.schema(fields, metadata=_metadata(view))


def _metadata(view: View) -> dict[str, str]:
    return {
        "carlang.now": instant(view.now),
        "carlang.store": valid(view.store),
        "carlang.not_run": json_text([not_run_json(entry) for entry in view.not_run]),
        "carlang.failed": json_text([failed_json(entry, view.pages) for entry in view.failed]),
    }


def stored_type(kind: pa.DataType) -> pa.DataType:
    """Return the type under which a column is written.

    Parquet has no durations, and most readers take Arrow's for bare integers: they become seconds, as in JSON. A
    column without a type becomes text, which every reader has.
    """
    if types.is_dictionary(kind):
        return stored_type(kind.value_type)
    if types.is_timestamp(kind):
        return _TIME
    if types.is_duration(kind):
        return pa.float64()
    if types.is_null(kind) or types.is_large_string(kind):
        return pa.string()
    return kind


def _common_type(kinds: Sequence[pa.DataType]) -> pa.DataType:
    if len(set(kinds)) == 1:
        return kinds[0]
    if all(types.is_integer(kind) for kind in kinds):
        return pa.int64()
    if all(types.is_integer(kind) or types.is_floating(kind) for kind in kinds):
        return pa.float64()
    return pa.string()


def _groups(output: OutputView) -> Iterator[pa.Table]:
    """Yield the rows of an output as tables that become a row group each."""
    batches: list[pa.RecordBatch] = []
    for batch in output.rows.to_batches(max_chunksize=_GROUP_ROWS):
        if batches and sum(each.num_rows for each in batches) + batch.num_rows > _GROUP_ROWS:
            yield pa.Table.from_batches(batches)
            batches = []
        batches.append(batch)
    if batches:
        yield pa.Table.from_batches(batches)


def _conformed(output: OutputView, table: pa.Table, schema: pa.Schema) -> pa.Table:
    columns = dict(zip(row_names(table.column_names), table.columns, strict=True))
    head = dict(zip(_HEAD, (output.analytic, output.title, output.name), strict=True))
    arrays = []
    for field in schema:
        if field.name in head:
            arrays.append(pa.repeat(pa.scalar(valid(head[field.name])), table.num_rows))
        elif field.name in columns:
            arrays.append(_converted(columns[field.name], field.type))
        else:
            arrays.append(pa.nulls(table.num_rows, field.type))
    return pa.table(arrays, schema=schema)


def _converted(column: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray:
    if column.type == kind:
        return column
    if types.is_duration(column.type) and types.is_float64(kind):
        return pc.divide(column.cast(pa.duration("us")).cast(pa.int64()).cast(kind, safe=False), float(MICROSECONDS))
    if types.is_string(kind) and not types.is_large_string(column.type):
        return pa.chunked_array([_as_text(column.slice(i, BATCH)) for i in range(0, len(column), BATCH)], kind)
    return column.cast(kind, safe=False)


def _as_text(column: pa.ChunkedArray) -> pa.Array:
    return pa.array([_text(value) for value in json_values(column.combine_chunks())], pa.string())


def _text(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else json_text(value)
