"""What an archive may become: bytes, as a multiple of its size, and files. A bomb is named before it goes off.

Counted is what comes out of archives of the same depth: of a zip in a zip both what the inner one is, and what is in
it, but not as a sum.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import BinaryIO, cast

from carlang.readers import budget, tuning
from carlang.readers.raw_stream import RawStream
from carlang.readers.records import ExpansionError, read_some

RAISE = "--expand-limit SIZE allows more"
"""The remedy in a message."""


_UNITS = ("bytes", "KB", "MB", "GB", "TB")
_KILO = 1024


class Expansion:
    """What has come out of one source so far.

    `limit` is what somebody said that a source may become, in bytes. Then it counts alone: there is no limit to the
    multiple of its size, and one file for each `tuning.BYTES_OF_MEMBER` of it.
    """

    def __init__(self, size: int | None, limit: int | None = None) -> None:
        self.limit = tuning.EXPANDED if limit is None else limit
        self._members_limit = budget.within(tuning.MEMBERS)
        self._ratio_limit: int | None = None
        if limit is not None:
            self._members_limit = max(self._members_limit, limit // tuning.BYTES_OF_MEMBER)
        elif size is not None:
            self._ratio_limit = max(tuning.EXPANDED_UNASKED, size * tuning.EXPANSION)
        self._bytes: Counter[int] = Counter()
        self._members = 0
        self.is_over = False
        """Whether a limit was passed: nothing more of the source is read then."""

    @classmethod
    def of(cls, path: Path | None) -> Expansion:
        """Return the usual limits for a file."""
        return cls(path.stat().st_size if path else None)

    def expect_members(self, count: int) -> None:
        """Say how many files an archive has; raises `ExpansionError` where those are too many."""
        if self._members + count > self._members_limit:
            raise ExpansionError(f"more than {self._members_limit:,} files in archives; {RAISE}")

    def member(self) -> None:
        """Count a file in an archive."""
        self.expect_members(1)
        self._members += 1

    def expect(self, size: int, depth: int) -> None:
        """Say how many more bytes will come; raises `ExpansionError` where those are too many."""
        total = self._bytes[depth] + size
        if total > self.limit:
            raise ExpansionError(f"it expands to more than {size_text(self.limit)}; {RAISE}")
        if self._ratio_limit is not None and total > self._ratio_limit:
            unasked = size_text(tuning.EXPANDED_UNASKED)
            raise ExpansionError(f"it expands to more than {tuning.EXPANSION} times its size and {unasked}; {RAISE}")

    def count(self, size: int, depth: int) -> None:
        """Count bytes that came out of an archive at a depth."""
        try:
            self.expect(size, depth)
        except ExpansionError:
            self.is_over = True
            raise
        self._bytes[depth] += size

    def counted(self, stream: BinaryIO, depth: int) -> BinaryIO:
        """Return the stream of a file in an archive with all that is read of it counted."""
        return cast("BinaryIO", _Counted(stream, self, depth))


class _Counted(RawStream):
    """A stream whose bytes are counted as they are read."""

    def __init__(self, inner: BinaryIO, expansion: Expansion, depth: int) -> None:
        self._inner = inner
        self._expansion = expansion
        self._depth = depth

    def read1(self, size: int = -1) -> bytes:
        """Read what is there, up to a size."""
        piece = read_some(self._inner, size)
        self._expansion.count(len(piece), self._depth)
        return piece

    def read(self, size: int = -1) -> bytes:
        """Read a size, or all that is left: by pieces, as the limit may come before the end."""
        if size >= 0:
            return self.read1(size)
        pieces: list[bytes] = []
        while piece := self.read1(tuning.PIECE):
            pieces.append(piece)
        return b"".join(pieces)


def size_text(count: int) -> str:
    """Return a number of bytes as a person writes it."""
    units = 0
    while count and count % _KILO == 0 and units < len(_UNITS) - 1:
        count //= _KILO
        units += 1
    return f"{count:,} {_UNITS[units]}"
