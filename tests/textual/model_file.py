"""CAR's objects, actions and fields, read from the model's YAML files and from nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parents[2] / "carlang" / "model" / "objects"

TEXTS = frozenset({"string", "path", "name", "guid", "id", "hash", "ip", "enum"})
NUMBERS = frozenset({"integer", "port", "float"})


def plain(name: str) -> str:
    """Return a name without what does not count in it: case, underscores, blanks, hyphens."""
    return "".join(letter for letter in name.casefold() if letter not in "_ -")


@dataclass(frozen=True, eq=False)
class ObjectEntry:
    """An object: its actions, and the types of its fields in order, those of every object behind its own."""

    name: str
    actions: Mapping[str, tuple[str, ...]]
    """By plain name or alias: the actions that it means."""
    every_action: tuple[str, ...]
    fields: Mapping[str, str]
    aliases: Mapping[str, str] = field(repr=False)
    """By plain alias: the field. A field's own name without its underscores is one."""


@cache
def objects() -> Mapping[str, ObjectEntry]:
    """Return the objects by plain name and alias."""
    contents = [yaml.safe_load(file.read_text("utf-8")) for file in sorted(FOLDER.glob("*.yaml"))]
    common: dict[str, Any] = {k: v for content in contents for k, v in content.get("common", {}).items()}
    known: dict[str, ObjectEntry] = {}
    for content in contents:
        for name, entry in content.get("objects", {}).items():
            made = _object(name, entry, common)
            known |= {plain(alias): made for alias in (name, *entry.get("aliases", ()))}
    return known


def _object(name: str, entry: Mapping[str, Any], common: Mapping[str, Any]) -> ObjectEntry:
    actions: dict[str, tuple[str, ...]] = {}
    for action, described in entry["actions"].items():
        for alias in (described or {}).get("aliases", ()):
            actions[plain(alias)] = (*actions.get(plain(alias), ()), action)
    actions |= {plain(action): (action,) for action in entry["actions"]}
    fields = {**entry.get("fields", {}), **common}
    aliases = {plain(alias): name for name, f in fields.items() for alias in (name, *f.get("aliases", ()))}
    return ObjectEntry(name, actions, tuple(entry["actions"]), {n: f["type"] for n, f in fields.items()}, aliases)


def columns_of(entries: Sequence[ObjectEntry]) -> dict[str, str]:
    """Return the fields of several objects with their types, each once, in the order of the objects."""
    columns: dict[str, str] = {}
    for entry in entries:
        for name, kind in entry.fields.items():
            columns.setdefault(name, kind)
    return columns
