"""Vacuum: delete what is in a store's folder and not in the store, once it is old enough.

Nothing else in carlang deletes a data file. What is deleted: files that a compaction replaced, files that no commit
named, what writers left behind that were killed, and copies of entries of the log that nobody needs any more.
"""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from carlang.store.commits import added_files, record_of
from carlang.store.copies import copies, entries, entry_path
from carlang.store.files import damaged
from carlang.store.history import read_history
from carlang.store.locks import STAGING_FOLDER, alone
from carlang.store.storage import not_written
from carlang.store.store import Store

OLDER_THAN = timedelta(days=7)
"""How long what is not in the store any more is kept, for runs that still read it: Delta's own default."""

# A thousand years: deltalake takes the hours off the clock, and for more there is no instant.
_HOURS_MAX = 24 * 365 * 1000


@dataclass(frozen=True, slots=True)
class Vacuumed:
    """What a vacuum deleted, or would delete: files by path, and their bytes."""

    files: tuple[Path, ...]
    size: int


def vacuum(
    store: Store, *, older_than: timedelta = OLDER_THAN, never_named: bool = True, dry_run: bool = False
) -> Vacuumed:
    """Delete files in a store's folder that are not part of the store.

    Args:
        store: A store that can be written.
        older_than: How long ago a file must have been replaced or, if no commit named it, written. Rounded up to whole
            hours. Below a week, no run may be reading the store that began before the last compaction ended.
        never_named: Whether to delete what no commit ever named, too, or only what was replaced.
        dry_run: Whether to delete nothing, and only tell.

    Raises:
        StoreError: An ingest or a compaction is running; the store is damaged, so that files may belong to it that its
            log does not name; or a file cannot be deleted.
    """
    with alone(store.path, "vacuum"):
        store.refresh()
        damaged_at = read_history(store.path).first_damaged
        if damaged_at is not None:
            entry = entry_path(store.path, damaged_at)
            raise damaged(entry, "it lacks something that was committed, and nothing is deleted before it is there")
        named = {file.path for file in store.files()}
        hours = math.ceil(min(older_than / timedelta(hours=1), _HOURS_MAX))
        # The log names what was replaced long after it was deleted.
        files = [path for path in store.unnamed(hours, never=never_named) if path not in named and path.exists()]
        before = time.time() - hours * 3600
        others = [*_left_behind(store.path), *_needless_copies(store.path, named)] if never_named else []
        files += [path for path in others if _is_old(path, before)]
        sizes = [path.stat().st_size for path in files]
        if not dry_run:
            for path in files:
                try:
                    path.unlink(missing_ok=True)
                except OSError as error:
                    raise not_written(path, error, "cannot be deleted") from error
            for folder in sorted((store.path / STAGING_FOLDER).glob("*/")):
                with contextlib.suppress(OSError):  # one that is not empty
                    folder.rmdir()
        return Vacuumed(tuple(files), sum(sizes))


def _left_behind(store: Path) -> Iterator[Path]:
    """Yield what writers had in progress when they were killed; nobody writes at the moment."""
    yield from (path for path in sorted((store / STAGING_FOLDER).glob("*/**/*")) if path.is_file())


def _needless_copies(store: Path, named: AbstractSet[Path]) -> Iterator[Path]:
    """Yield the copies of entries that the log has let go and that tell of no source and of no file in the store."""
    log = entries(store)
    for each in list(copies(store).values())[:-1]:  # the last tells how far the log went
        content = each.content() or b""
        record = record_of(content)
        tells = (record and record.sources) or any(store / name in named for name in added_files(content))
        if each.version not in log and not tells:
            yield each.path


def _is_old(path: Path, before: float) -> bool:
    try:
        return path.stat().st_mtime <= before
    except OSError:
        return False
