"""The reader of answers that are tables: columns once, and rows of values without names.

Log Analytics and Azure Data Explorer answer so (`tables`, `columns`, `rows`), and Elasticsearch what ES|QL asks
(`columns`, `values`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from carlang.readers import budget, tuning
from carlang.readers.records import LogFile, ReadFault, Records
from carlang.readers.text import is_text, utf8_blocks, utf8_start, valid_utf8

_MEMBER = r'"[^"]*"\s*:\s*(?:"(?:[^"\\]|\\.)*"|[^\s"{}\[\],:]+|\{[^{}]*\}|\[(?:[^\[\]{}]|\{[^{}]*\})*\])\s*,\s*'
_COLUMNS = r"\[(?:[^\[\]{}]|\{[^{}]*\})*\]"
_TABLE = rf'"[Cc]olumns"\s*:\s*(?P<columns>{_COLUMNS})\s*,\s*"(?:rows|Rows|values)"\s*:\s*\['
_ANSWER = re.compile(
    rf'^\s*\{{\s*(?:{_MEMBER})*?(?:"[Tt]ables"\s*:\s*\[\s*\{{\s*(?:{_MEMBER})*?)?{_TABLE}(?=\s*[\[\]])'
)
_NEXT_TABLE = re.compile(_TABLE)
_BETWEEN = re.compile(r"[\s,]*")
_NAMES = ("name", "ColumnName")
_LONGEST_WORD = len("-Infinity")


class AnswerTablesReader:
    """Reads the rows of tables, each as a record of the values by the columns' names."""

    name = "tables of an answer"

    def matches(self, head: bytes) -> bool:
        """An object in which columns stand before rows, near its beginning."""
        start = utf8_start(head)[: tuning.ANSWER_HEAD]
        return is_text(head) and start[:1] == b"{" and _ANSWER.match(start.decode("utf-8", "replace")) is not None

    def read(self, log: LogFile) -> Iterator[Records | ReadFault]:
        """Cut the text between rows; what stands between tables, and after the last, holds no rows."""
        tables = _Tables()
        for block in utf8_blocks(log.stream):
            tables.text += valid_utf8(block).decode()
            if block:
                yield from tables.rows()
            if len(tables.text) > budget.longest(tuning.LARGEST_DOCUMENT):
                yield ReadFault(budget.too_long("a row", tuning.LARGEST_DOCUMENT), tables.number)
                return
        yield from tables.rows(last=True)


class _Tables:
    """The text that has not been cut yet, the columns of the table that it is in, and the number of the next row."""

    def __init__(self) -> None:
        self.text = ""
        self.number = 1
        self._position = 0
        self._columns: list[str] | None = None
        self._decoder = json.JSONDecoder(strict=False)

    def rows(self, *, last: bool = False) -> Iterator[Records | ReadFault]:
        """Take all rows off the text that are complete; of the `last` text nothing waits for more."""
        records: list[str] = []
        numbers: list[int] = []
        while (columns := self._next()) is not None:
            begin = self._position
            try:
                row, self._position = self._decoder.raw_decode(self.text, begin)
            except (ValueError, RecursionError) as error:
                if not last and _may_go_on(error, len(self.text)):
                    break
                yield ReadFault(f"not valid JSON: {error}", self.number, self.text[begin:][: tuning.SHOWN_TEXT])
                # Where the next row begins, nobody can say; the next table tells.
                self._columns, self._position = None, begin + 1
                continue
            if isinstance(row, list) and len(row) == len(columns):
                records.append(json.dumps(dict(zip(columns, row, strict=True)), ensure_ascii=False))
                numbers.append(self.number)
            else:
                cells = len(row) if isinstance(row, list) else "no"
                shown = self.text[begin : self._position][: tuning.SHOWN_TEXT]
                yield ReadFault(f"{cells} values where there are {len(columns)} columns", self.number, shown)
            self.number += 1
        if records:
            yield Records.of(records, numbers, sum(map(len, records)))
        self.text, self._position = self.text[self._position :], 0

    def _next(self) -> list[str] | None:
        """Go to the next row, which may be in another table; return its columns, None where the text ends before it."""
        while True:
            if self._columns is None:
                table = _NEXT_TABLE.search(self.text, self._position)
                if table is None:
                    # The head of a table may be cut by the end of the block.
                    self._position = max(self._position, len(self.text) - tuning.ANSWER_HEAD)
                    return None
                self._columns, self._position = _column_names(table["columns"]), table.end()
            between = _BETWEEN.match(self.text, self._position)
            self._position = between.end() if between else self._position
            if self._position >= len(self.text):
                return None
            if self.text[self._position] != "]":
                return self._columns
            self._columns, self._position = None, self._position + 1


def _column_names(columns: str) -> list[str]:
    """Return the names of columns, which are objects; what is none is called by its place."""
    try:
        read = json.loads(columns)
    except ValueError:
        read = []
    return [
        next((each[key] for key in _NAMES if isinstance(each, dict) and isinstance(each.get(key), str)), f"column{n}")
        for n, each in enumerate(read, 1)
    ]


def _may_go_on(error: Exception, length: int) -> bool:
    """Tell whether a row may be complete once there is more text: it ends in a string, or in a word."""
    if not isinstance(error, json.JSONDecodeError):
        return False
    return error.msg.startswith("Unterminated string") or error.pos >= length - _LONGEST_WORD
