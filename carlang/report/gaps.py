"""What is not answered on all hosts, with the hosts by name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self, TypeVar

import pyarrow as pa

from carlang.results import Judgement, counted, judgement_text, short_reasons

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
    alike: list[tuple[Judgement, list[Judged]]] = []
    by_states: dict[object, list[tuple[Judgement, list[Judged]]]] = {}
    for what, judgement in judged:
        if judgement is None or not judgement.groups:
            continue
        # Thousands of rules are judged by thousands of hosts: names are compared in Arrow, and only where all else is
        # the same. To spell them out for a key took nine tenths of a run of 1,368 rules over 5,000 hosts.
        similar = by_states.setdefault((judgement.state, judgement.reasons, _states(judgement)), [])
        same = next((members for other, members in similar if _of_same_hosts(judgement, other)), None)
        if same is not None:
            same.append(what)
            continue
        entry = judgement, [what]
        similar.append(entry)
        alike.append(entry)
    return alike


def _states(judgement: Judgement) -> tuple[tuple[object, ...], ...]:
    return tuple((group.state, group.reasons, group.count) for group in judgement.groups)


def _of_same_hosts(one: Judgement, other: Judgement) -> bool:
    """Tell whether the groups of two judgements, which are alike in number, have the same hosts."""
    return all(map(_same_names, (group.hosts for group in one.groups), (group.hosts for group in other.groups)))


def _same_names(one: pa.Array, other: pa.Array) -> bool:
    if one.equals(other):
        return True
    # Arrays with a dictionary each can have the same names by other numbers.
    has_same_numbers = one.type.equals(other.type) and (
        not isinstance(one, pa.DictionaryArray) or one.dictionary.equals(other.dictionary)
    )
    return not has_same_numbers and one.to_pylist() == other.to_pylist()
