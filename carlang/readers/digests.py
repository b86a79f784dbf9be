"""The SHA-256 of a file and of its beginnings, by which a store knows a source again, also one that has grown."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import BinaryIO

from carlang.readers import tuning
from carlang.readers.deadline import Deadline


class RewrittenError(Exception):
    """What a file held was changed while it was read: nobody knows what was read."""


@dataclass(frozen=True, slots=True)
class Beginning:
    """The first bytes of a file: their digest, and how many lines end in them."""

    digest: str
    lines: int


@dataclass(frozen=True, slots=True)
class Digests:
    """The digest of a file, and its beginnings by length."""

    whole: str
    beginnings: Mapping[int, Beginning]


def digests(file: BinaryIO, size: int, lengths: Collection[int], deadline: Deadline) -> Digests:
    """Digest the first `size` bytes of a file from where it stands, and its beginnings of some lengths.

    Raises `OSError` where the file cannot be read, `RewrittenError` where it has become shorter, `TimeUpError` if the
    time is up.
    """
    sha256 = hashlib.sha256()
    beginnings: dict[int, Beginning] = {}
    position = lines = 0
    for end in (*sorted(length for length in lengths if length <= size), size):
        while position < end:
            deadline.check()
            block = file.read(min(tuning.DIGEST_BLOCK, end - position))
            if not block:
                raise RewrittenError
            sha256.update(block)
            position += len(block)
            lines += block.count(b"\n")
        beginnings[end] = Beginning(sha256.hexdigest(), lines)
    return Digests(sha256.hexdigest(), beginnings)
