"""A session asks little of an engine: run SQL in its dialect, give Arrow tables and the number of all rows."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

import carlang
from carlang.database import Limits
from carlang.engine import Answer, DuckDBEngine, Engine, MemorySession, QuerySession
from carlang.errors import EngineError
from carlang.model import builtin_model
from carlang.program import compile_program
from carlang.resolve.bound import BoundOutput
from carlang.source import Source
from carlang.sql import DuckDBDialect
from tests.engine.trees import NOW


def _outputs(text: str) -> tuple[BoundOutput, ...]:
    return compile_program(Source.whole("case.car", text), builtin_model()).require().outputs


@pytest.fixture
def engine() -> Iterator[DuckDBEngine]:
    opened = DuckDBEngine(None, Limits())
    yield opened
    opened.close()


@pytest.mark.parametrize(("limit", "kept"), [(None, 5), (0, 0), (1, 1), (4, 4), (5, 5), (6, 5)])
def test_a_limit_cuts_the_rows_and_not_their_number(engine: Engine, limit: int | None, kept: int) -> None:
    answer = engine.query("SELECT i FROM range(5) t(i) ORDER BY i", limit)
    assert (answer.table.column("i").to_pylist(), answer.total) == (list(range(kept)), 5)


def test_a_limit_that_lies_inside_a_batch_counts_every_batch(engine: Engine) -> None:
    answer = engine.query("SELECT i FROM range(1000000) t(i) ORDER BY i", 3)
    assert (answer.table.num_rows, answer.total) == (3, 1_000_000)


def test_a_query_without_rows_has_its_columns(engine: Engine) -> None:
    for limit in (None, 0, 10):
        answer = engine.query("SELECT 1 AS a WHERE false", limit)
        assert (answer.table.schema.names, answer.table.num_rows, answer.total) == (["a"], 0, 0)


def test_tables_of_a_statement_are_gone_after_it(engine: Engine) -> None:
    rows = pa.table({"a": [1, 2]})
    engine.execute("CREATE TABLE kept AS SELECT * FROM handed", {"handed": rows})
    assert engine.query("SELECT * FROM kept").total == 2
    with pytest.raises(EngineError, match="handed"):
        engine.query("SELECT * FROM handed")
    with pytest.raises(EngineError):
        engine.execute("CREATE TABLE nothing AS SELECT b FROM handed", {"handed": rows})
    with pytest.raises(EngineError, match="handed"):
        engine.query("SELECT * FROM handed")


def test_what_fails_is_an_engine_error_and_the_engine_goes_on(engine: Engine) -> None:
    for ask in (engine.query, engine.execute):
        with pytest.raises(EngineError, match="the query failed"):
            ask("SELECT nothing")
    assert engine.query("SELECT 1").total == 1


def test_the_limit_of_time_is_that_of_a_query() -> None:
    opened = DuckDBEngine(None, Limits(seconds=0.2))
    with pytest.raises(EngineError, match="longer than"):
        opened.query("SELECT count(*) FROM range(1000000000000) a, range(1000000) b")
    assert opened.query("SELECT 1").total == 1
    opened.close()


def test_a_closed_engine_leaves_no_folder_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    opened = DuckDBEngine(None, Limits())
    assert list(tmp_path.iterdir())
    opened.close()
    assert not list(tmp_path.iterdir())


class CannedEngine:
    """An engine of the tests' own: it remembers what it is asked and gives one answer."""

    def __init__(self, answer: Answer) -> None:
        self.dialect = DuckDBDialect()
        self.answer = answer
        self.statements: list[str] = []
        self.queries: list[tuple[str, int | None]] = []
        self.closed = False

    def execute(
        self, statement: str, tables: Mapping[str, pa.Table] | None = None, *, takes_time: bool = False
    ) -> None:
        assert not tables
        assert not takes_time
        self.statements.append(statement)

    def query(self, text: str, limit: int | None = None) -> Answer:
        self.queries.append((text, limit))
        return self.answer

    def query_without(self, text: str, exclusions: int, limit: int | None = None) -> Answer:
        raise AssertionError(f"{exclusions} are to take rows of {text} away, and leave {limit}")

    def read(
        self, text: str, take: Callable[[pa.RecordBatch], object], tables: Mapping[str, pa.Table] | None = None
    ) -> pa.Schema:
        raise AssertionError(f"{take} is to take the rows of {text}, with {tables}")

    def close(self) -> None:
        self.closed = True


class BareSession(QuerySession):
    """A session that makes no tables, and remembers which it was to make."""

    def _provide(self, name: str) -> None:
        self.provided = [*getattr(self, "provided", []), name]

    def _provide_numbered(self, name: str) -> None:
        raise AssertionError(f"no records of {name} are tied here")

    def _all_have_ids(self, name: str) -> bool:  # noqa: ARG002  # of none
        return True

    def _shared_classes(self) -> frozenset[tuple[str, str]]:
        return frozenset()


def test_a_session_gives_what_its_engine_answers_in_the_languages_types() -> None:
    text = "p = search Process:Create or File:Create\nf = count(p) by exe\nf.span = 2 seconds\noutput f"
    (output,) = _outputs(text)
    table = pa.table({"exe": ["a"], "count": [7], "first_time": [NOW], "last_time": [NOW], "span": [2_000_000]})
    table = table.select([column.name for column in output.stream.columns])
    engine = CannedEngine(Answer(table, 9))
    with BareSession(engine, builtin_model()) as session:
        result = session.run(output, NOW, limit=1)
        assert session.provided == ["file", "process"]
    assert (result.total, result.count) == (9, 1)
    assert result.rows()[0]["span"] == timedelta(seconds=2)
    assert engine.queries == [(carlang.load_text(text).sql(now=NOW)[output.name], 1)]
    assert engine.statements == ['CREATE SCHEMA IF NOT EXISTS "events"']
    assert engine.closed


def test_events_in_memory_are_exchanged_whole() -> None:
    fields = builtin_model().objects["process"].fields
    output = _outputs("p = search Process:Create\noutput p")[0]
    moment = datetime(2020, 1, 1, tzinfo=UTC)
    types = {"time": pa.timestamp("us", "UTC"), "pid": pa.int64()}
    row = {"object": "process", "action": "create", "time": moment, "exe": "a.exe"}
    schema = pa.schema([(name, types.get(name, pa.string())) for name in fields])
    rows = pa.Table.from_pylist([{name: row.get(name) for name in fields}], schema=schema)
    with MemorySession(builtin_model()) as session:
        assert session.run(output, NOW).total == 0
        session.load({"process": rows})
        assert [r["exe"] for r in session.run(output, NOW).rows()] == ["a.exe"]
        session.load({})
        assert session.run(output, NOW).total == 0
