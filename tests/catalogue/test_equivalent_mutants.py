"""What an analytic names as a mutant that means the same gives what the program gives, whatever the events.

The events are drawn around what the program compares with: its texts, and others that begin or end like them, the
instants that it counts from, and a second on either side. The other mutants of the program are told apart by the same
events, so that these would have told the named ones apart as well, if anything could.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from carlang.analytic import CompiledAnalytic, load
from carlang.engine import MemorySession
from carlang.importers import Case
from carlang.resolve.bound import BoundStream, Difference, Events, FieldRef, expressions, streams_below, walk
from carlang.syntax import ast
from carlang.syntax import walk as walk_syntax
from carlang.testing.equivalents import explained
from carlang.testing.events import event_tables
from carlang.testing.survivors import candidates, surviving
from tests.conftest import REPOSITORY
from tests.seeds import run_seed

NOW = datetime.fromisoformat("2020-01-01T00:00:00Z")
FILES = sorted((REPOSITORY / "analytics").glob("*.car"))
WORLDS = 6
EVENTS = 150

NAMING = [file for file in FILES if "\nequivalent_mutants:\n" in file.read_text(encoding="utf-8")]


def test_some_analytics_name_equivalent_mutants() -> None:
    assert NAMING


@pytest.mark.parametrize("file", NAMING, ids=[file.stem for file in NAMING])
def test_drawn_events_tell_other_mutants_apart_and_the_named_ones_not(file: Path) -> None:
    analytic = load(file)
    alive = list(candidates(analytic))
    told = explained([c.survivor for c in alive], analytic.data.equivalent_mutants, analytic.data.sources)
    assert len(told.equivalent) == len(analytic.data.equivalent_mutants)
    found = 0
    with MemorySession(analytic.model) as session:
        for number in range(WORLDS):
            session.load(event_tables(list(_events(analytic, Random(f"{run_seed()} {number}"))), analytic.model))  # noqa: S311  # no secret
            given = analytic.given({})
            outputs = [session.run(output, NOW, given=given) for output in analytic.outputs()]
            found += sum(output.total for output in outputs)
            expect = {output.name: tuple(output.rows()) for output in outputs}
            alive = surviving(alive, session, Case("drawn", expect=expect), NOW)
    assert found > WORLDS
    assert {(c.survivor.text, c.survivor.change) for c in alive} == {(s.text, s.change) for s in told.equivalent}
    assert len(alive) == len(told.equivalent)


def _events(analytic: CompiledAnalytic, random: Random) -> Iterator[dict[str, Any]]:
    """Draw events of the objects that an analytic searches."""
    streams = [stream for output in analytic.outputs() for stream in streams_below(output.stream)]
    sets = [each for stream in streams if isinstance(stream, Events) for each in stream.sets]
    compared, keys = _fields(streams)
    texts, spans = _texts(analytic), _spans(analytic)
    for number in range(EVENTS):
        searched = random.choice(sets)
        columns = analytic.model.objects[searched.object].fields
        row: dict[str, Any] = {
            "object": searched.object,
            "action": random.choice(searched.actions),
            "hostname": f"HOST{number}",
        }
        row["time"] = (
            NOW - random.choice(spans) + timedelta(seconds=random.choice((-2, -1, -0.5, 0, 0.5, 1)))
        ).isoformat()
        for field in sorted(compared - row.keys() & columns.keys()):
            row[field] = random.choice([*texts, None])
        for field in sorted(keys - compared - row.keys() & columns.keys()):
            # Few enough to meet again, so many that most come before and after no more than once or twice.
            row[field] = random.choice([*(f"{field}{value}" for value in range(EVENTS // 3)), None])
        yield row


def _fields(streams: list[BoundStream]) -> tuple[set[str], set[str]]:
    """Return the fields that conditions ask for, and those by which streams are taken from one another."""
    asked = {part.column for s in streams for e in expressions(s) for part in walk(e) if isinstance(part, FieldRef)}
    return asked, {name for stream in streams if isinstance(stream, Difference) for name in stream.on}


def _texts(analytic: CompiledAnalytic) -> list[str]:
    nodes = [node for program in analytic.compiled for node in walk_syntax(program.ast)]
    written = [node.value for node in nodes if isinstance(node, ast.StringLit)]
    return [form for text in written for form in (text, text, text, text, f"x{text}", f"{text}x")]


def _spans(analytic: CompiledAnalytic) -> list[timedelta]:
    nodes = [node for program in analytic.compiled for node in walk_syntax(program.ast)]
    written = [timedelta(microseconds=n.microseconds) for n in nodes if isinstance(n, ast.DurationLit)]
    return [*written, timedelta(hours=1), max(written) / 2]
