"""Blocks of UTF-8 text out of a stream that may be UTF-8 or UTF-16."""

from __future__ import annotations

import codecs
import io
import sys
from collections.abc import Iterator
from typing import BinaryIO

from carlang.readers import tuning
from carlang.readers.records import STREAM_FAULTS, read_some

_EVERYTHING = sys.maxsize

_UTF16 = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
_UNMARKED = {b"<\0": "utf-16-le", b"{\0": "utf-16-le", b"[\0": "utf-16-le"}
_BINARY = frozenset(range(32)) - frozenset(b"\t\n\r\f\b\x1b")


def is_text(head: bytes) -> bool:
    """Tell whether a file's first bytes are text: UTF-16, or bytes without binary control characters."""
    return _utf16(head) is not None or not _BINARY.intersection(head)


def _utf16(head: bytes) -> tuple[str, int] | None:
    """Return the encoding of a text in UTF-16, and the length of its mark."""
    if (marked := _UTF16.get(head[:2])) is not None:
        return marked, 2
    # Without a mark it is told by a first character that a log begins with; any other is left to be text in UTF-8.
    unmarked = _UNMARKED.get(head[:2])
    return (unmarked, 0) if unmarked else None


def utf8_start(head: bytes) -> bytes:
    """Return a file's first bytes as UTF-8, without a byte order mark and white space before the text."""
    if utf16 := _utf16(head):
        encoding, mark = utf16
        head = head[mark:].decode(encoding, "ignore").encode()
    return head.removeprefix(codecs.BOM_UTF8).lstrip()


def utf8_blocks(stream: BinaryIO, size: int | None = None) -> Iterator[bytes]:
    """Yield the stream's text as UTF-8 in blocks of about `size` bytes, `tuning.BLOCK` where None.

    Of UTF-16, what is not of the encoding becomes U+FFFD. Where the stream breaks, what came before the break is
    yielded first and the error raised then.
    """
    blocks = _blocks(stream, tuning.BLOCK if size is None else size)
    first = next(blocks, b"")
    utf16 = _utf16(first)
    if utf16 is None:
        yield first.removeprefix(codecs.BOM_UTF8)
        yield from blocks
        return
    encoding, mark = utf16
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    yield decoder.decode(first[mark:]).encode("utf-8", "replace")
    for block in blocks:
        yield decoder.decode(block).encode("utf-8", "replace")
    yield decoder.decode(b"", final=True).encode("utf-8", "replace")


class Utf8Stream(io.RawIOBase):
    """A text as a stream of bytes in UTF-8, whatever its encoding is; what is not of that becomes U+FFFD."""

    def __init__(self, stream: BinaryIO) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._blocks = utf8_blocks(stream, tuning.PIECE)
        self._ahead = b""

    def readable(self) -> bool:
        """Streams are only read."""
        return True

    def peek(self, size: int) -> bytes:
        """Return the next bytes, which are read again afterwards."""
        while len(self._ahead) < size and (block := next(self._blocks, None)) is not None:
            self._ahead += self._decoder.decode(block).encode()
        return self._ahead[:size]

    def read(self, size: int = -1) -> bytes:
        """Read on."""
        self.peek(1 if size >= 0 else _EVERYTHING)
        cut = len(self._ahead) if size < 0 else size
        piece, self._ahead = self._ahead[:cut], self._ahead[cut:]
        return piece


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


def whole_lines(blocks: Iterator[bytes]) -> Iterator[bytes | None]:
    """Cut blocks at their last newline, the rest waits for the next block; None stands for a line that is too long.

    Where the stream breaks, the line that was being read is handed on before the error.
    """
    # Pieces, joined when their line ends: to add each block to what waits would copy a long line again and again.
    rest: list[bytes] = []
    waiting = 0
    try:
        for block in blocks:
            text = block
            if waiting > tuning.LONGEST_LINE and b"\n" in text:
                yield None
                text = text[text.find(b"\n") + 1 :]
                rest, waiting = [], 0
            cut = text.rfind(b"\n")
            if cut >= 0:
                yield b"".join([*rest, text[:cut]])
                rest, waiting = [text[cut + 1 :]], len(text) - cut - 1
                continue
            waiting += len(text)
            # Of a line that is too long only the length is kept, until its newline comes.
            rest = [*rest, text] if waiting <= tuning.LONGEST_LINE else []
    except Exception:
        if last := b"".join(rest):
            yield last
        raise
    if waiting > tuning.LONGEST_LINE:
        yield None
    elif last := b"".join(rest):
        yield last
