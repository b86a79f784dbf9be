from __future__ import annotations

import json
from pathlib import Path

import pytest

import carlang
from tests.api.conftest import sysmon_record


def test_the_store_without_a_path_is_the_sample() -> None:
    store = carlang.open_store()
    assert not store.writable
    assert store.info().rows > 100


def test_a_store_that_is_not_there_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(carlang.StoreError, match="none"):
        carlang.open_store(tmp_path / "none")


def test_an_ingest_reports_what_it_added_and_what_it_could_not(tmp_path: Path) -> None:
    log = tmp_path / "log.ndjson"
    log.write_text(f'{sysmon_record(1, "at.exe")}\nbroken\n{{"Channel": "X", "EventID": 7}}\n', encoding="utf-8")
    report = carlang.ingest([log, tmp_path / "none.evtx"], tmp_path / "events")
    assert isinstance(report, carlang.IngestReport)
    assert dict(report.events) == {("process", "create"): 1, ("event", "log"): 1}
    assert dict(report.unmapped) == {("X", 7): 1}
    assert (report.records, report.rejected) == (4, 2)
    assert report.seconds > 0
    assert {(Path(r.source).name, r.number) for r in report.rejections} == {("log.ndjson", 2), ("none.evtx", None)}
    assert json.loads(json.dumps(report.to_json()))["rejected"] == 2


def test_an_ingest_takes_a_store_that_is_open_and_the_store_shows_it(tmp_path: Path) -> None:
    log = tmp_path / "log.ndjson"
    log.write_text(sysmon_record(1, "at.exe"), encoding="utf-8")
    carlang.ingest([log], tmp_path / "events")
    store = carlang.open_store(tmp_path / "events")
    log.write_text(sysmon_record(2, "at.exe"), encoding="utf-8")
    assert carlang.ingest([log], store).records == 1
    assert carlang.run("search Process:Create", store)["result"].count == 2


def test_a_store_shows_what_others_added_after_a_refresh(tmp_path: Path) -> None:
    log = tmp_path / "log.ndjson"
    log.write_text(sysmon_record(1, "at.exe"), encoding="utf-8")
    carlang.ingest([log], tmp_path / "events")
    store = carlang.open_store(tmp_path / "events")
    log.write_text(sysmon_record(2, "at.exe"), encoding="utf-8")
    carlang.ingest([log], tmp_path / "events")
    assert store.info().rows == 1
    store.refresh()
    assert store.info().rows == 2


def test_an_unknown_sensor_is_an_ingest_error(tmp_path: Path) -> None:
    with pytest.raises(carlang.IngestError, match="did you mean `sysmon`"):
        carlang.ingest([], tmp_path / "events", sensor="sysmn")


def test_the_sample_store_is_not_written_to(tmp_path: Path) -> None:
    log = tmp_path / "log.ndjson"
    log.write_text(sysmon_record(1, "at.exe"), encoding="utf-8")
    with pytest.raises(carlang.StoreError):
        carlang.ingest([log], carlang.open_store())
