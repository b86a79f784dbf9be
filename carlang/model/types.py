"""The types of CAR's fields and of the language's expressions."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """What a value is. The string-like kinds differ in what a literal against them can mean, not in storage."""

    STRING = "string"
    PATH = "path"  # a full path in the file system or of a registry key
    NAME = "name"  # the last part of a path: `exe`, `file_name`
    GUID = "guid"
    ID = "id"  # of a record in its log: a text, and where it is all digits a number in comparisons and in order
    HASH = "hash"
    IP = "ip"
    ENUM = "enum"
    INTEGER = "integer"
    PORT = "port"
    FLOAT = "float"
    BOOLEAN = "boolean"
    TIME = "time"  # an instant, UTC, microseconds
    DURATION = "duration"  # microseconds
    RECORD = "record"  # an open record: any member may be asked for, each a string
    LIST = "list"
    NULL = "null"

    # A member is one object. Python's own is a function in Python, asked whenever a type is looked for in a set.
    __hash__ = object.__hash__


STRING_KINDS = frozenset({Kind.STRING, Kind.PATH, Kind.NAME, Kind.GUID, Kind.ID, Kind.HASH, Kind.IP, Kind.ENUM})
NUMBER_KINDS = frozenset({Kind.INTEGER, Kind.PORT, Kind.FLOAT})


@dataclass(frozen=True, slots=True)
class Type:
    """A kind, for an enumeration its values in lower case, for a list the type of its items."""

    kind: Kind
    values: tuple[str, ...] = ()
    item: Type | None = None

    @property
    def is_string(self) -> bool:
        """Whether values are texts."""
        return self.kind in STRING_KINDS

    @property
    def is_number(self) -> bool:
        """Whether values are numbers."""
        return self.kind in NUMBER_KINDS

    @property
    def phrase(self) -> str:
        """The type's name with its article: `a path`, `an IP address`."""
        name = str(self)
        return f"an {name}" if name[0] in "aeiouAEIO" else f"a {name}"

    def __str__(self) -> str:
        """Name the type as diagnostics do."""
        if self.kind is Kind.LIST and self.item:
            return f"list of {self.item}"
        return _NAMES.get(self.kind, self.kind.value)


_NAMES = {
    Kind.NAME: "base name",
    Kind.IP: "IP address",
    Kind.ENUM: "enumeration",
    Kind.GUID: "GUID",
    Kind.ID: "record id",
}

STRING = Type(Kind.STRING)
INTEGER = Type(Kind.INTEGER)
FLOAT = Type(Kind.FLOAT)
BOOLEAN = Type(Kind.BOOLEAN)
TIME = Type(Kind.TIME)
DURATION = Type(Kind.DURATION)
NULL = Type(Kind.NULL)


def field_of(column: str) -> str:
    """Return the field that a column has: its name, without the part of a join or sequence that it is of (`a.exe`)."""
    return column.rpartition(".")[2]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a stream or an output: its name and the type of its values."""

    name: str
    type: Type
