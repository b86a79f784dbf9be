"""Records of Linux's audit that systemd's journal keeps, as the lines of an audit log that they are of.

The journal has a record a line, `MESSAGE` being its type and what stands behind `msg=audit(…):`, and takes its time and
its number out: `_SOURCE_REALTIME_TIMESTAMP`, in microseconds, and `_AUDIT_ID`.
"""

from __future__ import annotations

import json
import re
from typing import Any

_MARK = b'"_AUDIT_ID"'
_TYPED = re.compile(r"([A-Z][A-Z0-9_]*|UNKNOWN\[\d+\])\s+(.*)", re.DOTALL)


def with_audit_lines(text: bytes) -> bytes:
    """Return lines with those of the journal's audit records in the form of an audit log; others stay as they are."""
    if _MARK not in text:
        return text
    return b"\n".join(_audit_line(line) or line if _MARK in line else line for line in text.split(b"\n"))


def _audit_line(line: bytes) -> bytes | None:
    """Return the line of an audit log that a document is of; None where it is another document, or lacks a part."""
    try:
        document = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(document, dict):
        return None
    time = document.get("_SOURCE_REALTIME_TIMESTAMP") or document.get("__REALTIME_TIMESTAMP")
    number, typed = str(document["_AUDIT_ID"]), _TYPED.fullmatch(_message(document))
    if typed is None or not number.isdecimal() or not isinstance(time, str) or not time.isdecimal():
        return None
    host = document.get("_HOSTNAME")
    node = f"node={host} " if isinstance(host, str) and host and " " not in host else ""
    kind, values = typed.groups()
    # A line is a line, whatever a program put into its message.
    rest = " ".join(values.split("\n"))
    moment = f"{int(time) // 1_000_000}.{int(time) // 1_000 % 1_000:03}"
    return f"{node}type={kind} msg=audit({moment}:{number}): {rest}".encode()


def _message(document: dict[str, Any]) -> str:
    """Return the message, which is a list of bytes where it is no UTF-8 or has control characters in it."""
    message = document.get("MESSAGE")
    if isinstance(message, list):
        try:
            return bytes(message).decode("utf-8", "replace")
        except (TypeError, ValueError):  # a field that a record has twice is a list as well
            return ""
    return message if isinstance(message, str) else ""
