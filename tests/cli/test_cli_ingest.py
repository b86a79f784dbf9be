from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from tests.cli.commands import AT, carlang, process_record, write_log


def _hits(store: Path) -> list[str]:
    done = carlang("run", "-e", AT, "--store", store, "--format", "ndjson")
    return [row["command_line"] for row in done.lines()]


def test_what_was_ingested_can_be_searched(tmp_path: Path) -> None:
    log = write_log(
        tmp_path / "log.ndjson", process_record(1), process_record(2, "cmd.exe"), {"Channel": "X", "EventID": 7}
    )
    done = carlang("ingest", log, "--store", tmp_path / "store")
    assert (done.status, done.err) == (0, "")
    assert "3 records" in done.out
    assert "process/create" in done.out
    assert "kept as event/log" in done.out
    assert _hits(tmp_path / "store") == ["at.exe 1"]


def test_a_source_is_not_ingested_twice(tmp_path: Path) -> None:
    log = write_log(tmp_path / "log.ndjson", process_record(1))
    assert "1 ingested" in carlang("ingest", log, "--store", tmp_path / "store").out
    again = carlang("ingest", log, "--store", tmp_path / "store")
    assert (again.status, "1 already ingested" in again.out) == (0, True)
    renamed = log.rename(tmp_path / "renamed.ndjson")
    assert "1 already ingested" in carlang("ingest", renamed, "--store", tmp_path / "store").out
    assert _hits(tmp_path / "store") == ["at.exe 1"]


def test_sources_that_cannot_be_read_are_named_and_the_rest_is_ingested(tmp_path: Path) -> None:
    good = write_log(tmp_path / "good.ndjson", process_record(1))
    image = tmp_path / "image.evtx"
    image.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(5000))
    text = write_log(tmp_path / "notes.txt", "nothing of it is a record")
    sources = (tmp_path / "gone.evtx", image, good, text)
    done = carlang("ingest", *sources, "--store", tmp_path / "store")
    assert done.status == 3
    for name in ("gone.evtx", "image.evtx", "notes.txt"):
        assert name in done.out
    assert "1 ingested" in done.out
    assert "3 rejected" in done.out
    assert _hits(tmp_path / "store") == ["at.exe 1"]


def test_a_record_that_cannot_be_read_is_reflected_in_the_exit_status_and_stops_nothing(tmp_path: Path) -> None:
    log = write_log(tmp_path / "log.ndjson", process_record(1), '{"cut off": ', process_record(3))
    done = carlang("ingest", log, "--store", tmp_path / "store")
    assert "log.ndjson:2: not valid JSON" in done.out
    assert _hits(tmp_path / "store") == ["at.exe 1", "at.exe 3"]
    assert done.status == 3


def test_strict_leaves_a_source_with_a_broken_record_out_as_a_whole(tmp_path: Path) -> None:
    log = write_log(tmp_path / "log.ndjson", process_record(1), "broken")
    good = write_log(tmp_path / "good.ndjson", process_record(2))
    done = carlang("ingest", log, good, "--store", tmp_path / "store", "--strict")
    assert done.status == 3
    assert _hits(tmp_path / "store") == ["at.exe 2"]


def test_the_report_as_json_accounts_for_every_record(tmp_path: Path) -> None:
    log = write_log(tmp_path / "log.ndjson", process_record(1), {"Channel": "X", "EventID": 7}, "broken")
    done = carlang("ingest", log, tmp_path / "none.evtx", "--store", tmp_path / "store", "--format", "json")
    report = done.json()
    assert done.err == ""
    assert (report["records"], report["rejected"]) == (4, 2)
    assert report["events"] == [
        {"object": "event", "action": "log", "count": 1},
        {"object": "process", "action": "create", "count": 1},
    ]
    assert report["unmapped"] == [{"channel": "X", "event_id": 7, "count": 1}]
    assert {Path(s["source"]).name: s["status"] for s in report["sources"]} == {
        "log.ndjson": "ingested",
        "none.evtx": "rejected",
    }


def test_folders_patterns_and_compressed_files_are_sources(tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    (logs / "below").mkdir(parents=True)
    write_log(logs / "one.ndjson", process_record(1))
    (logs / "below" / "two.ndjson.gz").write_bytes(gzip.compress(json.dumps(process_record(2)).encode()))
    write_log(tmp_path / "three.ndjson", process_record(3))
    done = carlang("ingest", logs, str(tmp_path / "thr*.ndjson"), "--store", tmp_path / "store")
    assert done.status == 0
    assert _hits(tmp_path / "store") == ["at.exe 1", "at.exe 2", "at.exe 3"]


def test_a_host_can_be_given_to_records_that_name_none(tmp_path: Path) -> None:
    nameless = {name: value for name, value in process_record(1).items() if name != "Hostname"}
    log = write_log(tmp_path / "log.ndjson", nameless, process_record(2))
    assert carlang("ingest", log, "--store", tmp_path / "store", "--hostname", "GIVEN").status == 0
    done = carlang("run", "-e", AT, "--store", tmp_path / "store", "--format", "ndjson")
    assert [row["hostname"] for row in done.lines()] == ["GIVEN", "DESK7"]


def test_an_unknown_sensor_is_named_with_the_nearest_known_one(tmp_path: Path) -> None:
    log = write_log(tmp_path / "log.ndjson", process_record(1))
    done = carlang("ingest", log, "--store", tmp_path / "store", "--sensor", "sysmn")
    assert (done.status, done.out) == (2, "")
    assert "did you mean `sysmon`" in done.err


def test_times_that_are_doubtful_are_told_and_a_zone_can_be_given(tmp_path: Path) -> None:
    times = ("2024-03-21 11:00:00", "soon")
    records = [process_record(number, UtcTime=None, EventTime=time) for number, time in enumerate(times, 1)]
    log = write_log(tmp_path / "log.ndjson", *records)
    done = carlang("ingest", log, "--store", tmp_path / "store")
    assert f"times without a zone, taken as UTC (--timezone says whose they are): {log} 1\n" in done.out
    assert "times that could not be read, kept in extra.time: `soon` 1\n" in done.out
    zoned = carlang(
        "ingest", log, "--store", tmp_path / "zoned", "--timezone", "Europe/Berlin", "--format", "json"
    ).json()
    assert [source["unzoned"] for source in zoned["sources"]] == [0]
    assert zoned["unread_times"] == [{"spelling": "soon", "count": 1}]
    rows = carlang("run", "-e", AT, "--store", tmp_path / "zoned", "--format", "ndjson").lines()
    assert [row["time"] for row in rows] == ["2024-03-21T10:00:00.000000Z", None]


@pytest.mark.parametrize("more", [(), ("--explain",)])
def test_a_zone_that_is_none_is_refused_with_the_nearest(more: tuple[str, ...], tmp_path: Path) -> None:
    log = write_log(tmp_path / "log.ndjson", process_record(1))
    done = carlang("ingest", log, "--store", tmp_path / "store", "--timezone", "Europe/Berlim", *more)
    assert (done.status, done.out) == (2, "")
    assert done.err == "error: there is no time zone `Europe/Berlim`; did you mean `Europe/Berlin`?\n"
    assert not (tmp_path / "store").exists()


def test_raw_records_are_kept_where_that_is_asked_for(tmp_path: Path) -> None:
    log = write_log(tmp_path / "log.ndjson", process_record(1))
    assert carlang("ingest", log, "--store", tmp_path / "store", "--keep-raw").status == 0
    info = carlang("store", "info", tmp_path / "store", "--format", "json").json()
    assert info["classes"][0]["fill"]["raw"] == 1.0


def test_a_store_has_to_be_named_and_the_sample_is_never_written_to(tmp_path: Path) -> None:
    log = write_log(tmp_path / "log.ndjson", process_record(1))
    done = carlang("ingest", log, cwd=tmp_path)
    assert (done.status, done.out) == (2, "")
    assert "--store" in done.err
    assert carlang("ingest", log, cwd=tmp_path, env={"CARLANG_STORE": str(tmp_path / "named")}).status == 0
    assert _hits(tmp_path / "named") == ["at.exe 1"]


def test_a_plain_tree_is_not_written_to(large_store: Path, tmp_path: Path) -> None:
    log = write_log(tmp_path / "log.ndjson", process_record(1))
    done = carlang("ingest", log, "--store", large_store)
    assert (done.status, done.out) == (3, "")
    assert "only read" in done.err


@pytest.mark.parametrize("arguments", [(), ("x.evtx", "--format", "xml", "--store", "s")])
def test_wrong_usage_has_status_2(arguments: tuple[str, ...], tmp_path: Path) -> None:
    done = carlang("ingest", *arguments, cwd=tmp_path)
    assert (done.status, done.out) == (2, "")
    assert not (tmp_path / "s").exists()


def test_a_recorded_run_of_at_exe_is_found(real_logs: Path, tmp_path: Path) -> None:
    source = real_logs / "evtx" / "AutomatedTestingTools" / "PanacheSysmon_vs_AtomicRedTeam01.evtx"
    assert carlang("ingest", source, "--store", tmp_path / "store").status == 0
    done = carlang("run", "CAR-2013-05-004", "--store", tmp_path / "store", "--format", "ndjson", "--fail-on-hit")
    assert done.status == 4
    assert [row["command_line"].strip() for row in done.lines()] == ["at  13:20 /interactive cmd"]


def test_standard_input_is_read_and_limits_are_options(tmp_path: Path) -> None:
    text = "".join(json.dumps(process_record(number)) + "\n" for number in (1, 2))
    done = carlang("ingest", "-", "--store", tmp_path / "store", "--expand-limit", "1GB", "--timeout", "5m", stdin=text)
    assert (done.status, done.err) == (0, "")
    assert _hits(tmp_path / "store") == ["at.exe 1", "at.exe 2"]
    for option in ("--timeout", "--expand-limit"):
        refused = carlang("ingest", "-", "--store", tmp_path / "store", option, "soon", stdin=text)
        assert (refused.status, refused.out) == (2, "")
        assert f"{option}: 'soon' is not a" in refused.err
    assert carlang("ingest", "-", "--store", tmp_path / "store", "--memory-limit", "128MB", stdin=text).status == 0
    refused = carlang("ingest", "-", "--store", tmp_path / "other", "--memory-limit", "100MB", stdin=text)
    assert (refused.status, refused.out, (tmp_path / "other").exists()) == (2, "", False)
    assert "--memory-limit: '100MB' is too little; 128 MB are the least" in refused.err


def test_what_there_was_no_time_for_is_named_and_sets_the_exit_status(tmp_path: Path) -> None:
    log = write_log(tmp_path / "log.ndjson", process_record(1))
    done = carlang("ingest", log, "--store", tmp_path / "store", "--timeout", "0.001ms")
    assert done.status == 3
    assert "1 not read" in done.out
    assert f"not read: {log}: the time was up: 1e-06 s" in done.out


def test_what_is_no_file_is_named_in_the_report(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    write_log(tmp_path / "logs" / "log.ndjson", process_record(1))
    (tmp_path / "logs" / "gone").symlink_to("nowhere")
    done = carlang("ingest", tmp_path / "logs", "--store", tmp_path / "store")
    assert done.status == 0
    assert f"passed over: {tmp_path / 'logs' / 'gone'}: a link that leads nowhere" in done.out
