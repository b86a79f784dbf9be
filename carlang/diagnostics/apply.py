"""Repairs that diagnostics carry, applied to a program's text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from carlang.diagnostics.codes import Severity
from carlang.diagnostics.diagnostic import Diagnostic, Edit


def certain_repairs(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Return the faults whose repairs can be applied together without asking: certain ones that do not overlap.

    Of repairs that overlap the first in the text is taken. A hint is no fault and is left alone.
    """
    found = [d for d in diagnostics if d.repair and d.repair.certain and d.severity is not Severity.HINT]
    taken: list[Diagnostic] = []
    edits: list[Edit] = []
    for diagnostic in sorted(found, key=lambda d: (d.span, d.code.name)):
        own = diagnostic.repair.edits if diagnostic.repair else ()
        if not any(_overlap(a, b) for a in own for b in edits):
            taken.append(diagnostic)
            edits += own
    return taken


def edits_of(diagnostics: Iterable[Diagnostic]) -> list[Edit]:
    """Return the edits of the repairs of diagnostics."""
    return [edit for d in diagnostics if d.repair for edit in d.repair.edits]


def apply_edits(text: str, edits: Sequence[Edit]) -> str:
    """Return a text with edits applied that do not overlap."""
    for edit in sorted(edits, key=lambda edit: edit.span, reverse=True):
        text = text[: edit.span.start] + edit.text + text[edit.span.end :]
    return text


def _overlap(a: Edit, b: Edit) -> bool:
    return a.span == b.span or (a.span.start < b.span.end and b.span.start < a.span.end)
