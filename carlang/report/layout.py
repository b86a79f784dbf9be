"""Which columns of a table fit a line, how wide each is, and how a long value folds into its column.

rich draws the frame. It would give columns their widths, too, but takes from those that are wide alone, and breaks the
words of the others; and it cannot know that a path is best broken behind one of its separators.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.cells import cell_len, chop_cells

from carlang.model.types import field_of

_FRAME = 1  # the edge on the left; every column brings a blank on both sides and the edge on its right
_EDGES = 3
_LEAST = 14  # a value that folds into less cannot be read
LONGEST_WORD = 24  # what is longer without a separator is a hash or an encoded text: nobody reads it as a word
_LEAST_OF_COMMANDS = 18  # a program's name and an option
_LEAST_FOR_COMMANDS = 32  # a command line is what the reader came for: other columns leave it this much
_COMMANDS = frozenset({"command_line", "parent_command_line"})
_WORDS = re.compile(r"\s+|\S+")
_PIECES = re.compile(r"[-.:\\/,;&|_=]*[^-.:\\/,;&|_=]+[-.:\\/,;&|_=]*|[-.:\\/,;&|_=]+")
_NAMES = re.compile(r"[^.]+\.?|\.")
_WIDEST_CHARACTER = 2


@dataclass(frozen=True, slots=True)
class Measure:
    """A column's name, the widths of its widest value and of its longest piece, and whether folding would only hurt.

    It would hurt times and numbers (`rigid`). A piece is what can be broken nowhere within. The column with the least
    `need` is the last to be left out.
    """

    name: str
    widest: int
    rigid: bool
    piece: int = 0
    need: int = 0

    @property
    def wanted(self) -> int:
        """The width at which nothing folds."""
        return max(self.widest, cell_len(self.name), 1)

    @property
    def least(self) -> int:
        """The width below which the column is not worth showing: that of the longest word of values and name."""
        name = max(
            (cell_len(part) for part in _NAMES.findall(self.name)), default=1
        )  # breaks behind the part of a join
        if self.rigid:
            return max(self.widest, name)
        word = max(self.piece if self.piece <= LONGEST_WORD else 0, _LEAST_OF_COMMANDS if self.is_command else _LEAST)
        return max(min(self.widest, word), name)

    @property
    def claimed(self) -> int:
        """The width that other columns leave it."""
        return min(self.wanted, max(self.least, _LEAST_FOR_COMMANDS)) if self.is_command else self.least

    @property
    def is_command(self) -> bool:
        """Whether values are command lines."""
        return field_of(self.name) in _COMMANDS


def fitting(measures: Sequence[Measure], width: int, *, is_chosen: bool = False) -> list[int]:
    """Return which columns fit into a line of `width` cells, in their order.

    The one that is needed most always does. Those that are needed more come first, of equal need the first one; what
    does not fit leaves its room to narrower ones behind it. Where a reader chose the columns (`is_chosen`), command
    lines have no more than they must, so that others fit.
    """
    left = width - _FRAME
    chosen: list[int] = []
    for index in sorted(range(len(measures)), key=lambda i: (measures[i].need, i)):
        measure = measures[index]
        if chosen and measure.least + _EDGES > left:
            continue
        chosen.append(index)
        claimed = measure.least if is_chosen else measure.claimed
        left -= min(claimed + _EDGES, left)  # less of a command line is better than none
    return sorted(chosen)


def widths(measures: Sequence[Measure], width: int) -> list[int]:
    """Return how wide columns are in a line of `width` cells.

    Each is as wide as it must be. What is left goes to command lines first, and then evenly to all that want more.
    """
    shared = [measure.least for measure in measures]
    left = width - _FRAME - sum(size + _EDGES for size in shared)
    if left < 0 and len(measures) == 1:
        return [max(1, shared[0] + left) if not measures[0].rigid else shared[0]]
    for aims in ([measure.claimed for measure in measures], [measure.wanted for measure in measures]):
        while left > 0 and (short := [i for i, aim in enumerate(aims) if aim > shared[i]]):
            for index in short[:left]:
                more = min(max(1, left // len(short)), aims[index] - shared[index], left)
                shared[index] += more
                left -= more
    return shared


def fold_name(name: str, width: int) -> list[str]:
    """Return the name of a column in lines: whole, else broken behind the part of a join that it is of."""
    if cell_len(name) <= width:
        return [name]
    return [line for part in _NAMES.findall(name) for line in fold(part, width)]


def longest_piece(text: str) -> int:
    """Return the width of the longest piece of a text that `fold` breaks only where a line has no room for it."""
    return max((cell_len(piece) for piece in _PIECES.findall(text) for piece in piece.split()), default=0)


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
