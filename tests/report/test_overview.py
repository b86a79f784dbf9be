"""The lines of a hunt: what is named first of an incident, and how often, with and without room."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest

from carlang.levels import Level
from carlang.report import write_overview
from carlang.report.incident_table import told
from carlang.results import Failed, Hit, Incident, Occurrence, Term, Triage, Weight
from tests.report.runs import diagnostic, events, result, run

DUMP = {"exe": "procdump.exe", "image_path": r"C:\t\procdump.exe", "target_name": r"C:\lsass.exe", "user": "ann"}


def hit(title: str, points: float, techniques: tuple[str, ...], values: dict[str, str], count: int = 1) -> Hit:
    weight = Weight((Term("level", points, "level"),))
    occurrences = tuple(Occurrence(number, number, ("pc1",), "ann", None, 0, ()) for number in range(count))
    return Hit("A-1", "hits", title, Level.HIGH, techniques, (), (), values, weight, occurrences)


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"command_line": "cmd", "parent_exe": "winlogon.exe", "exe": "cmd.exe"}, "winlogon.exe → cmd"),
        ({"command_line": " at 13:20 cmd"}, " at 13:20 cmd"),
        (DUMP, r"exe procdump.exe, target_name C:\lsass.exe"),
        (
            {"image_path": r"C:\x.exe", "file_name": "l.dmp", "file_path": r"C:\l.dmp"},
            r"image_path C:\x.exe, file_path C:\l.dmp",
        ),
        ({"user": "ann"}, ""),
    ],
)
def test_what_happened_is_told_in_few_words_and_none_of_them_twice(values: dict[str, str], text: str) -> None:
    assert told(hit("a", 1, (), values)) == text


@pytest.mark.parametrize(
    ("width", "line"),
    [(120, "Shadow Copy Deletion of Volumes x2 +41 hits"), (80, "Shadow Copy De… x2 +41 hits")],
)
def test_what_leads_an_incident_is_named_first_with_how_often_and_what_is_beside_it(width: int, line: str) -> None:
    early = hit("Shell", 5, ("T1059.003", "T1204"), {}, 41)
    values = {"command_line": "vssadmin delete", "parent_exe": "cmd.exe"}
    leading = hit("Shadow Copy Deletion of Volumes", 90, ("T1490",), values, 2)
    triage = Triage((Incident("1", (early, leading), 1),), {0: 90.0})
    stream = io.StringIO()
    write_overview(run(result(events()), triage=triage), stream, width=width)
    _, _, first, second = stream.getvalue().splitlines()
    assert first.startswith("  90.0 high      1970-01-01 00:00  pc1")
    assert first.endswith(line)
    assert second.strip().startswith("T1490 +2  cmd.exe → vssadmin delete")
    assert max(map(len, stream.getvalue().splitlines())) <= width


@pytest.mark.parametrize("width", [60, 120])
def test_the_longest_level_keeps_its_distance_from_the_time_and_the_others_stand_below_it(width: int) -> None:
    ordinary = replace(hit("Logon", -4, ("T1021",), {}), level=Level.INFORMATIONAL)
    triage = Triage((Incident("1", (hit("Shell", 5, (), {}),), 1), Incident("2", (ordinary,), 1)), {0: 5.0})
    stream = io.StringIO()
    write_overview(run(result(events()), triage=triage), stream, width=width)
    _, head, high, _, informational, _ = stream.getvalue().splitlines()
    assert informational.startswith("  -4.0 informational 1970-01-01 00:00  pc1")
    assert head.index("first") == high.index("1970") == informational.index("1970")
    assert max(map(len, stream.getvalue().splitlines())) <= width


@pytest.mark.parametrize(
    ("width", "line"),
    [
        (90, "Failed: 4 analytics, CL201 (3): Renamed file, Old log, A query that is slow, 1 more"),
        (64, "Failed: 4 analytics, CL201 (3): Renamed file, Old log, 2 more"),
        (50, "Failed: 4 analytics, CL201 (3): Renamed file, 3 m…"),
    ],
)
def test_what_failed_is_named_by_its_codes_and_titles(width: int, line: str) -> None:
    titles = ("Renamed file", "Old log", "A query that is slow", "Another log of a title that is long")
    failed = [Failed(f"{n}-aaaa", title, (diagnostic(),)) for n, title in enumerate(titles)]
    failed[2] = Failed("2-aaaa", titles[2], error="out of time after 60 s")
    stream = io.StringIO()
    write_overview(run(result(events()), failed=tuple(failed)), stream, width=width)
    assert stream.getvalue().splitlines()[0] == line
