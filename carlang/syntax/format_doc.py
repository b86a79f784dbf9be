"""Formatted text as a tree of pieces, and its layout within a width.

A document is a row of texts and groups. A group is written on one line where that fits, else with one item a line (a
packed one fills its lines), and always so where a comment stands in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from carlang.source import Span

WIDTH = 100
"""How many columns a line may have before it is broken."""

INDENT = 4


@dataclass(slots=True)
class Item:
    """A member of a group, with the comments above it, at the end of its last line, and below it.

    `lead` is the operator that stands before it, `and`, `or` or `|`; empty after a comma and in the first.
    """

    doc: Doc
    span: Span
    lead: str = ""
    above: list[str] = field(default_factory=list)
    beside: str = ""
    below: list[str] = field(default_factory=list)

    @property
    def remarked(self) -> bool:
        """Whether a comment belongs to it."""
        return bool(self.above or self.beside or self.below)


@dataclass(slots=True)
class Group:
    """Items between brackets, or without them; commas stand between those that have no operator before them."""

    items: list[Item]
    open: str = ""
    close: str = ""
    packed: bool = False


Doc = Sequence[str | Group]


def flat(doc: Doc) -> str | None:
    """Return a document on one line, or None where a comment forbids it."""
    parts = []
    for part in doc:
        text = part if isinstance(part, str) else _flat_group(part)
        if text is None:
            return None
        parts.append(text)
    return "".join(parts)


def _flat_group(group: Group) -> str | None:
    text = group.open
    for number, item in enumerate(group.items):
        inner = None if item.remarked else flat(item.doc)
        if inner is None:
            return None
        if number:
            text += f" {item.lead} " if item.lead else ", "
        text += inner
    return text + group.close


@dataclass(frozen=True, slots=True)
class ItemAt:
    """An item, how deep it lies, and whether its group begins with it on the line at hand, `filter p where …`.

    No comment can stand above such an item.
    """

    item: Item
    depth: int
    begins_inline: bool


def items_of(doc: Doc, depth: int = 0) -> Iterator[ItemAt]:
    """Yield all items of a document, each before those inside it."""
    for part in doc:
        if isinstance(part, Group):
            for number, item in enumerate(part.items):
                yield ItemAt(item, depth, begins_inline=number == 0 and not part.open)
                yield from items_of(item.doc, depth + 1)


def last_items(doc: Doc) -> Iterator[Item]:
    """Yield the items that a document ends with, so that nothing follows them on their line."""
    if doc and isinstance(doc[-1], Group) and not doc[-1].close:
        yield doc[-1].items[-1]
        yield from last_items(doc[-1].items[-1].doc)


def layout(doc: Doc) -> str:
    """Return a document as lines, of at most `WIDTH` columns where it can be broken often enough."""
    page = _Page()
    page.write(doc, 0, 0)
    return "\n".join(line.rstrip() for line in [*page.lines, page.line])


@dataclass(slots=True)
class _Page:
    lines: list[str] = field(default_factory=list)
    line: str = ""

    def write(self, doc: Doc, indent: int, rest: int) -> None:
        """Write a document; `rest` columns are needed on its last line for what follows it."""
        for number, part in enumerate(doc):
            if isinstance(part, str):
                self.line += part
                continue
            # What stands behind the group up to the next place to break at has to fit on its last line as well.
            text = _flat_group(part)
            after = _until_break(doc[number + 1 :], rest)
            if text is not None and len(self.line) + len(text) + after <= WIDTH:
                self.line += text
            else:
                self._broken(part, indent, after)

    def _new_line(self, indent: int) -> None:
        self.lines.append(self.line)
        self.line = " " * indent

    def _broken(self, group: Group, indent: int, rest: int) -> None:
        self.line += group.open
        inner = indent + INDENT
        # A comment ends its line, so a list with comments has an item a line.
        if group.packed and not any(item.remarked for item in group.items):
            self._packed(group, inner)
        else:
            self._one_a_line(group, indent, rest)
        if group.close:
            self._new_line(indent)
        self.line += group.close

    def _one_a_line(self, group: Group, indent: int, rest: int) -> None:
        inner = indent + INDENT
        for number, item in enumerate(group.items):
            last = number == len(group.items) - 1
            if number or group.open:
                self._new_line(inner)
            for comment in item.above:
                self.line += comment
                self._new_line(inner)
            if item.lead:
                self.line += item.lead + " "
            comma = "" if last or group.items[number + 1].lead else ","
            at = inner if number or group.open else indent
            self.write(item.doc, at, rest if last and not group.close else len(comma))
            self.line += comma + (f"  {item.beside}" if item.beside else "")
            for comment in item.below:
                self._new_line(inner)
                self.line += comment

    def _packed(self, group: Group, inner: int) -> None:
        self._new_line(inner)
        for number, item in enumerate(group.items):
            comma = "" if number == len(group.items) - 1 else ","
            text = flat(item.doc)
            begun = len(self.line) > inner
            if begun and (text is None or len(self.line) + 1 + len(text) + len(comma) > WIDTH):
                self._new_line(inner)
            elif begun:
                self.line += " "
            self.write(item.doc, inner, len(comma))
            self.line += comma


def _until_break(doc: Doc, rest: int) -> int:
    """Return how many columns follow until the line can be broken."""
    width = 0
    for part in doc:
        if isinstance(part, str):
            width += len(part)
        else:
            return width + len(part.open or flat(part.items[0].doc) or "")
    return width + rest
