"""Unpacks Zstandard files; a tar file inside is an archive of its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, cast

from carlang.readers import tuning
from carlang.readers.compression import zstd
from carlang.readers.records import LogFile, ReadFault

_MAGIC = b"\x28\xb5\x2f\xfd"


class ZstdFile:
    """A Zstandard file holds one file, under the archive's name."""

    name = "Zstandard"

    def matches(self, head: bytes) -> bool:
        """A Zstandard file begins with its magic."""
        return head.startswith(_MAGIC)

    def files(self, log: LogFile) -> Iterator[LogFile | ReadFault]:
        """Open the one file in it."""
        options: dict[int, int] = {zstd.DecompressionParameter.window_log_max: tuning.ZSTD_LARGEST_WINDOW}
        with zstd.ZstdFile(log.stream, mode="rb", options=options) as stream:
            yield LogFile(log.name, cast("BinaryIO", stream))
