"""Bound program to SQL: sqlglot trees, one dialect's text at the end."""

from carlang.sql.lower import SCHEMA, column_type, lower
from carlang.sql.render import DIALECTS, UnsupportedError, sql_text
from carlang.sql.tables import INCOMING, EventFiles, Window, lower_incoming, lower_schema, lower_table

__all__ = [
    "DIALECTS",
    "INCOMING",
    "SCHEMA",
    "EventFiles",
    "UnsupportedError",
    "Window",
    "column_type",
    "lower",
    "lower_incoming",
    "lower_schema",
    "lower_table",
    "sql_text",
]
