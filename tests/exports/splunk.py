"""Exports of Splunk, from its documentation of exports and of the add-ons for Windows and Sysmon."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping
from typing import Any

from tests.exports.records import Record, iso, lines
from tests.exports.rendering import braced, event_xml


def xml_results(records: Iterable[Record]) -> bytes:
    """Return a search's results as JSON where the input renders XML: all is in `_raw`."""
    return lines([_splunk(record, {"_raw": event_xml(record)}) for record in records])


def xml_csv_results(records: Iterable[Record]) -> bytes:
    """Return the same as Splunk exports it as CSV."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["_raw", "_time", "host", "index", "source", "sourcetype"])
    for record in records:
        source = f"XmlWinEventLog:{record.channel}"
        time = iso(record.time, 3) + "+0000"
        writer.writerow(
            [event_xml(record), time, record.computer.split(".")[0], "wineventlog", source, "XmlWinEventLog"]
        )
    return text.getvalue().encode()


def ta_results(records: Iterable[Record]) -> bytes:
    """Return results with the fields that the add-ons for Windows and Sysmon extract, and without `_raw`."""
    made = []
    for record in records:
        head = {
            "EventCode": str(record.event_id),
            "EventID": str(record.event_id),
            "Channel": record.channel,
            "Computer": record.computer,
            "EventRecordID": str(record.record_id),
            "RecordNumber": str(record.record_id),
            "Name": record.provider,
            "Level": str(record.level),
            "Task": str(record.task),
            "SystemTime": f"{iso(record.time, 9)}Z",
            "ProcessID": str(record.process_id),
            "ThreadID": str(record.thread_id),
            "dest": record.computer,
            "signature_id": str(record.event_id),
            "vendor_product": "Microsoft Windows",
        }
        data = {name: braced(text) for name, text in record.data if name is not None and text}
        # Of two fields of a name, the event's own is the later.
        made.append(_splunk(record, head | data))
    return lines(made)


def classic_results(records: Iterable[Record]) -> bytes:
    """Return results of the classic input, whose fields are the labels of the message: `New_Process_Name`."""
    made = []
    for record in records:
        head = {
            "LogName": record.channel,
            "SourceName": record.provider.replace(
                "Microsoft-Windows-Security-Auditing", "Microsoft Windows security auditing."
            ),
            "EventCode": str(record.event_id),
            "EventType": "0",
            "Type": "Information",
            "ComputerName": record.computer,
            "RecordNumber": str(record.record_id),
            "Keywords": "Audit Success",
            "TaskCategory": "None",
            "Message": record.message or "",
        }
        labels = _labels(record.message or "")
        made.append(_splunk(record, labels | head, f"WinEventLog:{record.channel}", "WinEventLog"))
    return lines(made)


def _labels(message: str) -> dict[str, Any]:
    """Return what Splunk's `auto_kv_for_msg` takes out of a message: a label twice is a field with two values."""
    found: dict[str, Any] = {}
    for line in message.splitlines():
        label, colon, value = line.strip().partition(":")
        if not colon or not value.strip() or len(label) > 40:
            continue
        name = re.sub(r"[^A-Za-z0-9_]", "_", label)
        held = found.get(name)
        found[name] = value.strip() if held is None else [*(held if isinstance(held, list) else [held]), value.strip()]
    return found


def _splunk(
    record: Record, fields: Mapping[str, Any], source: str = "", kind: str = "XmlWinEventLog"
) -> dict[str, Any]:
    own = {
        "_time": f"{record.time.timestamp():.6f}",
        "host": record.computer.split(".")[0],
        "source": source or f"XmlWinEventLog:{record.channel}",
        "sourcetype": kind,
        "index": "wineventlog",
    }
    return {"preview": False, "offset": 0, "result": {**fields, **own}}
