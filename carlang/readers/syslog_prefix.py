"""What syslog puts before a message: the time, the host and the program that sent it."""

from __future__ import annotations

import re
from typing import NamedTuple

_MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"
_PRIORITY = r"(?:<\d{1,3}>)?"
_DAY = r"[A-Z][a-z]{2} [ \d]\d (?:\d{4} )?\d\d:\d\d:\d\d(?:\.\d+)?(?: \d{4})?"
_ISO = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?"
_STAMP = rf"(?P<time>{_DAY}|{_ISO}) "
# A program's name has no blank and ends in a colon, behind the number of its process. A host may be missing.
_SENDER = r"(?:(?P<host>\S*[^\s:\]]) )?(?P<program>[^\s:\[]+)(?:\[\w+\])?: ?"
_STRUCTURED = r'(?:-|(?:\[(?:[^\]\\"]|\\.|"(?:[^"\\]|\\.)*")*\])+)'
_RFC5424 = rf"1 (?P<time>-|{_ISO}) (?P<host>\S+) (?P<program>\S+) \S+ \S+ {_STRUCTURED}(?: {_MARK}?|$)"
_FORMS = (rf"\s*{_PRIORITY}{_STAMP}{_SENDER}", rf"\s*{_PRIORITY}{_RFC5424}")

SYSLOG_PREFIX = "(?:" + "|".join(re.sub(r"\(\?P<\w+>", "(?:", form) for form in _FORMS) + ")"
"""A regular expression, for Python's engine as for DuckDB's, of what stands before a message in a line of syslog."""

SYSLOG_HOST = rf"^\s*{_PRIORITY}(?:1 )?(?:-|{_DAY}|{_ISO}) (\S*[^\s:\]]) "
"""The same of its beginning, with the host as its group."""

_PARTS = tuple(map(re.compile, _FORMS))


class SyslogLine(NamedTuple):
    """A line of syslog: its prefix, and the message behind it."""

    time: str | None
    host: str | None
    program: str | None
    message: str


def syslog_line(line: str) -> SyslogLine | None:
    """Take a line of syslog apart; None where it has no such prefix."""
    match = next((match for parts in _PARTS if (match := parts.match(line)) is not None), None)
    if match is None:
        return None
    time, host, program = (None if part == "-" else part for part in match.group("time", "host", "program"))
    # A file that was sent through Windows has a carriage return at the end of each line.
    return SyslogLine(time, host, program, line[match.end() :].removesuffix("\r"))
