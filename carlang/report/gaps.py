"""What is not answered on all hosts, with the hosts by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from carlang.results import Judgement, counted, judgement_text, short_reasons


@dataclass(frozen=True, slots=True)
class GapGroup:
    """Hosts of one state, and why, as texts."""

    text: str
    hosts: str


@dataclass(frozen=True, slots=True)
class Gap:
    """A judgement that several outputs share: what it says, whose it is, and the hosts by name."""

    text: str
    outputs: int
    outputs_text: str
    groups: tuple[GapGroup, ...]

    @classmethod
    def of(cls, judgement: Judgement, outputs: Sequence[str]) -> Self:
        """View a judgement."""
        groups = []
        for group in judgement.groups:
            reasons = short_reasons(group.reasons)
            text = group.state.value.replace("_", " ") + (f", {reasons}" if reasons else "")
            names = [name if name is not None else "(no host named)" for name in group.hosts.to_pylist()]
            groups.append(GapGroup(f"{counted(len(names), 'host')} {text}", ", ".join(names)))
        return cls(judgement_text(judgement), len(outputs), ", ".join(outputs), tuple(groups))
