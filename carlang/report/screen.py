"""The console on which tables and remarks are printed."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, cast

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text

from carlang.escapes import printable
from carlang.report.layout import fold
from carlang.report.streams import Screen, Stream

UNBOUNDED = 1_000_000
"""The width of what is no terminal, which rich has to be given: there a line is as long as it must be."""
_LAST_BLANKS = re.compile(r" +$", re.MULTILINE)
_NARROWEST = 20  # below this not even the shortest column has a word on a line


@dataclass(frozen=True, slots=True)
class Look:
    """How a table is to look; where nothing is said, as the stream and the environment ask for."""

    width: int | None = None
    colour: bool | None = None


class _Trimmed(Screen):
    """A screen without blanks at the ends of lines, with which rich fills the last column of a listing."""

    def write(self, text: str) -> int:
        """Write a text."""
        return super().write(_LAST_BLANKS.sub("", text))


class _Console(Console):
    """A console through which nothing gets that steers a terminal but what rich itself paints and moves with."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterator[Segment]:
        """Render as rich does; what a text still holds that is not printable comes out as its escape.

        Whoever lays out a table escapes its cells beforehand, so that their widths are right. This is the wall behind
        that: it holds for every text, Markdown and the titles of tables included. A link is an escape sequence with an
        address in it that somebody else wrote.
        """
        for segment in super().render(renderable, options):
            text, style, control = segment
            if control or (text.isprintable() and not (style and style.link)) or text == "\n":
                yield segment
            else:
                yield Segment(printable(text, keep="\n"), style.update_link() if style else None)

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError  # rich would end the process


def console_for(stream: Stream, look: Look) -> Console:
    """Return a console on a stream that prints texts as they are, no markup, no guessed highlights.

    Colour is for terminals, unless `NO_COLOR` is set. A width is for terminals, too, or where `COLUMNS` is set: into a
    file or a pipe a line is as long as it must be, so that `grep` finds all of a row on one.
    """
    screen = Screen(stream)
    width = look.width or _width(screen)
    if width == UNBOUNDED:
        screen = _Trimmed(stream)
    colour = look.colour if look.colour is not None else _wants_colour(screen)
    return _Console(
        file=cast("IO[str]", screen),
        width=max(width, _NARROWEST) if width else None,
        color_system="standard" if colour else None,
        force_terminal=colour or None,
        force_jupyter=False,
        no_color=not colour,
        markup=False,
        emoji=False,
        highlight=False,
    )


def is_bounded(console: Console) -> bool:
    """Tell whether lines have a width on a console."""
    return console.width < UNBOUNDED


def print_folded(text: Text, indent: str, console: Console, hanging: str | None = None) -> None:
    """Print a text behind an indent, in lines of the terminal's width, those after the first behind another."""
    if not is_bounded(console):
        console.print(Text.assemble(indent, text), soft_wrap=True)
        return
    begin = 0
    for number, line in enumerate(fold(text.plain, max(console.width - len(hanging or indent), 1))):
        head = indent if not number or hanging is None else hanging
        # `fold` keeps the blank between two words, which would begin a line here.
        skipped = 1 if number and line.startswith(" ") else 0
        console.print(Text.assemble(head, text[begin + skipped : begin + len(line)]), soft_wrap=True)
        begin += len(line)


def _wants_colour(screen: Screen) -> bool:
    return screen.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _width(screen: Screen) -> int | None:
    columns = os.environ.get("COLUMNS", "")
    if columns.isdigit() and int(columns):
        return int(columns)
    return None if screen.isatty() else UNBOUNDED
