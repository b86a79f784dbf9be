"""Answers that tests of correlations share."""

from __future__ import annotations

import random

import pytest

from tests.seeds import drawn_seeds
from tests.sigma.correlated import CASES, Answers, Event, answered, events_of


@pytest.fixture(scope="session")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Answers:
    """What the correlations of all cases find in their tables, and in some that are drawn."""
    tables = {f"t{number}": events_of(table) for number, (_, table, _) in enumerate(CASES)}
    tables |= {f"drawn{seed}": drawn_table(random.Random(seed)) for seed in drawn_seeds(_DRAWN)}  # noqa: S311  # cases, not secrets
    sections = list(dict.fromkeys(section for section, _, _ in CASES))
    return answered(tables, sections, tmp_path_factory.mktemp("correlations"))


_DRAWN = 60


def drawn_table(draw: random.Random) -> list[Event]:
    """Return events of few users and values that come close together, some of them at one instant."""
    return [
        Event(
            number,
            draw.choice(["a", "a", "b", "c", "ab", "abc"]),
            draw.choice([draw.randrange(0, 30), 10, 20]) * 1_000_000,
            draw.choice(["eve", "Eve", "adam", None]),
            draw.choice(["3", "4.5", "x", "X", "9", "eve", None]),
        )
        for number in range(1, draw.randrange(2, 9))
    ]
