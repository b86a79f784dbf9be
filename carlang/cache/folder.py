"""The folder that the cache lies in: where it is, whose it is, and how its files are read and written.

What lies in it decides how programs are read. So nothing is read but from a file that belongs to the user and that
nobody else may write to, in a folder of which the same is true; both are asked of what has been opened, not of a name
that could lead elsewhere a moment later.
"""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
import time
from functools import cache
from pathlib import Path

from platformdirs import user_cache_path

VARIABLE = "CARLANG_CACHE"

UNUSED = 60 * 24 * 3600
"""After how many seconds a file that nobody has made anew may go: those of earlier versions are never asked for."""

LARGEST = 256 * 2**20
"""How many bytes all files may have; the oldest go first. A thousand programs take some three million."""

SUFFIX = ".kept"
"""What names of files end with; of earlier versions `.json`, which none of them is asked for by any more."""

_SUFFIXES = (SUFFIX, ".json")


def cache_folder() -> Path | None:
    """Return the folder, made where there is none, or None where it cannot be used."""
    return _folder(os.environ.get(VARIABLE))


@cache
def _folder(named: str | None) -> Path | None:
    if named == "off":
        return None
    try:
        folder = Path(named) if named else user_cache_path("carlang", appauthor=False)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder if _is_ours(folder.stat()) else None
    except (OSError, RuntimeError):  # a file in its place; no home
        return None


def _is_ours(status: os.stat_result) -> bool:
    """Tell whether a file or folder is the user's, and nobody else may write to it."""
    if os.name == "nt":
        return True  # the user's own by the rights of the profile that it lies in
    return status.st_uid == os.getuid() and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def opened(file: Path) -> int | None:
    """Return a descriptor of a file of the folder, or None where there is none that may be trusted."""
    handle = None
    try:
        # Not through a link, and not waiting for a FIFO that stands in its place.
        flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        handle = os.open(file, flags)
        status = os.fstat(handle)
        if stat.S_ISREG(status.st_mode) and _is_ours(status):
            trusted, handle = handle, None
            return trusted
    except OSError:
        pass
    finally:
        if handle is not None:
            os.close(handle)
    return None


def read_whole(file: Path) -> bytes | None:
    """Return what is in a file of the folder, or None where it is not there, or may not be trusted."""
    handle = opened(file)
    if handle is None:
        return None
    try:
        with os.fdopen(handle, "rb") as content:
            return content.read()
    except OSError:
        return None


def write_whole(file: Path, content: bytes) -> None:
    """Write a file of the folder, which takes its name when it is complete; raises `OSError`."""
    # The folder may have been deleted since.
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    _make_room(file.parent, len(content))
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}-")
    try:
        with os.fdopen(handle, "wb") as target:
            target.write(content)
        Path(name).replace(file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _make_room(folder: Path, wanted: int) -> None:
    """Remove old files, what a process that was killed has left half written, and the oldest where there are too many.

    A process that has one of them open reads on; one that looks for it computes it anew.
    """
    files: list[tuple[float, int, Path]] = []
    for file in folder.iterdir():
        if file.suffix in _SUFFIXES or (file.name.startswith(".") and any(f"{s}-" in file.name for s in _SUFFIXES)):
            with contextlib.suppress(OSError):  # another process was first
                status = file.stat()
                files.append((status.st_mtime, status.st_size, file))
    oldest, room = time.time() - UNUSED, LARGEST - wanted
    for modified, size, file in sorted(files, reverse=True):
        room -= size
        if modified < oldest or room < 0:
            with contextlib.suppress(OSError):  # the same
                file.unlink()
