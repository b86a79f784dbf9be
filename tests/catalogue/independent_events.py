"""What raw records tell of: processes, keys, files, connections, taken from them by hand."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields

from tests.catalogue.independent_records import AUDITD, SYSMON, Raw

_ADD, _DELETE = "%%1904", "%%1906"
_INTEGRITY = {"s-1-16-8192": "medium", "s-1-16-12288": "high", "s-1-16-16384": "system", "s-1-16-4096": "low"}


def base(path: str) -> str:
    """Return the last part of a path."""
    return re.split(r"[\\/]", path)[-1]


@dataclass(frozen=True)
class Process:
    """The start of a process; all texts in lower case, empty where they are not known."""

    recording: str
    host: str
    image: str
    command: str
    parent: str
    parent_command: str
    integrity: str
    folder: str
    user: str
    pid: int | None
    ppid: int | None

    def filled(self, other: Process) -> Process:
        """Return what two records of one start know of it, the first before the other."""
        both = ((getattr(self, f.name), getattr(other, f.name)) for f in fields(self))
        return Process(*(second if first in ("", None) else first for first, second in both))

    @property
    def exe(self) -> str:
        return base(self.image)

    @property
    def parent_exe(self) -> str:
        return base(self.parent)


def process(raw: Raw) -> Process | None:
    """Return the start of a process that a record tells of."""
    image = command = parent = parent_command = integrity = ""
    if raw.log == SYSMON and raw.id == 1:
        image, command = raw.get("Image"), raw.get("CommandLine")
        parent, parent_command = raw.get("ParentImage"), raw.get("ParentCommandLine")
        integrity = raw.get("IntegrityLevel")
        pid, ppid = raw.number("ProcessId"), raw.number("ParentProcessId")
    elif raw.log == "security" and raw.id == 4688:
        image, command = raw.get("NewProcessName"), raw.get("CommandLine")
        parent, integrity = raw.get("ParentProcessName"), _INTEGRITY.get(raw.get("MandatoryLabel"), "")
        pid, ppid = raw.number("NewProcessId"), raw.number("ProcessId")
    elif raw.log == AUDITD and "EXECVE.a0" in raw.data:
        image, pid, ppid = raw.get("SYSCALL.exe"), raw.number("SYSCALL.pid"), raw.number("SYSCALL.ppid")
        arguments = (raw.data.get(f"EXECVE.a{n}") for n in range(1000))
        command = " ".join(str(argument) for argument in arguments if argument is not None).lower()
    else:
        return None
    user, folder = raw.get("User", "SubjectUserName"), raw.get("CurrentDirectory")
    known = (image, command, parent, parent_command, integrity, folder, user, pid, ppid)
    return Process(raw.recording, raw.host, *known)


def program(raw: Raw) -> str | None:
    """Return the path of the process that a record tells of: its start, its end, what it accesses."""
    found = process(raw)
    if found:
        return found.image
    if raw.log == SYSMON and raw.id in (5, 25):
        return raw.get("Image")
    if raw.log == SYSMON and raw.id == 10:
        return raw.get("SourceImage")
    if raw.log == "security" and (raw.id == 4689 or (raw.id == 4663 and raw.get("ObjectType") == "process")):
        return raw.get("ProcessName")
    return None


@dataclass(frozen=True)
class Key:
    """A change of the registry: `add`, `remove`, `value`, `rename`; the key with the value's name behind it."""

    action: str
    key: str
    value: str
    data: str


def registry(raw: Raw) -> Key | None:
    """Return the change of the registry that a record tells of."""
    if raw.log == SYSMON and raw.id in (12, 13, 14):
        key = raw.get("TargetObject")
        action = {12: "remove" if raw.get("EventType").startswith("delete") else "add", 13: "value", 14: "rename"}
        return Key(action[raw.id], key, base(key) if raw.id == 13 else "", raw.get("Details"))
    if raw.log == "security" and raw.id == 4657:
        kinds = {_ADD: "add", _DELETE: "remove"}
        value = raw.get("ObjectValueName")
        key = f"{_hive(raw.get('ObjectName'))}\\{value}"
        return Key(kinds.get(raw.get("OperationType"), "value"), key, value, raw.get("NewValue"))
    if raw.log == "security" and raw.id == 4663 and raw.get("ObjectType") == "key":
        mask = raw.number("AccessMask") or 0
        return Key("remove", _hive(raw.get("ObjectName")), "", "") if mask & 0x10000 else None
    return None


def _hive(path: str) -> str:
    return path.replace("\\registry\\machine", "hklm").replace("\\registry\\user", "hku")


@dataclass(frozen=True)
class File:
    """A file that was created, and the program that did it."""

    path: str
    image: str


def file_created(raw: Raw) -> File | None:
    """Return the file that a record says was created."""
    if raw.log == SYSMON and raw.id in (11, 15, 29):
        return File(raw.get("TargetFilename"), raw.get("Image"))
    return None


@dataclass(frozen=True)
class Connection:
    """A connection that began."""

    source: str
    source_port: int | None
    to: str
    port: int | None


def connection(raw: Raw) -> Connection | None:
    """Return the connection that a record tells of."""
    if raw.log == SYSMON and raw.id == 3:
        ends = (raw.get("SourceIp"), raw.number("SourcePort"), raw.get("DestinationIp"), raw.number("DestinationPort"))
    elif raw.log == "security" and raw.id == 5156:
        ends = (raw.get("SourceAddress"), raw.number("SourcePort"), raw.get("DestAddress"), raw.number("DestPort"))
    elif raw.log == "zeek/conn":
        ends = (raw.get("id_orig_h"), raw.number("id_orig_p"), raw.get("id_resp_h"), raw.number("id_resp_p"))
    else:
        return None
    source, source_port, to, port = ends
    return Connection(source.removeprefix("::ffff:"), source_port, to.removeprefix("::ffff:"), port)
