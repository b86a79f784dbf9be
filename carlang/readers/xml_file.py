"""The reader of Windows events as XML: an export with a root, or what `wevtutil` writes, one event after the other."""

from __future__ import annotations

import re
from collections.abc import Iterator

from carlang.readers import budget, tuning
from carlang.readers.event_xml import BEGIN, END
from carlang.readers.mixed_lines import MixedLines
from carlang.readers.records import LogFile, ReadFault, Records
from carlang.readers.text import is_text, utf8_blocks, utf8_start, valid_utf8

_RECORD_LINE = re.compile(rb"Record \d+[ \t]*\r?\n\s*")


class EventXmlReader:
    """Reads the events of an XML file one by one, so that one that is broken does not end the reading."""

    name = "Windows event XML"

    def matches(self, head: bytes) -> bool:
        """A file in angle brackets that has an event near its beginning."""
        start = utf8_start(head)
        if record_line := _RECORD_LINE.match(start):
            start = start[record_line.end() :]
        return is_text(head) and start.startswith(b"<") and BEGIN.search(start) is not None

    def read(self, log: LogFile) -> Iterator[Records | ReadFault]:
        """Cut the text between events and write each as JSON, in the form that EVTX parsers give it."""
        with MixedLines(others_are_faults=True) as lines:
            number = 1
            for text in _texts(utf8_blocks(log.stream)):
                if isinstance(text, ReadFault):
                    yield ReadFault(text.reason, number, text.text)
                    number += 1
                    continue
                yield from lines.events(text, number)
                number += len(BEGIN.findall(text))
            yield from lines.last()


def _texts(blocks: Iterator[bytes]) -> Iterator[bytes | ReadFault]:
    """Yield blocks up to the end of an event, so that no event is cut; the next block brings the rest."""
    rest = b""
    for block in blocks:
        rest += valid_utf8(block)
        cut = rest.rfind(END)
        if cut < 0 and len(rest) > budget.longest(tuning.LARGEST_XML_EVENT):
            # No event: up to the last line's end it may be lines, which are read as such.
            cut = rest.rfind(b"\n") - len(END)
            if cut < 0:
                yield ReadFault(budget.too_long("an event", tuning.LARGEST_XML_EVENT))
                rest = b""
        if cut >= 0:
            yield rest[: cut + len(END)]
            rest = rest[cut + len(END) :]
    yield rest
