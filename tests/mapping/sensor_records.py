"""Made records of several sensors, and a look at the events that they became."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.ingesting import load, query, write_lines

Expected = dict[str, dict[str, Any]]
"""Values of fields by `object/action`."""


def windows(log: tuple[str, str], event_id: int, **data: Any) -> dict[str, Any]:
    """Return a record of a Windows event log as EVTX parsers give it."""
    return _windows(log, event_id, {"EventData": data or None})


def windows_user(log: tuple[str, str], event_id: int, **data: Any) -> dict[str, Any]:
    """Return a record that has user data in place of event data."""
    return _windows(log, event_id, {"UserData": {"EventXML": data}})


def _windows(log: tuple[str, str], event_id: int, inner: dict[str, Any]) -> dict[str, Any]:
    channel, provider = log
    system = {
        "Provider": {"#attributes": {"Name": provider}},
        "EventID": event_id,
        "Level": 4,
        "TimeCreated": {"#attributes": {"SystemTime": "2020-01-02T03:04:05.000001Z"}},
        "EventRecordID": 7,
        "Channel": channel,
        "Computer": "HOST1.example.com",
    }
    return {"Event": {"System": system, **inner}}


def zeek(stream: str, **data: Any) -> dict[str, Any]:
    """Return a record of a Zeek log as Zeek itself writes JSON: names with dots in them."""
    ends = {"id.orig_h": "10.0.0.5", "id.orig_p": 50123, "id.resp_h": "10.0.0.4", "id.resp_p": 445}
    return {"_path": stream, "ts": 1588316619.75, "uid": "C1", **ends, **data}


def osquery(**columns: str) -> dict[str, Any]:
    """Return a row of a result as osquery logs it."""
    return {
        "name": "pack_response_events",
        "hostIdentifier": "web1.example.com",
        "calendarTime": "Thu Jan  2 03:04:06 2020 UTC",
        "unixTime": 1577934246,
        "columns": {"time": "1577934245", **columns},
        "action": "added",
    }


def check(record: Any, expected: Expected, folder: Path) -> None:
    """Ingest a record and compare the events that it becomes, and the fields that are named, with those expected."""
    store = folder / "store"
    report = load(store, write_lines(folder / "log.json", [record]))
    assert set(report.events) == {tuple(event.split("/")) for event in expected}
    for event, fields in expected.items():
        assert {name: _value(store, event, name) for name in fields} == fields


def _value(store: Path, event: str, name: str) -> Any:
    object_name, action = event.split("/")
    column = (
        'CAST("time" AS VARCHAR)'
        if name == "time"
        else f'CAST("{name}" AS VARCHAR)'
        if "_time" in name
        else f'"{name}"'
    )
    sql = f"SELECT DISTINCT {column} FROM events WHERE action = '{action}'"  # noqa: S608  # names from above
    ((value,),) = query(store, sql, object_name)
    return json.loads(value) if name == "proto_info" else value
