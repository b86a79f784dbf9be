"""Which raw records of two sensors tell of one occurrence, found by hand and without the model's list of ties."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.catalogue.independent_events import base, connection, process
from tests.catalogue.independent_records import SYSMON, Raw

_NEVER = datetime.max.replace(tzinfo=UTC)
_SCHEDULER = "microsoft-windows-taskscheduler/operational"
_PROTOCOLS = {"1": "icmp", "6": "tcp", "17": "udp", "58": "icmpv6"}
_SENSORS: dict[tuple[str, int], tuple[str, int, int]] = {
    # What a record tells of, its sensor's place, and how many seconds two of them may be apart.
    (SYSMON, 1): ("process", 1, 2),
    ("security", 4688): ("process", 2, 2),
    (SYSMON, 3): ("flow", 1, 5),
    ("security", 5156): ("flow", 2, 5),
    ("security", 4697): ("service", 1, 2),
    ("system", 7045): ("service", 2, 2),
    ("security", 4698): ("task", 1, 2),
    (_SCHEDULER, 106): ("task", 2, 2),
}


def can_be_tied(raw: Raw) -> bool:
    """Tell whether a record is one that another sensor's can be of the same occurrence with."""
    return (raw.log, raw.id) in _SENSORS


def firsts(records: Iterable[Raw]) -> dict[int, Raw]:
    """Return the first record of the occurrence of each second one, by identity."""
    tied: dict[int, Raw] = {}
    known = [raw for raw in records if can_be_tied(raw) and raw.time and raw.host]
    # Some exports have lost the pid of a start: its parent and its command line do then.
    for key_of in (_key, _key_without_pid):
        taken = {id(first) for first in tied.values()} | tied.keys()
        alike: dict[tuple[Any, ...], list[Raw]] = defaultdict(list)
        for raw in known:
            if id(raw) not in taken and (key := key_of(raw)):
                alike[key].append(raw)
        for group in alike.values():
            tied.update(_nearest(group))
    return tied


def _key_without_pid(raw: Raw) -> tuple[Any, ...] | None:
    started = process(raw) if _SENSORS[raw.log, raw.id or 0][0] == "process" else None
    if started is None or not (started.ppid and started.image and started.command):
        return None
    return (raw.host, started.ppid, base(started.image), started.command)


def _key(raw: Raw) -> tuple[Any, ...] | None:
    kind = _SENSORS[raw.log, raw.id or 0][0]
    key: tuple[Any, ...] = ()
    if kind == "process" and (started := process(raw)):
        key = (started.pid, base(started.image))
    elif kind == "flow" and (connected := connection(raw)):
        ends = (connected.source, connected.source_port, connected.to, connected.port)
        protocol = raw.get("Protocol")
        key = (raw.number("ProcessId", "ProcessID"), _PROTOCOLS.get(protocol, protocol), *ends)
    elif kind == "service":
        key = (raw.get("ServiceName"),)
    elif kind == "task":
        key = (raw.get("TaskName"),)
    return (kind, raw.host, *key) if key and not {None, ""} & set(key) else None


def _nearest(group: list[Raw]) -> dict[int, Raw]:
    """Pair the records of one key, the nearest first, none of them twice."""
    sides: tuple[list[Raw], list[Raw]] = ([], [])
    for raw in sorted(group, key=lambda r: r.time or r.written or _NEVER):
        sides[_SENSORS[raw.log, raw.id or 0][1] - 1].append(raw)
    most = timedelta(seconds=_SENSORS[group[0].log, group[0].id or 0][2])
    apart = [
        (abs(second.time - first.time), i, j)
        for i, first in enumerate(sides[0])
        for j, second in enumerate(sides[1])
        if first.time and second.time and abs(second.time - first.time) <= most and _agree(first, second)
    ]
    tied: dict[int, Raw] = {}
    taken: set[int] = set()
    for _, i, j in sorted(apart):
        if i not in taken and id(sides[1][j]) not in tied:
            taken.add(i)
            tied[id(sides[1][j])] = sides[0][i]
    return tied


def _agree(first: Raw, second: Raw) -> bool:
    if (first.log, first.id) == (SYSMON, 1):
        pids = {first.number("ProcessId"), second.number("NewProcessId")} - {None}
        if len(pids) > 1:
            return False
    target = second.get("TargetLogonId")
    login = second.get("SubjectLogonId") if target in ("", "0x0") else target
    return first.log != SYSMON or first.id != 1 or first.get("LogonId") in ("", login) or not login
