"""Windows events as XML, cut out of a text so that one that is damaged costs no neighbour.

An event begins with its tag, where a line does or behind another event, and ends with the first end tag that makes it
valid XML. Of one that is damaged the text goes up to where the next event begins; lines of other formats in it, of
which the damage took the end of the event, are lines all the same. What a text has between its events are tags of an
export around them, which are passed over, or lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree as ET

from carlang.readers import tuning
from carlang.readers.auditd_lines import AUDIT_LINE
from carlang.readers.records import ReadFault
from carlang.readers.syslog_prefix import SYSLOG_PREFIX

BEGIN = re.compile(rb"<Event[\s>]")
END = b"</Event>"

_OTHER_LINE = re.compile(
    rf"\s*(?:[{{\[\"]|{SYSLOG_PREFIX}|(?:\[[ .\d]+\] )?(?:audit: )?(?:node=\S+[ \t]+)?{AUDIT_LINE})"
)
"""A line of another format, which may hold an event's tag in one of its texts."""

_AROUND = re.compile(
    rb"\s*(?:<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^\[>]*(?:\[.*?\])?\s*>|</?(?!Ev\w*[\s>])[\w:.-]+(?:\s[^<>]*)?>"
    rb"|</?Events?(?:\s[^<>]*)?>|Record \d+[ \t]*\r?(?=\n))\s*",
    re.DOTALL,
)
"""What an export has around its events, and the line that evtx_dump writes before each."""

_PART = re.compile(rb"\s*<(?!Ev(?!ent(?:Data|ID|RecordID)\b))/?[A-Za-z][\w:.-]*(?:\s+[\w:.-]+\s*=|\s*/?>)|[^<]*</")
"""What a line within an event looks like, and no line with which one begins."""
_NEW = re.compile(rb"\S.*<System\b")
ILLEGAL = re.compile(
    r"[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|&#(?:x0*(?:[0-8bcef]|1[0-9a-f])|0*(?:[0-8]|1[124-9]|2\d|3[01]));",
    re.IGNORECASE,
)
"""Characters, and references to them, that XML cannot hold: what logs quote of a program's output may have them."""


def parted(text: bytes) -> Iterator[tuple[int, bytes | dict[str, Any] | ReadFault]]:
    """Yield where each piece of a text begins and what it is: an event, the fault of a broken one, or lines."""
    position = search = 0
    while begin := BEGIN.search(text, search):
        line = max(position, text.rfind(b"\n", position, begin.start()) + 1)
        before = text[line : begin.start()]
        # Behind an event, on its line, there is no line of another format.
        if before.strip() and (line == 0 or text[line - 1 : line] == b"\n") and _is_other(before):
            search = _after_line(text, begin.start())
            continue
        if between := _lines(text[position : begin.start()], part_of_fault=False):
            yield position, between
        document, position = _document_at(text, begin.start())
        search = position
        yield begin.start(), document
        if isinstance(document, ReadFault):
            broken = text[begin.start() : position]
            rest = broken.find(b"\n") + 1
            if rest and (lines := _lines(broken[rest:], part_of_fault=True)):
                yield begin.start() + rest, lines
    if between := _lines(text[position:], part_of_fault=False):
        yield position, between


def _is_other(line: bytes) -> bool:
    return _OTHER_LINE.match(line.decode("utf-8", "replace")) is not None


def _after_line(text: bytes, position: int) -> int:
    newline = text.find(b"\n", position)
    return newline + 1 if newline >= 0 else len(text)


def _document_at(text: bytes, begin: int) -> tuple[dict[str, Any] | ReadFault, int]:
    """Return the event that begins at a position and where it ends, or why it is none and where that is settled."""
    closing = text.find(END, begin)
    fault = "it ends within an event"
    end = len(text)
    if closing >= 0:
        end = closing + len(END)
        try:
            return event_document(text[begin:end]), end
        except ValueError as error:
            fault = f"not valid XML: {error}"
    # The end tag that was found may be that of the next event.
    search = begin + 1
    while following := BEGIN.search(text, search, end):
        line = text.rfind(b"\n", begin, following.start()) + 1
        if line > begin and _is_other(text[line : following.start()]):
            search = _after_line(text, following.start())
            continue
        end = following.start()
        break
    return ReadFault(fault, text=text[begin:end][: tuning.SHOWN_TEXT].decode("utf-8", "replace")), end


def _lines(text: bytes, *, part_of_fault: bool) -> bytes:
    """Return the lines of a text between events; of those that are parts of one broken event, the first.

    `part_of_fault` says that the text follows on such a first line.
    """
    if not text.strip():
        return b""
    kept: list[bytes] = []
    inside = part_of_fault
    for line in text.split(b"\n"):
        rest = line
        while around := _AROUND.match(rest + b"\n"):
            rest = rest[around.end() :]
        # What is left out stays as a blank line, so that those behind it keep their numbers.
        if not rest.strip():
            kept.append(b"")
        elif _is_other(line):
            kept.append(line)
            inside = False
        elif inside and _PART.match(line) and not _NEW.match(line):
            kept.append(b"")
        else:
            kept.append(rest)
            inside = _PART.match(line) is not None
    return b"\n".join(kept) if any(kept) else b""


def event_document(text: str | bytes) -> dict[str, dict[str, Any]]:
    """Return one event as EVTX parsers give it; raises ValueError where it is not valid XML.

    Characters that XML cannot hold become U+FFFD.
    """
    try:
        # Entities of a DTD would have to be declared outside of the event, and are unknown in it.
        return {"Event": _event(ET.fromstring(text))}  # noqa: S314
    except ET.ParseError as error:
        decoded = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
        cleaned, illegal = ILLEGAL.subn("\ufffd", decoded)
        if not illegal:
            raise ValueError(str(error)) from error
        return event_document(cleaned)


def _event(event: ET.Element) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for part in event:
        name = _name(part)
        result[name] = _event_data(part) if name == "EventData" else _value(part)
    return result


def _event_data(part: ET.Element) -> dict[str, Any]:
    """Return the data by their names; those without one as a list."""
    result: dict[str, Any] = {}
    unnamed: list[str] = []
    for item in part:
        name = item.get("Name") if _name(item) == "Data" else _name(item)
        if name is None:
            unnamed.append(item.text or "")
        else:
            result[name] = _value(item) if len(item) else item.text or ""
    if unnamed:
        result["Data"] = {"#text": unnamed}
    return result


def _value(element: ET.Element) -> Any:
    """Return an element as its text, or as an object of its attributes, text and parts."""
    parts: dict[str, Any] = {}
    for part in element:
        name, value = _name(part), _value(part)
        if name in parts:
            former = parts[name]
            parts[name] = [*former, value] if isinstance(former, list) else [former, value]
        else:
            parts[name] = value
    text = (element.text or "").strip()
    if not parts and not element.attrib:
        return element.text
    attributes = {"#attributes": {_local(k): v for k, v in element.attrib.items()}} if element.attrib else {}
    return attributes | ({"#text": text} if text else {}) | parts


def _name(element: ET.Element) -> str:
    return _local(element.tag)


def _local(name: str) -> str:
    return name.rpartition("}")[2]
