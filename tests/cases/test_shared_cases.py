"""Every file of `../shared/cases` becomes what its entry there says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.cases.shared_cases import entries, ingested, objections
from tests.conftest import SHARED

_CASES = SHARED / "cases"

_ENTRIES = entries(_CASES)


@pytest.mark.parametrize("entry", _ENTRIES, ids=[f"{entry['kind']}-{entry['file']}" for entry in _ENTRIES])
def test_a_case_becomes_what_its_entry_says(entry: dict[str, Any], shared_cases: Path, tmp_path: Path) -> None:
    result = ingested(shared_cases / "files" / entry["file"], entry.get("options", []), tmp_path)
    assert objections(entry, result) == []


def test_each_file_has_an_entry(shared_cases: Path) -> None:
    """Also where the folder is missing: without this, no test would tell."""
    assert {entry["file"] for entry in _ENTRIES} == {path.name for path in (shared_cases / "files").iterdir()}
