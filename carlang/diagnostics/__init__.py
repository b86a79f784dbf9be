"""Diagnostics: faults and remarks as data, their codes, suggestions, and their rendering as text and JSON."""

from typing import TYPE_CHECKING

from carlang.exports import hand_on

if TYPE_CHECKING:
    from carlang.diagnostics.codes import CODES, Code, Severity
    from carlang.diagnostics.diagnostic import Applicability, Diagnostic, Edit, Label, Repair, has_errors
    from carlang.diagnostics.json import diagnostic_json
    from carlang.diagnostics.pages import explained_by, page_address, see_text
    from carlang.diagnostics.sarif import sarif_log
    from carlang.diagnostics.suggest import nearest, unmistakable
    from carlang.diagnostics.text import render, render_all
else:
    __getattr__ = hand_on(
        __name__,
        {
            "diagnostics.codes": "CODES Code Severity",
            "diagnostics.diagnostic": "Applicability Diagnostic Edit Label Repair has_errors",
            "diagnostics.json": "diagnostic_json",
            "diagnostics.pages": "explained_by page_address see_text",
            "diagnostics.sarif": "sarif_log",
            "diagnostics.suggest": "nearest unmistakable",
            "diagnostics.text": "render render_all",
        },
    )

__all__ = [
    "CODES",
    "Applicability",
    "Code",
    "Diagnostic",
    "Edit",
    "Label",
    "Repair",
    "Severity",
    "diagnostic_json",
    "explained_by",
    "has_errors",
    "nearest",
    "page_address",
    "render",
    "render_all",
    "sarif_log",
    "see_text",
    "unmistakable",
]
