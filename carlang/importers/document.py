"""A file of an analytic as it stands on disk, to be written anew with other programs.

Everything around the programs stays as it is, byte for byte: front matter, prose, newlines, a byte order mark.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from carlang.errors import CarlangError
from carlang.importers.analytic_file import AnalyticFile, Form
from carlang.importers.load import load_text
from carlang.source import Source

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z")
_BOM = "\ufeff"


class RewriteError(CarlangError):
    """A program cannot be written back into the document that it came from."""


@dataclass(frozen=True)
class Document:
    """The text of a file, newlines and byte order mark included; `name` is what diagnostics call the file."""

    name: str
    text: str
    form: Form

    @classmethod
    def read(cls, analytic: AnalyticFile) -> Document:
        """Return the document that an analytic was read from.

        Raises `OSError` where it cannot be read any more, `UnicodeDecodeError` where it is not UTF-8.
        """
        return cls(analytic.file, Path(analytic.file).read_bytes().decode("utf-8"), analytic.form)

    def with_programs(self, programs: Sequence[tuple[Source, str]]) -> str:
        """Return the document's text with the texts of some of its programs exchanged.

        Raises `RewriteError` where the document cannot hold a text in the place of a program, as a folded or quoted
        scalar of YAML cannot.
        """
        if self.form is Form.SIGMA:  # whose programs stand nowhere in it
            if all(_same(source.text, text) for source, text in programs):
                return self.text
            raise self._unfit()
        lines = _LINE.findall(self.text)
        for source, text in sorted(programs, key=lambda pair: pair[0].position(0), reverse=True):
            self._exchange(lines, source, text)
        written = "".join(lines)
        rewritten = [source.text for source in load_text(written, self.name, self.form).sources]
        if not all(any(_same(text, other) for other in rewritten) for _, text in programs):
            raise self._unfit()
        return written

    def _unfit(self) -> RewriteError:
        return RewriteError(
            f"{self.name}: the program cannot be changed in place; `carlang import` makes a .car file of it"
        )

    def _exchange(self, lines: list[str], source: Source, text: str) -> None:
        """Put the lines of a text in the place of a program's."""
        first, column = source.position(0)
        old = source.text.rstrip().split("\n")
        last = source.position(len(source.text.rstrip()))[0]
        places = [source.position(sum(len(line) + 1 for line in old[:number])) for number in range(len(old))]
        indent = _indent(lines, [at for at, line in zip(places, old, strict=True) if line.strip()] or [(first, column)])
        if last - first != len(old) - 1 or indent.strip(" \t"):
            raise self._unfit()
        newline = _newline(lines, first)
        new = [f"{indent}{line}{newline}" if line else newline for line in text.rstrip().split("\n")]
        if first == 1 and self.text.startswith(_BOM):
            new[0] = _BOM + new[0]
        if self.form is Form.CAR:
            last = len(lines)
        lines[first - 1 : last] = new


def write_file(path: Path, text: str) -> None:
    """Write a file whole or not at all; where it is there already it keeps its permissions."""
    target = path.resolve()
    handle, temporary = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(text.encode("utf-8"))
        mode = target.stat().st_mode if target.exists() else 0o666 & ~umask()
        Path(temporary).chmod(mode & 0o7777)
        Path(temporary).replace(target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def umask() -> int:
    """Return which permissions files that this process makes are not to have."""
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _indent(lines: Sequence[str], places: Sequence[tuple[int, int]]) -> str:
    """Return what stands before the program on its lines: that of the line on which it begins farthest to the right."""
    line, column = max(places, key=lambda place: place[1])
    return lines[line - 1][: column - 1] if line <= len(lines) else ""


def _newline(lines: Sequence[str], first: int) -> str:
    """Return the kind of newline in use at a line, else before it."""
    for line in [*lines[first - 1 :], *reversed(lines[: first - 1])]:
        if ending := line[len(line.rstrip("\r\n")) :]:
            return ending
    return "\n"


def _same(a: str, b: str) -> bool:
    return a.rstrip() == b.rstrip()
