"""A few of the mutants of `bench/fuzz.py`, other ones each day: nothing undamaged of them is lost without a word."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import fuzz
from bench.fuzz_files import Base, base_files
from tests.conftest import POSIX
from tests.seeds import run_seed

_READ, _INGESTED = 10, 11


@pytest.fixture(scope="module")
def bases(real_logs: Path) -> list[Base]:
    return base_files(real_logs)


def test_an_undamaged_file_has_all_its_records(bases: list[Base]) -> None:
    assert all(base.records for base in bases)
    assert [base.objection(base.content, base.texts, 0) for base in bases] == [None] * len(bases)
    assert all(base.objection(base.content, base.texts[:-1], 0) for base in bases)


@POSIX
def test_mutants_lose_nothing_undamaged_without_a_word(bases: list[Base]) -> None:
    assert fuzz.run(bases, _READ * len(bases), run_seed(), ingests=False).objections == []


@POSIX
def test_mutants_cost_their_neighbours_nothing(bases: list[Base]) -> None:
    assert fuzz.run(bases, _INGESTED, run_seed() + 1).objections == []
