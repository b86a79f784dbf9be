"""ATT&CK's techniques and tactics: which ids there are, and what they are called.

The table is made by `tools/make_attack.py` from ATT&CK's own data, version 18.1.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources

from carlang.importers.analytic_file import Coverage

VERSION = "18.1"

TACTICS = {
    "TA0043": "Reconnaissance",
    "TA0042": "Resource Development",
    "TA0001": "Initial Access",
    "TA0002": "Execution",
    "TA0003": "Persistence",
    "TA0004": "Privilege Escalation",
    "TA0005": "Defense Evasion",
    "TA0006": "Credential Access",
    "TA0007": "Discovery",
    "TA0008": "Lateral Movement",
    "TA0009": "Collection",
    "TA0011": "Command and Control",
    "TA0010": "Exfiltration",
    "TA0040": "Impact",
}
"""The tactics by id, in the order of ATT&CK's matrix."""


@dataclass(frozen=True, slots=True)
class Technique:
    """A technique or sub-technique; `status` is `current`, `revoked` or `deprecated`."""

    id: str
    name: str
    tactics: tuple[str, ...]
    status: str


@cache
def techniques() -> dict[str, Technique]:
    """Return all techniques by id."""
    text = resources.files("carlang.importers").joinpath("attack.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines())
    return {r["id"]: Technique(r["id"], r["name"], tuple(r["tactics"].split()), r["status"]) for r in rows}


def coverage_faults(coverage: Iterable[Coverage]) -> Iterator[str]:
    """Yield what is wrong with the ids of an analytic's coverage, in sentences."""
    for entry in coverage:
        for id_ in (entry.technique, *entry.subtechniques):
            known = techniques().get(id_)
            if known is None:
                yield f"ATT&CK has no technique `{id_}`"
            elif known.status != "current":
                yield f"ATT&CK's technique `{id_}` is {known.status}"
        for id_ in entry.subtechniques:
            if not id_.startswith(f"{entry.technique}."):
                yield f"`{id_}` is no sub-technique of `{entry.technique}`"
        tactics = {t for id_ in (entry.technique, *entry.subtechniques) for t in _tactics(id_)}
        for tactic in entry.tactics:
            if tactic not in TACTICS:
                yield f"ATT&CK has no tactic `{tactic}`"
            elif tactics and tactic not in tactics:
                yield f"`{entry.technique}` does not serve the tactic `{tactic}`, {TACTICS[tactic]}"


def _tactics(id_: str) -> tuple[str, ...]:
    known = techniques().get(id_)
    return known.tactics if known else ()
