"""SQL trees as text of a dialect."""

from __future__ import annotations

from sqlglot import exp
from sqlglot.errors import ErrorLevel, UnsupportedError

DIALECTS = ("duckdb",)
"""The dialects that text can be written in."""


def sql_text(query: exp.Expr, dialect: str = "duckdb", *, pretty: bool = True) -> str:
    """Return the text of a query or statement; raises `ValueError` for a dialect that is not among `DIALECTS`.

    Raises `UnsupportedError` where a construct has no form in the dialect.
    """
    if dialect not in DIALECTS:
        message = f"there is no dialect {dialect!r}; choose one of {', '.join(DIALECTS)}"
        raise ValueError(message)
    return query.sql(dialect=dialect, pretty=pretty, unsupported_level=ErrorLevel.RAISE)


__all__ = ["DIALECTS", "UnsupportedError", "sql_text"]
