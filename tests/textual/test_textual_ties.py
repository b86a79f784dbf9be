"""Both references agree on programs over events that two sensors tell of; one of them is held to carlang elsewhere."""

from __future__ import annotations

from tests.reference.cases import compiled
from tests.reference.chooser import seeded
from tests.reference.drawn_events import NOW, seen_twice
from tests.reference.evaluator import run as run_bound
from tests.reference.test_reference_ties import program
from tests.seeds import drawn_seeds
from tests.textual.occurrences import partners
from tests.textual.programs import run

PROGRAMS = 60


def test_programs_count_occurrences_by_their_text_too() -> None:
    tied = 0
    for seed in drawn_seeds(PROGRAMS):
        choose = seeded(seed)
        object_, events = seen_twice(choose)
        text = program(object_, choose)
        expected, read = run_bound(compiled(text).require(), events, NOW), run(text, events, NOW)
        assert list(read) == list(expected)
        for name, table in expected.items():
            names = [column.name for column in table.columns]
            rows = [[row[column] for column in names] for row in table.rows]
            assert [[row[column] for column in names] for row in read[name].rows] == rows, f"{seed} {name}\n{text}"
        tied += len(partners(events))
    assert tied >= PROGRAMS / 2
