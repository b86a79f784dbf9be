"""`--format ndjson`: a row a line, each with the analytic that found it."""

from __future__ import annotations

from carlang.report.columns import row_names
from carlang.report.jsontext import json_text
from carlang.report.options import Options
from carlang.report.streams import Stream, utf8_writer
from carlang.report.values import rows
from carlang.results import RunReport


def write_ndjson(report: RunReport, stream: Stream, options: Options) -> None:  # noqa: ARG001  # every format takes them
    """Write the rows of a run, a JSON object a line."""
    write = utf8_writer(stream)
    for result in report.results:
        added = {
            "analytic": result.analytic,
            "title": result.title,
            "techniques": list(result.techniques),
            "output": result.output.name,
        }
        names = row_names(result.output.table.column_names)
        for row in rows(result.output.table):
            write(json_text(added | dict(zip(names, row, strict=True))) + "\n")
