"""DuckDB's dialect."""

from carlang.sql.duckdb.dialect import DuckDBDialect

__all__ = ["DuckDBDialect"]
