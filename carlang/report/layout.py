"""Which columns of a table fit a line, and how a long value folds into its column.

rich gives the columns their widths and draws the frame. What it cannot know is that a line holds so many columns and
no more, and that a path is best broken behind one of its separators.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.cells import cell_len, chop_cells

_FRAME = 1  # the edge on the left; every column brings a blank on both sides and the edge on its right
_EDGES = 3
_LEAST = 14  # a name of a host or a program; a value that folds into less cannot be read
_LEAST_FOR_COMMANDS = 48  # a command line is what the reader came for: other columns leave it this much
_COMMANDS = frozenset({"command_line", "parent_command_line"})
_WORDS = re.compile(r"\s+|\S+")
_PIECES = re.compile(r"[\\/,;&|_=]*[^\\/,;&|_=]+[\\/,;&|_=]*|[\\/,;&|_=]+")
_WIDEST_CHARACTER = 2


@dataclass(frozen=True, slots=True)
class Measure:
    """A column's name, the width of its widest value, and whether folding it would only hurt (times, numbers)."""

    name: str
    widest: int
    rigid: bool

    @property
    def wanted(self) -> int:
        """The width at which nothing folds."""
        return max(self.widest, cell_len(self.name), 1)

    @property
    def least(self) -> int:
        """The width below which the column is not worth showing."""
        return self.wanted if self.rigid else min(self.wanted, _LEAST)

    @property
    def claimed(self) -> int:
        """The width that the columns behind this one leave it."""
        is_command = self.name.rpartition(".")[2] in _COMMANDS
        return min(self.wanted, _LEAST_FOR_COMMANDS) if is_command else self.least


def fitting(measures: Sequence[Measure], width: int) -> int:
    """Return how many columns fit into a line of `width` cells, the first ones first.

    The first always does. A column that claims more than what is left is the last, as narrow as it must be: half of
    a command line is better than none.
    """
    left = width - _FRAME
    for number, measure in enumerate(measures):
        if number and measure.least + _EDGES > left:
            return number
        left -= min(measure.claimed + _EDGES, left)
    return len(measures)


def folds(measures: Sequence[Measure], width: int) -> bool:
    """Tell whether some value of these columns must fold for a line of `width` cells to hold them."""
    return _FRAME + sum(measure.wanted + _EDGES for measure in measures) > width


def fold(text: str, width: int) -> list[str]:
    """Return a text in lines of at most `width` cells that together are the text, every blank included.

    Words stay whole. One that is longer than the line breaks behind the separators of paths and lists, and where it has
    none, when the line is full. rich's own folding would drop the blanks at the ends of lines, and those of a command
    line are evidence.
    """
    if len(text) <= width and cell_len(text) <= width:
        return [text]
    lines = [""]
    for piece in _unbroken(text, width):
        size, left = cell_len(piece), width - cell_len(lines[-1])
        if size <= left:
            lines[-1] += piece
        elif size <= width and not piece.isspace():
            lines.append(piece)
        else:
            lines += _chopped(lines.pop(), piece, width)
    return [line for line in lines if line]


def _unbroken(text: str, width: int) -> Iterator[str]:
    """Yield what of a text should not be broken: runs of blanks, words, and the pieces of words that are too long."""
    for match in _WORDS.finditer(text):
        word = match.group()
        if cell_len(word) <= width:
            yield word
        else:
            yield from _PIECES.findall(word)


def _chopped(line: str, piece: str, width: int) -> list[str]:
    """Return the lines that a line and a piece too long for it make; the piece begins on the line if there is room."""
    left = width - cell_len(line)
    start = chop_cells(piece, left)[0] if left >= _WIDEST_CHARACTER else ""
    rest = piece[len(start) :]
    return [line + start, *(chop_cells(rest, max(width, _WIDEST_CHARACTER)) if rest else ())]
