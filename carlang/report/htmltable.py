"""The rows of one output in the HTML report."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from html import escape

import pyarrow as pa
from pyarrow import types

from carlang.report.cells import printable, texts
from carlang.report.columns import arrange
from carlang.report.tally import counted
from carlang.report.values import BATCH

_SIDE_BY_SIDE = 10  # more columns than these go into the details of their row
_SHOWN = 8
_LONG = frozenset({"command_line", "parent_command_line", "image_path", "file_path", "content", "value"})


def write_rows(anchor: str, table: pa.Table, write: Callable[[str], object]) -> None:
    """Write the rows of a table: the columns that matter most side by side, the others in details to open."""
    arrangement = arrange(table)
    table_shown = table.select(list(arrangement.columns))
    names = table_shown.column_names
    count = len(names) if len(names) <= _SIDE_BY_SIDE else _SHOWN
    if arrangement.constants:
        same = ", ".join(f"{name} {value}" for name, value in arrangement.constants)
        write(f'<p class="note">Every row: {escape(same)}</p>\n')
    write(f"<style>@media (max-width: 44rem) {{{''.join(_labels(anchor, names[:count]))}}}</style>\n")
    write('<div class="scroll"><table class="rows">\n<thead><tr>')
    write("".join(f"<th>{_text(name)}</th>" for name in names[:count]))
    write("<th></th></tr></thead>\n<tbody>\n" if count < len(names) else "</tr></thead>\n<tbody>\n")
    classes = [_class(name, kind) for name, kind in zip(names, table_shown.schema.types, strict=True)]
    for row in _rows(table_shown):
        cells = (f"<td{css}>{escape(text or '')}</td>" for css, text in zip(classes, row[:count], strict=False))
        write("<tr>" + "".join(cells) + _details(names[count:], row[count:]) + "</tr>\n")
    write("</tbody></table></div>\n")
    if arrangement.empty:
        write(f'<p class="note">{counted(arrangement.empty, "column")} empty in every row.</p>\n')


def _rows(table: pa.Table) -> Iterator[tuple[str | None, ...]]:
    for batch in table.to_batches(max_chunksize=BATCH):
        yield from zip(*(texts(column, keep="\n\t") for column in batch.columns), strict=True)


def _text(text: str) -> str:
    return escape(printable(text))


def _class(name: str, kind: pa.DataType) -> str:
    if types.is_timestamp(kind):
        return ' class="time"'
    if types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind):
        return ' class="number"'
    return ' class="long"' if name.rpartition(".")[2] in _LONG else ""


def _details(names: Sequence[str], row: Sequence[str | None]) -> str:
    pairs = [(name, text) for name, text in zip(names, row, strict=True) if text is not None]
    if not pairs:
        return '<td class="more"></td>' if names else ""
    listed = "".join(f"<dt>{_text(name)}</dt><dd>{escape(text)}</dd>" for name, text in pairs)
    return f'<td class="more"><details><summary>{len(pairs)} more</summary><dl>{listed}</dl></details></td>'


def _labels(anchor: str, names: Sequence[str]) -> Iterator[str]:
    """Yield the rules that put a column's name before its value where a narrow screen shows rows as cards."""
    for number, name in enumerate(names, 1):
        safe = "".join(char if char.isalnum() and char.isascii() else f"\\{ord(char):06x}" for char in printable(name))
        yield f"#{anchor} table.rows td:nth-child({number})::before{{content:'{safe}'}}"
