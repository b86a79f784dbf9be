"""Rows in a frame that is as wide as a terminal, or, where there is none, as lines that are as long as they must be."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from rich.box import ASCII, ROUNDED
from rich.cells import cell_len
from rich.console import Console
from rich.segment import Segment, Segments
from rich.style import Style

from carlang.report.cells import texts
from carlang.report.layout import Measure, fitting, fold, fold_name, widths
from carlang.report.row_blocks import ShownRows, is_number, measured
from carlang.report.screen import is_bounded

_BLANK = " "
_BETWEEN = "  "
_SEGMENTS = 5000  # pieces of text that are printed at once: of a hundred thousand rows there are a million
_MOST_PADDING = 60  # an encoded command of 8,000 letters would give each other row as many blanks
_EDGE = Style(dim=True)
_HEAD = Style(bold=True)


def print_rows(rows: ShownRows, need: Sequence[int] | None, console: Console) -> list[str]:
    """Print rows, and return the names of the columns that did not fit; without `need`, a reader chose them."""
    measures = measured(rows, need or ())
    if not is_bounded(console):
        _print(_lines(rows, measures), console)
        return []
    chosen = fitting(measures, console.width, is_chosen=need is None)
    shown = [measures[index] for index in chosen]
    _print(_framed(rows.only(chosen), shown, console), console)
    return [measure.name for index, measure in enumerate(measures) if index not in chosen]


def _print(pieces: Iterator[Segment], console: Console) -> None:
    while part := list(islice(pieces, _SEGMENTS)):
        console.print(Segments(part), end="", soft_wrap=True)


def _framed(rows: ShownRows, measures: Sequence[Measure], console: Console) -> Iterator[Segment]:
    """Yield rows in a frame, with a line between them where values fold.

    rich's own table takes 0.15 ms for a row of five columns, five times as much.
    """
    box = ASCII if console.options.ascii_only else ROUNDED
    sizes = widths(measures, console.width)
    must_fold = any(size < measure.widest for size, measure in zip(sizes, measures, strict=True))
    of_frame = [size + 2 * len(_BLANK) for size in sizes]
    are_numbers = [is_number(field.type) for field in rows.fields]
    edges = (box.head_left, box.head_vertical, box.head_right), (box.mid_left, box.mid_vertical, box.mid_right)

    def row(columns: Sequence[Sequence[str]], of: int, style: Style | None = None) -> Iterator[Segment]:
        left, between, right = edges[of]
        for number in range(max(map(len, columns))):
            edge = left
            for lines, size, is_right in zip(columns, sizes, are_numbers, strict=True):
                yield Segment(edge, _EDGE)
                line = lines[number] if number < len(lines) else ""
                yield Segment(f"{_BLANK}{_padded(line, size, is_right=is_right)}{_BLANK}", style)
                edge = between
            yield Segment(f"{right}\n", _EDGE)

    yield Segment(f"{box.get_top(of_frame)}\n", _EDGE)
    yield from row([fold_name(measure.name, size) for measure, size in zip(measures, sizes, strict=True)], 0, _HEAD)
    yield Segment(f"{box.get_row(of_frame, 'head')}\n", _EDGE)
    for number, cells in enumerate(_rows(rows)):
        if number and must_fold:
            yield Segment(f"{box.get_row(of_frame, 'row')}\n", _EDGE)
        yield from row([fold(text, size) for text, size in zip(cells, sizes, strict=True)], 1)
    yield Segment(f"{box.get_bottom(of_frame)}\n", _EDGE)


def _lines(rows: ShownRows, measures: Sequence[Measure]) -> Iterator[Segment]:
    """Yield a line for the names of columns, and one for each row."""
    sizes = [min(measure.wanted, _MOST_PADDING) for measure in measures]
    are_numbers = [is_number(field.type) for field in rows.fields]

    def line(cells: Iterable[str]) -> Segment:
        padded = (
            _padded(text, size, is_right=is_right)
            for text, size, is_right in zip(cells, sizes, are_numbers, strict=True)
        )
        return Segment(_BETWEEN.join(padded).rstrip(" ") + "\n")

    yield line(measure.name for measure in measures)
    yield from map(line, _rows(rows))


def _rows(rows: ShownRows) -> Iterator[list[str]]:
    """Yield the texts of each row; a missing value is blank."""
    for batch in rows.batches():
        for row in zip(*(texts(column) for column in batch.columns), strict=True):
            yield [text or "" for text in row]


def _padded(text: str, size: int, *, is_right: bool) -> str:
    blanks = " " * (size - cell_len(text))
    return blanks + text if is_right else text + blanks
