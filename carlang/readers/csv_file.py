"""The reader of CSV files: a record a row, by the names in the first line."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator

import pyarrow as pa
from pyarrow import csv as arrow_csv

from carlang.readers import tuning
from carlang.readers.records import LogFile, ReadFault, Records, one_line
from carlang.readers.rows import Rows, unique_names
from carlang.readers.text import Utf8Stream, is_text, utf8_start

_DELIMITERS = ",;\t|"
_NAME = re.compile(r"[A-Za-z_@#][\w @#.:/()\[\]%-]{0,99}")
_TYPE_LINE = re.compile(rb"#TYPE [^\r\n]*\r?\n")
"""What Windows PowerShell's `Export-Csv` writes above the names."""
_FEWEST = 2  # one name alone would make a CSV file of any text whose first line is a word


class CsvReader:
    """Reads a CSV file in blocks of rows; cells may span lines, a row with too many or too few cells is rejected."""

    name = "CSV"

    def matches(self, head: bytes) -> bool:
        """Text whose first line are names, set off by commas, semicolons, tabs or bars, with a second line like it."""
        return is_text(head) and _delimiter(head) is not None

    def read(self, log: LogFile) -> Iterator[Records | ReadFault]:
        """Read all cells as texts; empty ones are missing."""
        stream = Utf8Stream(log.stream)
        # Names are read here and not by Arrow, which would refuse two of the same name.
        head = stream.peek(tuning.CSV_BLOCK)
        delimiter = _delimiter(head) or ","
        above = _TYPE_LINE.match(head)
        head = head[above.end() :] if above else head
        names = unique_names(next(csv.reader(io.StringIO(head.decode("utf-8", "replace")), delimiter=delimiter)))
        schema = pa.schema([(name, pa.string()) for name in names])
        faults: list[ReadFault] = []

        def refuse(row: arrow_csv.InvalidRow) -> str:
            reason = f"{row.actual_columns} cells where the first line has {row.expected_columns}"
            faults.append(ReadFault(reason, row.number, row.text))
            return "skip"

        try:
            reader = arrow_csv.open_csv(
                pa.PythonFile(stream, "r"),
                arrow_csv.ReadOptions(
                    use_threads=False, block_size=tuning.CSV_BLOCK, skip_rows=2 if above else 1, column_names=names
                ),
                arrow_csv.ParseOptions(delimiter=delimiter, newlines_in_values=True, invalid_row_handler=refuse),
                arrow_csv.ConvertOptions(
                    column_types=schema, null_values=[""], strings_can_be_null=True, quoted_strings_can_be_null=True
                ),
            )
            with Rows(schema) as rows:
                for batch in reader:
                    yield from faults
                    faults.clear()
                    if batch.num_rows:
                        yield rows.records(batch)
        except pa.ArrowInvalid as error:
            faults.append(ReadFault(f"not readable as CSV: {one_line(error)}"))
        yield from faults


def _delimiter(head: bytes) -> str | None:
    """Return what sets the names in the first line off; None where there is no such line, or only one."""
    start = utf8_start(head)
    above = _TYPE_LINE.match(start)
    lines = start[above.end() if above else 0 :].decode("utf-8", "replace").splitlines()[:2]
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
