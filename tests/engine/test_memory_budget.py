"""The memory that a run may take is the engine's and that of the rows it keeps, together."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import carlang
from carlang.database import Limits, bytes_of
from carlang.engine import DuckDBEngine

WIDE = "SELECT repeat('x', 1000) AS text FROM range({rows})"


@pytest.mark.parametrize(
    ("memory", "share"), [("100MB", "75.0"), ("1 gb", "0.75"), ("50%", "37.5"), ("64MiB", "48.0"), ("0.4TB", "0.3")]
)
def test_the_engine_gets_its_share_in_the_same_unit(memory: str, share: str) -> None:
    engine = Limits(memory=memory, seconds=2).for_engine()
    assert engine.seconds == 2
    assert engine.memory is not None
    assert float(re.sub("[^0-9.]", "", engine.memory)) == float(share)


def test_without_a_limit_there_is_none_to_share() -> None:
    assert Limits().for_engine() == Limits()


@pytest.mark.parametrize(
    ("said", "size"),
    [("95.3 MiB", 99_929_292), ("1.0 GiB", 2**30), ("64MB", 64_000_000), ("2 gb", 2 * 10**9), ("5%", None)],
)
def test_an_amount_is_so_many_bytes(said: str, size: int | None) -> None:
    assert bytes_of(said) == size


def test_of_a_share_of_the_machine_the_engine_says_how_much_it_is(tmp_path: Path) -> None:
    engine = DuckDBEngine(tmp_path, Limits(memory="0.001%"))
    with pytest.raises(carlang.EngineError, match="64 MB are the least"):
        engine.query("SELECT 1 AS one")
    engine.close()


def test_less_than_a_query_takes_is_refused_with_the_least(tmp_path: Path) -> None:
    engine = DuckDBEngine(tmp_path, Limits(memory="60MB"))
    with pytest.raises(carlang.EngineError, match="64 MB are the least that a query takes"):
        engine.query("SELECT 1 AS one")
    engine.close()
    engine = DuckDBEngine(tmp_path, Limits(memory="64MB"))
    assert engine.query("SELECT 1 AS one").total == 1
    engine.close()


def test_rows_of_all_answers_count_together(tmp_path: Path) -> None:
    """A quarter of 100 MB is 25,000 rows of a kilobyte."""
    engine = DuckDBEngine(tmp_path, Limits(memory="100MB"))
    for _ in range(2):
        assert engine.query(WIDE.format(rows=10_000)).table.num_rows == 10_000
    with pytest.raises(carlang.EngineError, match=r"keep fewer rows with --limit \(the rows of a run may take 25 MB"):
        engine.query(WIDE.format(rows=10_000))
    # Those of an answer that was too large are let go.
    assert engine.query(WIDE.format(rows=1000)).table.num_rows == 1000
    assert engine.query(WIDE.format(rows=100_000), limit=10).total == 100_000
    engine.close()


def test_without_a_limit_rows_are_kept(tmp_path: Path) -> None:
    engine = DuckDBEngine(tmp_path, Limits())
    assert engine.query(WIDE.format(rows=40_000)).table.num_rows == 40_000
    engine.close()
