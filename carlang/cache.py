"""What is dear to compute and the same each time, kept between runs in the user's cache folder.

Entries are named by what they were computed from, so none is ever out of date; each holds data behind its own digest,
so one that was cut off or changed is none, and reading one executes nothing. The folder is safe to delete, and to share
between processes: an entry takes its name when it is complete. Where it cannot be written, or somebody else may write
to it, everything is computed anew. `CARLANG_CACHE` names another folder; `off` means none.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import stat
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from platformdirs import user_cache_path

VARIABLE = "CARLANG_CACHE"

_SUFFIX = ".kept"
"""What names of entries end with; of earlier versions `.json`, which none of them is asked for by any more."""

_UNUSED = 60 * 24 * 3600
"""After how many seconds an entry that nobody has made anew may go: those of earlier versions are never asked for."""


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
    folder = _folder(os.environ.get(VARIABLE))
    if folder is None:
        return compute()
    entry = folder / f"{kind}-{_digest(json.dumps([sys.version_info[:2], *sources]).encode())}{_SUFFIX}"
    kept = _read(entry)
    if kept is not None:
        return kept
    made = compute()
    with contextlib.suppress(OSError):  # a full disk, a quota: the next run computes it again
        _write(entry, made)
        if latest is not None:
            _forget_all_but(latest, sorted(folder.glob(f"{kind}-*{_SUFFIX}")))
    return made


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@cache
def _folder(named: str | None) -> Path | None:
    """Return the folder, made where there is none, or None where it cannot be used."""
    if named == "off":
        return None
    folder = Path(named) if named else user_cache_path("carlang", appauthor=False)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder if _is_ours(folder) else None
    except (OSError, RuntimeError):  # a file in its place; no home
        return None


def _is_ours(folder: Path) -> bool:
    """Tell whether nobody else may write to a folder: what they put there would decide how programs are read."""
    if os.name == "nt":
        return True  # the user's own by the rights of the profile that it lies in
    there = folder.stat()
    return there.st_uid == os.getuid() and not there.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def _read(entry: Path) -> bytes | None:
    try:
        digest, _, content = entry.read_bytes().partition(b"\n")
    except OSError:
        return None
    return content if digest.decode("latin-1") == _digest(content) else None


def _write(entry: Path, content: bytes) -> None:
    _forget_unused(entry.parent)
    handle, name = tempfile.mkstemp(dir=entry.parent, prefix=f".{entry.name}-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(_digest(content).encode() + b"\n" + content)
        Path(name).replace(entry)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _forget_unused(folder: Path) -> None:
    """Remove old entries, and what a process that was killed has left half written."""
    oldest = time.time() - _UNUSED
    for entry in (*folder.glob(f"*{_SUFFIX}"), *folder.glob("*.json"), *folder.glob(f".*{_SUFFIX}-*")):
        with contextlib.suppress(OSError):  # another process was first
            if entry.stat().st_mtime < oldest:
                entry.unlink()


def _forget_all_but(count: int, entries: Sequence[Path]) -> None:
    """Remove all entries but those that were made last."""
    made: list[tuple[float, Path]] = []
    for entry in entries:
        with contextlib.suppress(OSError):  # another process was first
            made.append((entry.stat().st_mtime, entry))
    for _, entry in sorted(made)[:-count]:
        with contextlib.suppress(OSError):
            entry.unlink()
