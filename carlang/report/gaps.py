"""What is not answered on all hosts, with the hosts by name."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self, TypeVar

from carlang.results import Judgement, counted, judgement_json, judgement_text, short_reasons

NO_HOST = "(no host named)"
"""What stands for the events that name no host, among names of hosts."""

Judged = TypeVar("Judged")


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
            names = [name if name is not None else NO_HOST for name in group.hosts.to_pylist()]
            groups.append(GapGroup(f"{counted(len(names), 'host')} {text}", ", ".join(names)))
        return cls(judgement_text(judgement), len(outputs), ", ".join(outputs), tuple(groups))


def judged_alike(
    judged: Iterable[tuple[Judged, Judgement | None]],
) -> list[tuple[Judgement, list[Judged]]]:
    """Return the judgements that say something of hosts, each once, with all that is judged so: they are few."""
    alike: dict[str, tuple[Judgement, list[Judged]]] = {}
    for what, judgement in judged:
        if judgement is not None and judgement.groups:
            alike.setdefault(json.dumps(judgement_json(judgement)), (judgement, []))[1].append(what)
    return list(alike.values())
