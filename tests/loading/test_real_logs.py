from __future__ import annotations

import filecmp
from pathlib import Path
from typing import Any

import pytest

from carlang.loading import Status
from carlang.store import open_store, write_plain
from tests.ingesting import load, query

_AT = (
    "2019-07-19 14:57:46.087+00",
    "MSEDGEWIN10",
    "at.exe",
    "at  13:20 /interactive cmd",
)
_FIND_AT = "SELECT time::VARCHAR, hostname, exe, command_line FROM events WHERE exe = 'at.exe'"


@pytest.fixture(scope="module")
def evtx_store(real_logs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    store = tmp_path_factory.mktemp("evtx") / "store"
    report = load(store, real_logs / "evtx")
    assert (report.records, report.rejected) == (3180, 0)
    assert report.events[("process", "create")] == 895
    assert report.events[("process", "terminate")] == 28
    assert {s.status for s in report.sources} == {Status.INGESTED}
    assert len(report.sources) == 135
    return store


def _by_sensor(store: Path) -> list[tuple[Any, ...]]:
    started = "SELECT sensor, count(*) FROM events WHERE action = 'create' GROUP BY 1 ORDER BY 1"
    return query(store, started, "process")


def test_the_one_run_of_at_exe_is_found(evtx_store: Path) -> None:
    assert query(evtx_store, _FIND_AT, "process") == [_AT]
    assert _by_sensor(evtx_store) == [("sysmon", 874), ("windows_security", 21)]


def test_ingesting_the_same_logs_again_adds_nothing(evtx_store: Path, real_logs: Path) -> None:
    report = load(evtx_store, real_logs / "evtx")
    assert report.events == {}
    assert {s.status for s in report.sources} == {Status.PRESENT}


def test_file_by_file_gives_the_same_events(real_logs: Path, tmp_path: Path) -> None:
    logs = sorted((real_logs / "evtx").rglob("*.evtx"))
    logs = [log for log in logs if "Panache" in log.name] + logs[::5]
    for log in logs:
        load(tmp_path / "store", log)
    load(tmp_path / "all", *logs)
    for name, store in (("at once", tmp_path / "all"), ("one by one", tmp_path / "store")):
        write_plain(open_store(store), tmp_path / name)
    files = sorted(str(file.relative_to(tmp_path / "at once")) for file in (tmp_path / "at once").rglob("*.parquet"))
    assert len(files) > 20
    assert filecmp.cmpfiles(tmp_path / "at once", tmp_path / "one by one", files, shallow=False) == (files, [], [])
    assert query(tmp_path / "one by one", _FIND_AT, "process") == [_AT]


@pytest.mark.parametrize("name", ["cmd_psexec_lsa_secrets_dump", "schtask_create"])
def test_events_of_recorded_attacks_have_a_time_a_host_and_a_process(name: str, real_logs: Path, store: Path) -> None:
    load(store, real_logs / "otrf" / f"{name}.zip")
    assert query(store, "SELECT count(*) FROM events WHERE time IS NULL OR hostname IS NULL") == [(0,)]
    unknown = "SELECT count(*) FROM events WHERE exe IS NULL OR (guid IS NULL AND pid IS NULL)"
    assert query(store, unknown, "process") == [(0,)]


def test_documents_of_helk_are_read(real_logs: Path, store: Path) -> None:
    report = load(store, *sorted((real_logs / "car-true-positives").glob("*.json")))
    assert report.rejected == 0
    found = query(store, "SELECT DISTINCT exe, user, ppid, parent_exe FROM events WHERE exe = 'whoami.exe'", "process")
    assert ("whoami.exe", "shire\\pgustavo", 5656, "msbuild.exe") in found


def test_what_zeek_decodes_is_what_analytics_of_the_network_ask_for(real_logs: Path, store: Path) -> None:
    report = load(store, *sorted((real_logs / "zeek").glob("*.zip")))
    assert report.events[("flow", "start")] == 1172
    messages = "SELECT count(*) FROM events WHERE action = 'message' AND "
    call = "json_extract_string(proto_info, ['$.rpc_interface', '$.function']) = ['drsuapi', 'DRSBind']"
    assert query(store, f"{messages}protocol = 'dce_rpc' AND {call}", "flow") == [(28,)]
    smb = messages + "protocol = 'smb' AND dest_port = 445 AND json_extract_string(proto_info, '$.file_name') <> ''"
    assert query(store, smb, "flow") == [(9,)]
    assert query(store, "SELECT count(*) FROM events WHERE src_ip IS NULL OR dest_ip IS NULL", "flow") == [(0,)]
    kept = "SELECT count(*) FROM events WHERE log_name NOT LIKE 'zeek/%' OR sensor <> 'zeek'"
    assert query(store, kept, "event") == [(0,)]
    assert query(store, "SELECT count(*) FROM events WHERE time IS NULL AND event_data LIKE '%\"ts\"%'", "event") == [
        (0,)
    ]
