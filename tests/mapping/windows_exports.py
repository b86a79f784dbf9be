"""Records of Windows event logs as exporters write them, made from a header and named data."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

Data = Mapping[str, Any]

SYSMON = ("Microsoft-Windows-Sysmon/Operational", "Microsoft-Windows-Sysmon")
SECURITY = ("Security", "Microsoft-Windows-Security-Auditing")
SYSTEM = ("System", "Service Control Manager")

TIME = "2024-03-21T10:00:00.123Z"
COMPUTER = "HOST1.example.com"


def evtxecmd(log: tuple[str, str], event_id: int, payload: Any, **columns: Any) -> dict[str, Any]:
    """Return a row of EvtxECmd, which has what is in the event as JSON text."""
    channel, provider = log
    return {
        "RecordNumber": 3,
        "EventRecordId": "55",
        "TimeCreated": "2024-03-21T10:00:00.1230000+00:00",
        "EventId": event_id,
        "Level": "Info",
        "Provider": provider,
        "Channel": channel,
        "ProcessId": 1812,
        "ThreadId": 2000,
        "Computer": COMPUTER,
        "ChunkNumber": 0,
        "Payload": json.dumps(payload) if payload is not None else None,
        **columns,
    }


def payload(data: Data, **beside: Any) -> dict[str, Any]:
    """Return what EvtxECmd makes of named data."""
    return {"EventData": {"Data": [{"@Name": name, "#text": value} for name, value in data.items()], **beside}}


def get_winevent(log: tuple[str, str], event_id: int, values: Sequence[Any] | None, message: str) -> dict[str, Any]:
    """Return a record as `Get-WinEvent | ConvertTo-Json` writes it; without values, as one of little depth does."""
    channel, provider = log
    unread = ["System.Diagnostics.Eventing.Reader.EventProperty"]
    return {
        "Id": event_id,
        "Version": 2,
        "Level": 4,
        "RecordId": 55,
        "ProviderName": provider,
        "LogName": channel,
        "ProcessId": 1812,
        "ThreadId": 2000,
        "MachineName": COMPUTER,
        "UserId": {"BinaryLength": 12, "AccountDomainSid": None, "Value": "S-1-5-18"},
        "TimeCreated": "/Date(1711015200123)/",
        "LevelDisplayName": "Information",
        "Properties": unread if values is None else [{"Value": value} for value in values],
        "Message": message,
    }


def fluent_bit(log: tuple[str, str], event_id: int, inserts: Sequence[Any], message: str = "") -> dict[str, Any]:
    """Return a record of Fluent Bit's `winevtlog`."""
    channel, provider = log
    return {
        "ProviderName": provider,
        "ProviderGuid": "{5770385F-C22A-43E0-BF4C-06F5698FFBD9}",
        "Qualifiers": "",
        "EventID": event_id,
        "Version": 2,
        "Level": 4,
        "TimeCreated": "2024-03-21 10:00:00 +0000",
        "EventRecordID": 55,
        "ProcessID": 1812,
        "ThreadID": 2000,
        "Channel": channel,
        "Computer": COMPUTER,
        "UserID": "S-1-5-18",
        "Message": message,
        "StringInserts": list(inserts),
    }


def wazuh(log: tuple[str, str], event_id: int, data: Data, **parts: Any) -> dict[str, Any]:
    """Return a record of Wazuh's archives, whose names begin with a small letter."""
    channel, provider = log
    system = {
        "providerName": provider,
        "eventID": str(event_id),
        "systemTime": "2024-03-21T10:00:00.1230000Z",
        "eventRecordID": "55",
        "processID": "1812",
        "channel": channel,
        "computer": COMPUTER,
    }
    small = {name[0].lower() + name[1:]: value for name, value in data.items()}
    win = {"system": system, **({"eventdata": small} if small else {}), **parts}
    return {"timestamp": "2024-03-21T10:00:05.000+0000", "agent": {"name": "HOST1"}, "data": {"win": win}}


def velociraptor(log: tuple[str, str], event_id: int, **parts: Any) -> dict[str, Any]:
    """Return a row of Velociraptor's `parse_evtx`."""
    channel, provider = log
    system = {
        "Provider": {"Name": provider},
        "EventID": {"Value": event_id},
        "TimeCreated": {"SystemTime": 1711015200.123},
        "EventRecordID": 55,
        "Execution": {"ProcessID": 1812, "ThreadID": 2},
        "Channel": channel,
        "Computer": COMPUTER,
    }
    return {"System": system, **parts}
