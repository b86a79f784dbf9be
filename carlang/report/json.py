"""`--format json`: the whole run as one object; `--format ndjson`: a row a line. Both are written row by row."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import Any

from carlang.diagnostics import diagnostic_json
from carlang.model.types import Column, Kind
from carlang.report.columns import row_names
from carlang.report.incident_json import groups_json, incident_json
from carlang.report.streams import Stream, utf8_writer
from carlang.report.values import instant, json_text, values_of
from carlang.report.view import FailedView, NotRunView, OutputView, View
from carlang.report.why_json import why_json
from carlang.results import Judgement, Triage, Why, gaps_json, judgement_json, reason_json

VERSION = 1


def write_json(view: View, stream: Stream) -> None:
    """Write a run as JSON: one object, a row a line within it."""
    write = utf8_writer(stream)
    head = {"version": VERSION, "now": instant(view.now), "store": view.store}
    if view.files_counted:
        head["files_counted"] = view.files_counted
    if view.unplanned:
        head["unplanned"] = list(view.unplanned)
    if view.baseline:
        head["baseline"] = asdict(view.baseline)
    write(json_text(head)[:-1] + ",\n")
    write(' "results": [')
    for number, output in enumerate(view.outputs):
        write(",\n  " if number else "\n  ")
        _write_output(output, write)
    write("],\n")
    if view.triage is not None:
        _write_triage(view, view.triage, write)
    write(f' "not_run": {_listed(not_run_json(entry) for entry in view.not_run)},\n')
    if view.gaps_of_hours:
        write(f' "gaps": {_listed(gaps_json(gaps) for gaps in view.gaps_of_hours)},\n')
    write(f' "failed": {_listed(failed_json(entry, view.pages) for entry in view.failed)},\n')
    write(f' "warnings": {_listed(diagnostic_json(warning, view.pages) for warning in view.warnings)}}}\n')


def _write_triage(view: View, triage: Triage, write: Callable[[str], object]) -> None:
    """Write the keys of a run that was ranked, an incident a line."""
    shown = [output.shown for output in view.outputs]
    write(f' "incidents": {_listed(incident_json(incident, shown) for incident in triage.incidents)},\n')
    for key, value in groups_json(triage).items():
        write(f' "{key}": {_listed(iter(value)) if isinstance(value, list) else json_text(value)},\n')
    if triage.unranked:
        unranked = [{"result": number, "rows": rows} for number, rows in sorted(triage.unranked.items())]
        write(f' "unranked": {json_text(unranked)},\n')


def write_ndjson(view: View, stream: Stream) -> None:
    """Write the rows of a run, a JSON object a line, each with the analytic that found it."""
    write = utf8_writer(stream)
    for output in view.outputs:
        added: dict[str, Any] = {
            "analytic": output.analytic,
            "title": output.title,
            "techniques": list(output.techniques),
            "output": output.name,
        }
        if output.author:
            added["author"] = output.author
        names = row_names(output.rows.schema.names, added)
        for row in values_of(output.rows):
            write(json_text(added | dict(zip(names, row, strict=True))) + "\n")


def not_run_json(entry: NotRunView) -> dict[str, Any]:
    """Return what could not run as an object; `output` is null where none of the analytic's outputs could."""
    return {
        "analytic": entry.analytic,
        "title": entry.title,
        "output": entry.output,
        "reason": entry.reason,
        "reasons": [reason_json(reason) for reason in entry.reasons],
        **_judged(entry.judgement),
        **_why(entry.why),
    }


def _judged(judgement: Judgement | None) -> dict[str, Any]:
    """Return the key of a judgement, where there is one."""
    return {} if judgement is None else {"judgement": judgement_json(judgement)}


def _why(why: Why | None) -> dict[str, Any]:
    """Return the key of why rows were found, or none, where it was asked for."""
    return {} if why is None else {"why": why_json(why)}


def failed_json(entry: FailedView, pages: str | None = None) -> dict[str, Any]:
    """Return what failed as an object: the program's diagnostics, or the error of its query."""
    diagnostics = [diagnostic_json(diagnostic, pages) for diagnostic in entry.diagnostics]
    return {"analytic": entry.analytic, "title": entry.title, "error": entry.error, "diagnostics": diagnostics}


def _write_output(output: OutputView, write: Callable[[str], object]) -> None:
    head: dict[str, Any] = {
        "analytic": output.analytic,
        "title": output.title,
        "file": output.file,
        "techniques": list(output.techniques),
        "output": output.name,
        "count": output.total,
        **_judged(output.judgement),
        **({"tied": list(output.tied)} if output.tied else {}),
    }
    if output.level:
        head["level"] = output.level.text
    if output.weight is not None:
        head["weight"] = output.weight
    if output.author:
        head["author"] = output.author
    if output.license:
        head["license"] = output.license
    if output.false_positives:
        head["false_positives"] = list(output.false_positives)
    if output.number is not None:
        head["number"] = output.number
    if output.excluded:
        head["excluded"] = {"count": output.excluded_rows, "by": [asdict(each) for each in output.excluded]}
    if output.cut:
        head["truncated"] = True
    if output.tested:
        head["tested"] = list(output.tested)
    if output.computed:
        head["computed"] = list(output.computed)
    head |= _why(output.why)
    head["columns"] = [_column_json(column) for column in output.columns]
    write(json_text(head)[:-1] + ',\n   "rows": [')
    # An object has each name once, and an output may have a column twice.
    names = row_names(output.rows.schema.names, taken=())
    for number, row in enumerate(values_of(output.rows)):
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
