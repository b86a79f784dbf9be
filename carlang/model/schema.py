"""CAR's data model: objects, their actions and typed fields, and how their names are looked up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from carlang.model.types import Column, Type


@dataclass(frozen=True, slots=True)
class Field:
    """A field of an object. `aliases` are names that sensors and published programs use for it."""

    name: str
    type: Type
    description: str = ""
    example: str = ""
    aliases: tuple[str, ...] = ()
    extension: bool = False


@dataclass(frozen=True, slots=True)
class Action:
    """Something that can happen to an object; `aliases` are published programs' other names for it."""

    name: str
    description: str = ""
    aliases: tuple[str, ...] = ()
    extension: bool = False


@dataclass(frozen=True)
class Object:
    """A CAR object, or an extension of the model.

    `fields` holds the object's own fields and then the common ones, in the order in which tables show them.
    """

    name: str
    title: str
    description: str
    actions: tuple[Action, ...]
    fields: Mapping[str, Field]
    aliases: tuple[str, ...] = ()
    extension: bool = False

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """The columns of its table: one a field, in the same order."""
        return tuple(Column(field.name, field.type) for field in self.fields.values())

    @cached_property
    def _by_alias(self) -> dict[str, Field]:
        return {plain_name(name): f for f in self.fields.values() for name in (*f.aliases, f.name)}

    @cached_property
    def _by_action(self) -> dict[str, Action]:
        return {plain_name(a.name): a for a in self.actions}

    def field(self, name: str) -> Field | None:
        """Return the field of this name in any case of letters, or None; aliases do not count."""
        return self.fields.get(name.casefold())

    def field_by_alias(self, name: str) -> Field | None:
        """Return the field that `name` is another name for, whatever its case and underscores, or None.

        A field's own name without its underscores, `CommandLine`, is another name for it; the name itself is not.
        """
        return None if self.field(name) else self._by_alias.get(plain_name(name))

    def action(self, name: str) -> Action | None:
        """Return the action of this name, whatever its case, underscores and spaces, or None; aliases do not count."""
        return self._by_action.get(plain_name(name))

    def actions_by_alias(self, name: str) -> tuple[Action, ...]:
        """Return the actions that `name` is another name for, in the model's order; an alias may stand for several."""
        if self.action(name):
            return ()
        wanted = plain_name(name)
        return tuple(a for a in self.actions if any(plain_name(alias) == wanted for alias in a.aliases))


Class = tuple[str, str]
"""An object and an action."""


@dataclass(frozen=True, slots=True)
class Tie:
    """Two sensors that tell of the same occurrences of a class, and when two of their records are of one.

    They are if they are of one host, `keys` are there and equal, `agree` are equal where both records have them, and
    their times are at most `within` microseconds apart. What differs, `first` tells better than `second`.
    """

    object: str
    action: str
    first: str
    second: str
    keys: tuple[str, ...]
    agree: tuple[str, ...]
    within: int

    @property
    def event_class(self) -> Class:
        """The class of the records."""
        return self.object, self.action


@dataclass(frozen=True)
class Model:
    """All objects by name, in CAR's order, extensions behind them, and the fields that all of them have.

    `ties` stand in the order in which records are tied; what one has tied the next ones leave alone.
    """

    objects: Mapping[str, Object]
    common: Mapping[str, Field] = field(default_factory=dict)
    ties: tuple[Tie, ...] = ()
    digest: str = field(default="", init=False, compare=False, repr=False)
    """A digest of the files that the model was read from, empty where it was made of anything else, or changed."""

    def of_files(self, digest: str) -> Model:
        """Return the model with the digest of the files that it was read from, which no changed copy of it has."""
        copy = replace(self)
        object.__setattr__(copy, "digest", digest)
        return copy

    @cached_property
    def _objects(self) -> dict[str, Object]:
        return {plain_name(name): o for o in self.objects.values() for name in (*o.aliases, o.name)}

    @cached_property
    def field_types(self) -> dict[str, Type]:
        """The type of every field name; a name has one type in all objects."""
        return {f.name: f.type for o in self.objects.values() for f in o.fields.values()}

    def object(self, name: str) -> Object | None:
        """Return the object of this name or alias, whatever its case, underscores and spaces, or None."""
        return self._objects.get(plain_name(name))

    def objects_with_field(self, name: str) -> Iterable[Object]:
        """Return the objects that have a field of this name."""
        return (o for o in self.objects.values() if o.field(name))


def plain_name(name: str) -> str:
    """Return a name as it is compared: without case, underscores, spaces and hyphens."""
    return name.casefold().replace("_", "").replace(" ", "").replace("-", "")
