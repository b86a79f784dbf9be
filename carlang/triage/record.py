"""One hit of a run by its number: its row, its weight, its raw records, and the processes above and below it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import pyarrow as pa

from carlang.database import Limits
from carlang.model.types import field_of
from carlang.results import HitRecord, RawRecord, RowOf, Rows, RunReport, Triage
from carlang.store import Lookup, Store, child_starts, process_ends, process_starts, raw_records
from carlang.triage.forest import Forest, Process, parent_of
from carlang.triage.reading import ProcessRef, read_output, text_column

MOST_BELOW = 40
"""How many processes below those of a hit are shown: a screenful. A shell of an installer starts thousands."""
GENERATIONS_BELOW = 3
"""How far down a tree is followed: each generation is three queries, and what a hit did is seen in the first few."""


def hit_record(report: RunReport, number: int, store: Store, limits: Limits | None = None) -> HitRecord | None:
    """Return the hit of a run that has a number; None where there is none, or its row was cut by a limit.

    Raises `EngineError` where the store's queries pass the limits.
    """
    for index, result in enumerate(report.results):
        first = result.number
        if first is not None and first <= number < first + result.output.count:
            at = RowOf(index, number - first)
            row = _row(result.output.data, at.row)
            break
    else:
        return None
    record = _in_triage(HitRecord(number, report, result, row), at, report.triage)
    alone = replace(result, output=replace(result.output, data=row))
    with Lookup(store, limits or Limits()) as lookup:
        records = tuple(_raw_records(row, lookup))
        refs = [ref for sighting in read_output(0, alone) for ref in sighting.processes]
        return _with_processes(replace(record, records=records), refs, lookup)


def _row(rows: Rows, number: int) -> pa.Table:
    """Return one of some rows as a table."""
    for batch in rows.to_batches():
        if number < batch.num_rows:
            return pa.Table.from_batches([batch.slice(number, 1)])
        number -= batch.num_rows
    raise AssertionError("an output counts rows that it does not have")


def _in_triage(record: HitRecord, at: RowOf, triage: Triage | None) -> HitRecord:
    for incident in triage.incidents if triage else ():
        for hit in incident.hits:
            if any(at in occurrence.rows for occurrence in hit.occurrences):
                return replace(record, hit=hit, incident=incident)
    return record


def _raw_records(row: pa.Table, lookup: Lookup) -> Iterator[RawRecord]:
    """Yield the records that the events of a row were made of, as far as the store keeps them."""
    columns = dict(zip(row.column_names, row.columns, strict=True))
    texts = {name: text_column(column)[0].as_py() for name, column in columns.items()}
    for name in columns:
        part = name.removesuffix("object")
        object_, action, time = texts[name], texts.get(f"{part}action"), columns.get(f"{part}time")
        if field_of(name) != "object" or object_ is None or action is None:
            continue
        # What a program selected of an event without its time and its record's id is of no one record.
        if time is None or f"{part}record_id" not in columns:
            continue
        moment = time.cast(pa.timestamp("us", "UTC")).cast(pa.int64())[0].as_py()
        source, record_id = texts.get(f"{part}source"), texts[f"{part}record_id"]
        for text in raw_records(lookup, (object_, action), moment, source, record_id):
            yield RawRecord(part.removesuffix("."), text)


def _with_processes(record: HitRecord, refs: Sequence[ProcessRef], lookup: Lookup) -> HitRecord:
    """Return a record with the processes of its row, those above them, and those below."""
    forest = Forest.grow(refs, lookup)
    named = [(process, ref) for ref in refs if (process := forest.process(ref)) is not None]
    above = [each for process, ref in named for each in _above(forest, process, ref)]
    below = [*_below(forest, named, lookup)]
    processes = [*(process for process, _ in named), *above, *below[:MOST_BELOW]]
    return replace(
        record,
        processes=forest.nodes(processes),
        named=frozenset(process.key for process, _ in named),
        more_processes=max(0, len(below) - MOST_BELOW),
    )


def _above(forest: Forest, process: Process, ref: ProcessRef) -> Iterator[Process]:
    """Yield what started a process, and so on upward, hubs among them: one hit has one line, not the host's."""
    keys = {process.key}
    above = forest.parent(process, ref)
    while above is not None and above.key not in keys:
        keys.add(above.key)
        yield above
        above = forest.parent(above)


def _below(forest: Forest, named: Sequence[tuple[Process, ProcessRef]], lookup: Lookup) -> Iterator[Process]:
    """Yield what processes started, and so on downward, a generation after the other."""
    parents = {process.key: (process, ref) for process, ref in named}
    keys = set(parents)
    for _ in range(GENERATIONS_BELOW):
        guids = {ref.guid for _, ref in parents.values() if ref.guid}
        # By pid alone a process is told by when it began, which has to be known.
        pids = {(ref.host, ref.pid) for process, ref in parents.values() if process.start and ref.pid is not None}
        if not guids and not pids:
            return
        children = child_starts(lookup, guids, pids)
        # Others may have had the same pid before and after.
        forest.plant([*children, *process_starts(lookup, guids, pids)])
        forest.fell(process_ends(lookup, pids))
        born = {}
        for start in children:
            ref = parent_of(start)
            child = forest.process(ref)
            parent = forest.parent(child) if child is not None else None
            if child is not None and parent is not None and parent.key in parents and child.key not in keys:
                born[child.key] = child, ref
        yield from (child for child, _ in born.values())
        keys |= born.keys()
        parents = born
