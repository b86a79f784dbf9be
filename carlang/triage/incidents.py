"""Make hits and incidents of what was found, and put them in order."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from hashlib import blake2b

from carlang.levels import UNSAID, Level
from carlang.likeness import without_random_parts
from carlang.model.types import Kind
from carlang.results import AnalyticOutput, Hit, Incident, Occurrence, Weight
from carlang.triage.company import Named
from carlang.triage.forest import Forest, Process
from carlang.triage.rarity import Rarity
from carlang.triage.reading import Habit, Key, ProcessRef, Sighting, telling
from carlang.triage.weight import company_terms, finds_term, level_term, noise_term

_LATE = 2**63
"""Behind every time: what has none comes last."""
_EXACT = frozenset({Kind.HASH, Kind.IP, Kind.ENUM, Kind.PORT, Kind.BOOLEAN})
"""Fields of these kinds have no random parts: they say what it is, all of them."""


_Order = tuple[int, tuple[str, str], tuple[tuple[str, str], ...], list[str]]


@dataclass(frozen=True, slots=True)
class Found:
    """What happened once, by the rows that tell of it: the first is of the output that it stands under."""

    rows: tuple[Sighting, ...]
    leading: AnalyticOutput
    also: tuple[AnalyticOutput, ...]
    order: _Order

    @classmethod
    def of(cls, results: Sequence[AnalyticOutput], rows: Sequence[Sighting]) -> Found:
        """Put rows together: under the highest level, and of one level the output with the fewest rows."""
        if len(rows) == 1:  # most are, and a run may have some hundred thousand
            result = results[rows[0].at.output]
            return cls((rows[0],), result, (), _order(result, rows[0], rows[0].first))

        def rank(row: Sighting) -> tuple[int, int, str, str, tuple[tuple[str, str], ...]]:
            result = results[row.at.output]
            level = level_of(result)
            return -level, result.output.total, result.analytic, result.output.name, row.alike

        ordered = sorted(rows, key=rank)
        outputs = [results[row.at.output] for row in ordered]
        others = [each for each in dict.fromkeys(map(_name, outputs)) if each != _name(outputs[0])]
        by_name = {_name(each): each for each in outputs}
        time = min((row.first for row in ordered if row.first is not None), default=None)
        also = tuple(by_name[name] for name in sorted(others))
        return cls(tuple(ordered), outputs[0], also, _order(outputs[0], ordered[0], time))

    @property
    def records(self) -> tuple[Key, ...]:
        """The records that it is made of; rows of groups have none that others could have."""
        return tuple(key for row in self.rows[:1] for key in row.records)

    @property
    def first(self) -> int | None:
        """The earliest time of its rows."""
        return None if self.order[0] == _LATE else self.order[0]

    @property
    def names(self) -> Iterator[tuple[str, str]]:
        """The outputs that found it, by analytic and name."""
        return map(_name, (self.leading, *self.also))

    @property
    def last(self) -> int | None:
        """The latest time of its rows."""
        return max((row.last for row in self.rows if row.last is not None), default=None)

    @property
    def hosts(self) -> tuple[str, ...]:
        """The hosts of its rows, in lower case."""
        return tuple(sorted({host for row in self.rows for host in row.hosts}))

    @property
    def user(self) -> str | None:
        """The account of the first row that has one."""
        return next((row.user for row in self.rows if row.user), None)

    @property
    def processes(self) -> tuple[ProcessRef, ...]:
        """The processes that its rows name."""
        return tuple(dict.fromkeys(ref for row in self.rows for ref in row.processes))

    def late_processes(self) -> tuple[ProcessRef, ...]:
        """Return those of the processes that its rows name that were seen when it happened."""
        return tuple(ref for ref in self.processes if ref.time is None or self.first is None or ref.time >= self.first)

    @property
    def habits(self) -> tuple[Habit, ...]:
        """The values of its rows that ordinary work repeats."""
        return tuple(dict.fromkeys(habit for row in self.rows for habit in row.habits))

    @property
    def analytics(self) -> Named:
        """The analytics that found it."""
        return frozenset((self.leading.analytic, *(each.analytic for each in self.also)))

    def analytics_from(self, least: Level) -> Named:
        """Return those of a level at least."""
        return frozenset(each.analytic for each in (self.leading, *self.also) if level_of(each) >= least)

    def telling(self) -> dict[str, str]:
        """Return the fields that tell what happened, as texts."""
        row = self.rows[0]
        return telling(row.alike, self.leading.output.tested) if row.habits else dict(row.alike)


@dataclass(slots=True)
class _Draft:
    """A hit in the making: the best weight so far, and what happened, in order."""

    example: Found
    weight: Weight
    occurrences: list[Occurrence] = field(default_factory=list)


@dataclass
class Drafts:
    """Gathers what was found, and makes incidents of it.

    `finds` are in how many trees each output, by analytic and name, has found something; `weights` are the most that a
    hit of an output weighs.
    """

    results: Sequence[AnalyticOutput]
    rarity: Rarity
    finds: Mapping[tuple[str, str], int]
    weights: dict[int, float] = field(default_factory=dict)
    _trees: dict[int, dict[str, _Draft]] = field(default_factory=lambda: defaultdict(dict))
    _members: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    _weights: dict[object, Weight] = field(default_factory=dict)
    _folds: dict[object, str] = field(default_factory=dict)
    _count: int = 0

    def add(self, found: Found, tree: int, company: tuple[int, int]) -> None:
        """Take what was found, of a tree and with so many techniques beside it."""
        weight = self._weight(found, company)
        for row in found.rows:
            output = row.at.output
            self.weights[output] = max(self.weights.get(output, weight.points), weight.points)
        draft = self._trees[tree].setdefault(self._fold(found), _Draft(found, weight))
        draft.weight = _heavier(draft.weight, weight)
        image = next((ref.image for ref in found.processes if ref.image), None)
        rows = tuple(sorted((row.at for row in found.rows), key=lambda at: (at.output, at.row)))
        draft.occurrences.append(Occurrence(found.first, found.last, found.hosts, found.user, image, tree, rows))
        self._members[tree].append(self._count)
        self._count += 1

    def _fold(self, found: Found) -> str:
        """Return what it is: the same text for all that is alike but for random parts."""
        alike = found.rows[0].alike
        key = (*found.names, alike)
        if key not in self._folds:
            kinds = {column.name: column.type.kind for column in found.leading.output.columns}
            steady = [(name, text if kinds.get(name) in _EXACT else without_random_parts(text)) for name, text in alike]
            self._folds[key] = json.dumps([_name(found.leading), [_name(each) for each in found.also], steady])
        return self._folds[key]

    def _weight(self, found: Found, company: tuple[int, int]) -> Weight:
        """Return the weight of what was found; the same object for what weighs the same for the same reasons."""
        leading = found.leading
        key = (_name(leading), leading.level, found.habits, company)
        if key not in self._weights:
            self._weights[key] = Weight(
                (
                    level_term(leading.level),
                    noise_term(leading.analytic_types, leading.false_positives),
                    finds_term(self.finds[_name(leading)]),
                    *self.rarity.terms(found.habits),
                    *company_terms(*company),
                )
            )
        return self._weights[key]

    def incidents(self, forest: Forest, processes: Sequence[tuple[Process, ...]]) -> tuple[Incident, ...]:
        """Return the incidents in order: trees whose hits are the same are one."""
        alike: dict[tuple[str, ...], list[int]] = defaultdict(list)
        for tree, hits in self._trees.items():
            alike[tuple(sorted(hits))].append(tree)
        incidents = []
        for folds, trees in alike.items():
            made = [(self._hit([self._trees[tree][fold] for tree in trees]), fold) for fold in folds]
            listed = [hit for hit, _ in sorted(made, key=_by_time)]
            first = min(trees)
            of_first = [process for number in self._members[first] for process in processes[number]]
            name = blake2b("\n".join(folds).encode("utf-8", "surrogatepass"), digest_size=6).hexdigest()
            incidents.append(Incident(name, tuple(listed), len(trees), forest.nodes(of_first)))
        return tuple(sorted(incidents, key=incident_order))

    def _hit(self, drafts: Sequence[_Draft]) -> Hit:
        found = drafts[0].example
        leading = found.leading
        outputs = (leading, *found.also)
        return Hit(
            leading.analytic,
            leading.output.name,
            leading.title,
            level_of(leading),
            tuple(dict.fromkeys(t for each in outputs for t in each.techniques)),
            tuple(dict.fromkeys(t for each in outputs for t in each.tactics)),
            tuple(_name(each) for each in found.also),
            found.telling(),
            reduce(_heavier, (draft.weight for draft in drafts)),
            tuple(sorted((o for draft in drafts for o in draft.occurrences), key=_when)),
        )


def incident_order(incident: Incident) -> tuple[float, int, str]:
    """Return what incidents are put in order by: the heaviest first, of one weight the earliest, then by id."""
    return -incident.weight.points, incident.first if incident.first is not None else _LATE, incident.id


def level_of(result: AnalyticOutput) -> Level:
    """Return the level that an output counts as."""
    return result.level if result.level is not None else UNSAID


def _order(result: AnalyticOutput, first: Sighting, time: int | None) -> _Order:
    """Return what is put in order by: the time, then the output, and what differs between two of one output."""
    return _LATE if time is None else time, _name(result), first.alike, sorted(map(repr, first.records))


def _name(result: AnalyticOutput) -> tuple[str, str]:
    return result.analytic, result.output.name


def _by_time(made: tuple[Hit, str]) -> tuple[int, float, str]:
    """Order the hits of an incident: the earliest first, of one time the heaviest, then by what they are."""
    hit, fold = made
    return hit.first if hit.first is not None else _LATE, -hit.weight.points, fold


def _heavier(one: Weight, other: Weight) -> Weight:
    """Return the weight that is more; of two that are equal that whose text is first."""
    if one is other or one.points != other.points:
        return one if one.points >= other.points else other
    return min(one, other, key=str)


def _when(occurrence: Occurrence) -> tuple[int, tuple[str, ...], str]:
    time = occurrence.first if occurrence.first is not None else _LATE
    return time, occurrence.hosts, f"{occurrence.user} {occurrence.process} {occurrence.tree}"
