"""The texts of statements that are kept between runs are those that a dialect writes, and of the same data the same."""

from __future__ import annotations

import copy
from datetime import UTC, datetime

import pytest

from carlang.model import builtin_model
from carlang.program import compile_program
from carlang.resolve.bound import BoundOutput
from carlang.source import Source
from carlang.sql import EventFiles, Window, dialect_named, late_dialect, lower, lower_table, texts

NOW = datetime(2024, 5, 1, tzinfo=UTC)
COLUMNS = {"exe": "VARCHAR", "time": "TIMESTAMP WITH TIME ZONE"}
PLAIN = "search Process:Create | filter exe == 'at.exe' and time > '2020-01-01'"
TWICE = "p = search Process:Create\nother = p\nq = join (p, other) where p.pid == other.ppid\noutput q\n"


def output(text: str) -> BoundOutput:
    return compile_program(Source.whole("x", text), builtin_model()).require().outputs[0]


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> dict[bytes, str]:
    """Return what is kept, which is nothing at first."""
    kept: dict[bytes, str] = {}
    monkeypatch.setattr(texts.KEPT, "get", lambda sources: kept.get(sources[1]))
    monkeypatch.setattr(texts.KEPT, "put", lambda sources, text: kept.update({sources[1]: text}))
    return kept


@pytest.mark.parametrize("text", [PLAIN, TWICE])
def test_a_query_that_is_known_is_the_query(text: str, made: dict[bytes, str]) -> None:
    late, real = late_dialect("duckdb"), dialect_named("duckdb")
    query = late.query_of(output(text), NOW, {})
    assert query == real.text(lower(output(text), real, NOW, {}))
    assert list(made.values()) == [query]
    # Another run has a copy, in which other things are the same object.
    assert late.query_of(copy.deepcopy(output(text)), datetime(2025, 1, 1, tzinfo=UTC), {}) == query
    assert len(made) == 1


def test_other_data_are_another_text(made: dict[bytes, str]) -> None:
    late = late_dialect("duckdb")
    conditions = ("pid == 1", "pid == 2", "pid != 1", "pid == 1 or pid == 2", "exe == '1'", "exe == 'True'")
    outputs = [output(f"search Process:Create | filter {condition}") for condition in conditions]
    assert len({late.query_of(each, NOW, {}) for each in outputs}) == len(made) == len(conditions)
    process, files = builtin_model().objects["process"], [EventFiles("create", ["a.parquet"], COLUMNS)]
    tables = {late.text_of(lower_table, late, process, files, Window())}
    tables.add(late.text_of(lower_table, late, process, files, Window(), numbered_from=0))
    tables.add(late.text_of(lower_table, late, process, files, Window(NOW)))
    tables.add(late.text_of(lower_table, late, process, [*files, EventFiles("create", ["b"], {})], Window()))
    tables.add(late.text_of(lower_table, late, builtin_model().objects["file"], files, Window()))
    assert len(tables) == 5
    assert len(made) == len(conditions) + 5


def test_a_program_that_says_now_is_not_kept(made: dict[bytes, str]) -> None:
    late = late_dialect("duckdb")
    says_now = output("search Process:Create | filter time > now - 1 day")
    first, second = (late.query_of(says_now, moment, {}) for moment in (NOW, datetime(2025, 1, 1, tzinfo=UTC)))
    assert first != second
    assert not made
