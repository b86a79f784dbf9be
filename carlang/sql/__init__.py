"""Bound program to SQL: sqlglot trees, in what one dialect has, and its text at the end.

`lowering` walks streams, and `expressions` expressions; what is alike in every engine that follows the standard is
built there, in `groups` and in `sequences` (with `stages`, `waits` and `runs`), and what makes occurrences of tied
records in `occurrences` and `ties`. Everything else is asked of a `Dialect`, which has a table from each function,
aggregate and operator to its lowering, and refuses a name that is not in it. `duckdb` is the one dialect whose engine
runs here.
"""

from typing import TYPE_CHECKING

from carlang.exports import hand_on

if TYPE_CHECKING:
    from carlang.sql.dialect import Dialect, UnsupportedError
    from carlang.sql.dialects import DIALECTS, dialect_named
    from carlang.sql.duckdb import DuckDBDialect
    from carlang.sql.kept import (
        lower_counts,
        lower_kept,
        lower_let_go,
        lower_marked,
        lower_marks,
        lower_marks_of,
        lower_partners,
        lower_shown,
        lower_unmarked,
    )
    from carlang.sql.lowering import lower
    from carlang.sql.occurrences import RECORD_IDS, shown_columns, tied_objects
    from carlang.sql.passages import (
        ALL,
        COST,
        GROUP,
        PASSED,
        ROWS,
        Asking,
        Joint,
        asked_stream,
        lower_examples,
        lower_met,
        lower_nearest,
        lower_passed,
        mask_names,
        passing_tests,
        value_name,
        verdict_name,
    )
    from carlang.sql.selections import (
        Conditions,
        Selection,
        Source,
        lower_all_masks,
        lower_conditions,
        lower_exact_ranks,
        lower_marked_occurrences,
        lower_masks,
        lower_no_pool,
        lower_pool,
        lower_ranks,
        lower_rows,
        selection_of,
    )
    from carlang.sql.shapes import (
        AT,
        COMBINATIONS,
        INCOMING,
        KEY,
        LEAF,
        MARGIN,
        MARKED,
        MASK,
        MOST_BITS,
        RANK,
        ROUNDS,
        SCHEMA,
        EventFiles,
        Window,
    )
    from carlang.sql.tables import lower_incoming, lower_nothing, lower_numbered, lower_schema, lower_table
    from carlang.sql.texts import late_dialect
    from carlang.sql.ties import (
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
else:
    __getattr__ = hand_on(
        __name__,
        {
            "sql.dialect": "Dialect UnsupportedError",
            "sql.dialects": "DIALECTS dialect_named()",
            "sql.duckdb": "DuckDBDialect",
            "sql.kept": (
                "lower_counts() lower_kept() lower_let_go() lower_marked() lower_marks() "
                "lower_marks_of() lower_partners() lower_shown() lower_unmarked()"
            ),
            "sql.lowering": "lower()",
            "sql.occurrences": "RECORD_IDS shown_columns tied_objects",
            "sql.passages": (
                "ALL COST GROUP PASSED ROWS Asking Joint asked_stream() lower_examples() lower_met() lower_nearest() "
                "lower_passed() mask_names() passing_tests() verdict_name() value_name()"
            ),
            "sql.selections": (
                "Conditions Selection Source lower_all_masks() lower_conditions() lower_exact_ranks() "
                "lower_marked_occurrences() lower_masks() lower_no_pool() lower_pool() lower_ranks() lower_rows() "
                "selection_of()"
            ),
            "sql.shapes": (
                "AT COMBINATIONS INCOMING KEY LEAF MARGIN MARKED MASK MOST_BITS RANK ROUNDS SCHEMA EventFiles Window"
            ),
            "sql.tables": "lower_incoming() lower_nothing() lower_numbered() lower_schema() lower_table()",
            "sql.texts": "late_dialect",
            "sql.ties": (
                "lower_candidates() lower_crowd() lower_forgotten() lower_keyed() lower_left() lower_occurrences() "
                "lower_pairs() lower_records() lower_round()"
            ),
        },
    )

__all__ = [
    "ALL",
    "AT",
    "COMBINATIONS",
    "COST",
    "DIALECTS",
    "GROUP",
    "INCOMING",
    "KEY",
    "LEAF",
    "MARGIN",
    "MARKED",
    "MASK",
    "MOST_BITS",
    "PASSED",
    "RANK",
    "RECORD_IDS",
    "ROUNDS",
    "ROWS",
    "SCHEMA",
    "Asking",
    "Conditions",
    "Dialect",
    "DuckDBDialect",
    "EventFiles",
    "Joint",
    "Selection",
    "Source",
    "UnsupportedError",
    "Window",
    "asked_stream",
    "dialect_named",
    "late_dialect",
    "lower",
    "lower_all_masks",
    "lower_candidates",
    "lower_conditions",
    "lower_counts",
    "lower_crowd",
    "lower_exact_ranks",
    "lower_examples",
    "lower_forgotten",
    "lower_incoming",
    "lower_kept",
    "lower_keyed",
    "lower_left",
    "lower_let_go",
    "lower_marked",
    "lower_marked_occurrences",
    "lower_marks",
    "lower_marks_of",
    "lower_masks",
    "lower_met",
    "lower_nearest",
    "lower_no_pool",
    "lower_nothing",
    "lower_numbered",
    "lower_occurrences",
    "lower_pairs",
    "lower_partners",
    "lower_passed",
    "lower_pool",
    "lower_ranks",
    "lower_records",
    "lower_round",
    "lower_rows",
    "lower_schema",
    "lower_shown",
    "lower_table",
    "lower_unmarked",
    "mask_names",
    "passing_tests",
    "selection_of",
    "shown_columns",
    "tied_objects",
    "value_name",
    "verdict_name",
]
