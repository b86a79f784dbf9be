"""Sources that are no plain files, and folders that hold more than files."""

from __future__ import annotations

import io
import json
import os
import pty
import socket
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

import carlang
from carlang.errors import CarlangError
from carlang.loading import Status, explain
from carlang.model import builtin_model
from tests.conftest import POSIX
from tests.ingesting import load, query, sysmon_create, write_lines

pytestmark = POSIX

LINES = [json.dumps(sysmon_create(number)) + "\n" for number in range(3)]
TEXT = "".join(LINES)


def _fed(path: Path, content: bytes) -> threading.Thread:
    """Write into a FIFO as soon as somebody reads it."""
    thread = threading.Thread(target=path.write_bytes, args=(content,))
    thread.start()
    return thread


def test_standard_input_is_a_source(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(TEXT))
    report = load(store, "-")
    assert report.events == {("process", "create"): 3}
    assert query(store, "SELECT DISTINCT source FROM events") == [("<stdin>",)]
    monkeypatch.setattr(sys, "stdin", io.StringIO(TEXT))
    assert [s.status for s in load(store, "-", "-").sources] == [Status.PRESENT]


def test_standard_input_may_be_an_archive_or_evtx(
    real_logs: Path, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = real_logs / "evtx/AutomatedTestingTools/PanacheSysmon_vs_AtomicRedTeam01.evtx"
    with log.open() as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        (source,) = load(store, "-").sources
    assert (source.source, source.status, source.rejected) == ("<stdin>", Status.INGESTED, 0)


def test_empty_standard_input_is_an_empty_source(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    assert [s.status for s in load(store, "-").sources] == [Status.EMPTY]


@pytest.mark.parametrize("stdin", [None, "closed"])
def test_a_missing_standard_input_is_named(stdin: str | None, store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    closed = io.StringIO()
    closed.close()
    monkeypatch.setattr(sys, "stdin", closed if stdin else None)
    assert load(store, "-").sources[0].reason == "there is no standard input"


def test_a_terminal_is_not_waited_for(store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    outer, inner = pty.openpty()
    with os.fdopen(outer), os.fdopen(inner) as terminal:
        monkeypatch.setattr(sys, "stdin", terminal)
        report = load(store, "-", write_lines(tmp_path / "log.json", [sysmon_create()]))
    assert [s.status for s in report.sources] == [Status.REJECTED, Status.INGESTED]
    assert str(report.sources[0].reason).startswith("it is a terminal; send a log into it")


def test_a_fifo_that_is_named_is_read_and_one_in_a_folder_is_passed_over(store: Path, tmp_path: Path) -> None:
    fifo = tmp_path / "logs" / "fifo"
    fifo.parent.mkdir()
    os.mkfifo(fifo)
    write_lines(fifo.parent / "log.json", [sysmon_create(7)])
    report = load(store, fifo.parent)
    assert [(p.source, p.reason) for p in report.passed_over] == [(str(fifo), "a FIFO")]
    assert report.rejected == 0
    writer = _fed(fifo, TEXT.encode())
    assert load(store, fifo).events == {("process", "create"): 3}
    writer.join()
    assert (str(fifo), 3) in query(store, "SELECT source, count(*) FROM events GROUP BY ALL")


@pytest.mark.parametrize("kind", ["pipe", "socket"])
def test_an_open_descriptor_is_read(kind: str, store: Path) -> None:
    if kind == "pipe":
        read, write = os.pipe()
    else:
        read, write = (end.detach() for end in socket.socketpair())
    os.write(write, TEXT.encode())
    os.close(write)
    try:
        assert load(store, f"/dev/fd/{read}").events == {("process", "create"): 3}
    finally:
        os.close(read)


def test_of_a_stream_that_is_too_long_what_came_first_is_kept(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(TEXT))
    report = load(store, "-", expand_limit=len(LINES[0]) + len(LINES[1]))
    assert report.events == {("process", "create"): 2}
    assert "was not read; --expand-limit SIZE allows more" in str(report.sources[0].reason)


def test_a_stream_can_be_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(TEXT))
    assert [record.source for record in explain(["-"], model=builtin_model(), first=2)] == ["<stdin>"] * 2


def test_what_is_no_file_in_a_folder_is_passed_over_with_a_word(store: Path, tmp_path: Path) -> None:
    logs, other = tmp_path / "logs", tmp_path / "other"
    (logs / "deep").mkdir(parents=True)
    other.mkdir()
    write_lines(logs / "log.json", [sysmon_create(1)])
    write_lines(other / "hidden.json", [sysmon_create(2)])
    (logs / "deep" / "loop").symlink_to(logs)
    (logs / "ring").symlink_to(logs / "ring")
    (logs / "gone").symlink_to(logs / "nothing")
    (logs / "elsewhere").symlink_to(other)
    (logs / "linked.json").symlink_to(other / "hidden.json")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(logs / "socket"))
        report = load(store, logs)
    assert report.events == {("process", "create"): 2}
    assert report.rejected == 0
    said = {Path(each.source).name: each.reason for each in report.passed_over}
    assert sorted(said) == ["elsewhere", "gone", "loop", "ring", "socket"]
    assert said["socket"] == "a socket"
    assert said["ring"].startswith("a link that leads nowhere")
    assert said["loop"] == said["elsewhere"] == "a link to a folder, which is read where it is named itself"
    assert report.to_json()["passed_over"][0].keys() == {"source", "reason"}


def test_a_device_or_a_socket_that_is_named_is_rejected(store: Path) -> None:
    report = load(store, "/dev/zero")
    assert report.sources[0].reason == "not a file that can be read: a device"


def test_a_folder_that_cannot_be_read_is_named_and_its_neighbours_are_read(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "logs" / "closed").mkdir(parents=True)
    (tmp_path / "logs" / "open").mkdir()
    write_lines(tmp_path / "logs" / "open" / "log.json", [sysmon_create(1)])
    scandir = os.scandir

    def refusing(path: Any) -> Any:
        if isinstance(path, Path) and path.name == "closed":
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    with monkeypatch.context() as patch:
        patch.setattr(os, "scandir", refusing)
        report = load(store, tmp_path / "logs")
    assert [(Path(s.source).name, s.status, s.reason) for s in report.sources] == [
        ("closed", Status.REJECTED, "the folder cannot be read: Permission denied"),
        ("log.json", Status.INGESTED, None),
    ]


def test_a_file_that_cannot_be_opened_is_named_and_its_neighbours_are_read(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = write_lines(tmp_path / "closed.json", [sysmon_create(1)])
    good = write_lines(tmp_path / "good.json", [sysmon_create(2)])
    open_ = Path.open

    def refusing(path: Path, *arguments: Any, **options: Any) -> Any:
        if path == closed:
            raise PermissionError(13, "Permission denied")
        return open_(path, *arguments, **options)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", refusing)
        report = load(store, closed, good)
    assert [(s.status, s.reason) for s in report.sources] == [
        (Status.REJECTED, "Permission denied"),
        (Status.INGESTED, None),
    ]


def test_a_pattern_over_a_folder_that_cannot_be_read_says_so(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        write_lines(tmp_path / name / "log.json", [sysmon_create()])
    access = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path).name != "a" and access(path, mode))
    report = load(store, tmp_path / "*" / "log.json")
    assert report.sources[0].reason == "the folder cannot be read: Permission denied"
    assert report.events == {("process", "create"): 1}


@pytest.mark.parametrize("size", ["0", "many", "-1", "1.5.2GB", "GB", "10 parsecs"])
def test_a_size_that_is_none_is_refused(size: str, store: Path) -> None:
    with pytest.raises(CarlangError, match=r"expand_limit: .* is not a size; write 200GB"):
        carlang.ingest("x", store, expand_limit=size)
