"""Times on their way from a log into the store and the report: what is read, what is said of it, what is kept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from carlang.errors import IngestOptionError
from carlang.loading import IngestReport, explain, ingest
from carlang.mapping.record_times import OTHER_SPELLINGS
from carlang.model import builtin_model
from carlang.readers import tuning
from carlang.store import Store
from tests.ingesting import query, sysmon_create, write_lines

_ZONED = """
2024-03-21T10:00:00Z
2024-03-21t10:00:00z
2024-03-21 10:00:00 UTC
2024-03-21 10:00:00 [UTC]
2024-03-21T12:00:00+02:00
2024-03-21T12:00:00+0200
2024-03-21T12:00:00 +02:00
2024-03-21 05:00:00 -5
2024-03-21 11:00:00 CET
2024-03-21 11:00:00 Europe/Berlin
2024-03-20T24:00:00-10:00
20240321T100000Z
20240321110000.000000+060
Thu, 21 Mar 2024 06:00:00 -0400
Thu Mar 21 2024 11:00:00 GMT+0100 (Central European Standard Time)
1711015200
1711015200000
1711015200000000
1711015200000000000
133554888000000000
/Date(1711015200000)/
""".strip().split("\n")

_LOCAL = """
2024-03-21 10:00:00
2024-03-21T10:00:00
2024-03-21 10:00:00,000
2024-03-21 10:00
20240321100000
21.03.2024 10:00:00
Donnerstag, 21. März 2024 10:00:00
3/21/2024 10:00:00 AM
21/Mar/2024:10:00:00
""".strip().split("\n")

_UNREAD = {
    "03/04/2024 10:00:00": "99/99/9999 99:99:99",
    "04/03/2024 11:00:00": "99/99/9999 99:99:99",
    "2024-02-30T10:00:00Z": "9999-99-99T99:99:99Z",
    "2024-03-21 10:00:00 CST": "9999-99-99 99:99:99 CST",
    "Mar 21 10:00:00": "Mar 99 99:99:99",
    "0000-01-01T00:00:00Z": "9999-99-99T99:99:99Z",
    "9999-12-31T23:59:59Z": "9999-99-99T99:99:99Z",
    "soon": "soon",
    "0": "9",
}

_NOTHING = ["", "-", "N/A", "(null)"]


def _record(time: Any, **members: Any) -> dict[str, Any]:
    head = {"Channel": "Security", "EventID": 4688, "Hostname": "HOST1", "TimeCreated": time}
    return head | {"NewProcessName": "C:\\at.exe", "CommandLine": str(time), "NewProcessId": "0x1092"} | members


def _ingested(folder: Path, *records: Any, timezone: str | None = None, **options: Any) -> IngestReport:
    log = write_lines(folder / "log.json", records)
    return ingest([log], folder / "store", model=builtin_model(), timezone=timezone, **options)


def _times(folder: Path, object_name: str = "process") -> dict[str, str | None]:
    """Return the times of all events by what their record wrote."""
    return dict(
        query(folder / "store", "SELECT command_line, left(CAST(time AS VARCHAR), 19) FROM events", object_name)
    )


def _extras(store: Store | Path, object_name: str = "process") -> list[Any]:
    rows = query(store, "SELECT extra FROM events WHERE extra IS NOT NULL ORDER BY extra", object_name)
    return [json.loads(extra) for (extra,) in rows]


def _unzoned(report: IngestReport) -> list[int]:
    return [source.unzoned for source in report.sources]


def test_without_a_zone_times_are_utc_and_the_report_says_of_how_many(tmp_path: Path) -> None:
    report = _ingested(tmp_path, *map(_record, [*_ZONED, *_LOCAL]))
    assert _times(tmp_path) == dict.fromkeys([*_ZONED, *_LOCAL], "2024-03-21 10:00:00")
    assert _unzoned(report) == [len(_LOCAL)]
    assert (report.unread_times, _extras(tmp_path / "store")) == ({}, [])


_BERLIN = {
    "2024-03-31 01:59:59": "2024-03-31 00:59:59",
    "2024-03-31 02:30:00": "2024-03-31 01:30:00",  # was no time: the clock went from 02:00 to 03:00
    "31.03.2024 02:30:00": "2024-03-31 01:30:00",
    "2024-03-31 03:00:00": "2024-03-31 01:00:00",
    "2024-10-27 01:59:59": "2024-10-26 23:59:59",
    "2024-10-27 02:30:00": "2024-10-27 01:30:00",  # was twice: the clock went from 03:00 back to 02:00
    "27.10.2024 02:30:00": "2024-10-27 01:30:00",
    "2024-10-27 02:30:00+02:00": "2024-10-27 00:30:00",
    "2024-10-27 03:00:00": "2024-10-27 02:00:00",
}


def test_a_zone_is_for_times_that_name_none(tmp_path: Path) -> None:
    """A time in a gap goes by the offset before it, one that was twice is the second."""
    report = _ingested(tmp_path, *map(_record, [*_ZONED, *_LOCAL, *_BERLIN]), timezone="Europe/Berlin")
    zoned, local = (
        dict.fromkeys(texts, f"2024-03-21 {hour}:00:00") for texts, hour in ((_ZONED, "10"), (_LOCAL, "09"))
    )
    assert _times(tmp_path) == zoned | local | _BERLIN
    assert _unzoned(report) == [0]


def test_a_time_that_cannot_be_read_is_counted_by_spelling_and_kept(tmp_path: Path) -> None:
    report = _ingested(tmp_path, *map(_record, [*_UNREAD, *_NOTHING, "2024-03-21T10:00:00Z"]))
    expected: dict[str, int] = {}
    for spelling in _UNREAD.values():
        expected[spelling] = expected.get(spelling, 0) + 1
    assert report.unread_times == expected
    assert list(report.unread_times.values()) == sorted(expected.values(), reverse=True)
    assert {each["spelling"]: each["count"] for each in report.to_json()["unread_times"]} == expected
    assert _extras(tmp_path / "store") == [{"time": text} for text in sorted(_UNREAD)]
    assert {text for text, time in _times(tmp_path).items() if time is None} == {*_UNREAD, *_NOTHING} - {""} | {None}
    assert _unzoned(report) == [0]


def test_a_record_of_two_events_is_counted_once_and_both_keep_the_text(tmp_path: Path) -> None:
    logon = {"EventID": 4624, "TargetUserName": "ann", "LogonType": "3", "TargetLogonId": "0x1"}
    report = _ingested(tmp_path, _record("soon") | logon, _record("2024-03-21 10:00") | logon)
    assert (report.unread_times, _unzoned(report)) == ({"soon": 1}, [1])
    for object_name in ("user_session", "authentication"):
        assert _extras(tmp_path / "store", object_name) == [{"time": "soon"}]


def test_a_record_for_event_log_keeps_the_text_too(tmp_path: Path) -> None:
    report = _ingested(tmp_path, {"Channel": "Doors", "EventID": 17, "TimeCreated": "soon"})
    assert report.unread_times == {"soon": 1}
    assert _extras(tmp_path / "store", "event") == [{"time": "soon"}]


def test_a_document_keeps_it_beside_what_else_does_not_fit(tmp_path: Path) -> None:
    document = {"object": "process", "action": "create", "exe": "a.exe", "ppid": "12.5", "time": "soon"}
    report = _ingested(tmp_path, document)
    assert report.unread_times == {"soon": 1}
    assert _extras(tmp_path / "store") == [{"ppid": "12.5", "time": "soon"}]


def test_a_time_of_the_event_itself_makes_that_of_the_header_indifferent(tmp_path: Path) -> None:
    """Sysmon's `UtcTime` says UTC, whatever the collector wrote of when it got the record."""
    data = sysmon_create()["Event"]["EventData"]
    head = {"Channel": "Microsoft-Windows-Sysmon/Operational", "EventID": 1, "Hostname": "HOST1"}
    report = _ingested(
        tmp_path,
        head | data | {"EventTime": "2020-01-02 04:04:05"},
        head | data | {"EventTime": "soon"},
        timezone=None,
    )
    assert (report.unread_times, _unzoned(report)) == ({}, [0])
    assert _extras(tmp_path / "store") == []


_SAYS_UTC: list[dict[str, Any]] = [
    {"EventId": 4688, "Channel": "Security", "TimeCreated": "2024-03-21 10:00:00.1234567",
     "Payload": json.dumps({"EventData": {"Data": [{"@Name": "NewProcessName", "#text": "C:\\at.exe"}]}})},
    {"TimeGenerated": "2024-03-21 10:00:00", "EventID": 4688, "Activity": "4688 - A", "NewProcessName": "C:\\at.exe"},
    {"TimeGenerated [UTC]": "3/21/2024, 10:00:00.000 AM", "EventID": 4688, "Activity": "4688 - A",
     "NewProcessName": "C:\\at.exe"},
    {"Event": {"System": {"EventID": 4688, "Channel": "Security", "TimeCreated": {"SystemTime": "2024-03-21 10:00:00"}},
               "EventData": {"NewProcessName": "C:\\at.exe"}}},
    {"data": {"win": {"system": {"eventID": "4688", "channel": "Security", "systemTime": "2024-03-21T10:00:00.1"},
                      "eventdata": {"newProcessName": "C:\\at.exe"}}}},
    {"System": {"EventID": 4688, "Channel": "Security", "TimeCreated": {"SystemTime": "2024-03-21T10:00:00"}},
     "EventData": {"NewProcessName": "C:\\at.exe"}},
]  # fmt: skip


def test_exporters_that_write_utc_without_a_word_are_taken_at_that(tmp_path: Path) -> None:
    _ingested(tmp_path, *_SAYS_UTC, timezone="Asia/Tokyo")
    times = query(tmp_path / "store", "SELECT left(CAST(time AS VARCHAR), 19) FROM events", "process")
    assert times == [("2024-03-21 10:00:00",)] * len(_SAYS_UTC)


def test_their_zone_is_not_unknown(tmp_path: Path) -> None:
    assert _unzoned(_ingested(tmp_path, *_SAYS_UTC)) == [0]


def test_a_source_is_said_by_name(tmp_path: Path) -> None:
    logs = [
        write_lines(tmp_path / "a.json", [_record("2024-03-21 10:00:00"), _record("2024-03-21 10:00:01")]),
        write_lines(tmp_path / "b.json", [_record("2024-03-21T10:00:02Z")]),
        write_lines(tmp_path / "c.json", [_record("21.03.2024 10:00:03")]),
    ]
    report = ingest(logs, tmp_path / "store", model=builtin_model())
    assert _unzoned(report) == [2, 0, 1]
    assert [source["unzoned"] for source in report.to_json()["sources"]] == [2, 0, 1]
    again = ingest(logs, tmp_path / "store", model=builtin_model())
    assert _unzoned(again) == [0, 0, 0]


def test_a_date_without_a_year_has_that_of_its_receipt_or_none(tmp_path: Path) -> None:
    """Never that of the day on which it is read, nor 1900 or 1970."""
    log = tmp_path / "syslog"
    log.write_text("Mar 21 10:00:00 host sshd[1]: Accepted\nMar 21 10:00:01 host sshd[1]: closed\n", "utf-8")
    report = ingest([log], tmp_path / "store", model=builtin_model())
    assert report.unread_times == {"Mar 99 99:99:99": 2}
    assert query(tmp_path / "store", "SELECT DISTINCT time FROM events") == [(None,)]
    assert _extras(tmp_path / "store", "event")[0] == {"time": "Mar 21 10:00:00"}
    collected = {"EventTime": "Dec 31 23:59:59", "EventReceivedTime": "2024-01-01 00:00:01"}
    (tmp_path / "nxlog").mkdir()
    _ingested(tmp_path / "nxlog", _record(None, **collected))
    assert _times(tmp_path / "nxlog") == {"None": "2023-12-31 23:59:59"}


def test_a_spelling_a_record_does_not_fill_the_report(tmp_path: Path) -> None:
    count = tuning.SPELLINGS + 50
    names = ["".join(chr(97 + (number // 26**place) % 26) for place in range(3)) for number in range(count)]
    report = _ingested(tmp_path, *map(_record, names))
    assert len(report.unread_times) == tuning.SPELLINGS + 1
    assert report.unread_times[OTHER_SPELLINGS] == 50
    assert len(_extras(tmp_path / "store")) == count


def test_an_explanation_goes_by_the_zone_too(tmp_path: Path) -> None:
    document = {"object": "process", "action": "create", "exe": "a.exe", "time": "2024-03-21 10:00:00"}
    log = write_lines(tmp_path / "log.json", [document])
    (record,) = explain([log], model=builtin_model(), timezone="Europe/Berlin")
    assert [f.value for f in record.events[0].fields if f.name == "time"] == ["2024-03-21 09:00:00+00"]
    with pytest.raises(IngestOptionError, match="did you mean `Europe/Berlin`"):
        explain([log], model=builtin_model(), timezone="Berlin")
