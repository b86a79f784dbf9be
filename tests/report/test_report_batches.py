"""Rows that are read batch by batch are reported as a table of them is."""

from __future__ import annotations

import gc
import io
import os
from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from carlang.report import FORMATS, ReportError, write_report
from carlang.results import Output, Rows, Spool, TakenRows, first_rows, table_of
from carlang.results.run_report import AnalyticOutput, RunReport
from tests.conftest import POSIX
from tests.report.runs import INSTANT, MOMENT, result, run

COUNT = 400


def some_rows() -> pa.Table:
    """Return rows of several kinds: empty columns, the same throughout, lists, times, long texts."""
    numbers = range(COUNT)
    return pa.table({
        "time": pa.array([MOMENT + timedelta(seconds=n) for n in numbers], INSTANT),
        "hostname": pa.array([None if n % 7 == 0 else f"H{n % 5}" for n in numbers]),
        "object": ["process"] * COUNT,
        "action": ["create" if n else None for n in numbers],
        "command_line": [f"{'x' * (n % 90)} {n}" for n in numbers],
        "pid": numbers,
        "span": pa.array([timedelta(seconds=n) for n in numbers], pa.duration("us")),
        "record_ids": [[str(n)] * (n % 3) for n in numbers],
        "md5": pa.nulls(COUNT, pa.string()),
    })  # fmt: skip


def taken(table: pa.Table) -> Rows:
    """Return the rows of a table, taken from a larger one in which they stand otherwise."""
    others = pa.concat_tables([table.slice(100), table, table.slice(0, 100)]).combine_chunks()
    first = len(table) - 100
    halves = (range(first, first + 250), range(first + 250, first + len(table)))
    return TakenRows(table.schema, tuple((others, pa.array(numbers)) for numbers in halves))


def spooled(table: pa.Table, most: int = 20_000) -> Rows:
    """Return the rows of a table in batches of odd sizes, the first in memory and the others in a file."""
    starts = [0, 1, 40, 41, 300, len(table)]
    batches = [table.slice(a, b - a).to_batches()[0] for a, b in pairwise(starts)]
    return Spool(most).keep(table.schema, batches)


def report(rows: Rows) -> RunReport:
    """Return a run of two outputs, one of which was cut."""
    first = result(some_rows())
    outputs = [Output(first.output.name, first.output.columns, rows, total) for total in (COUNT, 2 * COUNT)]
    return run(*(AnalyticOutput(f"A{n}", first.title, first.file, (), each) for n, each in enumerate(outputs)))


def written(rows: Rows, format_: str) -> bytes:
    stream = io.BytesIO()
    write_report(report(rows), stream, format_, width=90)  # type: ignore[arg-type]  # the names of all formats
    return stream.getvalue()


@pytest.mark.parametrize("format_", FORMATS)
def test_every_format_writes_the_same_of_rows_however_they_are_kept(format_: str) -> None:
    table = some_rows()
    expected = written(table, format_)
    assert len(expected) > 400
    for rows in (taken(table), spooled(table), spooled(table, most=0)):
        assert written(rows, format_) == expected


def test_rows_in_memory_and_in_a_file_are_the_same() -> None:
    table = some_rows()
    for rows in (taken(table), spooled(table), spooled(table, 0), spooled(table, 1 << 30)):
        assert table_of(rows).equals(table)
        assert table_of(rows).equals(table)  # and a second time
        assert first_rows(rows, 45).equals(table.slice(0, 45))
        assert first_rows(rows, 0).num_rows == 0
        assert {batch.num_rows for batch in rows.to_batches(max_chunksize=13)} <= set(range(1, 14))
    assert table_of(Spool(0).keep(table.schema, [])).equals(table.slice(0, 0))


def test_outputs_are_equal_that_say_the_same_wherever_their_rows_are_kept() -> None:
    columns = result(some_rows()).output.columns
    table = some_rows()
    kept = [Output("x", columns, rows, COUNT) for rows in (table, taken(table), spooled(table), spooled(table))]
    assert all(one == other for one in kept for other in kept)
    other_value = table.set_column(5, "pid", pa.array(range(1, COUNT + 1)))
    others = [Output("x", columns, spooled(other_value), COUNT), Output("x", columns, spooled(table), COUNT + 1)]
    assert all(one != other for one in kept for other in others)


def test_a_spool_holds_no_more_in_memory_than_it_may() -> None:
    """Twenty batches of a megabyte, of which two fit."""

    def batches() -> Iterator[pa.RecordBatch]:
        for number in range(20):
            yield pa.record_batch({"text": [f"{number}" * 1000] * 1000})

    gc.collect()
    before = pa.total_allocated_bytes()
    schema = next(batches()).schema
    rows = Spool(2_500_000).keep(schema, batches())
    most = 0
    for batch in rows.to_batches():
        most = max(most, pa.total_allocated_bytes() - before)
        del batch
    assert most < 6_000_000
    assert rows.num_rows == 20_000


def test_what_writes_rows_holds_a_batch_of_them_at_a_time() -> None:
    table = some_rows()
    large = Spool(0).keep(table.schema, [each for _ in range(8) for each in table.to_batches()])
    gc.collect()
    before, most = pa.total_allocated_bytes(), 0

    class Sink(io.BytesIO):
        def write(self, data: Any) -> int:
            nonlocal most
            most = max(most, pa.total_allocated_bytes() - before)
            return len(data)

    for format_ in ("csv", "ndjson", "json", "timesketch"):
        write_report(report(large), Sink(), format_)
    assert 0 < most < 4 * table.nbytes


class Breaking:
    """Rows that cannot be read to their end."""

    def __init__(self, table: pa.Table, error: BaseException) -> None:
        self.schema, self.num_rows = table.schema, table.num_rows
        self._table, self._error = table, error

    def to_batches(self, max_chunksize: int | None = None) -> Iterator[pa.RecordBatch]:
        yield from self._table.slice(0, 100).to_batches(max_chunksize=max_chunksize)
        raise self._error


@POSIX
@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_of_a_report_that_was_not_written_to_its_end_there_is_no_file(tmp_path: Path, error: BaseException) -> None:
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "linked.csv")
    for path in (tmp_path / "new.csv", link, Path(os.devnull)):
        with pytest.raises(KeyboardInterrupt if isinstance(error, KeyboardInterrupt) else ReportError):
            write_report(report(Breaking(some_rows(), error)), path, "csv")
    assert list(tmp_path.iterdir()) == [link]
    assert Path(os.devnull).exists()
