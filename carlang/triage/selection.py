"""Leave out what matters less."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from carlang.levels import Level
from carlang.results import Incident, RowOf, RunReport, Triage
from carlang.triage.groups import group_hits
from carlang.triage.incidents import level_of


def at_least(report: RunReport, level: Level) -> RunReport:
    """Return a run without its outputs, and incidents, below a level.

    What could not run stays, as nobody knows what it would have found. Weights stay as well, and so do hits of an
    incident that are below the level where another one is not: they are what the heavier one is weighed by.
    """
    kept = [number for number, result in enumerate(report.results) if level_of(result) >= level]
    results = tuple(report.results[number] for number in kept)
    triage = report.triage and _of_outputs(report.triage, {old: new for new, old in enumerate(kept)}, level)
    return replace(report, results=results, triage=triage)


def _of_outputs(triage: Triage, numbers: Mapping[int, int], level: Level) -> Triage:
    """Return the incidents of a level at least, with the new numbers of outputs; rows of others are not there."""
    incidents = tuple(_renumbered(each, numbers) for each in triage.incidents if each.level >= level)
    weights = {numbers[old]: weight for old, weight in triage.weights.items() if old in numbers}
    unranked = {numbers[old]: rows for old, rows in triage.unranked.items() if old in numbers}
    chosen = replace(triage, incidents=incidents, weights=weights, unranked=unranked)
    return chosen if chosen.grouped_by is None else replace(chosen, groups=group_hits(chosen, chosen.grouped_by))


def _renumbered(incident: Incident, numbers: Mapping[int, int]) -> Incident:
    hits = []
    for hit in incident.hits:
        occurrences = tuple(
            replace(each, rows=tuple(RowOf(numbers[at.output], at.row) for at in each.rows if at.output in numbers))
            for each in hit.occurrences
        )
        hits.append(replace(hit, occurrences=occurrences))
    return replace(incident, hits=tuple(hits))
