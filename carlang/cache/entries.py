"""Single things that are dear to compute, a file each, as bytes or JSON: reading one executes nothing."""

from __future__ import annotations

import contextlib
import hashlib
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from carlang.cache.folder import SUFFIX, cache_folder, read_whole, write_whole


def remembered(kind: str, sources: tuple[str, ...], compute: Callable[[], Any]) -> Any:
    """Return what `compute` gives for these sources: from the cache where it is there, else computed and put there.

    `sources` is all that the result depends on, the versions of libraries among it. The result must be made of what
    JSON can hold, and comes back as JSON gives it: tuples as lists, keys as texts.
    """
    made = remembered_bytes(kind, sources, lambda: json.dumps(compute(), separators=(",", ":")).encode())
    return json.loads(made)


def remembered_bytes(
    kind: str, sources: tuple[str, ...], compute: Callable[[], bytes], *, latest: int | None = None
) -> bytes:
    """Return the bytes that `compute` gives for these sources: from the cache where they are there, else put there.

    Of a kind whose sources change all the time no more than the `latest` entries are kept.
    """
    folder = cache_folder()
    if folder is None:
        return compute()
    entry = folder / f"{kind}-{_digest(json.dumps([sys.version_info[:2], *sources]).encode())}{SUFFIX}"
    digest, _, kept = (read_whole(entry) or b"").partition(b"\n")
    if kept and digest.decode("latin-1") == _digest(kept):
        return kept
    made = compute()
    with contextlib.suppress(OSError):  # a full disk, a quota: the next run computes it again
        write_whole(entry, _digest(made).encode() + b"\n" + made)
        if latest is not None:
            _forget_all_but(latest, sorted(folder.glob(f"{kind}-*{SUFFIX}")))
    return made


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _forget_all_but(count: int, entries: Sequence[Path]) -> None:
    """Remove all entries but those that were made last."""
    made: list[tuple[float, Path]] = []
    for entry in entries:
        with contextlib.suppress(OSError):  # another process was first
            made.append((entry.stat().st_mtime, entry))
    for _, entry in sorted(made)[:-count]:
        with contextlib.suppress(OSError):
            entry.unlink()
