"""A second count of what analytics find, from the raw records and by hand, comes to the same."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.catalogue.generator import recorded_hits
from tests.catalogue.independent_hits import Found, count
from tests.catalogue.independent_records import recordings


@pytest.fixture(scope="module")
def counted(real_logs: Path) -> Found:
    return count(recordings(real_logs))


def _recorded(analytic: str, output: str) -> Counter[str]:
    return Counter(recorded_hits()["hits"][analytic][output])


def test_both_counts_agree_in_every_recording(counted: Found) -> None:
    differences = [
        f"{analytic} {output}, {recording}: {recorded[recording]} rows in the documentation, {rows[recording]} counted"
        for (analytic, output), rows in counted.items()
        for recorded in [_recorded(analytic, output)]
        for recording in sorted(rows.keys() | recorded.keys())
        if rows[recording] != recorded[recording]
    ]
    assert differences == []


def test_the_count_covers_half_of_the_analytics_with_hits(counted: Found) -> None:
    confirmed = {analytic for (analytic, _), rows in counted.items() if rows.total()}
    found = {analytic for analytic, outputs in recorded_hits()["hits"].items() if any(outputs.values())}
    assert confirmed <= found
    assert len(confirmed) >= 50
    assert len(confirmed) > len(found) / 2


def test_every_recording_in_the_documentation_is_there(real_logs: Path) -> None:
    names = [path.name for path in recordings(real_logs)]
    assert len(names) == len(set(names)) == 219
    told = {r for outputs in recorded_hits()["hits"].values() for found in outputs.values() for r in found}
    assert told - set(names) == {"all recordings together"}
