"""`--format timeline`: hits in the order of time, a line of CSV each, to be opened in a spreadsheet."""

from __future__ import annotations

from operator import attrgetter

from carlang.report.csv import csv_line, csv_writer
from carlang.report.spreadsheets import without_formulas
from carlang.report.streams import Stream
from carlang.report.timeline_rows import COLUMNS, timeline
from carlang.report.view import View


def write_timeline(view: View, stream: Stream) -> None:
    """Write the hits of a run as CSV, in columns that are always the same, by time.

    Texts that a spreadsheet could take for a formula have an apostrophe more, by a rule that can be turned back.
    """
    write = csv_writer(stream)
    write(csv_line(COLUMNS))
    cells = attrgetter(*COLUMNS)
    for entry in timeline(view):
        write(csv_line(map(_cell, cells(entry))))


def _cell(value: str | float | None) -> str | None:
    return without_formulas(value) if isinstance(value, str) else None if value is None else f"{value:.12g}"
