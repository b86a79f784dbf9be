"""Unpacks tar files as streams, member by member."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import BinaryIO, cast

from carlang.readers.records import LogFile, ReadFault, one_line, utf8_name

_MAGIC_AT = 257


class TarFile:
    """A tar file; links and devices are passed over, nothing is written to disk."""

    name = "tar"

    def matches(self, head: bytes) -> bool:
        """A tar file has its magic in the first header."""
        return head[_MAGIC_AT : _MAGIC_AT + 5] == b"ustar"

    def files(self, log: LogFile) -> Iterator[LogFile | ReadFault]:
        """Open the regular files, without the resource forks that macOS adds as `._name`."""
        try:
            with tarfile.open(fileobj=log.stream, mode="r|") as archive:
                # As a stream, each file in its turn: a tar inside gzip cannot seek back.
                for entry in archive:
                    stream = archive.extractfile(entry) if entry.isreg() else None
                    if stream is not None and not PurePosixPath(entry.name).name.startswith("._"):
                        yield LogFile(f"{log.name}!{utf8_name(entry.name)}", cast("BinaryIO", stream))
        except (tarfile.TarError, EOFError, OSError) as error:
            yield ReadFault(f"the tar file is damaged: {one_line(error)}")
