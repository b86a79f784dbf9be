"""`--format table`: what a terminal shows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain

import pyarrow as pa
from pyarrow import types
from rich.box import ROUNDED, Box
from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from carlang.report.cells import printable, texts
from carlang.report.columns import arrange
from carlang.report.layout import Measure, fold, widths
from carlang.report.options import Options
from carlang.report.remarks import print_remarks
from carlang.report.screen import console_for
from carlang.report.streams import Stream
from carlang.report.tally import counted, found
from carlang.report.values import BATCH
from carlang.results import AnalyticOutput, RunReport

_MEASURED = 2000  # rows that decide how wide the columns are; wider values further down fold


def write_table(report: RunReport, stream: Stream, options: Options) -> None:
    """Write a run as tables: one for each output that found something, then who found nothing, then the remarks."""
    console = console_for(stream, options)
    for result in report.results:
        if found(result.output):
            _print_result(result, console)
    _print_idle([result for result in report.results if not found(result.output)], console)
    print_remarks(report, console)


def _print_result(result: AnalyticOutput, console: Console) -> None:
    table = result.output.table
    arrangement = arrange(table)
    console.print(_name(result), overflow="fold")
    console.print(Text(_facts(result), style="cyan"), overflow="fold")
    if arrangement.constants:
        same = ", ".join(f"{name} {value}" for name, value in arrangement.constants)
        console.print(Text(f"every row: {same}", style="dim"), overflow="fold")
    shown = 0
    if arrangement.columns and table.num_rows:
        shown = _print_rows(table.select(list(arrangement.columns)), console)
    remark = _left_out(len(arrangement.columns) - shown, arrangement.empty)
    if remark and table.num_rows:
        console.print(Text(remark, style="dim"), overflow="fold")
    console.print()


def _name(result: AnalyticOutput) -> Text:
    return Text.assemble((printable(result.analytic), "bold"), "  " if result.title else "", printable(result.title))


def _facts(result: AnalyticOutput) -> str:
    output = result.output
    total = found(output)
    facts = [f"output {printable(output.name)}", counted(total, "row")]
    if result.techniques:
        facts.insert(0, printable(", ".join(result.techniques)))
    if total > output.count:
        facts.append(f"showing {output.count} of {total} rows")
    return " · ".join(facts)


def _left_out(unfitting: int, empty: int) -> str:
    parts = []
    if unfitting:
        parts.append(f"{counted(unfitting, 'more column')} did not fit (`--format json` has all)")
    if empty:
        parts.append(f"{counted(empty, 'column')} empty in every row")
    return "; ".join(parts)


def _print_idle(results: Sequence[AnalyticOutput], console: Console) -> None:
    if not results:
        return
    console.print(Text("Ran and found nothing:", style="bold"))
    for result in results:
        facts = ", ".join([*result.techniques, f"output {result.output.name}"])
        console.print(Text.assemble("  ", _name(result), (f"  {printable(facts)}", "dim")), overflow="fold")
    console.print()


def _print_rows(table: pa.Table, console: Console) -> int:
    """Print a table as far as its columns fit, and return how many do."""
    head = table.slice(0, _MEASURED).combine_chunks()
    sizes = widths([_measure(head, i) for i in range(table.num_columns)], console.width)
    count = len(sizes)
    right = [_is_number(kind) for kind in table.schema.types[:count]]
    box = ROUNDED.substitute(console.options, safe=True)
    spans = [size + 2 for size in sizes]
    names = [fold(printable(name), size) for name, size in zip(table.column_names, sizes, strict=False)]
    grid = _Grid(box, sizes, right)
    _emit(console, box.get_top(spans), "dim")
    for line in grid.lines(names):
        _emit(console, line, "bold")
    _emit(console, box.get_row(spans, "head"), "dim")
    rule = box.get_row(spans, "row")
    folded = any(value is not None and cell_len(value) > size for value, size in _sample(head, sizes))
    for number, row in enumerate(_rows(table.select(list(range(count))))):
        if folded and number:
            _emit(console, rule, "dim")
        for line in grid.lines([fold(value, size) for value, size in zip(row, sizes, strict=True)]):
            _emit(console, line)
    _emit(console, box.get_bottom(spans), "dim")
    return count


def _emit(console: Console, line: str, style: str = "") -> None:
    if style and console.color_system:
        console.print(Text(line, style=style), no_wrap=True, overflow="ignore", crop=False)
    else:  # rich takes a quarter of a millisecond for a line without a style, too
        console.file.write(line + "\n")


def _sample(head: pa.Table, sizes: Sequence[int]) -> Iterator[tuple[str | None, int]]:
    return chain.from_iterable(((v, size) for v in _texts(head, i)) for i, size in enumerate(sizes))


class _Grid:
    """The lines of rows between vertical edges."""

    def __init__(self, box: Box, sizes: Sequence[int], right: Sequence[bool]) -> None:
        self._box = box
        self._sizes = sizes
        self._right = right

    def lines(self, cells: Sequence[Sequence[str]]) -> Iterator[str]:
        """Yield the lines of one row, as many as its tallest cell has."""
        for number in range(max(map(len, cells))):
            parts = [cell[number] if number < len(cell) else "" for cell in cells]
            yield self._framed([self._padded(i, part) for i, part in enumerate(parts)])

    def _padded(self, column: int, text: str) -> str:
        blank = " " * (self._sizes[column] - cell_len(text))
        return f" {blank}{text} " if self._right[column] else f" {text}{blank} "

    def _framed(self, cells: Sequence[str]) -> str:
        box = self._box
        return box.mid_left + box.mid_vertical.join(cells) + box.mid_right


def _measure(head: pa.Table, column: int) -> Measure:
    widest = max((cell_len(text) for text in _texts(head, column) if text is not None), default=0)
    kind = head.schema.types[column]
    rigid = _is_number(kind) or types.is_timestamp(kind) or types.is_boolean(kind)
    return Measure(printable(head.column_names[column]), widest, rigid)


def _texts(table: pa.Table, column: int) -> list[str | None]:
    return [text for chunk in table.column(column).chunks for text in texts(chunk)]


def _rows(table: pa.Table) -> Iterator[tuple[str, ...]]:
    for batch in table.to_batches(max_chunksize=BATCH):
        yield from zip(*([text or "" for text in texts(column)] for column in batch.columns), strict=True)


def _is_number(kind: pa.DataType) -> bool:
    return bool(types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind))
