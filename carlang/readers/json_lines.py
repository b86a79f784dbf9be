"""The reader of JSON lines: a record a line."""

from __future__ import annotations

from collections.abc import Iterator

from carlang.readers import tuning
from carlang.readers.json_documents import looks_like_documents
from carlang.readers.records import LogFile, ReadFault, Records
from carlang.readers.text import is_text, utf8_blocks, whole_lines


class JsonLinesReader:
    """Reads text files of a record a line; a line that is no JSON object is sorted out later, with its number."""

    name = "JSON lines"

    def matches(self, head: bytes) -> bool:
        """Any text is read as lines, unless its beginning shows documents that span lines."""
        return is_text(head) and not looks_like_documents(head)

    def read(self, log: LogFile) -> Iterator[Records | ReadFault]:
        """Read blocks of whole lines."""
        number = 1
        for text in whole_lines(utf8_blocks(log.stream)):
            if text is None:
                yield ReadFault(f"a line of more than {tuning.LONGEST_LINE >> 20} MB", number)
                number += 1
                continue
            records = Records.of_text(text, number)
            yield records
            number += len(records.lines)
