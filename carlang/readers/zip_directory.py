"""How many files a zip has, told from its end before `zipfile` reads all of its directory into memory."""

from __future__ import annotations

import os
import struct
from typing import IO

from carlang.readers import tuning
from carlang.readers.expansion import Expansion

# The format's own: records at a zip's end, and what stands where in them.
_END = struct.Struct("<4s6xHII2x")
_END_MAGIC = b"PK\x05\x06"
_LONGEST_COMMENT = 0xFFFF
_LOCATOR = struct.Struct("<4s4xQ4x")
_LOCATOR_MAGIC = b"PK\x06\x07"
_LONG_END = struct.Struct("<4s28xQQQ")
_LONG_END_MAGIC = b"PK\x06\x06"
_ENTRY = b"PK\x01\x02"
_SHORTEST_ENTRY = 46


def announce_members(stream: IO[bytes], expansion: Expansion) -> None:
    """Say how many files a zip has before all of its directory is read; a damaged end is left to `zipfile` to name.

    The number that the end names may be a lie, so the entries of a directory that could hold too many are counted.
    """
    size = stream.seek(0, os.SEEK_END)
    stream.seek(max(0, size - _END.size - _LONGEST_COMMENT))
    tail = stream.read()
    end = tail.rfind(_END_MAGIC)
    if end < 0 or len(tail) - end < _END.size:
        return
    _, files, directory, begin = _END.unpack_from(tail, end)
    if end >= _LOCATOR.size and tail[end - _LOCATOR.size :].startswith(_LOCATOR_MAGIC):
        stream.seek(_LOCATOR.unpack_from(tail, end - _LOCATOR.size)[1])
        long_end = stream.read(_LONG_END.size)
        if len(long_end) == _LONG_END.size and long_end.startswith(_LONG_END_MAGIC):
            _, files, directory, begin = _LONG_END.unpack(long_end)
    expansion.expect_members(files)
    if directory // _SHORTEST_ENTRY > files:
        stream.seek(min(begin, size))
        left = min(directory, size)
        counted = 0
        while left > 0 and (piece := stream.read(min(left, tuning.PIECE))):
            counted += piece.count(_ENTRY)
            expansion.expect_members(counted)
            left -= len(piece)
