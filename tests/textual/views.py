"""What names mean: those of a program, and those of the rows that an expression stands at."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from carlang.syntax import ast
from tests.textual.model_file import TEXTS, ObjectEntry, plain

Row = dict[str, Any]


@dataclass(frozen=True)
class Place:
    """What an expression is evaluated at: a row and, where the row is a group, the rows of the group."""

    row: Row
    members: Sequence[Row] = ()
    text: str | None = None
    """The text at hand, in a test of every text."""


@dataclass(frozen=True)
class Term:
    """An expression with its type, and how its value at a place is computed."""

    type: str
    at: Callable[[Place], Any]


@dataclass(frozen=True)
class Stream:
    """Rows in no order, and their columns with their types.

    `owners` are the objects of events by the prefix of their columns. `groups` are the rows of each row, where the rows
    are groups, with the columns that those have; `keys` are the columns that the groups were made by. `records` are
    there where rows are occurrences of which two records may tell: each record by itself. `ranked` rows have an
    order of their own.
    """

    columns: Mapping[str, str]
    rows: Sequence[Row]
    owners: Mapping[str, tuple[ObjectEntry, ...]] = field(default_factory=dict)
    groups: Sequence[Sequence[Row]] | None = None
    member_columns: Mapping[str, str] = field(default_factory=dict)
    keys: tuple[str, ...] = ()
    records: Sequence[Row] | None = None
    ranked: bool = False

    @property
    def places(self) -> list[Place]:
        """The rows as places of expressions."""
        if self.groups is None:
            return [Place(row) for row in self.rows]
        return [Place(row, members) for row, members in zip(self.rows, self.groups, strict=True)]


@dataclass(frozen=True)
class Constant:
    """A literal or list with a name; it stands for itself as if it were written in the place of the name."""

    written: ast.Expr


@dataclass(frozen=True)
class Computed:
    """A value of the program: an aggregate of a stream, or an input."""

    term: Term


Meaning = Stream | Constant | Computed


@dataclass(frozen=True)
class View:
    """The rows that an expression stands at: their columns, and the names that the stream itself goes by.

    `members` is the view of a group's rows; `all_rows` are those that aggregates in a plain filter run over.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    owners: Mapping[str, tuple[ObjectEntry, ...]] = field(default_factory=dict)
    names: frozenset[str] = frozenset()
    members: View | None = None
    all_rows: Sequence[Row] | None = None
    own: str = ""
    """The part, with its point, whose fields bare names are where it has them."""

    @classmethod
    def of(cls, stream: Stream, *names: str | None) -> View:
        """Return the view of a stream's rows; it may be called by these names."""
        known = frozenset(name for name in names if name)
        if stream.groups is None:
            return cls(stream.columns, stream.owners, known, all_rows=stream.rows)
        members = cls(stream.member_columns, stream.owners, known)
        return cls(stream.columns, stream.owners, known, members)

    @property
    def parts(self) -> set[str]:
        """The names of a join's parts, also of those in parts: `j` and `j.a` of a column `j.a.exe`."""
        return {name[:dot] for name in self.columns for dot, letter in enumerate(name) if letter == "."}

    def exactly(self, path: Sequence[str]) -> str | None:
        """Return the column that a path names; the case of its last word does not count."""
        wanted = (*path[:-1], path[-1].casefold())
        for column in self.columns:
            *head, last = column.split(".")
            if column == ".".join(path) or (*head, last.casefold()) == wanted:
                return column
        return None

    def bare(self, name: str) -> str | None:
        """Return the column that a bare name means: one called so, else the one of a join's parts that has it."""
        if column := self.exactly([*self.own.split(".")[:-1], name]) or self.exactly([name]):
            return column
        inner = [c for c in self.columns if "." in c and c.split(".")[-1].casefold() == name.casefold()]
        return inner[0] if len(inner) == 1 else None

    def by_alias(self, name: str, prefix: str = "") -> str | None:
        """Return the column whose field has another name in the model."""
        for owned, entries in sorted(self.owners.items(), key=lambda item: not item[0].startswith(self.own)):
            for entry in entries:
                column = owned + entry.aliases.get(plain(name), "?")
                if column in self.columns and owned.startswith(prefix):
                    return column
        return None

    def column(self, path: Sequence[str]) -> str | None:
        """Return the column that a path of words means, read from the left."""
        rest = self.without_own_name(path)
        if len(rest) == 1:
            return self.bare(rest[0]) or self.by_alias(rest[0])
        if column := self.exactly(rest):
            return column
        prefix = ".".join(rest[:-1]) + "."
        if not any(column.startswith(prefix) for column in self.columns):
            return None
        inner = {c[len(prefix) :]: kind for c, kind in self.columns.items() if c.startswith(prefix)}
        owners = {p[len(prefix) :]: e for p, e in self.owners.items() if p.startswith(prefix)}
        part = View(inner, owners)
        within = part.bare(rest[-1]) or part.by_alias(rest[-1])
        if within:
            return prefix + within
        # A part comes first, but its name may be the stream's own as well.
        return self.bare(rest[1]) if rest[0] in self.names and len(rest) == 2 else None

    def texts_of_any(self, path: Sequence[str]) -> list[str] | None:
        """Return the columns with texts that `any`, or `a.any` of a part, is of; None where a column is called so."""
        rest = self.without_own_name(path)
        if rest[-1].casefold() != "any" or self.column(path):
            return None
        prefix = ".".join([*rest[:-1], ""]) or self.own
        if len(rest) > 1 and prefix[:-1] not in self.parts:
            return None
        kinds = {*TEXTS, *(f"list:{kind}" for kind in TEXTS), "record"}
        inside = [column for column, kind in self.columns.items() if column.startswith(prefix) and kind in kinds]
        return [column for column in inside if column.split(".")[-1] not in ("source", "sensor")]

    def without_own_name(self, path: Sequence[str]) -> Sequence[str]:
        """Return a path without the stream's own name before it, unless a part of a join is called so."""
        own = len(path) > 1 and path[0] in self.names and path[0] not in self.parts
        return path[1:] if own else path


def path_of(written: ast.Expr) -> list[str] | None:
    """Return `a.b.c` as its words, None where it is no path."""
    match written:
        case ast.Name(ident):
            return [ident]
        case ast.Member(base, name):
            head = path_of(base)
            return None if head is None else [*head, name.ident]
    return None
