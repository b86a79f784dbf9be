"""Count what analytics find in recordings a second time, from the raw records and with conditions written by hand.

It shares nothing with what it is a check of: the conditions are written from what each analytic means. As a script it
prints the rows per analytic, output and recording: `python -m tests.catalogue.independent_hits FOLDER`.
"""

from __future__ import annotations

import ipaddress
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeVar

from tests.catalogue.independent_events import (
    Connection,
    File,
    Key,
    Process,
    base,
    connection,
    file_created,
    process,
    program,
    registry,
)
from tests.catalogue.independent_occurrences import can_be_tied, firsts
from tests.catalogue.independent_processes import PROCESSES
from tests.catalogue.independent_records import SYSMON, Raw, read, recordings

Hit = tuple[str, str]
"""An analytic and its output."""

Found = dict[Hit, Counter[str]]
"""Rows by recording."""

ALL = "all recordings together"
T = TypeVar("T")

LSASS = r"c:\windows\system32\lsass.exe"
INTERNAL = [ipaddress.ip_network(n) for n in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")]
SYSTEM = r"c:\windows\system32"

FILES: dict[Hit, Callable[[File], bool]] = {
    ("CAR-2019-08-001", "lsass_dump"): lambda f: bool(
        re.fullmatch(r"lsass.*\.dmp", base(f.path)) and re.fullmatch(r"c:\\windows\\.*\\taskmgr\.exe", f.image)
    ),
    ("CAR-2019-08-002", "ntds_dump"): lambda f: base(f.path) == "ntds.dit" and f.image.endswith("ntdsutil.exe"),
    ("CAR-2020-09-001", "task_files"): lambda f: (
        f.path.startswith((rf"{SYSTEM}\tasks" + "\\", r"c:\windows\tasks" + "\\"))
        and f.image != rf"{SYSTEM}\svchost.exe"
    ),
    ("CAR-2021-05-002", "batch_files"): lambda f: f.path.endswith(".bat") and f.path.startswith(SYSTEM),
}

KEYS: dict[Hit, Callable[[Key], bool]] = {
    ("CAR-2020-09-002", "clsid_keys"): lambda k: bool(
        re.search(r"^.*\\software\\classes\\clsid\\|^hkcr\\clsid\\|^hku\\.*_classes\\clsid\\", k.key)
    ),
    ("CAR-2020-09-005", "appinit_keys"): lambda k: bool(
        re.search(
            r"\\software\\(wow6432node\\)?microsoft\\windows nt\\currentversion\\windows\\appinit_dlls(\\|$)", k.key
        )
    ),
    ("CAR-2020-11-001", "registry_logon_key_events"): lambda k: (
        k.action != "remove" and bool(re.search(r"\\environment.*userinitmprlogonscript$", k.key))
    ),
    ("CAR-2020-11-011", "scr_reg_events"): lambda k: (
        k.action != "remove"
        and k.key.endswith(r"\software\policies\microsoft\windows\control panel\desktop\scrnsave.exe")
    ),
    ("CAR-2021-11-001", "safe_dll_reg_keys"): lambda k: (
        k.action == "value" and k.value == "safedllsearchmode" and k.data in ("0", "dword (0x00000000)")
    ),
    ("CAR-2021-11-002", "logon_reg_keys"): lambda k: k.action == "value" and k.value in ("userinit", "shell", "notify"),
    ("CAR-2021-12-002", "logon_reg_keys"): lambda k: k.action == "value" and k.value == "common startup",
    ("CAR-2022-03-001", "event_log_reg_keys"): lambda k: (
        k.action == "value" and "eventlog" in k.key and k.value in ("start", "file", "maxsize")
    ),
}

SUSPICIOUS_TASK = re.compile(
    r"\.ps1|\.vbs|\.py|\.js|\.exe|\.bat|javascript|powershell|wmic|rundll32|cmd|cscript|wscript|regsvr32|mshta|bitsadmin"
    r"|certutil|msiexec|javaw|%appdata%|\\appdata\\roaming|%public%|c:\\users\\public|%programdata%|c:\\programdata"
    r"|%temp%|\\appdata\\local\\temp|\\windows\\pla\\system|\\tasks|\\registration\\crmlog|\\fxstmp"
    r"|\\spool\\drivers\\color|\\tracing"
)


def _sysmon(raw: Raw, number: int) -> bool:
    return raw.log == SYSMON and raw.id == number


def _security(raw: Raw, *numbers: int) -> bool:
    return raw.log == "security" and raw.id in numbers


def _load_library(raw: Raw) -> bool:
    return _sysmon(raw, 8) and raw.get("StartFunction") in ("loadlibrarya", "loadlibraryw")


def _thread_in_lsass(raw: Raw) -> bool:
    return _sysmon(raw, 8) and raw.get("TargetImage").endswith("lsass.exe")


def _procdump_reads_lsass(raw: Raw) -> bool:
    reads = _sysmon(raw, 10) and raw.get("TargetImage") == LSASS and raw.get("GrantedAccess") == "0x1fffff"
    return reads and ("procdump" in raw.get("SourceImage") or "procdump" in raw.get("CallTrace"))


def _minidump(raw: Raw) -> bool:
    reads = _sysmon(raw, 10) and raw.get("TargetImage") == LSASS
    return reads and bool(re.search(r"dbghelp\.dll|dbgcore\.dll", raw.get("CallTrace")))


def _unsigned_in_regsvr32(raw: Raw) -> bool:
    if not _sysmon(raw, 7) or not re.fullmatch(r"c:\\windows\\(system32|syswow64)\\regsvr32\.exe", raw.get("Image")):
        return False
    return not raw.get("Signature") and not raw.get("ImageLoaded").startswith(("c:\\program files", "c:\\windows\\"))


def _cleared(raw: Raw) -> bool:
    return _security(raw, 1100, 1102, 1104) or (raw.log == "system" and raw.id == 104)


def _defence_stopped(raw: Raw) -> bool:
    stopped = raw.log == "system" and raw.id == 7036 and raw.get("param2") == "stopped"
    return stopped and raw.get("param1") in ("windows defender", "windows firewall")


def _ntlm(raw: Raw) -> bool:
    ntlm = _security(raw, 4624) and raw.get("AuthenticationPackageName") == "ntlm"
    return ntlm and raw.get("TargetUserName") != "anonymous logon"


def _rdp(raw: Raw) -> bool:
    negotiated = _security(raw, 4624) and raw.get("AuthenticationPackageName") == "negotiate"
    return negotiated and raw.get("LogonType") == "10" and raw.level in ("0", "4", "info", "information")


def _permissions(raw: Raw) -> bool:
    changed = _security(raw, 4670) and raw.get("ObjectType") == "file"
    return changed and raw.get("SubjectUserSid") != "s-1-5-18"


def _service_outside(raw: Raw) -> bool:
    """Tell of a new service whose program is an .exe outside the folders of Windows and of programs."""
    if not ((raw.log == "system" and raw.id == 7045) or _security(raw, 4697)):
        return False
    line = raw.get("ImagePath", "ServiceFileName").strip()
    quoted = re.match(r'"([^"]+)"', line)
    named = re.match(r"(.*?\.(?:exe|com|bat|cmd|sys|dll))(?:\s|$)", line)
    path = quoted[1] if quoted else named[1] if named else line.partition(" ")[0]
    usual = r"([a-z]:\\windows|\\systemroot|%windir%|%systemroot%)\\|c:\\program file|c:\\programdata\\"
    return path.endswith(".exe") and not re.match(usual, path)


def _suspicious_task(raw: Raw) -> bool:
    return _security(raw, 4698, 4702) and bool(SUSPICIOUS_TASK.search(raw.get("TaskContent", "TaskContentNew")))


def _masquerade(raw: Raw) -> bool:
    """Tell of a process that has the name of one of Windows' own and another place."""
    path = program(raw)
    if path is None:
        return False
    system = ("smss", "wininit", "taskhost", "lsass", "winlogon", "csrss", "services", "lsm")
    places = {f"{name}.exe": {rf"{SYSTEM}\{name}.exe"} for name in system}
    places["svchost.exe"] = {rf"{SYSTEM}\svchost.exe", r"c:\windows\syswow64\svchost.exe"}
    places["explorer.exe"] = {r"c:\windows\explorer.exe"}
    return path not in places.get(base(path), {path})


RECORDS: dict[Hit, Callable[[Raw], bool]] = {
    ("CAR-2013-10-002", "remote_thread"): _load_library,
    ("CAR-2016-04-002", "cleared_logs"): _cleared,
    ("CAR-2016-04-003", "stopped"): _defence_stopped,
    ("CAR-2016-04-004", "ntlm_logins"): _ntlm,
    ("CAR-2016-04-005", "rdp_logins"): _rdp,
    ("CAR-2019-04-002", "unsigned_modules"): _unsigned_in_regsvr32,
    ("CAR-2019-07-001", "permission_changes"): _permissions,
    ("CAR-2019-07-002", "procdump_access"): _procdump_reads_lsass,
    ("CAR-2020-05-001", "lsass_minidump"): _minidump,
    ("CAR-2021-04-001", "suspicious_processes"): _masquerade,
    ("CAR-2021-05-011", "lsass_remote_create"): _thread_in_lsass,
    ("CAR-2021-05-012", "suspicious_services"): _service_outside,
    ("CAR-2021-12-001", "susp_tasks"): _suspicious_task,
}


def count(paths: Iterable[Path]) -> Found:
    """Count the rows of each analytic and output that is written down here, by recording.

    An occurrence that two sensors tell of is a row, of the recording of its first record, where a condition holds for
    one of its records.
    """
    found: Found = {hit: Counter() for table in (PROCESSES, FILES, KEYS, RECORDS) for hit in table}
    records: list[Raw] = []
    for path in paths:
        for raw in read(path):
            if can_be_tied(raw) or process(raw) or connection(raw):
                records.append(raw)
                continue
            for hit in _hits(raw):
                found[hit][raw.recording] += 1
    first_of = firsts(records)
    hits: dict[tuple[Hit, int], str] = {}
    for raw in records:
        first = first_of.get(id(raw), raw)
        hits.update({(hit, id(first)): first.recording for hit in _hits(raw)})
    for (hit, _), recording in hits.items():
        found[hit][recording] += 1
    processes = _processes(records, first_of)
    connections = [(raw.recording, c) for raw in records if id(raw) not in first_of and (c := connection(raw))]
    found[("CAR-2013-03-001", "reg_and_cmd")] = Counter(_registry_by_shell(processes))
    found[("CAR-2014-11-006", "winrm")] = Counter(r for r, c in connections if c.port == 5985)
    found[("CAR-2014-11-006", "winrm_s")] = Counter(r for r, c in connections if c.port == 5986)
    found[("CAR-2013-07-002", "rdp")] = Counter({ALL: len({c for _, c in connections if c.port == 3389})})
    found[("CAR-2021-01-001", "port_scans")] = Counter({ALL: _scanners(c for _, c in connections)})
    return found


def _hits(raw: Raw) -> Iterator[Hit]:
    """Yield the analytics and outputs whose condition a record meets."""
    yield from _told(PROCESSES, process(raw))
    yield from _told(FILES, file_created(raw))
    yield from _told(KEYS, registry(raw))
    yield from _told(RECORDS, raw)


def _told(table: dict[Hit, Callable[[T], bool]], event: T | None) -> Iterator[Hit]:
    return (hit for hit, condition in table.items() if event is not None and condition(event))


def _processes(records: list[Raw], first_of: dict[int, Raw]) -> list[Process]:
    """Return the starts of processes, of which two records may tell."""
    starts = {id(raw): started for raw in records if id(raw) not in first_of and (started := process(raw))}
    for raw in records:
        if id(raw) in first_of and (other := process(raw)):
            first = id(first_of[id(raw)])
            starts[first] = starts[first].filled(other)
    return list(starts.values())


def _registry_by_shell(processes: list[Process]) -> Iterator[str]:
    """Yield the recording of each reg.exe that a cmd.exe, not of the desktop, started, once for each such cmd.exe."""
    shells = Counter((p.host, p.pid) for p in processes if p.exe == "cmd.exe" and p.parent_exe != "explorer.exe")
    for found in processes:
        if found.exe == "reg.exe" and found.parent_exe == "cmd.exe" and found.host and found.ppid is not None:
            yield from [found.recording] * shells[(found.host, found.ppid)]


def _scanners(connections: Iterable[Connection]) -> int:
    """Count the sources that spoke to more than five ports within the usual private networks."""
    ports: dict[str, set[int | None]] = defaultdict(set)
    for found in connections:
        if found.source and _internal(found.to):
            ports[found.source].add(found.port)
    return sum(len(each - {None}) > 5 for each in ports.values())


def _internal(address: str) -> bool:
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(known in network for network in INTERNAL)


if __name__ == "__main__":
    for (analytic, output), rows in sorted(count(recordings(Path(sys.argv[1]))).items()):
        for name, number in sorted(rows.items()):
            if number:
                print(analytic, output, name, number, sep="\t")  # noqa: T201  # a script
