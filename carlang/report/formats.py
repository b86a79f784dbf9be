"""The formats of reports by name, and the verb that writes one."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal

from carlang.diagnostics import nearest
from carlang.report import (
    write_csv,
    write_html,
    write_json,
    write_markdown,
    write_navigator,
    write_ndjson,
    write_parquet,
    write_table,
    write_timeline,
    write_timesketch,
    write_xlsx,
)
from carlang.report.chosen import FORMATS_OF_COLUMNS, check_columns, with_columns
from carlang.report.screen import Look
from carlang.report.streams import ReportError, Stream
from carlang.report.view import View
from carlang.results import RunReport

FormatName = Literal[
    "table", "json", "ndjson", "csv", "parquet", "html", "navigator", "timesketch", "timeline", "xlsx", "markdown"
]


@dataclass(frozen=True, slots=True)
class Format:
    """A format: its name, how it is written, the usual ending of its files.

    `binary`: it cannot be written to a stream of text. `whole`: it also says what could not run and what failed; beside
    the others `write_remarks` has to.
    """

    name: FormatName
    write: Callable[[View, Stream, Look], None]
    suffix: str
    binary: bool = False
    whole: bool = False


def _plain(write: Callable[[View, Stream], None]) -> Callable[[View, Stream, Look], None]:
    return lambda view, stream, _: write(view, stream)


FORMATS: dict[str, Format] = {
    fmt.name: fmt
    for fmt in (
        Format("table", write_table, ".txt", whole=True),
        Format("json", _plain(write_json), ".json", whole=True),
        Format("ndjson", _plain(write_ndjson), ".ndjson"),
        Format("csv", _plain(write_csv), ".csv"),
        Format("parquet", _plain(write_parquet), ".parquet", binary=True),
        Format("html", _plain(write_html), ".html", whole=True),
        Format("navigator", _plain(write_navigator), ".json", whole=True),
        Format("timesketch", _plain(write_timesketch), ".jsonl"),
        Format("timeline", _plain(write_timeline), ".csv"),
        Format("xlsx", _plain(write_xlsx), ".xlsx", binary=True, whole=True),
        Format("markdown", _plain(write_markdown), ".md", whole=True),
    )
}

# Of formats with the same ending the general one has it: a layer is JSON of a special kind, a Timesketch file is
# lines of JSON, a timeline a CSV file with columns of its own.
_SPECIAL = ("navigator", "timesketch", "timeline")
ENDINGS: dict[str, FormatName] = {
    **{fmt.suffix: fmt.name for fmt in FORMATS.values() if fmt.name not in _SPECIAL},
    ".htm": "html",
    ".jsonl": "ndjson",
}
"""The endings of files that stand for a format."""


def format_of(name: str, path: Path | None) -> str:
    """Return the format that a name stands for in a file: a timeline is a workbook where its ending says so."""
    is_workbook = path is not None and path.suffix.casefold() == FORMATS["xlsx"].suffix
    return "xlsx" if name == "timeline" and is_workbook else name


def write_report(  # noqa: PLR0913  # what can be said of how it is to look
    report: RunReport,
    target: str | os.PathLike[str] | Stream,
    format: FormatName,  # noqa: A002  # the name of the option whose value it is
    *,
    width: int | None = None,
    colour: bool | None = None,
    techniques: Mapping[str, Sequence[str]] | None = None,
    pages: str | None = None,
    columns: Sequence[str] | None = None,
) -> None:
    """Write a run in one of the `FORMATS` to a file, or to a stream of text or of bytes.

    Args:
        report: the run.
        target: the path of a file, which is made anew, and removed if it cannot be written to its end; or a stream,
            which stays open. Every format but the table is UTF-8 there, whatever encoding a text stream has.
        format: a name in `FORMATS`. A `timeline` in a file that ends in `.xlsx` is a workbook.
        width: of the table, in cells; else the terminal's or `COLUMNS`, and none in files and pipes.
        colour: in the table; else where the stream is a terminal and `NO_COLOR` is not set.
        techniques: by analytic, the techniques of those that did not run or failed, for the Navigator layer.
        pages: the address of the pages of diagnostics, with `{code}` in the place of the code.
        columns: the columns that rows are to have, in order, of each output as many as it has; `exe` also stands for
            the `a.exe` and `b.exe` of a join. For `table`, `json`, `ndjson`, `csv` and `parquet`.

    Raises:
        ValueError: the width is not positive.
        ReportError: there is no such format, it cannot be written to this stream, or the file cannot be written; or
            `report` is no run; or no output has a column that was asked for, or the format has columns of its own.
    """
    path = Path(target) if isinstance(target, str | os.PathLike) else None
    chosen = _format_named(format, path)
    if not isinstance(report, RunReport):
        raise ReportError(f"a report is made of what `run_all` gives, not of a {type(report).__name__}")
    if width is not None and (not isinstance(width, int) or width < 1):
        raise ValueError(f"width={width!r}: a table is at least one cell wide")
    view, look = View.of(report, techniques, pages), Look(width, colour)
    if columns is not None:
        if chosen.name not in FORMATS_OF_COLUMNS:
            raise ReportError(f"no columns are chosen in {chosen.name}, but in {', '.join(FORMATS_OF_COLUMNS)}")
        check_columns(columns, [output.rows.schema.names for output in view.outputs])
        view = with_columns(view, columns)
    if not isinstance(target, str | os.PathLike):
        _check_stream(target)
        chosen.write(view, target, look)
        return
    try:
        _write_file(Path(target), lambda stream: chosen.write(view, stream, look))
    except OSError as error:
        raise ReportError(f"{target} cannot be written: {error.strerror or error}") from error


def _format_named(name: str, path: Path | None) -> Format:
    chosen = FORMATS.get(format_of(name, path)) if isinstance(name, str) else None
    if chosen is None:
        near = nearest(str(name), FORMATS)
        hint = f"did you mean `{near}`?" if near else f"there are {', '.join(FORMATS)}"
        raise ReportError(f"no format `{name}`: {hint}")
    return chosen


def _check_stream(target: Stream) -> None:
    """Raise `ReportError` for what nothing can be written to."""
    if not callable(getattr(target, "write", None)):
        raise ReportError(f"{target!r} is neither a path nor a stream")
    # What stands in for a stream, in notebooks and editors, may have `write` alone.
    if getattr(target, "closed", False):
        raise ReportError(f"the stream {target!r} is closed")
    if not getattr(target, "writable", lambda: True)():
        raise ReportError(f"the stream {target!r} is only read")


def _write_file(path: Path, write: Callable[[BinaryIO], None]) -> None:
    """Make a file anew. One that fails or is interrupted halfway is removed: half a CSV file looks like a whole one."""
    is_file = False
    try:
        with path.open("wb") as stream:
            is_file = stat.S_ISREG(os.fstat(stream.fileno()).st_mode)  # a device or a FIFO stays
            write(stream)
    except BaseException:
        if is_file:
            with contextlib.suppress(OSError):  # a folder that may not be changed
                path.resolve().unlink()  # where a link leads to, not the link
        raise
