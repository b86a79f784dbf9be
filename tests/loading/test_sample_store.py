from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest
from pyarrow import parquet

from carlang.store import open_store
from tests.conftest import PATIENCE, REPOSITORY
from tests.ingesting import query

_SAMPLE = REPOSITORY / "carlang" / "sample"


def _files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample, made anew."""
    target = tmp_path_factory.mktemp("sample") / "sample"
    script = REPOSITORY / "tools" / "make_sample.py"
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    subprocess.run([sys.executable, str(script), str(target)], env=environment, check=True, timeout=PATIENCE)
    return target


def _writer(path: Path) -> Any:
    return duckdb.execute("SELECT created_by FROM parquet_file_metadata($path)", {"path": str(path)}).fetchall()


def test_the_script_makes_the_sample_that_ships(made: Path) -> None:
    assert _files(made) == _files(_SAMPLE)
    for name in _files(made):
        if _writer(made / name) == _writer(_SAMPLE / name):
            assert (made / name).read_bytes() == (_SAMPLE / name).read_bytes()
        # Another DuckDB writes other bytes, but the same rows.
        assert parquet.read_table(made / name, partitioning=None).equals(
            parquet.read_table(_SAMPLE / name, partitioning=None)
        )


def test_the_sample_says_whose_events_it_has() -> None:
    assert open_store().silent_files() == 0


def test_the_sample_is_small() -> None:
    assert sum((_SAMPLE / name).stat().st_size for name in _files(_SAMPLE)) < 200_000


def test_the_sample_holds_three_runs_of_at_exe_and_look_alikes() -> None:
    store = open_store()
    assert not store.writable
    at = "action = 'create' AND lower(exe) = 'at.exe'"
    sql = f"SELECT time::VARCHAR, hostname, exe, command_line FROM events WHERE {at} ORDER BY time"  # noqa: S608
    found = query(store, sql, "process")
    assert found == [
        ("2013-05-13 09:58:00+00", "HOST1", "at.exe", "at 10:00 calc.exe"),
        ("2013-05-13 10:07:30+00", "HOST1", "at.exe", "at 1 /delete"),
        ("2013-05-13 14:20:05+00", "HOST2", "AT.EXE", "AT.EXE 22:30 /every:M,T,W,Th,F C:\\Windows\\Temp\\backup.cmd"),
    ]
    look_alikes = query(store, "SELECT DISTINCT exe FROM events WHERE image_path ILIKE '%at.exe%'", "process")
    assert {("notat.exe",), ("cat.exe",), ("netstat.exe",)} <= set(look_alikes)
    orphans = query(store, "SELECT exe FROM events WHERE action = 'create' AND ppid IS NULL", "process")
    assert orphans == [("explorer.exe",)]


def test_the_sample_names_no_folder_of_the_machine_that_made_it() -> None:
    sources = query(open_store(), "SELECT DISTINCT source FROM events ORDER BY 1")
    assert sources == [("HOST1-sysmon.json",), ("HOST2-security.json",), ("HOST2-sysmon.json",)]
