"""Stores of events that nobody has to read: rows with the fields that a sensor fills, as plain trees."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from carlang.analytic import CompiledAnalytic, RunOptions, judge_analytics, load_text
from carlang.results import Judgement, reason_json
from carlang.store import Store, open_store
from tests.engine.trees import write

START = datetime(2024, 3, 5, 8, tzinfo=UTC)
NOW = START + timedelta(hours=2)

SYSMON = {
    "sensor": "sysmon",
    "image_path": "C:\\Windows\\System32\\at.exe",
    "exe": "at.exe",
    "command_line": "at 10:00",
    "pid": 4,
    "parent_exe": "cmd.exe",
}
"""A start of a process as Sysmon tells it."""
SECURITY = {"sensor": "windows_security", "exe": "at.exe", "image_path": "C:\\Windows\\System32\\at.exe", "pid": 4}
"""A start of a process as the Security log tells it where command lines are not logged."""
AUDITD = {"sensor": "auditd", "exe": "bash", "image_path": "/bin/bash", "command_line": "bash -c id", "pid": 4}


def events(hosts: Iterable[str | None], fields: Mapping[str, Any], hours: Sequence[int] = (0,)) -> list[dict[str, Any]]:
    """Return an event of these fields on each host in each of some hours after `START`."""
    return [{"hostname": host, "time": START + timedelta(hours=h), **fields} for host in hosts for h in hours]


def store_of(root: Path, **classes: Sequence[Mapping[str, Any]]) -> Store:
    """Write a store; `process__create` are the events of process/create."""
    for name, rows in classes.items():
        if rows:
            write(root, name.replace("__", "/"), rows)
    return open_store(root)


def judgements(
    store: Store,
    program: str | CompiledAnalytic,
    now: datetime = NOW,
    since: datetime | None = None,
    until: datetime | None = None,
    **params: Any,
) -> list[Judgement]:
    """Return the judgements of a program's outputs."""
    analytic = load_text(program) if isinstance(program, str) else program
    (of,) = judge_analytics([analytic], store, RunOptions.of(now=now, since=since, until=until), params)
    assert of.outputs, analytic.diagnostics
    return [judgement for _, judgement in of.outputs]


def judged(store: Store, program: str | CompiledAnalytic, **bounds: Any) -> Judgement:
    """Return the judgement of a program's last output."""
    return judgements(store, program, **bounds)[-1]


def told(judgement: Judgement) -> tuple[str, list[str]]:
    """Return a judgement's state and its reasons, `field_never_filled process create md5_hash`, each as a text."""
    texts = [" ".join(str(part) for part in reason_json(r).values() if part is not None) for r in judgement.reasons]
    return judgement.state.value, texts
