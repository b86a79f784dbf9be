"""The reader of logs in the W3C's extended format: IIS, HTTP.sys, CloudFront, proxies and firewalls write it.

A line has the values that the `#Fields:` above it names. IIS writes that anew, behind another `#Software:`, whenever it
starts and whenever somebody chooses other fields, so that a file may hold many.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property
from typing import BinaryIO, assert_never

from carlang.database.quoting import text_literal
from carlang.readers import tuning
from carlang.readers.headed_lines import HeadedLines, HeaderLine, header_lines_and_others, parted_lines
from carlang.readers.records import LogFile, ReadFault, Records, read_some
from carlang.readers.rows import unique_names
from carlang.readers.text import CONTROLS, is_text, utf8_start, whole_lines

SHAPE = "w3c_log"

# Fields that proxies alone have: what they did, whom they asked, the parts of a URL that a server is not sent.
_OF_PROXIES = frozenset({"s-action", "s-hierarchy", "r-ip", "r-host", "r-dns", "cs-uri-scheme", "cs-uri-port"})

# What a server is sent may be a whole URL, too, from whoever tries whether it is a proxy.
_SERVERS = ("Microsoft Internet Information Services", "Microsoft HTTP API")
_WHOLE_URL = "^[A-Za-z][A-Za-z0-9+.-]*://"

# Exchange's own logs have commas between the names, and are tables of CSV but for what stands above them.
_FIELDS = re.compile(rb"#Fields:[ \t]*[^\s,]+(?:[ \t]+[^\s,]+)+[ \t]*\r?$", re.IGNORECASE)
_DIRECTIVE = re.compile(r"#([A-Za-z][\w -]*):\s*(.*?)\s*$")
_ANY_DIRECTIVE = re.compile(rb"^#[^\n]*$", re.MULTILINE)
_DATE = re.compile(r"(\d{4}-\d\d-\d\d)(?:\s+(\d\d:\d\d:\d\d)|\s|$)")
_TIME = re.compile(r"([01]\d|2[0-3]):\d\d:\d\d")


class W3cReader:
    """Reads each line under the fields that were named last; a line of another number of values is rejected."""

    name = "W3C extended log"

    def matches(self, head: bytes) -> bool:
        """Text with a line of names that begins with `#Fields:` among its first."""
        if not is_text(head):
            return False
        lines = utf8_start(head).split(b"\n", tuning.LINES_LOOKED_AT)[: tuning.LINES_LOOKED_AT]
        return any(_FIELDS.match(line.translate(None, CONTROLS)) for line in lines)

    def read(self, log: LogFile) -> Iterator[Records | ReadFault]:
        """Read blocks of lines, each under the header above it."""
        header = _header_before(log)
        with HeadedLines() as lines:
            for part in parted_lines(log.stream, log.line):
                match part:
                    case Records():
                        for day_header, day in header.days(part):
                            header = day_header
                            yield from lines.read(header.query, header.fields, day, SHAPE)
                    case ReadFault():
                        yield part
                    case HeaderLine() if _DIRECTIVE.match(part.text):
                        header = header.with_line(part.text)
                    case HeaderLine():
                        yield part.unread()
                    case _:
                        assert_never(part)


@dataclass(frozen=True)
class _Header:
    """What the lines with `#` say: names in lower case, as writers differ in theirs."""

    software: str = ""
    date: str = ""
    fields: tuple[str, ...] = ()
    clock: str = ""
    """The time last read, where the date is that of the header."""

    def with_line(self, line: str) -> _Header:
        """Return the header with one more line of it; most say nothing of the lines below."""
        match = _DIRECTIVE.match(line)
        if match is None:
            return self
        value = match[2]
        match match[1].lower():
            case "software":
                return replace(self, software=value)
            case "date" | "start-date":
                moment = _DATE.match(value)
                return replace(self, date=moment[1] if moment else "", clock=(moment[2] or "") if moment else "")
            case "fields":
                return replace(self, fields=tuple(unique_names(_names(value.lower()))))
            case _:
                return self

    @property
    def counts_days(self) -> bool:
        """Whether lines have a time of the day alone, so that midnight has to be seen in them."""
        return bool(self.date) and "time" in self.fields and "date" not in self.fields

    def days(self, lines: Records) -> list[tuple[_Header, Records]]:
        """Cut lines where a day ends; each part is one of the header that it comes with."""
        if not self.counts_days:
            return [(self, lines)]
        header, begin = self, 0
        parts: list[tuple[_Header, Records]] = []
        column = self.fields.index("time")
        for number, line in enumerate(lines.lines.to_pylist()):
            time = _TIME.fullmatch("".join(line.split()[column : column + 1]))
            if time is None:
                continue
            if header.clock and int(header.clock[:2]) - int(time[1]) >= tuning.HOURS_BACK:
                parts.append(
                    (header, replace(lines, lines=lines.lines[begin:number], numbers=lines.numbers[begin:number]))
                )
                header, begin = replace(header, date=_next_day(header.date)), number
            header = replace(header, clock=time[0])
        return [*parts, (header, replace(lines, lines=lines.lines[begin:], numbers=lines.numbers[begin:]))]

    @cached_property
    def query(self) -> str:
        """The query that makes records of the table `lines`; where `record` is null, the number of values is wrong."""
        log = [("Software", self.software)]
        # IIS once wrote the time alone by default: the date is that of the header.
        log += [] if "date" in self.fields else [("date", self.date)]
        values = [f"'Channel', {self._channel}"]
        values += [f"{text_literal(name)}, {text_literal(value)}" for name, value in log if value]
        values += [f"{text_literal(name)}, nullif(v[{n}], '-')" for n, name in enumerate(self.fields, start=1)]
        record = f"CAST(json_merge_patch('{{}}', json_object({', '.join(values)})) AS VARCHAR)"
        # Names are literals; the lines are never part of the text.
        return f"""
        SELECT number, line, CASE WHEN len(v) = {len(self.fields)} THEN {record} END AS record, len(v) AS cells
        FROM (SELECT number, line, {self._values("rtrim(line, ' ' || chr(13))")} AS v
          FROM lines WHERE rtrim(line, ' ' || chr(13)) <> '')"""  # noqa: S608

    @property
    def _channel(self) -> str:
        """The SQL of whose a line is: of a proxy by the names of its values or, where these do not tell, by its URL."""
        if _OF_PROXIES.intersection(self.fields):
            return "'W3C/proxy'"
        if "cs-uri" not in self.fields or self.software.startswith(_SERVERS):
            return "'W3C'"
        asked = f"regexp_matches(v[{self.fields.index('cs-uri') + 1}], '{_WHOLE_URL}')"
        if "cs-method" in self.fields:
            asked += f" OR v[{self.fields.index('cs-method') + 1}] = 'CONNECT'"
        return f"CASE WHEN {asked} THEN 'W3C/proxy' ELSE 'W3C' END"

    def _values(self, line: str) -> str:
        """Return the SQL of a line's values.

        CloudFront has tabs between them. The format has texts with blanks in quotes, but Microsoft writes `+` for a
        blank, and a quote that somebody sent as it was sent.
        """
        plain = f"string_split({line}, CASE WHEN contains({line}, chr(9)) THEN chr(9) ELSE ' ' END)"
        if self.software.startswith("Microsoft"):
            return plain
        words = rf"""regexp_extract_all({line}, '(?:"[^"]*"|[^ \t"])+')"""
        unquoted = """CASE WHEN x LIKE '"%"' THEN replace(substr(x, 2, length(x) - 2), '""', '"') ELSE x END"""
        return f"""
        CASE WHEN contains({line}, '"') AND NOT contains({line}, chr(9))
          THEN list_transform({words}, lambda x: {unquoted}) ELSE {plain} END"""


def _names(value: str) -> list[str]:
    """Return the names of a header; between tabs, as ISA Server has them, they may have blanks."""
    return [name.strip() for name in value.split("\t")] if "\t" in value else value.split()


def _header_before(log: LogFile) -> _Header:
    """Return the header under which the lines stand that are read of a file whose beginning was read before."""
    header = _Header()
    if not log.begin:
        return header
    log.stream.seek(0)
    for text in whole_lines(_first_blocks(log.stream, log.begin)):
        header = _header_behind(header, text or b"")
    log.stream.seek(log.begin)
    return header


def _header_behind(header: _Header, text: bytes) -> _Header:
    """Return the header that is in force behind some lines; lines are looked at only where they tell of a new day."""
    headers = [header]
    for line in _ANY_DIRECTIVE.findall(text):
        headers.append(headers[-1].with_line(line.translate(None, CONTROLS).decode("utf-8", "replace")))
    if not any(each.counts_days for each in headers):
        return headers[-1]
    for part in header_lines_and_others(Records.of_text(text, 1)):
        header = header.days(part)[-1][0] if isinstance(part, Records) else header.with_line(part.text)
    return header


def _next_day(day: str) -> str:
    """Return the date of the day after; one that is none stays as it is."""
    try:
        return (date.fromisoformat(day) + timedelta(days=1)).isoformat()
    except (ValueError, OverflowError):
        return day


def _first_blocks(stream: BinaryIO, size: int) -> Iterator[bytes]:
    while size > 0 and (piece := read_some(stream, min(size, tuning.PIECE))):
        size -= len(piece)
        yield piece
