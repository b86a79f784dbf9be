"""Bursts, `together` and sequences as correlations: they find what the programs find, and what has none is refused."""

from __future__ import annotations

import json
import random
import re
import sqlite3
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest
import yaml

import carlang
from carlang.store import Store
from tests.sigma.conftest import drawn_table
from tests.sigma.correlated import CASES, Answers, correlation, events_of, hits_of, ingested

HEAD = """events = search Event:Log where (log_name == "Security")
events.Table = event_data.Table
events.who = event_data.User
events.value = event_data.Value
events.number = to_number(event_data.Value)
a = filter events where (event_data.Rules contains "a" and who exists and Table exists)
b = filter events where (event_data.Rules contains "b" and who exists and Table exists)
c = filter events where (event_data.Rules contains "c")
"""
PROGRAMS = [
    "group a by Table, who having (count() >= 2) within any 10 seconds",
    "group a by who, Table having (3 <= count) within any 10 seconds",
    "group a by Table, who having (count(distinct value) > 1) within any 10 seconds",
    "together (a, b) by Table, who within 10 seconds",
    "sequence (a, b) by Table, who within 10 seconds",
]
Found = Mapping[str, set[str]]
"""By table the users of which something is found."""


# Those of the borders, and some that are drawn, whose events are at whole seconds.
TABLES = {f"t{number}": events_of(table) for number, (_, table, _) in enumerate(CASES)}
TABLES |= {f"drawn{seed}": drawn_table(random.Random(seed)) for seed in range(20)}  # noqa: S311  # cases, not secrets


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return ingested(TABLES, tmp_path_factory.mktemp("tables"))


@pytest.fixture(scope="module")
def database() -> sqlite3.Connection:
    """The events of all tables by the records' own names."""
    connection = sqlite3.connect(":memory:")
    connection.execute('CREATE TABLE logs (timestamp TEXT, "Table" TEXT, Rules TEXT, User TEXT, Value TEXT)')
    start = datetime(2024, 3, 5, 12, tzinfo=UTC)
    for name, events in TABLES.items():
        times = [f"{start + timedelta(microseconds=event.time):%Y-%m-%dT%H:%M:%S.%f}" for event in events]
        rows = [(time, name, each.rules, each.user, each.value) for time, each in zip(times, events, strict=True)]
        connection.executemany("INSERT INTO logs VALUES (?, ?, ?, ?, ?)", rows)
    return connection


def program(correlated: str) -> carlang.Analytic:
    return carlang.load_text(f"{HEAD}hits = {correlated}\noutput hits\n", "ours.car")


def exported(analytic: carlang.Analytic, dialect: str = "sigma") -> str:
    done = analytic.export(dialect)
    assert done.diagnostics == ()
    (piece,) = done.pieces
    return piece.text


def found(analytic: carlang.Analytic, store: Store) -> Found:
    """Return by table the users of the rows, of tables whose events are at whole seconds."""
    (result,) = carlang.run_all([analytic], store).results
    users = Answers(TABLES, {"hits": result.output.rows()}).users("hits")
    return {table: each for table, each in users.items() if table.startswith("drawn")}


@pytest.mark.parametrize("correlated", PROGRAMS)
def test_a_program_its_correlation_and_its_query_find_the_same(
    store: Store, database: sqlite3.Connection, correlated: str
) -> None:
    analytic = program(correlated)
    ours = found(analytic, store)
    assert ours
    query = exported(analytic, "sqlite").strip()
    rows = database.execute(f"SELECT group_keys FROM ({query})")  # noqa: S608  # the backend's own
    theirs: dict[str, set[str]] = {}
    for key in (json.loads(text) for (text,) in rows):
        theirs.setdefault(key["Table"], set()).add(key["User"].casefold())
    assert {table: each for table, each in theirs.items() if table.startswith("drawn")} == ours
    assert found(carlang.load_text(exported(analytic), "again.yml"), store) == ours


SECTIONS = list(dict.fromkeys(section for section, _, _ in CASES))
# Two bounds pySigma does not read; the others are programs of several correlations or of marks of their parts.
WITHOUT = ("gt: 1, lte: 3", "[Value, Rules]", "condition: {gte: 2}, timespan", " OR ", " or ", " not ", "; ")


def test_correlations_that_go_out_again_find_what_they_found(store: Store) -> None:
    sections = [section for section in SECTIONS if not any(part in section for part in WITHOUT)]
    assert len(sections) > len(SECTIONS) / 2
    rules = [carlang.load_text(correlation(each, f"top{number}"), "r.yml") for number, each in enumerate(sections)]
    again = [carlang.load_text(exported(rule), f"again{number}.yml") for number, rule in enumerate(rules)]
    rows = {each.analytic: each.output.rows() for each in carlang.run_all(again, store).results}
    # A rule that goes out is named by its analytic as well.
    found = {
        section: [{re.sub(r"^top\d+_hits_", "", name): value for name, value in row.items()} for row in rows[each.id]]
        for section, each in zip(sections, again, strict=True)
    }
    asked = [(n, section, hits) for n, (section, _, hits) in enumerate(CASES) if section in found]
    assert [section for n, section, hits in asked if hits_of(found[section], f"t{n}") != hits] == []


def test_a_correlation_stands_behind_the_rules_that_it_refers_to() -> None:
    text = """e = search Process:Create
f = search Thread:Remote_Create
a = filter e where (user exists and exe == "a.exe" and hostname == "H")
b = filter f where (user == "b" and hostname exists)
both = together (a, b) by user, hostname within 90 minutes
output both
"""
    first, second, third = yaml.safe_load_all(exported(carlang.load_text(text, "OUR-1.car")))
    assert (first["name"], second["name"]) == ("our_1_both_a", "our_1_both_b")
    assert first["detection"]["selection"]["Computer"] == ["H", "H.*"]
    assert third["correlation"] == {
        "type": "temporal",
        "rules": ["our_1_both_a", "our_1_both_b"],
        "group-by": ["user", "Computer"],
        "timespan": "90m",
        "aliases": {"user": {"our_1_both_a": "User", "our_1_both_b": "SourceUser"}},
    }


REFUSED = [
    ("group c by value having (count() > 1) within any 1 minute", "rows without `value` are a group here"),
    ("group a by who having (count() > 1 and count() < 5) within any 1 minute", "compares a count or a sum"),
    ("group a by who having (count(distinct who) > count()) within any 1 minute", "with a number that is known"),
    ("group a by who having (count(value) > 1) within any 1 minute", "has no such measure"),
    ("group a by who having (sum(number) != 5) within any 1 minute", "differs from every number here"),
    ("group a by who having (count() > 1) within any 500 milliseconds", "a whole number of seconds"),
    ("group a, b by who having (count() > 1) within any 1 minute", "of both streams counts twice"),
    ("group a by who within 1 minute", "a group has no form"),
    ("sequence (a, b) by who", "has no `within`"),
    ("sequence (a, no b, c) by who within 1 minute", "a step that is absent"),
    ("sequence (a, b) by who within 1 minute until a", "`until` has no form"),
]


@pytest.mark.parametrize(("correlated", "message"), REFUSED, ids=[message for _, message in REFUSED])
def test_what_is_no_correlation_of_sigmas_is_refused(correlated: str, message: str) -> None:
    analytic = program(correlated)
    assert [fault.message for fault in analytic.check() if fault.severity.value == "error"] == []
    (fault,) = analytic.export().diagnostics
    assert message in fault.message
    assert fault.location.line > 0
