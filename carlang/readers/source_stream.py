"""The stream of a source on disk: only as long as the file was when its reading began, and only while there is time."""

from __future__ import annotations

import os
from typing import BinaryIO

from carlang.readers.deadline import Deadline
from carlang.readers.raw_stream import RawStream


class SourceStream(RawStream):
    """Reads a file up to a size: what is appended meanwhile belongs to the next ingest, and so does its digest."""

    def __init__(self, file: BinaryIO, size: int, deadline: Deadline) -> None:
        self._file = file
        self._size = size
        self._deadline = deadline

    def seekable(self) -> bool:
        """A file on disk can be read from any place."""
        return True

    def tell(self) -> int:
        """Return where the next read begins."""
        return self._file.tell()

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a place; the end is that of the size."""
        if whence == os.SEEK_END:
            return self._file.seek(max(0, self._size + offset))
        return self._file.seek(offset, whence)

    def read1(self, size: int = -1) -> bytes:
        """Read on; raises `TimeUpError` if the time is up."""
        self._deadline.check()
        left = max(0, self._size - self._file.tell())
        return self._file.read(left if size < 0 else min(size, left))
