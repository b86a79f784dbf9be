"""How the ranking is judged: what counts as the attack, and what is first."""

from __future__ import annotations

from pathlib import Path

from bench.ranking import Line, Verdict, judged, ranking_table
from bench.ranking_labels import LABELS, expected


def test_each_recording_has_a_label_and_each_label_a_recording(real_logs: Path) -> None:
    names = [file.name for file in (real_logs / "evtx").rglob("*.evtx")]
    assert [name for name in names if not expected(name)] == []
    assert [part for part, _ in LABELS if not any(part.casefold() in name.casefold() for name in names)] == []


def test_the_first_line_of_a_recording_is_judged_and_no_later_one() -> None:
    dump, uac = "sysmon_10_11_lsass_memdump.evtx", "Sysmon_UACME_45.evtx"
    t1003, t1548, other = frozenset({"T1003"}), frozenset({"T1548"}), frozenset({"T1059"})
    lines = [
        Line(other, frozenset({uac}), other | t1548),
        Line(other, frozenset(), other),
        Line(t1003, frozenset({dump}), t1003),
        Line(t1548, frozenset({uac}), t1548),
    ]
    assert judged(lines, [dump, uac, "Sysmon_UACME_41.evtx"]) == Verdict(right=1, within=2, found=2, named=2)
    assert judged(lines[::-1], [dump, uac]) == Verdict(right=2, within=2, found=2, named=2)
    table = ranking_table(lines, lines[::-1], [dump, uac])
    assert "| first line is the attack, of 2 in which some line is | 1 (50%) | 2 (100%) |" in table
