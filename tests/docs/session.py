"""What a page's examples share while they run: a folder, the names of its Python, the last command's exit status."""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from unittest.mock import patch

import pytest

from carlang import load_text
from carlang.cli import main
from carlang.diagnostics import has_errors, render_all
from tests.conftest import PATIENCE, REPOSITORY
from tests.docs.fences import WORDS, Fence

WIDTH = 100
"""The columns of the terminal that the pages show."""

INTERNAL = 70
_PROMPT = "$ "
_QUOTED = re.compile(r"""'[^']*'|"[^"$`\\]*\"""")
_OF_THE_SHELL = re.compile(r"[|&;<>()$`~*?\[\]{}\\\n#!'\"]")


class Session:
    """Runs the examples of one page in order and collects what is not as the page says."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.faults: list[str] = []
        self._names: dict[str, object] = {"__name__": "__page__"}
        self._status = 0
        self._written: str | None = None
        (folder / "analytics").symlink_to(REPOSITORY / "analytics", target_is_directory=True)

    def run(self, fences: Sequence[Fence]) -> None:
        """Run the fences of a page."""
        for fence in fences:
            if fence.file:
                path = self.folder / fence.file
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(fence.text + "\n", encoding="utf-8")
            if "norun" in fence.words:
                continue
            match fence.language:
                case "console":
                    self._console(fence)
                case "python":
                    self._python(fence)
                case "text" if "output" in fence.words and self._written is not None:
                    self._compare(fence, "the Python above", fence.text, self._written)
                    self._written = None

    def _console(self, fence: Fence) -> None:
        for command, expected in commands(fence):
            if not re.match(r"(carlang|echo|cat|mkdir) ", command):
                self.faults.append(f"{fence.place}: {command!r} is no command of carlang")
                continue
            words = plain_words(command)
            if words and words[0] == "carlang":
                self._status, written = in_process(words[1:], self.folder)
            else:
                self._status, written = shell(command, self.folder, self._status)
            if self._status == INTERNAL or (self._status and not expected.strip()):
                self.faults.append(f"{fence.place}: $ {command}\nexit status {self._status}:\n{written}")
            elif expected.strip():
                self._compare(fence, f"$ {command}", expected, written)

    def _python(self, fence: Fence) -> None:
        written = io.StringIO()
        code = "\n" * fence.line + fence.text
        try:
            with contextlib.chdir(self.folder), contextlib.redirect_stdout(written):
                exec(compile(code, str(fence.page), "exec"), self._names)  # noqa: S102  # the page's own example
        except Exception as error:  # noqa: BLE001  # whatever it is, the page is wrong
            self.faults.append(f"{fence.place}: {type(error).__name__}: {error}")
        self._written = written.getvalue()

    def _compare(self, fence: Fence, what: str, expected: str, written: str) -> None:
        if not shown(expected, written):
            self.faults.append(f"{fence.place}: {what}\nwrites\n{written}\nbut the page shows\n{expected}")


def commands(fence: Fence) -> list[tuple[str, str]]:
    """Return the commands of a console fence, each with what the page shows below it."""
    found: list[tuple[str, str]] = []
    for line in fence.text.split("\n"):
        if line.startswith(_PROMPT):
            found.append((line.removeprefix(_PROMPT), ""))
        elif found and found[-1][0].endswith("\\") and not found[-1][1]:
            found[-1] = (found[-1][0][:-1] + line, "")
        elif found:
            found[-1] = (found[-1][0], f"{found[-1][1]}{line}\n")
        else:
            raise AssertionError(f"{fence.place}: a console fence begins with `$ ` and a command")
    return found


def plain_words(command: str) -> list[str]:
    """Return the words of a command that a shell would do nothing with but take them apart; else none."""
    return [] if _OF_THE_SHELL.search(_QUOTED.sub("", command)) else shlex.split(command)


def in_process(arguments: Sequence[str], folder: Path) -> tuple[int, str]:
    """Run carlang as `shell` does, but in this process: to start one takes longer than most examples."""
    written = io.TextIOWrapper(io.BytesIO(), "utf-8", newline="", write_through=True)
    with (
        patch.dict(os.environ, _environment(), clear=True),
        patch.object(sys, "stdin", io.StringIO()),
        contextlib.chdir(folder),
        contextlib.redirect_stdout(written),
        contextlib.redirect_stderr(written),
        pytest.raises(SystemExit) as ended,
    ):
        main(list(arguments))
    assert isinstance(ended.value.code, int)
    written.seek(0)
    return ended.value.code, written.read()


def shell(command: str, folder: Path, status: int = 0) -> tuple[int, str]:
    """Run a command as a terminal would show it; `status` is what `$?` is before it."""
    done = subprocess.run(
        ["sh", "-c", f"(exit {status})\n{command}"],
        cwd=folder,
        env=_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=PATIENCE,
        check=False,
    )
    return done.returncode, done.stdout


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("CARLANG_", "PYTHON"))}
    return kept | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "COLUMNS": str(WIDTH),
        "PYTHONUNBUFFERED": "1",
        "PYTHONUTF8": "1",
    }


def shown(expected: str, written: str) -> bool:
    """Tell whether what was written is what a page shows; see `tests.docs.fences` on `…`."""
    pattern = ""
    for line in _lines(expected):
        pattern += r"(?:.*\n)*?" if line.strip() == "…" else ".*?".join(map(re.escape, line.split("…"))) + r"\n"
    return re.fullmatch(pattern, "".join(f"{line}\n" for line in _lines(written))) is not None


def _lines(text: str) -> Iterable[str]:
    return (line.rstrip() for line in text.strip("\n").rstrip().split("\n"))


def car_fault(fence: Fence, following: Fence | None) -> str | None:
    """Return in what a program is not as the page says, or None."""
    rendering = following if following and following.shows_diagnostics else None
    name = fence.file or (rendering.named_file if rendering else None) or "example.car"
    found = load_text(fence.text, name).check()
    if has_errors(found) != ("error" in fence.words):
        said = render_all(found) or "nothing\n"
        return f"{fence.place}: should have {'errors' if 'error' in fence.words else 'none'}, but check says\n{said}"
    if rendering and not shown(rendering.text, render_all(found)):
        return f"{rendering.place}: shows\n{rendering.text}\nbut check says\n{render_all(found)}"
    return None


def info_fault(fence: Fence) -> str | None:
    """Return what an info string has that means nothing, or None."""
    unknown = fence.words - WORDS.get(fence.language, fence.words)
    return f"{fence.place}: {', '.join(sorted(unknown))} means nothing behind {fence.language}" if unknown else None
