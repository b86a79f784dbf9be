"""Blocks of UTF-8 text out of a stream that may be UTF-8 or UTF-16."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from itertools import pairwise
from typing import BinaryIO

from carlang.readers import budget, tuning
from carlang.readers.records import STREAM_FAULTS, read_some

_UTF16 = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
_UNMARKED = {b"<\0": "utf-16-le", b"{\0": "utf-16-le", b"[\0": "utf-16-le"}
CONTROLS = bytes(sorted(frozenset(range(32)) - frozenset(b"\t\n\r\f\b\x1b")))
"""Characters that no line of a log has in it, unless it is damaged or quotes what is no text."""
_ZEROS = re.compile(rb"\0{2,}")
_TEXT_PER_CONTROL = 16
"""Bytes of text for each control character. Compressed bytes, like any that are random, hold one in ten."""

# A line's end, at whatever alignment, before a character of ASCII: by it a text finds its pairs of bytes again.
_UTF16_NEWLINES = {
    "utf-16-le": re.compile(rb"\n\0(?=[\t-~]\0)"),
    "utf-16-be": re.compile(rb"\0\n(?=\0[\t-~])"),
}


def is_text(head: bytes) -> bool:
    """Tell whether a file's first bytes are text: UTF-16, or bytes with few control characters among them.

    A control character damages its line, not its file; a run of zeros, which a crash leaves where a log was being
    written, counts as one.
    """
    if _utf16(head) is not None:
        return True
    # To look for runs takes as long as all else here, and nearly no text has a zero.
    shown = _ZEROS.sub(b"\0", head) if b"\0" in head else head
    if (len(shown) - len(shown.translate(None, CONTROLS))) * _TEXT_PER_CONTROL <= len(shown):
        return True
    # What begins as a text is one, whatever somebody, or a tool with another encoding, wrote behind.
    first, newline, _ = head.partition(b"\n")
    return bool(newline) and len(first) >= _TEXT_PER_CONTROL and first == valid_utf8(first.translate(None, CONTROLS))


def is_utf16(head: bytes) -> bool:
    """Tell whether a text is UTF-16 by its first bytes."""
    return _utf16(head) is not None


def _utf16(head: bytes) -> tuple[str, int] | None:
    """Return the encoding of a text in UTF-16, and the length of its mark."""
    # Beside the mark there are zeros, in newlines and signs at the least: without any, two bytes are damaged.
    if (marked := _UTF16.get(head[:2])) is not None and (b"\0" in head or len(head) == len(codecs.BOM_UTF16)):
        return marked, 2
    # Without a mark it is told by a first character that a log begins with; any other is left to be text in UTF-8.
    unmarked = _UNMARKED.get(head[:2])
    return (unmarked, 0) if unmarked else None


def utf8_start(head: bytes) -> bytes:
    """Return a file's first bytes as UTF-8, without the byte order mark, white space and zeros before the text."""
    if utf16 := _utf16(head):
        encoding, mark = utf16
        head = head[mark:].decode(encoding, "ignore").encode()
    return head.removeprefix(codecs.BOM_UTF8).lstrip(b"\0 \t\r\n\f\v")


def utf8_blocks(stream: BinaryIO, size: int | None = None) -> Iterator[bytes]:
    """Yield the stream's text as UTF-8 in blocks of about `size` bytes, `tuning.BLOCK` where None.

    Of UTF-16, what is not of the encoding becomes U+FFFD. Where the stream breaks, what came before the break is
    yielded first and the error raised then.
    """
    blocks = _blocks(stream, budget.within(tuning.BLOCK) if size is None else size)
    first = next(blocks, b"")
    utf16 = _utf16(first)
    if utf16 is None:
        yield first.removeprefix(codecs.BOM_UTF8)
        yield from blocks
        return
    encoding, mark = utf16
    newline = _UTF16_NEWLINES[encoding]
    rest = first[mark:]
    broken: Exception | None = None
    try:
        for block in blocks:
            cut = max((match.end() for match in newline.finditer(rest)), default=0)
            cut = cut if cut or len(rest) < budget.longest(tuning.LONGEST_LINE) else len(rest) // 2 * 2
            yield _decoded(rest[:cut], encoding)
            rest = rest[cut:] + block
    except STREAM_FAULTS as error:
        broken = error
    yield _decoded(rest, encoding)
    if broken is not None:
        raise broken


def _decoded(text: bytes, encoding: str) -> bytes:
    """Return a text in UTF-16 as UTF-8; a byte too many or too few costs its line and none behind it."""
    begins = [0, *(match.end() for match in _UTF16_NEWLINES[encoding].finditer(text)), len(text)]
    if all(begin % 2 == 0 for begin in begins):
        return text.decode(encoding, "replace").encode("utf-8", "replace")
    lines = (text[begin:end] for begin, end in pairwise(begins))
    return b"".join(_line(line, encoding).encode("utf-8", "replace") for line in lines)


def _line(line: bytes, encoding: str) -> str:
    # Of a line with an odd number of bytes the newline is right, and so what stands before the damage or behind it.
    newline = "\n".encode(encoding)
    if len(line) % 2 and line.endswith(newline):
        return line[: -len(newline)].decode(encoding, "replace") + "\n"
    return line.decode(encoding, "replace")


def _blocks(stream: BinaryIO, size: int) -> Iterator[bytes]:
    pieces: list[bytes] = []
    total = 0
    try:
        while piece := read_some(stream, tuning.PIECE):
            pieces.append(piece)
            total += len(piece)
            if total >= size:
                yield b"".join(pieces)
                pieces, total = [], 0
    except STREAM_FAULTS:
        yield b"".join(pieces)
        raise
    yield b"".join(pieces)


def valid_utf8(text: bytes) -> bytes:
    """Return the text with everything that is not UTF-8 replaced by U+FFFD."""
    try:
        text.decode()
    except UnicodeDecodeError:
        return text.decode("utf-8", "replace").encode()
    return text


def in_one_encoding(text: bytes) -> bytes:
    """Return lines with those in UTF-16 among them, as PowerShell's `>>` adds them to any file, in UTF-8 as well."""
    if b"\0" not in text:
        return text
    return b"\n".join(map(_in_utf8, text.split(b"\n")))


def _in_utf8(line: bytes) -> bytes:
    # A newline is two bytes, at one of which the line was cut: the zero that is left of it stands before the next line.
    inner = line.removeprefix(b"\0")
    if b"\0" not in inner:
        return inner
    inner = inner.removesuffix(b"\0")
    # Half of the bytes of ASCII are zeros, none of them beside another. In other scripts there are signs and digits.
    if inner.count(b"\0") * 3 < len(inner) or b"\0\0" in inner:
        return line
    return (inner + b"\0").removeprefix(codecs.BOM_UTF16_LE).decode("utf-16-le", "replace").encode()


def whole_lines(blocks: Iterator[bytes]) -> Iterator[bytes | None]:
    """Cut blocks at their last newline, the rest waits for the next block; None stands for a line that is too long.

    Where the stream breaks, the line that was being read is handed on before the error.
    """
    # Pieces, joined when their line ends: to add each block to what waits would copy a long line again and again.
    rest: list[bytes] = []
    waiting, most = 0, budget.longest(tuning.LONGEST_LINE)
    try:
        for block in blocks:
            text = block
            if waiting > most and b"\n" in text:
                yield None
                text = text[text.find(b"\n") + 1 :]
                rest, waiting = [], 0
            cut = text.rfind(b"\n")
            if cut >= 0:
                # Without a copy of what is cut off: the block is nearly all of it.
                yield b"".join([*rest, memoryview(text)[:cut]])
                rest, waiting = [text[cut + 1 :]], len(text) - cut - 1
                continue
            waiting += len(text)
            # Of a line that is too long only the length is kept, until its newline comes.
            rest = [*rest, text] if waiting <= most else []
    except Exception:
        if last := b"".join(rest):
            yield last
        raise
    if waiting > most:
        yield None
    elif last := b"".join(rest):
        yield last
