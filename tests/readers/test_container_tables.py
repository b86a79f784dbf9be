"""CSV, Parquet and Zeek's own logs: tables whose rows are records."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from carlang.errors import IngestError
from carlang.loading import Status
from tests.ingesting import load, query, sysmon_create, write_lines

_CAR = """\
object,action,time,hostname,exe,command_line,pid
process,create,2020-01-01T00:00:00Z,HOST1,a.exe,"a ""b""
c",1
process,terminate,2020-01-01T00:00:01Z,HOST1,a.exe,,1
"""

_ZEEK = """\
#separator \\x09
#set_separator\t,
#empty_field\t(empty)
#unset_field\t-
#path\tconn
#open\t2020-01-01-00-00-00
#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\tservice\tlocal_orig\ttunnel_parents
#types\ttime\tstring\taddr\tport\taddr\tport\tenum\tstring\tbool\tset[string]
1588316619.797806\tC1\t10.0.0.1\t50000\t10.0.0.2\t445\ttcp\tsmb,gssapi\tT\t(empty)
1588316620.5\tC2\t10.0.0.1\t50001\t10.0.0.2\t53\tudp\t-\tF\ta,b
no more
#close\t2020-01-01-00-00-01
"""

_ZEEK_JSON = [
    {
        "_path": "conn",
        "ts": 1588316619.797806,
        "uid": "C1",
        "id.orig_h": "10.0.0.1",
        "id.orig_p": 50000,
        "id.resp_h": "10.0.0.2",
        "id.resp_p": 445,
        "proto": "tcp",
        "service": "smb,gssapi",
        "local_orig": True,
        "tunnel_parents": [],
    },
    {
        "_path": "conn",
        "ts": 1588316620.5,
        "uid": "C2",
        "id.orig_h": "10.0.0.1",
        "id.orig_p": 50001,
        "id.resp_h": "10.0.0.2",
        "id.resp_p": 53,
        "proto": "udp",
        "local_orig": False,
        "tunnel_parents": ["a", "b"],
    },
]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_csv_file_with_columns_of_car_holds_its_events(
    delimiter: str, encoding: str, store: Path, tmp_path: Path
) -> None:
    (tmp_path / "events").write_bytes(_CAR.replace(",", delimiter).encode(encoding))
    report = load(store, tmp_path / "events")
    assert (report.events, report.rejected) == ({("process", "create"): 1, ("process", "terminate"): 1}, 0)
    rows = query(store, "SELECT time::VARCHAR, hostname, exe, command_line, pid, sensor FROM events ORDER BY time")
    assert rows == [
        ("2020-01-01 00:00:00+00", "HOST1", "a.exe", 'a "b"\nc', 1, "car"),
        ("2020-01-01 00:00:01+00", "HOST1", "a.exe", None, 1, "car"),
    ]


def test_object_and_action_may_be_given_by_name(store: Path, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("time,exe\n2020-01-01,a.exe\n2020-01-02,b.exe\n", "utf-8")
    report = load(store, tmp_path / "a.csv", sensor="process/create")
    assert (report.events, report.unmapped) == ({("process", "create"): 2}, {})
    assert query(store, "SELECT exe FROM events ORDER BY time") == [("a.exe",), ("b.exe",)]
    with pytest.raises(IngestError, match="did you mean `process/create`"):
        load(store, tmp_path / "a.csv", sensor="process/creat")


def test_a_row_of_another_length_is_rejected_and_the_rest_is_read(store: Path, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("object,action,exe\nprocess,create,a\nprocess,create\nprocess,create,b\n", "utf-8")
    report = load(store, tmp_path / "a.csv")
    assert (report.events, report.rejected) == ({("process", "create"): 2}, 1)
    assert "2 cells where the first line has 3" in report.rejections[0].reason


def test_columns_of_sysmon_are_known_by_their_names(store: Path, tmp_path: Path) -> None:
    data = {**sysmon_create()["Event"]["EventData"], "EventID": "1"}
    names = list(data)
    text = ",".join(names) + "\n" + ",".join(f'"{data[name]}"' for name in names) + "\n"
    (tmp_path / "sysmon.csv").write_text(text, "utf-8")
    report = load(store, tmp_path / "sysmon.csv")
    assert report.events == {("process", "create"): 1}
    (guess,) = report.guesses
    assert (guess.sensor, guess.object, guess.action, guess.count) == ("sysmon", "process", "create", 1)
    assert guess.sure == 1
    assert query(store, "SELECT exe, pid, md5_hash, sensor FROM events") == [("at.exe", 1088, "bb22", "sysmon")]


def test_a_text_with_commas_is_no_csv_file(store: Path, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("Dear all,\nplease, when you can, read this.\n", "utf-8")
    assert load(store, tmp_path / "notes.txt").sources[0].status is Status.REJECTED


def test_a_parquet_file_with_columns_of_car_holds_its_events(store: Path, tmp_path: Path) -> None:
    moment = datetime(2020, 1, 1, 0, 0, 0, 1, UTC)
    rows = [
        {"object": "process", "action": "create", "time": moment, "exe": f"{number}.exe", "pid": number, "user": None}
        for number in range(20_000)
    ]
    buffer = io.BytesIO()
    parquet.write_table(pa.Table.from_pylist(rows), buffer)
    (tmp_path / "a").write_bytes(buffer.getvalue())
    report = load(store, tmp_path / "a")
    assert (report.events, report.rejected) == ({("process", "create"): 20_000}, 0)
    found = query(store, "SELECT exe, time::VARCHAR, user FROM events WHERE pid = 17")
    assert found == [("17.exe", "2020-01-01 00:00:00.000001+00", None)]
    (tmp_path / "b").write_bytes(buffer.getvalue()[:-9])
    assert load(store, tmp_path / "b").sources[0].status is Status.REJECTED


def test_the_files_of_a_store_can_be_read_again(store: Path, tmp_path: Path) -> None:
    load(store, write_lines(tmp_path / "a.json", [sysmon_create(n) for n in range(3)]))
    again = tmp_path / "again"
    report = load(again, *(store / "object=process").rglob("*.parquet"), sensor="process/create")
    assert report.events == {("process", "create"): 3}
    columns = (
        "SELECT time, exe, command_line, pid, guid, hostname, fqdn, record_id, sensor FROM events ORDER BY record_id"
    )
    assert query(again, columns.replace("time", "time::VARCHAR")) == query(
        store, columns.replace("time", "time::VARCHAR")
    )


def test_zeek_logs_are_the_same_with_tabs_as_in_json(store: Path, tmp_path: Path) -> None:
    (tmp_path / "conn.log").write_text(_ZEEK, "utf-8")
    tabs = load(store, tmp_path / "conn.log")
    assert [(r.number, r.reason) for r in tabs.rejections] == [(11, "1 values where the header has 10")]
    json_store = tmp_path / "json"
    lines = load(json_store, write_lines(tmp_path / "conn.json", _ZEEK_JSON))
    assert (tabs.events, lines.rejected) == (lines.events, 0)
    for owner in {name for name, _ in tabs.events}:
        rows = "SELECT COLUMNS(* EXCLUDE (source))::VARCHAR FROM events ORDER BY ALL"
        assert query(store, rows, owner) == query(json_store, rows, owner)


def test_a_zeek_file_may_hold_several_headers(store: Path, tmp_path: Path) -> None:
    other = "#separator \\x20\n#fields ts uid name\n#path weird\n1588316619.0 C9 odd\n"
    (tmp_path / "log").write_text(_ZEEK.replace("no more\n", "") + other, "utf-8")
    report = load(store, tmp_path / "log")
    assert (report.records, report.rejected) == (3, 0)
    assert query(store, "SELECT event_data FROM events WHERE log_name = 'zeek/weird'", "event") == [
        (json.dumps({"_path": "weird", "ts": "1588316619.0", "uid": "C9", "name": "odd"}, separators=(",", ":")),)
    ]


_HTTP = """\
#separator \\x09
#path\thttp
#fields\tts\tuid\thost\turi
#types\ttime\tstring\tstring\tstring
"""


def _uris(store: Path) -> list[tuple[str]]:
    return query(store, "SELECT json_extract_string(proto_info, '$.uri') FROM events ORDER BY time", "flow")


def test_what_zeek_escaped_is_read_back_once(store: Path, tmp_path: Path) -> None:
    written = [
        "/a\\x5cx09b",
        "/a\\x09b",
        "/a\\x5cx09b\\x09c",
        "/a\\x5c\\x5cb",
        "C:\\x5cx64\\x5ctool.exe",
        "/\\xc3\\xa4",
    ]
    rows = (f"{number}.5\tC1\th\t{uri}\n" for number, uri in enumerate(written, 1588316619))
    (tmp_path / "http.log").write_text(_HTTP + "".join(rows), "utf-8")
    load(store, tmp_path / "http.log")
    read = ["/a\\x09b", "/a\tb", "/a\\x09b\tc", "/a\\\\b", "C:\\x64\\tool.exe", "/ä"]
    assert [uri for (uri,) in _uris(store)] == read


def test_the_header_of_a_zeek_log_may_stand_further_on(store: Path, tmp_path: Path) -> None:
    row = "{}.5\tC1\th\t/{}\n"
    (tmp_path / "http.log").write_text(
        row.format(1588316619, "early") + _HTTP + row.format(1588316620, "late"), "utf-8"
    )
    report = load(store, tmp_path / "http.log")
    assert [(r.number, r.reason) for r in report.rejections] == [(1, "a line before any header")]
    assert _uris(store) == [("/late",)]
