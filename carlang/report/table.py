"""`--format table`: what a terminal shows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice

import pyarrow as pa
from pyarrow import types
from rich.box import ROUNDED
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.segment import Segment, Segments
from rich.table import Table
from rich.text import Text

from carlang.escapes import printable
from carlang.report.cells import texts
from carlang.report.columns import arrange
from carlang.report.incident_table import print_summary
from carlang.report.layout import Measure, fitting, fold, folds
from carlang.report.remarks import print_remarks
from carlang.report.screen import Look, console_for
from carlang.report.streams import Stream
from carlang.report.values import BATCH
from carlang.report.view import OutputView, View
from carlang.results import Rows, counted

# rich takes 0.15 ms for a row of five columns. Where no value folds, so many rows are one row of rich's whose cells
# have as many lines, which takes a quarter of that (20,000 rows, CPU time; blocks of 2,000 gain nothing more).
_BLOCK = 250
_BLANK = " "
_SEGMENTS = 5000  # pieces of text that are printed at once; rich would gather those of the whole table


def write_table(view: View, stream: Stream, look: Look) -> None:
    """Write a run as tables: what it comes to, one for each output that found something, then who found nothing.

    The remarks are the end. Groups of hits take the place of the rows, which would bury them.
    """
    console = console_for(stream, look)
    if view.triage is not None:
        print_summary(view.triage, console)
    if view.triage is None or view.triage.grouped_by is None:
        for output in view.findings:
            _print_output(output, console)
    _print_quiet(view.quiet, console)
    print_remarks(view, console)


def _print_output(output: OutputView, console: Console) -> None:
    console.print(_name(output), overflow="fold")
    console.print(Text(_facts(output), style="cyan"), overflow="fold")
    if output.unseen:
        console.print(Text(printable(output.unseen), style="yellow"), overflow="fold")
    arrangement = arrange(output.rows)
    if arrangement.constants:
        same = ", ".join(f"{name} {value}" for name, value in arrangement.constants)
        console.print(Text(f"every row: {same}", style="dim"), overflow="fold")
    if output.shown:
        shown = _print_rows(_Shown(output.rows, arrangement.columns), console) if arrangement.columns else 0
        remark = _left_out(len(arrangement.columns) - shown, arrangement.empty)
        if remark:
            console.print(Text(remark, style="dim"), overflow="fold")
    console.print()


def _name(output: OutputView) -> Text:
    return Text.assemble((printable(output.analytic), "bold"), "  " if output.title else "", printable(output.title))


def _facts(output: OutputView) -> str:
    weight = "" if output.weight is None else f"weight {output.weight:g}"
    level = "" if output.level is None else output.level.text
    facts = [
        level,
        weight,
        ", ".join(output.techniques),
        f"output {output.name}",
        counted(output.total, "row"),
        output.cut,
    ]
    return " · ".join(printable(fact) for fact in facts if fact)


def _left_out(unfitting: int, empty: int) -> str:
    parts = []
    if unfitting:
        parts.append(f"{counted(unfitting, 'more column')} did not fit (`--format json` has all)")
    if empty:
        parts.append(f"{counted(empty, 'column')} empty in every row")
    return "; ".join(parts)


def _print_quiet(outputs: Sequence[OutputView], console: Console) -> None:
    if not outputs:
        return
    console.print(Text("Ran and found nothing:", style="bold"))
    for output in outputs:
        facts = ", ".join([*output.techniques, f"output {output.name}"])
        console.print(Text.assemble("  ", _name(output), (f"  {printable(facts)}", "dim")), overflow="fold")
    console.print()


class _Shown:
    """Rows with the columns that are shown of them, read block by block in their order."""

    def __init__(self, rows: Rows, columns: Sequence[int]) -> None:
        self._rows = rows
        self._columns = columns
        self._blocks: Iterator[pa.RecordBatch] = iter(())
        self._next = 0
        self._block: pa.RecordBatch | None = None
        self._size = 0
        self.fields = [rows.schema.field(index) for index in columns]

    def batches(self, size: int) -> Iterator[pa.RecordBatch]:
        """Yield the rows in batches of a size at most."""
        for batch in self._rows.to_batches(max_chunksize=size):
            yield batch.select(list(self._columns))

    def value(self, size: int, number: int, index: int) -> pa.Array:
        """Return a column of a block of a size; no other block is kept."""
        if size != self._size or number < self._next - 1:
            self._blocks, self._next, self._size = self.batches(size), 0, size
        while self._next <= number:
            self._block = next(self._blocks)
            self._next += 1
        if self._block is None:
            raise AssertionError("no block has been read")
        return self._block.column(index)


def _print_rows(rows: _Shown, console: Console) -> int:
    """Print rows as far as their columns fit, and return how many do."""
    measures = _measures(rows)
    count = fitting(measures, console.width)
    measures = measures[:count]
    must_fold = folds(measures, console.width)
    grid = Table(box=ROUNDED, border_style="dim", header_style="bold", show_lines=must_fold, padding=0)
    for measure, field in zip(measures, rows.fields, strict=False):
        head = _Lines(partial(pa.array, [measure.name]), cell_len(measure.name))
        grid.add_column(head, justify="right" if _is_number(field.type) else "left", no_wrap=measure.rigid)
    size = 1 if must_fold else _BLOCK
    for number, _ in enumerate(rows.batches(size)):
        grid.add_row(*(_Lines(partial(rows.value, size, number, i), m.widest) for i, m in enumerate(measures)))
    segments = iter(console.render(grid))
    while part := list(islice(segments, _SEGMENTS)):
        console.print(Segments(part), end="", soft_wrap=True)
    return count


@dataclass(frozen=True, slots=True)
class _Lines:
    """Values of a column, one below the other, for a cell of rich's; `widest` is the width that the column asks for.

    They are read and become text when they are drawn, so that no more than a block of rows stands in memory. The blank
    on either side is drawn here, because rich's own padding of a cell doubles the time that the cell takes.
    """

    values: Callable[[], pa.Array]
    widest: int

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        return Measurement(1, self.widest + 2 * len(_BLANK))

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        width = options.max_width - 2 * len(_BLANK)
        for text in texts(self.values()):
            for line in fold(text or "", width):
                indent = " " * (width - cell_len(line)) if options.justify == "right" else ""
                yield Segment(f"{_BLANK}{indent}{line}{_BLANK}")
                yield Segment.line()


def _measures(rows: _Shown) -> list[Measure]:
    widest = [0] * len(rows.fields)
    for batch in rows.batches(BATCH):
        for index, column in enumerate(batch.columns):
            lengths = (cell_len(text) for text in texts(column) if text is not None)
            widest[index] = max(widest[index], max(lengths, default=0))
    return [_measure(field, width) for field, width in zip(rows.fields, widest, strict=True)]


def _measure(field: pa.Field, widest: int) -> Measure:
    kind = field.type
    is_rigid = _is_number(kind) or types.is_timestamp(kind) or types.is_boolean(kind)
    return Measure(printable(field.name), widest, is_rigid)


def _is_number(kind: pa.DataType) -> bool:
    return bool(types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind))
