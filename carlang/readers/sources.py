"""The files that an ingest is to read: folders walked, patterns expanded, each file with its digest."""

from __future__ import annotations

import glob
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from carlang.readers import tuning
from carlang.readers.records import utf8_name

_PATTERN = frozenset("*?[")


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file to read under the name that the caller gave it, in UTF-8; `fault` says why there is none."""

    name: str
    path: Path
    size: int = 0
    fault: str | None = None


def find_sources(sources: Sequence[str | Path]) -> tuple[SourceFile, ...]:
    """Return the files that sources stand for, each once, in the order given and by name within folders."""
    files: dict[Path, SourceFile] = {}
    for source in sources:
        for file in _expanded(str(source)):
            files.setdefault(file.path.absolute(), file)
    return tuple(files.values())


def _expanded(source: str) -> Iterator[SourceFile]:
    path = Path(source)
    if not source:  # which Python takes for the working directory, all of it
        yield SourceFile(utf8_name(source), path, fault="the name is empty")
    elif path.is_dir():
        files = sorted(inner for inner in path.rglob("*") if inner.is_file() and not _hidden(inner.relative_to(path)))
        if not files:
            yield SourceFile(utf8_name(source), path, fault="the folder holds no files")
        yield from map(_file, files)
    elif path.exists():
        yield _file(path)
    elif _PATTERN.intersection(source):
        matches = [Path(match) for match in sorted(glob.glob(source, recursive=True))]  # noqa: PTH207  # absolute patterns too
        files = [match for match in matches if match.is_file()]
        if not files:
            yield SourceFile(utf8_name(source), path, fault="no file matches the pattern")
        yield from map(_file, files)
    else:
        yield SourceFile(utf8_name(source), path, fault="there is no such file or folder")


def _hidden(path: Path) -> bool:
    # What operating systems and tools keep beside logs: .DS_Store, .git, the resource forks of a Mac's archive.
    return any(part.startswith(".") or part == "__MACOSX" for part in path.parts)


def _file(path: Path) -> SourceFile:
    try:
        return SourceFile(utf8_name(str(path)), path, path.stat().st_size)
    except OSError as error:
        return SourceFile(utf8_name(str(path)), path, fault=error.strerror or str(error))


def digest(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, by which a store knows it again."""
    sha256 = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(tuning.DIGEST_BLOCK):
            sha256.update(block)
    return sha256.hexdigest()
