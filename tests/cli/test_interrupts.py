"""Ctrl-C ends a command as an interrupt, whatever a library makes of it."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest

import carlang.analytic.run as analytic_run
import carlang.cli.run as run_module
from carlang.cli import exits
from carlang.cli.interruption import Interruptions
from carlang.cli.main import main
from carlang.readers import parquet_file
from carlang.report import FORMATS
from tests.cli.commands import WARNED, carlang
from tests.conftest import POSIX

_LONG = "SELECT sum(sqrt(range)) FROM range(3000000000)"
"""Some seconds, and not for ever: a signal that nobody hears of is to fail a test, and not to hang it."""


@pytest.fixture(autouse=True)
def _usual_handler() -> Iterator[None]:
    """Have signals do what they do in a process of its own: pytest-xdist's workers ignore Ctrl-C, `nohup` SIGHUP."""
    before = {signal.SIGINT: signal.signal(signal.SIGINT, signal.default_int_handler)}
    if os.name != "nt":
        before[signal.SIGHUP] = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def _interrupted_query() -> None:
    """Have DuckDB execute in the main thread while a Ctrl-C comes."""
    timer = threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    try:
        # One thread: of several, the main one may have none of the work, and hear of no signal.
        duckdb.connect(config={"threads": 1}).execute(_LONG).fetchall()
    finally:
        timer.join()


def _status(*arguments: str) -> Any:
    with pytest.raises(SystemExit) as ended:
        main(list(arguments))
    return ended.value.code


def test_ctrl_c_in_a_query_is_an_interrupt(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(run_module, "run_analytics", lambda *_, **__: _interrupted_query())
    assert _status("run", "-e", "search Process:Create") == exits.INTERRUPTED
    assert capsys.readouterr().err.endswith("interrupted\n")
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_ctrl_c_between_two_queries_is_an_interrupt_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(run_module, "run_analytics", lambda *_, **__: os.kill(os.getpid(), signal.SIGINT))
    assert _status("run", "-e", "search Process:Create") == exits.INTERRUPTED
    assert capsys.readouterr().err.endswith("\ninterrupted\n")


@POSIX
@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_what_ends_a_process_is_an_interrupt_too(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    number = getattr(signal, name)
    monkeypatch.setattr(run_module, "run_analytics", lambda *_, **__: os.kill(os.getpid(), number))
    assert _status("run", "-e", "search Process:Create", "-q") == exits.SIGNALLED + number
    assert capsys.readouterr().err == f"not finished: none of 1 analytic was asked\ninterrupted ({name})\n"
    assert signal.getsignal(number) is signal.SIG_DFL


@POSIX
def test_a_signal_that_is_ignored_stays_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """As under `nohup`."""
    usual = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        monkeypatch.setattr(run_module, "say_diagnostics", lambda *_, **__: os.kill(os.getpid(), signal.SIGHUP))
        assert _status("run", "-e", WARNED) == exits.DONE
    finally:
        signal.signal(signal.SIGHUP, usual)


@POSIX
def test_a_signal_that_comes_while_signals_are_held_is_raised_behind_that() -> None:
    interruptions, reached = Interruptions(), False

    def work() -> None:
        nonlocal reached
        with interruptions.raised(), interruptions.held():
            os.kill(os.getpid(), signal.SIGTERM)
            reached = True

    with pytest.raises(KeyboardInterrupt):
        work()
    assert reached
    assert (interruptions.status, interruptions.name) == (143, "SIGTERM")


@POSIX
def test_a_run_says_how_many_analytics_it_has_asked(
    small_project: Path, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = 0

    def outcomes(*arguments: Any) -> Any:
        nonlocal asked
        asked += 1
        if asked == 3:
            os.kill(os.getpid(), signal.SIGTERM)
        return answered(*arguments)

    answered = analytic_run.__dict__["_outcomes"]
    monkeypatch.setattr(analytic_run, "_outcomes", outcomes)
    done = carlang("run", "--store", store, cwd=small_project)
    assert (done.status, done.out) == (exits.SIGNALLED + signal.SIGTERM, "")
    assert done.err == "not finished: 2 of 4 analytics asked, 4 rows found\ninterrupted (SIGTERM)\n"


def test_a_run_says_that_its_file_was_not_written(
    small_project: Path, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write(*_: Any) -> None:
        os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setitem(FORMATS, "csv", replace(FORMATS["csv"], write=write))
    done = carlang("run", "--store", store, "--output", "rows.csv", cwd=small_project)
    assert done.status == exits.INTERRUPTED
    assert "4 analytics asked, 8 rows found; it was writing rows.csv, which is removed" in done.err
    assert not (small_project / "rows.csv").exists()


def test_ctrl_c_while_a_source_is_read_is_no_fault_of_the_source(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "a.parquet"
    duckdb.execute(f"COPY (SELECT 'at.exe' AS exe) TO '{source}'")

    def read(*_: Any) -> Iterator[Any]:
        _interrupted_query()
        yield from ()

    monkeypatch.setattr(parquet_file.ParquetReader, "read", read)
    assert _status("ingest", str(source), "--store", str(tmp_path / "store")) == exits.INTERRUPTED
    said = (
        f"not finished: the logs were being read; what was committed by then is in {tmp_path / 'store'}\ninterrupted\n"
    )
    assert capsys.readouterr().err == said
