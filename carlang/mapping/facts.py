"""Read what mapping files say of their sensors, without checking them: that takes a hundred times as long."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import Any

import yaml

_ANY = "any"
_CHANNEL = re.compile(r"\bchannel: *([^,}\n]+)")


def read_facts(files: Sequence[tuple[str, str]]) -> list[dict[str, Any]]:
    """Return, for each file, given with its name and text, what it says of its sensor, made of what JSON has."""
    return [_read(text) for _, text in files]


def _read(text: str) -> dict[str, Any]:
    # Not all of PyYAML's wheels have the loader in C, which is ten times as fast.
    content = yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506  # both are safe ones
    return {
        "sensor": content["sensor"],
        "platforms": list(content.get("platforms", ())),
        "logs": sorted({log["channel"] for log in _listed(content.get("log", [])) if "channel" in log}),
        "channels": sorted({channel.strip().strip("'\"") for channel in _CHANNEL.findall(text)}),
        "pairs": [[list(name) for name in pair] for pair in sorted(_pairs(content["events"]))],
    }


def _pairs(events: Iterable[Mapping[str, Any]]) -> set[tuple[tuple[str, str], ...]]:
    of_id: dict[int, list[tuple[str, str, bool]]] = {}
    for event in events:
        ids = _listed(event.get("event_id", []))
        for event_id in (each for each in ids if each != _ANY):
            of_id.setdefault(event_id, []).append((event["object"], event["action"], "where" in event))
    return {
        tuple(sorted({first[:2], second[:2]}))
        for kinds in of_id.values()
        for first, second in combinations(kinds, 2)
        if first[0] != second[0] or not (first[2] and second[2])
    }


def _listed(value: Any) -> Any:
    return value if isinstance(value, list) else [value]
