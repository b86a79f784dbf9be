# ruff: noqa: INP001  # a script, not a module
"""Write carlang/importers/attack.csv, the ids and names of ATT&CK's techniques, from ATT&CK's STIX data.

    python tools/make_attack.py enterprise-attack.json

The file is a bundle of STIX objects as https://github.com/mitre-attack/attack-stix-data has them, or a list of
attack patterns with `external_id`, `name`, `tactics`, `revoked` and `deprecated`.
"""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

TARGET = Path(__file__).parent.parent / "carlang" / "importers" / "attack.csv"
TACTICS = {
    "reconnaissance": "TA0043",
    "resource-development": "TA0042",
    "initial-access": "TA0001",
    "execution": "TA0002",
    "persistence": "TA0003",
    "privilege-escalation": "TA0004",
    "defense-evasion": "TA0005",
    "credential-access": "TA0006",
    "discovery": "TA0007",
    "lateral-movement": "TA0008",
    "collection": "TA0009",
    "command-and-control": "TA0011",
    "exfiltration": "TA0010",
    "impact": "TA0040",
}

Technique = tuple[str, str, str, str]


def main(path: Path) -> None:
    """Write the table of one file of STIX data."""
    data = json.loads(path.read_text(encoding="utf-8"))
    found = _bundle(data["objects"]) if "objects" in data else _patterns(data["attack_patterns"])
    # A technique that was revoked may share its id with nothing else; of doubles, the one in use counts.
    techniques: dict[str, Technique] = {}
    for technique in sorted(found, key=lambda t: t[3] != "current"):
        techniques.setdefault(technique[0], technique)
    with TARGET.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(("id", "name", "tactics", "status"))
        writer.writerows(sorted(techniques.values()))


def _bundle(objects: Iterable[dict[str, Any]]) -> Iterator[Technique]:
    for entry in objects:
        if entry.get("type") != "attack-pattern":
            continue
        ids = [r["external_id"] for r in entry.get("external_references", ()) if r.get("source_name") == "mitre-attack"]
        phases = [p["phase_name"] for p in entry.get("kill_chain_phases", ())]
        yield _technique(ids[0], entry["name"], phases, entry.get("revoked"), entry.get("x_mitre_deprecated"))


def _patterns(patterns: Any) -> Iterator[Technique]:
    for entry in patterns.values() if isinstance(patterns, dict) else patterns:
        flags = (entry.get("revoked"), entry.get("deprecated"))
        yield _technique(entry["external_id"], entry["name"], entry["tactics"], *flags)


def _technique(id_: str, name: str, phases: Iterable[str], revoked: object, deprecated: object) -> Technique:
    status = "revoked" if revoked else "deprecated" if deprecated else "current"
    return id_, name, " ".join(sorted(TACTICS[phase] for phase in phases if phase in TACTICS)), status


if __name__ == "__main__":
    main(Path(sys.argv[1]))
