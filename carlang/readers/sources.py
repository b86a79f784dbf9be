"""The files that an ingest is to read: folders walked, patterns expanded."""

from __future__ import annotations

import glob
import os
import re
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from carlang.readers.records import utf8_name

STANDARD_INPUT = "-"
"""The source that stands for standard input; a file of that name is `./-`."""
STANDARD_INPUT_NAME = "<stdin>"
"""What events that came through standard input have as their source."""

_PATTERN = frozenset("*?[")
DESCRIPTOR = re.compile(r"/dev/fd/(\d+)|/proc/self/fd/(\d+)|/dev/std(in)")
"""A path that stands for what the process has open already, such as the shell's `<(…)`."""


class SourceKind(Enum):
    """How a source is read, if at all."""

    FILE = "file"
    STREAM = "stream"
    """Standard input, a FIFO or an open descriptor: it is read once, from its beginning to its end."""
    PASSED_OVER = "passed over"
    """Something in a folder that is no file; `fault` says what."""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file to read under the name that the caller gave it, in UTF-8; `fault` says why there is none."""

    name: str
    path: Path
    size: int = 0
    fault: str | None = None
    kind: SourceKind = SourceKind.FILE


def find_sources(sources: Sequence[str | Path]) -> tuple[SourceFile, ...]:
    """Return the files that sources stand for, each once, in the order given and by name within folders."""
    files: dict[tuple[Path, bool], SourceFile] = {}
    for source in sources:
        for file in _expanded(str(source)):
            # A file called `-` has the path of standard input.
            files.setdefault((file.path.absolute(), file.name == STANDARD_INPUT_NAME), file)
    return tuple(files.values())


def _expanded(source: str) -> Iterator[SourceFile]:
    path = Path(source)
    if not source:  # which Python takes for the working directory, all of it
        yield _faulty(path, "the name is empty", source)
        return
    if source == STANDARD_INPUT:
        yield SourceFile(STANDARD_INPUT_NAME, path, kind=SourceKind.STREAM)
        return
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError) as error:
        if _PATTERN.intersection(source):
            yield from _matching(source)
        elif isinstance(error, FileNotFoundError | NotADirectoryError):
            yield _faulty(path, "there is no such file or folder", source)
        else:
            yield _faulty(path, _said(error), source)
        return
    if not stat.S_ISDIR(mode):
        yield _named(path)
        return
    files = _below(path)
    if not files:
        yield _faulty(path, "the folder holds no files")
    yield from files


def _matching(pattern: str) -> Iterator[SourceFile]:
    # `glob` says nothing of folders that it cannot look into.
    for parent in dict.fromkeys(str(folder) for folder in Path(pattern).parents):
        for folder in glob.glob(parent, recursive=True) if _PATTERN.intersection(parent) else [parent]:  # noqa: PTH207
            if Path(folder).is_dir() and not os.access(folder, os.R_OK | os.X_OK):
                yield _faulty(Path(folder), "the folder cannot be read: Permission denied")
    matches = [Path(match) for match in sorted(glob.glob(pattern, recursive=True))]  # noqa: PTH207  # absolute patterns too
    files = [match for match in matches if not match.is_dir()]
    if not any(match.is_file() for match in files):
        yield _faulty(Path(pattern), "no file matches the pattern")
    yield from map(_inside, files)


def _below(folder: Path) -> list[SourceFile]:
    """Return everything below a folder by name; a folder that cannot be read is among it, with its fault."""
    files: list[SourceFile] = []
    waiting = [folder]
    while waiting:
        current = waiting.pop()
        try:
            with os.scandir(current) as entries:
                for entry in entries:
                    path = current / entry.name
                    if _hidden(entry.name):
                        continue
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(path)
                    else:
                        files.append(_inside(path))
        except OSError as error:
            files.append(_faulty(current, f"the folder cannot be read: {_said(error)}"))
    return sorted(files, key=lambda file: file.path)


def _hidden(name: str) -> bool:
    # What operating systems and tools keep beside logs: .DS_Store, .git, the resource forks of a Mac's archive.
    return name.startswith(".") or name == "__MACOSX"


def _named(path: Path) -> SourceFile:
    """Return what somebody named, be it a file or something else that can be read."""
    file = _inside(path)
    if file.kind is not SourceKind.PASSED_OVER:
        return file
    # Who names a FIFO, or lets the shell make one, has somebody who writes into it.
    if DESCRIPTOR.fullmatch(str(path)) or path.is_fifo():
        return SourceFile(file.name, path, kind=SourceKind.STREAM)
    return _faulty(path, f"not a file that can be read: {file.fault}")


def _inside(path: Path) -> SourceFile:
    """Return what stands in a folder; what could block, never ends, or leads out of the folder is passed over."""
    try:
        status = path.stat()
    except OSError as error:
        if path.is_symlink() and not isinstance(error, PermissionError):
            return _passed(path, f"a link that leads nowhere: {_said(error)}")
        return _faulty(path, _said(error))
    if stat.S_ISREG(status.st_mode):
        return SourceFile(utf8_name(str(path)), path, status.st_size)
    if stat.S_ISDIR(status.st_mode):
        return _passed(path, "a link to a folder, which is read where it is named itself")
    kinds = {stat.S_IFIFO: "a FIFO", stat.S_IFSOCK: "a socket", stat.S_IFCHR: "a device", stat.S_IFBLK: "a device"}
    return _passed(path, kinds.get(stat.S_IFMT(status.st_mode), "no file"))


def _passed(path: Path, what: str) -> SourceFile:
    return SourceFile(utf8_name(str(path)), path, fault=what, kind=SourceKind.PASSED_OVER)


def _faulty(path: Path, fault: str, name: str | None = None) -> SourceFile:
    return SourceFile(utf8_name(str(path) if name is None else name), path, fault=fault)


def _said(error: OSError | ValueError) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
