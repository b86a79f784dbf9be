"""Rows: what a condition over a stream may ask for, and under which names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from carlang.model.schema import Field, Object
from carlang.model.types import Column, Type
from carlang.resolve.bound import BoundStream
from carlang.source import Span

Owners = Mapping[str, tuple[Object, ...]]
"""The objects that rows come from, by the prefix of their columns: `""` for plain rows, `a.` for part a of a join."""


@dataclass(frozen=True)
class Row:
    """The columns of a stream, reached by bare name, through the stream's names, or through the parts of a join.

    `title` names the rows in messages, `origin` is the place of the search that they come from. `members` is the
    row in which the arguments of aggregates are read: that of a group's rows, or this one in a filter (`stream` is
    then what the aggregate runs over).
    """

    columns: Mapping[str, Type]
    owners: Owners = field(default_factory=dict)
    names: frozenset[str] = frozenset()
    title: str = "the row"
    origin: Span | None = None
    members: Row | None = None
    stream: BoundStream | None = None

    def exact(self, path: str) -> str | None:
        """Return the column of a path: its parts as they are written, its last word in any case of letters."""
        if path in self.columns:
            return path
        prefix, dot, last = path.rpartition(".")
        folded = last.casefold()
        return (
            next(
                (
                    c
                    for c in self.columns
                    if c.rpartition(".")[0] == prefix and c.rpartition(".")[2].casefold() == folded
                ),
                None,
            )
            if dot or folded
            else None
        )

    def bare(self, name: str) -> list[str]:
        """Return the columns that a bare name can mean: one of that name, else those of the parts of a join."""
        found = self.exact(name)
        if found:
            return [found]
        folded = name.casefold()
        return [c for c in self.columns if "." in c and c.rpartition(".")[2].casefold() == folded]

    def by_alias(self, name: str) -> list[tuple[str, Field]]:
        """Return the columns whose field in the model has this other name."""
        found = []
        for prefix, objects in self.owners.items():
            fields = (f for o in objects if (f := o.field_by_alias(name)))
            match = next((f for f in fields if prefix + f.name in self.columns), None)
            if match:
                found.append((prefix + match.name, match))
        return found

    @property
    def parts(self) -> frozenset[str]:
        """The names of the parts of a join, outermost first in nested ones: `a` and `a.b`."""
        return frozenset(c[:i] for c in self.columns for i, letter in enumerate(c) if letter == ".")

    def strip(self, path: list[str]) -> list[str]:
        """Return a path without the stream's own name before it, unless that is the name of a part."""
        if len(path) > 1 and path[0] in self.names and path[0] not in self.parts:
            return path[1:]
        return path


EMPTY_ROW = Row({}, title="")


@dataclass(frozen=True)
class Flow:
    """A resolved stream with the names that reach its rows, the objects they come from and the place of the search."""

    stream: BoundStream
    owners: Owners = field(default_factory=dict)
    origin: Span | None = None
    names: frozenset[str] = frozenset()

    def row(self, *names: str | None) -> Row:
        """Return what a condition over the stream may ask for; `names` reach its rows besides its own."""
        own = self.names | {name for name in names if name}
        title = "/".join(dict.fromkeys(o.name for several in self.owners.values() for o in several)) or "the row"
        columns = column_types(self.stream.columns)
        return Row(columns, self.owners, own, title, self.origin)

    def named(self, *names: str) -> Flow:
        """Return the flow reached by these names alone."""
        return replace(self, names=frozenset(names))


def column_types(columns: Iterable[Column]) -> dict[str, Type]:
    """Return columns as a mapping of name to type."""
    return {column.name: column.type for column in columns}


def prefixed(prefix: str, owners: Owners) -> dict[str, tuple[Object, ...]]:
    """Return owners as those of a part of a join."""
    return {f"{prefix}.{inner}": objects for inner, objects in owners.items()}
