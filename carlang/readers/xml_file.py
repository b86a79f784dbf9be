"""The reader of Windows events as XML: an export with a root, or what `wevtutil` writes, one event after the other."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree as ET

from carlang.readers import tuning
from carlang.readers.records import LogFile, ReadFault, Records
from carlang.readers.text import is_text, utf8_blocks, utf8_start, valid_utf8

_EVENT = re.compile(rb"<Event[\s>].*?</Event>", re.DOTALL)
_BEGIN = re.compile(rb"<Event[\s>]")
_END = b"</Event>"
_RECORD_LINE = re.compile(rb"Record \d+[ \t]*\r?\n\s*")
"""What evtx_dump writes before each record; it stands between events, and is passed over with all that does."""


class EventXmlReader:
    """Reads the events of an XML file one by one, so that one that is broken does not end the reading."""

    name = "Windows event XML"

    def matches(self, head: bytes) -> bool:
        """A file in angle brackets that has an event near its beginning."""
        start = utf8_start(head)
        if record_line := _RECORD_LINE.match(start):
            start = start[record_line.end() :]
        return is_text(head) and start.startswith(b"<") and _BEGIN.search(start) is not None

    def read(self, log: LogFile) -> Iterator[Records | ReadFault]:
        """Cut the text between events and write each as JSON, in the form that EVTX parsers give it."""
        number = 0
        for text in _events(utf8_blocks(log.stream)):
            if isinstance(text, ReadFault):
                yield ReadFault(text.reason, number + 1, text.text)
                continue
            lines: list[str] = []
            numbers: list[int] = []
            for event in _EVENT.finditer(text):
                number += 1
                try:
                    lines.append(json.dumps(event_document(event[0]), ensure_ascii=False))
                    numbers.append(number)
                except ValueError as error:
                    yield ReadFault(
                        f"not valid XML: {error}", number, event[0][: tuning.SHOWN_TEXT].decode("utf-8", "replace")
                    )
            if lines:
                yield Records.of(lines, numbers, sum(map(len, lines)))


def event_document(text: str | bytes) -> dict[str, dict[str, Any]]:
    """Return one event as EVTX parsers give it; raises ValueError where it is not valid XML."""
    try:
        # Entities of a DTD would have to be declared outside of the event, and are unknown in it.
        return {"Event": _event(ET.fromstring(text))}  # noqa: S314
    except ET.ParseError as error:
        raise ValueError(str(error)) from error


def _events(blocks: Iterator[bytes]) -> Iterator[bytes | ReadFault]:
    """Yield blocks of whole events; what comes after the last one waits for the next block."""
    rest = b""
    for block in blocks:
        rest += valid_utf8(block)
        # Up to the last end of an event, so that no event is cut; the next block brings the rest.
        if (cut := rest.rfind(_END)) >= 0:
            yield rest[: cut + len(_END)]
            rest = rest[cut + len(_END) :]
        if len(rest) > tuning.LARGEST_XML_EVENT:
            yield ReadFault(f"an event of more than {tuning.LARGEST_XML_EVENT >> 20} MB")
            return
    if begun := _BEGIN.search(rest):
        yield ReadFault(
            "it ends within an event", text=rest[begun.start() :][: tuning.SHOWN_TEXT].decode("utf-8", "replace")
        )


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
