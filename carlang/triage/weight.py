"""The formula of a hit's weight, a function a term; docs/ranking.md shows it, and a test holds the two together."""

from __future__ import annotations

from collections.abc import Sequence
from math import log10

from carlang.levels import UNSAID, Level
from carlang.results import Term, counted
from carlang.store import Spread

LEVEL_POINTS = {Level.INFORMATIONAL: 0, Level.LOW: 20, Level.MEDIUM: 40, Level.HIGH: 60, Level.CRITICAL: 80}
# A level apart is 20 points: what a store and the company of others say can lift a hit by a level or two, and all that
# is rare and alone still lies below what is two levels higher.

AWARENESS = -5.0
"""For an analytic that none of CAR's types calls a detection: it gathers what is ordinary."""
PER_FALSE_POSITIVE, MOST_FALSE_POSITIVES = -2.0, 3
"""For each kind of thing known to match without being an attack; the fourth is no news."""
_DETECTING = frozenset({"ttp", "detection", "anomaly"})

PER_TENTH_OF_HOSTS, MOST_FOR_HOSTS = 6.0, 12.0
PER_TENTH_OF_DAYS, MOST_FOR_DAYS = 4.0, 6.0
PER_TENFOLD_EVENTS, MOST_FOR_EVENTS = -4.0, 12.0
"""For each power of ten. On one of 100 hosts or more is as rare as it gets; a thousand events are as common."""

PER_TENFOLD_FINDS, MOST_FOR_FINDS = -4.0, 8.0
"""For each power of ten of trees in which the output has hits: what finds something everywhere here is noise here."""

PER_TECHNIQUE_IN_TREE, MOST_IN_TREE = 5.0, 4
PER_TECHNIQUE_NEARBY, MOST_NEARBY = 2.0, 5
"""For each other technique: that one tree of processes did it too says more than that the host saw it."""
NEARBY_MINUTES = 10


def level_term(level: Level | None) -> Term:
    """Return the points of a level; what says none counts as `UNSAID`."""
    said = level if level is not None else UNSAID
    text = f"level {said.text}" if level is not None else f"no level said, counts as {said.text}"
    return Term("level", float(LEVEL_POINTS[said]), text)


def noise_term(analytic_types: Sequence[str], false_positives: Sequence[str]) -> Term:
    """Return the points that the analytic's known noise takes away."""
    known = min(len(false_positives), MOST_FALSE_POSITIVES)
    points, texts = PER_FALSE_POSITIVE * known, [f"{counted(len(false_positives), 'known false positive')}"]
    if analytic_types and not any(each.casefold() in _DETECTING for each in analytic_types):
        points += AWARENESS
        texts.append(", ".join(analytic_types))
    return Term("noise", points, "; ".join(texts))


def rarity_terms(what: str, spread: Spread, of_class: Spread) -> tuple[Term, Term, Term]:
    """Return the points for on how few hosts, on how few days, in how few events values are, of those of their class.

    On one host nothing can be rare among hosts, on one day nothing among days: there the points are none.
    """
    hosts, days, events = max(spread.hosts, 1), max(spread.days, 1), max(spread.events, 1)
    of_hosts, of_days = max(of_class.hosts, hosts), max(of_class.days, days)
    on_hosts = min(PER_TENTH_OF_HOSTS * log10(of_hosts / hosts), MOST_FOR_HOSTS)
    on_days = min(PER_TENTH_OF_DAYS * log10(of_days / days), MOST_FOR_DAYS)
    repeated = max(PER_TENFOLD_EVENTS * log10(events), -MOST_FOR_EVENTS)
    return (
        Term("hosts", _tenth(on_hosts), f"{what} on {hosts:,} of {counted(of_hosts, 'host')}"),
        Term("days", _tenth(on_days), f"on {days:,} of {counted(of_days, 'day')}"),
        Term("events", _tenth(repeated), f"in {counted(events, 'event')}"),
    )


def finds_term(trees: int) -> Term:
    """Return the points that an output loses by how many trees of processes, or hits without one, it has hits in."""
    points = max(PER_TENFOLD_FINDS * log10(max(trees, 1)), -MOST_FOR_FINDS)
    return Term("finds", _tenth(points), f"its output has hits in {counted(trees, 'tree')} of processes")


def company_terms(in_tree: int, nearby: int) -> tuple[Term, Term]:
    """Return the points for so many other techniques in the tree of processes, and on the host or of the user."""
    return (
        Term(
            "tree",
            PER_TECHNIQUE_IN_TREE * min(in_tree, MOST_IN_TREE),
            f"{counted(in_tree, 'other technique')} in its tree of processes",
        ),
        Term(
            "nearby",
            PER_TECHNIQUE_NEARBY * min(nearby, MOST_NEARBY),
            f"{counted(nearby, 'more technique')} of its host or user within {NEARBY_MINUTES} minutes",
        ),
    )


def _tenth(points: float) -> float:
    return round(points, 1) + 0.0  # no -0.0, which would be shown with a sign
