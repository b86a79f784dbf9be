"""Find the front matter of a document: YAML between two lines of three hyphens at its head."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from carlang import datafile
from carlang.datafile import DataFile, DataFileError
from carlang.diagnostics import Diagnostic
from carlang.diagnostics.codes import BAD_FRONT_MATTER
from carlang.importers.analytic_file import DataSource
from carlang.source import Source, Span, line_starts

BLANK = re.compile(r"[ \t]*")
"""A line that may stand above front matter in Markdown, where `#` begins a heading."""

COMMENT = re.compile(r"[ \t]*(?:(?:#|//).*)?")
"""A line that may stand above front matter in a `.car` file."""

_RULE = re.compile(r"---[ \t]*")


@dataclass(frozen=True, slots=True)
class Extent:
    """The lines, from 0, on which front matter opens and closes; `closing` is None where it never does."""

    opening: int
    closing: int | None

    @classmethod
    def of(cls, lines: Sequence[str], above: re.Pattern[str]) -> Extent | None:
        """Return the front matter's extent, or None where there is none; only lines like `above` stand over it."""
        opening = next((number for number, line in enumerate(lines) if not above.fullmatch(line)), len(lines))
        if opening == len(lines) or not _RULE.fullmatch(lines[opening]):
            return None
        behind = range(opening + 1, len(lines))
        return cls(opening, next((number for number in behind if _RULE.fullmatch(lines[number])), None))


@dataclass(frozen=True)
class FrontMatter:
    """The front matter of a document, empty where it has none, and the line, from 0, at which the body begins.

    `body` is None where no end of the front matter is found, so that nothing can be said of what follows.
    """

    data: DataSource
    body: int | None
    diagnostics: tuple[Diagnostic, ...] = ()

    @classmethod
    def read(cls, source: Source, above: re.Pattern[str], *, shipped: bool = False) -> FrontMatter:
        """Read the front matter of the document that `source` spans; of a `shipped` one it is known to be right."""
        lines = source.text.split("\n")
        nothing = without_data(source)
        extent = Extent.of(lines, above)
        if extent is None:
            return cls(nothing, 0)
        starts = line_starts(source.text)
        if extent.closing is None:
            begin = starts[extent.opening]
            span = Span(begin, begin + len(lines[extent.opening]))
            fault = Diagnostic(BAD_FRONT_MATTER, "the front matter is never closed", source, span)
            return cls(nothing, None, (fault.with_label("opens here").with_help("close it with a line `---`"),))
        start = starts[extent.opening + 1]
        text = source.text[start : starts[extent.closing]]
        try:
            data = (datafile.read_builtin_yaml if shipped else datafile.read_yaml)(
                source.name, text, extent.opening + 2
            )
        except DataFileError as error:
            return cls(nothing, extent.closing + 1, yaml_diagnostics(error, source, start))
        return cls(DataSource(data, source, start), extent.closing + 1)


def without_data(source: Source) -> DataSource:
    """Return the metadata of a document that has none."""
    return DataSource(DataFile(source.name, "", None), source)


def yaml_diagnostics(error: DataFileError, source: Source, start: int = 0) -> tuple[Diagnostic, ...]:
    """Return the faults of YAML that begins at the offset `start` of a document."""
    spans = [(fault.message, Span(fault.start + start, fault.end + start)) for fault in error.faults]
    return tuple(Diagnostic(BAD_FRONT_MATTER, message, source, span) for message, span in spans)
