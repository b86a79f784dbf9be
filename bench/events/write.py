"""Write made-up events, a stretch at a time: as a store, by its own writer, or as a log."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from bench.events.attacks import Attacks
from bench.events.fleet import CLASSES, EventClass, Fleet
from carlang.database import open_memory
from carlang.loading.staging import FileOfEvents, write_events
from carlang.model import builtin_model
from carlang.store import Footer, StagedFile, create_store, object_columns

FILE_ROWS = 245_760
"""Events of a file: two of DuckDB's row groups. Making them takes 1.6 GB, however many there are in all."""

_LOG_ROWS = 20_000


def totals(events: int, *, mixed: bool) -> dict[str, int]:
    """Return how many events there are of each class."""
    if not mixed:
        return {CLASSES[0].name: events}
    return {each.name: events * each.share // 100 for each in CLASSES}


def _stretches(counts: Mapping[str, int], rows: int) -> Iterator[tuple[EventClass, int, int]]:
    for each in CLASSES:
        count = counts.get(each.name, 0)
        for begin in range(0, count, rows):
            yield each, begin, min(begin + rows, count)


def write_store(target: Path, events: int, attacks: Attacks, *, seed: int = 7, mixed: bool = False) -> dict[str, int]:
    """Write a store; returns how many events it has of each class."""
    model, counts = builtin_model(), totals(events, mixed=mixed)
    store = create_store(target, model)
    name = f"{events} events of seed {seed}"
    staged = []
    with open_memory() as connection, store.writing() as staging:
        fleet = Fleet(connection, seed, counts, attacks)
        for each, begin, end in _stretches(counts, FILE_ROWS):
            file = StagedFile(staging.new_file(), each.object, each.action)
            columns = object_columns(model.objects[each.object])
            footer = Footer(name=file.path.name, commit=f"seed{seed}", sources=(name,))
            write_events(FileOfEvents(file, {0}, fleet.events(each, begin, end), columns), footer, connection)
            staged.append(file)
        store.commit(staged, {name: name})
    return counts


def write_log(target: Path, events: int, attacks: Attacks, *, seed: int = 7, mixed: bool = False) -> dict[str, int]:
    """Write a log of lines of JSON; returns how many records it has of each class."""
    counts = totals(events, mixed=mixed)
    with open_memory() as connection, target.open("w", encoding="utf-8") as stream:
        fleet = Fleet(connection, seed, counts, attacks)
        for each, begin, end in _stretches(counts, _LOG_ROWS):
            stream.writelines(f"{line}\n" for line in fleet.records(each, begin, end))
    return counts
