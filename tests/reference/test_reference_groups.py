"""Groups that a condition chooses from before their values are ranked, against the reference evaluator."""

from __future__ import annotations

import pytest

from tests.reference.cases import Case, compare, compiled, session_over
from tests.reference.chooser import seeded
from tests.reference.drawn_events import NOW, events, seen_twice
from tests.seeds import drawn_seeds

HEAD = "p = search Process\np.own = coalesce(exe, user)\nq = filter p where own exists or pid > 4\n"
PROGRAMS = [
    "g = group q by own\na = from g select own, count(distinct user) as n, values(exe) as v\nf = filter a where n > 1",
    "g = group q by own, user\na = from g select count, top(exe, 2) as v\nf = filter a where count > 1",
    "g = group q by hostname having count > 1\nf = from g select hostname, values(user) as v, rare(own, 1) as r",
    "g = group q by own\na = from g select values(exe) as v\nf = filter a where v contains 'cmd.exe'",
    "g = group q by own\na = from g select own, values(exe) as v, count\nf = filter a where count > count(p) / 9",
    "g = group q by own\na = from g select own, values(exe) as v, count\nb = filter a where count > 1\nf = a - b",
    "g = group p, q by own\na = from g select values(user) as v, min(time) as t\nf = filter a where t exists",
    "g = group q by own within 5 minutes\na = from g select values(exe) as v, count\nf = filter a where count > 1",
]


def test_groups_that_pass_have_the_values_of_all_their_rows() -> None:
    programs = [(text, compiled(f"{HEAD}{text}\noutput f")) for text in PROGRAMS]
    (seed,) = drawn_seeds(1)
    for drawn in (events(seeded(seed), 20), seen_twice(seeded(seed))[1]):
        with session_over(drawn, seeded(seed)) as session:
            for text, known in programs:
                compare(session, known, Case(text, tuple(drawn), {}))


def test_values_are_ranked_of_groups_that_pass_and_rows_are_read_again() -> None:
    known = compiled(f"{HEAD}{PROGRAMS[0]}\noutput f")
    (output,) = known.require().outputs
    with session_over(events(seeded(1), 5), seeded(1)) as session:
        sql = session.sql(output, NOW)
    assert sql.count("NOT MATERIALIZED") == 3
    assert "#passing" in sql
    assert '"a" AS' not in sql


BESIDE_GROUPS = [
    "g = group q by own\na = from g select own, avg(pid) as n\nf = join (q, a) where (q.own == a.own and q.pid > a.n)",
    "g = count(q) by own\nm = avg(g.count)\nc = filter g where count > m\nf = q - c by own",
]


@pytest.mark.parametrize("text", BESIDE_GROUPS)
def test_rows_beside_groups_of_themselves_are_read_again(text: str) -> None:
    known = compiled(f"{HEAD}{text}\noutput f")
    (output,) = known.require().outputs
    choose = seeded(drawn_seeds(1)[0])
    drawn = events(choose, 20)
    with session_over(drawn, choose) as session:
        assert session.sql(output, NOW).count("NOT MATERIALIZED") == 3
        compare(session, known, Case(text, tuple(drawn), {}))
