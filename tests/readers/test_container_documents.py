"""XML, answers of search engines, documents in the CAR model, records that name no log, and Zstandard."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path
from typing import Any

import pytest
from evtx import PyEvtxParser

from carlang.loading import Status
from carlang.readers.compression import zstd
from tests.ingesting import load, query, sysmon_create, write_lines

_DATA = sysmon_create()["Event"]["EventData"]

_EVENT = """\
<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System>
<Provider Name='Microsoft-Windows-Sysmon' Guid='{5770385f-c22a-43e0-bf4c-06f5698ffbd9}'/><EventID>1</EventID>
<Level>4</Level><TimeCreated SystemTime='2020-01-02T03:04:06.000001Z'/><EventRecordID>{number}</EventRecordID>
<Channel>Microsoft-Windows-Sysmon/Operational</Channel><Computer>HOST1.example.com</Computer></System>
<EventData><Data Name='Image'>C:\\a &amp; b.exe</Data><Data Name='CommandLine'>&lt;b&gt; \u00e4</Data>
<Data Name='Nothing'/></EventData></Event>
"""


def _xml(number: int) -> str:
    return _EVENT.replace("{number}", str(number))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le"])
@pytest.mark.parametrize("root", [True, False], ids=["exported", "one after the other"])
def test_windows_events_are_read_as_xml(encoding: str, root: bool, store: Path, tmp_path: Path) -> None:  # noqa: FBT001
    events = "".join(map(_xml, range(3)))
    head = '<?xml version="1.0" encoding="utf-8" standalone="yes"?>\n<Events>'
    (tmp_path / "log").write_bytes((f"{head}{events}</Events>" if root else events).encode(encoding))
    report = load(store, tmp_path / "log")
    assert (report.events, report.rejected) == ({("process", "create"): 3}, 0)
    rows = query(store, "SELECT record_id::BIGINT, image_path, command_line, hostname FROM events ORDER BY 1")
    assert rows == [(number, "C:\\a & b.exe", "<b> \u00e4", "HOST1") for number in range(3)]


def test_a_broken_event_does_not_end_an_xml_file(store: Path, tmp_path: Path) -> None:
    text = _xml(1) + _xml(2).replace("</Data>", "", 1) + _xml(3) + _xml(4)[:200]
    (tmp_path / "log.xml").write_text(text, "utf-8")
    report = load(store, tmp_path / "log.xml")
    assert report.events == {("process", "create"): 2}
    assert [r.number for r in report.rejections] == [2, 4]
    assert "not valid XML" in report.rejections[0].reason
    assert report.rejections[1].reason == "it ends within an event"


def test_entities_of_a_document_are_not_expanded(store: Path, tmp_path: Path) -> None:
    bomb = '<!DOCTYPE Events [<!ENTITY a "aaaaaaaaaa">]><Events>' + _xml(1).replace("&amp;", "&a;") + "</Events>"
    (tmp_path / "log.xml").write_text(bomb, "utf-8")
    assert load(store, tmp_path / "log.xml").sources[0].status is Status.REJECTED


def test_an_evtx_file_gives_the_same_events_as_its_records_in_xml(real_logs: Path, store: Path, tmp_path: Path) -> None:
    log = real_logs / "evtx/AutomatedTestingTools/PanacheSysmon_vs_AtomicRedTeam01.evtx"
    text = "".join(str(record["data"]) for record in PyEvtxParser(str(log)).records() if record)
    (tmp_path / "log.xml").write_text(text, "utf-8")
    xml = load(store, tmp_path / "log.xml")
    evtx = load(tmp_path / "evtx", log)
    assert (xml.events, xml.rejected) == (evtx.events, 0)
    for owner in {name for name, _ in evtx.events} - {"event"}:
        rows = "SELECT COLUMNS(* EXCLUDE (source))::VARCHAR FROM events ORDER BY ALL"
        assert query(store, rows, owner) == query(tmp_path / "evtx", rows, owner)


def _record(number: int) -> dict[str, Any]:
    return {"_index": "logs", "_source": sysmon_create(number)}


_ANSWER = {
    "took": 3,
    "timed_out": False,
    "_shards": {"total": 1, "failed": 0},
    "hits": {
        "total": {"value": 2, "relation": "eq"},
        "max_score": None,
        "hits": [_record(1), _record(2)],
    },
    "aggregations": {"hosts": {"buckets": [{"key": "HOST1"}]}},
}


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(json.dumps(_ANSWER), id="Elasticsearch"),
        pytest.param(json.dumps(_ANSWER, indent=2), id="Elasticsearch, printed"),
        pytest.param(json.dumps({"id": "F", "is_partial": False, "response": _ANSWER}), id="asynchronous search"),
        pytest.param(json.dumps({"rawResponse": _ANSWER, "isPartial": False}, indent=2), id="Kibana's inspector"),
        pytest.param(
            "\n".join(json.dumps({"took": 1, "hits": {"total": 1, "hits": [_record(n)]}}) for n in (1, 2)),
            id="page by page",
        ),
        pytest.param(
            json.dumps({"preview": False, "messages": [], "results": [sysmon_create(1), sysmon_create(2)]}), id="Splunk"
        ),
        pytest.param(
            json.dumps(
                {
                    "preview": False,
                    "messages": [{"type": "INFO", "text": "[a] {b}"}],
                    "fields": [{"name": "_raw"}, {"name": 'x{}."y"'}],
                    "results": [sysmon_create(1), sysmon_create(2)],
                }
            ),
            id="Splunk, with what its fields are",
        ),
        pytest.param(json.dumps({"Records": [sysmon_create(1), sysmon_create(2)], "next": None}), id="records first"),
    ],
)
def test_an_answer_with_records_inside_is_read(text: str, store: Path, tmp_path: Path) -> None:
    (tmp_path / "answer").write_text(text, "utf-8")
    report = load(store, tmp_path / "answer")
    assert (report.events, report.rejected) == ({("process", "create"): 2}, 0)
    assert query(store, "SELECT record_id::BIGINT FROM events ORDER BY 1") == [(1,), (2,)]


def test_what_stands_between_answers_is_named(store: Path, tmp_path: Path) -> None:
    lines = [json.dumps({"Records": [sysmon_create(1)]}), json.dumps(sysmon_create(2)), "", json.dumps({"Records": []})]
    (tmp_path / "answer").write_text("\n".join(lines), "utf-8")
    report = load(store, tmp_path / "answer")
    assert (report.events, report.rejected) == ({("process", "create"): 1}, 1)


@pytest.mark.parametrize(
    "document",
    [
        {"object": "process", "action": "create", "time": "2020-01-02T03:04:05Z", "exe": "a.exe", "fqdn": "h.x.y"},
        {"object": "Process", "action": "Create", "timestamp": "2020-01-02T03:04:05Z", "fields": {"exe": "a.exe"}},
        {"data_model": {"object": "process", "action": "create", "fields": {"exe": "a.exe", "fqdn": "h.x.y"}}},
        {"data_model": {"object": "process", "action": "create", "exe": "a.exe"}},
        {"_source": {"object": "process", "action": "create", "exe": "a.exe"}},
    ],
)
def test_documents_in_the_car_model_are_taken_as_they_are(document: Any, store: Path, tmp_path: Path) -> None:
    report = load(store, write_lines(tmp_path / "log.json", [document]))
    assert (report.events, report.unmapped) == ({("process", "create"): 1}, {})
    assert query(store, "SELECT exe, sensor FROM events") == [("a.exe", "car")]
    text = json.dumps(document)
    if "h.x.y" in text:
        assert query(store, "SELECT hostname, fqdn FROM events") == [("h", "h.x.y")]
    if "03:04:05" in text:
        assert query(store, "SELECT time::VARCHAR FROM events") == [("2020-01-02 03:04:05+00",)]


def test_a_document_of_an_unknown_action_is_kept_as_a_log_record(store: Path, tmp_path: Path) -> None:
    document = {"object": "process", "action": "frobnicate", "exe": "a.exe"}
    report = load(store, write_lines(tmp_path / "log.json", [document]))
    assert report.unmapped == {("car/process/frobnicate", None): 1}


@pytest.mark.parametrize(
    "record",
    [
        pytest.param({"EventId": 1, **_DATA}, id="another name of the id"),
        pytest.param(_DATA, id="no id"),
        pytest.param({"EventID": "1", "Computer": "HOST1", "EventData": _DATA}, id="data in a member"),
    ],
)
def test_records_that_name_no_log_are_known_by_their_members(record: Any, store: Path, tmp_path: Path) -> None:
    (tmp_path / "log.json").write_text(json.dumps([record, record | {"Custom": "x"}]), "utf-8")
    report = load(store, tmp_path / "log.json")
    assert report.events == {("process", "create"): 2}
    (guess,) = report.guesses
    assert (guess.sensor, guess.object, guess.action, guess.count) == ("sysmon", "process", "create", 2)
    assert 0.5 < guess.sure <= 1
    assert report.to_json()["guesses"][0]["sensor"] == "sysmon"
    assert query(store, "SELECT DISTINCT exe, pid, time::VARCHAR FROM events") == [
        ("at.exe", 1088, "2020-01-02 03:04:05.678+00")
    ]


def test_a_record_with_a_few_familiar_members_is_not_guessed(store: Path, tmp_path: Path) -> None:
    record = {"User": "adam", "Image": "x", "a": 1, "b": 2, "c": 3, "d": 4}
    report = load(store, write_lines(tmp_path / "log.json", [record]))
    assert (report.events, report.guesses) == ({("event", "log"): 1}, ())


@pytest.mark.parametrize(
    "data",
    [
        {"Data": [{"@Name": name, "#text": value} for name, value in _DATA.items()]},
        {"Data": [{"Name": name, "Value": value} for name, value in _DATA.items()]},
        {"Data": [{"#attributes": {"Name": name}, "#text": value} for name, value in _DATA.items()]},
    ],
)
def test_named_data_may_be_a_list(data: Any, store: Path, tmp_path: Path) -> None:
    record = sysmon_create()
    record["Event"]["EventData"] = data
    load(store, write_lines(tmp_path / "log.json", [record]))
    columns = "exe, command_line, pid, sha1_hash, time::VARCHAR"
    assert query(store, f"SELECT {columns} FROM events") == [  # noqa: S608
        ("at.exe", "at 10:00 calc.exe", 1088, "aa11", "2020-01-02 03:04:05.678+00")
    ]


def _tar(content: bytes) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        info = tarfile.TarInfo("log.json")
        info.size = len(content)
        archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def test_zstandard_is_unpacked_and_a_cut_is_named(store: Path, tmp_path: Path) -> None:
    content = "".join(json.dumps(sysmon_create(n, Hashes=str(hash(str(n))))) + "\n" for n in range(5000)).encode()
    (tmp_path / "a").write_bytes(zstd.compress(b"\n".join(content.split(b"\n")[:2])))
    (tmp_path / "b").write_bytes(zstd.compress(_tar(json.dumps(sysmon_create()).encode())))
    (tmp_path / "c").write_bytes(zstd.compress(content)[:-1000])
    (tmp_path / "d").write_bytes(zstd.compress(content)[:9])
    report = load(store, *(tmp_path / name for name in "abcd"))
    found = {Path(s.source).name: s for s in report.sources}
    assert (found["a"].mapped, found["b"].mapped) == (2, 1)
    assert found["c"].rejected >= 1
    assert found["d"].status is Status.REJECTED
    assert "it breaks off" in str(found["d"].reason)
    assert f"{tmp_path / 'b'}!log.json" in {row[0] for row in query(store, "SELECT DISTINCT source FROM events")}
