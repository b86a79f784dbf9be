"""Bound program to SQL: sqlglot trees, in what one dialect has, and its text at the end.

`lowering` walks streams and expressions; what is alike in every engine that follows the standard is built there, in
`groups` and in `sequences` (with `stages`, `waits` and `runs`), and what makes occurrences of tied records in
`occurrences` and `ties`. Everything else is asked of a `Dialect`, which has a table from each function, aggregate and
operator to its lowering, and refuses a name that is not in it. `duckdb` is the one dialect whose engine runs here.
"""

from carlang.sql.dialect import Dialect, UnsupportedError
from carlang.sql.duckdb import DuckDBDialect
from carlang.sql.kept import LEAF, MARKED, lower_kept, lower_let_go, lower_marks, lower_shown, lower_unmarked
from carlang.sql.lowering import lower
from carlang.sql.occurrences import RECORD_IDS, shown_columns, tied_objects
from carlang.sql.tables import (
    INCOMING,
    SCHEMA,
    EventFiles,
    Window,
    lower_incoming,
    lower_nothing,
    lower_numbered,
    lower_schema,
    lower_table,
)
from carlang.sql.ties import (
    MARGIN,
    ROUNDS,
    lower_candidates,
    lower_crowd,
    lower_forgotten,
    lower_keyed,
    lower_left,
    lower_occurrences,
    lower_pairs,
    lower_records,
    lower_round,
)

DIALECTS = {dialect.name: dialect for dialect in (DuckDBDialect(),)}
"""The dialects by name: those that an engine of this version runs."""


def dialect_named(name: str) -> Dialect:
    """Return a dialect; raises `ValueError` that names those there are."""
    if name not in DIALECTS:
        raise ValueError(f"there is no dialect {name!r}; choose one of {', '.join(DIALECTS)}")
    return DIALECTS[name]


__all__ = [
    "DIALECTS",
    "INCOMING",
    "LEAF",
    "MARGIN",
    "MARKED",
    "RECORD_IDS",
    "ROUNDS",
    "SCHEMA",
    "Dialect",
    "DuckDBDialect",
    "EventFiles",
    "UnsupportedError",
    "Window",
    "dialect_named",
    "lower",
    "lower_candidates",
    "lower_crowd",
    "lower_forgotten",
    "lower_incoming",
    "lower_kept",
    "lower_keyed",
    "lower_left",
    "lower_let_go",
    "lower_marks",
    "lower_nothing",
    "lower_numbered",
    "lower_occurrences",
    "lower_pairs",
    "lower_records",
    "lower_round",
    "lower_schema",
    "lower_shown",
    "lower_table",
    "lower_unmarked",
    "shown_columns",
    "tied_objects",
]
