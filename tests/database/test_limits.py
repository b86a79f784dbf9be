"""What a run may take is checked when it is said, before anything runs."""

from __future__ import annotations

import math
import threading
import time
from pathlib import Path

import pytest

from carlang.database import LimitError, Limits, locked_connection, open_memory, time_limit
from carlang.errors import EngineError


@pytest.mark.parametrize("memory", ["2GB", "512MiB", "1.5 gb", "100%", "0.5%", " 64MB "])
def test_an_amount_of_memory_is_one_that_duckdb_takes(memory: str, tmp_path: Path) -> None:
    opened = locked_connection(None, Limits(memory=memory), tmp_path)
    (row,) = opened.execute("SELECT current_setting('memory_limit')").fetchall()
    assert "iB" in row[0]
    opened.close()


@pytest.mark.parametrize(
    "memory", ["", "lots", "2G", "2", "-1", "-1GB", "none", "0GB", "0%", "100.1%", "1e3MB", "1GB 2", "1,5GB", "1PB"]
)
def test_what_is_no_amount_of_memory_is_refused(memory: str) -> None:
    with pytest.raises(LimitError, match="write 2GB, 512MiB or 50%"):
        Limits(memory=memory)


@pytest.mark.parametrize("seconds", [0, -1, -0.0, math.nan, math.inf, threading.TIMEOUT_MAX * 2])
def test_what_is_no_time_to_run_is_refused(seconds: float) -> None:
    with pytest.raises(LimitError, match="seconds above 0"):
        Limits(seconds=seconds)


@pytest.mark.parametrize("seconds", [1e-6, 1, threading.TIMEOUT_MAX])
def test_a_time_to_run_is_above_zero(seconds: float) -> None:
    assert Limits(seconds=seconds).seconds == seconds


def test_a_wrong_limit_is_a_wrong_value_and_an_error_of_the_engine() -> None:
    assert issubclass(LimitError, ValueError)
    assert issubclass(LimitError, EngineError)


def test_a_query_that_takes_too_long_is_interrupted_and_the_next_is_not() -> None:
    connection = open_memory()
    endless = "SELECT count(*) FROM range(1000000000000) a, range(1000000) b"
    begun = time.monotonic()
    with pytest.raises(EngineError, match=r"longer than 0\.2 s"), time_limit(connection, 0.2):
        connection.execute(endless).fetchall()
    assert 0.2 <= time.monotonic() - begun < 30
    with time_limit(connection, 60):
        assert connection.execute("SELECT 1").fetchall() == [(1,)]
    connection.close()


def test_every_connection_is_in_utc_and_installs_nothing(tmp_path: Path) -> None:
    for connection in (open_memory(), locked_connection(None, Limits(), tmp_path)):
        settings = "SELECT current_setting('TimeZone'), current_setting('autoinstall_known_extensions')"
        assert connection.execute(settings).fetchall() == [("UTC", False)]
        connection.close()


def test_a_connection_keeps_to_the_threads_memory_and_folder_that_it_is_given(tmp_path: Path) -> None:
    connection = open_memory(1, memory="64MiB", scratch=tmp_path / "it's here")
    assert connection.execute("SELECT current_setting('threads')").fetchall() == [(1,)]
    assert connection.execute("SELECT current_setting('memory_limit')").fetchall() == [("64.0 MiB",)]
    assert connection.execute("SELECT current_setting('temp_directory')").fetchall() == [(str(tmp_path / "it's here"),)]
    connection.close()
