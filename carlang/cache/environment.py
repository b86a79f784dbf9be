"""What an entry depends on besides what it was computed from: the code that computed it, and what that stands on."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path

_DATA = (".py", ".yaml", ".lark", ".csv")
"""The ends of the names of files whose content decides what is computed."""

_NOT_DECIDING = frozenset({"__pycache__", "sample", "templates"})


def digest_of(*parts: str | bytes) -> bytes:
    """Return a digest of some texts, in order; no two lists of texts have the same."""
    digest = hashlib.blake2b(digest_size=16)
    for part in parts:
        content = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
        digest.update(b"%d:" % len(content))
        digest.update(content)
    return digest.digest()


@cache
def environment() -> str | None:
    """Return a digest of carlang's own files and of everything that is installed, or None where that cannot be told.

    Own files by name, size and time: a checkout changes under its version. Everything that is installed, because an
    upgrade of a library of a library may change what a program gives, and upgrades are rare.
    """
    package = Path(__file__).parent.parent
    grammar = find_spec("carlang.grammar")
    folders = [str(package), *(grammar.submodule_search_locations or () if grammar else ())]
    try:
        files = [line for folder in folders for line in sorted(_files(folder))]
    except OSError:  # imported from an archive
        return None
    python = f"{sys.implementation.cache_tag} {sys.version}"
    return digest_of(python, *sorted(_installed()), *files).hex()


def _installed() -> set[str]:
    """Return the names of the folders that say what is installed and in which version."""
    names: set[str] = set()
    for folder in sys.path:
        try:
            with os.scandir(folder or ".") as entries:
                names.update(entry.name for entry in entries if entry.name.endswith((".dist-info", ".egg-info")))
        except OSError:  # an archive, or not there
            continue
    return names


def _files(folder: str) -> Iterator[str]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir():
                if entry.name not in _NOT_DECIDING:
                    yield from _files(entry.path)
            elif entry.name.endswith(_DATA):
                status = entry.stat()
                yield f"{entry.path} {status.st_size} {status.st_mtime_ns}"
