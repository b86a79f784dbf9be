"""Records, files and stores that tests of readers, mappings and loading share."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb

from carlang.loading import IngestReport, ingest
from carlang.model import builtin_model
from carlang.store import Store, open_store


def sysmon_create(number: int = 1, **data: Any) -> dict[str, Any]:
    """Return Sysmon's record 1 as evtx parsers give it."""
    system = {
        "Provider": {"#attributes": {"Name": "Microsoft-Windows-Sysmon"}},
        "EventID": 1,
        "Level": 4,
        "TimeCreated": {"#attributes": {"SystemTime": "2020-01-02T03:04:06.000001Z"}},
        "EventRecordID": number,
        "Channel": "Microsoft-Windows-Sysmon/Operational",
        "Computer": "HOST1.example.com",
    }
    members = {
        "UtcTime": "2020-01-02 03:04:05.678",
        "ProcessGuid": "365ABB72-0FA6-5CEA-0000-001049B50A00",
        "ProcessId": 1088,
        "Image": "C:\\Windows\\System32\\at.exe",
        "CommandLine": "at 10:00 calc.exe",
        "CurrentDirectory": "C:\\",
        "User": "EXAMPLE\\adam",
        "IntegrityLevel": "High",
        "Hashes": "SHA1=AA11,MD5=BB22,SHA256=CC33,IMPHASH=DD44",
        "ParentProcessId": 7,
        "ParentImage": "C:\\Windows\\System32\\cmd.exe",
        "ParentCommandLine": "cmd",
    }
    return {"Event": {"System": system, "EventData": members | data}}


def write_lines(path: Path, records: Sequence[Any]) -> Path:
    """Write records as JSON lines."""
    path.write_text("".join(json.dumps(record) + "\n" for record in records), "utf-8")
    return path


def query(store: Store | Path, sql: str, object_name: str | None = None) -> list[tuple[Any, ...]]:
    """Run SQL over the table `events` of a store, of one object or of all."""
    opened = open_store(store) if isinstance(store, Path) else store
    tables = (
        f"SELECT *, '{f.object}' AS object, '{f.action}' AS action"  # noqa: S608  # the store is the test's own
        f" FROM read_parquet('{f.path}', hive_partitioning = false)"
        for f in opened.files(object_name)
    )
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(f"CREATE VIEW events AS {' UNION ALL BY NAME '.join(tables)}")
        return connection.execute(sql).fetchall()


def load(store: Path, *sources: Path | str, **options: Any) -> IngestReport:
    """Ingest with the built-in model."""
    return ingest(list(sources), store, model=builtin_model(), **options)
