"""The reader of a system's own logs: lines of auditd, of syslog, of JSON, or all of them gathered in one file."""

from __future__ import annotations

import re
from collections.abc import Iterator

from carlang.readers import tuning
from carlang.readers.auditd_lines import AUDIT_LINE
from carlang.readers.mixed_lines import read_lines
from carlang.readers.records import LogFile, ReadFault, Records
from carlang.readers.syslog_prefix import SYSLOG_PREFIX
from carlang.readers.text import is_text, utf8_start

_HEAD = re.compile(
    rf"(?:{SYSLOG_PREFIX})?\s*(?:\[[ .\d]+\] )?(?:audit: )?(?:node=\S+[ \t]+)?{AUDIT_LINE}|{SYSLOG_PREFIX}"
)

_ADDED = b"\x1d"


class SystemLogReader:
    """Reads each line by what it is; the lines of one audit event, with time and number in common, are a record."""

    name = "system log"

    def matches(self, head: bytes) -> bool:
        """Text in which one of the first lines is an audit record, or has the prefix of syslog."""
        # What an enriched log adds to an audit line is set off by a control character.
        if not is_text(head.replace(_ADDED, b" ")):
            return False
        lines = utf8_start(head).split(b"\n", tuning.LINES_LOOKED_AT)[: tuning.LINES_LOOKED_AT]
        return any(_HEAD.match(line.decode("utf-8", "replace")) for line in lines)

    def read(self, log: LogFile) -> Iterator[Records | ReadFault]:
        """Read blocks of lines."""
        yield from read_lines(log, others_are_faults=True)
