from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from carlang.errors import IngestError
from carlang.loading import Status
from tests.ingesting import load, query, sysmon_create, write_lines


def _rejected(store: Path) -> list[dict[str, Any]]:
    files = sorted((store / "_rejected").glob("*.ndjson"))
    return [json.loads(line) for file in files for line in file.read_text("utf-8").splitlines()]


def test_broken_lines_are_named_counted_and_kept_and_the_rest_is_ingested(store: Path, tmp_path: Path) -> None:
    log = tmp_path / "log.json"
    good = json.dumps(sysmon_create())
    log.write_text(f'{good}\n{{"cut": \n\n[1, 2]\n{good}\r\nplain text\n7\n{good}', "utf-8")
    report = load(store, log)
    assert report.records == 7
    assert report.events == {("process", "create"): 3}
    assert [(r.number, r.reason) for r in report.rejections] == [
        (2, "not valid JSON"),
        (4, "JSON, but not an object"),
        (6, "not valid JSON"),
        (7, "JSON, but not an object"),
    ]
    (source,) = report.sources
    assert (source.status, source.read, source.mapped, source.unmapped, source.rejected) == (
        Status.INGESTED,
        7,
        3,
        0,
        4,
    )
    assert source.reason == f"{log}, 2: not valid JSON"
    assert [row["text"] for row in _rejected(store)] == ['{"cut": ', "[1, 2]", "plain text", "7"]


def test_a_broken_first_line_does_not_make_documents_of_lines(store: Path, tmp_path: Path) -> None:
    log = tmp_path / "log.json"
    log.write_text('{"cut": \n' + json.dumps(sysmon_create()) + "\n", "utf-8")
    report = load(store, log)
    assert (report.events, report.rejected) == ({("process", "create"): 1}, 1)


def test_sources_that_are_no_logs_are_named_and_the_rest_goes_on(store: Path, tmp_path: Path) -> None:
    (tmp_path / "empty.evtx").touch()
    (tmp_path / "image.evtx").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(5000))
    (tmp_path / "header.evtx").write_bytes(b"ElfFile\0" + bytes(50))
    (tmp_path / "notes.txt").write_text("nothing of it\nis a record\n", "utf-8")
    good = write_lines(tmp_path / "good.json", [sysmon_create()])
    report = load(store, tmp_path / "gone.evtx", *sorted(tmp_path.glob("*.*")), tmp_path / "*.zip")
    found = {Path(s.source).name: (s.status, s.reason) for s in report.sources}
    assert found["gone.evtx"] == (Status.REJECTED, "there is no such file or folder")
    assert found["empty.evtx"] == (Status.EMPTY, "the file is empty")
    assert found["image.evtx"][0] is Status.REJECTED
    assert "a PNG image" in str(found["image.evtx"][1])
    assert found["header.evtx"][0] is Status.REJECTED
    assert found["notes.txt"][0] is Status.REJECTED
    assert found["*.zip"] == (Status.REJECTED, "no file matches the pattern")
    assert found[good.name] == (Status.INGESTED, None)
    assert report.events == {("process", "create"): 1}
    assert json.loads(json.dumps(report.to_json()))["records"] == report.records


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('{"Channel": "Security", "EventID": 1, "a": ' + "[" * 50_000 + "]" * 50_000 + "}", id="deep"),
        pytest.param('{"Channel": "Security", "Channel": "x", "EventID": 1, "EventID": 2}', id="twice the same member"),
        pytest.param('{"Channel": "Security", "EventID": 1, "a": "' + "x" * 3_000_000 + '"}', id="huge"),
        pytest.param(
            '{"Channel": {"a": [1]}, "EventID": [1], "TimeCreated": {"x": 1}, "Hostname": 7}', id="wrong types"
        ),
        pytest.param(
            '{"Channel": "a", "EventID": 99999999999999999999999, "RecordNumber": "1e400"}', id="out of range"
        ),
        pytest.param(
            '{"Channel": "a", "EventID": 1, "TimeCreated": "9999999999999", "EventTime": "infinity"}', id="time"
        ),
        pytest.param('{"Event": {"System": {"EventID": 1}, "EventData": "text", "UserData": []}}', id="data is a text"),
        pytest.param(
            '{"Event": {"System": {"EventID": 1}, "EventData": "{text", "UserData": "{"}}', id="data like JSON"
        ),
        pytest.param(
            '{"Channel": "a", "EventID": 1, "EventTime": "294247-01-10 04:00:54", "EventReceivedTime": "-infinity",'
            ' "@timestamp": "infinity"}',
            id="times that cannot be reckoned with",
        ),
        pytest.param('{"Channel": "a", "EventID": 1, "b": "\\u0000 \\uFFFF"}', id="odd characters"),
        pytest.param("{}", id="nothing"),
    ],
)
def test_odd_values_do_no_harm(text: str, store: Path, tmp_path: Path) -> None:
    log = tmp_path / "log.json"
    log.write_text(f"{text}\n{json.dumps(sysmon_create())}\n", "utf-8")
    report = load(store, log)
    assert report.events == {("event", "log"): 1, ("process", "create"): 1}


def test_half_a_surrogate_is_no_json(store: Path, tmp_path: Path) -> None:
    log = tmp_path / "log.json"
    log.write_text('{"EventID": 1, "Channel": "\\ud800"}\n' + json.dumps(sysmon_create()), "utf-8")
    assert load(store, log).rejected == 1


def test_strict_leaves_a_faulty_source_out_as_a_whole(store: Path, tmp_path: Path) -> None:
    faulty = write_lines(tmp_path / "faulty.json", [sysmon_create(1), 7])
    good = write_lines(tmp_path / "good.json", [sysmon_create(2)])
    report = load(store, faulty, good, strict=True)
    assert [s.status for s in report.sources] == [Status.REJECTED, Status.INGESTED]
    assert str(report.sources[0].reason).startswith("left out as a whole")
    assert query(store, "SELECT record_id::BIGINT FROM events") == [(2,)]
    faulty.write_text(json.dumps(sysmon_create(1)), "utf-8")
    assert load(store, faulty).events == {("process", "create"): 1}


def test_an_unknown_sensor_is_an_error_with_the_nearest_name(store: Path, tmp_path: Path) -> None:
    with pytest.raises(IngestError, match="did you mean `sysmon`"):
        load(store, write_lines(tmp_path / "log.json", [sysmon_create()]), sensor="sysmn")


def test_an_evtx_file_cut_in_half_gives_what_is_there(real_logs: Path, store: Path, tmp_path: Path) -> None:
    whole = real_logs / "evtx/AutomatedTestingTools/PanacheSysmon_vs_AtomicRedTeam01.evtx"
    half = tmp_path / "half.evtx"
    content = whole.read_bytes()
    half.write_bytes(content[: len(content) // 2])
    report = load(store, half)
    (source,) = report.sources
    assert source.status is Status.INGESTED
    assert source.mapped + source.unmapped > 100
    assert source.rejected == 1
    assert "the file is cut off" in str(source.reason)
    assert load(tmp_path / "whole", whole).rejected == 0


def test_a_damaged_chunk_does_not_end_an_evtx_file(real_logs: Path, store: Path, tmp_path: Path) -> None:
    content = (real_logs / "evtx/AutomatedTestingTools/PanacheSysmon_vs_AtomicRedTeam01.evtx").read_bytes()
    damaged = tmp_path / "damaged.evtx"
    damaged.write_bytes(content[:70_000] + b"\xff" * 20_000 + content[90_000:])
    (source,) = load(store, damaged).sources
    assert source.mapped + source.unmapped > 400
    assert source.rejected == 1
    assert "Failed to parse chunk" in str(source.reason)
