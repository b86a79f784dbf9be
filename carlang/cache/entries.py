"""Single things that are dear to compute, a file each, as bytes or JSON: reading one executes nothing."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from carlang.cache.environment import environment
from carlang.cache.folder import SUFFIX, cache_folder, read_whole, write_whole


def remembered(kind: str, sources: tuple[str, ...], compute: Callable[[], Any]) -> Any:
    """Return what `compute` gives for these sources: from the cache where it is there, else computed and put there.

    `sources` is all that the result depends on beside carlang and what is installed. The result must be made of what
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
    folder, code = cache_folder(), environment()
    if folder is None or code is None:
        return compute()
    # The code as well: in a checkout what computes changes, and the version stays.
    entry = folder / f"{kind}-{_digest(json.dumps([code, *sources]).encode())}{SUFFIX}"
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
