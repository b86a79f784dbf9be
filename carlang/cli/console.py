"""What commands say: results on standard output, everything else on standard error."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

import typer

from carlang.errors import CarlangError

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


def say(text: str) -> None:
    """Write a line to standard error."""
    typer.echo(text, err=True)


def put(text: str) -> None:
    """Write a line to standard output."""
    typer.echo(text)


def colours(stream: object = None) -> bool:
    """Tell whether a stream, standard error by default, takes colours: a terminal, and no `NO_COLOR`."""
    target = stream if stream is not None else sys.stderr
    return bool(getattr(target, "isatty", lambda: False)()) and not os.environ.get("NO_COLOR")
