"""Lines of JSON, auditd, web servers, Squid and syslog, and events of XML among them, each read as what it is."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from types import TracebackType
from typing import Self

import pyarrow as pa
import pyarrow.compute as pc

from carlang.readers import budget, tuning
from carlang.readers.access_lines import ACCESS, NO_ACCESS_LINE
from carlang.readers.auditd_lines import AUDIT_LINE, NO_AUDIT_LINE, AuditLines
from carlang.readers.event_xml import BEGIN, END, event_document, parted
from carlang.readers.formed_lines import FormedLines
from carlang.readers.journal_audit import with_audit_lines
from carlang.readers.nginx_json import with_json_escapes
from carlang.readers.osquery_batches import may_hold_batches, unfolded
from carlang.readers.records import LogFile, ReadFault, Records
from carlang.readers.squid_lines import SQUID
from carlang.readers.syslog_prefix import SyslogLine, syslog_line
from carlang.readers.text import in_one_encoding, utf8_blocks, valid_utf8, whole_lines
from carlang.readers.unread_lines import why_unread

SYSLOG_MEMBER = "@syslog"
"""What a JSON document that stood in a line of syslog is given: the `hostname` and the `time` of the prefix."""

# What ausearch puts between events.
_BETWEEN = re.compile(r"\s*(?:-{4}|time->.*|<no matches>)?\s*")
_TAG = b"<Event"
_XML_EVENT = re.compile(r"<Event[\s>].*?</Event>", re.DOTALL)
_XML_BEGIN = re.compile(r"<Event[\s>]")


def read_lines(log: LogFile, *, others_are_faults: bool) -> Iterator[Records | ReadFault]:
    """Read lines of JSON, of auditd, and of syslog with XML, JSON or words in them, and events of XML.

    Other lines are faults, or are left as they are for those to judge who know what a record is.
    """
    with MixedLines(others_are_faults=others_are_faults) as lines:
        number = log.line
        for text in _whole_events(whole_lines(utf8_blocks(log.stream))):
            if text is None:
                yield ReadFault(budget.too_long("a line", tuning.LONGEST_LINE), number)
                number += 1
                continue
            unmarked = with_audit_lines(with_json_escapes(_without_marks(in_one_encoding(text))))
            batches = may_hold_batches(text)
            items = (
                lines.events(valid_utf8(unmarked), number, by_line=True)
                if _event_line(unmarked, 0) is not None
                else lines.read(Records.of_text(unmarked, number))
            )
            for item in items:
                yield unfolded(item) if batches and isinstance(item, Records) else item
            number += text.count(b"\n") + 1
        yield from lines.last()


def _without_marks(text: bytes) -> bytes:
    """Return lines without the byte order marks before them: where files were joined, each begins with its own."""
    # A byte alone is found ten times as fast as three, and the first of a mark begins few letters.
    return text.replace(b"\n" + codecs.BOM_UTF8, b"\n") if codecs.BOM_UTF8[:1] in text else text


def _whole_events(texts: Iterator[bytes | None]) -> Iterator[bytes | None]:
    """Have an event that goes on in the next lines wait for them.

    Where the stream breaks, what waited is handed on before the error.
    """
    rest: list[bytes] = []
    for text in texts:
        if text is None:
            if rest:
                yield b"\n".join(rest)
                rest = []
            yield None
            continue
        joined = b"\n".join([*rest, text]) if rest else text
        begin = _event_line(joined, joined.rfind(END) + 1)
        if begin is None or len(joined) > budget.longest(tuning.LARGEST_XML_EVENT):
            yield joined
            rest = []
            continue
        if begin:
            yield joined[: begin - 1]
        rest = [joined[begin:]]
    if rest:
        yield b"\n".join(rest)


def _event_line(text: bytes, start: int) -> int | None:
    """Return where the first line begins that has an event's tag behind a position and is no JSON; None without one."""
    # Few texts have one. A byte is found ten times as fast as a text, and that several times as fast as an expression.
    if text.find(_TAG[:1], start) < 0 or text.find(_TAG, start) < 0:
        return None
    while begin := BEGIN.search(text, start):
        line = text.rfind(b"\n", 0, begin.start()) + 1
        # A web server quotes what clients send, be it the tag of an event.
        if text[line : line + 1] not in (b"{", b"[") and b'] "' not in text[line : begin.start()]:
            return line
        start = text.find(b"\n", begin.start())
        if start < 0:
            return None
    return None


class MixedLines:
    """Sorts lines by what they are."""

    def __init__(self, *, others_are_faults: bool) -> None:
        self._others_are_faults = others_are_faults
        self._audit = AuditLines()
        self._formed = [FormedLines(form) for form in (ACCESS, SQUID)]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._audit.close()
        for formed in self._formed:
            formed.close()

    def last(self) -> Iterator[Records | ReadFault]:
        """Return the audit events that waited for more lines."""
        if self._audit.begun:
            yield from self._audit.events(pa.array([], pa.int64()), pa.array([], pa.string()), more=False)

    def events(self, text: bytes, first: int, *, by_line: bool = False) -> Iterator[Records | ReadFault]:
        """Return the events of XML in a text, and what the lines between them hold.

        Events are numbered from `first`, or by the lines on which they begin.
        """
        number, counted_to = first, 0
        documents: list[str] = []
        numbers: list[int] = []
        between: list[Records] = []
        for position, item in parted(text):
            if by_line:
                number += text.count(b"\n", counted_to, position)
                counted_to = position
            match item:
                case bytes():
                    between.append(Records.of_text(item, number))
                    continue
                case ReadFault():
                    yield replace(item, number=number)
                case _:
                    documents.append(json.dumps(item, ensure_ascii=False))
                    numbers.append(number)
            number += not by_line
        if documents:
            yield Records.of(documents, numbers, sum(map(len, documents)))
        if between:
            # At once, as auditd's lines, whose events are found by a query, may stand between those of XML.
            lines, counts = ([getattr(each, name) for each in between] for name in ("lines", "numbers"))
            yield from self.read(Records(pa.concat_arrays(lines), pa.concat_arrays(counts)))

    def read(self, records: Records) -> Iterator[Records | ReadFault]:
        """Return what lines hold; lines of JSON, which most files have nothing but, pass untouched."""
        passing = pc.starts_with(records.lines, "{")
        if pc.all(passing).as_py():
            yield records
            return
        # A file may be millions of blank lines, each of which would be mapped as a record for nothing.
        filled = pc.invert(pc.or_(pc.equal(records.lines, ""), pc.equal(records.lines, "\r")))
        records = replace(records, lines=records.lines.filter(filled), numbers=records.numbers.filter(filled))
        passing = passing.filter(filled)
        if not len(passing):
            return
        if pc.all(passing).as_py():
            yield records
            return
        rest = pa.table([records.numbers, records.lines], ["number", "line"]).filter(pc.invert(passing))
        # Before all others: what clients send may look like anything, and stands in such lines.
        for formed in self._formed:
            ordered = formed.sort(rest)
            rest = ordered.others
            if ordered.records is not None:
                yield ordered.records
        audits = pc.match_substring_regex(rest["line"], AUDIT_LINE)
        if pc.any(audits).as_py():
            yield from self._audit.events(*_arrays(rest.filter(audits)), more=True)
        yield from self._one_by_one(records, passing, rest.filter(pc.invert(audits)))

    def _one_by_one(self, records: Records, passing: pa.Array, others: pa.Table) -> Iterator[Records | ReadFault]:
        """Return what `others` hold, and those of the records that pass as they are."""
        left, made = [], []
        for number, text in zip(*(each.to_pylist() for each in _arrays(others)), strict=True):
            items = self._other(text)
            if items is None:
                left.append(number)
                continue
            made += [(number, item) for item in items if isinstance(item, str)]
            yield from (replace(item, number=number) for item in items if isinstance(item, ReadFault))
        # In the order in which they stand in the file.
        plain = pc.or_(passing, pc.is_in(records.numbers, pa.array(left, pa.int64())))
        if pc.any(plain).as_py():
            lines = records.lines.filter(plain)
            yield Records(lines, records.numbers.filter(plain), lines.nbytes)
        if made:
            lines = [text for _, text in made]
            yield Records.of(lines, [number for number, _ in made], sum(map(len, lines)))

    def _other(self, line: str) -> list[str | ReadFault] | None:
        """Return the records in a line that is neither JSON nor auditd's; None where the line is to be left alone."""
        if (reason := why_unread(line)) is not None:
            return [ReadFault(reason, text=line[: tuning.SHOWN_TEXT])]
        if (parts := syslog_line(line)) is not None:
            return _syslog_records(parts)
        if _BETWEEN.fullmatch(line):
            return []
        if not self._others_are_faults and not self._audit.begun and not self._has_requests:
            return None
        if line.lstrip().startswith("{"):
            return None
        return [ReadFault(self._why_not(), text=line[: tuning.SHOWN_TEXT])]

    @property
    def _has_requests(self) -> bool:
        return any(formed.begun for formed in self._formed)

    def _why_not(self) -> str:
        """Say of what log a line is none, by those that were read before it."""
        if self._audit.begun:
            return NO_AUDIT_LINE
        return NO_ACCESS_LINE if self._has_requests else "not a line of a system log"


def _arrays(lines: pa.Table) -> tuple[pa.Array, pa.Array]:
    return lines["number"].combine_chunks(), lines["line"].combine_chunks()


def _syslog_records(parts: SyslogLine) -> list[str | ReadFault]:
    message = parts.message.removeprefix("@cee:").strip()
    if _XML_BEGIN.match(message):
        return _xml_records(message, parts.host)
    if message.startswith("{") and (document := _json_object(message)) is not None:
        return [
            json.dumps(document | {SYSLOG_MEMBER: {"hostname": parts.host, "time": parts.time}}, ensure_ascii=False)
        ]
    record = {
        "Channel": "syslog",
        "provider": parts.program,
        "hostname": parts.host,
        "time": parts.time,
        "message": parts.message,
    }
    return [json.dumps({name: value for name, value in record.items() if value is not None}, ensure_ascii=False)]


def _xml_records(text: str, host: str | None) -> list[str | ReadFault]:
    """Return the Windows events in a text; `host` is for those that name no computer."""
    records: list[str | ReadFault] = []
    for event in _XML_EVENT.finditer(text):
        try:
            document = event_document(event[0])
        except ValueError as error:
            records.append(ReadFault(f"not valid XML: {error}", text=event[0][: tuning.SHOWN_TEXT]))
            continue
        system = document["Event"].setdefault("System", {})
        if host is not None and isinstance(system, dict) and not system.get("Computer"):
            system["Computer"] = host
        records.append(json.dumps(document, ensure_ascii=False))
    return records or [ReadFault("an event of XML that ends too soon", text=text[: tuning.SHOWN_TEXT])]


def _json_object(text: str) -> dict[str, object] | None:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None
