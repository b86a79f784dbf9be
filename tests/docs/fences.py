"""The fenced examples of a Markdown page, and what their info strings ask for.

| info string | what is so |
|---|---|
| `car` | the program has no errors |
| `car error` | the program has errors; the next fence, if it shows a diagnostic, is what is said of it |
| `python` | runs, after those above it on the page and with their names; in the same folder as the commands |
| `console` | the lines that begin with `$ ` run and write the lines below them, to whichever stream |
| `text output` | what the `python` fence above it writes, or the first command of README.md |
| any other | is not tried |

`file=NAME` behind the language also writes the fence's text to a file of the page's folder, and `norun` keeps a
`console` or `python` fence from being run. A `…` in what a command writes stands for anything on that line, and alone
on its line for any number of lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import REPOSITORY

_OPENING = re.compile(r"( *)(`{3,}|~{3,}) *([^`]*)")
_DIAGNOSTIC = re.compile(r"(?:error|warning|hint)\[CL\d{3}\]: ")
_PLACE = re.compile(r"^ *--> (.+):\d+:\d+$", re.MULTILINE)

WORDS = {"car": {"error"}, "python": {"norun"}, "console": {"norun"}, "text": {"output"}}
"""The words that an info string may have behind its language; `file=NAME` may stand behind any."""


@dataclass(frozen=True, slots=True)
class Fence:
    """A fenced block: where it begins, what its info string says, and its text."""

    page: Path
    line: int
    language: str
    words: frozenset[str]
    file: str | None
    text: str

    @property
    def place(self) -> str:
        """The page and the line of the fence's opening."""
        name = self.page.relative_to(REPOSITORY) if self.page.is_relative_to(REPOSITORY) else self.page.name
        return f"{name}:{self.line}"

    @property
    def shows_diagnostics(self) -> bool:
        """Whether it is what carlang says of a program."""
        return self.language == "text" and bool(_DIAGNOSTIC.match(self.text))

    @property
    def named_file(self) -> str | None:
        """The file that the diagnostics in it speak of."""
        found = _PLACE.search(self.text)
        return found.group(1) if found else None


def pages() -> list[Path]:
    """Return the Markdown pages of the documentation."""
    return [*sorted(REPOSITORY.glob("*.md")), *sorted((REPOSITORY / "docs").rglob("*.md"))]


def fences(page: Path) -> list[Fence]:
    """Return the fences of a page in order."""
    return list(_fences(page, page.read_text(encoding="utf-8").split("\n")))


def _fences(page: Path, lines: list[str]) -> Iterator[Fence]:
    opening: re.Match[str] | None = None
    begun, held = 0, list[str]()
    for number, line in enumerate(lines, 1):
        if opening is None:
            opening, begun, held = _OPENING.fullmatch(line), number, []
        elif line.strip() and set(line.strip()) == {opening[2][0]} and len(line.strip()) >= len(opening[2]):
            yield _fence(page, begun, opening[3].split(), "\n".join(held))
            opening = None
        else:
            indent = len(opening[1])
            held.append(line[indent:] if not line[:indent].strip() else line)
    if opening is not None:
        raise AssertionError(f"{page}:{begun}: the fence is never closed")


def _fence(page: Path, line: int, info: list[str], text: str) -> Fence:
    language, words = (info[0], info[1:]) if info else ("", [])
    files = [word.removeprefix("file=") for word in words if word.startswith("file=")]
    others = frozenset(word for word in words if not word.startswith("file="))
    return Fence(page, line, language, others, files[0] if files else None, text)
