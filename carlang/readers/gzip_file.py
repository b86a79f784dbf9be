"""Unpacks gzip files; a tar file inside is an archive of its own."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from typing import BinaryIO, cast

from carlang.readers.records import LogFile, ReadFault


class GzipFile:
    """A gzip file holds one file, under the archive's name."""

    name = "gzip"

    def matches(self, head: bytes) -> bool:
        """A gzip file begins with its magic and the only method there is."""
        return head.startswith(b"\x1f\x8b\x08")

    def files(self, log: LogFile) -> Iterator[LogFile | ReadFault]:
        """Open the one file in it."""
        with gzip.GzipFile(fileobj=log.stream, mode="rb") as stream:
            yield LogFile(log.name, cast("BinaryIO", stream))
