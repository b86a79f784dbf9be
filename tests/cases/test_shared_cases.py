"""Every file of `../shared/cases` becomes what its entry there says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.cases.shared_cases import entries, ingested, objections
from tests.conftest import SHARED

_CASES = SHARED / "cases"

NOT_YET = frozenset(
    {
        # control
        "ctrl.xml",
        "ctrl.csv",
        # damage
        "nul.json",
        "swallow.xml",
        "boundary.tar",
        # crash
        "fatal.parquet",
    }
)
"""Files that do not become what they should: strict, so that the list can only shrink."""

_ENTRIES = entries(_CASES)


def _parameter(entry: dict[str, Any]) -> Any:
    marks = [pytest.mark.xfail(strict=True, reason="not mapped yet")] if entry["file"] in NOT_YET else []
    return pytest.param(entry, id=f"{entry['kind']}-{entry['file']}", marks=marks)


@pytest.mark.parametrize("entry", [_parameter(entry) for entry in _ENTRIES])
def test_a_case_becomes_what_its_entry_says(entry: dict[str, Any], shared_cases: Path, tmp_path: Path) -> None:
    result = ingested(shared_cases / "files" / entry["file"], entry.get("options", []), tmp_path)
    assert objections(entry, result) == []


def test_each_file_has_an_entry(shared_cases: Path) -> None:
    """Also where the folder is missing: without this, no test would tell."""
    assert {entry["file"] for entry in _ENTRIES} == {path.name for path in (shared_cases / "files").iterdir()}
