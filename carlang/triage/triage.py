"""Rank what a run found.

Rows become occurrences: those of one record are one, under the output of the highest level. Occurrences whose
processes are of one tree become an incident, and incidents that are alike become one. The store is asked once a class
of events how common the values of the hits are, and for the starts of processes above those of the hits. Then each hit
gets its weight, and incidents are put in order. Nothing hangs on the order of the outputs or of their rows.
"""

from __future__ import annotations

import gc
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from carlang.database import Limits
from carlang.levels import Level
from carlang.results import AnalyticOutput, GroupBy, RunReport, Triage
from carlang.store import Lookup, Store
from carlang.triage.company import Named, nearby, other_techniques, person
from carlang.triage.forest import Forest, Process
from carlang.triage.groups import group_hits
from carlang.triage.incidents import Drafts, Found
from carlang.triage.joining import Sets
from carlang.triage.rarity import Rarity
from carlang.triage.reading import Key, ProcessRef, Sighting, late, read_output, shares


def rank(report: RunReport, store: Store, limits: Limits | None = None) -> Triage:
    """Return the incidents of a run over a store, the heaviest first.

    Raises `EngineError` where the store's queries pass the limits.
    """
    with _no_collection():
        return _ranked(report.results, store, limits or Limits())


def _ranked(results: Sequence[AnalyticOutput], store: Store, limits: Limits) -> Triage:
    rows_looked_at = shares([result.output.count for result in results])
    totals = [max(result.output.total, result.output.count) for result in results]
    unranked = {
        n: total - rows for n, (total, rows) in enumerate(zip(totals, rows_looked_at, strict=True)) if total > rows
    }
    outputs = enumerate(zip(results, rows_looked_at, strict=True))
    sightings = [each for number, (result, rows) in outputs for each in read_output(number, result, rows)]
    if not sightings:
        return Triage(unranked=unranked)
    found = _found(results, sightings)
    with Lookup(store, limits) as lookup:
        forest = Forest.grow((ref for each in found for ref in each.processes), lookup)
        rarity = Rarity.asked({habit for each in found for habit in each.habits}, lookup)
    trees, processes = _trees(found, forest)
    company = _company(results, found, trees)
    drafts = Drafts(results, rarity, _finds(found, trees))
    for number, each in enumerate(found):
        drafts.add(each, trees[number], company[number])
    incidents = drafts.incidents(forest, processes)
    return Triage(incidents, drafts.weights, unranked)


@contextmanager
def _no_collection() -> Iterator[None]:
    """Have nothing looked for that refers to itself: there are millions of objects, none in a cycle."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def ranked(report: RunReport, store: Store, limits: Limits | None = None, group_by: GroupBy | None = None) -> RunReport:
    """Return a run with its `triage`, and the hits put together where it is said by what; raises as `rank` does."""
    triage = rank(report, store, limits)
    if group_by is not None:
        triage = replace(triage, grouped_by=group_by, groups=group_hits(triage, group_by))
    return replace(report, triage=triage)


def _found(results: Sequence[AnalyticOutput], sightings: Sequence[Sighting]) -> list[Found]:
    """Return what happened: rows of one record together, in an order that does not hang on that of the outputs."""
    by_records: dict[tuple[Key, ...], list[Sighting]] = defaultdict(list)
    for each in sightings:
        by_records[each.records].append(each)
    # A row of one record that a row of several is made of says no more than that one.
    containing: dict[Key, tuple[Key, ...]] = {}
    for records in sorted((r for r in by_records if len(r) > 1), key=repr):
        for key in late(records):
            containing.setdefault(key, records)
    for records in [r for r in by_records if len(r) == 1 and r[0] in containing]:
        by_records[containing[records[0]]] += by_records.pop(records)
    found = [Found.of(results, rows) for rows in by_records.values()]
    return sorted(found, key=lambda each: each.order)


def _trees(found: Sequence[Found], forest: Forest) -> tuple[list[int], list[tuple[Process, ...]]]:
    """Return for each of what was found the number of the set that it belongs to, and its processes.

    What shares a record, a process or an ancestor belongs together, hubs apart. Of a row of several records those that
    lie `APART` count.
    """
    sets, lines = Sets(), _Lines(forest)
    processes: list[tuple[Process, ...]] = []
    for number, each in enumerate(found):
        for record in late(each.records):
            sets.join(("record", record), number)
        line = tuple(process for ref in each.late_processes() for process in lines.of(ref))
        for process in line:
            sets.join(("process", process.key), number)
        processes.append(line)
    numbers: dict[object, int] = {}
    return [numbers.setdefault(sets.of(number), len(numbers)) for number in range(len(found))], processes


class _Lines:
    """Processes with their ancestors; of those whose start is known, which many events name, each is followed once."""

    def __init__(self, forest: Forest) -> None:
        self._forest = forest
        self._known: dict[str, tuple[Process, ...]] = {}

    def of(self, ref: ProcessRef) -> tuple[Process, ...]:
        """Return the process that an event names and its ancestors; none where it is a hub."""
        process = self._forest.process(ref)
        if process is None or process.is_hub:
            return ()
        if process.start is None:  # its parent is what the event says
            return (process, *self._forest.ancestors(process, ref))
        if process.key not in self._known:
            self._known[process.key] = (process, *self._forest.ancestors(process))
        return self._known[process.key]


def _finds(found: Sequence[Found], trees: Sequence[int]) -> dict[tuple[str, str], int]:
    """Return in how many trees each output has found something; what is of no known process is a tree of its own."""
    of_outputs: dict[tuple[str, str], set[int]] = defaultdict(set)
    for each, tree in zip(found, trees, strict=True):
        for name in each.names:
            of_outputs[name].add(tree)
    return {name: len(those) for name, those in of_outputs.items()}


def _company(results: Sequence[AnalyticOutput], found: Sequence[Found], trees: Sequence[int]) -> list[tuple[int, int]]:
    """Return for each of what was found how many techniques more its tree has, and its host and user nearby.

    What is ordinary, of the level informational, keeps no company.
    """
    techniques: dict[str, list[str]] = defaultdict(list)
    for result in results:
        techniques[result.analytic] += result.techniques
    added = other_techniques(techniques)
    of_each = [each.analytics_from(Level.LOW) for each in found]
    in_tree: dict[int, set[str]] = defaultdict(set)
    places: dict[tuple[str, str], list[tuple[int, int, Named]]] = defaultdict(list)
    for number, each in enumerate(found):
        in_tree[trees[number]] |= of_each[number]
        if each.first is None:
            continue
        for host in each.hosts:
            places["host", host].append((number, each.first, of_each[number]))
        if user := person(each.user):
            places["user", user].append((number, each.first, of_each[number]))
    there: list[set[str]] = [set() for _ in found]
    for events in places.values():
        for number, names in nearby(events):
            there[number] |= names
    company = []
    for number, each in enumerate(found):
        analytics, tree = each.analytics, frozenset(in_tree[trees[number]])
        company.append((added(analytics, tree), added(analytics | tree, frozenset(there[number]))))
    return company
