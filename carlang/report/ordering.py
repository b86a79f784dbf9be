"""Records in order, however many there are: sorted some thousands at a time, and merged.

Those that are sorted lie in a spool, so that memory holds one run of them while they are read, and a part of each run
while they are merged.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from heapq import merge
from operator import itemgetter
from typing import Any

import pyarrow as pa

from carlang.results import Rows, Spool

RUN_ROWS = 20_000
"""How many records are sorted at once: with long command lines, some ten megabytes."""
_PART_ROWS = 500
"""How many records of a run are read at once when runs are merged, of which a million records have fifty."""


def in_order(
    schema: pa.Schema, batches: Iterable[pa.RecordBatch], keys: Sequence[str], spool: Spool
) -> Iterator[tuple[Any, ...]]:
    """Yield records as tuples of their values, in the order of some of their columns; missing values come last.

    Raises `OSError` where the file of the spool cannot be written.
    """
    runs = [_sorted_run(table, keys, spool) for table in _runs(schema, batches)]
    positions = [schema.names.index(key) for key in keys]
    values = itemgetter(*positions) if len(positions) > 1 else lambda record: (record[positions[0]],)

    def place(record: tuple[Any, ...]) -> tuple[tuple[bool, Any], ...]:
        return tuple((value is None, value) if value is not None else (True, 0) for value in values(record))

    yield from merge(*map(_records, runs), key=place)


def _runs(schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    held: list[pa.RecordBatch] = []
    count = 0
    for batch in batches:
        held.append(batch)
        count += batch.num_rows
        if count >= RUN_ROWS:
            yield pa.Table.from_batches(held, schema)
            held, count = [], 0
    if count:
        yield pa.Table.from_batches(held, schema)


def _sorted_run(table: pa.Table, keys: Sequence[str], spool: Spool) -> Rows:
    ordered = table.sort_by([(key, "ascending") for key in keys])
    return spool.keep(table.schema, ordered.combine_chunks().to_batches(max_chunksize=_PART_ROWS))


def _records(run: Rows) -> Iterator[tuple[Any, ...]]:
    for batch in run.to_batches():
        yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)
