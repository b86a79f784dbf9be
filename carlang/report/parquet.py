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
from carlang.report.streams import Stream, file_or_pipe, valid
from carlang.report.values import BATCH, MICROSECONDS, instant, json_text, json_values
from carlang.report.view import OutputView, View

_HEAD = ("analytic", "title", "output")
GROUP_ROWS = 100_000
"""How many rows are written at once, as a row group: with long command lines, a hundred megabytes."""
MANY_ROWS = 10_000
"""Beyond so many rows a file has dictionaries of its texts, and statistics by which readers skip row groups.

A file with fewer is made of its columns rather than of its rows, of which the catalogue has five hundred: an entry in
the footer for each, with a dictionary and statistics. With a row group for each output and all of that, 790 rows of the
catalogue took 4,450 kB; in one row group without it they take 150.
"""
_TIME = pa.timestamp("us", "UTC")


def write_parquet(view: View, stream: Stream) -> None:
    """Write the rows of a run as one Parquet table; what could not run and what failed goes into its metadata.

    Raises:
        ReportError: the stream takes text alone, or is a terminal.
    """
    raw = file_or_pipe(stream, "parquet")
    schema = _schema(view)
    is_large = sum(output.shown for output in view.outputs) > MANY_ROWS
    texts = [field.name for field in schema if types.is_string(field.type)]
    with pq.ParquetWriter(
        raw,
        schema,
        compression="zstd",
        use_dictionary=texts if is_large else False,
        write_statistics=is_large,
        store_schema=False,  # Arrow's own copy of the schema; Parquet's types say the same
    ) as writer:
        for table in _groups(view, schema):
            writer.write_table(table, row_group_size=GROUP_ROWS)
        writer.add_key_value_metadata(_metadata(view))


def _schema(view: View) -> pa.Schema:
    """Return the fixed columns and those of all outputs, also where no row fills them: queries name columns."""
    kinds: dict[str, list[pa.DataType]] = {name: [] for name in row_names(view.chosen or ())}
    for output in view.outputs:
        for name, kind in zip(row_names(output.rows.schema.names), output.rows.schema.types, strict=True):
            kinds.setdefault(name, []).extend([] if types.is_null(kind) else [stored_type(kind)])
    fields = [pa.field(name, pa.string()) for name in _HEAD]
    return pa.schema(fields + [pa.field(name, _common_type(stored)) for name, stored in kinds.items()])


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
    if not kinds:
        return pa.string()  # which every reader has
    if len(set(kinds)) == 1:
        return kinds[0]
    if all(types.is_integer(kind) for kind in kinds):
        return pa.int64()
    if all(types.is_integer(kind) or types.is_floating(kind) for kind in kinds):
        return pa.float64()
    return pa.string()


def _groups(view: View, schema: pa.Schema) -> Iterator[pa.Table]:
    """Yield the rows of all outputs as tables that become a row group each: all but the last have `GROUP_ROWS`."""
    held: list[pa.Table] = []
    count = 0
    for output in view.outputs:
        for batch in output.rows.to_batches(max_chunksize=GROUP_ROWS):
            table = _conformed(output, pa.Table.from_batches([batch]), schema)
            left = GROUP_ROWS - count
            held.append(table.slice(0, left))
            count += held[-1].num_rows
            if count == GROUP_ROWS:
                yield pa.concat_tables(held)
                held = [table.slice(left)]
                count = held[0].num_rows
    if count:
        yield pa.concat_tables(held)


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
