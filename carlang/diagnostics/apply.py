"""Repairs that diagnostics carry, applied to a program's text."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence

from carlang.diagnostics.codes import Severity
from carlang.diagnostics.diagnostic import Applicability, Diagnostic, Edit


def repairs_of(
    diagnostics: Iterable[Diagnostic], applicable: Container[Applicability] = (Applicability.CERTAIN,)
) -> list[Diagnostic]:
    """Return the faults whose repairs can be applied together: those of the right applicability that do not overlap.

    Of overlapping repairs the first in the text is taken; the others get their turn when the result is checked again.
    A hint is not a fault, so it is left alone.
    """
    repairable = [
        d for d in diagnostics if d.repair and d.repair.applicability in applicable and d.severity is not Severity.HINT
    ]
    taken: list[Diagnostic] = []
    edits: list[Edit] = []
    # By code where the span is the same, so that the choice does not depend on the order in which checks ran.
    for diagnostic in sorted(repairable, key=lambda d: (d.span, d.code.name)):
        candidates = diagnostic.repair.edits if diagnostic.repair else ()
        if not any(_overlap(a, b) for a in candidates for b in edits):
            taken.append(diagnostic)
            edits += candidates
    return taken


def edits_of(diagnostics: Iterable[Diagnostic]) -> list[Edit]:
    """Return the edits of the repairs of diagnostics."""
    return [edit for d in diagnostics if d.repair for edit in d.repair.edits]


def apply_edits(text: str, edits: Sequence[Edit]) -> str:
    """Return a text with edits applied; they must not overlap."""
    # From the end, so that the offsets of those still to come stay right.
    for edit in sorted(edits, key=lambda edit: edit.span, reverse=True):
        text = text[: edit.span.start] + edit.text + text[edit.span.end :]
    return text


def _overlap(a: Edit, b: Edit) -> bool:
    # Two insertions at one offset count as overlapping: which comes first would be anybody's guess.
    return a.span == b.span or (a.span.start < b.span.end and b.span.start < a.span.end)
