"""Diagnostics as JSON objects."""

from __future__ import annotations

from typing import Any

from carlang.diagnostics.diagnostic import Diagnostic
from carlang.diagnostics.pages import explained_by, page_address


def diagnostic_json(diagnostic: Diagnostic, pages: str | None = None) -> dict[str, Any]:
    """Return a diagnostic as an object for `json.dumps`: what `check --format json` and `run --format json` print.

    Lines and columns count from 1, `end_column` is exclusive. `repair` is the text that the main place should
    become, where one exists; `edits` are all changes of that repair, each with its own place, and `applicability` says
    how much it can be relied on: `certain`, `likely` or `sketch`. `explain` is the command that
    shows the page of its code, `page` its address, where `pages` says that of all of them.
    """
    location = diagnostic.location
    result: dict[str, Any] = {
        "code": diagnostic.code.name,
        "severity": diagnostic.severity.value,
        "message": diagnostic.message,
        "file": location.file,
        "line": location.line,
        "column": location.column,
        "end_line": location.end_line,
        "end_column": location.end_column,
        "label": diagnostic.label or None,
        "labels": [
            {"text": label.text, **_range(diagnostic, label.span.start, label.span.end)} for label in diagnostic.labels
        ],
        "help": diagnostic.help,
        "notes": list(diagnostic.notes),
        "repair": None,
        "edits": [],
        "applicability": None,
        "explain": explained_by(diagnostic.code),
        "page": page_address(diagnostic.code, pages) if pages else None,
    }
    if diagnostic.repair:
        edits = diagnostic.repair.edits
        result["repair"] = edits[0].text
        result["applicability"] = diagnostic.repair.applicability.value
        result["edits"] = [{"text": e.text, **_range(diagnostic, e.span.start, e.span.end)} for e in edits]
    return result


def _range(diagnostic: Diagnostic, start: int, end: int) -> dict[str, int]:
    line, column = diagnostic.source.position(start)
    end_line, end_column = diagnostic.source.position(end)
    return {"line": line, "column": column, "end_line": end_line, "end_column": end_column}
