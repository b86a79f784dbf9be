from __future__ import annotations

from pathlib import Path

import pytest

from carlang.errors import IngestError
from tests.ingesting import load, query, sysmon_create, write_lines


def _export(path: Path, first: int, last: int, **extra: str) -> Path:
    return write_lines(path, [sysmon_create(number, **extra) for number in range(first, last)])


def _flat(path: Path, first: int, last: int) -> Path:
    head = {"Channel": "Microsoft-Windows-Sysmon/Operational", "EventID": 1, "Hostname": "host1.example.com"}
    data = sysmon_create()["Event"]["EventData"]
    return write_lines(path, [head | {"RecordNumber": number} | data for number in range(first, last)])


@pytest.mark.parametrize("at_once", [True, False])
def test_a_record_in_two_exports_is_added_once_when_asked(at_once: bool, store: Path, tmp_path: Path) -> None:  # noqa: FBT001
    exports = [_export(tmp_path / "a", 0, 6), _flat(tmp_path / "b", 3, 9), _export(tmp_path / "c", 5, 7, Extra="x")]
    groups = [exports] if at_once else [[export] for export in exports]
    reports = [load(store, *group, dedupe="record") for group in groups]
    assert query(store, "SELECT record_id::BIGINT FROM events ORDER BY 1") == [(number,) for number in range(9)]
    assert sum(report.duplicates for report in reports) == 5
    assert sum(sum(report.events.values()) for report in reports) == 9
    assert reports[-1].to_json()["duplicates"] == reports[-1].duplicates
    assert sum(report.records for report in reports) == 14


def test_without_being_asked_both_are_added(store: Path, tmp_path: Path) -> None:
    load(store, _export(tmp_path / "a", 0, 3), _export(tmp_path / "b", 0, 3, Extra="x"))
    assert query(store, "SELECT count(*) FROM events") == [(6,)]


def test_other_records_of_the_same_number_stay(store: Path, tmp_path: Path) -> None:
    """They come from another computer, another time (the log was cleared), or have no number at all."""
    other = sysmon_create(1)
    other["Event"]["System"]["Computer"] = "HOST2"
    later = sysmon_create(1, UtcTime="2021-01-02 03:04:05.678")
    unnumbered = sysmon_create(1)
    del unnumbered["Event"]["System"]["EventRecordID"]
    write_lines(tmp_path / "a", [sysmon_create(1), unnumbered])
    write_lines(tmp_path / "b", [other, later, unnumbered])
    report = load(store, tmp_path / "a", tmp_path / "b", dedupe="record")
    assert (report.duplicates, report.events) == (0, {("process", "create"): 5})


def test_records_of_one_source_are_never_duplicates_of_one_another(store: Path, tmp_path: Path) -> None:
    write_lines(tmp_path / "a", [sysmon_create(1), sysmon_create(1)])
    assert load(store, tmp_path / "a", dedupe="record").events == {("process", "create"): 2}


def test_an_export_of_which_all_is_there_adds_nothing(store: Path, tmp_path: Path) -> None:
    load(store, _export(tmp_path / "a", 0, 4))
    again = load(store, _export(tmp_path / "b", 1, 3, Extra="x"), dedupe="record")
    assert (again.events, again.duplicates) == ({}, 2)
    assert len(list((store / "object=process/action=create").glob("*.parquet"))) == 1
    assert load(store, tmp_path / "b", dedupe="record").duplicates == 0


def test_an_unknown_way_to_find_duplicates_is_an_error(store: Path, tmp_path: Path) -> None:
    with pytest.raises(IngestError, match="`record` is what there is"):
        load(store, _export(tmp_path / "a", 0, 1), dedupe="file")
