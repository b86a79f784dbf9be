"""Find an analytic in a Markdown document: the program in its code fences, ATT&CK in its table, prose at its head.

markdown-it reads the document, with the rules for fences, headings, rulers and tables, and sees its lines without
their indentation. So a program ends at its closing fence and nowhere else: by the rules for lists it would end at the
first of its lines that is indented less than the list item it stands in, as published documents have it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from markdown_it import MarkdownIt
from markdown_it.token import Token

from carlang.importers.analytic_file import Coverage
from carlang.source import LineOrigin

PROGRAM = re.compile(r"\bps(?:eu|ue)docode\b", re.IGNORECASE)
"""CAR's word for its language, in both spellings that it has published."""

_BLANKS = " \t"
_CODE_INDENT = 4  # from here on an indented line is code, and a `#` at its head a comment
_RULES = ("fence", "heading", "lheading", "hr", "table")
_OF_ANY_SECTION = frozenset({"car", "carlang", "pseudocode", "psuedocode"})
_OF_ITS_SECTION = _OF_ANY_SECTION | {"", "text", "txt", "plain", "plaintext"}
_TECHNIQUE = re.compile(r"\b(T\d{4})(?:[./](\d{3}))?\b")
_TACTIC = re.compile(r"\bTA\d{4}\b")
_LEVEL = re.compile(r"\b(Low|Moderate|Medium|High)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading, its level from 1, its text, and its lines: the first, and the one behind its last, from 0."""

    level: int
    text: str
    first: int
    end: int


@dataclass(frozen=True, slots=True)
class Fence:
    """A code fence: the language that its first line names, its code, where each line of that begins, its own lines."""

    language: str
    text: str
    origins: tuple[LineOrigin, ...]
    first: int
    end: int


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table, its cells as they are written."""

    cells: tuple[str, ...]


Part = Heading | Fence | Row


@dataclass(frozen=True, slots=True)
class Markdown:
    """A document: its lines, the first of them, from 0, behind any front matter, and what stands in it from there."""

    lines: tuple[str, ...]
    body: int
    parts: tuple[Part, ...]

    @classmethod
    def read(cls, lines: Sequence[str], body: int = 0) -> Markdown:
        """Read a document from the line `body` on."""
        tokens = MarkdownIt("zero").enable(_RULES).parse("\n".join(line.lstrip(_BLANKS) for line in lines[body:]))
        return cls(tuple(lines), body, tuple(_parts(tokens, lines, body)))

    def programs(self) -> list[tuple[str, Fence]]:
        """Return the fences that hold programs, each with the heading over it.

        They are those of a section whose heading says "pseudocode", unless they name another language, and any that
        name this one.
        """
        programs: list[tuple[str, Fence]] = []
        section: Heading | None = None
        heading = ""
        for part in self.parts:
            if isinstance(part, Heading):
                heading = part.text
                if PROGRAM.search(part.text):
                    section = part
                elif section and part.level <= section.level:
                    section = None
            elif isinstance(part, Fence) and part.language in (_OF_ITS_SECTION if section else _OF_ANY_SECTION):
                programs.append((heading, part))
        return programs

    def description(self) -> str:
        """Return the prose before the first heading below the title, without what stands in fences."""
        prose: list[str] = []
        line = self.body
        for part in self.parts:
            if isinstance(part, Row):
                continue
            prose += self.lines[line : part.first]
            line = part.end
            if isinstance(part, Heading) and part.level > 1:
                break
        else:
            prose += self.lines[line:]
        return "\n".join(text.rstrip() for text in prose).strip()

    def title(self) -> str:
        """Return the text of the first heading of level 1, or nothing."""
        return next((part.text for part in self.parts if isinstance(part, Heading) and part.level == 1), "")

    def coverage(self) -> tuple[Coverage, ...]:
        """Return what the tables under headings about ATT&CK say: a row a technique, with its tactics and level."""
        entries: list[Coverage] = []
        in_section = False
        for part in self.parts:
            if isinstance(part, Heading):
                in_section = "att&ck" in part.text.casefold().replace("&amp;", "&")
            elif in_section and isinstance(part, Row):
                entries += _coverage(part)
        return tuple(entries)


def _parts(tokens: Sequence[Token], lines: Sequence[str], body: int) -> Iterator[Part]:
    cells: list[str] = []
    for number, token in enumerate(tokens):
        first, end = (line + body for line in token.map or (0, 0))
        match token.type:
            case "heading_open" if _indent(lines[first]) < _CODE_INDENT:
                yield Heading(
                    int(token.tag.removeprefix("h")), tokens[number + 1].content.strip().replace("\n", " "), first, end
                )
            case "fence":
                yield _fence(token, lines, first, end)
            case "tr_open":
                cells = []
            case "th_open" | "td_open":
                cells.append(tokens[number + 1].content)
            case "tr_close":
                yield Row(tuple(cells))


def _fence(token: Token, lines: Sequence[str], first: int, end: int) -> Fence:
    """Return a fence with its code as the document has it: an analytic's spans must lead back to every character."""
    words = token.info.split()
    language = words[0].strip("{}.").casefold() if words else ""
    # A fence that nothing closes has as many lines of code as lines behind its first. It goes to the document's end,
    # where markdown-it leaves out what stands behind the last newline.
    shown = len(token.content.removesuffix("\n").split("\n")) if token.content else 0
    is_closed = end - first - 1 > shown
    end = end if is_closed else len(lines)
    code: list[str] = []
    origins: list[LineOrigin] = []
    for number in range(first + 1, end - is_closed):
        cut = min(_indent(lines[number]), _indent(lines[first]))
        code.append(lines[number][cut:])
        origins.append(LineOrigin(number + 1, cut + 1))
    if not origins:
        origins = [LineOrigin(min(first + 2, len(lines)), 1)]
    return Fence(language, "\n".join(code), tuple(origins), first, end)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(_BLANKS))


def _coverage(row: Row) -> Iterable[Coverage]:
    text = " | ".join(row.cells)
    techniques: dict[str, list[str]] = {}
    for technique, part in _TECHNIQUE.findall(text):
        subtechniques = techniques.setdefault(technique, [])
        if part and f"{technique}.{part}" not in subtechniques:
            subtechniques.append(f"{technique}.{part}")
    tactics = tuple(dict.fromkeys(_TACTIC.findall(text)))
    levels = _LEVEL.findall(row.cells[-1])
    level = levels[0].capitalize() if levels else ""
    return [Coverage(technique, tuple(subs), tactics, level) for technique, subs in techniques.items()]
