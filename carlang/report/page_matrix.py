"""ATT&CK's matrix as far as a run has something to say of it: a column a tactic, and what is hit, answered, blind."""

from __future__ import annotations

from dataclasses import dataclass

from carlang.importers.attack import TACTICS, techniques
from carlang.report.navigator import technique_states
from carlang.report.view import View

_UNKNOWN = "Other"


@dataclass(frozen=True, slots=True)
class Cell:
    """A technique of the matrix: its state is `hit`, `answered`, `blind`, or empty where none of it was asked."""

    technique: str
    name: str
    state: str
    remarks: tuple[str, ...]


def matrix(view: View) -> list[tuple[str, list[Cell]]]:
    """Return tactics in ATT&CK's order, each with the techniques that the analytics of a run are for.

    A technique stands under each tactic that it serves; one that this version of ATT&CK does not have, under `Other`.
    Those that were hit come first.
    """
    columns: dict[str, list[Cell]] = {name: [] for name in (*TACTICS.values(), _UNKNOWN)}
    for technique, (state, remarks) in technique_states(view).items():
        known = techniques().get(technique)
        cell = Cell(technique, technique_named(technique), state, remarks)
        for tactic in known.tactics if known and known.tactics else ():
            columns[TACTICS[tactic]].append(cell)
        if not known or not known.tactics:
            columns[_UNKNOWN].append(cell)
    return [(tactic, sorted(cells, key=lambda cell: cell.state != "hit")) for tactic, cells in columns.items() if cells]


def technique_named(technique: str) -> str:
    """Return what a technique is called; nothing where this version of ATT&CK does not have it."""
    known = techniques().get(technique)
    return known.name if known else ""
