"""The catalogue: one loaded program a file."""
