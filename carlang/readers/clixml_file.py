"""The reader of CLIXML, in which PowerShell's `Export-Clixml` keeps objects."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from xml.parsers import expat

from carlang.readers import budget, tuning
from carlang.readers.records import LogFile, ReadFault, Records
from carlang.readers.text import is_text, utf8_blocks, utf8_start

_HEAD = re.compile(rb"(?:<\?xml[^>]*>\s*)?<Objs[\s>]")
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_LISTS = frozenset({"LST", "IE", "QUE", "STK"})
_MEMBERS = frozenset({"Props", "MS"})


class ClixmlReader:
    """Reads the objects of a file one by one, each as a record of its properties."""

    name = "CLIXML"

    def matches(self, head: bytes) -> bool:
        """An XML file whose root is PowerShell's `Objs`."""
        return is_text(head) and _HEAD.match(utf8_start(head)) is not None

    def read(self, log: LogFile) -> Iterator[Records | ReadFault]:
        """Write each object as JSON; where the XML is broken the reading ends, there is no way to go on."""
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        objects = _Objects()
        for block in utf8_blocks(log.stream):
            yield from objects.read(decoder.decode(block), final=False)
        yield from objects.read(decoder.decode(b"", final=True), final=True)


@dataclass(slots=True)
class _Element:
    """An element that is open: what stands in it, by its name where it has one, and its text."""

    tag: str
    name: str | None
    reference: str | None
    parts: list[tuple[str, str | None, Any]] = field(default_factory=list)
    text: list[str] = field(default_factory=list)


class _Objects:
    """The elements that are open, and the objects that were read and not handed on yet."""

    def __init__(self) -> None:
        self._parser = expat.ParserCreate("utf-8")
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._characters
        # PowerShell writes no entities; those of a DTD could stand for texts without end.
        self._parser.StartDoctypeDeclHandler = _refuse
        self._open: list[_Element] = []
        self._referable: dict[str, Any] = {}
        self._lines: list[str] = []
        self._number = 1
        self._waiting = 0
        self._ended = False

    def read(self, text: str, *, final: bool) -> Iterator[Records | ReadFault]:
        """Read on; the objects that ended in a text are handed on, also those before the place where it is broken."""
        if self._ended:
            return
        fault = None
        try:
            self._parser.Parse(text.encode("utf-8", "replace"), final)
        except (expat.ExpatError, ValueError) as error:
            fault = ReadFault(f"not valid CLIXML: {error}", self._number + len(self._lines))
            self._ended = True
        self._waiting = 0 if self._lines else self._waiting + len(text)
        if self._lines:
            numbers = range(self._number, self._number + len(self._lines))
            yield Records.of(self._lines, numbers, sum(map(len, self._lines)))
            self._number += len(self._lines)
            self._lines = []
        if self._waiting > budget.longest(tuning.LARGEST_XML_EVENT):
            fault = ReadFault(budget.too_long("an object", tuning.LARGEST_XML_EVENT), self._number)
            self._ended = True
        if fault is not None:
            yield fault

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        if len(self._open) > tuning.DEEPEST_CLIXML:
            raise ValueError(f"objects in objects, deeper than {tuning.DEEPEST_CLIXML}")
        name = attributes.get("N")
        self._open.append(_Element(tag, _plain(name) if name else None, attributes.get("RefId")))

    def _characters(self, text: str) -> None:
        self._open[-1].text.append(text)

    def _end(self, _tag: str) -> None:
        element = self._open.pop()
        value = self._value(element)
        if len(self._open) > 1:
            self._open[-1].parts.append((element.tag, element.name, value))
            if element.tag == "Obj" and element.reference is not None:
                if len(self._referable) >= tuning.CLIXML_REFERENCES:
                    self._referable.clear()
                self._referable[element.reference] = value
        elif self._open:
            self._lines.append(json.dumps(value if isinstance(value, dict) else {"Value": value}, ensure_ascii=False))

    def _value(self, element: _Element) -> Any:
        match element.tag:
            case "Obj":
                return _object(element)
            case "Ref":
                return self._referable.get(element.reference or "")
            case "Nil":
                return None
            case tag if tag in _LISTS:
                return [value for _, _, value in element.parts]
            case tag if tag in _MEMBERS or tag == "En":
                return {name: value for _, name, value in element.parts if name}
            case "DCT":
                entries = (value for _, _, value in element.parts)
                return {str(entry.get("Key")): entry.get("Value") for entry in entries}
            case _:
                return _plain("".join(element.text))


def _object(element: _Element) -> Any:
    """Return an object as its properties, or its list, or the text that it is shown as."""
    parts = {tag: value for tag, _, value in element.parts}
    members = {name: value for tag in ("Props", "MS") for name, value in parts.get(tag, {}).items()}
    lists = [value for tag, value in parts.items() if tag in _LISTS or tag == "DCT"]
    if lists:
        return lists[0]
    return members or parts.get("ToString")


def _plain(text: str) -> str:
    """Return a text without escapes: PowerShell writes the end of a line as `_x000D__x000A_`."""
    return _ESCAPED.sub(lambda escaped: chr(int(escaped[1], 16)), text) if "_x" in text else text


def _refuse(*_declaration: Any) -> None:
    raise ValueError("it has a DTD")
