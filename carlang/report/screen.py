"""The console on which tables and remarks are printed."""

from __future__ import annotations

import os
from typing import IO, cast

from rich.console import Console

from carlang.report.options import Options
from carlang.report.streams import Screen, Stream

PIPED_WIDTH = 120
_NARROWEST = 20


class _Console(Console):
    def on_broken_pipe(self) -> None:
        raise BrokenPipeError  # rich would end the process


def console_for(stream: Stream, options: Options) -> Console:
    """Return a console on a stream that prints texts as they are, no markup, no guessed highlights.

    Colour is for terminals, unless `NO_COLOR` is set. Into a file or pipe lines are 120 wide, or `COLUMNS`.
    """
    screen = Screen(stream)
    width = options.width or _width(screen)
    colour = options.colour if options.colour is not None else _wants_colour(screen)
    return _Console(
        file=cast("IO[str]", screen),
        width=max(width, _NARROWEST) if width else None,
        color_system="standard" if colour else None,
        force_terminal=colour,
        force_jupyter=False,
        no_color=not colour,
        markup=False,
        emoji=False,
        highlight=False,
    )


def _wants_colour(screen: Screen) -> bool:
    return screen.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _width(screen: Screen) -> int | None:
    columns = os.environ.get("COLUMNS", "")
    if columns.isdigit() and int(columns):
        return int(columns)
    return None if screen.isatty() else PIPED_WIDTH
