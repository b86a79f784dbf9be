"""Small pieces of SQL that only DuckDB has."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from carlang.sql.fragments import SQL, call, number


def try_cast(value: SQL, to: str) -> SQL:
    """Return a value as another type, missing where it does not fit."""
    return exp.TryCast(this=value, to=exp.DataType.build(to, dialect="duckdb"))


def let(word: str, value: SQL, body: Callable[[SQL], SQL]) -> SQL:
    """Return `body` of a value that is computed once, under a name of its own, however often the body needs it.

    SQL has no `let` inside an expression; a lambda over a list of the one value is one.
    """
    inner = exp.Lambda(this=body(exp.Column(this=exp.to_identifier(word))), expressions=[exp.to_identifier(word)])
    one = exp.Transform(this=exp.Array(expressions=[value]), expression=inner)
    return call("list_extract", one, number(1))


def joined(*texts: SQL) -> SQL:
    """Join texts; missing where one of them is, as `||` has it."""
    result: SQL = texts[0]
    for piece in texts[1:]:
        result = exp.DPipe(this=result, expression=piece)
    return exp.Paren(this=result)
