"""Put the hits of a run together by host, user, process, analytic or tactic."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import assert_never

from carlang.results import Group, GroupBy, Hit, Incident, Occurrence, Triage, in_order

_LATE = 2**63
Member = tuple[Incident, Hit, Occurrence]


def group_hits(triage: Triage, by: GroupBy) -> tuple[Group, ...]:
    """Return the groups, that of the heaviest hit first; of one weight by name, what has none last."""
    groups: dict[str, list[Member]] = defaultdict(list)
    names: dict[str, str | None] = {}
    for incident in triage.incidents:
        for hit in incident.hits:
            for occurrence in hit.occurrences:
                for name in dict.fromkeys(_names(hit, occurrence, by)) or [None]:
                    key = "" if name is None else name.casefold()
                    # Of names that differ in case alone the first in order, whichever hit comes first.
                    names[key] = name if name is None else min(name, names.get(key) or name)
                    groups[key].append((incident, hit, occurrence))
    made = [_group(names[key], members) for key, members in groups.items()]
    return tuple(sorted(made, key=lambda group: (-group.weight, group.name is None, (group.name or "").casefold())))


def _names(hit: Hit, occurrence: Occurrence, by: GroupBy) -> Iterable[str]:
    match by:
        case GroupBy.HOST:
            return occurrence.hosts
        case GroupBy.USER:
            return [occurrence.user] if occurrence.user else []
        case GroupBy.PROCESS:
            return [occurrence.process] if occurrence.process else []
        case GroupBy.ANALYTIC:
            return [hit.analytic, *(analytic for analytic, _ in hit.also)]
        case GroupBy.TACTIC:
            return hit.tactics
        case _:
            assert_never(by)


def _group(name: str | None, members: list[Member]) -> Group:
    hits = [hit for _, hit, _ in members]
    times = sorted((o.first, o.last) for _, _, o in members if o.first is not None and o.last is not None)
    ordered = sorted(members, key=lambda member: member[2].first if member[2].first is not None else _LATE)
    techniques = dict.fromkeys(t for _, hit, _ in ordered for t in hit.techniques)
    return Group(
        name,
        max(hit.weight.points for hit in hits),
        max(hit.level for hit in hits),
        len(members),
        times[0][0] if times else None,
        max(last for _, last in times) if times else None,
        in_order(host for _, _, o in members for host in o.hosts),
        tuple(techniques),
        in_order(analytic for hit in hits for analytic in (hit.analytic, *(also for also, _ in hit.also))),
        tuple(dict.fromkeys(incident.id for incident, _, _ in members)),
    )
