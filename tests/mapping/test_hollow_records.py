"""Records that a mapping is for and that have nothing in them of its events are no events, and are said."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from carlang.loading import IngestReport
from carlang.store import open_store
from tests.cli.commands import carlang
from tests.ingesting import load, query, sysmon_create, write_lines

_SYSMON = "Microsoft-Windows-Sysmon/Operational"


def _record(channel: str, provider: str, event_id: int, **data: Any) -> dict[str, Any]:
    record = sysmon_create()
    record["Event"]["System"] |= {
        "Channel": channel,
        "Provider": {"#attributes": {"Name": provider}},
        "EventID": event_id,
    }
    record["Event"]["EventData"] = data
    return record


def _hollow(report: IngestReport) -> set[tuple[str | None, int | None, str, int]]:
    return {(h.channel, h.event_id, f"{h.object}/{h.action}", h.count) for h in report.hollow}


_SECURITY = ("Security", "Microsoft-Windows-Security-Auditing")


@pytest.mark.parametrize(
    ("record", "kinds"),
    [
        (_record(_SYSMON, "Microsoft-Windows-Sysmon", 1), {"process/create"}),
        (_record(_SYSMON, "Microsoft-Windows-Sysmon", 3, UtcTime="2020-01-02 03:04:05.678"), {"flow/start"}),
        (_record(_SYSMON, "Microsoft-Windows-Sysmon", 5, Image="-", ProcessId=""), {"process/terminate"}),
        (_record(_SYSMON, "Microsoft-Windows-Sysmon", 22, StringInserts=["-", "www.example.com"]), {"dns/query"}),
        (_record(*_SECURITY, 4688, Strings=["S-1-5-18"]), {"process/create"}),
        (
            _record("System", "Service Control Manager", 7036, Data="x"),
            {f"service/{n}" for n in ("pause", "start", "stop")},
        ),
        ({"Channel": _SYSMON, "EventID": 1, "Hostname": "H", "RecordNumber": 5, "Level": "Info"}, {"process/create"}),
        (
            {"object": "process", "action": "create", "time": "2020-01-02T03:04:05Z", "hostname": "H"},
            {"process/create"},
        ),
    ],
)
def test_a_record_without_any_member_of_its_mapping_is_kept_as_a_log_record(
    record: dict[str, Any], kinds: set[str], store: Path, tmp_path: Path
) -> None:
    report = load(store, write_lines(tmp_path / "log.json", [record] * 3))
    assert report.events == {("event", "log"): 3}
    assert {(kind, count) for _, _, kind, count in _hollow(report)} == {(kind, 3) for kind in kinds}
    assert report.unmapped == {}
    assert query(store, "SELECT DISTINCT claimed_by FROM events") == [(", ".join(sorted(kinds)),)]


def test_the_record_is_kept_whole(store: Path, tmp_path: Path) -> None:
    record = _record(_SYSMON, "Microsoft-Windows-Sysmon", 1, Unknown={"a": [1]})
    load(store, write_lines(tmp_path / "log.json", [record]))
    ((log, number, data),) = query(store, "SELECT log_name, event_code, event_data FROM events")
    assert (log, number, json.loads(data)) == (_SYSMON, 1, {"Unknown": {"a": [1]}})


def test_one_member_is_enough_for_an_event(store: Path, tmp_path: Path) -> None:
    record = _record(_SYSMON, "Microsoft-Windows-Sysmon", 1, CommandLine="at")
    report = load(store, write_lines(tmp_path / "log.json", [record]))
    assert report.events == {("process", "create"): 1}
    assert report.hollow == ()


def test_a_condition_that_is_not_met_is_not_a_hollow_record(store: Path, tmp_path: Path) -> None:
    record = _record("System", "Service Control Manager", 7036, param1="x", param2="gestartet")
    report = load(store, write_lines(tmp_path / "log.json", [record]))
    assert report.events == {("event", "log"): 1}
    assert report.hollow == ()
    assert report.unmapped == {("System", 7036): 1}


def test_what_needs_no_members_is_an_event_without_any(store: Path, tmp_path: Path) -> None:
    records = [_record("System", "EventLog", 6005), _record("Security", "Microsoft-Windows-Eventlog", 1100)]
    report = load(store, write_lines(tmp_path / "log.json", records))
    assert {("system", "boot"), ("system", "audit_stop")} <= set(report.events)
    assert report.hollow == ()


def test_what_the_message_alone_says_makes_an_event(store: Path, tmp_path: Path) -> None:
    record = {
        "LogName": "Security",
        "ProviderName": "Microsoft-Windows-Eventlog",
        "Id": 1102,
        "Message": "The audit log was cleared.\nSubject:\n\tSecurity ID:\tS-1-5-18\n\tAccount Name:\tann\n",
    }
    report = load(store, write_lines(tmp_path / "log.json", [record, {**record, "Message": "Das Log wurde geleert."}]))
    assert _hollow(report) == {("Security", 1102, "system/log_clear", 1)}
    assert query(store, "SELECT uid FROM events", "system") == [("S-1-5-18",)]


_GOOD = sysmon_create(1, Image="C:\\other.exe")
_BAD = [_record(_SYSMON, "Microsoft-Windows-Sysmon", 1, Other=n) for n in range(1_200)]
_AT = 'p = search Process:Create\nat = filter p where (exe == "at.exe")\noutput at\n'


@pytest.mark.parametrize("records", [_BAD, [_GOOD, *_BAD], [*_BAD, _GOOD]], ids=["alone", "beside", "before"])
@pytest.mark.parametrize("compacted", [False, True], ids=["as ingested", "compacted"])
def test_a_store_with_hollow_records_has_not_found_nothing(
    *, records: list[Any], compacted: bool, store: Path, tmp_path: Path
) -> None:
    for number in range(2):
        load(store, write_lines(tmp_path / f"{number}.json", [*records, {"n": number}]))
    if compacted:
        assert carlang("store", "compact", store, "--keep", "0").status == 0
    (hollow,) = open_store(store).info().hollow
    assert (hollow.object, hollow.action, hollow.records) == ("process", "create", 2 * len(_BAD))
    assert "hollow: 2,400 records of process/create" in carlang("store", "info", store).out
    report = carlang("run", "-e", _AT, "--store", store, "--format", "json").json()
    # Beside records that are whole they are what is not seen of the class; alone they are all of it.
    is_alone = _GOOD not in records
    (of,) = report["not_run"] if is_alone else report["results"]
    expected = {"code": "hollow_records", "object": "process", "action": "create", "count": 2 * len(_BAD)}
    assert of["judgement"]["state"] == ("blind" if is_alone else "partly")
    assert expected in of["judgement"]["reasons"]
    assert of.get("count", 0) == 0
    assert "2,400 records of process/create" in carlang("run", "-e", _AT, "--store", store).out
    assert "2,400 records" in carlang("check", "-e", _AT, "--store", store).out


def test_what_is_found_is_found_beside_hollow_records(store: Path, tmp_path: Path) -> None:
    load(store, write_lines(tmp_path / "log.json", [sysmon_create(), *_BAD]))
    report = carlang("run", "-e", _AT, "--store", store, "--format", "json").json()
    assert [result["count"] for result in report["results"]] == [1]


def test_hollow_records_of_other_events_are_no_matter(store: Path, tmp_path: Path) -> None:
    load(store, write_lines(tmp_path / "log.json", [_GOOD, _record(_SYSMON, "Microsoft-Windows-Sysmon", 3)]))
    report = carlang("run", "-e", _AT, "--store", store, "--format", "json").json()
    assert [result["count"] for result in report["results"]] == [0]


def test_an_ingest_says_how_many_records_are_hollow(store: Path, tmp_path: Path) -> None:
    log = write_lines(tmp_path / "log.json", _BAD)
    said = carlang("ingest", log, "--store", store).out
    assert f"hollow: 1,200 records of {_SYSMON} 1 (process/create): none of its members found" in said
    report = carlang("ingest", log, "--store", tmp_path / "other", "--format", "json").json()
    kind = {"channel": _SYSMON, "event_id": 1, "object": "process", "action": "create"}
    assert report["hollow"] == [{**kind, "count": 1_200}]
