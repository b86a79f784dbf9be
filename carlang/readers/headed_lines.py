"""Logs of lines under headers: values set off by a sign, named by lines with `#` which may come again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from types import TracebackType
from typing import BinaryIO, Self

import pyarrow as pa
import pyarrow.compute as pc

from carlang.readers import budget, tuning
from carlang.readers.feed import Feed
from carlang.readers.records import ReadFault, Records
from carlang.readers.text import CONTROLS, utf8_blocks, whole_lines

BEFORE_HEADER = "a line before any header"

_LINES = pa.schema([("number", pa.int64()), ("line", pa.string())])
_NO_CONTROLS = dict.fromkeys(CONTROLS)


@dataclass(frozen=True, slots=True)
class HeaderLine:
    """A line with `#`, without control characters: in a header, one costs itself alone."""

    number: int
    text: str

    def unread(self) -> ReadFault:
        """Return that the line says nothing that a header does."""
        return ReadFault("no line of a header", self.number, self.text[: tuning.SHOWN_TEXT])


def parted_lines(stream: BinaryIO, number: int) -> Iterator[HeaderLine | Records | ReadFault]:
    """Yield the lines of a log in blocks, those with `#` by themselves, and a fault for each that is too long.

    `number` is that of the first line.
    """
    for text in whole_lines(utf8_blocks(stream)):
        if text is None:
            yield ReadFault(budget.too_long("a line", tuning.LONGEST_LINE), number)
            number += 1
            continue
        block = Records.of_text(text, number)
        number += len(block.lines)
        yield from header_lines_and_others(block)


def header_lines_and_others(block: Records) -> Iterator[HeaderLine | Records]:
    """Cut a block at its lines with `#`; what stands between two of them comes as it is."""
    begin = 0
    for position in pc.indices_nonzero(pc.starts_with(block.lines, "#")).to_pylist():
        if position > begin:
            yield replace(block, lines=block.lines[begin:position], numbers=block.numbers[begin:position])
        yield HeaderLine(block.numbers[position].as_py(), block.lines[position].as_py().translate(_NO_CONTROLS))
        begin = position + 1
    if begin < len(block.lines):
        yield replace(block, lines=block.lines[begin:], numbers=block.numbers[begin:])


class HeadedLines:
    """Makes records of lines by the query of the header above them; used as a context manager."""

    def __init__(self, macros: Sequence[str] = ()) -> None:
        self._feed = Feed(_LINES)
        self._connection = budget.open_engine()
        for macro in macros:
            self._connection.execute(macro)
        self._connection.register("lines", self._feed)
        self._query = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.unregister("lines")
        self._connection.close()

    def read(
        self, query: str, fields: Sequence[str], block: Records, shape: str | None = None
    ) -> Iterator[Records | ReadFault]:
        """Yield the records of lines, and faults for those that are none.

        Args:
            query: Gives of the table `lines` the columns `number`, `line`, `record`, and `cells`, the number of values;
                where `record` is null, the line has another number of them than the header.
            fields: What the header names; without any, no line can be read.
            block: The lines.
            shape: That of the records, where all have one.
        """
        if not fields:
            for number, line in zip(block.numbers.to_pylist(), block.lines.to_pylist(), strict=True):
                if line.strip():
                    yield ReadFault(BEFORE_HEADER, number, line[: tuning.SHOWN_TEXT])
            return
        # A file has one header, or one an hour where logs were joined: to prepare anew is rare.
        if query != self._query:
            self._connection.execute(f"PREPARE headed AS {query}")
            self._query = query
        self._feed.rows = pa.table([block.numbers, block.lines], schema=_LINES)
        read = self._connection.sql("EXECUTE headed").to_arrow_table()
        good = read.filter(pc.is_valid(read["record"]))
        for row in read.filter(pc.is_null(read["record"])).to_pylist():
            reason = f"{row['cells']} values where the header has {len(fields)}"
            yield ReadFault(reason, row["number"], row["line"])
        if good.num_rows:
            size = good["record"].nbytes
            yield Records(good["record"].combine_chunks(), good["number"].combine_chunks(), size, shape)
