"""Where the results of a run go, and in which format."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

from carlang.analytic import CompiledAnalytic
from carlang.cli.asking import Arrived
from carlang.cli.console import error_stream, output_stream
from carlang.cli.declared import Option
from carlang.cli.exits import UsageError
from carlang.diagnostics import has_errors
from carlang.levels import Level
from carlang.model.types import field_of
from carlang.report import (
    ENDINGS,
    FORMATS,
    FORMATS_OF_COLUMNS,
    ReportError,
    View,
    check_columns,
    format_of,
    with_columns,
    write_ndjson,
    write_remarks,
    write_report,
)
from carlang.resolve.bound import BoundOutput
from carlang.results import AnalyticOutput, RunReport
from carlang.triage import at_least

ReportFormat = Annotated[
    str | None,
    Option(
        "--format",
        metavar="FORMAT",
        help=f"{' | '.join(FORMATS)}; else what --output ends in.",
        complete=lambda: FORMATS,
    ),
]


Columns = Annotated[
    str | None,
    Option("--columns", metavar="A,B", help=f"Only these columns, in {', '.join(FORMATS_OF_COLUMNS)}."),
]


def chosen_columns(text: str | None, format_: str, analytics: Sequence[CompiledAnalytic]) -> tuple[str, ...] | None:
    """Return the names of columns that an option lists.

    Raises `UsageError` where the format has columns of its own, or none of the analytics' outputs has one of them.
    """
    if text is None:
        return None
    if format_ not in FORMATS_OF_COLUMNS:
        raise UsageError(f"--columns: not for {format_}; columns are chosen in {', '.join(FORMATS_OF_COLUMNS)}")
    wanted = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    if not wanted:
        raise UsageError("--columns: name some, separated by commas: `--columns time,hostname,exe`")
    outputs = [output for each in analytics if not has_errors(each.diagnostics) for output in each.outputs()]
    try:
        check_columns(wanted, [_names_of(output) for output in outputs])
    except ReportError as error:
        raise UsageError(f"--columns: {error}") from error
    return wanted


def _names_of(output: BoundOutput) -> list[str]:
    names = [column.name for column in output.stream.columns]
    # Behind the columns of the program stand the records that were tied.
    return names + [f"{name}s" for name in names if field_of(name) == "record_id"]


def chosen_format(named: str | None, output: Path | None) -> str:
    """Return the format that was named, else the one that a file's ending stands for, else the table.

    A file without any ending gets the table: so do `/dev/stdout` and named pipes. Raises `UsageError` for a format
    that there is not, and an ending that stands for none.
    """
    if named is not None:
        if named not in FORMATS:
            raise UsageError(f"--format: there is no format {named!r}; choose one of {', '.join(FORMATS)}")
        return format_of(named, output)
    if output is None or not output.suffix:
        return "table"
    chosen = ENDINGS.get(output.suffix.casefold())
    if chosen is None:
        known = ", ".join(f"{ending} ({name})" for ending, name in ENDINGS.items())
        raise UsageError(f"--output: no format has the ending {output.suffix!r}; name it with --format, or use {known}")
    return chosen


def as_they_come(
    format_: str, output: Path | None, least: Level | None, columns: Sequence[str] | None
) -> Arrived | None:
    """Return what shows outputs of a level and above as soon as each is there; None where all are shown at once.

    Lines of JSON can be, in the order of the analytics. A table begins with what weighs most, and CSV with all columns
    that there are; a file is written as a whole.
    """
    if format_ != "ndjson" or output is not None:
        return None

    def put(outputs: Sequence[AnalyticOutput]) -> None:
        report = RunReport(datetime.now(UTC), "", tuple(outputs))
        report = report if least is None else at_least(report, least)
        view = View.of(report)
        write_ndjson(view if columns is None else with_columns(view, columns), output_stream())
        output_stream().flush()

    return put


def put_report(
    report: RunReport,
    format_: str,
    analytics: Sequence[CompiledAnalytic],
    pages: str | None,
    columns: Sequence[str] | None = None,
) -> None:
    """Write a run to standard output."""
    name, techniques = FORMATS[format_].name, _techniques(analytics)
    write_report(report, output_stream(), name, techniques=techniques, pages=pages, columns=columns)


def put_remarks(report: RunReport, format_: str, pages: str | None, *, quiet: bool) -> None:
    """Write to standard error what the format of the results has no room for: silence would say that all is well."""
    if not FORMATS[format_].whole:
        write_remarks(report, error_stream(), pages, brief=quiet)


def write_file(  # what is written, where and how
    report: RunReport,
    format_: str,
    output: Path,
    analytics: Sequence[CompiledAnalytic],
    pages: str | None,
    columns: Sequence[str] | None = None,
) -> None:
    """Write a run to a file, which goes if it cannot be written to its end; raises `UsageError` then."""
    try:
        name, techniques = FORMATS[format_].name, _techniques(analytics)
        write_report(report, output, name, techniques=techniques, pages=pages, columns=columns)
    except ReportError as error:
        raise UsageError(f"--output: {error}") from error


def _techniques(analytics: Sequence[CompiledAnalytic]) -> dict[str, tuple[str, ...]]:
    return {analytic.id: analytic.techniques for analytic in analytics}
