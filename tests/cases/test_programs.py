"""Every program of `../shared/cases/programs.yaml` is judged, repaired and run as its entry there says."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cases.shared_programs import Entry, entries, objections
from tests.conftest import SHARED

_ENTRIES = entries(SHARED / "cases")


@pytest.mark.parametrize("entry", _ENTRIES, ids=[f"{entry['kind']}-{entry['name']}" for entry in _ENTRIES])
def test_a_program_is_judged_as_its_entry_says(entry: Entry) -> None:
    assert not objections(entry)


def test_there_are_entries_each_of_a_name_of_its_own(shared_cases: Path) -> None:
    """Also where the folder is missing: without this, no test would tell."""
    names = [entry["name"] for entry in entries(shared_cases)]
    assert len(set(names)) == len(names) > 0
