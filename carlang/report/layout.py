"""How wide the columns of a table are, and how long values fold into them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len, chop_cells

FRAME = 1  # the edge on the left; every column brings a blank on both sides and the edge on its right
EDGES = 3
_LEAST = 14
_LEAST_FOR_TEXT = 48
_LONG_TEXTS = frozenset({"command_line", "parent_command_line"})
_BREAKS = " \\/,;&|_"


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
        if self.rigid:
            return max(self.widest, min(cell_len(self.name), _LEAST), 1)
        floor = _LEAST_FOR_TEXT if self.name.rpartition(".")[2] in _LONG_TEXTS else _LEAST
        return min(self.wanted, floor)


def widths(measures: Sequence[Measure], space: int) -> list[int]:
    """Return the widths of the columns that fit into a line of `space` cells, the first ones first.

    Columns behind the last width do not fit. The first is always there, as narrow as it must be, and a column of text
    takes what is left even where it would like more: half of a command line's width is better than no command line.
    """
    left = space - FRAME
    chosen: list[int] = []
    for measure in measures:
        least = measure.least if measure.rigid else min(measure.least, _LEAST)
        if least + EDGES > left and chosen:
            break
        chosen.append(max(min(measure.least, left - EDGES), 1))
        left -= chosen[-1] + EDGES
    return _spread(chosen, [measure.wanted for measure in measures[: len(chosen)]], left)


def _spread(chosen: list[int], wanted: Sequence[int], left: int) -> list[int]:
    """Give the space that is left to columns that fold, in equal shares, the most modest first."""
    short = sorted((i for i in range(len(chosen)) if wanted[i] > chosen[i]), key=lambda i: wanted[i] - chosen[i])
    for done, i in enumerate(short):
        share = min(max(left, 0) // (len(short) - done), wanted[i] - chosen[i])
        chosen[i] += share
        left -= share
    return chosen


def fold(text: str, width: int) -> list[str]:
    """Return a text in lines of at most `width` cells that together are the text, every blank included.

    A line ends behind a blank or a separator of paths where its second half has one, else where it is full.
    """
    if len(text) <= width and cell_len(text) <= width:
        return [text]
    if not text.isascii():
        return chop_cells(text, max(width, 2))
    lines = []
    start = 0
    while len(text) - start > width:
        end = start + width
        cut = max(text.rfind(char, start + width // 2, end) for char in _BREAKS) + 1
        lines.append(text[start : cut or end])
        start = cut or end
    return [*lines, text[start:]]
