"""What tests of exports share: records in, events out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.ingesting import load, query, write_lines

Record = Mapping[str, Any]
Expected = Mapping[str, Any]


def events_of(folder: Path, source: Path | Sequence[Record]) -> list[dict[str, Any]]:
    """Ingest records, or a file of them, into an empty store; returns its events but those kept as event/log."""
    log = source if isinstance(source, Path) else write_lines(folder / "log.json", source)
    store = folder / "store"
    report = load(store, log)
    events = []
    for kind in sorted(kind for kind in report.events if tuple(kind) != ("event", "log")):
        columns = [name for (name,) in query(store, "SELECT column_name FROM (DESCRIBE events)", kind[0])]
        rows = query(store, f"SELECT COLUMNS(*)::VARCHAR FROM events WHERE action = '{kind[1]}'", kind[0])  # noqa: S608
        events += [dict(zip(columns, row, strict=True)) for row in rows]
    return events


def assert_events(folder: Path, source: Path | Sequence[Record], *expected: Expected) -> None:
    """Check that records become these events and no others; a field that is not named may have any value."""
    left = events_of(folder, source)
    for each in expected:
        texts = {name: None if value is None else str(value) for name, value in each.items()}
        same = next((event for event in left if texts.items() <= event.items()), None)
        assert same is not None, f"no event is {texts}; there are {left}"
        left.remove(same)
    assert left == [], "events that nobody expects"
