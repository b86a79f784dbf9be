"""Exports of Microsoft Sentinel, from the reference of Azure Monitor's tables."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from tests.exports.records import Record, iso, lines
from tests.exports.rendering import LEVEL_NAMES, XMLNS, braced, data_xml


def tables(records: Iterable[Record]) -> bytes:
    """Return rows as the API of Log Analytics gives them: `SecurityEvent` for Security, else `Event`."""
    return lines([_security_event(r) if r.channel == "Security" else _event_table(r) for r in records])


def windows_event(records: Iterable[Record]) -> bytes:
    """Return rows of the table `WindowsEvent`, whose `EventData` is an object."""
    made = []
    for record in records:
        data: dict[str, Any] = {name: braced(text) for name, text in record.data if name is not None}
        if record.unnamed:
            data["Data"] = record.unnamed
        made.append(
            {
                "TimeGenerated": iso(record.time) + "Z",
                "TenantId": "00000000-0000-0000-0000-000000000001",
                "Computer": record.computer,
                "Provider": record.provider,
                "Channel": record.channel,
                "EventID": record.event_id,
                "EventLevel": record.level,
                "EventLevelName": LEVEL_NAMES[record.level],
                "EventRecordId": str(record.record_id),
                "Task": record.task,
                "Opcode": str(record.opcode),
                "SystemProcessId": record.process_id,
                "SystemThreadId": record.thread_id,
                "SystemUserId": record.user_sid,
                "EventData": data,
                "Type": "WindowsEvent",
            }
        )
    return lines(made)


def _security_event(record: Record) -> dict[str, Any]:
    data = {name: braced(text) for name, text in record.data if name is not None}
    whose = "Subject" if data.get("SubjectUserName", "-") != "-" else "Target"
    account = f"{data.get(f'{whose}DomainName', '')}\\{data.get(f'{whose}UserName', '')}".strip("\\")
    return {
        "TimeGenerated": iso(record.time) + "Z",
        "TenantId": "00000000-0000-0000-0000-000000000001",
        "SourceSystem": "OpsManager",
        "Account": account,
        "AccountType": "User",
        "Computer": record.computer,
        "EventSourceName": record.provider,
        "Channel": record.channel,
        "Task": record.task,
        "Level": str(record.level),
        "EventID": record.event_id,
        "Activity": f"{record.event_id} - An activity.",
        **data,
        "Type": "SecurityEvent",
    }


def _event_table(record: Record) -> dict[str, Any]:
    time = datetime.strftime(record.time.astimezone(UTC), "%Y-%m-%dT%H:%M:%S.%f0Z")
    xml = data_xml(record).replace("<EventData>", f'<EventData xmlns="{XMLNS}">')
    return {
        "TimeGenerated": iso(record.time) + "Z",
        "Source": record.provider,
        "EventLog": record.channel,
        "Computer": record.computer,
        "EventLevel": record.level,
        "EventLevelName": LEVEL_NAMES[record.level],
        "ParameterXml": "",
        "EventData": f'<DataItem type="System.XmlData" time="{time}" sourceHealthServiceId="0">{xml}</DataItem>',
        "EventID": record.event_id,
        "RenderedDescription": record.message or "",
        "UserName": "NT AUTHORITY\\SYSTEM",
        "Type": "Event",
    }
