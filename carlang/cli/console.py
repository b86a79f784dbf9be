"""What commands say: results on standard output, everything else on standard error."""

from __future__ import annotations

import os
import sys

import typer


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
