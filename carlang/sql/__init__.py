"""Bound program to SQL: sqlglot trees, one dialect's text at the end."""

from carlang.sql.lower import SCHEMA, column_type, lower
from carlang.sql.render import DIALECTS, UnsupportedError, sql_text

__all__ = ["DIALECTS", "SCHEMA", "UnsupportedError", "column_type", "lower", "sql_text"]
