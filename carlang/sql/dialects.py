"""The dialects by name."""

from __future__ import annotations

from carlang.sql.dialect import Dialect
from carlang.sql.duckdb import DuckDBDialect

DIALECTS = {dialect.name: dialect for dialect in (DuckDBDialect(),)}
"""The dialects by name: those that an engine of this version runs."""


def dialect_named(name: str) -> Dialect:
    """Return a dialect; raises `ValueError` that names those there are."""
    if name not in DIALECTS:
        raise ValueError(f"there is no dialect {name!r}; choose one of {', '.join(DIALECTS)}")
    return DIALECTS[name]
