"""The reader of a system's own logs: lines of auditd, of syslog, of JSON, or all of them gathered in one file."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from carlang.readers import tuning
from carlang.readers.auditd_lines import AUDIT_LINE, NO_AUDIT_LINE, AuditLines
from carlang.readers.osquery_batches import may_hold_batches, unfolded
from carlang.readers.records import LogFile, ReadFault, Records
from carlang.readers.syslog_prefix import SYSLOG_PREFIX, SyslogLine, syslog_line
from carlang.readers.text import is_text, utf8_blocks, utf8_start, whole_lines
from carlang.readers.xml_file import event_document

_HEAD = re.compile(
    rf"(?:{SYSLOG_PREFIX})?\s*(?:\[[ .\d]+\] )?(?:audit: )?(?:node=\S+[ \t]+)?{AUDIT_LINE}|{SYSLOG_PREFIX}"
)

SYSLOG_MEMBER = "@syslog"
"""What a JSON document that stood in a line of syslog is given: the `hostname` and the `time` of the prefix."""

_ADDED = b"\x1d"
# What ausearch puts between events.
_BETWEEN = re.compile(r"\s*(?:-{4}|time->.*|<no matches>)?\s*")
_XML_EVENT = re.compile(r"<Event[\s>].*?</Event>", re.DOTALL)
_XML_BEGIN = re.compile(r"<Event[\s>]")


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


def read_lines(log: LogFile, *, others_are_faults: bool) -> Iterator[Records | ReadFault]:
    """Read lines of JSON, of auditd, and of syslog with XML, JSON or words in them.

    Other lines are faults, or are left as they are for those to judge who know what a record is.
    """
    number = 1
    gathered = _Gathered(others_are_faults=others_are_faults)
    try:
        for text in whole_lines(utf8_blocks(log.stream)):
            if text is None:
                yield ReadFault(f"a line of more than {tuning.LONGEST_LINE >> 20} MB", number)
                number += 1
                continue
            records = Records.of_text(text, number)
            number += len(records.lines)
            batches = may_hold_batches(text)
            for item in gathered.read(records):
                yield unfolded(item) if batches and isinstance(item, Records) else item
        yield from gathered.last()
    finally:
        gathered.close()


class _Gathered:
    """Sorts lines by what they are."""

    def __init__(self, *, others_are_faults: bool) -> None:
        self._others_are_faults = others_are_faults
        self._audit = AuditLines()

    def close(self) -> None:
        """Let go of what the reading needed."""
        self._audit.close()

    def last(self) -> Iterator[Records | ReadFault]:
        """Return the audit events that waited for more lines."""
        if self._audit.begun:
            yield from self._audit.events(pa.array([], pa.int64()), pa.array([], pa.string()), more=False)

    def read(self, records: Records) -> Iterator[Records | ReadFault]:
        """Return what lines hold; JSON and blank lines, which most files have nothing but, pass untouched."""
        passing = pc.or_(pc.starts_with(records.lines, "{"), pc.equal(records.lines, ""))
        if pc.all(passing).as_py():
            yield records
            return
        texts, numbers = records.lines.filter(pc.invert(passing)), records.numbers.filter(pc.invert(passing))
        audits = pc.match_substring_regex(texts, AUDIT_LINE)
        if pc.any(audits).as_py():
            yield from self._audit.events(numbers.filter(audits), texts.filter(audits), more=True)
        left, made = [], []
        others = pc.invert(audits)
        for number, text in zip(numbers.filter(others).to_pylist(), texts.filter(others).to_pylist(), strict=True):
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
        if (parts := syslog_line(line)) is not None:
            return _syslog_records(parts)
        if _XML_BEGIN.match(line):
            return _xml_records(line, None)
        if not self._others_are_faults and not self._audit.begun:
            return None
        if _BETWEEN.fullmatch(line):
            return []
        if line.lstrip().startswith("{"):
            return None
        reason = NO_AUDIT_LINE if self._audit.begun else "not a line of a system log"
        return [ReadFault(reason, text=line[: tuning.SHOWN_TEXT])]


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
