"""The script that writes the catalogue's pages, as a namespace."""

from __future__ import annotations

import json
import runpy
from collections.abc import Mapping
from functools import cache
from typing import Any

from tests.conftest import REPOSITORY

DOCS = REPOSITORY / "docs"


@cache
def generator() -> Mapping[str, Any]:
    """Return the names of `docs/generate_catalogue.py`, which is a script and no module."""
    return runpy.run_path(str(DOCS / "generate_catalogue.py"))


def recorded_hits() -> dict[str, Any]:
    """Return what `docs/catalogue_hits.json` says that the catalogue finds."""
    hits: dict[str, Any] = json.loads((DOCS / "catalogue_hits.json").read_text(encoding="utf-8"))
    return hits
