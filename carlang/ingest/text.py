"""Blocks of UTF-8 text out of a stream that may be UTF-8 or UTF-16."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from typing import BinaryIO

from carlang.ingest.records import STREAM_FAULTS, read_some

BLOCK = 8 << 20
_PIECE = 1 << 20

_UTF16 = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
_BINARY = frozenset(range(32)) - frozenset(b"\t\n\r\f\b\x1b")


def is_text(head: bytes) -> bool:
    """Tell whether a file's first bytes are text: UTF-16 with a mark, or bytes without binary control characters."""
    return head.startswith(tuple(_UTF16)) or not _BINARY.intersection(head)


def utf8_start(head: bytes) -> bytes:
    """Return a file's first bytes as UTF-8, without a byte order mark and white space before the text."""
    mark = next((mark for mark in _UTF16 if head.startswith(mark)), None)
    if mark:
        head = head[2:].decode(_UTF16[mark], "ignore").encode()
    return head.removeprefix(codecs.BOM_UTF8).lstrip()


def utf8_blocks(stream: BinaryIO, size: int = BLOCK) -> Iterator[bytes]:
    """Yield the stream's text as UTF-8 in blocks of about `size` bytes.

    Bytes that are not of the encoding become U+FFFD. Where the stream breaks, what came before the break is yielded
    first and the error raised then.
    """
    blocks = _blocks(stream, size)
    first = next(blocks, b"")
    mark = next((mark for mark in _UTF16 if first.startswith(mark)), None)
    if mark is None:
        yield first.removeprefix(codecs.BOM_UTF8)
        yield from blocks
        return
    decoder = codecs.getincrementaldecoder(_UTF16[mark])("replace")
    yield decoder.decode(first[len(mark) :]).encode("utf-8", "replace")
    for block in blocks:
        yield decoder.decode(block).encode("utf-8", "replace")
    yield decoder.decode(b"", final=True).encode("utf-8", "replace")


def _blocks(stream: BinaryIO, size: int) -> Iterator[bytes]:
    pieces: list[bytes] = []
    total = 0
    try:
        while piece := read_some(stream, _PIECE):
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
