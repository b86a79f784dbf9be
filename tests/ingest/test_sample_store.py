from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import duckdb
import pytest

from carlang.store import open_store
from tests.conftest import REPOSITORY
from tests.ingest.conftest import query

_SAMPLE = REPOSITORY / "carlang" / "sample"


def _files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample, made anew."""
    spec = importlib.util.spec_from_file_location("make_sample", REPOSITORY / "tools" / "make_sample.py")
    assert spec
    assert spec.loader
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    target = tmp_path_factory.mktemp("sample") / "sample"
    script.make_sample(target)
    return target


def _writer(path: Path) -> Any:
    return duckdb.execute("SELECT created_by FROM parquet_file_metadata($path)", {"path": str(path)}).fetchall()


def test_the_script_makes_the_sample_that_ships(made: Path) -> None:
    assert _files(made) == _files(_SAMPLE)
    for name in _files(made):
        if _writer(made / name) == _writer(_SAMPLE / name):
            assert (made / name).read_bytes() == (_SAMPLE / name).read_bytes()
        table = "SELECT * FROM read_parquet($path)"  # another DuckDB writes other bytes, but the same rows
        rows = [duckdb.execute(table, {"path": str(folder / name)}).fetch_arrow_table() for folder in (made, _SAMPLE)]
        assert rows[0].equals(rows[1])


def test_the_sample_is_small() -> None:
    assert sum((_SAMPLE / name).stat().st_size for name in _files(_SAMPLE)) < 200_000


def test_the_sample_holds_three_runs_of_at_exe_and_look_alikes() -> None:
    store = open_store()
    assert not store.writable
    sql = (
        "SELECT time::VARCHAR, hostname, exe, command_line FROM events WHERE lower(exe) = 'at.exe' AND {} ORDER BY time"
    )
    found = query(store, sql.format("action = 'create'"), "process")
    assert found == [
        ("2013-05-13 09:58:00+00", "HOST1", "at.exe", "at 10:00 calc.exe"),
        ("2013-05-13 10:07:30+00", "HOST1", "at.exe", "at 1 /delete"),
        ("2013-05-13 14:20:05+00", "HOST2", "AT.EXE", "AT.EXE 22:30 /every:M,T,W,Th,F C:\\Windows\\Temp\\backup.cmd"),
    ]
    names = {
        row[0] for row in query(store, "SELECT DISTINCT exe FROM events WHERE image_path ILIKE '%at.exe%'", "process")
    }
    assert {"notat.exe", "cat.exe", "netstat.exe"} <= names
    assert query(store, "SELECT count(*) > 0 FROM events WHERE ppid IS NULL AND exe = 'explorer.exe'", "process") == [
        (True,)
    ]


def test_the_sample_names_no_folder_of_the_machine_that_made_it() -> None:
    sources = query(open_store(), "SELECT DISTINCT source FROM events ORDER BY 1")
    assert sources == [("HOST1-sysmon.json",), ("HOST2-security.json",), ("HOST2-sysmon.json",)]
