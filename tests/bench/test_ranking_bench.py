"""How the ranking is judged: what counts as the attack, and what is first."""

from __future__ import annotations

from pathlib import Path

from bench.ranking import Line, Shown, Verdict, first_lines_table, judged, reading_table
from bench.ranking_labels import DATASETS, SAMPLES, labelled
from bench.ranking_sets import RecordingSet, attack_samples, security_datasets, sigma_regression

T1003, T1548, OTHER = frozenset({"T1003"}), frozenset({"T1548"}), frozenset({"T1059"})
DUMP, UAC, UNSEEN = "dump.evtx", "uac.zip", "unseen.evtx"
SET = RecordingSet("Made", Path(), {DUMP: T1003, UAC: T1548, UNSEEN: T1548}, 0)
LINES = (
    Line(OTHER, frozenset({UAC}), OTHER | T1548, "low"),
    Line(OTHER, frozenset(), OTHER, "low"),
    Line(T1003, frozenset({DUMP}), T1003, "critical"),
    Line(T1548, frozenset({UAC}), T1548, "high"),
)


def test_each_recording_has_a_label_and_each_label_a_recording(real_logs: Path) -> None:
    for recordings, labels in (
        (attack_samples(real_logs / "evtx", 0), SAMPLES),
        (security_datasets(real_logs / "otrf"), DATASETS),
    ):
        assert all(recordings.techniques.values())
        assert [one for one in labels if not any(labelled((one,), name) for name in recordings.techniques)] == []


def test_recordings_of_sigma_are_labelled_by_their_rules(real_logs: Path) -> None:
    recordings = sigma_regression(real_logs.parent / "sigma", 0)
    assert len(recordings.techniques) == 100
    assert recordings.techniques["0e8cfe08-02c9-4815-a2f8-0d157b7ed33e.evtx"]


def test_an_event_in_an_archive_is_of_the_recording_that_the_archive_is() -> None:
    assert SET.recording("/logs/uac.zip!inner/events.json") == UAC
    assert SET.recording("/logs/other.evtx") is None


def test_the_first_line_of_a_recording_is_judged_and_no_later_one() -> None:
    assert judged(LINES, SET, [DUMP, UAC, UNSEEN]) == Verdict(right=1, within=2, found=2, named=2)
    assert judged(LINES[::-1], SET, [DUMP, UAC]) == Verdict(right=2, within=2, found=2, named=2)
    table = first_lines_table([Shown(SET, LINES, LINES[::-1])])
    assert "| Made: 3 | 2 | 1 (50%) | 2 (100%) | 2 | 1 (50%) | 2 (100%) | 2 (100%) | 2 (100%) |" in table
    # The halves: every other one by name, and the others.
    assert "| · every other one by name | 1 | 1 (100%) | 1 (100%) |" in table
    assert "| · the others | 1 | 0 (0%) | 1 (100%) |" in table


def test_the_first_lines_are_counted_by_what_they_are_of() -> None:
    table = reading_table(Shown(SET, LINES, LINES[::-1]))
    assert "| 10 | 2 | 2 | 3 | 3 | 2 | 2 |" in table
    assert "1 critical, 1 high, 0 medium, 2 low" in table
