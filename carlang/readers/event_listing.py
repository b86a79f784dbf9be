"""The reader of what `wevtutil qe LOG /f:text` prints: a value a line, then what the event says in words."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from carlang.readers import budget, tuning
from carlang.readers.records import LogFile, ReadFault, Records
from carlang.readers.text import is_text, utf8_blocks, utf8_start, valid_utf8

_MEMBERS = (
    "LogName",
    "ProviderName",
    "TimeCreated",
    "Id",
    "TaskDisplayName",
    "LevelDisplayName",
    "OpcodeDisplayName",
    "KeywordsDisplayNames",
    "UserId",
    "UserName",
    "MachineName",
    "Message",
)
"""The values in their order, by the names that PowerShell has for them: labels are in the language of Windows."""

_LABELLED = rb"[ \t]+[^\r\n:]+:[^\r\n]*\r?\n"
_HEAD = re.compile(rb"Event\[\d+\]:?[ \t]*\r?\n(?:" + _LABELLED + rb"){%d}" % len(_MEMBERS))
_BEGIN = re.compile(rb"^Event\[\d+\]:?[ \t]*\r?\n", re.MULTILINE)


class EventListingReader:
    """Reads the events that `wevtutil` prints as text."""

    name = "wevtutil text"

    def matches(self, head: bytes) -> bool:
        """Text that begins with `Event[0]` and a line for each value."""
        return is_text(head) and _HEAD.match(utf8_start(head)) is not None

    def read(self, log: LogFile) -> Iterator[Records | ReadFault]:
        """Cut the text where events begin; what is in one up to the next is its message."""
        number = 1
        text = b""
        for block in utf8_blocks(log.stream):
            text += valid_utf8(block)
            begins = [begin.start() for begin in _BEGIN.finditer(text)]
            if len(begins) > 1:
                yield from _events(text[: begins[-1]], number)
                number += len(begins) - 1
                text = text[begins[-1] :]
            elif len(text) > budget.longest(tuning.LARGEST_XML_EVENT):
                yield ReadFault(budget.too_long("an event", tuning.LARGEST_XML_EVENT), number)
                return
        yield from _events(text, number)


def _events(text: bytes, first: int) -> Iterator[Records | ReadFault]:
    """Yield the events of a text as records, and those that are cut short as faults."""
    lines: list[str] = []
    numbers: list[int] = []
    begins = [*_BEGIN.finditer(text)]
    ends = [*(begin.start() for begin in begins[1:]), len(text)]
    for number, (begin, end) in enumerate(zip(begins, ends, strict=True), start=first):
        rows = text[begin.end() : end].decode().splitlines()
        head, message = rows[: len(_MEMBERS)], rows[len(_MEMBERS) :]
        if len(head) < len(_MEMBERS):
            shown = text[begin.start() : end][: tuning.SHOWN_TEXT].decode("utf-8", "replace")
            yield ReadFault("it ends within an event", number, shown)
            continue
        values = [row.partition(":")[2].strip() for row in head]
        values[-1] = "\n".join([values[-1], *message]).strip()
        lines.append(json.dumps(dict(zip(_MEMBERS, values, strict=True)), ensure_ascii=False))
        numbers.append(number)
    if lines:
        yield Records.of(lines, numbers, len(text))
