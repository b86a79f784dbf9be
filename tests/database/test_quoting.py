"""What is quoted is one name or one text to DuckDB, whatever it holds."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from carlang.database import open_memory, quoted, text_literal

# DuckDB takes no NUL in a statement, and no half of a surrogate pair.
_TEXT = st.text(alphabet=st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=30)
_HOSTILE = ["", "'", "''", "\\'", "'; DROP TABLE t; --", '"', '""', 'a"b', "a\nb", "$$", "E'\\x41'", "/* */", "\u2019"]


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with open_memory() as opened:
        yield opened


def _text_as_read(connection: duckdb.DuckDBPyConnection, text: str) -> object:
    (row,) = connection.execute(f"SELECT {text_literal(text)}").fetchall()
    return row[0]


@pytest.mark.parametrize("text", _HOSTILE)
def test_a_hostile_text_is_that_text(connection: duckdb.DuckDBPyConnection, text: str) -> None:
    assert _text_as_read(connection, text) == text


@given(text=_TEXT)
def test_any_text_is_that_text(connection: duckdb.DuckDBPyConnection, text: str) -> None:
    assert _text_as_read(connection, text) == text


@pytest.mark.parametrize("name", [name for name in _HOSTILE if name])  # no column has an empty name
def test_a_hostile_name_is_that_name(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    result = connection.execute(f"SELECT 1 AS {quoted(name)}")
    assert [column[0] for column in result.description] == [name]


@given(name=_TEXT.filter(bool))
def test_any_name_is_that_name(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    result = connection.execute(f"SELECT 1 AS {quoted(name)}")
    assert [column[0] for column in result.description] == [name]
