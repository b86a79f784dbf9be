"""The reader of CSV files: a record a row, by the names in the first line.

A row is a line, unless a quoted cell goes on in the next ones. Arrow would take a quote that a damaged row leaves open
for such a cell, up to the next quote, and swallow the rows between. So rows are found here, and Arrow reads those that
end where they should.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as arrow_csv

from carlang.readers import budget, tuning
from carlang.readers.records import LogFile, ReadFault, Records, one_line
from carlang.readers.rows import Rows, unique_names
from carlang.readers.text import CONTROLS, is_text, utf8_blocks, utf8_start, valid_utf8, whole_lines

_DELIMITERS = ",;\t|"
_NAME = re.compile(r"[A-Za-z_@#][\w @#.:/()\[\]%-]{0,99}")
_TYPE_LINE = re.compile(rb"#TYPE [^\r\n]*\r?\n")
"""What Windows PowerShell's `Export-Csv` writes above the names."""
_FEWEST = 2  # one name alone would make a CSV file of any text whose first line is a word
_CLOSERS = 2
"""Lines that are tried as the end of a row which goes on: the first with an odd number of quotes is it, unless one of
its cells has a quote without being quoted."""


class CsvReader:
    """Reads a CSV file in blocks of rows; a row that is open, or has too many or too few cells, is rejected."""

    name = "CSV"

    def matches(self, head: bytes) -> bool:
        """Text whose first line are names, set off by commas, semicolons, tabs or bars, with a second line like it."""
        return is_text(head) and _delimiter(head) is not None

    def read(self, log: LogFile) -> Iterator[Records | ReadFault]:
        """Read all cells as texts; empty ones are missing."""
        texts = whole_lines(utf8_blocks(log.stream))
        first = utf8_start(next(texts, None) or b"")
        delimiter = _delimiter(first) or ","
        above = _TYPE_LINE.match(first)
        header, _, first = first[above.end() if above else 0 :].partition(b"\n")
        names = unique_names(next(csv.reader([_name_line(header)], delimiter=delimiter)))
        schema = pa.schema([(name, pa.string()) for name in names])
        table = _Table(schema, delimiter)
        with Rows(schema) as rows:
            for text in _and(first, texts):
                if text is None:
                    yield table.refused(budget.too_long("a line", tuning.LONGEST_LINE))
                    continue
                yield from table.read(valid_utf8(text).decode(), rows)
            yield from table.read("", rows, last=True)


def _and(first: bytes, texts: Iterator[bytes | None]) -> Iterator[bytes | None]:
    yield first
    yield from texts


def _name_line(line: bytes) -> str:
    """Return the line of names; a control character in it costs itself."""
    return line.translate(None, CONTROLS).decode("utf-8", "replace").rstrip("\r")


class _Table:
    """The rows of a file, which are numbered as they are found, and the lines that wait for the end of their row."""

    def __init__(self, schema: pa.Schema, delimiter: str) -> None:
        self._schema = schema
        self._delimiter = delimiter
        self._number = 0
        self._waiting: list[str] = []
        mark = re.escape(delimiter)
        # As Arrow reads them: a quote opens a cell at its beginning alone, and what follows on the closing one is text.
        # A carriage return outside of quotes ends a row like a newline, and is none of an export's own.
        cell = rf'(?:"[^"]*(?:""[^"]*)*"(?:[^"{mark}\r\n][^{mark}\r\n]*)?|[^"{mark}\r\n][^{mark}\r\n]*)?'
        self._row_pattern = rf"^{cell}(?:{mark}{cell})*\r*$"
        self._row = re.compile(self._row_pattern[1:-1])

    def refused(self, reason: str, text: str | None = None) -> ReadFault:
        """Count a row that cannot be read."""
        self._number += 1
        return ReadFault(reason, self._number, None if text is None else text[: tuning.SHOWN_TEXT])

    def read(self, text: str, rows: Rows, *, last: bool = False) -> Iterator[Records | ReadFault]:
        """Read whole lines; those of a row that goes on wait for the next."""
        lines = [*self._waiting, *text.split("\n")]
        self._waiting = []
        texts: list[str] = []
        numbers: list[int] = []
        for row in self._rows_of(lines, last=last):
            if isinstance(row, ReadFault):
                yield row
            else:
                self._number += 1
                texts.append(row)
                numbers.append(self._number)
        yield from self._parsed(texts, numbers, rows)

    def _rows_of(self, lines: Sequence[str], *, last: bool) -> Iterator[str | ReadFault]:
        """Yield rows, each with all of its lines, and what is none; blank lines are neither."""
        array = pa.array(lines, pa.string())
        quoted = pc.match_substring(array, '"')
        looked_at = pc.or_(quoted, pc.match_substring_regex(array, "\r[^\r]"))
        is_row = pc.or_(pc.invert(looked_at), pc.match_substring_regex(array, self._row_pattern))
        opens = set(pc.indices_nonzero(pc.invert(is_row)).to_pylist())
        odd = [i for i in pc.indices_nonzero(quoted).to_pylist() if lines[i].count('"') % 2] if opens else []
        failures: Counter[int] = Counter()
        index = 0
        while index < len(lines):
            line = lines[index]
            if index not in opens:
                index += 1
                if line.strip("\r"):
                    yield line
                continue
            while odd and odd[0] <= index:
                odd.pop(0)
            closer = next((end for end in odd[:_CLOSERS] if self._is_row(lines, index, end, failures)), None)
            if closer is not None:
                yield "\n".join(lines[index : closer + 1])
                index = closer + 1
            elif not odd and not last and sum(map(len, lines[index:])) < budget.longest(tuning.CSV_BLOCK):
                self._waiting = list(lines[index:])
                return
            else:
                is_open = line.count('"') > 0
                yield self.refused("a quote in it is not closed" if is_open else "a carriage return in it", line)
                index += 1

    def _is_row(self, lines: Sequence[str], begin: int, end: int, failures: Counter[int]) -> bool:
        """Tell whether lines are one row: as many cells as there are names, and not whole rows between damaged ones."""
        if failures[end] >= tuning.CSV_OPENERS:
            return False
        between = lines[begin + 1 : end]
        text = "\n".join(lines[begin : end + 1])
        good = (
            len(text) < budget.longest(tuning.CSV_BLOCK)
            and self._row.fullmatch(text) is not None
            and self._is_of_table(text)
        )
        # A cell of lines of which most look like rows is not impossible, but likely what a lost quote makes of rows.
        if good and len(self._schema) > _FEWEST and between:
            good = sum(map(self._is_of_table, between)) * 2 < len(between)
        failures[end] += not good
        return good

    def _is_of_table(self, text: str) -> bool:
        try:
            rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=self._delimiter))
        except csv.Error:
            return False
        return [len(row) for row in rows] == [len(self._schema)]

    def _parsed(self, texts: Sequence[str], numbers: Sequence[int], rows: Rows) -> Iterator[Records | ReadFault]:
        """Yield rows as records; those of another number of cells are refused."""
        if not texts:
            return
        refused: dict[int, str] = {}

        def refuse(row: arrow_csv.InvalidRow) -> str:
            refused[row.number - 1] = f"{row.actual_columns} cells where the first line has {row.expected_columns}"
            return "skip"

        content = "\n".join(texts).encode()
        try:
            table = arrow_csv.read_csv(
                pa.py_buffer(content),
                arrow_csv.ReadOptions(use_threads=False, block_size=len(content) + 1, column_names=self._schema.names),
                arrow_csv.ParseOptions(delimiter=self._delimiter, newlines_in_values=True, invalid_row_handler=refuse),
                arrow_csv.ConvertOptions(
                    column_types=self._schema,
                    null_values=[""],
                    strings_can_be_null=True,
                    quoted_strings_can_be_null=True,
                ),
            )
        except pa.ArrowInvalid as error:
            if len(texts) == 1:
                yield ReadFault(f"not readable as CSV: {one_line(error)}", numbers[0], texts[0][: tuning.SHOWN_TEXT])
                return
            half = len(texts) // 2
            yield from self._parsed(texts[:half], numbers[:half], rows)
            yield from self._parsed(texts[half:], numbers[half:], rows)
            return
        for index, reason in refused.items():
            yield ReadFault(reason, numbers[index], texts[index][: tuning.SHOWN_TEXT])
        kept = pa.array([number for index, number in enumerate(numbers) if index not in refused], pa.int64())
        yield from rows.records(table, kept)


def _delimiter(head: bytes) -> str | None:
    """Return what sets the names in the first line off; None where there is no such line, or only one."""
    start = utf8_start(head)
    above = _TYPE_LINE.match(start)
    lines = start[above.end() if above else 0 :].translate(None, CONTROLS).decode("utf-8", "replace").split("\n")[:2]
    if len(lines) < _FEWEST:
        return None
    for delimiter in sorted(_DELIMITERS, key=lines[0].count, reverse=True):
        try:
            names, cells = (next(csv.reader([line], delimiter=delimiter), []) for line in lines)
        except csv.Error:
            continue
        # A cell may go on in the next line; what is on this one is fewer cells then.
        open_quote = lines[1].count('"') % 2
        same = len(cells) == len(names) or (open_quote and len(cells) <= len(names))
        if len(names) >= _FEWEST and same and all(map(_NAME.fullmatch, names)) and len(set(names)) == len(names):
            return delimiter
    return None
