"""The reader of JSON lines: a record a line."""

from __future__ import annotations

from collections.abc import Iterator

from carlang.readers.json_documents import looks_like_documents
from carlang.readers.mixed_lines import read_lines
from carlang.readers.records import LogFile, ReadFault, Records
from carlang.readers.text import is_text


class JsonLinesReader:
    """Reads text files of a record a line; a line that is no JSON object is sorted out later, with its number."""

    name = "JSON lines"

    def matches(self, head: bytes) -> bool:
        """Any text is read as lines, unless its beginning shows documents that span lines."""
        return is_text(head) and not looks_like_documents(head)

    def read(self, log: LogFile) -> Iterator[Records | ReadFault]:
        """Read blocks of whole lines; among them may be lines of a system's logs."""
        yield from read_lines(log, others_are_faults=False)
