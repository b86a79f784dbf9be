"""Diagnostics as SARIF 2.1.0, which forges and editors show beside the lines that they are about."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from carlang import __version__
from carlang.diagnostics.codes import Code, Severity
from carlang.diagnostics.diagnostic import Applicability, Diagnostic
from carlang.diagnostics.pages import explained_by, page_address
from carlang.escapes import printable
from carlang.source import Span

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.HINT: "note"}
# In a message these are a place for an argument, and a link.
_ARGUMENT = re.compile(r"\{(\d+)\}")
_LINK = "]("


def sarif_log(diagnostics: Sequence[Diagnostic], pages: str | None = None) -> dict[str, Any]:
    """Return diagnostics as a SARIF log of one run: a rule a code, a result a diagnostic, in their order.

    `pages` is the address of the pages of codes, with `{code}` in the place of the code.
    """
    codes = sorted({diagnostic.code for diagnostic in diagnostics}, key=lambda code: code.name)
    numbers = {code: number for number, code in enumerate(codes)}
    driver = {"name": "carlang", "version": __version__, "rules": [_rule(code, pages) for code in codes]}
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": driver},
                "columnKind": "unicodeCodePoints",
                "results": [_result(diagnostic, numbers[diagnostic.code]) for diagnostic in diagnostics],
            }
        ],
    }


def _rule(code: Code, pages: str | None) -> dict[str, Any]:
    rule: dict[str, Any] = {
        "id": code.name,
        "shortDescription": {"text": code.title},
        "help": {"text": explained_by(code)},
        "defaultConfiguration": {"level": _LEVELS[code.severity]},
    }
    return rule | ({"helpUri": page_address(code, pages)} if pages else {})


def _result(diagnostic: Diagnostic, rule: int) -> dict[str, Any]:
    said = [diagnostic.message, diagnostic.label, diagnostic.help, *diagnostic.notes]
    result: dict[str, Any] = {
        "ruleId": diagnostic.code.name,
        "ruleIndex": rule,
        "level": _LEVELS[diagnostic.severity],
        "message": _message(said),
        "locations": [_location(diagnostic, diagnostic.span)],
    }
    if diagnostic.labels:
        result["relatedLocations"] = [
            {"id": number, **_location(diagnostic, label.span), "message": _message([label.text])}
            for number, label in enumerate(diagnostic.labels, 1)
        ]
    if diagnostic.repair is not None and diagnostic.repair.applicability is not Applicability.SKETCH:
        replacements = [
            {"deletedRegion": _region(diagnostic, edit.span), "insertedContent": {"text": edit.text}}
            for edit in diagnostic.repair.edits
        ]
        change = {"artifactLocation": _artifact(diagnostic), "replacements": replacements}
        name = f"{diagnostic.repair.applicability.value} repair"
        result["fixes"] = [{"description": {"text": name}, "artifactChanges": [change]}]
    return result


def _message(parts: Iterable[str | None]) -> dict[str, str]:
    """Return texts as a message in which nothing is an argument or a link: names in a program are its author's."""
    text = printable("; ".join(part for part in parts if part), keep="\n")
    return {"text": _ARGUMENT.sub(r"{{\1}}", text).replace(_LINK, "] (")}


def _location(diagnostic: Diagnostic, span: Span) -> dict[str, Any]:
    return {
        "physicalLocation": {"artifactLocation": _artifact(diagnostic), "region": _region(diagnostic, span)},
    }


def _artifact(diagnostic: Diagnostic) -> dict[str, str]:
    """Return where a program is, as an address: a relative path stays relative, as forges want it."""
    path = Path(diagnostic.location.file)
    return {"uri": path.as_uri() if path.is_absolute() else quote(path.as_posix())}


def _region(diagnostic: Diagnostic, span: Span) -> dict[str, int]:
    at = diagnostic.source.location(span)
    return {
        "startLine": at.line,
        "startColumn": at.column,
        "endLine": at.end_line,
        "endColumn": at.end_column,
    }
