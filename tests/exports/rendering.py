"""What Windows makes of a record for those who ask it: names of levels, GUIDs in braces, XML."""

from __future__ import annotations

import re
from xml.sax.saxutils import escape, quoteattr

from tests.exports.records import Record, iso

LEVEL_NAMES = {0: "Information", 1: "Critical", 2: "Error", 3: "Warning", 4: "Information", 5: "Verbose"}
XMLNS = "http://schemas.microsoft.com/win/2004/08/events/event"
_GUID = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_NOT_IN_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


def braced(text: str) -> str:
    """Return a GUID as Windows renders it; other texts as they are."""
    return f"{{{text}}}" if _GUID.fullmatch(text) else text


def event_xml(record: Record) -> str:
    """Return the event as Windows renders it, in one line and with single quotes."""
    system = (
        f"<Provider Name='{record.provider}' Guid='{{{record.provider_guid}}}'/><EventID>{record.event_id}</EventID>"
        f"<Version>{record.version}</Version><Level>{record.level}</Level><Task>{record.task}</Task>"
        f"<Opcode>{record.opcode}</Opcode><Keywords>{record.keywords}</Keywords>"
        f"<TimeCreated SystemTime='{iso(record.time, 9)}Z'/><EventRecordID>{record.record_id}</EventRecordID>"
        f"<Correlation/><Execution ProcessID='{record.process_id}' ThreadID='{record.thread_id}'/>"
        f"<Channel>{record.channel}</Channel><Computer>{record.computer}</Computer>"
        + (f"<Security UserID='{record.user_sid}'/>" if record.user_sid else "<Security/>")
    )
    return f"<Event xmlns='{XMLNS}'><System>{system}</System>{data_xml(record)}</Event>"


def data_xml(record: Record) -> str:
    if record.user_data:
        held = "".join(f"<{name}>{_in_xml(text)}</{name}>" for name, text in record.data)
        return f"<UserData><{record.user_data} xmlns='http://example.com/events'>{held}</{record.user_data}></UserData>"
    pieces = []
    for name, text in record.data:
        value = _in_xml(text)
        if name == "Binary":
            pieces.append(f"<Binary>{value}</Binary>")
        else:
            pieces.append(f"<Data Name={quoteattr(name)}>{value}</Data>" if name else f"<Data>{value}</Data>")
    return f"<EventData>{''.join(pieces)}</EventData>"


def _in_xml(text: str) -> str:
    return escape(_NOT_IN_XML.sub("\ufffd", braced(text)))
