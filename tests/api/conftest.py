"""A store that tests of the library share."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import carlang


def sysmon_record(number: int, exe: str, parent: str | None = None) -> str:
    """Return a record of Sysmon, one second of 2024-03-05 a number."""
    record = {
        "Channel": "Microsoft-Windows-Sysmon/Operational",
        "EventID": 1,
        "Hostname": "DESK7",
        "UtcTime": f"2024-03-05 08:00:{number:02}.250",
        "ProcessId": number,
        "Image": f"C:\\Windows\\System32\\{exe}",
        "CommandLine": f"{exe} {number}",
    }
    return json.dumps(record | ({"ParentImage": parent} if parent else {}))


@pytest.fixture(scope="session")
def events(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a store with four process events; the last has no parent."""
    folder = tmp_path_factory.mktemp("api")
    explorer = "C:\\Windows\\explorer.exe"
    records = [sysmon_record(n, exe, explorer) for n, exe in enumerate(["cmd.exe", "at.exe", "AT.EXE"], 1)]
    log = folder / "log.ndjson"
    log.write_text("\n".join([*records, sysmon_record(4, "net.exe")]), encoding="utf-8")
    report = carlang.ingest([log], folder / "events")
    assert report.events == {("process", "create"): 4}
    return folder / "events"


@pytest.fixture
def store(events: Path) -> carlang.Store:
    """That store, opened."""
    return carlang.open_store(events)
