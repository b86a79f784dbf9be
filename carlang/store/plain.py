"""Plain trees of Parquet files: which files in a folder are events, and of which object and action."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from carlang.errors import StoreError
from carlang.store.files import StoreFile, read_footers

_DEPTH = 3  # object, action, file: the least that a path below the root needs


def plain_parts(root: Path) -> list[tuple[Path, str, str]]:
    """Return the Parquet files below `<object>/<action>/` or `object=…/action=…/`, with object and action."""
    try:
        return sorted(_parts(root))
    except OSError as error:  # a folder that goes while it is walked, as those of processes below /proc do
        raise StoreError(f"{root} cannot be read: {error.filename}: {error.strerror or error}") from error


def _parts(root: Path) -> Iterator[tuple[Path, str, str]]:
    for path in root.rglob("*.parquet"):
        parts = path.relative_to(root).parts
        if len(parts) < _DEPTH or any(part.startswith(("_", ".")) for part in parts):
            continue  # under such names Spark, Hive and others keep files of their own: `_temporary`, `.staging`
        yield path, parts[0].removeprefix("object=").lower(), parts[1].removeprefix("action=").lower()


def plain_files(root: Path) -> tuple[StoreFile, ...]:
    """Describe the files of a plain tree from their footers."""
    return read_footers(plain_parts(root))
