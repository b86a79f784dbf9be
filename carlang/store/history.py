"""What is known of all commits of a store: from its log's entries, and from their copies where the log lost one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from carlang.store.commits import CommitRecord, FileRecord, added_files, is_whole, record_of
from carlang.store.copies import EntryCopy, checkpoints, copies, entries, losses


@dataclass(frozen=True)
class History:
    """The commits of a store, and where its log is not what it was.

    `log` are the bytes of the log's entries by version, and `lost` the copies of those that are missing there or that
    lack something. `broken` are versions that are missing or that lack something, and that have no copy either.
    """

    store: Path
    log: Mapping[int, bytes]
    lost: Mapping[int, EntryCopy]
    broken: frozenset[int]
    contents: Mapping[int, bytes] = field(repr=False)
    """The bytes of the entries that are whole, from their copies where the log has them no more."""

    @property
    def first_damaged(self) -> int | None:
        """The first version of which the log lacks something."""
        return min({*self.lost, *self.broken}, default=None)

    @cached_property
    def records(self) -> dict[int, CommitRecord]:
        """What commits say of themselves, by version."""
        return {version: record for version, content in self.contents.items() if (record := record_of(content))}

    @cached_property
    def files(self) -> dict[str, FileRecord]:
        """What commits say of the files that they added, by path within the store."""
        return {name: file for record in self.records.values() for name, file in record.files.items()}

    @cached_property
    def named(self) -> frozenset[str]:
        """The files that a commit ever named."""
        return (
            frozenset(name for content in self.contents.values() for name in added_files(content)) | self.files.keys()
        )

    def rows_of(self, names: Iterable[str]) -> Counter[str]:
        """Return the rows of some files by source, as far as their commits say so."""
        rows: Counter[str] = Counter()
        for name in names:
            if record := self.files.get(name):
                rows.update(record.rows)
        return rows


def read_history(store: Path) -> History:
    """Read the entries of a store's log and their copies; nothing of it has to be whole.

    Raises `OSError` where a file cannot be read.
    """
    log = {version: path.read_bytes() for version, path in entries(store).items()}
    kept = {version: content for version, each in copies(store).items() if (content := each.content()) is not None}
    lost = {each.version: each for each in losses(store)}
    # Entries below a checkpoint are read no more, and may be gone.
    first = max(checkpoints(store), default=-1) + 1
    expected = range(first, max([*log, *kept], default=-1) + 1)
    broken = {version for version in expected if version not in kept and not is_whole(log.get(version))}
    intact = {version: content for version, content in log.items() if version not in lost and version not in broken}
    return History(store, log, lost, frozenset(broken), dict(sorted({**kept, **intact}.items())))
