"""Where the characters of a YAML scalar stand in its document.

YAML cuts indentation off, folds lines and reads escapes, so a value's text is not a piece of the document. The parser
has the value and the extent of what was written; this room goes over the written text once more and pairs each
character of the value with the one it came from.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import yaml

_BREAK = r"(?:\r\n|[\n\r\x85\u2028\u2029])"
_LINE = re.compile(rf"([^\n\r\x85\u2028\u2029]*)({_BREAK}|\Z)")
_FOLD = re.compile(rf"[ \t]*({_BREAK}(?:[ \t]*{_BREAK})*)[ \t]*")
_CONTINUATION = re.compile(rf"\\{_BREAK}((?:[ \t]*{_BREAK})*)[ \t]*")
_ESCAPE = re.compile(r"\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)")
_ONE_BREAK = re.compile(_BREAK)


def scalar_offsets(document: str, node: yaml.ScalarNode) -> tuple[int, ...]:
    """Return the offset into `document` of each character of the node's value, and behind the last, of its end.

    Should the written text not pair up with the value, all offsets are those of the scalar's beginning.
    """
    start, end = node.start_mark.index, node.end_mark.index
    if node.style in {"|", ">"}:
        offsets = _block_offsets(document, start, end, node.value, folded=node.style == ">")
    else:
        offsets = _flow_offsets(document, start, end, node.style)
    if len(offsets) != len(node.value) + 1:
        return (start,) * (len(node.value) + 1)
    return tuple(offsets)


def _block_offsets(document: str, start: int, end: int, value: str, *, folded: bool) -> list[int]:
    """Pair up a literal or folded block, whose first line is its header."""
    characters = _block_characters(document, start, end, value)
    offsets: list[int] = []
    position = 0
    for character in value:
        index = _next(characters, position, character, folded=folded)
        if index is None:
            return []
        offsets.append(characters[index][1])
        position = index + 1
    last = characters[position - 1][1] + 1 if position else end
    return [*offsets, last]


def _next(characters: list[tuple[str, int]], position: int, wanted: str, *, folded: bool) -> int | None:
    """Return the index of the written character that `wanted` came from; a folded block reads some breaks as blanks."""
    while position < len(characters):
        written = characters[position][0]
        if written == wanted or (folded and written == "\n" and wanted == " "):
            return position
        if not (folded and written == "\n"):
            return None
        position += 1
    return None


def _block_characters(document: str, start: int, end: int, value: str) -> list[tuple[str, int]]:
    header = _LINE.match(document, start)
    begin = header.end() if header else end
    lines = [(m.group(1), m.start(), m.start(2)) for m in _LINE.finditer(document, begin, end) if m.group()]
    indent = _indent([text for text, _, _ in lines], value)
    characters: list[tuple[str, int]] = []
    for text, first, newline in lines:
        characters += [(c, first + i) for i, c in enumerate(text) if i >= indent]
        brk = document[newline : newline + 1]
        characters.append((brk if brk in {"\u2028", "\u2029"} else "\n", newline))
    return characters


def _indent(lines: list[str], value: str) -> int:
    """Return how many blanks were cut off each line: what the first line with content has more than in the value."""
    written = next((line for line in lines if line.strip(" ")), "")
    read = next((line for line in re.split(_BREAK, value) if line.strip(" ")), "")
    return (len(written) - len(written.lstrip(" "))) - (len(read) - len(read.lstrip(" ")))


def _flow_offsets(document: str, start: int, end: int, style: str | None) -> list[int]:
    """Pair up a plain or quoted scalar."""
    if style is not None:
        start, end = start + 1, end - 1
    return [*_flow_characters(document, start, end, style), end]


def _flow_characters(document: str, position: int, end: int, style: str | None) -> Iterator[int]:
    while position < end:
        if fold := _FOLD.match(document, position, end):
            breaks = [m.start() for m in _ONE_BREAK.finditer(document, fold.start(1), fold.end(1))]
            yield from breaks[1:] or breaks
            position = fold.end()
        elif style == '"' and (continued := _CONTINUATION.match(document, position, end)):
            yield from (m.start() for m in _ONE_BREAK.finditer(document, continued.start(1), continued.end(1)))
            position = continued.end()
        elif style == '"' and (escape := _ESCAPE.match(document, position, end)):
            yield position
            position = escape.end()
        else:
            yield position
            position += 2 if style == "'" and document[position] == "'" else 1
