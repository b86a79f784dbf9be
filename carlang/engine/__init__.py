"""SQL and a store to Arrow tables, on a locked-down DuckDB connection."""
