"""What the catalogue finds in recordings of real attacks."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from carlang import ingest, open_store
from carlang.analytic import RunOptions, run_analytics
from carlang.engine import Session
from carlang.plan import objects
from carlang.results import RunReport, State
from carlang.store import Store
from tests.catalogue.exported_rules import Records, queries, rows_of
from tests.catalogue.generator import generator, recorded_hits
from tests.catalogue.independent_records import read, recordings

STALE = "run `python docs/generate_catalogue.py --store STORE` with a store of all recordings"


@pytest.fixture(scope="module")
def store(real_logs: Path, tmp_path_factory: pytest.TempPathFactory) -> Store:
    """A store of all recordings."""
    folder = tmp_path_factory.mktemp("recordings") / "store"
    done = ingest(list(recordings(real_logs)), folder)
    assert (done.rejected, [s.source for s in done.sources if s.reason]) == (0, [])
    return open_store(folder)


@pytest.fixture(scope="module")
def report(store: Store) -> RunReport:
    """One run of the whole catalogue over a store of all recordings, planned together as far as that goes."""
    analytics = generator()["catalogue"]()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(objects, "LEAST_LEAVES", 1)
        patch.setattr(objects, "LEAST_WORK", 0)
        found = run_analytics(analytics, store, RunOptions.of(now=generator()["NOW"]), {})
    told = {r.analytic for r in found.results} | {n.analytic for n in found.not_run}
    assert told == {a.id for a in analytics}
    return found


def _expected(path: Path) -> tuple[str, str]:
    """Return the analytic that a true positive belongs to, from its file's name, and the number of its record."""
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"), strict=False)
    record = document.get("_source", document)
    return "-".join(path.name.split("-")[:4]), str(record["record_number"])


def test_one_run_of_the_whole_catalogue_ends_with_nothing_failed(report: RunReport) -> None:
    assert report.failed == ()
    assert report.found > 0
    assert [n.analytic for n in report.not_run if not n.reason] == []


def test_what_is_found_together_is_what_each_analytic_finds_alone(
    store: Store, report: RunReport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Session, "prepare", lambda *_: ())
    alone = run_analytics(generator()["catalogue"](), store, RunOptions.of(now=generator()["NOW"]), {})
    together = [(r.analytic, r.output.name, r.output) for r in report.results]
    assert [(r.analytic, r.output.name) for r in alone.results] == [key[:2] for key in together]
    for result, (_, _, output) in zip(alone.results, together, strict=True):
        assert result.output == output
        assert result.output.to_arrow().equals(output.to_arrow())
    assert (alone.not_run, alone.gaps) == (report.not_run, report.gaps)


def test_what_is_judged_to_be_blind_finds_nothing(report: RunReport) -> None:
    states = {result.output.judgement.state for result in report.results if result.output.judgement}
    assert states <= {State.ANSWERED, State.PARTLY}


def test_what_is_found_in_each_recording_is_what_the_documentation_says(report: RunReport) -> None:
    found, recorded = generator()["hits_of"](report), recorded_hits()
    for part in ("hits", "not_run"):
        for analytic in sorted(found[part].keys() | recorded[part].keys()):
            assert found[part].get(analytic) == recorded[part].get(analytic), f"{analytic}: {STALE}"
    assert found == recorded


def test_cars_true_positives_are_found_by_the_analytics_they_belong_to(report: RunReport, real_logs: Path) -> None:
    expected = {path.name: _expected(path) for path in (real_logs / "car-true-positives").glob("*.json")}
    assert len(expected) == 10
    found = {
        (Path(row["source"]).name, result.analytic, row["record_id"])
        for result in report.results
        if result.analytic in {analytic for analytic, _ in expected.values()}
        for row in result.output.rows()
    }
    missed = {name: record for name, record in expected.items() if (name, *record) not in found}
    assert missed == {}


SMALL = 72_000
"""How many bytes a recording may have that is asked by Sigma's queries as well; `bench.sigma_export` asks all."""


def test_rules_of_the_catalogue_find_in_raw_records_what_it_finds(report: RunReport, real_logs: Path) -> None:
    files = [file for file in recordings(real_logs) if file.stat().st_size < SMALL and "gz" not in file.suffix]
    records = Records(record for file in files for record in read(file))
    found = rows_of(report, [file.name for file in files])
    written = queries(generator()["catalogue"]())
    assert len(written) > 80
    with_hits = 0
    for output, pieces in written.items():
        rows = sum((records.found(piece.value) for piece in pieces), start=Counter())
        assert rows == found.get(output, Counter()), output
        with_hits += bool(rows)
    assert with_hits > 30
