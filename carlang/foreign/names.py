"""What other data models, sensors and products call fields and kinds of events, read from the YAML files beside it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.resources import files

from pydantic import BaseModel, ConfigDict

from carlang.datafile import read_builtin_yaml, validate

_ANY = "any"
Called = Mapping[str, Mapping[str, str]]
"""By object the fields, by what others call them."""


class _Names(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    names: Mapping[str, Mapping[str, tuple[str, ...]]]


class _Classes(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    classes: Mapping[str, tuple[str, ...]]


def foreign_fields(objects: Iterable[str], name: str, *, by_hand: bool = False) -> Iterator[str]:
    """Yield the fields that others call by a name in events of some objects, the best first.

    A field may be one that the objects lack. `by_hand` leaves out what mappings alone say.
    """
    wanted = _folded(name)
    written, mapped = _tables()
    owners = list(objects)
    tables = [*((written, owner) for owner in owners), (written, _ANY)]
    for table, owner in tables if by_hand else [*tables, *((mapped, owner) for owner in owners)]:
        if field := table.get(owner, {}).get(wanted):
            yield field


def objects_that_call(name: str) -> list[tuple[str, str]]:
    """Return the objects, each with its field, of which others call a field by a name; `any` are all that have it."""
    wanted = _folded(name)
    owners: dict[str, str] = {}
    for table in _tables():
        for owner, fields in table.items():
            if wanted in fields:
                owners.setdefault(owner, fields[wanted])
    return list(owners.items())


def is_foreign_field(name: str) -> bool:
    """Tell whether any sensor or data model calls some field by a name."""
    wanted = _folded(name)
    return any(wanted in fields for table in _tables() for fields in table.values())


def names_elsewhere(owner: str, field: str) -> tuple[str, ...]:
    """Return what products and data models call a field of an object, as the table that is written by hand has it."""
    written = _written("names.yaml")
    return tuple(dict.fromkeys((*written.get(owner, {}).get(field, ()), *written.get(_ANY, {}).get(field, ()))))


def classes_elsewhere(searched: str) -> tuple[str, ...]:
    """Return what others call the events of a search, `Process` or `Process:Create`, in any case of letters."""
    wanted = _folded(searched)
    return next((names for search, names in _searches().items() if _folded(search) == wanted), ())


def event_class(name: str) -> str | None:
    """Return the search for the events that others call by a name, `Process:Create` for `process_creation`, or None."""
    return _classes().get(_folded(name))


# Read when a name is unknown: most programs have none, and an editor loads this room at every key.
@cache
def _tables() -> tuple[Called, Called]:
    return _table("names.yaml"), _table("sensor_names.yaml")


def _table(file: str) -> Called:
    return {
        owner: {_folded(name): field for field, called in fields.items() for name in called}
        for owner, fields in _written(file).items()
    }


@cache
def _written(file: str) -> Mapping[str, Mapping[str, tuple[str, ...]]]:
    return validate(_Names, read_builtin_yaml(file, _text(file))).names


@cache
def _classes() -> Mapping[str, str]:
    return {_folded(name): searched for searched, names in _searches().items() for name in names}


@cache
def _searches() -> Mapping[str, tuple[str, ...]]:
    return validate(_Classes, read_builtin_yaml("classes.yaml", _text("classes.yaml"))).classes


def _folded(name: str) -> str:
    """Return a name as these tables compare it: without case, underscores, hyphens and blanks."""
    return name.casefold().replace("_", "").replace("-", "").replace(" ", "")


def _text(name: str) -> str:
    return files("carlang.foreign").joinpath(name).read_text(encoding="utf-8")
