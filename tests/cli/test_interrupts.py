"""Ctrl-C ends a command as an interrupt, whatever a library makes of it."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

import carlang.cli.run as run_module
from carlang.cli import exits
from carlang.cli.main import main
from carlang.readers import parquet_file

_LONG = "SELECT sum(sqrt(range)) FROM range(3000000000)"
"""Some seconds, and not for ever: a signal that nobody hears of is to fail a test, and not to hang it."""


@pytest.fixture(autouse=True)
def _usual_handler() -> Iterator[None]:
    """Have Ctrl-C do what it does in a process of its own: the workers of pytest-xdist ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


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


def test_ctrl_c_while_a_source_is_read_is_no_fault_of_the_source(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    source = tmp_path / "a.parquet"
    duckdb.execute(f"COPY (SELECT 'at.exe' AS exe) TO '{source}'")

    def read(*_: Any) -> Iterator[Any]:
        _interrupted_query()
        yield from ()

    monkeypatch.setattr(parquet_file.ParquetReader, "read", read)
    assert _status("ingest", str(source), "--store", str(tmp_path / "store")) == exits.INTERRUPTED
