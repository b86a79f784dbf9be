"""What is said of a plan: which events of an object each output takes, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from carlang.engine import Decision


@dataclass(frozen=True, slots=True)
class PlannedOutput:
    """An output's events of an object: those that pass one of the tests of its `guard`, if `planned`, else all.

    `share` is that of the events that pass, by a sample; `reason` says why all are taken.
    """

    analytic: str
    output: str
    object: str
    planned: bool
    guard: tuple[str, ...]
    share: float | None
    reason: str

    def to_json(self) -> dict[str, Any]:
        """Return it as a JSON value."""
        return {
            "analytic": self.analytic,
            "output": self.output,
            "object": self.object,
            "planned": self.planned,
            "guard": list(self.guard),
            "share": None if self.share is None else round(self.share, 6),
            "reason": self.reason,
        }


def planned_output(analytic: str, decision: Decision) -> PlannedOutput:
    """Return what is said of a decision about an output of an analytic."""
    choice = decision.choice
    guard = tuple(str(atom) for atom in choice.atoms)
    name, planned = decision.output.name, choice.leaf is not None
    return PlannedOutput(analytic, name, decision.object, planned, guard, choice.share, choice.reason)
