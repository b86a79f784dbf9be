"""`--format html`: one page that needs nothing beside it, for readers who have no terminal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import pyarrow as pa
from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup, escape
from pyarrow import types

from carlang.diagnostics import render_all
from carlang.escapes import printable
from carlang.report.cells import texts, time_text
from carlang.report.columns import arrange
from carlang.report.streams import Stream, utf8_writer
from carlang.report.values import BATCH, instant
from carlang.report.view import OutputView, View, is_technique, technique_url
from carlang.results import counted

_SIDE_BY_SIDE = 10  # more columns than these do not fit beside each other on a laptop's screen
_SHOWN = 8  # so many of them stay then, which leaves the last column to the details
_PIECES = 512  # of the template's output that are joined to be written at once
_LONG = frozenset({"command_line", "parent_command_line", "image_path", "file_path", "content", "value"})


def write_html(view: View, stream: Stream) -> None:
    """Write a run as a page of HTML without scripts and without anything to load from elsewhere.

    The page is written as the template makes it: rows are read, shown and forgotten.
    """
    write = utf8_writer(stream)
    findings = [Finding(f"r{number}", output) for number, output in enumerate(view.outputs, 1) if output.total]
    pieces = _environment().get_template("page.html").stream(view=view, tally=view.tally, findings=findings)
    pieces.enable_buffering(_PIECES)
    for piece in pieces:
        write(piece)


@dataclass(frozen=True, slots=True)
class Row:
    """A row: the texts of the columns side by side, and names and texts of the others that have a value."""

    cells: tuple[str | None, ...]
    details: tuple[tuple[str, str], ...]


class Finding:
    """An output that found rows, as the page shows it: the columns side by side, and those in the details of a row."""

    def __init__(self, anchor: str, output: OutputView) -> None:
        self.anchor = anchor
        self.output = output
        self.seen = [time_text(instant) for instant in output.seen() or ()]
        arrangement = arrange(output.rows)
        self._columns = list(arrangement.columns)
        fields = [output.rows.schema.field(index) for index in self._columns]
        names = [field.name for field in fields]
        count = len(names) if len(names) <= _SIDE_BY_SIDE else _SHOWN
        self.names = names[:count]
        self.classes = [_class(field) for field in fields][:count]
        self.hidden = names[count:]
        self.constants = arrangement.constants
        self.empty = arrangement.empty

    def rows(self) -> Iterator[Row]:
        """Yield the rows, a batch of them in memory at a time."""
        count = len(self.names)
        for batch in self.output.rows.to_batches(max_chunksize=BATCH):
            cells = (texts(batch.column(index), keep="\n\t") for index in self._columns)
            for row in zip(*cells, strict=True):
                pairs = zip(self.hidden, row[count:], strict=True)
                yield Row(row[:count], tuple((name, text) for name, text in pairs if text is not None))

    def labels(self) -> Markup:
        """Return the rules that put a column's name before its value where a narrow screen shows rows as cards."""
        rules = (
            f"#{self.anchor} table.rows td:nth-child({number})::before{{content:'{_css_text(name)}'}}"
            for number, name in enumerate(self.names, 1)
        )
        return Markup(f"@media (max-width: 44rem) {{{''.join(rules)}}}")  # noqa: S704  # nothing but letters, digits and escapes of CSS is in the names


@cache
def _environment() -> Environment:
    folder = resources.files("carlang.report").joinpath("templates")
    environment = Environment(
        autoescape=True,
        finalize=_harmless,
        loader=FunctionLoader(lambda name: folder.joinpath(name).read_text(encoding="utf-8")),
        lstrip_blocks=True,
        trim_blocks=True,
        undefined=StrictUndefined,
    )
    style = folder.joinpath("page.css").read_text(encoding="utf-8")
    environment.globals |= {"style": Markup(style), "zip": zip}  # noqa: S704  # our own stylesheet
    environment.filters |= {
        "cell": lambda text: _lines(text or "", keep="\n\t"),
        "counted": counted,
        "diagnostics": lambda diagnostics: _lines(render_all(diagnostics).rstrip()),
        "lines": _lines,
        "time": lambda moment: time_text(instant(moment)),
        "url": technique_url,
    }
    environment.tests["technique"] = is_technique
    return environment


def _harmless(value: Any) -> Any:
    """Show what cannot be printed as escapes, in whatever a template writes; jinja escapes HTML after that."""
    return value if isinstance(value, Markup) else printable(str(value))


def _lines(text: str, keep: str = "\n") -> Markup:
    return escape(printable(text, keep))


def _class(field: pa.Field) -> str:
    if types.is_timestamp(field.type):
        return "time"
    if types.is_integer(field.type) or types.is_floating(field.type) or types.is_decimal(field.type):
        return "number"
    return "long" if field.name.rpartition(".")[2] in _LONG else ""


def _css_text(name: str) -> str:
    return "".join(char if char.isalnum() and char.isascii() else f"\\{ord(char):06x}" for char in printable(name))
