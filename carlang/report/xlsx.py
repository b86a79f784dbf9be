"""`--format xlsx`: the timeline as a workbook, with what was not seen on a sheet of its own."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC
from pathlib import Path

from xlsxwriter import Workbook
from xlsxwriter.exceptions import FileCreateError
from xlsxwriter.worksheet import Worksheet

from carlang.report.spreadsheets import cell_text
from carlang.report.streams import Stream, file_or_pipe, valid
from carlang.report.timeline_rows import COLUMNS, Entry, timeline
from carlang.report.values import MICROSECONDS, instant
from carlang.report.view import View

SHEET_ROWS = 1_000_000
"""How many hits a sheet has; Excel's has 1,048,576 rows."""
PART_LENGTH = 16_000
"""How many characters of a text a cell has: Excel takes 32,767 units of UTF-16, two of which a character may have."""
GOES_ON = " … goes on in sheet Rest"

_DAY = 86_400 * MICROSECONDS
# Excel counts days from the end of 1899, and takes 1900 for a leap year: from March on it is right.
_EPOCH_DAY = 25_569
# 1 March 1900, and the day behind 31 December 9999, Excel's last.
_FIRST_DAY, _LAST_DAY = 61, 2_958_466
# In characters, as Excel counts; what is not named has room for a host or a user.
_WIDTHS = {"time": 23, "weight": 7, "process": 40, "command_line": 60, "parent": 40, "title": 32, "details": 80}


def write_xlsx(view: View, stream: Stream) -> None:
    """Write the timeline of a run as a workbook; sheet `Run` has what no hit says.

    A row is written when it is there, to a file in the folder for temporary files, so that memory holds one.

    Raises:
        ReportError: the stream takes text alone, or is a terminal.
    """
    raw = file_or_pipe(stream, "xlsx")
    # The library removes its files when the book is closed, which it is not where something fails. The book is one of
    # them, as a pipe would get other bytes than a file: an archive that cannot go back says of its parts behind them
    # how long they are.
    with tempfile.TemporaryDirectory(prefix="carlang-", ignore_cleanup_errors=True) as folder:
        path = Path(folder, "book.xlsx")
        book = _Book(path, view)
        try:
            book.write_timeline(timeline(view))
            book.write_remarks(view)
            book.close()
        finally:
            book.release()
        with path.open("rb") as written:
            shutil.copyfileobj(written, raw)


class _Book:
    """A workbook whose cells are numbers, times and texts, and never formulas or links."""

    def __init__(self, path: Path, view: View) -> None:
        options = {"constant_memory": True, "tmpdir": str(path.parent), "use_zip64": True}
        self._book = Workbook(str(path), {**options, "strings_to_formulas": False, "strings_to_urls": False})
        # The bytes of a file hang on the run alone, and not on the clock.
        created = view.now.astimezone(UTC).replace(tzinfo=None)
        self._book.set_properties({"title": "carlang timeline", "created": created})
        self._bold = self._book.add_format({"bold": True})
        self._time = self._book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss.000"})
        self._timeline = self._new_timeline("Timeline")
        self._run = self._book.add_worksheet("Run")
        self._rest: Worksheet | None = None
        self._rest_rows = 0

    def write_timeline(self, entries: Iterator[Entry]) -> None:
        """Write hits, a row each; what no sheet has room for goes to another one."""
        count = row = 0
        for count, entry in enumerate(entries):
            if count and count % SHEET_ROWS == 0:
                self._finish_timeline(SHEET_ROWS)
                self._timeline = self._new_timeline(f"Timeline {count // SHEET_ROWS + 1}")
            row = count % SHEET_ROWS + 1
            for column, name in enumerate(COLUMNS):
                self._put(self._timeline, row, column, getattr(entry, name), entry.moment if name == "time" else None)
        self._finish_timeline(row)

    def write_remarks(self, view: View) -> None:
        """Write what the run was of, what it came to, and what could not be seen and why."""
        rows: list[Sequence[str]] = [
            ("now", instant(view.now)),
            ("store", view.store),
            ("summary", str(view.tally)),
            *([("baseline", view.excluded_text)] if view.excluded_text else []),
            (),
            ("not seen", "analytic", "title", "output", "why"),
        ]
        rows += view.unseen
        rows += [("gaps", "", "", "", view.gaps_text)] if view.gaps_text else []
        for row, values in enumerate(rows):
            for column, value in enumerate(values):
                self._put(self._run, row, column, value)
        self._run.set_column(0, 4, 24)

    def close(self) -> None:
        """Write the file; raises `OSError` where it cannot be, which the library wraps."""
        try:
            self._book.close()
        except FileCreateError as error:
            raise OSError(*getattr(error.args[0], "args", error.args)) from error

    def release(self) -> None:
        """Close the files of rows, which the library leaves open where it did not come to its end."""
        for sheet in self._book.worksheets():
            sheet.row_data_fh.close()

    def _new_timeline(self, name: str) -> Worksheet:
        sheet = self._book.add_worksheet(name)
        sheet.freeze_panes(1, 1)
        for column, title in enumerate(COLUMNS):
            sheet.set_column(column, column, _WIDTHS.get(title, 16))
            sheet.write_string(0, column, title, self._bold)
        return sheet

    def _finish_timeline(self, rows: int) -> None:
        self._timeline.autofilter(0, 0, rows, len(COLUMNS) - 1)

    def _put(
        self, sheet: Worksheet, row: int, column: int, value: str | float | None, moment: int | None = None
    ) -> None:
        """Write a value to a cell, as what it is: a time that Excel knows, a number, a text."""
        if isinstance(value, str):
            day = 0.0 if moment is None else moment / _DAY + _EPOCH_DAY
            if _FIRST_DAY <= day < _LAST_DAY:
                sheet.write_number(row, column, day, self._time)
            else:
                self._put_text(sheet, row, column, value)
        elif value is not None:
            sheet.write_number(row, column, value)

    def _put_text(self, sheet: Worksheet, row: int, column: int, value: str) -> None:
        text = cell_text(valid(value))
        if len(text) <= PART_LENGTH:
            sheet.write_string(row, column, text)
            return
        sheet.write_string(row, column, text[:PART_LENGTH] + GOES_ON)
        for start in range(PART_LENGTH, len(text), PART_LENGTH):
            self._put_rest(sheet.get_name(), row + 1, column, text[start : start + PART_LENGTH])

    def _put_rest(self, sheet: str, row: int, column: int, part: str) -> None:
        """Write what a cell has no room for to a sheet of its own: where it belongs, and the next part of it."""
        if self._rest is None:
            self._rest = self._book.add_worksheet("Rest")
            for number, title in enumerate(("sheet", "row", "column", "text")):
                self._rest.write_string(0, number, title, self._bold)
        self._rest_rows += 1
        self._rest.write_string(self._rest_rows, 0, sheet)
        self._rest.write_number(self._rest_rows, 1, row)
        self._rest.write_number(self._rest_rows, 2, column + 1)
        self._rest.write_string(self._rest_rows, 3, part)
