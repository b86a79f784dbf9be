"""What stands on the first screen of the page: levels, hosts by techniques, the busiest hours."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from carlang.levels import Level
from carlang.report.view import View
from carlang.results import Hit, counted, moment_text

_HOSTS = 12
_TECHNIQUES = 14
_HOURS = 8
_HOUR_TEXT = len("2019-04-27T12")


@dataclass(frozen=True, slots=True)
class LevelCount:
    """How many incidents and occurrences are of a level."""

    level: str
    incidents: int
    occurrences: int


@dataclass(frozen=True, slots=True)
class HostRow:
    """How often each technique of a table was there on a host; 0 where it was not."""

    host: str
    counts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Summary:
    """The counts of a ranked run; `busiest` are hours, as text, with how often something happened in them."""

    levels: tuple[LevelCount, ...]
    techniques: tuple[str, ...]
    hosts: tuple[HostRow, ...]
    more: str
    busiest: tuple[tuple[str, int], ...]

    @classmethod
    def of(cls, view: View) -> Summary | None:
        """Count what a run comes to; None where it was not ranked or nothing was found."""
        if view.triage is None or not view.triage.incidents:
            return None
        pairs: Counter[tuple[str, str]] = Counter()
        hours: Counter[str] = Counter()
        occurrences: Counter[Level] = Counter()
        for hit in view.triage.hits:
            _count(hit, pairs, hours)
            occurrences[hit.level] += hit.count
        incidents = Counter(incident.level for incident in view.triage.incidents)
        levels = [LevelCount(level.text, incidents[level], occurrences[level]) for level in reversed(Level)]
        hosts, techniques = _most(pairs, 0), _most(pairs, 1)
        rows = [HostRow(host, tuple(pairs[host, each] for each in techniques[:_TECHNIQUES])) for host in hosts[:_HOSTS]]
        left = [
            counted(len(names) - most, f"more {noun}")
            for names, most, noun in ((hosts, _HOSTS, "host"), (techniques, _TECHNIQUES, "technique"))
            if len(names) > most
        ]
        busiest = sorted(hours.items(), key=lambda item: (-item[1], item[0]))[:_HOURS]
        return cls(tuple(levels), tuple(techniques[:_TECHNIQUES]), tuple(rows), " and ".join(left), tuple(busiest))


def _count(hit: Hit, pairs: Counter[tuple[str, str]], hours: Counter[str]) -> None:
    for occurrence in hit.occurrences:
        pairs.update((host, technique) for host in occurrence.hosts for technique in hit.techniques)
        moment = moment_text(occurrence.first)
        if moment is not None:
            hours[moment[:_HOUR_TEXT].replace("T", " ") + ":00"] += 1


def _most(pairs: Counter[tuple[str, str]], part: int) -> list[str]:
    """Return hosts or techniques, those first that most happened with."""
    totals: Counter[str] = Counter()
    for pair, count in pairs.items():
        totals[pair[part]] += count
    return [name for name, _ in sorted(totals.items(), key=lambda item: (-item[1], item[0]))]
