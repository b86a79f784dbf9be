"""`--format table`: what a terminal shows."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from carlang.escapes import printable
from carlang.model.types import Kind
from carlang.report import print_summary, print_why
from carlang.report.columns import arrange
from carlang.report.framed import print_rows
from carlang.report.remarks import print_remarks
from carlang.report.row_blocks import ShownRows
from carlang.report.screen import Look, console_for
from carlang.report.streams import Stream
from carlang.report.view import OutputView, View
from carlang.results import counted

_MOST_NAMES = 6
"""How many names of columns that did not fit are said."""


def write_table(view: View, stream: Stream, look: Look) -> None:
    """Write a run as tables: what it comes to, one for each output that found something, then who found nothing.

    The remarks are the end. Groups of hits take the place of the rows, which would bury them.
    """
    console = console_for(stream, look)
    if view.triage is not None:
        print_summary(view.triage, console, [output.number for output in view.outputs])
    if view.triage is None or view.triage.grouped_by is None:
        for output in view.findings:
            _print_output(output, console, view.chosen)
    elif any(output.why for output in view.findings):
        _print_whys(view.findings, console)
    _print_quiet(view.quiet, console)
    for entry in view.not_run:
        if entry.why is not None:
            console.print(Text(printable(f"{entry.analytic}  output {entry.output}"), style="bold"), overflow="fold")
            print_why(entry.why, console)
    print_remarks(view, console)


def _print_output(output: OutputView, console: Console, chosen: Sequence[str] | None) -> None:
    console.print(_name(output), overflow="fold")
    console.print(Text(printable(output.facts), style="cyan"), overflow="fold")
    if output.unseen:
        console.print(Text(printable(output.unseen), style="yellow"), overflow="fold")
    if chosen is not None:
        _print_chosen(output, console, chosen)
    else:
        _print_arranged(output, console)
    console.print()
    if output.why is not None:
        print_why(output.why, console)


def _print_arranged(output: OutputView, console: Console) -> None:
    """Print the columns that a reader wants first, and say how many more there are."""
    arrangement = arrange(output.rows, output.tested, output.computed)
    if arrangement.same_text:
        console.print(Text(f"{output.every_row}: {arrangement.same_text}", style="dim"), overflow="fold")
    if output.shown:
        rows = ShownRows(output.rows, arrangement.shown, output.number)
        unfitting = print_rows(rows, arrangement.need, console) if arrangement.shown else []
        more = len(arrangement.columns) - len(arrangement.shown)
        if remark := _left_out(unfitting, more, arrangement.empty, output.every_row):
            console.print(Text(remark, style="dim"), overflow="fold")


def _print_whys(outputs: Sequence[OutputView], console: Console) -> None:
    """Print why outputs found their rows, where these are not shown."""
    for output in outputs:
        if output.why is not None:
            console.print(_name(output), overflow="fold")
            print_why(output.why, console)


def _print_chosen(output: OutputView, console: Console, chosen: Sequence[str]) -> None:
    """Print the columns that were asked for, those without a value, too."""
    names = output.rows.schema.names
    if all(column.type.kind is Kind.NULL for column in output.columns):
        remark = f"it has none of these columns: {printable(', '.join(chosen))}"
        console.print(Text(remark, style="dim"), overflow="fold")
    elif output.shown:
        unfitting = print_rows(ShownRows(output.rows, range(len(names)), output.number), None, console)
        if remark := _left_out(unfitting, 0, 0, output.every_row):
            console.print(Text(remark, style="dim"), overflow="fold")


def _name(output: OutputView) -> Text:
    return Text.assemble((printable(output.analytic), "bold"), "  " if output.title else "", printable(output.title))


def _left_out(unfitting: Sequence[str], more: int, empty: int, every_row: str) -> str:
    """Return what to say of the columns that are not there."""
    parts = []
    if unfitting:
        named = ", ".join(unfitting[:_MOST_NAMES]) + (", …" if len(unfitting) > _MOST_NAMES else "")
        parts.append(f"did not fit: {named}")
    if more:
        parts.append(f"{counted(more, 'more column')} with values (`--show N` has all of a hit)")
    if empty:
        parts.append(f"{counted(empty, 'column')} empty in {every_row}")
    return "; ".join(parts)


def _print_quiet(outputs: Sequence[OutputView], console: Console) -> None:
    if not outputs:
        return
    console.print(Text("Ran and found nothing:", style="bold"))
    for output in outputs:
        excluded = [f"{output.excluded_rows:,} excluded"] if output.excluded else []
        facts = ", ".join([*output.techniques, f"output {output.name}", *excluded])
        console.print(Text.assemble("  ", _name(output), (f"  {printable(facts)}", "dim")), overflow="fold")
        if output.why is not None:
            print_why(output.why, console)
    if outputs[-1].why is None:  # else a line is left free behind it
        console.print()
