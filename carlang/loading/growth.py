"""What of a source that has grown is in the store already, so that an ingest adds only what is new.

With each source a commit sets marks: for the file, by its path, and for its first line, how many of its bytes were
read. They only say where to look. That the bytes are the same is told by their digest, which has to be that of a
source in the store:

- Of a file of lines that begins with the bytes of one, what stands behind them is read. A log that was renamed is known
  by its first line. Bytes that are others make another log, as where a log was begun anew under its old name.
- Any other file, and one of lines in which the last record goes on in what is new, is read as a whole. It replaces
  what was read of the file before, or, where the records have numbers, only those are added that are new.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from carlang.readers import tuning
from carlang.readers.containers import Form, form_of
from carlang.readers.digests import Digests
from carlang.readers.sources import SourceFile, SourceKind
from carlang.store import Marks, Store

_AUDIT_EVENT = re.compile(rb"audit\(([^)\n]*)\)")
_XML_BEGIN, _XML_END = b"<Event", b"</Event>"


@dataclass(frozen=True, slots=True)
class Growth:
    """Where the reading of a source begins, and whether its former state has to be settled with the new one."""

    begin: int = 0
    line: int = 1
    form: Form = Form.OTHER
    has_former: bool = False


@dataclass(slots=True)
class History:
    """What is known of a file before it is read: its marks in the store, and what the next commit sets."""

    form: Form = Form.OTHER
    size: int = 0
    read: int = 0
    """The bytes that count as read after this ingest: all but half a record at the end."""
    path_mark: str | None = None
    line_mark: str | None = None
    known: dict[str, int | None] = field(default_factory=dict)

    @classmethod
    def of(cls, file: SourceFile, opened: BinaryIO, size: int, store: Store) -> History:
        """Look at a file's beginning and end; the handle is at the beginning afterwards."""
        opened.seek(0)
        head = opened.read(tuning.HEAD)
        form = form_of(head)
        is_lines = form is Form.LINES
        read = size - len(_half_record(opened, size)) if is_lines else size
        opened.seek(0)
        line = head[: head.find(b"\n") + 1]
        result = cls(
            form,
            size,
            read,
            None if file.kind is SourceKind.STREAM else path_mark(file.path),
            f"read of line {_sha256(line)}" if is_lines and line else None,
        )
        result.known = {mark: store.mark(mark) for mark in (result.path_mark, result.line_mark) if mark}
        return result

    @property
    def lengths(self) -> set[int]:
        """The lengths of the beginnings whose digests have to be known."""
        return {self.read, *(length for length in self.known.values() if length is not None)}

    @property
    def is_known(self) -> bool:
        """Whether the store may hold a former state of the file."""
        return any(length is not None for length in self.known.values())

    def growth(self, opened: BinaryIO, digests: Digests, store: Store) -> Growth:
        """Return what is new in the file; the handle is at the beginning afterwards."""
        former = self.path_mark is not None and self.known[self.path_mark] is not None
        if self.form is not Form.LINES:
            return Growth(form=self.form, has_former=former)
        for length in sorted({each for each in self.known.values() if each is not None}, reverse=True):
            beginning = digests.beginnings.get(length)
            if not length or length > self.size or beginning is None:
                continue
            if not store.has_source(beginning.digest):
                if store.mark(beginning.digest) is not None:  # a repair has given up what was lost of it
                    return Growth(form=self.form, has_former=former)
                continue
            if _is_between_records(opened, length):
                return Growth(length, beginning.lines + 1, self.form)
            return Growth(form=self.form, has_former=former)
        return Growth(form=self.form)

    def marks(self, name: str) -> Marks:
        """Return the marks that a commit of the file, known by a name, sets."""
        new = dict.fromkeys(self.known, self.read)
        if self.path_mark is None:
            return Marks(new)
        # Only of the path: files may have their first line in common, and each has its marks.
        return Marks(new | {name_mark(self.path_mark, name): 1}, {self.path_mark: self.known[self.path_mark]})


def path_mark(path: Path) -> str:
    """Return the name of the mark of a file, whatever its path is written like."""
    return f"read of file {_sha256(os.fsencode(os.path.realpath(path)))}"


def name_mark(mark: str, name: str) -> str:
    """Return the name of the mark that says that events of a file have this name as their source."""
    return f"{mark} as {_sha256(name.encode())}"


def former_names(mark: str, sources: list[str], store: Store) -> list[str]:
    """Return the names under which events of a file are in the store, out of the sources of its events."""
    candidates = {name for source in sources for name in _bases(source)}
    return sorted(name for name in candidates if store.mark(name_mark(mark, name)))


def _bases(source: str) -> Iterator[str]:
    """Yield what may be the name of the file: the whole, or what stands before the name of an archive's member."""
    yield source
    for match in re.finditer("!", source):
        yield source[: match.start()]


def _half_record(opened: BinaryIO, size: int) -> bytes:
    """Return the last line where it is a JSON object that goes on: the next ingest reads it as a whole.

    Any other text without a newline is a line; whether it goes on shows when it has.
    """
    begin = max(0, size - tuning.LAST_LINE)
    opened.seek(begin)
    tail = opened.read(size - begin)
    newline = tail.rfind(b"\n")
    last = tail[newline + 1 :]
    if (newline < 0 and begin) or not last.lstrip().startswith(b"{"):
        return b""
    try:
        json.loads(last)
    except (ValueError, RecursionError):
        return last
    return b""


def _is_between_records(opened: BinaryIO, position: int) -> bool:
    """Tell whether a position in a file of lines is between two records: no line, audit event or XML goes on there."""
    begin = max(0, position - tuning.LAST_LINE)
    opened.seek(begin)
    before, after = opened.read(position - begin), opened.read(tuning.LAST_LINE)
    opened.seek(0)
    if not before.endswith(b"\n") and not after.startswith((b"\n", b"\r\n")):
        return False
    if before.rfind(_XML_BEGIN) > before.rfind(_XML_END):
        return False
    return not set(_AUDIT_EVENT.findall(before)) & set(_AUDIT_EVENT.findall(after))


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
