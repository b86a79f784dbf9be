"""`--format json`: the whole run as one object, written row by row."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from carlang.diagnostics import diagnostic_json
from carlang.model.types import Column, Kind
from carlang.report.columns import row_names
from carlang.report.jsontext import json_text
from carlang.report.options import Options
from carlang.report.streams import Stream, utf8_writer
from carlang.report.tally import found
from carlang.report.values import instant, rows
from carlang.results import AnalyticOutput, Failed, NotRun, RunReport, reason_json

VERSION = 1


def write_json(report: RunReport, stream: Stream, options: Options) -> None:  # noqa: ARG001  # every format takes them
    """Write a run as JSON: one object, a row a line within it."""
    write = utf8_writer(stream)
    head = {"version": VERSION, "now": instant(report.now), "store": report.store}
    write(json_text(head)[:-1] + ",\n")
    write(' "results": [')
    for number, result in enumerate(report.results):
        write(",\n  " if number else "\n  ")
        _write_result(result, write)
    write("],\n")
    write(f' "not_run": {_listed(not_run_json(entry) for entry in report.not_run)},\n')
    write(f' "failed": {_listed(failed_json(entry) for entry in report.failed)},\n')
    write(f' "warnings": {_listed(diagnostic_json(warning) for warning in report.warnings)}}}\n')


def not_run_json(entry: NotRun) -> dict[str, Any]:
    """Return what could not run as an object; `output` is null where none of the analytic's outputs could."""
    return {
        "analytic": entry.analytic,
        "title": entry.title,
        "output": entry.output,
        "reason": entry.reason,
        "reasons": [reason_json(reason) for reason in entry.reasons],
    }


def failed_json(entry: Failed) -> dict[str, Any]:
    """Return what failed as an object: the program's diagnostics, or the error of its query."""
    diagnostics = [diagnostic_json(diagnostic) for diagnostic in entry.diagnostics]
    return {"analytic": entry.analytic, "title": entry.title, "error": entry.error, "diagnostics": diagnostics}


def _write_result(result: AnalyticOutput, write: Callable[[str], object]) -> None:
    output = result.output
    total = found(output)
    head: dict[str, Any] = {
        "analytic": result.analytic,
        "title": result.title,
        "file": result.file,
        "techniques": list(result.techniques),
        "output": output.name,
        "count": total,
    }
    if total > output.count:
        head["truncated"] = True
    head["columns"] = [_column_json(column) for column in output.columns]
    write(json_text(head)[:-1] + ',\n   "rows": [')
    names = row_names(output.table.column_names, taken=())
    for number, row in enumerate(rows(output.table)):
        write((",\n    " if number else "\n    ") + json_text(dict(zip(names, row, strict=True))))
    write("]}")


def _column_json(column: Column) -> dict[str, str]:
    described = {"name": column.name, "type": column.type.kind.value}
    if column.type.kind is Kind.LIST and column.type.item:
        described["item"] = column.type.item.kind.value
    return described


def _listed(entries: Iterator[dict[str, Any]]) -> str:
    lines = [json_text(entry) for entry in entries]
    return "[" + ",".join(f"\n  {line}" for line in lines) + "]"
