"""What stands in a model file: objects, their actions and typed fields, and fields common to all objects."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, field_validator, model_validator

from carlang.diagnostics import nearest
from carlang.model.schema import Action, Field, Tie
from carlang.model.types import Kind, Type

FIELD_KINDS = tuple(kind.value for kind in Kind if kind not in {Kind.LIST, Kind.NULL})
"""The names of the types that a field can have."""


MOST_SECONDS = 600
"""How far apart the times of one occurrence can be: beyond minutes it is another clock, not the same one read late."""


class Entry(BaseModel):
    """What objects, actions and fields have in common."""

    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)

    description: str = ""
    aliases: tuple[str, ...] = ()
    extension: bool = False


class FieldEntry(Entry):
    """A field: its type by name, for an enumeration its values."""

    type: str
    values: tuple[str, ...] = ()
    example: str = ""

    @field_validator("type")
    @classmethod
    def _known(cls, value: str) -> str:
        if value not in FIELD_KINDS:
            meant = nearest(value, FIELD_KINDS)
            hint = f"did you mean `{meant}`?" if meant else f"the types are {', '.join(FIELD_KINDS)}"
            raise ValueError(f"there is no type `{value}`; {hint}")
        return value

    @model_validator(mode="after")
    def _values_belong_to_enumerations(self) -> FieldEntry:
        if (self.type == Kind.ENUM.value) != bool(self.values):
            raise ValueError("an enumeration, and nothing else, lists its `values`")
        return self

    def field(self, name: str, *, extension: bool) -> Field:
        """Return the field of the model that this entry describes."""
        values = tuple(value.casefold() for value in self.values)
        marked = extension or self.extension
        return Field(name, Type(Kind(self.type), values), self.description, self.example, self.aliases, marked)


class ActionEntry(Entry):
    """An action of an object."""

    def action(self, name: str, *, extension: bool) -> Action:
        """Return the action of the model that this entry describes."""
        return Action(name, self.description, self.aliases, extension or self.extension)


class ObjectEntry(Entry):
    """An object, or what is added to one that exists."""

    title: str = ""
    actions: dict[str, ActionEntry] = {}
    fields: dict[str, FieldEntry] = {}


class TieEntry(BaseModel):
    """Two sensors whose records can be of one occurrence, and what they have in common then."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    sensors: tuple[str, str]
    keys: tuple[str, ...]
    agree: tuple[str, ...] = ()
    seconds: float

    @model_validator(mode="after")
    def _of_two_sensors(self) -> TieEntry:
        if self.sensors[0] == self.sensors[1]:
            raise ValueError("two records of one sensor are never one occurrence; name two sensors")
        if not self.keys:
            raise ValueError("a tie needs a key; the time alone ties what has nothing to do with one another")
        if not 0 <= self.seconds <= MOST_SECONDS:
            raise ValueError(f"clocks are between 0 and {MOST_SECONDS} seconds apart")
        return self

    def tie(self, object_: str, action: str) -> Tie:
        """Return the tie of the model that this entry describes."""
        return Tie(object_, action, *self.sensors, self.keys, self.agree, round(self.seconds * 1_000_000))


class ModelFile(BaseModel):
    """A whole model file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    objects: dict[str, ObjectEntry] = {}
    common: dict[str, FieldEntry] = {}
    ties: dict[str, tuple[TieEntry, ...]] = {}
