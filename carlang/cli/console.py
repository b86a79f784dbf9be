"""The one writer of the command line: results on standard output, everything else on standard error.

Nothing else in `cli` writes to a standard stream, which `tests/cli/test_one_writer.py` holds. What a text says is
somebody else's where it comes from a log, a file's name or an analytic, so everything unprintable leaves here as its
escape (`carlang.escapes`). The newlines of a *line* are escaped as well: a file's name must not add lines to a report.
Those of a *block*, such as a diff, are the block's own. JSON has escapes of its own, and a *program* is written to
files and pipes exactly, because it is to be read by programs.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import wraps
from typing import IO, Any, ParamSpec, TypeVar

from rich.console import Console

from carlang.diagnostics import Diagnostic, render_all, see_text
from carlang.errors import CarlangError, WrongUseError
from carlang.escapes import json_text, printable
from carlang.report.screen import Look, console_for
from carlang.report.streams import Screen, utf8_writer

P = ParamSpec("P")
R = TypeVar("R")


_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class PipeClosedError(CarlangError):
    """Whoever read our output has seen enough."""


class OutputError(WrongUseError):
    """What standard output leads to takes no more: its disk is full."""


def piped(command: Callable[P, R]) -> Callable[P, R]:
    """Make a command end with `PipeClosedError` where its reader went away; click would exit with 1.

    Where its disk is full, it ends with `OutputError`.
    """

    @wraps(command)
    def run(*arguments: P.args, **options: P.kwargs) -> R:
        try:
            result = command(*arguments, **options)
            sys.stdout.flush()
        except BrokenPipeError as error:
            raise PipeClosedError from error
        except OSError as error:
            # Of a file that is opened, read or written by its name the error has the name.
            if error.errno not in _FULL or error.filename is not None:
                raise
            abandon_output()
            raise OutputError(f"standard output cannot be written: {error.strerror}") from error
        return result

    return run


def abandon_output() -> None:
    """Send what is still to be written nowhere: the interpreter would try to flush it into a closed pipe."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def output_stream() -> IO[str]:
    """Return standard output for a report, whose formats escape what they have to."""
    return sys.stdout


def error_stream() -> IO[str]:
    """Return standard error for what a report says beside its rows."""
    return sys.stderr


def report_console(*, error: bool = False) -> Console:
    """Return a console on standard output, or standard error: as wide as the terminal, in a pipe as it must be."""
    return console_for(sys.stderr if error else sys.stdout, Look())


def say(line: str) -> None:
    """Write a line to standard error."""
    _write(sys.stderr, printable(line))


def say_block(block: str) -> None:
    """Write lines to standard error."""
    _write(sys.stderr, printable(block, keep="\n\t"))


def say_diagnostics(diagnostics: Sequence[Diagnostic], end: str = "\n", pages: str | None = None) -> None:
    """Write diagnostics to standard error, in colour on a terminal, and where their codes are explained."""
    _write_diagnostics(sys.stderr, diagnostics, end, pages)


def asks() -> bool:
    """Tell whether there is somebody to ask: standard input and standard error are a terminal."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def agreed(question: str) -> bool:
    """Ask on standard error and tell whether the answer is yes; nothing is no."""
    say(f"{question} [y/N]")
    return sys.stdin.readline().strip().casefold() in ("y", "yes")


def put(line: str) -> None:
    """Write a line to standard output."""
    _write(sys.stdout, printable(line))


def put_block(block: str) -> None:
    """Write lines to standard output."""
    _write(sys.stdout, printable(block, keep="\n\t"))


def put_diagnostics(diagnostics: Sequence[Diagnostic], end: str = "", pages: str | None = None) -> None:
    """Write diagnostics to standard output, in colour on a terminal, and where their codes are explained."""
    _write_diagnostics(sys.stdout, diagnostics, end, pages)


def put_json(value: Any) -> None:
    """Write a value to standard output as JSON."""
    _write(sys.stdout, json_text(value))


def put_json_rows(head: Mapping[str, Any], key: str, rows: Iterable[Any]) -> None:
    """Write an object to standard output whose last value is a list, a line an entry: there may be very many."""
    _write(sys.stdout, json_text(dict(head), indent=None)[:-1] + f', "{key}": [')
    left: Any = None
    for row in rows:
        if left is not None:
            _write(sys.stdout, f"  {json_text(left, indent=None)},")
        left = row
    _write(sys.stdout, (f"  {json_text(left, indent=None)}" if left is not None else "") + "]}")


def put_program(text: str) -> None:
    """Write what a program is to read to standard output: to a terminal as `put_block` does, else exactly, in UTF-8."""
    if sys.stdout.isatty():
        put_block(text)
    else:
        utf8_writer(sys.stdout)(text + "\n")


def _write_diagnostics(stream: IO[str], diagnostics: Sequence[Diagnostic], end: str, pages: str | None) -> None:
    # Rendered here, because only here the sequences are known to be the colours of diagnostics: what a diagnostic
    # quotes is escaped before it is painted.
    colour = stream.isatty() and not os.environ.get("NO_COLOR")
    _write(stream, f"{render_all(diagnostics, colour=colour)}{see_text(diagnostics, pages)}".rstrip() + end)


def _write(stream: IO[str], text: str) -> None:
    Screen(stream).write(text + "\n")
