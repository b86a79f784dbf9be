"""What the streams that readers put around others have in common: they are read, a piece or all, and never written."""

from __future__ import annotations

import io
from abc import abstractmethod
from typing import cast


class RawStream(io.RawIOBase):
    """A stream to read; `read1` says how."""

    def readable(self) -> bool:
        """Streams are only read."""
        return True

    @abstractmethod
    def read1(self, size: int = -1) -> bytes:
        """Return a piece, no longer than a size where one is asked for; empty at the end alone."""

    def read(self, size: int = -1) -> bytes:
        """Read a size, or all that is left."""
        pieces: list[bytes] = []
        left = size
        while left and (piece := self.read1(left)):
            pieces.append(piece)
            left -= len(piece) if size >= 0 else 0
        return b"".join(pieces)

    def readinto(self, buffer: object) -> int:
        """Read a piece into a buffer."""
        view = memoryview(cast("bytearray", buffer)).cast("B")
        piece = self.read1(len(view))
        view[: len(piece)] = piece
        return len(piece)
