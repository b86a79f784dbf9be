"""Rules that go out mean what the programs mean: read again, and as queries of raw records, they find the same."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path
from typing import Any

import pytest

import carlang
from carlang.diagnostics import has_errors
from carlang.store import Store, open_store
from tests.ingesting import sysmon_create, write_lines
from tests.sigma.test_sigma_meaning import CASES
from tests.sigma.test_sigma_meaning import store as rule_store  # noqa: F401  # a fixture

# By number: the members in which starts differ. A member that is None is not in the record.
STARTS: dict[int, dict[str, Any]] = {
    1: {"Image": "C:\\Windows\\System32\\at.exe", "CommandLine": "at 10:00 calc.exe", "User": "A\\adam"},
    2: {"Image": "AT.EXE", "CommandLine": "AT", "User": "-"},
    3: {"Image": "C:/tools/At.exe", "CommandLine": "-", "User": ""},
    4: {"Image": "C:\\at.exe\\cat.exe", "CommandLine": "a*b", "User": None},
    5: {"Image": "System", "CommandLine": None, "ParentImage": "?"},
    6: {"Image": "C:\\tomcat\\x.exe", "CommandLine": "a\\*b", "ParentImage": "C:\\a\\tomcat9.exe"},
    7: {"Image": "C:\\a\\tomcat.exe", "CommandLine": "a\\b", "ParentImage": "-"},
    8: {"Image": "C:\\x.y\\", "CommandLine": "two\nlines", "ParentImage": None},
    9: {"Image": "?", "CommandLine": "\\\\server\\share", "IntegrityLevel": "S-1-16-12288"},
    10: {"Image": "C:\\a.exe", "CommandLine": "C:\\a.exe", "IntegrityLevel": "High", "ParentImage": "C:\\a.exe"},
    11: {"Image": "C:\\at?exe", "CommandLine": "50% a_b", "IntegrityLevel": "Low"},
}
PROGRAMS = [
    'exe == "at.exe"',
    'not exe == "at.exe"',
    'exe == "system"',
    'exe contains ""',
    'exe in ["", "at.exe"]',
    'not exe startswith ""',
    'exe in ["at.exe", "cat.exe"]',
    'exe == "tomcat*.exe"',
    'exe contains "at"',
    'exe startswith "at"',
    'exe endswith "cat.exe"',
    'exe == "*"',
    "exe exists",
    "not exe exists",
    'parent_exe == "tomcat*" or parent_exe not exists',
    'parent_exe != "tomcat9.exe"',
    "parent_image_path exists",
    'parent_image_path == "*"',
    'parent_image_path != "C:\\a*"',
    'image_path == "C:\\at.exe\\*"',
    'image_path match "^.$"',
    'command_line == "a*b"',
    'command_line match "a\\*b"',
    'command_line contains "\\*"',
    'command_line == "at"',
    'command_line match "(?-i)^AT$"',
    'command_line match "-"',
    'command_line contains "-"',
    'command_line match "^"',
    'command_line contains "50% a_b"',
    'command_line match "two.lines"',
    'command_line match "(?s)two.lines"',
    'command_line startswith "\\\\\\\\server"',
    "command_line not exists",
    'not (command_line contains "a" or user == "a*")',
    'user != "a\\adam"',
    "user exists",
    "command_line == image_path",
    "command_line contains image_path",
    "image_path == parent_image_path",
    'integrity_level == "high" and pid > 9',
    'integrity_level != "high"',
    "pid == 3 or pid in [4, 5]",
    "pid <= 3 and not pid == 2",
    'to_string(pid) startswith "1"',
    '(exe == "at.exe" or user == "a*") and (command_line contains "a" or not user exists)',
]
PROGRAM = "events = search Process:Create\nhits = filter events where ({})\noutput hits\n"


@pytest.fixture(scope="module")
def starts(tmp_path_factory: pytest.TempPathFactory) -> tuple[Store, sqlite3.Connection]:
    """The starts as events, and as a table of the records' own members."""
    folder = tmp_path_factory.mktemp("starts")
    records = [sysmon_create(number, **{"ProcessId": number, **members}) for number, members in STARTS.items()]
    data = [record["Event"]["EventData"] for record in records]
    for members in data:
        for member in [name for name, value in members.items() if value is None]:
            del members[member]
    table = sqlite3.connect(":memory:")
    table.create_function("REGEXP", 2, lambda pattern, text: text is not None and bool(re.search(pattern, text)))
    columns = sorted({name for members in data for name in members} | {"IntegrityLevel", "ParentImage"})
    # Of a column of texts the backend's `>` would ask for the order of letters.
    declared = ", ".join(f"{column} {'INTEGER' if column == 'ProcessId' else 'TEXT'}" for column in columns)
    table.execute(f"CREATE TABLE logs ({declared})")
    places = ", ".join("?" * len(columns))
    rows = [[None if m.get(c) is None else str(m[c]) for c in columns] for m in data]
    table.executemany(f"INSERT INTO logs VALUES ({places})", rows)  # noqa: S608  # question marks alone
    carlang.ingest([write_lines(folder / "starts.ndjson", records)], folder / "store")
    return open_store(folder / "store"), table


@pytest.fixture(scope="module")
def hits(starts: tuple[Store, sqlite3.Connection]) -> dict[str, list[set[int]]]:
    """By condition what its program finds, what its rule finds that is read again, and what its query does."""
    store, table = starts
    programs = {text: carlang.load_text(PROGRAM.format(text), f"{n}.car") for n, text in enumerate(PROGRAMS)}
    rules = {}
    found: dict[str, list[set[int]]] = {}
    for number, (text, analytic) in enumerate(programs.items()):
        exported = analytic.export()
        assert exported.diagnostics == (), text
        rules[text] = carlang.load_text(exported.pieces[0].text, f"{number}.yml")
        assert [fault.message for fault in rules[text].check() if fault.severity.value == "error"] == [], text
    for analytics in (programs, rules):
        report = carlang.run_all(list(analytics.values()), store)
        by_id = {each.analytic: {int(row["pid"]) for row in each.output.rows()} for each in report.results}
        for text, analytic in analytics.items():
            found.setdefault(text, []).append(by_id[analytic.id])
    for text, analytic in programs.items():
        (piece,) = analytic.export("sqlite").pieces
        query = piece.value.replace("SELECT *", "SELECT ProcessId")
        found[text].append({int(number) for (number,) in table.execute(query)})
    return found


@pytest.mark.parametrize("condition", PROGRAMS)
def test_a_program_its_rule_and_its_query_find_the_same(hits: dict[str, list[set[int]]], condition: str) -> None:
    program, rule, query = hits[condition]
    assert program == query
    assert program == rule


def test_the_programs_tell_the_starts_apart(hits: dict[str, list[set[int]]]) -> None:
    assert sum(0 < len(found[0]) < len(STARTS) for found in hits.values()) > len(PROGRAMS) * 0.9


# Digits that may be anywhere in any of the hashes: here a test of each hash, which a rule has none for.
ANY_HASH = {"selection:\n    Hashes|contains: '0000BB22'", "selection:\n    Hashes|contains: 'bb'"}


def test_sigma_rules_that_go_out_again_find_what_they_found(request: pytest.FixtureRequest) -> None:
    cases = [case for case in CASES if case.detection not in ANY_HASH]
    rules = [carlang.load_text(case.rule, f"rule{number}.yml") for number, case in enumerate(cases)]
    again = [carlang.load_text(_exported(rule), "again.yml") for rule in rules]
    # What is the same program finds the same.
    pairs = zip(rules, again, cases, strict=True)
    changed = {each.id: case for rule, each, case in pairs if rule.program != each.program}
    assert len(changed) < len(cases) / 4
    report = carlang.run_all([each for each in again if each.id in changed], request.getfixturevalue("rule_store"))
    found = {each.analytic: {int(row["pid"]) for row in each.output.rows()} for each in report.results}
    assert found == {id_: case.hits for id_, case in changed.items()}


def _exported(rule: carlang.Analytic) -> str:
    exported = rule.export()
    assert exported.diagnostics == (), rule.program
    return exported.pieces[0].text


EVERY_RULE = 110
"""Of so many of SigmaHQ's rules one is asked: all of them would take a minute."""


def test_rules_of_sigmahq_that_go_out_again_mean_the_same(real_rules: Path) -> None:
    files = sorted((real_rules / "rules").rglob("*.yml"))[::EVERY_RULE]
    rules = [rule for file in files if not has_errors((rule := carlang.load(file)).check())]
    assert len(rules) > 10
    for rule in rules:
        again = carlang.load_text(_exported(rule), "again.yml")
        assert _lines(again.program) == _lines(rule.program), rule.file


def _lines(program: str) -> list[str]:
    """Return what a program asks, whatever the order of its conditions."""
    return sorted(line.strip("( )").removeprefix("and ").removeprefix("or ") for line in program.split("\n"))
