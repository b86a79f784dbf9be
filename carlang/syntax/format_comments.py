"""Comments inside a statement: each goes to the item of a group that it stands beside, above or below."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from carlang.source import Span
from carlang.syntax.format_doc import Doc, Item, items_of, last_items

_BETWEEN = re.compile(r"(?:[)\],|\s]|\{\{pipe\}\}|(?:and|or)\b)*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Place:
    item: Item
    depth: int
    opening: bool


@dataclass(slots=True)
class Loose:
    """Comments of a statement that none of its lines but the first and last can hold: above it, behind it, below it."""

    above: list[str] = field(default_factory=list)
    beside: str = ""
    below: list[str] = field(default_factory=list)


def attach(doc: Doc, comments: Sequence[Span], text: str) -> Loose:
    """Give the comments of a statement to the items of its document; return those that no item can have.

    `text` is the program that all spans are of. A comment behind code belongs to the item that ends before it, one on
    a line of its own to the item that follows. Comments of the item that the statement ends with follow the statement.
    """
    places = [_Place(*found) for found in items_of(doc)]
    code = _blanked(text, comments)
    loose = Loose()
    for comment in comments:
        words = text[comment.start : comment.end].rstrip()
        if not _attached(places, comment, words, code):
            loose.above.append(words)
    for item in last_items(doc):
        remarks = [*([item.beside] if item.beside else []), *item.below]
        if item.beside and not loose.beside:
            loose.beside = remarks.pop(0)
        loose.below += remarks
        item.beside, item.below = "", []
    return loose


def _blanked(text: str, comments: Sequence[Span]) -> str:
    for comment in comments:
        text = text[: comment.start] + " " * (comment.end - comment.start) + text[comment.end :]
    return text


def _attached(places: Sequence[_Place], comment: Span, words: str, code: str) -> bool:
    line = code.rfind("\n", 0, comment.start) + 1
    before = _before(places, comment, code)
    if code[line : comment.start].strip() and before and _BETWEEN.fullmatch(code, before.span.end, comment.start):
        if before.beside:
            before.below.append(words)
        else:
            before.beside = words
        return True
    after = _after(places, comment, code)
    if after:
        after.item.above.append(words)
        return not after.opening or not after.item.above.pop()
    if before:
        before.below.append(words)
    return before is not None


def _before(places: Sequence[_Place], comment: Span, code: str) -> Item | None:
    """Return the item that ends before a comment; behind a closing bracket the one that the bracket belongs to."""
    ended = [place for place in places if place.item.span.end <= comment.start]
    if not ended:
        return None
    end = max(place.item.span.end for place in ended)
    nearest = [place for place in ended if place.item.span.end == end]
    closed = re.search(r"[)\]]", code[end : comment.start])
    chosen = (min if closed else max)(nearest, key=lambda place: place.depth)
    return chosen.item


def _after(places: Sequence[_Place], comment: Span, code: str) -> _Place | None:
    """Return the item that follows a comment in the same brackets."""
    coming = [place for place in places if place.item.span.start >= comment.end]
    if not coming:
        return None
    start = min(place.item.span.start for place in coming)
    between = code[comment.end : start]
    if re.search(r"[)\]]", between):
        return None
    nearest = [place for place in coming if place.item.span.start == start]
    return (min if re.search(r"[(\[]", between) else max)(nearest, key=lambda place: place.depth)
