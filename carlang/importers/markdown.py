"""Find an analytic in a Markdown document: the program in its code fences, ATT&CK in its table, prose at its head."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from carlang.importers.analytic_file import Coverage
from carlang.source import LineOrigin

PROGRAM = re.compile(r"\bps(?:eu|ue)docode\b", re.IGNORECASE)
"""CAR's word for its language, in both spellings that it has published."""

_HEADING = re.compile(r" {0,3}(#{1,6})(?:[ \t]+(.*?))??(?:[ \t]+#+)?[ \t]*")
_UNDERLINE = re.compile(r" {0,3}(=+|-+)[ \t]*")
_FENCE = re.compile(r"([ \t]*)(`{3,}|~{3,})[ \t]*([^`]*)")
_OF_ANY_SECTION = frozenset({"car", "carlang", "pseudocode", "psuedocode"})
_OF_ITS_SECTION = _OF_ANY_SECTION | {"", "text", "txt", "plain", "plaintext"}
_TECHNIQUE = re.compile(r"\b(T\d{4})(?:[./](\d{3}))?\b")
_TACTIC = re.compile(r"\bTA\d{4}\b")
_LEVEL = re.compile(r"\b(Low|Moderate|Medium|High)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Heading:
    """A heading, its level from 1, its text, and the number of its line, from 0."""

    level: int
    text: str
    line: int


@dataclass(frozen=True)
class Fence:
    """A code fence: the language that its first line names, its lines, and where each begins in the document."""

    language: str
    lines: tuple[str, ...]
    origins: tuple[LineOrigin, ...]
    line: int

    @property
    def text(self) -> str:
        """The code, without a newline behind the last line."""
        return "\n".join(self.lines)


@dataclass(frozen=True)
class Prose:
    """A line of text outside headings and fences."""

    text: str
    line: int


def parts(lines: list[str], first: int = 0) -> Iterator[Heading | Fence | Prose]:
    """Yield what stands in a document, from the line `first` on; `lines` are all its lines, counted from 0."""
    number = first
    while number < len(lines):
        line = lines[number]
        if opening := _FENCE.fullmatch(line):
            fence, number = _fence(lines, number, opening)
            yield fence
        elif heading := _HEADING.fullmatch(line):
            yield Heading(len(heading.group(1)), (heading.group(2) or "").strip(), number)
            number += 1
        elif line.strip() and number + 1 < len(lines) and (underline := _UNDERLINE.fullmatch(lines[number + 1])):
            yield Heading(1 if underline.group(1)[0] == "=" else 2, line.strip(), number)
            number += 2
        else:
            yield Prose(line, number)
            number += 1


def _fence(lines: list[str], number: int, opening: re.Match[str]) -> tuple[Fence, int]:
    """Read the fence that opens on a line; without an end it goes to the document's end."""
    indent, marks, info = opening.groups()
    closing = re.compile(rf"[ \t]*{re.escape(marks[0])}{{{len(marks)},}}[ \t]*")
    code: list[str] = []
    origins: list[LineOrigin] = []
    at = number + 1
    while at < len(lines) and not closing.fullmatch(lines[at]):
        blank = len(lines[at]) - len(lines[at].lstrip(" \t"))
        cut = min(blank, len(indent))
        code.append(lines[at][cut:])
        origins.append(LineOrigin(at + 1, cut + 1))
        at += 1
    if not origins:
        code, origins = [""], [LineOrigin(min(number + 2, len(lines)), 1)]
    words = info.split()
    language = words[0].strip("{}.").casefold() if words else ""
    return Fence(language, tuple(code), tuple(origins), number), at + 1


def program_fences(document: list[Heading | Fence | Prose]) -> list[tuple[str, Fence]]:
    """Return the fences that hold programs, each with the heading over it.

    They are those of a section whose heading says "pseudocode", unless they name another language, and any that
    name this one.
    """
    found: list[tuple[str, Fence]] = []
    section: Heading | None = None
    heading = ""
    for part in document:
        if isinstance(part, Heading):
            heading = part.text
            if PROGRAM.search(part.text):
                section = part
            elif section and part.level <= section.level:
                section = None
        elif isinstance(part, Fence) and part.language in (_OF_ITS_SECTION if section else _OF_ANY_SECTION):
            found.append((heading, part))
    return found


def description(document: list[Heading | Fence | Prose]) -> str:
    """Return the prose before the first heading below the title."""
    lines = []
    for part in document:
        if isinstance(part, Heading) and part.level > 1:
            break
        if isinstance(part, Prose):
            lines.append(part.text.rstrip())
    return "\n".join(lines).strip()


def main_heading(document: list[Heading | Fence | Prose]) -> str:
    """Return the text of the first heading of level 1, or nothing."""
    return next((part.text for part in document if isinstance(part, Heading) and part.level == 1), "")


def coverage_table(document: list[Heading | Fence | Prose]) -> tuple[Coverage, ...]:
    """Return what the tables under headings about ATT&CK say: a row a technique, its tactics and level beside it."""
    entries = []
    section = False
    for part in document:
        if isinstance(part, Heading):
            section = "att&ck" in part.text.casefold().replace("&amp;", "&")
        elif section and isinstance(part, Prose) and part.text.lstrip().startswith("|"):
            entries += _row(part.text)
    return tuple(entries)


def _row(text: str) -> list[Coverage]:
    techniques: dict[str, list[str]] = {}
    for technique, part in _TECHNIQUE.findall(text):
        subtechniques = techniques.setdefault(technique, [])
        if part and f"{technique}.{part}" not in subtechniques:
            subtechniques.append(f"{technique}.{part}")
    tactics = tuple(dict.fromkeys(_TACTIC.findall(text)))
    levels = _LEVEL.findall(text.rstrip().rstrip("|").rpartition("|")[2])
    level = levels[0].capitalize() if levels else ""
    return [Coverage(technique, tuple(subs), tactics, level) for technique, subs in techniques.items()]
