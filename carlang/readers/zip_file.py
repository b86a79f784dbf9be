"""Unpacks zip files."""

from __future__ import annotations

import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from shutil import copyfileobj
from typing import IO, BinaryIO, cast

from carlang.readers.records import LogFile, ReadFault, one_line

_FORKS = "__MACOSX/"


class ZipFile:
    """A zip file; the resource forks that macOS adds are passed over."""

    name = "zip"

    def matches(self, head: bytes) -> bool:
        """A zip file begins with a local header, or with the end record if it is empty."""
        return head.startswith((b"PK\x03\x04", b"PK\x05\x06"))

    def files(self, log: LogFile) -> Iterator[LogFile | ReadFault]:
        """Open the files in the order of the directory; the directory stands at the end, so the file must seek."""
        with tempfile.TemporaryFile(prefix="carlang-") as spool:
            seekable: IO[bytes] = log.stream
            # A zip inside an archive is spooled to disk: its directory, at the end, has to be read first.
            if log.path is None:
                copyfileobj(log.stream, spool)
                seekable = spool
            try:
                archive = zipfile.ZipFile(seekable)
            except (zipfile.BadZipFile, OSError, ValueError) as error:
                yield ReadFault(f"the zip file is damaged: {one_line(error)}")
                return
            with archive:
                yield from self._entries(log.name, archive)

    def _entries(self, name: str, archive: zipfile.ZipFile) -> Iterator[LogFile | ReadFault]:
        for entry in archive.infolist():
            if entry.is_dir() or entry.filename.startswith(_FORKS):
                continue
            # One entry with a password or an unknown method does not keep the others from being read.
            try:
                stream = archive.open(entry)
            except (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError, OSError) as error:
                yield ReadFault(f"{entry.filename} cannot be unpacked: {one_line(error)}")
                continue
            with stream:
                yield LogFile(f"{name}!{entry.filename}", cast("BinaryIO", stream))
