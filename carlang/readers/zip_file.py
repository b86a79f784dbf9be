"""Unpacks zip files."""

from __future__ import annotations

import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO, cast

from carlang.readers import tuning
from carlang.readers.records import ExpansionError, LogFile, ReadFault, copy_readable, one_line, utf8_name
from carlang.readers.zip_directory import announce_members
from carlang.readers.zip_recovery import LOCAL_MAGIC, checked, is_passed_over, local_members, unlisted_members


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
            broken = None
            if log.path is None:
                broken = copy_readable(log.stream, spool, tuning.PIECE)
                seekable = spool
                if isinstance(broken, ExpansionError):
                    raise broken
            if log.expansion:
                announce_members(seekable, log.expansion)
            try:
                archive = zipfile.ZipFile(seekable)
            except (zipfile.BadZipFile, OSError, ValueError) as error:
                yield ReadFault(f"the zip file is damaged: {one_line(broken or error)}")
                # Its directory stands at the end, where it was cut off; each member has a header of its own.
                yield from local_members(log.name, seekable)
                return
            with archive:
                yield from self._entries(log.name, seekable, archive)
                yield from unlisted_members(log.name, seekable, archive)

    def _entries(self, name: str, seekable: IO[bytes], archive: zipfile.ZipFile) -> Iterator[LogFile | ReadFault]:
        for entry in archive.infolist():
            if is_passed_over(entry.filename):
                continue
            # `zipfile` keeps the last bytes of a member back where its checksum is wrong, which may be all of them.
            crc = entry.CRC
            del entry.CRC
            # One entry with a password or an unknown method does not keep the others from being read.
            try:
                stream = archive.open(entry)
            except (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError, OSError) as error:
                reason = (
                    "it is encrypted" if isinstance(error, RuntimeError) and entry.flag_bits & 1 else one_line(error)
                )
                yield ReadFault(f"{utf8_name(entry.filename)} cannot be unpacked: {reason}")
                if isinstance(error, zipfile.BadZipFile):
                    # What the directory says of it is wrong: its own header may be right.
                    begin = entry.header_offset
                    yield from local_members(name, seekable, begin, begin + len(LOCAL_MAGIC))
                continue
            with stream:
                yield LogFile(
                    f"{name}!{utf8_name(entry.filename)}",
                    checked(cast("zipfile.ZipExtFile", stream), crc),
                    size=entry.file_size,
                )
