"""Sources of program text: offsets to and from lines and columns of the file the text was read from.

A program may be a file of its own or a block inside a document (a `.car` file behind its front matter, a fence in
Markdown, a scalar in YAML). `Source` keeps both: `text`, the program that the parser sees, and `document`, the
whole file, with the place in the document at which each line of the program begins, and where the document folds
lines or escapes characters, as quoted YAML does, the place of each character.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A half-open range of character offsets into `Source.text`: `0 <= start <= end <= len(text)`."""

    start: int
    end: int

    def to(self, other: Span) -> Span:
        """Return the span from the beginning of this one to the end of `other`."""
        return Span(min(self.start, other.start), max(self.end, other.end))


@dataclass(frozen=True, slots=True)
class Location:
    """A range in a document; lines and columns count characters from 1, `end_column` is exclusive."""

    file: str
    line: int
    column: int
    end_line: int
    end_column: int


@dataclass(frozen=True, slots=True)
class LineOrigin:
    """Where a line of program text stands in its document: a line and the column of its first character, from 1."""

    line: int
    column: int


@dataclass(frozen=True)
class Source:
    """A program's text and the document it was read from.

    `origins` holds one entry for each line of `text`. It may be left out where the text is the whole document or
    begins on its own line of it (then `first_line` says which). `offsets`, where given, holds the offset into
    `document` of every character of `text` and of its end; it takes the place of `origins`.
    """

    name: str
    text: str
    document: str = ""
    origins: tuple[LineOrigin, ...] = field(default=(), repr=False)
    offsets: tuple[int, ...] = field(default=(), repr=False)

    @classmethod
    def whole(cls, name: str, text: str) -> Source:
        """Make a source of a document that is nothing but the program."""
        return cls(name, text, text)

    @classmethod
    def block(cls, name: str, document: str, text: str, first_line: int) -> Source:
        """Make a source of whole lines of a document; `text` begins at line `first_line`, counted from 1."""
        lines = text.count("\n") + 1
        return cls(name, text, document, tuple(LineOrigin(first_line + i, 1) for i in range(lines)))

    @classmethod
    def mapped(cls, name: str, document: str, text: str, offsets: Sequence[int]) -> Source:
        """Make a source whose characters stand one by one in a document; `offsets` has one more item than `text`."""
        starts = line_starts(document)
        origins = []
        for start in line_starts(text):
            line = bisect_right(starts, offsets[start]) - 1
            origins.append(LineOrigin(line + 1, offsets[start] - starts[line] + 1))
        return cls(name, text, document, tuple(origins), tuple(offsets))

    @cached_property
    def _line_starts(self) -> list[int]:
        return line_starts(self.text)

    @cached_property
    def document_lines(self) -> list[str]:
        """The document's lines, without their newlines.

        Split at newlines alone: `splitlines` also splits at form feeds and other characters that editors do not count.
        """
        return [line.removesuffix("\r") for line in (self.document or self.text).split("\n")]

    @cached_property
    def _document_line_starts(self) -> list[int]:
        return line_starts(self.document or self.text)

    def document_span(self, span: Span) -> Span:
        """Return the range of the document in which a span of the text stands."""
        return Span(self._document_offset(span.start), self._document_offset(span.end))

    def _document_offset(self, offset: int) -> int:
        line, column = self.position(offset)
        starts = self._document_line_starts
        return starts[min(line, len(starts)) - 1] + column - 1

    def has_in_document(self, span: Span) -> bool:
        """Tell whether the document itself has what stands at a span: a program made of it may have more than it."""
        return not self.offsets or self.offsets[span.start] != self.offsets[span.end]

    def position(self, offset: int) -> tuple[int, int]:
        """Return the document's line and column, from 1, of an offset into the text."""
        if self.offsets:
            # Past the end there is no character; what is missing at the end of a text is reported there.
            document_offset = self.offsets[min(offset, len(self.offsets) - 1)]
            line = bisect_right(self._document_line_starts, document_offset) - 1
            return line + 1, document_offset - self._document_line_starts[line] + 1
        index = bisect_right(self._line_starts, offset) - 1
        column = offset - self._line_starts[index]
        if not self.origins:
            return index + 1, column + 1
        origin = self.origins[min(index, len(self.origins) - 1)]
        return origin.line, origin.column + column

    def location(self, span: Span) -> Location:
        """Return the place of a span in the document."""
        line, column = self.position(span.start)
        end_line, end_column = self.position(span.end)
        return Location(self.name, line, column, end_line, end_column)


def line_starts(text: str) -> list[int]:
    """Return the offset of the first character of each line of `text`."""
    starts = [0]
    position = text.find("\n")
    while position >= 0:
        starts.append(position + 1)
        position = text.find("\n", position + 1)
    return starts
