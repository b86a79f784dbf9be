# ruff: noqa: INP001, S311  # a script of its own; its random numbers are seeded to be the same every time
"""Make the sample store that ships with the package: one working day of two Windows machines.

The raw records are invented, by a seeded generator, and go through the same ingest as real ones. The same versions of
carlang and DuckDB write the same bytes every time: `python tools/make_sample.py [FOLDER]`.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import random
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from carlang.loading import ingest
from carlang.model import builtin_model
from carlang.store import open_store, write_plain

SAMPLE = Path(__file__).resolve().parent.parent / "carlang" / "sample"

_DAY = datetime(2013, 5, 13, tzinfo=UTC)
_SYSMON = "Microsoft-Windows-Sysmon"
_AUDITING = "Microsoft-Windows-Security-Auditing"
_SYSTEM32 = "C:\\Windows\\System32\\"
_WINDOWS = "C:\\Windows\\"
_PROGRAMS = "C:\\Program Files\\"

_CHROME = f"{_PROGRAMS}Google\\Chrome\\Application\\chrome.exe"
_OFFICE = f"{_PROGRAMS}Microsoft Office\\Office14\\"

# Program, command line, parent: what people and Windows start all day.
_ORDINARY = (
    (_CHROME, f'"{_CHROME}" --type=renderer --lang=en-US', _CHROME),
    (_CHROME, f'"{_CHROME}" --type=gpu-process', _CHROME),
    (f"{_OFFICE}OUTLOOK.EXE", f'"{_OFFICE}OUTLOOK.EXE" /recycle', f"{_WINDOWS}explorer.exe"),
    (f"{_OFFICE}WINWORD.EXE", f'"{_OFFICE}WINWORD.EXE" /n "C:\\Users\\Public\\report.docx"', f"{_WINDOWS}explorer.exe"),
    (f"{_SYSTEM32}svchost.exe", f"{_SYSTEM32}svchost.exe -k netsvcs", f"{_SYSTEM32}services.exe"),
    (f"{_SYSTEM32}svchost.exe", f"{_SYSTEM32}svchost.exe -k LocalService", f"{_SYSTEM32}services.exe"),
    (f"{_SYSTEM32}taskeng.exe", "taskeng.exe {8DB1F0A2-5C66-4A9B-9C1B-2B5A6C0B2A11}", f"{_SYSTEM32}svchost.exe"),
    (
        f"{_SYSTEM32}SearchProtocolHost.exe",
        "SearchProtocolHost.exe Global\\UsGthrFltPipeMssGthrPipe1",
        f"{_SYSTEM32}SearchIndexer.exe",
    ),
    (f"{_SYSTEM32}notepad.exe", f"{_SYSTEM32}notepad.exe C:\\Users\\Public\\notes.txt", f"{_WINDOWS}explorer.exe"),
    (f"{_SYSTEM32}cmd.exe", f'"{_SYSTEM32}cmd.exe"', f"{_WINDOWS}explorer.exe"),
    (f"{_SYSTEM32}conhost.exe", "\\??\\C:\\Windows\\system32\\conhost.exe", f"{_SYSTEM32}csrss.exe"),
    (f"{_SYSTEM32}attrib.exe", "attrib +r C:\\Users\\Public\\report.docx", f"{_SYSTEM32}cmd.exe"),
    (f"{_SYSTEM32}netstat.exe", "netstat -ano", f"{_SYSTEM32}cmd.exe"),
    (f"{_SYSTEM32}ipconfig.exe", "ipconfig /all", f"{_SYSTEM32}cmd.exe"),
    ("C:\\tools\\cat.exe", "cat notes.txt", f"{_SYSTEM32}cmd.exe"),
    ("C:\\tools\\at.exe\\notat.exe", "notat.exe --at 10:00", f"{_SYSTEM32}cmd.exe"),
    (
        f"{_SYSTEM32}WindowsPowerShell\\v1.0\\powershell.exe",
        "powershell.exe -NoProfile Get-Date -Format at",
        f"{_SYSTEM32}cmd.exe",
    ),
)


@dataclass
class Machine:
    """A machine with its logs: it numbers processes and records as Windows does."""

    name: str
    user: str
    random: random.Random
    records: list[dict[str, Any]] = field(default_factory=list)
    pids: dict[str, int] = field(default_factory=dict)
    domain: str = "example.com"

    def log(self, moment: datetime, provider: str, channel: str, event_id: int, data: Mapping[str, Any]) -> None:
        """Write a record in the form in which event logs are commonly exported as JSON."""
        system = {
            "Provider": {"#attributes": {"Name": provider}},
            "EventID": event_id,
            "Level": 4 if channel.startswith(_SYSMON) else 0,
            "TimeCreated": {"#attributes": {"SystemTime": moment.isoformat().replace("+00:00", "Z")}},
            "EventRecordID": len(self.records) + 1,
            "Channel": channel,
            "Computer": f"{self.name}.{self.domain}",
        }
        self.records.append({"Event": {"System": system, "EventData": dict(data)}})

    def guid(self, image: str, pid: int) -> str:
        """Return a process GUID as Sysmon makes them: the same for the same machine, program and number."""
        digits = hashlib.md5(f"{self.name} {image} {pid}".encode(), usedforsecurity=False).hexdigest()
        return "-".join((digits[:8], digits[8:12], digits[12:16], "0000", digits[20:32])).upper()

    def start(
        self, moment: datetime, image: str, command_line: str, parent: str | None, *, level: str = "Medium"
    ) -> int:
        """Start a program: Sysmon's record 1. Without a parent, as for programs that outlived theirs, it names none."""
        pid = self.random.randrange(300, 9000) * 4
        parent_pid = self.pids.setdefault(parent or "", self.random.randrange(100, 400) * 4)
        data = {
            "UtcTime": _sysmon_time(moment),
            "ProcessGuid": self.guid(image, pid),
            "ProcessId": pid,
            "Image": image,
            "CommandLine": command_line,
            "CurrentDirectory": _SYSTEM32 if image.startswith(_WINDOWS) else "C:\\Users\\Public\\",
            "User": "NT AUTHORITY\\SYSTEM" if level == "System" else f"EXAMPLE\\{self.user}",
            "IntegrityLevel": level,
            "Hashes": _hashes(image),
        }
        if parent:
            data |= {
                "ParentProcessGuid": self.guid(parent, parent_pid),
                "ParentProcessId": parent_pid,
                "ParentImage": parent,
                "ParentCommandLine": f'"{parent}"',
            }
        self.log(moment, _SYSMON, f"{_SYSMON}/Operational", 1, data)
        return pid

    def end(self, moment: datetime, image: str, pid: int) -> None:
        """End a program: Sysmon's record 5."""
        data = {
            "UtcTime": _sysmon_time(moment),
            "ProcessGuid": self.guid(image, pid),
            "ProcessId": pid,
            "Image": image,
        }
        self.log(moment, _SYSMON, f"{_SYSMON}/Operational", 5, data)

    def run(self, moment: datetime, image: str, command_line: str, parent: str | None, seconds: float = 1) -> None:
        """Start a program that ends by itself."""
        pid = self.start(moment, image, command_line, parent)
        self.end(moment + timedelta(seconds=seconds), image, pid)

    def audit(self, moment: datetime, event_id: int, data: Mapping[str, Any]) -> None:
        """Write a record of the Security log."""
        account = {"SubjectUserName": f"{self.name}$", "SubjectDomainName": "EXAMPLE", "SubjectUserSid": "S-1-5-18"}
        self.log(moment, _AUDITING, "Security", event_id, {**account, **data})


def _sysmon_time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]


def _hashes(image: str) -> str:
    content = image.lower().encode()
    names = ("sha1", "md5", "sha256")
    return ",".join(f"{name.upper()}={hashlib.new(name, content).hexdigest().upper()}" for name in names)


def _at(clock: str) -> datetime:
    hours, minutes, seconds = (int(part) for part in clock.split(":"))
    return _DAY + timedelta(hours=hours, minutes=minutes, seconds=seconds)


def ordinary_day(machine: Machine, programs: int) -> None:
    """Let a machine start and end programs from eight to six."""
    for _ in range(programs):
        image, command_line, parent = machine.random.choice(_ORDINARY)
        moment = _at("8:00:00") + timedelta(milliseconds=machine.random.randrange(10 * 3600 * 1000))
        level = "System" if "svchost" in image else "Medium"
        pid = machine.start(moment, image, command_line, parent, level=level)
        if machine.random.random() < 0.9:  # noqa: PLR2004  # some programs are still running in the evening
            machine.end(moment + timedelta(milliseconds=machine.random.randrange(200, 3_600_000)), image, pid)


def first_machine() -> Machine:
    """HOST1, on which somebody schedules the calculator with `at`, and deletes the job later."""
    machine = Machine("HOST1", "adam", random.Random(20130513))
    ordinary_day(machine, 150)
    shell = f"{_SYSTEM32}cmd.exe"
    machine.run(_at("9:58:00"), f"{_SYSTEM32}at.exe", "at 10:00 calc.exe", shell)
    machine.run(_at("10:00:00"), f"{_SYSTEM32}calc.exe", "calc.exe", f"{_SYSTEM32}taskeng.exe", 40)
    machine.run(_at("10:07:30"), f"{_SYSTEM32}at.exe", "at 1 /delete", shell)
    machine.run(_at("11:15:00"), f"{_WINDOWS}explorer.exe", f"{_WINDOWS}explorer.exe", None, 3600)
    return machine


def second_machine() -> Machine:
    """HOST2, on which `at` is called by a name in capitals."""
    machine = Machine("HOST2", "beth", random.Random(5004))
    ordinary_day(machine, 130)
    command_line = "AT.EXE 22:30 /every:M,T,W,Th,F C:\\Windows\\Temp\\backup.cmd"
    machine.run(_at("14:20:05"), f"{_SYSTEM32}AT.EXE", command_line, f"{_SYSTEM32}cmd.exe")
    return machine


def security_log() -> Machine:
    """HOST2 in the morning, before Sysmon ran there: its Security log alone."""
    machine = Machine("HOST2", "beth", random.Random(4688))
    parents = {"smss.exe": 4, "wininit.exe": 300, "winlogon.exe": 340, "services.exe": 400, "lsass.exe": 400}
    for second, (exe, parent) in enumerate(parents.items()):
        data = {
            "NewProcessId": hex(parent + 100 + 4 * second),
            "NewProcessName": f"{_SYSTEM32}{exe}",
            "TokenElevationType": "%%1936",
            "ProcessId": hex(parent),
        }
        machine.audit(_at(f"7:30:{second}"), 4688, data)
    for second in range(20):
        pid = hex(1000 + 4 * second)
        image = f"{_SYSTEM32}{machine.random.choice(('svchost.exe', 'spoolsv.exe', 'dllhost.exe'))}"
        data = {"NewProcessId": pid, "NewProcessName": image, "TokenElevationType": "%%1936", "ProcessId": "0x1f4"}
        machine.audit(_at(f"7:31:{second}"), 4688, data)
        if second % 3 == 0:
            machine.audit(_at(f"7:35:{second}"), 4689, {"ProcessId": pid, "ProcessName": image, "Status": "0x0"})
    for user, clock in (("beth", "7:58:12"), ("adam", "12:31:40")):
        logon = {"TargetUserName": user, "TargetDomainName": "EXAMPLE", "LogonType": 2, "IpAddress": "127.0.0.1"}
        machine.audit(_at(clock), 4624, logon)
    machine.log(_at("17:59:00"), "Microsoft-Windows-Eventlog", "Security", 1102, {"SubjectUserName": "beth"})
    return machine


def _in_order(machine: Machine) -> Iterator[str]:
    """Return the records as lines, as a machine would have written and numbered them."""
    records = sorted(machine.records, key=lambda r: r["Event"]["System"]["TimeCreated"]["#attributes"]["SystemTime"])
    for number, record in enumerate(records, start=1):
        record["Event"]["System"]["EventRecordID"] = number
        yield json.dumps(record) + "\n"


def make_sample(target: Path) -> None:
    """Write the sample store into a folder, which is replaced."""
    machines = {
        "HOST1-sysmon.json": first_machine(),
        "HOST2-sysmon.json": second_machine(),
        "HOST2-security.json": security_log(),
    }
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        for name, machine in machines.items():
            Path(name).write_text("".join(_in_order(machine)), "utf-8")
        ingest(list(machines), "store", model=builtin_model())
        write_plain(open_store("store"), "sample")
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree("sample", target)


if __name__ == "__main__":
    make_sample(Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else SAMPLE)
