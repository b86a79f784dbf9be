"""Make exclusions of what a run found: who did it to what, and how, the commonest first.

Rows of an output are counted by what of them stays the same (`likenesses`). Those of one program started by one other,
or of whatever else an object's habits are, belong together. How it was done is told apart while there are few ways;
where there are more, what no condition looks at may be anything; and where a condition looks at it, one pattern for all
of the ways would be broad, so that somebody has to look at it first (`review`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations

from carlang.baseline.clusters import MISSING, MOST_HOSTS, MOST_KINDS, Clusters, Key, Kind, folded_key
from carlang.baseline.exclusions import Baseline, Exclusion, Value
from carlang.baseline.likenesses import TellingColumns, common, is_cut, is_loose, without_repeats
from carlang.levels import UNSAID, Level
from carlang.likeness import ANYTHING
from carlang.model.types import field_of
from carlang.results import AnalyticOutput, RunReport, counted, instant_text, short_moment_text

MOST_WAYS = 12
"""How many ways in which one program was used are told apart. A person reads as many lines."""
REVIEWED = Level.HIGH
"""From this level on nothing is hidden that nobody has looked at."""
_WHERE = frozenset({"hostname", "fqdn", "user"})
_LETTERS = 4
"""How many characters of a pattern have to be others than `*`, for it to say something of a value that was tested."""


def make_baseline(report: RunReport, since: datetime | None, until: datetime) -> Baseline:
    """Return the exclusions of all that a run found, which looked at events from one instant to before another."""
    finding = sorted(
        (result for result in report.results if result.output.total),
        key=lambda result: (result.analytic, result.output.name),
    )
    exclusions = tuple(exclusion for result in finding for exclusion in _exclusions(result))
    made: dict[str, str | int] = {"store": report.store}
    if since is not None:
        made["since"] = instant_text(since)
    made |= {"until": instant_text(until), "analytics": len({result.analytic for result in report.results})}
    made |= {"rows": sum(result.output.count for result in finding)}
    if lacking := len({entry.analytic for entry in report.not_run}):
        made["not_run"] = lacking
    return Baseline("", exclusions, made=made)


def _exclusions(result: AnalyticOutput) -> Iterator[Exclusion]:
    """Yield the exclusions of an output, the commonest first."""
    clusters = Clusters.of(TellingColumns.of(result), result.output.data)
    maker = _Maker(result, clusters)
    drafts = [draft for kinds in maker.by_identity() for draft in maker.drafts(kinds)]
    exclusions = [maker.exclusion(draft) for draft in _without_covered(drafts, clusters.telling)]
    yield from sorted(exclusions, key=lambda each: (-(each.count or 0), str(folded_key(tuple(each.fields.items())))))
    if clusters.rest.rows:
        reason = f"more than {MOST_KINDS:,} kinds of rows; these are of others"
        yield maker.exclusion(_Draft({}, clusters.rest, reasons=(reason,)))


@dataclass(frozen=True, slots=True)
class _Draft:
    """An exclusion in the making: the rows that it is of, what is to be noted, and why somebody has to look at it."""

    fields: Mapping[str, tuple[Value, ...]]
    kind: Kind
    notes: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()


def _without_covered(drafts: Sequence[_Draft], telling: TellingColumns) -> list[_Draft]:
    """Return exclusions without those that another one, in which more may be anything, says as well."""
    loose = [name for name in telling.names if is_loose(name)]
    by_fields = {_items(draft.fields): draft for draft in drafts if not draft.reasons}
    uncovered = []
    for draft in drafts:
        there = [name for name in loose if name in draft.fields]
        subsets = (set(names) for count in range(1, len(there) + 1) for names in combinations(there, count))
        wider = ({n: v for n, v in draft.fields.items() if n not in names} for names in subsets)
        covering = next((by_fields[items] for fields in wider if (items := _items(fields)) in by_fields), None)
        if covering is None or draft.reasons:
            uncovered.append(draft)
        else:
            covering.kind.add(draft.kind)
    return uncovered


def _items(fields: Mapping[str, tuple[Value, ...]]) -> frozenset[tuple[str, Key]]:
    return frozenset((name, folded_key(values)) for name, values in fields.items())


class _Maker:
    """Makes the exclusions of one output."""

    def __init__(self, result: AnalyticOutput, clusters: Clusters) -> None:
        self._result = result
        self._clusters = clusters
        self._telling = clusters.telling
        # A column that no row has a value in says nothing; that it is missing is said where others have it.
        self._filled = clusters.filled
        self._level = result.level if result.level is not None else UNSAID

    def by_identity(self) -> list[list[Kind]]:
        """Return the kinds of rows, those of one identity together."""
        length = len(self._telling.identity)
        groups: dict[Key, list[Kind]] = defaultdict(list)
        for kind in self._clusters.kinds:
            groups[folded_key(kind.key[:length])].append(kind)
        return list(groups.values())

    def drafts(self, kinds: Sequence[Kind]) -> Iterator[_Draft]:
        """Yield the exclusions of one identity."""
        beside = self._telling.beside
        if len(kinds) <= MOST_WAYS:
            yield from (_Draft(self._fields(kind.key), kind) for kind in kinds)
            return
        length = len(self._telling.names) - len(beside)
        ways = _merged((kind.key[:length], kind) for kind in kinds)
        any_of = f"any {', '.join(name for name in beside if name in self._filled)}"
        notes = (f"{any_of}: there were {counted(len(kinds), 'kind')}",) if len(ways) < len(kinds) else ()
        if len(ways) <= MOST_WAYS:
            yield from (_Draft(self._fields(way.key), way, notes) for way in ways)
            return
        ways.sort(key=lambda way: (-way.rows, str(folded_key(way.key))))
        yield from (_Draft(self._fields(way.key), way, notes) for way in ways[: MOST_WAYS - 1])
        yield self._broad(ways[MOST_WAYS - 1 :])

    def _broad(self, ways: Sequence[Kind]) -> _Draft:
        """Return one exclusion for many ways, of what they have in common."""
        together = Kind(())
        for way in ways:
            together.add(way)
        names = self._telling.names[: len(ways[0].key)]
        fields: dict[str, tuple[Value, ...]] = {}
        varied = []
        for index, name in enumerate(names):
            values = {folded_key((way.key[index],)): way.key[index] for way in ways}
            if len(values) == 1:
                fields |= self._fields((ways[0].key[index],), (name,))
                continue
            varied.append(name)
            shared = common(values.values())
            if shared != ANYTHING:
                fields[name] = (shared,)
        reason = f"one pattern for {counted(len(ways), 'kind')} of {', '.join(varied)}"
        return _Draft(fields, together, reasons=(reason,))

    def _fields(self, key: Key, names: Iterable[str] | None = None) -> dict[str, tuple[Value, ...]]:
        named = zip(self._telling.names if names is None else names, key, strict=False)
        fields = {n: v for n, v in named if n in self._filled and v is not None}
        return {name: (None if value is MISSING else value,) for name, value in fields.items()}

    def exclusion(self, draft: _Draft) -> Exclusion:
        """Return an exclusion of rows that are alike, marked for review where that is called for."""
        kind, fields = draft.kind, without_repeats(draft.fields)
        reviews = [f"level {self._level.text}"] if self._level >= REVIEWED else []
        reviews += [*draft.reasons, *self._doubts(fields)]
        hosts = [f"{MOST_HOSTS:,} hosts or more"] if len(kind.hosts) >= MOST_HOSTS else []
        return Exclusion(
            self._result.analytic,
            self._result.output.name,
            fields,
            kind.rows,
            len(kind.hosts),
            short_moment_text(kind.first),
            short_moment_text(kind.last),
            "; ".join([*draft.notes, *hosts]),
            "; ".join(reviews),
        )

    def _doubts(self, fields: Mapping[str, tuple[Value, ...]]) -> Iterator[str]:
        """Yield why an exclusion would hide more than what it was made of."""
        if not any(_says(value) for values in fields.values() for value in values):
            yield "no column of its rows stays the same"
            return
        if all(field_of(name) in _WHERE for name in fields):
            yield "it says where, and not what"
        for name, values in fields.items():
            if any(is_cut(value) for value in values):
                yield f"{name} goes on"
            elif name in self._result.output.tested and not all(map(_says, values)):
                yield f"{name} was tested, and may be nearly anything"


def _merged(keyed: Iterable[tuple[Key, Kind]]) -> list[Kind]:
    """Return kinds put together by other keys."""
    merged: dict[Key, Kind] = {}
    for key, kind in keyed:
        merged.setdefault(folded_key(key), Kind(key)).add(kind)
    return list(merged.values())


def _says(value: Value) -> bool:
    """Tell whether a value says something of what a field has to be."""
    return not isinstance(value, str) or len(value.replace(ANYTHING, "")) >= min(_LETTERS, len(value))
