"""Give up what a store has lost for good: take out all events of the sources that lost some, and forget the sources.

To leave the remaining events of such a source in the store would double them when it is read again, and not to read it
again would drop the others without a word. So both go in one commit: the files that are lost, and the source's events
in all other files.
"""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path

import duckdb

from carlang.database.connection import open_memory
from carlang.database.interrupts import interruptible
from carlang.database.quoting import text_literal
from carlang.errors import StoreError
from carlang.store.commits import OTHER_SOURCES, CommitRecord, file_records
from carlang.store.counting import count_rows
from carlang.store.delta import DeltaLog
from carlang.store.files import StoreFile, read_footers
from carlang.store.footer import Footer, footers, parquet_options
from carlang.store.history import History
from carlang.store.locks import STAGING_FOLDER
from carlang.store.storage import not_written

_MEMBER = "!"
"""What stands between an archive's name and that of its member in the name of a source."""

_OF_SOURCES = (
    f"(source IN $names OR len(list_filter($names, lambda name: starts_with(source, name || '{_MEMBER}'))) > 0)"
)


@dataclass(frozen=True, slots=True)
class Forgotten:
    """The sources that lost events, by the names that were ingested, and their digests."""

    names: frozenset[str]
    digests: frozenset[str]


def forgotten_by(history: History, lost: Iterable[Path]) -> Forgotten | str:
    """Return the sources of which files had events, or say why they are not known."""
    digests_of: dict[str, set[str]] = {}
    for record in history.records.values():
        for digest, name in record.sources.items():
            digests_of.setdefault(name, set()).add(digest)
    names: set[str] = set()
    for path in lost:
        record_of_file = history.files.get(path.relative_to(history.store).as_posix())
        if record_of_file is None or OTHER_SOURCES in record_of_file.rows or not record_of_file.rows:
            return "its sources are not recorded"
        for source in record_of_file.rows:
            ingested = _ingested(source, digests_of.keys() - {""})
            if ingested is None:
                return f"the digest of its source {source} is not recorded"
            names.add(ingested)
    return Forgotten(frozenset(names), frozenset(digest for name in names for digest in digests_of[name]))


def _ingested(source: str, names: AbstractSet[str]) -> str | None:
    """Return the name under which a source was ingested: its own, or that of the archive that it is a member of."""
    parts = source.split(_MEMBER)
    candidates = (_MEMBER.join(parts[:count]) for count in range(len(parts), 0, -1))
    return next((name for name in candidates if name in names), None)


def forget(store: Path, lost: Sequence[Path], forgotten: Forgotten) -> None:
    """Take lost files, and all events of their sources, out of a store; nobody else may be writing to it.

    Raises `StoreError` where another file cannot be read or written; then nothing has changed.
    """
    log = DeltaLog(store)
    commit = uuid.uuid4().hex
    staging = store / STAGING_FOLDER / commit
    try:
        staging.mkdir()
        kept = [file for file, _ in log.described() if file.path not in set(lost)]
        old, new = _without(store, kept, forgotten, commit, staging)
        _commit(log, [*lost, *old], new, forgotten, commit)
    except OSError as error:
        raise not_written(store, error) from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _without(
    store: Path, files: Sequence[StoreFile], forgotten: Forgotten, commit: str, staging: Path
) -> tuple[list[Path], list[StoreFile]]:
    """Write the files that hold events of the sources anew without them; returns the old ones and the new ones."""
    old: list[Path] = []
    written: list[tuple[Path, str, str]] = []
    with open_memory(scratch=staging) as connection:
        for file in files:
            if "source" not in file.filled or not _has_any(connection, file, forgotten):
                continue
            path = staging / f"{uuid.uuid4()}.parquet"
            before = footers([file.path]).get(file.path)
            sources = set(before.sources if before else ()) - forgotten.digests
            footer = Footer(path.name, commit, tuple(sources), (file.path.relative_to(store).as_posix(),))
            rows = f"SELECT * FROM read_parquet($file, hive_partitioning = false) WHERE {_OF_SOURCES} IS NOT TRUE"  # noqa: S608
            arguments = _arguments(file, forgotten)
            try:
                options = parquet_options(footer, count_rows(connection, f"({rows})", file, arguments))
                copy = f"COPY ({rows}) TO {text_literal(str(path))} {options}"
                count = _copied(connection, copy, arguments)
            except duckdb.Error as error:
                raise not_written(file.path, error, "cannot be written anew") from error
            old.append(file.path)
            if count:
                written.append((path, file.object, file.action))
    return old, list(read_footers(written))


def _copied(connection: duckdb.DuckDBPyConnection, copy: str, arguments: dict[str, object]) -> int:
    row = interruptible(connection, lambda: connection.execute(copy, arguments).fetchone())
    return row[0] if row else 0


def _has_any(connection: duckdb.DuckDBPyConnection, file: StoreFile, forgotten: Forgotten) -> bool:
    query = f"SELECT 1 FROM read_parquet($file, hive_partitioning = false) WHERE {_OF_SOURCES} LIMIT 1"  # noqa: S608
    try:
        arguments = _arguments(file, forgotten)
        return interruptible(connection, lambda: connection.execute(query, arguments).fetchone()) is not None
    except duckdb.Error as error:
        raise not_written(file.path, error, "cannot be read") from error


def _arguments(file: StoreFile, forgotten: Forgotten) -> dict[str, object]:
    return {"file": str(file.path), "names": sorted(forgotten.names)}


def _commit(log: DeltaLog, old: Sequence[Path], new: Sequence[StoreFile], forgotten: Forgotten, commit: str) -> None:
    described = list(file_records([file.path for file in new], [frozenset(file.filled) for file in new]))
    placed = [log.placed(file) for file in new]
    names = [path.relative_to(log.path).as_posix() for path in old]
    records = {file.path.relative_to(log.path).as_posix(): each for file, each in zip(placed, described, strict=True)}
    record = CommitRecord(commit, records, replaces=tuple(names))
    if not log.replace(old, placed, record, sorted(forgotten.digests)):
        raise StoreError(f"{log.path} was changed in the meantime by another program; nothing was given up")
