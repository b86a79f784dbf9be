"""How a hunt is put beside another tool's: what a line of the other one is, and what of both is counted."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from bench.comparison import Way, comparison, zircolite_lines
from bench.measure import Cost
from bench.ranking import Line
from bench.ranking_sets import RecordingSet

RECORDINGS = RecordingSet("two", Path(), {"dump.evtx": frozenset({"T1003"}), "uac.evtx": frozenset({"T1548"})}, 0)
DETECTED = [
    {
        "tags": ["attack.credential-access", "attack.t1003.001", "car.2019-04-004"],
        "rule_level": "high",
        "matches": [{"OriginalLogfile": "dump.evtx.json"}, {"OriginalLogfile": "other.evtx.json"}, {}],
    },
    {"tags": [], "rule_level": "low", "matches": [{"OriginalLogfile": "uac.evtx.json"}]},
]


def test_a_rule_that_found_something_is_a_line_of_its_recordings_and_techniques() -> None:
    t1003 = frozenset({"T1003"})
    assert zircolite_lines(DETECTED, RECORDINGS) == [
        Line(t1003, frozenset({"dump.evtx"}), t1003, "high"),
        Line(frozenset(), frozenset({"uac.evtx"}), frozenset(), "low"),
    ]


def test_ways_stand_side_by_side() -> None:
    lines = zircolite_lines(DETECTED, RECORDINGS)
    cost = Cost(2.04, 3.0, 0, 0)
    way = Way("one", ["hunt"], 1200, "not said", cost, cost, 4, lines, "screen", "not said")
    table = comparison([way, way], RECORDINGS).splitlines()
    assert table[0] == "| | one | one |"
    assert "| rules | 1,200 | 1,200 |" in table
    assert "| CPU s, first run | 2.0 | 2.0 |" in table
    assert "| recordings with a line, of 2 | 2 | 2 |" in table
    assert "| recordings whose first line is right | 1 | 1 |" in table
    assert "| recordings told of by the first 10 lines | 2 | 2 |" in table
    longer = comparison([replace(way, lines=[Line(frozenset(), frozenset(), frozenset())] * 10 + lines)], RECORDINGS)
    assert "| recordings told of by the first 10 lines | 0 |" in longer
    assert "| recordings told of by the first 25 lines | 2 |" in longer
