"""The memory that a run may take is the engine's and that of the rows it keeps, together."""

from __future__ import annotations

import gc
import re
from pathlib import Path

import pyarrow as pa
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


def test_rows_of_all_answers_are_held_together(tmp_path: Path) -> None:
    """Half of a quarter of 100 MB is 12,500 rows of a kilobyte; the others lie in a file until they are read."""
    engine = DuckDBEngine(tmp_path, Limits(memory="100MB"))
    gc.collect()
    before = pa.total_allocated_bytes()
    answers = [engine.query(WIDE.format(rows=10_000)) for _ in range(5)]
    assert pa.total_allocated_bytes() - before < 16_000_000
    for answer in answers:
        assert (answer.total, answer.rows.num_rows) == (10_000, 10_000)
        assert {len(text) for batch in answer.rows.to_batches() for text in batch["text"].to_pylist()} == {1000}
    assert engine.query(WIDE.format(rows=100_000), limit=10).total == 100_000
    engine.close()
    assert answers[-1].table.num_rows == 10_000  # they outlive the engine


def test_without_a_limit_rows_are_kept(tmp_path: Path) -> None:
    engine = DuckDBEngine(tmp_path, Limits())
    assert engine.query(WIDE.format(rows=40_000)).table.num_rows == 40_000
    engine.close()
