"""Unpacks Zstandard files; a tar file inside is an archive of its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, cast

from carlang.readers.compression import zstd
from carlang.readers.records import Fault, Member

_MAGIC = b"\x28\xb5\x2f\xfd"
_LARGEST_WINDOW = 31  # as `zstd --long=31` writes it


class ZstdFile:
    """A Zstandard file holds one file, under the archive's name."""

    name = "Zstandard"

    def matches(self, head: bytes) -> bool:
        """A Zstandard file begins with its magic."""
        return head.startswith(_MAGIC)

    def members(self, member: Member) -> Iterator[Member | Fault]:
        """Open the one file in it."""
        options: dict[int, int] = {zstd.DecompressionParameter.window_log_max: _LARGEST_WINDOW}
        with zstd.ZstdFile(member.stream, mode="rb", options=options) as stream:
            yield Member(member.name, cast("BinaryIO", stream))
