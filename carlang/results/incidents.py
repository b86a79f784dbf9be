"""What a run comes to once it is ranked, as plain data: hits that fold, incidents, and the terms of their weights.

A *row* of an output is what a program gives. An *occurrence* is what happened: rows of several outputs that are of the
same record are one. Occurrences that are alike but for time, host and numbers are one *hit*. Hits of one process or
of its tree are an *incident*; trees whose hits are the same are one incident that was there several `times`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum

from carlang.levels import Level


@dataclass(frozen=True, slots=True)
class Term:
    """A term of a weight: its name, its points, and in English what they are for."""

    name: str
    points: float
    text: str


@dataclass(frozen=True, slots=True)
class Weight:
    """How much a hit matters, in points, with the terms that they are the sum of; docs/ranking.md has the formula."""

    terms: tuple[Term, ...]
    points: float = field(init=False, compare=False)
    """The sum of the terms, to a tenth of a point: added up once, as incidents are put in order by it."""

    def __post_init__(self) -> None:
        """Add the terms up."""
        object.__setattr__(self, "points", round(sum(term.points for term in self.terms), 1))

    def __str__(self) -> str:
        """Say what the points are made of: `86 = 80 (level critical) - 2 (1 known false positive) + …`."""
        counting = [term for term in self.terms if term.points] or self.terms[:1]
        parts = [f"{'-' if term.points < 0 else '+'} {abs(term.points):g} ({term.text})" for term in counting]
        return f"{self.points:g} = {' '.join(parts).removeprefix('+ ')}"


@dataclass(frozen=True, slots=True)
class RowOf:
    """A row of a run: the number of its output among the run's results, and its own number in that output's table."""

    output: int
    row: int


@dataclass(frozen=True, slots=True)
class Occurrence:
    """What happened once: when, on which hosts, by whom and by what process, and the rows that tell of it.

    Times are microseconds since 1970, UTC. `process` is the file name of the program, `tree` the number of the tree of
    processes that it is of, None where no process is known.
    """

    first: int | None
    last: int | None
    hosts: tuple[str, ...]
    user: str | None
    process: str | None
    tree: int | None
    rows: tuple[RowOf, ...]


@dataclass(frozen=True, slots=True)
class Hit:
    """Occurrences that are alike, under the output of the highest level that found them.

    `also` are the other outputs that found each of them, as analytic and output: they say nothing more. `values` are
    the fields that tell what happened, as text.
    """

    analytic: str
    output: str
    title: str
    level: Level
    techniques: tuple[str, ...]
    tactics: tuple[str, ...]
    also: tuple[tuple[str, str], ...]
    values: Mapping[str, str]
    weight: Weight
    occurrences: tuple[Occurrence, ...] = field(repr=False)

    @property
    def count(self) -> int:
        """How often it happened."""
        return len(self.occurrences)

    @property
    def first(self) -> int | None:
        """When it happened first; None where no time is known."""
        return min((o.first for o in self.occurrences if o.first is not None), default=None)

    @property
    def last(self) -> int | None:
        """When it happened last; None where no time is known."""
        return max((o.last for o in self.occurrences if o.last is not None), default=None)

    @property
    def hosts(self) -> tuple[str, ...]:
        """The hosts that it happened on, by name in order."""
        return in_order(host for o in self.occurrences for host in o.hosts)

    @property
    def users(self) -> tuple[str, ...]:
        """The accounts that it happened under, by name in order."""
        return in_order(o.user for o in self.occurrences if o.user)


@dataclass(frozen=True, slots=True)
class ProcessNode:
    """A process of an incident: its key, that of its parent, and what is known of its start.

    Keys are texts that mean nothing but themselves; a parent may be none of the incident's processes.
    """

    key: str
    parent: str | None
    host: str
    time: int | None
    pid: int | None
    exe: str | None
    command_line: str | None


def with_depths(processes: Iterable[ProcessNode]) -> Iterator[tuple[int, ProcessNode]]:
    """Yield processes, of which parents come before children, with how many of the others are above each."""
    depths: dict[str | None, int] = {}
    for process in processes:
        depths[process.key] = depths.get(process.parent, -1) + 1
        yield depths[process.key], process


@dataclass(frozen=True, slots=True)
class Incident:
    """Hits of one tree of processes, the earliest first; of so many trees, `times`, as have the same hits.

    `id` is made of what its hits are, so that it is the same in the next run that finds them. `processes` are those of
    the first of the trees, parents before children.
    """

    id: str
    hits: tuple[Hit, ...]
    times: int
    processes: tuple[ProcessNode, ...] = field(default=(), repr=False)

    @property
    def leading(self) -> Hit:
        """The hit that weighs most, of equals the earliest: it gives the incident its weight."""
        return max(self.hits, key=lambda hit: hit.weight.points)

    @property
    def weight(self) -> Weight:
        """The weight of the leading hit."""
        return self.leading.weight

    @property
    def level(self) -> Level:
        """The highest level of the hits."""
        return max(hit.level for hit in self.hits)

    @property
    def count(self) -> int:
        """How many occurrences the hits have together."""
        return sum(hit.count for hit in self.hits)

    @property
    def first(self) -> int | None:
        """When the first hit happened first; None where no time is known."""
        return min((hit.first for hit in self.hits if hit.first is not None), default=None)

    @property
    def last(self) -> int | None:
        """When the last hit happened last; None where no time is known."""
        return max((hit.last for hit in self.hits if hit.last is not None), default=None)

    @property
    def hosts(self) -> tuple[str, ...]:
        """The hosts of the hits, by name in order."""
        return in_order(host for hit in self.hits for host in hit.hosts)

    @property
    def users(self) -> tuple[str, ...]:
        """The accounts of the hits, by name in order."""
        return in_order(user for hit in self.hits for user in hit.users)

    @property
    def techniques(self) -> tuple[str, ...]:
        """The techniques of the hits, in the order in which these happened."""
        return tuple(dict.fromkeys(t for hit in self.hits for t in hit.techniques))

    @property
    def analytics(self) -> tuple[str, ...]:
        """The analytics of the hits, those that found the same again among them, in the order of the hits."""
        named = ([hit.analytic, *(analytic for analytic, _ in hit.also)] for hit in self.hits)
        return tuple(dict.fromkeys(analytic for each in named for analytic in each))


class GroupBy(Enum):
    """What the hits of a run can be put together by."""

    HOST = "host"
    USER = "user"
    PROCESS = "process"
    ANALYTIC = "analytic"
    TACTIC = "tactic"


@dataclass(frozen=True, slots=True)
class Group:
    """Hits that share a host, user, process, analytic or tactic, by name; None for those that have none.

    `count` is how often they happened within the group. One that happened on two hosts counts for both.
    """

    name: str | None
    weight: float
    level: Level
    count: int
    first: int | None
    last: int | None
    hosts: tuple[str, ...]
    techniques: tuple[str, ...]
    analytics: tuple[str, ...]
    incidents: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Triage:
    """The incidents of a run, the heaviest first.

    `weights` are those of outputs, by their number among the run's results: the most that one of their hits weighs.
    `unranked` are the rows of outputs, by the same number, that were too many to be looked at one by one. `groups` are
    the hits once more, put together by `grouped_by`, the heaviest group first; none where that is None.
    """

    incidents: tuple[Incident, ...] = ()
    weights: Mapping[int, float] = field(default_factory=dict)
    unranked: Mapping[int, int] = field(default_factory=dict)
    grouped_by: GroupBy | None = None
    groups: tuple[Group, ...] = ()

    @property
    def hits(self) -> tuple[Hit, ...]:
        """The hits of all incidents, in their order."""
        return tuple(hit for incident in self.incidents for hit in incident.hits)


def in_order(names: Iterable[str]) -> tuple[str, ...]:
    """Return names in order, each once; of those that differ in case alone, the first."""
    by_key: dict[str, str] = {}
    for name in sorted(set(names)):
        by_key.setdefault(name.casefold(), name)
    return tuple(sorted(by_key.values()))
