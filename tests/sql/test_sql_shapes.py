"""SQL: one query an output, every name quoted, every literal a literal."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import sqlglot
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlglot import exp

import carlang
from carlang.sql import DuckDBDialect
from carlang.sql.fragments import DIGITS, all_of, any_of, column, complement, instant, number
from carlang.syntax.literal import string_literal

NOW = datetime(2024, 1, 1, tzinfo=UTC)
PROGRAM = """
from = search Process:Create or File:Create
from.x = lower(exe)
table = filter from where exe == "a'b" and pid > -1 or not (x contains "%")
order = filter table where time > now - 1 hour
output order, table
"""


def _sql(text: str) -> dict[str, str]:
    return carlang.load_text(text).sql(now=NOW)


def test_each_output_is_one_query_that_parses_back() -> None:
    found = _sql(PROGRAM)
    assert list(found) == ["order", "table"]
    for text in found.values():
        (statement,) = sqlglot.parse(text, dialect="duckdb")
        assert isinstance(statement, exp.Query)


def test_every_identifier_is_quoted() -> None:
    for text in _sql(PROGRAM).values():
        names = list(sqlglot.parse_one(text, dialect="duckdb").find_all(exp.Identifier))
        assert names
        assert all(name.quoted for name in names)


def test_a_stream_that_several_use_is_one_table_expression() -> None:
    (text,) = _sql(
        "p = search Process:Create\nq = filter p where pid == 1\nr = filter q where pid == 2\noutput r"
    ).values()
    assert [cte.alias for cte in sqlglot.parse_one(text, dialect="duckdb").find_all(exp.CTE)] == ["p", "q", "r"]


@pytest.mark.parametrize(
    ("on", "looked_up"),
    [
        ("f.file_path == s.image_path", ["f.file_path"]),
        ("f.hostname == s.hostname and f.time < s.time and s.image_path == f.file_path", ["f.hostname", "f.file_path"]),
        ("lower(f.file_path) == concat(s.image_path, s.exe)", ["f.file_path"]),
        ("f.hostname == s.hostname and f.pid == s.pid", []),  # nearly all rows have some partner
        ("f.file_path == s.image_path or f.pid == s.pid", []),
        ("f.file_path == concat(s.image_path, f.file_name)", []),
        ("f.image_path == p.image_path and p.guid == s.guid", ["p.guid"]),
    ],
)
def test_of_a_search_only_what_has_a_partner_in_a_filtered_part_is_joined(on: str, looked_up: list[str]) -> None:
    text = 'p = search Process\ns = filter p where parent_exe == "services.exe"\nf = search File\n'
    (sql,) = _sql(f"{text}joined = join (f, s{', p' * ('p.' in on)}) where ({on})\noutput joined").values()
    tests = [test for test in sqlglot.parse_one(sql, dialect="duckdb").find_all(exp.In) if test.args.get("query")]
    assert [column.name for test in tests for column in test.this.find_all(exp.Column)] == looked_up
    assert ("AS NOT MATERIALIZED" in sql) is bool(looked_up)


def test_shadowed_names_have_expressions_of_their_own() -> None:
    lines = "p = search Process:Create\np = filter p where pid == 1\nP = filter p where pid == 2\n"
    lines += "p_2 = filter P where pid == 3\noutput p_2"
    (text,) = _sql(lines).values()
    names = [cte.alias.casefold() for cte in sqlglot.parse_one(text, dialect="duckdb").find_all(exp.CTE)]
    assert len(names) == len(set(names)) == 4


def test_the_same_program_gives_the_same_text() -> None:
    assert _sql(PROGRAM) == _sql(PROGRAM)


def test_now_is_a_literal() -> None:
    assert "2024-01-01 00:00:00.000000+00:00" in _sql(PROGRAM)["order"]


def test_an_unknown_dialect_is_refused() -> None:
    for name in ("oracle", "spark", "DuckDB", ""):
        with pytest.raises(ValueError, match=f"no dialect '{name}'; choose one of duckdb"):
            carlang.load_text(PROGRAM).sql(name)


_STRING = st.text(alphabet=st.characters(blacklist_categories=["Cs"], blacklist_characters="\n\r\0*"), max_size=12)


@given(st.lists(_STRING, min_size=1, max_size=4))
@settings(max_examples=50, deadline=None)
def test_a_string_of_a_program_is_that_string_in_sql(texts: list[str]) -> None:
    items = ", ".join(string_literal(text) for text in texts)
    (sql,) = _sql(f"p = search Process:Create\np.x = concat({items}, exe)\noutput p").values()
    literals = [node.this for node in sqlglot.parse_one(sql, dialect="duckdb").find_all(exp.Literal) if node.is_string]
    meant = [text.replace("{{pipe}}", "|") for text in texts]
    of_the_query = {"create", DIGITS}
    assert sorted(t for t in literals if t not in of_the_query) == sorted(t for t in meant if t not in of_the_query)


def test_many_conditions_nest_no_deeper_than_their_logarithm() -> None:
    for join in (all_of, any_of):
        tree = join([exp.EQ(this=column("a"), expression=number(i)) for i in range(4096)])
        depth = max(node.depth for node in tree.find_all(exp.EQ))
        assert depth < 40


def test_no_condition_is_true_and_no_alternative_is_false() -> None:
    assert DuckDBDialect().text(all_of([])) == "TRUE"
    assert DuckDBDialect().text(any_of([])) == "FALSE"
    assert (
        DuckDBDialect().text(complement(exp.null())).upper().replace("\n", "").replace(" ", "")
        == "(NULL)ISDISTINCTFROMTRUE"
    )


def test_a_negative_number_is_a_negation_and_a_time_has_six_digits() -> None:
    assert DuckDBDialect().text(number(-5)) == "-5"
    assert "'0001-01-01 00:00:00.000000+00:00'" in DuckDBDialect().text(instant(datetime(1, 1, 1, tzinfo=UTC)))
    assert "'2020-01-01 00:00:00.000007+00:00'" in DuckDBDialect().text(
        instant(datetime(2020, 1, 1, 0, 0, 0, 7, tzinfo=UTC))
    )
