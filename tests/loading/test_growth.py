"""Files that grow, between ingests and during one: only what is new is added, nothing is lost and nothing doubled."""

from __future__ import annotations

import gzip
import io
import json
import os
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from carlang.loading import IngestReport, Status, run
from carlang.readers import file_state
from carlang.readers.json_lines import JsonLinesReader
from carlang.readers.records import LogFile, ReadFault, Records
from carlang.store import Store, open_store, repair_store
from tests.conftest import POSIX
from tests.ingesting import load, query, sysmon_create, write_lines

AUDIT = (
    'type=EXECVE msg=audit(1588316619.{n:03}:{n}): argc=2 a0="ls" a1="-l"\n'
    'type=CWD msg=audit(1588316619.{n:03}:{n}): cwd="/root"\n'
)


def _line(number: int) -> str:
    return json.dumps(sysmon_create(number)) + "\n"


def _numbers(store: Path) -> list[int]:
    return [int(row[0]) for row in query(store, "SELECT record_id FROM events ORDER BY CAST(record_id AS BIGINT)")]


def _rows(store: Path, log: Path | None = None) -> list[tuple[Any, ...]]:
    """Return the events of a store, or of one log in it, without their sources."""
    of_log = f" WHERE source = '{log}'" if log else ""
    return sorted(query(store, f"SELECT * EXCLUDE (source) FROM events{of_log}"), key=str)  # noqa: S608  # a test's own path


def _only(report: IngestReport) -> Any:
    (source,) = report.sources
    return source


TEXTS = {
    "JSON": "".join(map(_line, range(9))),
    "JSON with a byte order mark": "\ufeff" + "".join(map(_line, range(9))),
    "JSON, lines end as on Windows": "".join(map(_line, range(9))).replace("\n", "\r\n"),
    "JSON with lines that are none": "".join(_line(n) + "no record\n" for n in range(5)),
    "auditd": "".join(AUDIT.format(n=n) for n in range(9)),
    "syslog": "".join(f"Mar 21 10:00:0{n} host sshd[{n}]: Accepted password for adam\n" for n in range(9)),
    "XML in lines": "".join(
        f"<Event><System><EventID>1</EventID>\n<Channel>X</Channel><EventRecordID>{n}</EventRecordID></System></Event>\n"
        for n in range(9)
    ),
    "several kinds": "".join(_line(n) + AUDIT.format(n=n) for n in range(5)),
}


def test_logs_that_grow_three_times_give_the_store_that_they_give_at_once(tmp_path: Path) -> None:
    """Each is cut in the middle of a line, and before a newline."""
    logs, grown, at_once = tmp_path / "logs", tmp_path / "grown", tmp_path / "at once"
    logs.mkdir()
    texts = {logs / kind: text.encode() for kind, text in TEXTS.items()}
    for third in (1, 2, 3):
        for log, text in texts.items():
            end = text.find(b"\n", 2 * len(text) // 3) if third == 2 else third * len(text) // 3 + 7
            log.write_bytes(text[:end])
        report = load(grown, logs)
    load(at_once, logs)
    for log in texts:
        assert _rows(grown, log) == _rows(at_once, log), log.name
    remarks = {Path(source.source).name: str(source.remark) for source in report.sources}
    assert "what stands behind byte" in remarks["JSON"]
    assert "it replaces the" in remarks["XML in lines"]  # whose event was cut in two
    assert {source.status for source in load(grown, logs).sources} == {Status.PRESENT}


def test_only_what_is_new_is_read_and_lines_keep_their_numbers(store: Path, tmp_path: Path) -> None:
    log = tmp_path / "log.json"
    log.write_text(_line(1) + _line(2), "utf-8")
    load(store, log)
    size = log.stat().st_size
    with log.open("a", encoding="utf-8") as file:
        file.write(_line(3) + "no record\n")
    report = load(store, log)
    assert report.events == {("process", "create"): 1}
    assert _only(report).remark == f"it has grown since it was read: what stands behind byte {size:,} was added"
    assert [(r.number, r.reason) for r in report.rejections] == [(4, "not valid JSON")]
    assert _numbers(store) == [1, 2, 3]


def test_half_a_line_is_neither_lost_nor_doubled(store: Path, tmp_path: Path) -> None:
    log = tmp_path / "log.json"
    second = _line(2)
    log.write_text(_line(1) + second[:50], "utf-8")
    assert load(store, log).rejected == 1
    log.write_text(_line(1) + second[:70], "utf-8")  # still no whole line
    assert _only(load(store, log)).status is Status.REJECTED
    log.write_text(_line(1) + second + _line(3), "utf-8")
    report = load(store, log)
    assert (report.rejected, report.events) == (0, {("process", "create"): 2})
    assert _numbers(store) == [1, 2, 3]


def test_a_line_without_its_newline_is_not_read_again(store: Path, tmp_path: Path) -> None:
    log = tmp_path / "log.json"
    log.write_text(_line(1).rstrip("\n"), "utf-8")
    load(store, log)
    log.write_text(_line(1) + _line(2), "utf-8")
    assert load(store, log).events == {("process", "create"): 1}
    assert _numbers(store) == [1, 2]


def test_a_log_that_was_begun_anew_under_its_name_is_another(store: Path, tmp_path: Path) -> None:
    """As logrotate does it: the log is copied and cut, or renamed."""
    log, copied, renamed = tmp_path / "log.json", tmp_path / "log.json.1", tmp_path / "log.json.2"
    log.write_text(_line(1) + _line(2), "utf-8")
    load(store, log)
    copied.write_text(log.read_text("utf-8") + _line(3), "utf-8")
    log.write_text(_line(4), "utf-8")
    load(store, log, copied)
    assert _numbers(store) == [1, 2, 3, 4]
    with log.open("a", encoding="utf-8") as file:
        file.write(_line(5))
    log.rename(renamed)
    log.write_text(_line(6), "utf-8")
    load(store, tmp_path)
    assert _numbers(store) == [1, 2, 3, 4, 5, 6]


def _array(numbers: range) -> bytes:
    return json.dumps([sysmon_create(n) for n in numbers]).encode()


def _csv(numbers: range) -> bytes:
    rows = "".join(f"process,create,{n}.exe,2020-01-02T03:04:0{n}Z,HOST1\n" for n in numbers)
    return ("object,action,exe,time,hostname\n" + rows).encode()


def _zip(numbers: range) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("inner.json", "".join(map(_line, numbers)))
    return buffer.getvalue()


def _parquet(numbers: range) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(
        pa.table({"object": ["process"] * len(numbers), "action": ["create"] * len(numbers), "pid": list(numbers)}),
        buffer,
    )
    return buffer.getvalue()


OTHERS: dict[str, Callable[[range], bytes]] = {
    "array": _array,
    "CSV": _csv,
    "gzip": lambda numbers: gzip.compress("".join(map(_line, numbers)).encode()),
    "zip": _zip,
    "Parquet": _parquet,
}


def test_any_other_file_replaces_its_former_state_in_one_commit(store: Path, tmp_path: Path) -> None:
    logs, at_once = tmp_path / "logs", tmp_path / "at once"
    logs.mkdir()
    other = write_lines(tmp_path / "other.json", [sysmon_create(99)])
    texts = [{logs / form: make(range(count)) for form, make in OTHERS.items()} for count in (3, 5)]
    for log, content in texts[0].items():
        log.write_bytes(content)
    load(store, other, logs)
    before = len(list((store / "_delta_log").glob("*.json")))
    for log, content in texts[1].items():
        log.write_bytes(content)
    report = load(store, os.path.relpath(logs))  # whatever its path is written like
    assert len(list((store / "_delta_log").glob("*.json"))) == before + len(OTHERS)
    assert report.events == {("process", "create"): 2 * len(OTHERS)}
    said = "it has changed since it was read: it replaces the 3 events of then"
    assert [source.remark for source in report.sources] == [said] * len(OTHERS)
    load(at_once, other, logs)
    assert _rows(store) == _rows(at_once)
    assert {source.status for source in load(store, logs).sources} == {Status.PRESENT}


def test_what_a_file_no_longer_has_stays(store: Path, tmp_path: Path) -> None:
    """As in an export of the last hour, or where another host's file has the name now."""
    log = tmp_path / "log"
    for numbers in (range(4), range(2, 6), range(10, 12)):
        log.write_bytes(_array(numbers))
        report = load(store, log)
    assert _numbers(store) == [0, 1, 2, 3, 4, 5, 10, 11]
    assert report.events == {("process", "create"): 2}


def test_of_an_evtx_file_that_has_grown_the_records_are_added_that_are_new(
    real_logs: Path, store: Path, tmp_path: Path
) -> None:
    whole = (real_logs / "evtx/AutomatedTestingTools/PanacheSysmon_vs_AtomicRedTeam01.evtx").read_bytes()
    log, at_once = tmp_path / "log.evtx", tmp_path / "at once"
    log.write_bytes(whole[: 4096 + 65536 * 3])
    first = load(store, log)
    log.write_bytes(whole)
    second = load(store, log)
    assert sum(first.events.values()) > 0
    assert "of its events were there already" in str(_only(second).remark)
    load(at_once, log)
    assert _rows(store) == _rows(at_once)


def test_duplicates_of_other_exports_stay_out_of_a_file_that_was_replaced(store: Path, tmp_path: Path) -> None:
    log, other = tmp_path / "log", write_lines(tmp_path / "other.json", [sysmon_create(1)])
    load(store, other, dedupe="record")
    for numbers in (range(3), range(4)):
        log.write_bytes(_array(numbers))
        load(store, log, dedupe="record")
    assert _numbers(store) == [0, 1, 2, 3]


def test_an_ingest_that_ends_before_its_commit_leaves_the_former_state(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines, array = tmp_path / "lines", tmp_path / "array"

    def write(count: int) -> None:
        lines.write_text("".join(map(_line, range(count))), "utf-8")
        array.write_bytes(_array(range(100, 100 + count)))

    write(2)
    load(store, lines, array)
    write(3)

    def interrupted(*_: Any, **__: Any) -> Any:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Store, "commit", interrupted)
        with pytest.raises(KeyboardInterrupt):
            load(store, lines, array)
    assert _numbers(store) == [0, 1, 100, 101]
    load(store, lines, array)
    assert _numbers(store) == [0, 1, 2, 100, 101, 102]


@pytest.mark.parametrize("form", ["lines", "array"])
def test_of_two_ingests_of_a_file_that_grows_the_second_adds_what_the_first_has_not(
    form: str, store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file grows, and another ingest adds it, between the reading and the commit of the first."""
    log = tmp_path / "log"

    def write(count: int) -> None:
        log.write_bytes(_array(range(count)) if form == "array" else "".join(map(_line, range(count))).encode())

    commit = Store.commit
    overtaken: list[Path] = []

    def late(self: Store, *arguments: Any, **options: Any) -> Any:
        if not overtaken:
            overtaken.append(log)
            write(3)
            load(tmp_path / "store", log)
        return commit(self, *arguments, **options)

    write(2)
    monkeypatch.setattr(Store, "commit", late)
    load(store, log)
    assert _numbers(store) == [0, 1, 2]


def _while_read(monkeypatch: pytest.MonkeyPatch, happens: Callable[[], object]) -> None:
    """Have something happen while a file `log.json` is read for the first time."""
    read = JsonLinesReader.read
    left = [happens]

    def disturbed(self: JsonLinesReader, log: LogFile) -> Iterator[Records | ReadFault]:
        if left and log.name.endswith("log.json"):
            left.pop()()
        yield from read(self, log)

    monkeypatch.setattr(JsonLinesReader, "read", disturbed)


def test_a_file_that_grows_while_it_is_read_is_named_and_the_next_ingest_reads_the_rest(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = write_lines(tmp_path / "log.json", [sysmon_create(1)])

    def grow() -> None:
        with log.open("a", encoding="utf-8") as file:
            file.write(_line(2))

    _while_read(monkeypatch, grow)
    report = load(store, log)
    assert str(_only(report).remark).startswith("it grew while it was read: the next ingest reads the")
    assert report.to_json()["sources"][0]["remark"] == _only(report).remark
    assert (_numbers(store), report.rejected) == ([1], 0)
    assert load(store, log).events == {("process", "create"): 1}
    assert _numbers(store) == [1, 2]


@POSIX
def test_a_file_that_is_replaced_while_it_is_read_is_named_and_was_read_as_it_was(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log, new = (write_lines(tmp_path / name, [sysmon_create(n)]) for n, name in enumerate(("log.json", "new.json")))
    _while_read(monkeypatch, lambda: new.rename(log))
    assert str(_only(load(store, log)).remark).startswith("another file took its place while it was read")
    assert _numbers(store) == [0]
    load(store, log)
    assert _numbers(store) == [0, 1]


@POSIX
def test_a_file_that_is_deleted_while_it_is_read_is_named(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = write_lines(tmp_path / "log.json", [sysmon_create(1)])
    _while_read(monkeypatch, log.unlink)
    assert str(_only(load(store, log)).remark).startswith("it was deleted while it was read")
    assert _numbers(store) == [1]


def test_a_file_that_is_cut_while_it_is_read_is_read_again(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = write_lines(tmp_path / "good.json", [sysmon_create(7)])
    log = write_lines(tmp_path / "log.json", [sysmon_create(1), sysmon_create(2)])
    _while_read(monkeypatch, lambda: write_lines(log, [sysmon_create(3)]))
    report = load(store, good, log)
    assert report.sources[1].remark == "it was changed while it was read, and read again"
    assert _numbers(store) == [3, 7]
    assert len(list(store.rglob("*.parquet"))) == len(open_store(store).files())


def test_a_file_that_never_comes_to_rest_is_rejected_and_takes_no_other_with_it(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log, good = (write_lines(tmp_path / name, [sysmon_create(n)]) for n, name in enumerate(("log.json", "good.json")))
    counts = iter(range(100, 200))
    change = file_state.change

    def restless(path: Path, *others: Any) -> Any:
        if path == log:
            write_lines(log, [sysmon_create(next(counts))] * 2)
        return change(path, *others)

    monkeypatch.setattr(run, "change", restless)
    report = load(store, log, good)
    assert [s.status for s in report.sources] == [Status.REJECTED, Status.INGESTED]
    assert "it was changed while it was read, twice" in str(report.sources[0].reason)
    assert _numbers(store) == [1]


def test_what_is_replaced_is_counted_once_by_readers_without_carlang(store: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    for count in (2, 3):
        log.write_bytes(_array(range(count)))
        load(store, log)
    with duckdb.connect() as connection:
        files = [str(file.path) for file in open_store(store).files()]
        assert connection.execute("SELECT count(*) FROM read_parquet($files)", {"files": files}).fetchone() == (3,)


@pytest.mark.parametrize("lost", [0, 1, 2])
def test_what_a_repair_has_given_up_of_a_log_that_grew_is_read_again(lost: int, store: Path, tmp_path: Path) -> None:
    log = tmp_path / "log.json"
    for count in (1, 2, 3):
        log.write_text("".join(map(_line, range(count))), "utf-8")
        load(store, log)
    files = sorted(open_store(store).files(), key=lambda file: file.path.stat().st_mtime_ns)
    files[lost].path.unlink()
    repair_store(store, apply=True, give_up=True)
    load(store, log)
    assert _numbers(store) == [0, 1, 2]
