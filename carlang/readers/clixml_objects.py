"""The objects of a CLIXML text as JSON: what PowerShell wrote of properties, lists and references."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any
from xml.parsers import expat

from carlang.readers import tuning

ROOT = b"<Objs>"
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_LISTS = frozenset({"LST", "IE", "QUE", "STK"})
_MEMBERS = frozenset({"Props", "MS"})
INSIDE = _LISTS | _MEMBERS | {"TN", "TNRef", "ToString", "DCT", "En"}
"""What stands in objects, and nowhere else."""


class DoctypeError(ValueError):
    """PowerShell writes no entities; those of a DTD could stand for texts without end."""

    def __init__(self) -> None:
        super().__init__("it has a DTD")


@dataclass(slots=True)
class _Element:
    """An element that is open: what stands in it, by its name where it has one, and its text."""

    tag: str
    name: str | None
    reference: str | None
    parts: list[tuple[str, str | None, Any]] = field(default_factory=list)
    text: list[str] = field(default_factory=list)


class References:
    """Objects that later ones may refer to."""

    def __init__(self) -> None:
        self._values: dict[str, Any] = {}
        self.unknown: dict[str, bool] = {}
        """References to objects that are not there, and whether somebody has said so."""

    def add(self, reference: str, value: Any) -> None:
        """Keep an object."""
        if len(self._values) >= tuning.CLIXML_REFERENCES:
            self._values.clear()
        self._values[reference] = value

    def value(self, reference: str) -> Any:
        """Return an object, None where it is not there."""
        if reference not in self._values and len(self.unknown) < tuning.CLIXML_REFERENCES:
            self.unknown.setdefault(reference, False)
        return self._values.get(reference)


class ObjectParser:
    """Parses a text from its root on, or from the beginning of an object; not for use after an error.

    What is complete stands in `done`, a JSON text by the tag of its element; texts between objects, where none should
    be, stand in `strays`.
    """

    def __init__(self, references: References, *, at_root: bool) -> None:
        self.done: list[tuple[str, str]] = []
        self.strays: list[str] = []
        self._is_stray = False
        self._references = references
        self._parser = expat.ParserCreate("utf-8")
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._characters
        self._parser.StartDoctypeDeclHandler = _refuse
        self._open: list[_Element] = []
        self.object_end = 0
        """Bytes up to the end tag of the last object that is complete."""
        self._before = 0
        if not at_root:
            self.parse(ROOT)
            self._before = len(ROOT)

    @property
    def is_within(self) -> bool:
        """Whether an object has begun and not ended."""
        return len(self._open) > 1

    def parse(self, text: bytes, *, final: bool = False) -> None:
        """Read on; raises `expat.ExpatError` or `ValueError` where that is not possible."""
        self._parser.Parse(text, final)

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        if len(self._open) > tuning.DEEPEST_CLIXML:
            raise ValueError(f"objects in objects, deeper than {tuning.DEEPEST_CLIXML}")
        self._is_stray = False
        name = attributes.get("N")
        self._open.append(_Element(tag, _plain(name) if name else None, attributes.get("RefId")))

    def _characters(self, text: str) -> None:
        if len(self._open) > 1:
            self._open[-1].text.append(text)
        elif text.strip() and not self._is_stray:
            self._is_stray = True
            self.strays.append(text.strip()[: tuning.SHOWN_TEXT])

    def _end(self, _tag: str) -> None:
        element = self._open.pop()
        value = self._value(element)
        if len(self._open) > 1:
            self._open[-1].parts.append((element.tag, element.name, value))
            if element.tag == "Obj" and element.reference is not None:
                self._references.add(element.reference, value)
        elif self._open:
            record = value if isinstance(value, dict) else {"Value": value}
            self.done.append((element.tag, json.dumps(record, ensure_ascii=False)))
            self.object_end = self._parser.CurrentByteIndex - self._before

    def _value(self, element: _Element) -> Any:
        match element.tag:
            case "Obj":
                return _object(element)
            case "Ref":
                return self._references.value(element.reference or "")
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
    raise DoctypeError
