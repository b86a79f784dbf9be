"""The JSON Schemas of what a run writes, which ship with the package."""

from __future__ import annotations

from importlib import resources

SCHEMAS = {
    "run": "run --format json",
    "ndjson": "run --format ndjson, a line of it",
    "hit": "run --show N --format json",
}
"""By name, of what."""


def schema_text(name: str) -> str:
    """Return the schema of a name in `SCHEMAS` as JSON text."""
    return (resources.files("carlang.report") / "schema" / f"{name}.json").read_text(encoding="utf-8")
