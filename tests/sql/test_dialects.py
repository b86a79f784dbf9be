"""A dialect has a lowering for each function, aggregate and operator, or refuses by name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import ClassVar

import pytest
import sqlglot
from sqlglot import exp

from carlang import CarlangError
from carlang.model import builtin_model
from carlang.model.functions import AGGREGATES, SCALARS
from carlang.program import compile_program
from carlang.resolve import given_values
from carlang.source import Source
from carlang.sql import Dialect, DuckDBDialect, UnsupportedError, lower
from carlang.sql.dialect import Operands
from carlang.sql.fragments import SQL
from tests.conftest import REPOSITORY
from tests.reference.chooser import seeded
from tests.reference.drawn_events import MODEL, events
from tests.reference.drawn_programs import program

NOW = datetime(2024, 1, 1, tzinfo=UTC)
GRAMMAR = (REPOSITORY / "grammar" / "car.lark").read_text(encoding="utf-8")


class SmallDialect(DuckDBDialect):
    """DuckDB's, without one of each."""

    name = "small"
    functions: ClassVar = {name: form for name, form in DuckDBDialect.functions.items() if name != "upper"}
    aggregates: ClassVar = {
        name: form for name, form in DuckDBDialect.aggregates.items() if name not in ("median", "top")
    }
    operators: ClassVar = {
        name: form for name, form in DuckDBDialect.operators.items() if name not in ("match", "%", ">=")
    }

    def in_block(self, address: SQL, low: int, high: int) -> SQL:
        return Dialect.in_block(self, address, low, high)


class RecordingDialect(DuckDBDialect):
    """DuckDB's; it remembers what it was asked for."""

    def __init__(self) -> None:
        self.asked: dict[str, set[str]] = {"function": set(), "aggregate": set(), "operator": set()}

    def function(self, name: str, operands: Operands) -> SQL:
        self.asked["function"].add(name)
        return super().function(name, operands)

    def aggregate(self, name: str, operands: Operands) -> SQL:
        self.asked["aggregate"].add(name)
        return super().aggregate(name, operands)

    def operator(self, name: str, operands: Operands) -> SQL:
        self.asked["operator"].add(name)
        return super().operator(name, operands)


def _queries(text: str, dialect: Dialect) -> list[exp.Query]:
    bound = compile_program(Source.whole("case.car", text), builtin_model()).require()
    return [lower(output, dialect, NOW, {}) for output in bound.outputs]


def _filtered(condition: str, dialect: Dialect) -> list[exp.Query]:
    return _queries(f"p = search Process:Create\nq = filter p where ({condition})\noutput q", dialect)


# ---- one registry, one table -----------------------------------------------------------------------------------------


def test_every_function_of_the_language_has_a_lowering_and_every_lowering_a_function() -> None:
    assert set(DuckDBDialect.functions) == {name for name, function in SCALARS.items() if not function.expands}


def test_every_aggregate_of_the_language_has_a_lowering_and_every_lowering_an_aggregate() -> None:
    assert set(DuckDBDialect.aggregates) == set(AGGREGATES)


def _operators_of_the_grammar() -> Iterator[str]:
    """Yield a condition for each operator that the grammar has."""
    for terminal in ("COMPARE.2", "PLUS", "MINUS", "STAR", "SLASH", "PERCENT"):
        (line,) = re.findall(rf"^{re.escape(terminal)}: (.*)$", GRAMMAR, re.MULTILINE)
        for operator in re.findall(r'"(.+?)"', line):
            yield f"pid {operator} ppid" if terminal == "COMPARE.2" else f"(pid {operator} ppid) == 1"
    (words,) = re.findall(r"^TEXT_TEST\.2: /\(\?ai:\((.*)\)\)\\b/$", GRAMMAR, re.MULTILINE)
    for word in words.replace(r"\s+", " ").split("|"):
        yield f'command_line {word} "a"'
    yield "pid in [1, 2]"


def test_every_operator_of_the_grammar_has_a_lowering_and_every_lowering_an_operator() -> None:
    dialect = RecordingDialect()
    conditions = list(_operators_of_the_grammar())
    for condition in conditions:
        assert _filtered(condition, dialect)
    assert len(conditions) > 15
    assert dialect.asked["operator"] == set(DuckDBDialect.operators)


def test_the_standard_holds_no_name_that_duckdb_does_not() -> None:
    for table in ("functions", "aggregates", "operators"):
        standard, duckdb = getattr(Dialect, table), getattr(DuckDBDialect, table)
        assert set(standard) < set(duckdb)


# ---- refusals --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("condition", "construct"),
    [
        ('upper(exe) == "A"', "function `upper`"),
        ('command_line match "a+"', "operator `match`"),
        ("pid % 2 == 1", "operator `%`"),
        ("pid >= ppid", "operator `>=`"),
        ("pid > median(p.ppid)", "aggregate `median`"),
        ('not (pid == 1 and (ppid == 2 or upper(exe) == "A"))', "function `upper`"),
    ],
)
def test_a_dialect_refuses_what_it_lacks_by_name(condition: str, construct: str) -> None:
    with pytest.raises(UnsupportedError) as caught:
        _filtered(condition, SmallDialect())
    assert (caught.value.construct, caught.value.dialect) == (construct, "small")
    assert str(caught.value) == f"the dialect small has no {construct}"
    assert isinstance(caught.value, CarlangError)


def test_a_ranking_is_refused_in_a_group_and_of_a_stream() -> None:
    group = "p = search Process:Create\ng = group p by hostname\nt = from g select hostname, top(exe, 3) as t\noutput t"
    whole = "p = search Process:Create\nq = filter p where (top(p.exe, 3) contains exe)\noutput q"
    for text in (group, whole):
        assert _queries(text, DuckDBDialect())
        with pytest.raises(UnsupportedError, match="aggregate `top`"):
            _queries(text, SmallDialect())


def test_a_construct_without_a_name_in_a_table_is_refused_too() -> None:
    text = 'p = search Flow:Start\nq = filter p where cidr_match(dest_ip, "10.0.0.0/8")\noutput q'
    with pytest.raises(UnsupportedError, match="the dialect small has no blocks of IP addresses"):
        _queries(text, SmallDialect())


def test_a_small_dialect_lowers_what_it_has_as_duckdb_does() -> None:
    condition = 'lower(exe) == "a" and pid < ppid and command_line contains "x"'
    small, duckdb = (_filtered(condition, dialect) for dialect in (SmallDialect(), DuckDBDialect()))
    assert small == duckdb


STANDARD_CALLS = {"min", "max", "sum", "row_number", "lag"}
"""The functions by name that lowerings use of any engine; SQL:2003 has all of them."""


def test_nothing_of_an_engine_is_in_what_the_standard_lowers() -> None:
    lowered = refused = 0
    for seed in range(12):
        choose = seeded(seed)
        drawn = tuple(events(choose))
        for _ in range(20):
            text, params = program(choose, drawn)
            compiled = compile_program(Source.whole("case.car", text), MODEL)
            if not compiled.valid:
                continue
            bound = compiled.require()
            for output in bound.outputs:
                try:
                    query = lower(output, Dialect(), NOW, given_values(bound.inputs, params))
                except UnsupportedError:
                    refused += 1
                    continue
                lowered += 1
                assert {call.name for call in query.find_all(exp.Anonymous)} <= STANDARD_CALLS, text
                assert not list(query.find_all(exp.TryCast, exp.Lambda, exp.StartsWith, exp.EndsWith, exp.Contains))
    assert lowered > 20
    assert refused > 20


def test_a_pattern_is_standard_like_with_an_escape_that_the_pattern_does_not_hold() -> None:
    (query,) = _filtered(r'command_line == "a*b_c%d\e"', Dialect())
    (like,) = query.find_all(exp.Like)
    assert like.expression.this == r"a%b~_c~%d\e"
    assert isinstance(like.parent, exp.Escape)
    assert like.parent.expression.this == "~"


def test_what_sqlglot_cannot_write_is_refused_and_not_guessed() -> None:
    query = sqlglot.parse_one("SELECT COMPRESS('a', 'SNAPPY')", dialect="snowflake")
    with pytest.raises(UnsupportedError, match=r"the dialect duckdb has no form: .*COMPRESS"):
        DuckDBDialect().text(query)
