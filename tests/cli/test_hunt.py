"""`carlang hunt`: what it says, what it writes, and what it leaves behind."""

from __future__ import annotations

import errno
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import carlang.cli.explain as explain_module
import carlang.cli.hunt as hunt_module
from carlang.cli import exits
from carlang.store import open_store
from tests.cli.commands import CARLANG, carlang, environment, process_record, write_log
from tests.conftest import PATIENCE, POSIX


@pytest.fixture
def log(small_project: Path) -> Path:
    """Return a log of three events; four small analytics look for one of them."""
    names = ["cmd.exe", "at.exe", "net.exe"]
    return write_log(small_project / "desk7.ndjson", *(process_record(n, exe) for n, exe in enumerate(names, 1)))


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return the folder of temporary stores, in which none may be left at the end."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield folder
    assert list(folder.iterdir()) == []


def test_the_first_screen_says_what_was_read_and_what_was_found(log: Path) -> None:
    done = carlang("hunt", log, "--output", "report.html", cwd=log.parent)
    assert (done.status, done.err) == (0, "all of it: report.html\n")
    read, found, _, leading, told = done.out.splitlines()
    assert read == "1 log: 3 events of 1 host, 2024-03-05 08:00 to 2024-03-05 08:00"
    assert found.startswith("1 incident: 1 critical (4 rows of 4 analytics; 4 ran)")
    assert re.fullmatch(r" *[0-9.]+ critical  2024-03-05 08:00  desk7 {13}OTHER-2", leading)
    assert told.endswith("  at.exe 2")
    page = (log.parent / "report.html").read_text(encoding="utf-8")
    assert "OTHER-2" in page
    assert "carlang-hunt-" not in page


def test_the_same_hunt_writes_the_same_bytes(log: Path) -> None:
    for name in ("one.json", "other.json"):
        carlang("hunt", log, "--output", name, "--now", "2024-03-06", cwd=log.parent)
    assert (log.parent / "one.json").read_bytes() == (log.parent / "other.json").read_bytes()


@pytest.mark.parametrize("width", [40, 80, 120])
def test_no_line_is_wider_than_the_screen(width: int, log: Path) -> None:
    write_log(log, process_record(1, "at.exe", Hostname="H" * 90, CommandLine="at.exe \x1b[2J" + "9" * 300))
    done = carlang("hunt", log, cwd=log.parent, env={"COLUMNS": str(width)})
    lines = done.out.splitlines()[1:]  # all but what was read, which is as long as it is
    assert max(map(len, lines)) <= max(width, 57)  # the parts of a line that have a width
    assert "\x1b" not in done.out


def test_blind_spots_come_before_what_was_found(log: Path) -> None:
    ours = log.parent / "ours"
    (ours / "OUR-1.car").write_text("---\nid: OUR-1\n---\nsearch Driver:Load\n")
    lines = carlang("hunt", log, cwd=log.parent).out.splitlines()
    assert lines[1] == "Blind: 1 analytic could not run: no driver/load (1)"
    assert lines[2].startswith("1 incident:")


@pytest.mark.parametrize(
    ("blind", "said"), [(1, "1 analytic could not run, 1 in part"), (0, "1 analytic could not run in part")]
)
def test_what_ran_in_part_is_not_among_what_could_not_run(blind: int, said: str, log: Path) -> None:
    ours = log.parent / "ours"
    for number in range(blind):
        (ours / f"OUR-{number}.car").write_text(f"---\nid: OUR-{number}\n---\nsearch Driver:Load\n")
    (ours / "OUR-9.car").write_text(
        "---\nid: OUR-9\n---\na = search Driver:Load\nb = search Process:Create\noutput a, b\n"
    )
    assert f"Blind: {said}: no driver/load ({blind + 1})" in carlang("hunt", log, cwd=log.parent).out


def test_nothing_found_is_said(log: Path) -> None:
    write_log(log, process_record(1, "cmd.exe"))
    done = carlang("hunt", log, cwd=log.parent)
    assert done.out.splitlines()[1:] == ["Nothing found by 4 analytics that ran"]


def test_a_kept_store_can_be_run_over_and_added_to(log: Path) -> None:
    kept = log.parent / "kept"
    done = carlang("hunt", log, "--keep", kept, "-q", cwd=log.parent)
    assert (done.status, done.err) == (0, "")
    assert open_store(kept).info().rows == 3
    assert carlang("hunt", log, "--keep", kept, cwd=log.parent).status == exits.USAGE
    more = write_log(log.parent / "more.ndjson", process_record(9))
    assert "4 events" in carlang("hunt", log, more, "--store", kept, cwd=log.parent).out


def test_no_store_is_made_among_other_files(log: Path) -> None:
    before = sorted(log.parent.rglob("*"))
    done = carlang("hunt", log, "--store", log.parent, cwd=log.parent)
    assert (done.status, done.out) == (exits.UNREADABLE, "")
    assert f"{log.parent} is not an event store" in done.err
    assert sorted(log.parent.rglob("*")) == before


def test_what_is_verbose_tells_of_each_analytic(log: Path) -> None:
    done = carlang("hunt", log, "-v", cwd=log.parent)
    assert "OUR-1  OUR-1: 1 row\n" in done.err
    assert "1 source: 1 ingested\n" in done.err


def test_what_cannot_be_read_is_named_and_the_rest_is_hunted_in(log: Path) -> None:
    broken = write_log(log.parent / "broken.json", "broken")
    done = carlang("hunt", log, broken, cwd=log.parent)
    assert done.status == exits.UNREADABLE
    assert f"not read: {broken}:1: not valid JSON" in done.err
    assert "1 incident" in done.out
    alone = carlang("hunt", broken, cwd=log.parent)
    assert (alone.status, alone.out) == (exits.UNREADABLE, "")
    assert "none of the logs gave an event" in alone.err
    for nothing, why in ((broken, "not valid JSON"), (log.parent / "gone.json", "there is no such file")):
        assert carlang("hunt", nothing, cwd=log.parent).err.count(why) == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--format", "json"), "--format: name the file to write with --output"),
        (("--output", "none/report.html"), "--output: none/report.html cannot be written: there is no folder none"),
        (("--output", "ours"), "--output: ours cannot be written: it is a folder"),
        (("--output", "report.doc"), "--output: no format has the ending '.doc'"),
        (("--store", "a", "--keep", "b"), "--keep: --store already names a store that is kept"),
        (("--keep", "carlang.toml"), "--keep: carlang.toml is there already; name a new folder"),
        (("--since", "lately"), "--since: 'lately' is not a time"),
        (("--min-level", "hihg"), "--min-level: there is no level 'hihg'"),
    ],
)
def test_wrong_usage_is_said_before_anything_is_read(arguments: tuple[str, ...], message: str, log: Path) -> None:
    done = carlang("hunt", log, *arguments, cwd=log.parent)
    assert (done.status, done.out) == (exits.USAGE, "")
    assert message in done.err
    assert "not finished" not in done.err


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ("ingest_sources", "not finished: the logs were being read"),
        ("run_analytics", "not finished: the logs are read, and none of 4 analytics was asked"),
        (
            "write_overview",
            "not finished: the logs are read, and all of 4 analytics asked, 4 rows found; it was showing results",
        ),
    ],
)
def test_ctrl_c_says_how_far_it_was_and_a_kept_store_stays(
    step: str, said: str, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: Any, **__: Any) -> None:
        os.kill(os.getpid(), signal.SIGINT)

    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # the workers of pytest-xdist ignore it
    try:
        monkeypatch.setattr(hunt_module, step, interrupt)
        for options, removed in (((), "; the temporary store is removed"), (("--keep", "kept"), "")):
            done = carlang("hunt", log, *options, cwd=log.parent)
            assert (done.status, done.err) == (exits.INTERRUPTED, f"{said}{removed}\ninterrupted\n")
    finally:
        signal.signal(signal.SIGINT, before)
    assert (log.parent / "kept").exists() == (step != "ingest_sources")


@POSIX
def test_sigterm_removes_the_temporary_store_and_no_second_one_stops_that(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The fixture `temporary` looks at what is left."""

    def end(*_: Any, **__: Any) -> None:
        os.kill(os.getpid(), signal.SIGTERM)

    def clean(folder: tempfile.TemporaryDirectory[str]) -> None:
        if Path(folder.name).name.startswith("carlang-hunt-"):
            end()  # systemd, shells: many send more than one
        clean_up(folder)

    clean_up = tempfile.TemporaryDirectory.cleanup
    monkeypatch.setattr(hunt_module, "run_analytics", end)
    monkeypatch.setattr(tempfile.TemporaryDirectory, "cleanup", clean)
    done = carlang("hunt", log, cwd=log.parent)
    assert done.status == 128 + signal.SIGTERM
    assert done.err == (
        "not finished: the logs are read, and none of 4 analytics was asked; the temporary store is removed\n"
        "interrupted (SIGTERM)\n"
    )


@POSIX
def test_a_process_that_is_ended_while_it_reads_leaves_nothing(temporary: Path) -> None:
    hunting = subprocess.Popen(
        [CARLANG, "hunt", "-"],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment() | {"TMPDIR": str(temporary)},
    )
    until = time.monotonic() + PATIENCE
    while not list(temporary.glob("carlang-hunt-*/store")) and time.monotonic() < until:
        time.sleep(0.05)
    hunting.terminate()
    _, said = hunting.communicate(timeout=PATIENCE)
    assert hunting.returncode == 128 + signal.SIGTERM
    assert b"the logs were being read; the temporary store is removed" in said


def test_a_reader_that_goes_away_ends_it_quietly(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*_: Any) -> None:
        raise BrokenPipeError

    monkeypatch.setattr(hunt_module, "write_overview", gone)
    monkeypatch.setattr(sys.modules["carlang.cli.main"], "abandon_output", lambda: None)
    done = carlang("hunt", log, cwd=log.parent)
    assert (done.status, done.err) == (0, "")


@pytest.mark.parametrize(("name", "status"), [(None, 2), ("kept.parquet", 70)])
def test_a_full_disk_behind_the_output_is_no_fault_of_ours(
    name: str | None, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", name)

    monkeypatch.setattr(explain_module, "put_block", full)
    monkeypatch.setattr(sys.modules["carlang.cli.console"], "abandon_output", lambda: None)
    done = carlang("explain", "CL601")
    assert done.status == status
    assert ("error: standard output cannot be written: No space left on device" in done.err) == (name is None)
