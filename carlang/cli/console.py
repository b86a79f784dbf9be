"""What commands say: results on standard output, everything else on standard error."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

import typer
from rich.console import Console

from carlang.errors import CarlangError
from carlang.report.cells import printable

_UNBOUNDED = 10_000  # cells; rich wants a width, and no entry of a listing is as long

P = ParamSpec("P")
R = TypeVar("R")


class PipeClosedError(CarlangError):
    """Whoever read our output has seen enough."""


def piped(command: Callable[P, R]) -> Callable[P, R]:
    """Make a command end with `PipeClosedError` where its reader went away; Typer would exit with 1."""

    @wraps(command)
    def run(*arguments: P.args, **options: P.kwargs) -> R:
        try:
            result = command(*arguments, **options)
            sys.stdout.flush()
        except BrokenPipeError as error:
            raise PipeClosedError from error
        return result

    return run


def listing_console() -> Console:
    """Return a console on standard output for listings and programs.

    In a pipe a line is as long as it must be: `grep` is to see an entry on one line, and a program is to come out as it
    is written. `COLUMNS` says otherwise.
    """
    is_bounded = sys.stdout.isatty() or bool(os.environ.get("COLUMNS"))
    return Console(highlight=False, width=None if is_bounded else _UNBOUNDED)


def say(text: str) -> None:
    """Write a line to standard error, without anything that could steer a terminal but the colours of diagnostics."""
    typer.echo(_harmless(text), err=True)


def put(text: str) -> None:
    """Write a line to standard output: to a terminal as `say` does, else exactly."""
    typer.echo(_harmless(text) if sys.stdout.isatty() else text)


# What diagnostics are painted with, and nothing else: names of files and programs' texts may hold other sequences.
_PAINT = re.compile("(\x1b\\[(?:0|1;3[1-6])m)")


def _harmless(text: str) -> str:
    return "".join(part if _PAINT.fullmatch(part) else printable(part, keep="\n\t") for part in _PAINT.split(text))


def colours(stream: object = None) -> bool:
    """Tell whether a stream, standard error by default, takes colours: a terminal, and no `NO_COLOR`."""
    target = stream if stream is not None else sys.stderr
    return bool(getattr(target, "isatty", lambda: False)()) and not os.environ.get("NO_COLOR")
