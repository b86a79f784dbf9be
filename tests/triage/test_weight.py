"""The formula, by hand: each term from small numbers, and the sum of them."""

from __future__ import annotations

import re

import pytest

from carlang.levels import Level
from carlang.results import Term, Weight
from carlang.store import Spread
from carlang.triage import weight
from carlang.triage.company import nearby, other_techniques, person
from carlang.triage.reading import MOST_IN_ALL, MOST_ROWS, shares
from carlang.triage.weight import company_terms, finds_term, level_term, noise_term, rarity_terms
from tests.conftest import REPOSITORY

CLASS = Spread(events=1_000_000, hosts=200, days=30)


@pytest.mark.parametrize(
    ("level", "points"),
    [
        (Level.INFORMATIONAL, 0),
        (Level.LOW, 20),
        (Level.MEDIUM, 40),
        (Level.HIGH, 60),
        (Level.CRITICAL, 80),
        (None, 40),
    ],
)
def test_a_level_is_twenty_points_above_the_one_below(level: Level | None, points: float) -> None:
    assert level_term(level).points == points


@pytest.mark.parametrize(
    ("types", "known", "points"),
    [
        ([], 0, 0),
        (["TTP"], 1, -2),
        (["TTP"], 3, -6),
        (["TTP"], 4, -6),
        (["Situational Awareness"], 1, -7),
        (["Situational Awareness", "TTP"], 1, -2),
        (["anomaly"], 0, 0),
    ],
)
def test_known_noise_takes_points_away(types: list[str], known: int, points: float) -> None:
    assert noise_term(types, ["Backups do it."] * known).points == points


@pytest.mark.parametrize(
    ("spread", "points"),
    [
        (Spread(1, 1, 1), (12, 5.9, 0)),  # 6 log10(200) is above 12; 4 log10(30)
        (Spread(10, 2, 3), (12, 4, -4)),
        (Spread(100, 20, 15), (6, 1.2, -8)),
        (Spread(1_000, 200, 30), (0, 0, -12)),
        (Spread(1_000_000, 200, 30), (0, 0, -12)),
    ],
)
def test_what_is_rare_weighs_more(spread: Spread, points: tuple[float, float, float]) -> None:
    assert tuple(term.points for term in rarity_terms("exe at.exe", spread, CLASS)) == points


def test_on_one_host_and_one_day_nothing_is_rare_among_hosts_and_days() -> None:
    only = rarity_terms("exe at.exe", Spread(1, 1, 1), Spread(5_000, 1, 1))
    assert [term.points for term in only] == [0, 0, 0]
    assert [str(term.points) for term in only] == ["0.0", "0.0", "0.0"], "and no zero has a sign"


def test_a_pair_seen_once_on_one_of_200_hosts_outweighs_one_seen_daily_on_all() -> None:
    once, daily = (rarity_terms("pair", s, CLASS) for s in (Spread(1, 1, 1), Spread(60_000, 200, 30)))
    assert sum(t.points for t in once) - sum(t.points for t in daily) == pytest.approx(29.9)


@pytest.mark.parametrize(("trees", "points"), [(1, 0.0), (10, -4.0), (100, -8.0), (5_000, -8.0)])
def test_what_an_output_finds_everywhere_weighs_less(trees: int, points: float) -> None:
    assert finds_term(trees).points == points


def test_company_counts_up_to_a_bound() -> None:
    assert [term.points for term in company_terms(3, 1)] == [15, 2]
    assert [term.points for term in company_terms(30, 30)] == [20, 10]


def test_a_weight_says_what_it_is_made_of() -> None:
    terms = (
        Term("level", 80.0, "level critical"),
        Term("noise", -2.0, "1 known false positive"),
        Term("tree", 0.0, "none"),
    )
    assert str(Weight((*terms, Term("hosts", 8.7, "on 1 of 28 hosts")))) == (
        "86.7 = 80 (level critical) - 2 (1 known false positive) + 8.7 (on 1 of 28 hosts)"
    )
    assert str(Weight((Term("level", 0.0, "level informational"),))) == "0 = 0 (level informational)"
    assert str(Weight((Term("noise", -2.0, "noise"),))) == "-2 = - 2 (noise)"


def test_an_analytic_adds_one_technique_at_most_and_none_that_is_covered() -> None:
    added = other_techniques({"at": ["T1053.002"], "tasks": ["T1053.002"], "wide": ["T1053.002", "T1012", "T1018"]})
    assert added(frozenset({"at"}), frozenset({"at", "tasks"})) == 0
    assert added(frozenset({"at"}), frozenset({"tasks", "wide"})) == 1
    assert added(frozenset({"wide"}), frozenset({"at", "tasks"})) == 0
    assert added(frozenset(), frozenset({"at", "wide"})) == 2


def test_what_is_ten_minutes_away_is_nearby_and_no_further() -> None:
    minute = 60_000_000
    events = [(0, 0, frozenset("a")), (1, 10 * minute, frozenset("b")), (2, 20 * minute + 1, frozenset("c"))]
    assert dict(nearby(reversed(events))) == {0: frozenset("ab"), 1: frozenset("ab"), 2: frozenset("c")}
    same = [(0, 5, frozenset("a")), (1, 5, frozenset("b"))]
    assert dict(nearby(same)) == {0: frozenset("ab"), 1: frozenset("ab")}


@pytest.mark.parametrize(
    ("user", "name"),
    [
        (r"CORP\Ann", r"corp\ann"),
        (r"NT AUTHORITY\SYSTEM", None),
        (r"CORP\PC01$", None),
        ("-", None),
        ("", None),
        (None, None),
        ("root", None),
    ],
)
def test_accounts_that_every_host_has_are_no_person(user: str | None, name: str | None) -> None:
    assert person(user) == name


PAGE = (REPOSITORY / "docs" / "ranking.md").read_text(encoding="utf-8")


def test_the_page_has_the_numbers_of_the_formula() -> None:
    rows = {row[1]: row[2] for row in re.finditer(r"^\| `(\w+)` \| ([^|\n]*) \|$", PAGE, re.MULTILINE)}
    assert rows["level"] == ", ".join(f"{points} {level.text}" for level, points in weight.LEVEL_POINTS.items())
    numbers = {
        name: [int(n.replace("−", "-")) for n in re.findall(r"(?<![₁₀])−?\b\d+\b", text)] for name, text in rows.items()
    }
    most = weight.PER_FALSE_POSITIVE * weight.MOST_FALSE_POSITIVES
    assert numbers["noise"] == [weight.PER_FALSE_POSITIVE, most, weight.AWARENESS]
    assert numbers["hosts"] == [weight.PER_TENTH_OF_HOSTS, weight.MOST_FOR_HOSTS]
    assert numbers["days"] == [weight.PER_TENTH_OF_DAYS, weight.MOST_FOR_DAYS]
    assert numbers["events"] == [weight.PER_TENFOLD_EVENTS, -weight.MOST_FOR_EVENTS]
    assert numbers["finds"] == [weight.PER_TENFOLD_FINDS, -weight.MOST_FOR_FINDS]
    per, number = weight.PER_TECHNIQUE_IN_TREE, weight.MOST_IN_TREE
    assert numbers["tree"] == [per, per * number]
    per, number = weight.PER_TECHNIQUE_NEARBY, weight.MOST_NEARBY
    assert numbers["nearby"] == [per, weight.NEARBY_MINUTES, per * number]
    assert f"{MOST_ROWS:,} rows" in PAGE
    assert f"{MOST_IN_ALL:,} rows" in PAGE


@pytest.mark.parametrize(
    ("counts", "seen"),
    [
        ([], []),
        ([3, 90, 0], [3, 50, 0]),
        ([50, 50, 50], [33, 33, 34]),
        ([90, 5, 48, 60], [32, 5, 31, 32]),
    ],
)
def test_outputs_with_few_rows_are_looked_at_whole_and_the_others_share_the_rest(
    counts: list[int], seen: list[int]
) -> None:
    assert shares(counts, most=50, in_all=100) == seen
