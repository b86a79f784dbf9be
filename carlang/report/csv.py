"""`--format csv`: one table of all rows, RFC 4180."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from carlang.escapes import printable
from carlang.report.columns import filled, row_names
from carlang.report.streams import Stream, utf8_writer
from carlang.report.values import json_text, values_of
from carlang.report.view import View

_HEAD = ("analytic", "title", "output")
_QUOTED = re.compile(r'[",\r\n]|^\s|\s$')


def write_csv(view: View, stream: Stream) -> None:
    """Write the rows of a run as CSV with a line of names: the union of the columns that outputs have values in.

    The rows are read twice, as the line of names has to stand before the first of them.
    Values are exact, also those that a spreadsheet would take for a formula: what tools read must be what the event
    said. Only on a terminal, where control characters would act, they are shown as escapes.
    """
    write = csv_writer(stream)
    named = [(output, row_names(output.rows.schema.names)) for output in view.outputs]
    if view.chosen is not None:
        columns = row_names(view.chosen)
    else:
        columns = list(
            dict.fromkeys(
                name
                for output, names in named
                for name, has_value in zip(names, filled(output.rows), strict=True)
                if has_value
            )
        )
    write(csv_line([*_HEAD, *columns]))
    for output, names in named:
        position = {name: i for i, name in enumerate(names)}
        order = [position.get(name) for name in columns]
        head = [output.analytic, output.title, output.name]
        for row in values_of(output.rows):
            write(csv_line([*head, *(None if i is None else row[i] for i in order)]))


def csv_writer(stream: Stream) -> Callable[[str], object]:
    """Return a function that writes lines of CSV: exactly, but to a terminal, where control characters would act."""
    write = utf8_writer(stream)
    return _screened(write) if stream.isatty() else write


def csv_line(values: Iterable[Any]) -> str:
    """Return a line of CSV."""
    return ",".join(map(_cell, values)) + "\r\n"


def _screened(write: Callable[[str], object]) -> Callable[[str], object]:
    return lambda line: write(printable(line.removesuffix("\r\n")) + "\r\n")


def _cell(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case str():
            text = value
        case list() | dict():
            text = json_text(value, compact=True)
        case _:
            return str(value)
    # An empty text is quoted, a missing value not, so that readers which care can tell them apart.
    return '"' + text.replace('"', '""') + '"' if not text or _QUOTED.search(text) else text
