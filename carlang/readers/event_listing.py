"""The reader of what `wevtutil qe LOG /f:text` prints: a value a line, then what the event says in words.

A line above each event has its number. Where that line is damaged the values below it still have their labels, by which
the event is found in what else would be the words of the one before it; and where there is nothing left of it, the
numbers have a gap.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

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

_COUNT = len(_MEMBERS)
_LABELLED = rb"[ \t]+[^\r\n:]+:[^\r\n]*\r?\n"
_HEAD = re.compile(rb"^Event\[\d+\]:?[ \t]*\r?\n(?:" + _LABELLED + rb"){%d}" % _COUNT, re.MULTILINE)
_BEGIN = re.compile(rb"^Event\[(\d+)\]:?[ \t]*\r?\n", re.MULTILINE)
_CUT = re.compile(rb"^Event\[\d*\]?:?[ \t]*\r?\Z", re.MULTILINE)
_ENDS_WITHIN = "it ends within an event"
_NEWLINE = re.compile(r"\r?\n")
_OTHER_FORMATS = (b"{", b"[", b"<")
_ALIKE = 0.6
"""How much of a label has to be left of one that is damaged."""


class EventListingReader:
    """Reads the events that `wevtutil` prints as text."""

    name = "wevtutil text"

    def matches(self, head: bytes) -> bool:
        """Text in which `Event[0]` stands above a line for each value; what stands before it may be damaged."""
        start = utf8_start(head)
        return is_text(head) and not start.startswith(_OTHER_FORMATS) and _HEAD.search(start) is not None

    def read(self, log: LogFile) -> Iterator[Records | ReadFault]:
        """Cut the text where events begin; what is in one up to the next is its message."""
        listing = _Listing()
        text = b""
        for block in utf8_blocks(log.stream):
            text += valid_utf8(block)
            if not listing.knows_labels:
                if len(text) < tuning.HEAD:
                    continue
                listing.learn(text)
            begins = [begin.start() for begin in _BEGIN.finditer(text)]
            if begins and begins[-1] > 0:
                yield from listing.events(text[: begins[-1]])
                text = text[begins[-1] :]
            elif len(text) > budget.longest(tuning.LARGEST_XML_EVENT):
                shown = text[: tuning.SHOWN_TEXT].decode("utf-8", "replace")
                yield listing.fault(budget.too_long("an event", tuning.LARGEST_XML_EVENT), shown)
                # Its last line may be the beginning of the next.
                text = text[text.rfind(b"\n") + 1 :][-tuning.SHOWN_TEXT :]
        listing.learn(text)
        cut = _CUT.search(text)
        yield from listing.events(text[: cut.start() if cut else None])
        yield from listing.end()
        if cut:
            yield listing.fault(_ENDS_WITHIN, cut[0].decode())


@dataclass(frozen=True, slots=True)
class _Gap:
    """Numbers that were not there where they should be, if it is not the one behind them that is damaged."""

    first: int
    last: int

    def fault(self) -> ReadFault:
        numbers = f"Event[{self.first}]" + (f" to Event[{self.last}]" if self.last > self.first else "")
        return ReadFault(f"{numbers} {'are' if self.last > self.first else 'is'} missing: nothing of it was found")


class _Listing:
    """The events that were read, and what the numbers and the labels of the next are to be."""

    def __init__(self) -> None:
        self._number = 1
        self._labels: tuple[str, ...] = ()
        self._expected: int | None = None
        self._otherwise: int | None = None
        """What is expected if it was the last number that is damaged."""
        self._gap: _Gap | None = None

    @property
    def knows_labels(self) -> bool:
        """Whether it is known which labels events have."""
        return self._labels != ()

    def learn(self, text: bytes) -> None:
        """Take the labels that most events of a text have: those of the first may be damaged."""
        heads = Counter(_labels(_rows(head[0].decode())[1:]) for head in _HEAD.finditer(text))
        if not self._labels and heads:
            self._labels = heads.most_common(1)[0][0]

    def events(self, text: bytes) -> Iterator[Records | ReadFault]:
        """Yield the events of a text as records, and what is none of them as faults."""
        lines: list[str] = []
        numbers: list[int] = []
        begins = [*_BEGIN.finditer(text)]
        ends = [*(begin.start() for begin in begins), len(text)]
        parts: list[tuple[int | None, bytes]] = [(None, text[: ends[0]])]
        parts += [(int(begin[1]), text[begin.end() : end]) for begin, end in zip(begins, ends[1:], strict=True)]
        for number, part in parts:
            if number is not None:
                yield from self._counted(number)
            for item in self._of_part(_rows(part.decode()), has_header=number is not None):
                if isinstance(item, ReadFault):
                    yield item
                else:
                    lines.append(item)
                    numbers.append(self._number)
                    self._number += 1
        if lines:
            yield Records.of(lines, numbers, len(text))

    def end(self) -> Iterator[ReadFault]:
        """Say what is missing before the last event."""
        if self._gap:
            yield self._gap.fault()

    def fault(self, reason: str, text: str) -> ReadFault:
        """Return the fault of the next event, none of which can be read."""
        fault = ReadFault(reason, self._number, text[: tuning.SHOWN_TEXT])
        self._number += 1
        return fault

    def _counted(self, number: int) -> Iterator[ReadFault]:
        """Note the number of the next event. Whether there is a gap or a damaged number, the one behind it tells."""
        gap, self._gap = self._gap, None
        if gap and number != self._otherwise:
            yield gap.fault()
        # A file may be a part of one: its first number is right.
        expected = number if self._expected is None else self._expected
        if number in (expected, self._otherwise):
            self._otherwise = None
        else:
            self._gap = _Gap(expected, number - 1) if number > expected else None
            self._otherwise = expected + 1
        self._expected = number + 1

    def _of_part(self, rows: Sequence[str], *, has_header: bool) -> Iterator[str | ReadFault]:
        """Yield what stands up to the next header: an event, and those whose headers are damaged."""
        begins = self._further_events(rows, first=1 if has_header else 0)
        # What is left of a header stands above the values; where it has lost its newline, in the line of the first.
        cuts = [begin - 1 if begin and self._is_first(rows[begin]) else begin for begin in begins]
        first = rows[: cuts[0] if cuts else None]
        if has_header:
            yield self._event(first)
        elif any(map(str.strip, first)):
            yield self.fault("before an event: a part of one, or of something else", "\n".join(first))
        for cut, begin, end in zip(cuts, begins, [*cuts, len(rows)][1:], strict=True):
            self._expected = None if self._expected is None else self._expected + 1
            self._otherwise = None if self._otherwise is None else self._otherwise + 1
            item = self._event(rows[begin:end])
            if isinstance(item, str):
                yield ReadFault("the line above an event is damaged", self._number, rows[cut][: tuning.SHOWN_TEXT])
            yield item

    def _further_events(self, rows: Sequence[str], first: int) -> list[int]:
        """Return the rows, from a first one on, at which the values of events without a header begin."""
        positions = {label: position for position, label in enumerate(self._labels)}
        seen = Counter(index - positions[label] for index, label in enumerate(_labels(rows)) if label in positions)
        begins = (begin for begin, count in seen.items() if count * 2 >= _COUNT and begin >= first)
        # Within the values of the event above, only its first label tells another event from a line too many.
        return sorted(begin for begin in begins if begin >= first * _COUNT or self._is_first(rows[begin]))

    def _is_first(self, row: str) -> bool:
        return _alike(_labels([row])[0], self._labels[0])

    def _event(self, rows: Sequence[str]) -> str | ReadFault:
        head, message = rows[:_COUNT], rows[_COUNT:]
        if len(head) < _COUNT:
            return self.fault(_ENDS_WITHIN, "\n".join(rows))
        if self._labels and not self._are_usual(_labels(head)):
            return self.fault("its values are not those of the other events, in their order", "\n".join(rows))
        values = [row.partition(":")[2].strip() for row in head]
        values[-1] = "\n".join([values[-1], *message]).strip()
        return json.dumps(dict(zip(_MEMBERS, values, strict=True)), ensure_ascii=False)

    def _are_usual(self, labels: tuple[str, ...]) -> bool:
        """Tell whether labels are those of the other events, if with damage; those of another language are new ones."""
        if labels == self._labels:
            return True
        if all(labels) and len(set(labels) & set(self._labels)) * 2 < _COUNT:
            self._labels = labels
            return True
        return all(map(_alike, labels, self._labels))


def _rows(text: str) -> list[str]:
    # Not by `splitlines`, for which some control characters in a value are ends of lines as well.
    rows = _NEWLINE.split(text)
    return rows[:-1] if not rows[-1] else rows


def _labels(rows: Sequence[str]) -> tuple[str, ...]:
    return tuple(row.partition(":")[0].strip() for row in rows)


def _alike(label: str, usual: str) -> bool:
    return label == usual or SequenceMatcher(None, label, usual, autojunk=False).ratio() >= _ALIKE
