"""`--format table`: what a terminal shows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
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
from carlang.report.layout import Measure, fitting, fold, folds
from carlang.report.remarks import print_remarks
from carlang.report.screen import Look, console_for
from carlang.report.streams import Stream
from carlang.report.values import BATCH
from carlang.report.view import OutputView, View
from carlang.results import counted

# rich takes 0.15 ms for a row of five columns. Where no value folds, so many rows are one row of rich's whose cells
# have as many lines, which takes a quarter of that (20,000 rows, CPU time; blocks of 2,000 gain nothing more).
_BLOCK = 250
_BLANK = " "
_SEGMENTS = 5000  # pieces of text that are printed at once; rich would gather those of the whole table


def write_table(view: View, stream: Stream, look: Look) -> None:
    """Write a run as tables: one for each output that found something, then who found nothing, then the remarks."""
    console = console_for(stream, look)
    for output in view.findings:
        _print_output(output, console)
    _print_quiet(view.quiet, console)
    print_remarks(view, console)


def _print_output(output: OutputView, console: Console) -> None:
    console.print(_name(output), overflow="fold")
    console.print(Text(_facts(output), style="cyan"), overflow="fold")
    if output.unseen:
        console.print(Text(printable(output.unseen), style="yellow"), overflow="fold")
    arrangement = arrange(output.table)
    if arrangement.constants:
        same = ", ".join(f"{name} {value}" for name, value in arrangement.constants)
        console.print(Text(f"every row: {same}", style="dim"), overflow="fold")
    if output.shown:
        shown = _print_rows(output.table.select(list(arrangement.columns)), console) if arrangement.columns else 0
        remark = _left_out(len(arrangement.columns) - shown, arrangement.empty)
        if remark:
            console.print(Text(remark, style="dim"), overflow="fold")
    console.print()


def _name(output: OutputView) -> Text:
    return Text.assemble((printable(output.analytic), "bold"), "  " if output.title else "", printable(output.title))


def _facts(output: OutputView) -> str:
    facts = [", ".join(output.techniques), f"output {output.name}", counted(output.total, "row"), output.cut]
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


def _print_rows(rows: pa.Table, console: Console) -> int:
    """Print a table as far as its columns fit, and return how many do."""
    measures = [_measure(rows, index) for index in range(rows.num_columns)]
    count = fitting(measures, console.width)
    measures = measures[:count]
    must_fold = folds(measures, console.width)
    grid = Table(box=ROUNDED, border_style="dim", header_style="bold", show_lines=must_fold, padding=0)
    for measure, kind in zip(measures, rows.schema.types, strict=False):
        head = _Lines(pa.array([measure.name]), cell_len(measure.name))
        grid.add_column(head, justify="right" if _is_number(kind) else "left", no_wrap=measure.rigid)
    for block in rows.select(list(range(count))).to_batches(max_chunksize=1 if must_fold else _BLOCK):
        grid.add_row(*(_Lines(column, m.widest) for column, m in zip(block.columns, measures, strict=True)))
    segments = iter(console.render(grid))
    while part := list(islice(segments, _SEGMENTS)):
        console.print(Segments(part), end="", soft_wrap=True)
    return count


@dataclass(frozen=True, slots=True)
class _Lines:
    """Values of a column, one below the other, for a cell of rich's; `widest` is the width that the column asks for.

    They become text when they are drawn: a table of many rows stands in memory as Arrow has it. The blank on either
    side is drawn here, because rich's own padding of a cell doubles the time that the cell takes.
    """

    values: pa.Array
    widest: int

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        return Measurement(1, self.widest + 2 * len(_BLANK))

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        width = options.max_width - 2 * len(_BLANK)
        for text in texts(self.values):
            for line in fold(text or "", width):
                indent = " " * (width - cell_len(line)) if options.justify == "right" else ""
                yield Segment(f"{_BLANK}{indent}{line}{_BLANK}")
                yield Segment.line()


def _measure(rows: pa.Table, index: int) -> Measure:
    widest = max((cell_len(text) for text in _texts(rows, index) if text is not None), default=0)
    kind = rows.schema.types[index]
    is_rigid = _is_number(kind) or types.is_timestamp(kind) or types.is_boolean(kind)
    return Measure(printable(rows.column_names[index]), widest, is_rigid)


def _texts(rows: pa.Table, index: int) -> Iterator[str | None]:
    for batch in rows.select([index]).to_batches(max_chunksize=BATCH):
        yield from texts(batch.column(0))


def _is_number(kind: pa.DataType) -> bool:
    return bool(types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind))
