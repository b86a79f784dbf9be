"""What a name means at a place of a program: streams, constants, scalars and inputs bound above it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from carlang.diagnostics import Diagnostic, nearest
from carlang.diagnostics.codes import Code
from carlang.model.schema import Model
from carlang.model.types import Type
from carlang.resolve.bound import BoundExpr, BoundInput, NamedStream
from carlang.resolve.row import Flow
from carlang.source import Source, Span
from carlang.syntax import ast

MOST_SUGGESTIONS = 200
"""How many names are looked for in one program: each is compared with all that there are."""

PatternCheck = Callable[[str], str | None]
"""Tells what is wrong with a regular expression, in the words of the engine that will run it, or None."""

AnalyticFinder = Callable[[str], Source | None]
"""Gives the program of the analytic with an id, or None where there is none."""


@dataclass(frozen=True, slots=True)
class StreamName:
    """A name bound to a stream."""

    stream: NamedStream
    flow: Flow


@dataclass(frozen=True, slots=True)
class ConstantName:
    """A name bound to a literal or a list of literals, which take the type of what they stand beside."""

    value: ast.Expr
    span: Span


@dataclass(frozen=True, slots=True)
class ScalarName:
    """A name bound to a single value that is computed: of constants, or of all rows of a stream."""

    value: BoundExpr
    span: Span


@dataclass(frozen=True, slots=True)
class InputName:
    """A parameter; without a declared type it takes the type of what it stands beside."""

    name: str
    type: Type | None
    span: Span


@dataclass(frozen=True, slots=True)
class BrokenName:
    """A name whose statement has errors; its uses are not reported again."""

    span: Span


Meaning = StreamName | ConstantName | ScalarName | InputName | BrokenName


@dataclass(slots=True)
class InputUse:
    """An input and the types that its uses have asked for so far."""

    name: str
    declared: Type | None
    default: BoundExpr | None
    span: Span
    types: list[Type] = field(default_factory=list)

    def bound(self) -> BoundInput:
        """Return the input as part of the bound program."""
        types = (self.declared,) if self.declared else tuple(self.types)
        return BoundInput(self.name, types, self.default, self.span)


AnalyticRunner = Callable[["Context", ast.RunAnalytic], Flow | None]
"""Resolves another analytic inside this one."""


@dataclass(slots=True)
class Context:
    """One resolution at work: what it reads, what it has found, and the names bound so far."""

    source: Source
    model: Model
    check_pattern: PatternCheck
    find_analytic: AnalyticFinder
    diagnostics: list[Diagnostic] = field(default_factory=list)
    said: set[tuple[str, Span, str]] = field(default_factory=set)
    names: dict[str, Meaning] = field(default_factory=dict)
    named: list[NamedStream] = field(default_factory=list)
    inputs: dict[str, InputUse] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    keys: dict[str, int] = field(default_factory=dict)
    """The keys that are taken, in lower case, each with the highest number that was put behind it."""
    chain: tuple[str, ...] = ()
    """The ids of the analytics that are being resolved, one inside another."""
    inner: bool = False
    """Whether this is an analytic that another one runs, with which it shares its inputs."""
    suggested: int = 0
    run_analytic: AnalyticRunner = field(repr=False, kw_only=True)
    depth: int = 0

    def report(self, code: Code, message: str, span: Span) -> Diagnostic:
        """Make a diagnostic of the source; `add` it when it is complete."""
        return Diagnostic(code, message, self.source, span)

    def add(self, diagnostic: Diagnostic) -> None:
        """Take a finished diagnostic."""
        key = (diagnostic.code.name, diagnostic.span, diagnostic.message)
        if key not in self.said:
            self.said.add(key)
            self.diagnostics.append(diagnostic)

    def fresh_key(self, name: str) -> str:
        """Return a key for a new binding of `name` that no other binding has, in any case of letters."""
        key, number = name, self.keys.get(name.casefold(), 1) + 1
        while key.casefold() in self.keys:
            key, number = f"{name}_{number}", number + 1
        self.keys[name.casefold()] = number - 1
        self.keys[key.casefold()] = 1 if key != name else self.keys[name.casefold()]
        return key

    def nearest(self, word: str, candidates: Iterable[str]) -> str | None:
        """Return the name probably meant, or None; a program with very many faults gets no more suggestions."""
        self.suggested += 1
        return nearest(word, candidates) if self.suggested <= MOST_SUGGESTIONS else None

    def values(self) -> Iterator[str]:
        """Yield the names that stand for constants, scalars and inputs here."""
        return (n for n, m in self.names.items() if isinstance(m, ConstantName | ScalarName | InputName))

    def streams(self) -> Iterator[str]:
        """Yield the names that stand for streams here, or would if their statements had no errors."""
        return (n for n, m in self.names.items() if isinstance(m, StreamName | BrokenName))
