"""The pages of the catalogue are what the analytics, and what they find, say."""

from __future__ import annotations

import re

from carlang.importers.attack import techniques
from tests.catalogue.generator import DOCS, generator, recorded_hits
from tests.conftest import REPOSITORY

STALE = "run `python docs/generate_catalogue.py`"


def _page() -> str:
    return (DOCS / "catalogue.md").read_text(encoding="utf-8")


def _section(id_: str) -> str:
    return _page().split(f"\n## {id_}: ")[1].split("\n## ")[0]


def test_the_page_is_current() -> None:
    made = generator()["page"](generator()["catalogue"](), recorded_hits())
    assert _page() == made, STALE


def test_the_overview_beside_the_analytics_is_current() -> None:
    made = generator()["overview"](generator()["catalogue"]())
    assert (REPOSITORY / "analytics" / "README.md").read_text(encoding="utf-8") == made, STALE


def test_the_hits_are_those_of_the_catalogues_outputs() -> None:
    hits = recorded_hits()
    found = {id_: set(outputs) for id_, outputs in hits["hits"].items()}
    not_run = {id_: set(outputs) for id_, outputs in hits["not_run"].items()}
    for analytic in generator()["catalogue"]():
        missing = not_run.get(analytic.id, set())
        told = found.get(analytic.id, set()) | missing
        assert told == ({"*"} if "*" in missing else {o.name for o in analytic.outputs()}), analytic.id
    assert found.keys() | not_run.keys() == {a.id for a in generator()["catalogue"]()}


def test_a_section_says_what_is_covered_needed_supplied_and_found() -> None:
    section = _section("CAR-2013-05-004")
    assert "T1053.002 Scheduled Task/Job: At" in section
    assert "- platforms: Windows\n" in section
    assert re.search(r"\| `process/create`: `exe` \| .*sysmon 1; .*windows_security 4688 \|\n", section)
    assert "| `at` | PanacheSysmon_vs_AtomicRedTeam01.evtx | 1 |\n" in section


def test_a_section_names_the_fields_that_a_sensor_does_not_carry() -> None:
    assert "(no `data`, `value`)" in _section("CAR-2013-01-002").split("`registry/key_edit`")[1].split("\n")[0]


def test_inputs_stand_as_they_are_declared() -> None:
    assert "- inputs: `past = 30 days`\n" in _section("CAR-2019-04-002")
    assert "`target_host`, `event_time: time`" in _section("CAR-2015-07-001")


def test_what_could_not_run_says_why() -> None:
    assert "not run: `target_host` needs a value" in _section("CAR-2015-07-001")


def test_long_lists_are_cut_and_still_add_up() -> None:
    rows = re.findall(r"^\| .*\| .* \| ([\d,]+) \|$", _section("CAR-2013-02-003"), re.MULTILINE)
    recorded = recorded_hits()["hits"]["CAR-2013-02-003"]["cmd"]
    assert len(rows) == 6 < len(recorded)
    assert sum(int(row.replace(",", "")) for row in rows) == sum(recorded.values())


def test_every_recording_with_hits_is_listed() -> None:
    table = _page().split("\n## Recordings\n")[1]
    listed = set(re.findall(r"^\| (\S.*?) \| CAR-", table, re.MULTILINE))
    named = {r for outputs in recorded_hits()["hits"].values() for found in outputs.values() for r in found}
    assert listed == named - {"all recordings together"}


def test_the_overview_lists_every_analytic_with_its_file() -> None:
    text = (REPOSITORY / "analytics" / "README.md").read_text(encoding="utf-8")
    linked = re.findall(r"^\| \[(\S+)\]\((\S+)\) \|", text, re.MULTILINE)
    assert [f"{id_}.car" for id_, _ in linked] == [file for _, file in linked]
    assert {file for _, file in linked} == {p.name for p in (REPOSITORY / "analytics").glob("*.car")}


def test_a_sub_technique_is_named_behind_its_technique() -> None:
    name = generator()["technique_name"]
    assert name("T1053.002") == "Scheduled Task/Job: At"
    assert name("T1112") == techniques()["T1112"].name
