"""Folders and stores that tests of commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest

from carlang.project import Catalogue
from tests.cli.commands import AT, FAULTY, UNSUPPORTED, WARNED, carlang, process_record, write_log

OURS = """---
id: {id}
title: {id}
level: {level}
coverage:
- technique: {technique}
  tactics: [{tactic}]
---
search Process:Create | filter exe == "at.exe"
"""


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A folder of programs: one of each kind."""
    folder = tmp_path / "programs"
    (folder / "below").mkdir(parents=True)
    (folder / "at.car").write_text(AT, encoding="utf-8")
    (folder / "faulty.car").write_text(FAULTY, encoding="utf-8")
    (folder / "warned.car").write_text(WARNED, encoding="utf-8")
    (folder / "below" / "threads.car").write_text(UNSUPPORTED, encoding="utf-8")
    (folder / "notes.txt").write_text("no program\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of five process events, two of them of at.exe."""
    folder = tmp_path_factory.mktemp("store")
    names = ["cmd.exe", "at.exe", "netstat.exe", "AT.EXE", "net.exe"]
    log = write_log(folder / "log.ndjson", *(process_record(n, exe) for n, exe in enumerate(names, 1)))
    done = carlang("ingest", log, "--store", folder / "events")
    assert done.status == 0, done.err
    return folder / "events"


@pytest.fixture(scope="session")
def large_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A plain tree of Parquet files with three million process events."""
    folder = tmp_path_factory.mktemp("large")
    (folder / "process" / "create").mkdir(parents=True)
    query = """
        COPY (SELECT TIMESTAMPTZ '2024-03-05 00:00:00+00' + to_seconds(i) AS time,
                     'process' AS object, 'create' AS action, 'H' AS hostname,
                     md5(i::VARCHAR) || sha256(i::VARCHAR) AS command_line, 'x.exe' AS exe
              FROM range(3000000) AS numbers(i))
        TO $file (FORMAT parquet)
    """
    with duckdb.connect() as connection:
        connection.execute(query, {"file": str(folder / "process" / "create" / "events.parquet")})
    return folder


@pytest.fixture
def small_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder whose catalogue is four small analytics: what ships takes too long to be run for this."""
    monkeypatch.setattr("carlang.project.targets.Catalogue", _without_shipped)
    (tmp_path / "ours").mkdir()
    (tmp_path / "carlang.toml").write_text('[catalogue]\npath = ["ours"]\n')
    for id_, level, technique, tactic in (
        ("OUR-1", "low", "T1053.002", "TA0002"),
        ("OUR-2", "high", "T1053", "TA0003"),
        ("OTHER-1", "high", "T1003.001", "TA0006"),
        ("OTHER-2", "critical", "T1569.002", "TA0002"),
    ):
        text = OURS.format(id=id_, level=level, technique=technique, tactic=tactic)
        (tmp_path / "ours" / f"{id_}.car").write_text(text)
    return tmp_path


def _without_shipped(paths: Any, pipelines: Any = ()) -> Catalogue:
    return Catalogue(paths, shipped=False, pipelines=pipelines)
