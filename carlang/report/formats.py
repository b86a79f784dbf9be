"""The formats of reports by name, and the verb that writes one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from carlang.diagnostics import nearest
from carlang.report.csv import write_csv
from carlang.report.errors import ReportError
from carlang.report.html import write_html
from carlang.report.json import write_json
from carlang.report.navigator import write_navigator
from carlang.report.ndjson import write_ndjson
from carlang.report.options import Options
from carlang.report.parquet import write_parquet
from carlang.report.streams import Stream
from carlang.report.table import write_table
from carlang.report.timesketch import write_timesketch
from carlang.results import RunReport


@dataclass(frozen=True, slots=True)
class Format:
    """A format: its name, how it is written, the usual ending of its files.

    `binary`: it cannot be written to a stream of text. `whole`: it also says what could not run and what failed; beside
    the others `write_remarks` has to.
    """

    name: str
    write: Callable[[RunReport, Stream, Options], None]
    suffix: str
    binary: bool = False
    whole: bool = False


FORMATS: dict[str, Format] = {
    fmt.name: fmt
    for fmt in (
        Format("table", write_table, ".txt", whole=True),
        Format("json", write_json, ".json", whole=True),
        Format("ndjson", write_ndjson, ".ndjson"),
        Format("csv", write_csv, ".csv"),
        Format("parquet", write_parquet, ".parquet", binary=True),
        Format("html", write_html, ".html", whole=True),
        Format("navigator", write_navigator, ".json", whole=True),
        Format("timesketch", write_timesketch, ".jsonl"),
    )
}


def write_report(
    report: RunReport,
    format: str,  # noqa: A002  # the name of the option whose value it is
    stream: Stream,
    *,
    width: int | None = None,
    colour: bool | None = None,
    techniques: Mapping[str, Sequence[str]] | None = None,
) -> None:
    """Write a run in one of the `FORMATS` to a stream of text or of bytes; the stream stays open.

    Args:
        report: the run.
        format: a name in `FORMATS`.
        stream: where to; every format but the table is UTF-8 there, whatever encoding a text stream has.
        width: of the table, in cells; else the terminal's, `COLUMNS`, or 120 in files and pipes.
        colour: in the table; else where the stream is a terminal and `NO_COLOR` is not set.
        techniques: by analytic, the techniques of those that did not run or failed, for the Navigator layer.

    Raises:
        ReportError: there is no such format, or it cannot be written to this stream.
    """
    chosen = FORMATS.get(format)
    if chosen is None:
        near = nearest(format, FORMATS)
        hint = f"did you mean `{near}`?" if near else f"there are {', '.join(FORMATS)}"
        raise ReportError(f"no format `{format}`: {hint}")
    chosen.write(report, stream, Options(width, colour, techniques or {}))
