"""What a name means at a place of a program: the columns of the rows at hand, and what is bound above."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from carlang.diagnostics import Diagnostic, nearest
from carlang.diagnostics.codes import Code
from carlang.model.schema import Field, Model, Object
from carlang.model.types import Column, Type, field_of
from carlang.resolve.bound import BoundExpr, BoundInput, BoundStream, Lives, NamedStream
from carlang.resolve.symbols import Entry, SymbolKind, SymbolTable
from carlang.source import Source, Span
from carlang.syntax import ast

MOST_SUGGESTIONS = 200
"""How many names are looked for in one program: each is compared with all that there are."""

EACH_TEXT = "#text"
"""What the text at hand in a test of every text is called: no name of a program can be this."""

PatternCheck = Callable[[str], str | None]
"""Tells what is wrong with a regular expression, in the words of the engine that will run it, or None."""

# ---- rows ------------------------------------------------------------------------------------------------------------

Owners = Mapping[str, tuple[Object, ...]]
"""The objects that rows come from, by the prefix of their columns: `""` for plain rows, `a.` for part a of a join."""

Entries = Mapping[str, Entry]
"""The symbols of columns that are not fields of the model, by column, and of a join's parts, by prefix: `a.`."""


@dataclass(frozen=True)
class Row:
    """The columns of a stream, reached by bare name, through the stream's names, or through the parts of a join.

    `title` names the rows in messages, `origin` is the place of the search that they come from. `members` is the
    row in which the arguments of aggregates are read: that of a group's rows, or this one in a filter (`stream` is
    then what the aggregate runs over). `broken` are the names, in lower case, of columns that it would have if what
    they are made of had no errors.
    """

    columns: Mapping[str, Type]
    owners: Owners = field(default_factory=dict)
    names: Entries = field(default_factory=dict)
    title: str = "the row"
    origin: Span | None = None
    members: Row | None = None
    stream: BoundStream | None = None
    entries: Entries = field(default_factory=dict)
    broken: frozenset[str] = frozenset()
    own: str = ""
    """The part, with its point, whose fields bare names are where it has them: `b.` in the condition of a step `b`."""

    def exact(self, path: str) -> str | None:
        """Return the column of a path: its parts as they are written, its last word in any case of letters."""
        if path in self.columns:
            return path
        # Parts are streams' names, whose case counts; fields' does not.
        prefix, _, last = path.rpartition(".")
        folded = last.casefold()
        if not folded:
            return None
        split = ((column, column.rpartition(".")) for column in self.columns)
        return next((c for c, (part, _, word) in split if part == prefix and word.casefold() == folded), None)

    def bare(self, name: str) -> list[str]:
        """Return the columns that a bare name can mean: one of that name, else those of the parts of a join."""
        if column := self.exact(self.own + name) or self.exact(name):
            return [column]
        folded = name.casefold()
        return [c for c in self.columns if "." in c and field_of(c).casefold() == folded]

    def by_alias(self, name: str) -> list[tuple[str, Field]]:
        """Return the columns whose field in the model has this other name."""
        matches = []
        for prefix, objects in self.owners.items():
            fields = (f for o in objects if (f := o.field_by_alias(name)))
            match = next((f for f in fields if prefix + f.name in self.columns), None)
            if match:
                matches.append((prefix + match.name, match))
        return [match for match in matches if match[0].startswith(self.own)] or matches

    @property
    def parts(self) -> frozenset[str]:
        """The names of the parts of a join, outermost first in nested ones: `a` and `a.b`."""
        return frozenset(c[:i] for c in self.columns for i, letter in enumerate(c) if letter == ".")

    def strip(self, path: list[str]) -> list[str]:
        """Return a path without the stream's own name before it, unless that is the name of a part."""
        if len(path) > 1 and path[0] in self.names and path[0] not in self.parts:
            return path[1:]
        return path

    def part(self, prefix: str) -> Row:
        """Return the row of a part of a join, its columns without the part's name."""
        length = len(prefix) + 1
        return Row(
            {c[length:]: t for c, t in self.columns.items() if c.startswith(f"{prefix}.")},
            {p[length:]: o for p, o in self.owners.items() if p.startswith(f"{prefix}.")},
            title=f"`{prefix}`",
            entries={p[length:]: e for p, e in self.entries.items() if p.startswith(f"{prefix}.") and len(p) > length},
            broken=self.broken,
        )


EMPTY_ROW = Row({}, title="")


@dataclass(frozen=True)
class Flow:
    """A resolved stream with the names that reach its rows, the objects they come from and the place of the search.

    `entries` are the symbols of its columns; of groups, `members` are those of the columns of their rows. `broken` are
    the columns whose making has errors, which are not reported again where they are asked for.
    """

    stream: BoundStream
    owners: Owners = field(default_factory=dict)
    origin: Span | None = None
    names: Entries = field(default_factory=dict)
    entries: Entries = field(default_factory=dict)
    members: Entries = field(default_factory=dict)
    broken: frozenset[str] = frozenset()

    def row(self, target: Entry | None = None) -> Row:
        """Return what a condition over the stream may ask for; the name it is about to get reaches its rows too."""
        names = self.names if target is None else {target.name: target, **self.names}
        title = "/".join(dict.fromkeys(o.name for objects in self.owners.values() for o in objects)) or "the row"
        return Row(
            column_types(self.stream.columns),
            self.owners,
            names,
            title,
            self.origin,
            entries=self.entries,
            broken=self.broken,
        )

    def over(self, stream: BoundStream) -> Flow:
        """Return another stream with the same columns for the same rows."""
        return replace(self, stream=stream)


def entries_of(entries: Entries, columns: Iterable[str]) -> dict[str, Entry]:
    """Return the symbols of some columns, and of the parts of joins that stand in their names."""
    names = set(columns)
    parts = {name[: i + 1] for name in names for i, letter in enumerate(name) if letter == "."}
    return {key: entry for key, entry in entries.items() if key in names or key in parts}


def column_types(columns: Iterable[Column]) -> dict[str, Type]:
    """Return columns as a mapping of name to type."""
    return {column.name: column.type for column in columns}


# ---- names -----------------------------------------------------------------------------------------------------------
# `span` is where a name was bound; None where that was in another text, which messages cannot point into.


@dataclass(frozen=True, slots=True)
class StreamName:
    """A name bound to a stream."""

    stream: NamedStream
    flow: Flow
    symbol: Entry


@dataclass(frozen=True, slots=True)
class ConstantName:
    """A name bound to a literal or a list of literals, which take the type of what they stand beside."""

    value: ast.Expr
    span: Span | None
    symbol: Entry


@dataclass(frozen=True, slots=True)
class ScalarName:
    """A name bound to a single value that is computed: of constants, or of all rows of a stream."""

    value: BoundExpr
    span: Span | None
    symbol: Entry
    size: int = 1
    """How many values it is made of, those behind the names in it counted wherever they stand."""
    depth: int = 1
    """How many of them stand inside one another."""


@dataclass(frozen=True, slots=True)
class InputName:
    """A parameter; without a declared type it takes the type of what it stands beside."""

    name: str
    type: Type | None
    span: Span | None
    symbol: Entry


@dataclass(frozen=True, slots=True)
class BrokenName:
    """A name whose statement has errors; its uses are not reported again."""

    span: Span | None
    symbol: Entry


Meaning = StreamName | ConstantName | ScalarName | InputName | BrokenName


@dataclass(frozen=True, slots=True)
class InputUse:
    """An input and the types that its uses have asked for so far; `inherited` from an analytic that is run."""

    name: str
    declared: Type | None
    default: BoundExpr | None
    span: Span
    types: tuple[Type, ...] = ()
    inherited: bool = False

    def used_as(self, *types: Type) -> InputUse:
        """Return the input with more types that uses ask for."""
        return replace(self, types=tuple(dict.fromkeys((*self.types, *types))))

    def bound(self) -> BoundInput:
        """Return the input as part of the bound program."""
        declared = (self.declared,) if self.declared else ()
        return BoundInput(self.name, tuple(dict.fromkeys((*declared, *self.types))), self.default, self.span)


@dataclass(frozen=True, slots=True)
class Scope:
    """What is known after some statements, for those that come next, in the same text or another."""

    names: Mapping[str, Meaning] = field(default_factory=dict)
    named: tuple[NamedStream, ...] = ()
    inputs: Mapping[str, InputUse] = field(default_factory=dict)
    used: frozenset[str] = frozenset()
    keys: Mapping[str, int] = field(default_factory=dict)

    @property
    def known(self) -> Mapping[str, SymbolKind]:
        """Every name that means something, with what it stands for."""
        return {name: meaning.symbol.kind for name, meaning in self.names.items()}

    def streams(self) -> Mapping[str, NamedStream]:
        """Return the streams by the names that they have now."""
        return {name: meaning.stream for name, meaning in self.names.items() if isinstance(meaning, StreamName)}


EMPTY = Scope()


@dataclass(frozen=True, slots=True)
class FirstOutput:
    """What another analytic gives to a program that runs it: a stream, or the fault that keeps it from giving one.

    `named` and `inputs` are those of its program and of the analytics that it runs itself.
    """

    flow: Flow | None
    named: tuple[NamedStream, ...]
    inputs: Mapping[str, InputUse]
    fault: Diagnostic | None


# ---- a resolution at work --------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Context:
    """One text being resolved: what is read, what has been reported, and the names bound so far."""

    source: Source
    model: Model
    check_pattern: PatternCheck
    analytics: Mapping[str, FirstOutput]
    """What `run Analytic:ID` gives, by the id in lower case."""
    cycles: Mapping[str, str]
    """The ids that lead back to this program, in lower case, each with the way to show."""
    keys: dict[str, int]
    """The keys of streams that are taken, in lower case, each with the highest number that was put behind it."""
    prefix: str = ""
    """What keys begin with: of an analytic that is run, its id, so that its streams are told from the program's own."""
    diagnostics: list[Diagnostic] = field(default_factory=list)
    said: set[tuple[str, Span, str]] = field(default_factory=set)
    names: dict[str, Meaning] = field(default_factory=dict)
    named: list[NamedStream] = field(default_factory=list)
    """All streams with names, those of the analytics that are run among them."""
    bound_here: list[NamedStream] = field(default_factory=list)
    """The streams that this text itself names."""
    inputs: dict[str, InputUse] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    symbols: SymbolTable = field(init=False)
    lives: Lives | None = None
    """The events that tell of the lives of processes, once something has asked for them."""
    below_order: dict[int, tuple[BoundStream, BoundStream]] = field(default_factory=dict)
    """By identity, streams, each with the one that it has some rows of, or all, in some order."""
    suggested: int = 0
    depth: int = 0
    size: int = 0
    """How many values the statement at hand is made of so far."""
    named_size: int = 0
    """How many of them names of computed values stand for."""
    deepest: int = 0
    """How many of them stand inside one another at most."""

    def __post_init__(self) -> None:
        self.symbols = SymbolTable(self.source.text)

    def enter(self, scope: Scope) -> None:
        """Begin with what is known before this text."""
        self.names = {name: _from_elsewhere(meaning) for name, meaning in scope.names.items()}
        self.named, self.inputs, self.used = list(scope.named), dict(scope.inputs), set(scope.used)

    def leave(self) -> Scope:
        """Return what is known behind this text."""
        return Scope(dict(self.names), tuple(self.named), dict(self.inputs), frozenset(self.used), dict(self.keys))

    def inherit(self, output: FirstOutput) -> None:
        """Take over what an analytic that is run brings with it: its streams and inputs, each once."""
        # It may be run more than once, and through several others.
        known = {named.key for named in self.named}
        self.named += [named for named in output.named if named.key not in known]
        for name, use in output.inputs.items():
            mine = self.inputs.get(name)
            self.inputs[name] = mine.used_as(*use.types) if mine else replace(use, inherited=True)

    def report(self, code: Code, message: str, span: Span) -> Diagnostic:
        """Make a diagnostic of the source; `add` it when it is complete."""
        return Diagnostic(code, message, self.source, span)

    def add(self, diagnostic: Diagnostic) -> None:
        """Take a finished diagnostic."""
        # A constant's items are resolved again wherever its name stands, a key in every input of a group.
        key = (diagnostic.code.name, diagnostic.span, diagnostic.message)
        if key not in self.said:
            self.said.add(key)
            self.diagnostics.append(diagnostic)

    def fresh_key(self, name: str) -> str:
        """Return a key for a new binding of `name` that no other binding has, in any case of letters."""
        # SQL does not tell `P` from `p`, the language does.
        name = self.prefix + name
        key, number = name, self.keys.get(name.casefold(), 1) + 1
        while key.casefold() in self.keys:
            key, number = f"{name}_{number}", number + 1
        self.keys[name.casefold()] = number - 1
        self.keys[key.casefold()] = 1 if key != name else self.keys[name.casefold()]
        return key

    def nearest(self, word: str, candidates: Iterable[str]) -> str | None:
        """Return the name probably meant, or None; a program with very many faults gets no more suggestions."""
        self.suggested += 1
        return None if self.has_suggested_enough else nearest(word, candidates)

    @property
    def has_suggested_enough(self) -> bool:
        """Whether to look through all names for what was meant would take longer, in all, than it is worth."""
        return self.suggested > MOST_SUGGESTIONS

    def values(self) -> Iterator[str]:
        """Yield the names that stand for constants, scalars and inputs here."""
        return (n for n, m in self.names.items() if isinstance(m, ConstantName | ScalarName | InputName))

    def streams(self) -> Iterator[str]:
        """Yield the names that stand for streams here, or would if their statements had no errors."""
        return (n for n, m in self.names.items() if isinstance(m, StreamName | BrokenName))

    def use_parts(self, row: Row, names: Iterable[ast.Name]) -> None:
        """Take note of the words before a column: the parts of joins, outermost first."""
        prefix = ""
        for name in names:
            prefix += f"{name.ident}."
            if prefix in row.entries:
                self.symbols.use(row.entries[prefix], name)

    def use_column(self, row: Row, column: str, name: ast.Name) -> None:
        """Take note that a name stands for a column of a row: one that the program made, or a field of the model."""
        entry = row.entries.get(column)
        if entry is None:
            entry = self.symbols.shared(SymbolKind.FIELD, field_of(column), row.columns[column])
        self.symbols.use(entry, name)


def _from_elsewhere(meaning: Meaning) -> Meaning:
    """Return a meaning from another text without the places there, which no message about this text can point to."""
    if isinstance(meaning, StreamName):
        return replace(meaning, flow=replace(meaning.flow, origin=None))
    return replace(meaning, span=None)
