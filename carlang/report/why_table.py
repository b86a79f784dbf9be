"""Why an output found its rows, or none, as a terminal shows it below the output."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from carlang.escapes import printable
from carlang.report.cells import texts
from carlang.results import (
    Nearest,
    Reason,
    StreamRows,
    ToldRow,
    ToldRows,
    ToldTest,
    ValueAt,
    Why,
    WrittenCondition,
    counted,
    reasons_text,
    shortened,
)

_LONGEST_CONDITION = 240
"""How many characters of a condition are shown: lists in it can have hundreds of values. JSON has all."""

_LONGEST_VALUE = 200
"""How many characters of a value are shown here; the rows above, and JSON, have all of it."""


def print_why(why: Why, console: Console) -> None:
    """Print what conditions leave of the rows of each stream, what hits met, and what came nearest."""
    _print_streams(why.streams, console)
    for hits in why.hits:
        _print_hits(hits, console)
    for nearest in why.nearest:
        _print_nearest(nearest, console)
    if why.unsaid:
        console.print(Text(f"Not said: {printable('; '.join(why.unsaid))}", style="dim"), overflow="fold")
    if why.error is not None:
        console.print(Text(f"Why is not known: {printable(why.error)}", style="red"), overflow="fold")
    console.print()


def _print_streams(streams: Iterable[StreamRows], console: Console) -> None:
    console.print(Text("Rows left after each condition:", style="bold"))
    grid = _grid("rows left", "stream", "place", "condition")
    for stream in streams:
        _add_rows(grid, stream.rows, stream.stream, stream.source, ())
        for each in stream.conditions:
            _add_rows(grid, each.rows, each.stream, each.condition, each.never)
    console.print(Padding(grid, (0, 0, 0, 2), expand=False))


def _add_rows(grid: Table, rows: int, stream: str, written: WrittenCondition, never: tuple[Reason, ...]) -> None:
    condition = Text(_condition(written))
    if never:
        condition.append(f"\n{_never(never)}", style="yellow")
    grid.add_row(f"{rows:,}", printable(stream), _place(written), condition)


def _print_hits(hits: ToldRows, console: Console) -> None:
    if not hits.rows:
        return
    first = "" if len(hits.rows) == hits.total else f", the first {len(hits.rows):,} of {hits.total:,}"
    console.print(Text(f"What the rows of {printable(hits.stream)} met{first}:", style="bold"), overflow="fold")
    for row in hits.rows:
        console.print(Text(f"  {_event(hits, row)}"), overflow="fold")
        grid = _grid("place", "condition", "values")
        for tested in row.tested:
            grid.add_row(_place(tested.condition), _condition(tested.condition), _values(hits, row, tested))
        console.print(Padding(grid, (0, 0, 0, 4), expand=False))


def _print_nearest(nearest: Nearest, console: Console) -> None:
    tests = counted(nearest.away, "test")
    head = f"Nearest to {printable(nearest.stream)}: rows that fail {tests} and meet all others"
    console.print(Text(head, style="bold"), overflow="fold")
    for group in nearest.groups:
        console.print(Text(f"  {counted(group.count, 'row')} that {'fails' if group.count == 1 else 'fail'}"))
        grid = _grid("place", "condition")
        for unmet in group.failed:
            condition = Text(_condition(unmet.condition))
            if unmet.never:
                condition.append(f"\n{_never(unmet.never)}", style="yellow")
            grid.add_row(_place(unmet.condition), condition)
        console.print(Padding(grid, (0, 0, 0, 4), expand=False))
        for row in group.examples.rows:
            values = "; ".join(filter(None, (_values(group.examples, row, tested) for tested in row.tested)))
            example = Text.assemble((_event(group.examples, row), "dim"), "  ", values)
            console.print(Padding(example, (0, 0, 0, 6), expand=False), overflow="fold")
    if nearest.more:
        console.print(Text(f"  {counted(nearest.more, 'more row')} that fail others", style="dim"))


def _grid(*names: str) -> Table:
    """Return a table without lines whose last columns fold."""
    grid = Table(box=None, pad_edge=False, show_header=False, padding=(0, 2, 0, 0))
    for name in names:
        folds = name in {"condition", "values"}
        grid.add_column(justify="right" if name == "rows left" else "left", overflow="fold", no_wrap=not folds)
    return grid


def _place(written: WrittenCondition) -> Text:
    where = "" if written.line is None else f"{written.line}:{written.column}"
    return Text(printable(" ".join(filter(None, (written.analytic, where)))), style="dim")


def _condition(written: WrittenCondition) -> str:
    return printable(shortened(written.text, _LONGEST_CONDITION))


def _never(reasons: tuple[Reason, ...]) -> str:
    return f"never met in this store: {printable(reasons_text(reasons))}"


def _event(rows: ToldRows, row: ToldRow) -> str:
    """Return what a row is known by: its values alone where their columns are those of an event."""
    values = [(value.name, _value(rows, row, value)) for value in rows.identity]
    return " · ".join(text if name in {"time", "hostname"} else f"{printable(name)} {text}" for name, text in values)


def _values(rows: ToldRows, row: ToldRow, tested: ToldTest) -> str:
    if tested.elsewhere:
        return "met by another record of the same occurrence"
    return ", ".join(f"{printable(value.name)} = {_value(rows, row, value)}" for value in tested.values)


def _value(rows: ToldRows, row: ToldRow, value: ValueAt) -> str:
    (text,) = texts(rows.table.column(value.column).slice(row.row, 1).combine_chunks())
    return "(none)" if text is None else shortened(text, _LONGEST_VALUE)
