"""What a name means at a place of a program: streams and constants bound above it, columns of the row at hand."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from carlang.diagnostics import Diagnostic
from carlang.diagnostics.codes import Code
from carlang.model.schema import Field, Model, Object
from carlang.model.types import Column, Type
from carlang.resolve.bound import Named
from carlang.source import Source, Span
from carlang.syntax import ast

PatternCheck = Callable[[str], str | None]
"""Tells what is wrong with a regular expression, in the words of the engine that will run it, or None."""


@dataclass(frozen=True, slots=True)
class StreamName:
    """A name bound to a stream. `objects` are those its rows come from, `origin` the search they come from."""

    stream: Named
    objects: tuple[Object, ...]
    origin: Span | None


@dataclass(frozen=True, slots=True)
class ConstantName:
    """A name bound to a literal, a list or an expression of such; it means the same wherever it is used."""

    value: ast.Expr
    span: Span


@dataclass(frozen=True, slots=True)
class BrokenName:
    """A name whose statement has errors; its uses are not reported again."""

    span: Span


Meaning = StreamName | ConstantName | BrokenName


@dataclass(frozen=True, slots=True)
class Row:
    """What a condition may ask for: the columns of a stream, reached by bare name or through the stream's names.

    `title` names the rows in messages, `origin` is the place of the search that they come from.
    """

    columns: Mapping[str, Type]
    objects: tuple[Object, ...]
    names: frozenset[str]
    title: str
    origin: Span | None

    @classmethod
    def of(cls, columns: Iterable[Column], stream: StreamName | None, names: Iterable[str], title: str) -> Row:
        """Make the row of a stream."""
        objects = stream.objects if stream else ()
        origin = stream.origin if stream else None
        return cls({c.name: c.type for c in columns}, objects, frozenset(names), title, origin)

    def column(self, name: str) -> str | None:
        """Return the column of this name: as written, else in any case of letters."""
        if name in self.columns:
            return name
        folded = name.casefold()
        return next((column for column in self.columns if column.casefold() == folded), None)

    def by_alias(self, name: str) -> Field | None:
        """Return the model's field that `name` is another name for, if the row has it."""
        for owner in self.objects:
            found = owner.field_by_alias(name)
            if found and found.name in self.columns:
                return found
        return None


EMPTY_ROW = Row({}, (), frozenset(), "", None)


@dataclass(slots=True)
class Context:
    """One resolution at work: what it reads, what it has found, and the names bound so far."""

    source: Source
    model: Model
    check_pattern: PatternCheck
    diagnostics: list[Diagnostic] = field(default_factory=list)
    names: dict[str, Meaning] = field(default_factory=dict)
    named: list[Named] = field(default_factory=list)
    used: set[str] = field(default_factory=set)
    depth: int = 0

    def report(self, code: Code, message: str, span: Span) -> Diagnostic:
        """Make a diagnostic of the source; `add` it when it is complete."""
        return Diagnostic(code, message, self.source, span)

    def add(self, diagnostic: Diagnostic) -> None:
        """Take a finished diagnostic."""
        if diagnostic not in self.diagnostics:
            self.diagnostics.append(diagnostic)

    def fresh_key(self, name: str) -> str:
        """Return a key for a new binding of `name` that no other binding has."""
        taken = {binding.key for binding in self.named}
        key, number = name, 2
        while key.casefold() in {k.casefold() for k in taken}:
            key, number = f"{name}_{number}", number + 1
        return key

    def constants(self) -> list[str]:
        """Return the names that stand for constants here."""
        return [name for name, meaning in self.names.items() if isinstance(meaning, ConstantName)]

    def streams(self) -> list[str]:
        """Return the names that stand for streams here."""
        return [name for name, meaning in self.names.items() if isinstance(meaning, StreamName)]
