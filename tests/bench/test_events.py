"""The events that measurements are made on repeat themselves as is documented, and are the same each time."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.events.attacks import Attacks, catalogue_attacks
from bench.events.fleet import CLASSES, EventClass, Fleet
from bench.events.shares import shares
from bench.events.write import totals, write_log, write_store
from carlang.analytic import CompiledAnalytic
from carlang.database import open_memory
from carlang.loading import ingest
from carlang.model import builtin_model
from carlang.project import shipped_catalogue
from carlang.store import open_store

# Those that pick out the most; together they have nine in ten of the catalogue's hits.
_BUSY = ("CAR-2013-02-003", "CAR-2013-08-001", "CAR-2014-03-006", "CAR-2014-04-003", "CAR-2016-03-001")


_ORDER = [("time", "ascending"), ("hostname", "ascending"), ("record_id", "ascending")]


@pytest.fixture(scope="module")
def attacks() -> Attacks:
    return catalogue_attacks()


def test_shares_of_process_starts(tmp_path: Path, attacks: Attacks) -> None:
    write_store(tmp_path / "store", 20_000, attacks)
    catalogue = shipped_catalogue()
    files = [file for each in _BUSY if (file := catalogue.find(each))]
    analytics = [CompiledAnalytic(file, builtin_model(), catalogue) for file in files]
    counted = shares(tmp_path / "store", analytics)
    assert counted.events == 20_000
    # A command line that is new comes less often the more there were: of a million 28 % are told apart.
    assert 0.35 < counted.command_lines / counted.events < 0.45
    assert 0.02 < counted.images / counted.events < 0.05
    assert 0.015 < counted.hits / counted.events < 0.035
    assert len(counted.rows) >= len(_BUSY)
    assert all(counted.rows.values())


def test_the_same_seed_makes_the_same_events_of_five_classes(attacks: Attacks) -> None:
    counts = totals(1000, mixed=True)
    assert counts == {each.name: 10 * each.share for each in CLASSES}
    tables = []
    for seed in (7, 7, 8):
        with open_memory() as connection:
            fleet = Fleet(connection, seed, counts, attacks)
            tables.append([fleet.events(each, 100, 150).sort_by(_ORDER) for each in CLASSES])
    assert tables[0] == tables[1]
    assert all(one != other for one, other in zip(tables[0], tables[2], strict=True))


def test_a_log_of_them_gives_the_events_of_each_class(tmp_path: Path, attacks: Attacks) -> None:
    log = tmp_path / "log.json"
    written = write_log(log, 200, attacks, mixed=True)
    report = ingest([log], tmp_path / "store", model=builtin_model())
    assert report.rejected == 0
    assert {"/".join(makes): count for makes, count in report.events.items()} == written
    write_store(tmp_path / "made", 200, attacks, mixed=True)
    for each in CLASSES:
        read, made = (_rows(tmp_path / name, each) for name in ("store", "made"))
        assert read == made


def _rows(store: Path, each: EventClass) -> list[tuple[object, ...]]:
    files = [str(file.path) for file in open_store(store).files(each.object)]
    query = "SELECT time, hostname, image_path, pid, guid, record_id FROM read_parquet($files) ORDER BY ALL"
    with open_memory() as connection:
        return connection.execute(query, {"files": files}).fetchall()
