"""The reader of JSON lines: a record a line."""

from __future__ import annotations

from collections.abc import Iterator

from carlang.ingest.json_documents import looks_like_documents
from carlang.ingest.records import Fault, Member, Records
from carlang.ingest.text import is_text, utf8_blocks, valid_utf8

_LONGEST = 64 << 20


class JsonLinesReader:
    """Reads text files of a record a line; a line that is no JSON object is sorted out later, with its number."""

    name = "JSON lines"

    def matches(self, head: bytes) -> bool:
        """Any text is read as lines, unless its beginning shows documents that span lines."""
        return is_text(head) and not looks_like_documents(head)

    def read(self, member: Member) -> Iterator[Records | Fault]:
        """Read blocks of whole lines."""
        number = 1
        for text in _whole_lines(utf8_blocks(member.stream)):
            if text is None:
                yield Fault(f"a line of more than {_LONGEST >> 20} MB", number)
                number += 1
                continue
            lines = valid_utf8(text).split(b"\n")
            yield Records.of(lines, range(number, number + len(lines)), len(text))
            number += len(lines)


def _whole_lines(blocks: Iterator[bytes]) -> Iterator[bytes | None]:
    """Cut blocks at their last newline, the rest waits for the next block; None stands for a line that is too long.

    Where the stream breaks, the line that was being read is handed on before the error.
    """
    rest: list[bytes] = []
    waiting = 0
    try:
        for block in blocks:
            text = block
            if waiting > _LONGEST and b"\n" in text:
                yield None
                text = text[text.find(b"\n") + 1 :]
                rest, waiting = [], 0
            cut = text.rfind(b"\n")
            if cut >= 0:
                yield b"".join([*rest, text[:cut]])
                rest, waiting = [text[cut + 1 :]], len(text) - cut - 1
                continue
            waiting += len(text)
            rest = [*rest, text] if waiting <= _LONGEST else []
    except Exception:
        if last := b"".join(rest):
            yield last
        raise
    if waiting > _LONGEST:
        yield None
    elif last := b"".join(rest):
        yield last
