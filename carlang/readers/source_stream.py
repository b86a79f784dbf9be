"""The stream of a source on disk: only as long as the file was when its reading began, and only while there is time."""

from __future__ import annotations

import io
import os
from typing import BinaryIO, cast

from carlang.readers.deadline import Deadline


class SourceStream(io.RawIOBase):
    """Reads a file up to a size: what is appended meanwhile belongs to the next ingest, and so does its digest."""

    def __init__(self, file: BinaryIO, size: int, deadline: Deadline) -> None:
        self._file = file
        self._size = size
        self._deadline = deadline

    def readable(self) -> bool:
        """Streams are only read."""
        return True

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

    def read(self, size: int = -1) -> bytes:
        """Read on; raises `TimeUpError` if the time is up."""
        self._deadline.check()
        left = max(0, self._size - self._file.tell())
        return self._file.read(left if size < 0 else min(size, left))

    def readinto(self, buffer: object) -> int:
        """Read into a buffer."""
        view = memoryview(cast("bytearray", buffer)).cast("B")
        piece = self.read(len(view))
        view[: len(piece)] = piece
        return len(piece)
