"""Runs of small programs over small stores, for the tests of what ranks them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from carlang.analytic import RunOptions, load_text, run_analytics
from carlang.results import Incident, RunReport, Triage
from carlang.store import Store
from carlang.triage import rank
from tests.judgement.fleets import store_of

START = datetime(2024, 3, 5, 8, tzinfo=UTC)


def program(
    id_: str, level: str, technique: str, condition: str, search: str = "Process:Create", more: str = ""
) -> str:
    """Return an analytic of one filter."""
    front = f"id: {id_}\ntitle: {id_}\nlevel: {level}\nanalytic_types: [TTP]\n{more}"
    front += f"coverage: [{{technique: {technique}}}]\n"
    return f"---\n{front}---\nevents = search {search}\nhits = filter events where ({condition})\noutput hits\n"


ANALYTICS = {
    "cmd": program("cmd", "informational", "T1059", 'exe == "cmd.exe"'),
    "net": program("net", "low", "T1087", 'exe == "net.exe"'),
    "dump": program("dump", "critical", "T1003", 'command_line contains "lsass"'),
    "flow": program("flow", "medium", "T1071", "dest_port == 4444", "Flow:Start"),
    "smb": program("smb", "informational", "T1021", 'protocol == "smb*"', "Flow:Message"),
    "smb_setup": program("smb_setup", "informational", "T1187", 'protocol == "smb.setup"', "Flow:Message"),
}


def start(minute: float, exe: str, parent: str = "explorer.exe", host: str = "PC1", **fields: Any) -> dict[str, Any]:
    """Return a start of a process, so many minutes after `START`."""
    usual = {"hostname": host, "exe": exe, "parent_exe": parent, "command_line": exe, "user": r"CORP\ann"}
    return {"time": START + timedelta(minutes=minute), "sensor": "sysmon", **usual, **fields}


def ran(store: Store, analytics: Iterable[str] = ANALYTICS.values(), **bounds: Any) -> RunReport:
    """Run analytics, given as texts, over a store."""
    compiled = [load_text(text, f"{number}.car") for number, text in enumerate(analytics)]
    return run_analytics(compiled, store, RunOptions.of(now="2024-04-01", **bounds), {})


def ranked(root: Path, *analytics: str, **classes: Sequence[Mapping[str, Any]]) -> Triage:
    """Run analytics over events, all of `ANALYTICS` where none are named, and rank what they find."""
    store = store_of(root, **classes)
    return rank(ran(store, [ANALYTICS[name] for name in analytics or ANALYTICS]), store)


def told(incidents: Iterable[Incident]) -> list[tuple[int, list[tuple[str, int]]]]:
    """Return incidents as how many trees they were, and their hits with how often each happened."""
    return [(incident.times, [(hit.analytic, hit.count) for hit in incident.hits]) for incident in incidents]
