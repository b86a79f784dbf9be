from __future__ import annotations

import filecmp
import json
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from carlang.ingest import Status
from carlang.store import open_store, write_plain
from tests.ingest.conftest import load, query

_AT = (
    "2019-07-19 14:57:46.087+00",
    "MSEDGEWIN10",
    "at.exe",
    "at  13:20 /interactive cmd",
)
_FIND_AT = "SELECT time::VARCHAR, hostname, exe, command_line FROM events WHERE exe = 'at.exe'"
_COUNTS = {("event", "log"): 2257, ("process", "create"): 895, ("process", "terminate"): 28}


@pytest.fixture(scope="module")
def evtx_store(real_logs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    store = tmp_path_factory.mktemp("evtx") / "store"
    report = load(store, real_logs / "evtx")
    assert (report.records, report.rejected, report.events) == (3180, 0, _COUNTS)
    assert {s.status for s in report.sources} == {Status.INGESTED}
    assert len(report.sources) == 135
    return store


def _by_sensor(store: Path) -> list[tuple[Any, ...]]:
    return query(store, "SELECT sensor, count(*) FROM events GROUP BY 1 ORDER BY 1", "process")


def test_the_one_run_of_at_exe_is_found(evtx_store: Path) -> None:
    assert query(evtx_store, _FIND_AT, "process") == [_AT]
    assert _by_sensor(evtx_store) == [("sysmon", 902), ("windows_security", 21)]


def test_ingesting_the_same_logs_again_adds_nothing(evtx_store: Path, real_logs: Path) -> None:
    report = load(evtx_store, real_logs / "evtx")
    assert report.events == {}
    assert {s.status for s in report.sources} == {Status.PRESENT}


def test_file_by_file_gives_the_same_events(evtx_store: Path, real_logs: Path, tmp_path: Path) -> None:
    for log in sorted((real_logs / "evtx").rglob("*.evtx")):
        load(tmp_path / "store", log)
    for name, store in (("at once", evtx_store), ("one by one", tmp_path / "store")):
        write_plain(open_store(store), tmp_path / name)
    files = [f"{object_name}/{action}/events.parquet" for object_name, action in _COUNTS]
    assert filecmp.cmpfiles(tmp_path / "at once", tmp_path / "one by one", files, shallow=False) == (files, [], [])
    assert query(tmp_path / "one by one", _FIND_AT, "process") == [_AT]


def _counted(archive: Path) -> Counter[tuple[str, int]]:
    """Count records by channel and event id with nothing but Python's own JSON."""
    counts: Counter[tuple[str, int]] = Counter()
    with zipfile.ZipFile(archive) as opened:
        for name in opened.namelist():
            if name.startswith("__MACOSX"):
                continue
            for line in filter(bytes.strip, opened.read(name).split(b"\n")):
                record = json.loads(line)
                counts[(record["Channel"].lower(), int(record["EventID"]))] += 1
    return counts


@pytest.mark.parametrize(
    "name",
    [
        "cmd_psexec_lsa_secrets_dump",
        "covenant_com_wsman_automation",
        "empire_shell_rubeus_asktgt_ptt",
        "schtask_create",
    ],
)
def test_recorded_attacks_give_as_many_events_as_they_have_records(name: str, real_logs: Path, store: Path) -> None:
    archive = real_logs / "otrf" / f"{name}.zip"
    counts = _counted(archive)
    sysmon = "microsoft-windows-sysmon/operational"
    report = load(store, archive)
    created = counts[(sysmon, 1)] + counts[("security", 4688)]
    ended = counts[(sysmon, 5)] + counts[("security", 4689)]
    assert report.records == counts.total()
    assert report.events.get(("process", "create"), 0) == created
    assert report.events.get(("process", "terminate"), 0) == ended
    assert report.events[("event", "log")] == counts.total() - created - ended
    assert query(store, "SELECT count(*) FROM events WHERE time IS NULL OR hostname IS NULL") == [(0,)]
    unknown = "SELECT count(*) FROM events WHERE exe IS NULL OR (guid IS NULL AND pid IS NULL)"
    assert query(store, unknown, "process") == [(0,)]


def test_documents_of_helk_are_read(real_logs: Path, store: Path) -> None:
    report = load(store, *sorted((real_logs / "car-true-positives").glob("*.json")))
    assert report.rejected == 0
    found = query(store, "SELECT DISTINCT exe, user, ppid, parent_exe FROM events WHERE exe = 'whoami.exe'", "process")
    assert ("whoami.exe", "shire\\pgustavo", 5656, "msbuild.exe") in found


def test_zeek_logs_are_kept_as_log_records(real_logs: Path, store: Path) -> None:
    report = load(store, real_logs / "zeek" / "SCRANTON-zeek_logs.zip")
    assert set(report.events) == {("event", "log")}
    assert query(store, "SELECT count(*) FROM events WHERE log_name NOT LIKE 'zeek/%' OR sensor <> 'zeek'") == [(0,)]
    assert query(store, "SELECT count(*) FROM events WHERE time IS NULL AND event_data LIKE '%\"ts\"%'") == [(0,)]
