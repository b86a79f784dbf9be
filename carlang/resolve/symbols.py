"""The names of a program: what each is, where it is bound and where it is used.

The second result of a resolution, beside the bound program: what an editor, a shell and `explain` read. It is filled
while names are resolved, so that it can say nothing else than what the program means, and it is there for programs with
errors too, as far as they could be read.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum

from carlang.model.types import Column, Type
from carlang.source import Span
from carlang.syntax import ast


class SymbolKind(Enum):
    """What a name stands for."""

    STREAM = "stream"
    CONSTANT = "constant"  # a literal or a list of them, which takes the type of what it stands beside
    SCALAR = "computed value"
    INPUT = "input"
    COLUMN = "column"  # a derived field, a column of a selection, the count and times of a group
    FIELD = "field"  # of the data model
    MEMBER = "member of a record"
    PART = "part of a join"
    ANALYTIC = "analytic"
    OBJECT = "object"
    ACTION = "action"
    FUNCTION = "function"
    TYPE = "type"


@dataclass(frozen=True, slots=True)
class Symbol:
    """A name with what it stands for, all of the program's places for it, and nobody else's.

    A name that is bound a second time is a second symbol. `binding` is the name where the program binds it, None for
    what it does not bind: the data model, functions, other analytics, the count of a group, a name that was known
    before. `type` is that of a value, `columns` are those of a stream or a part of a join. A part has its name from a
    stream's in the join's list: that place is a use of the stream, and the part's `joined_at`.
    """

    name: str
    kind: SymbolKind
    type: Type | None
    columns: tuple[Column, ...]
    binding: Span | None
    uses: tuple[Span, ...]
    joined_at: Span | None = None

    @property
    def spans(self) -> tuple[Span, ...]:
        """The binding and the uses, in the order of the text."""
        return tuple(sorted((*((self.binding,) if self.binding else ()), *self.uses)))

    @property
    def definition(self) -> Span | None:
        """Where a reader who asks what the name is should look."""
        return self.binding or self.joined_at


@dataclass(frozen=True, slots=True)
class Symbols:
    """The symbols of one text, in the order in which they first occur in it. No two have a place in common."""

    symbols: tuple[Symbol, ...] = ()

    def __iter__(self) -> Iterator[Symbol]:
        """Yield every symbol."""
        return iter(self.symbols)

    def at(self, offset: int) -> Symbol | None:
        """Return the symbol whose name stands at an offset into the text, or right before it, or None."""
        touching = [(span, symbol) for symbol in self for span in symbol.spans if span.start <= offset <= span.end]
        # Between `a` and `.b` both are touched: the one that begins here is meant, as in an editor.
        return max(touching, key=lambda each: each[0].start)[1] if touching else None

    def named(self, name: str) -> tuple[Symbol, ...]:
        """Return the symbols of a name as it is written, in order: more than one where it is shadowed."""
        return tuple(symbol for symbol in self if symbol.name == name)


@dataclass(slots=True, eq=False)
class Entry:
    """A symbol in the making; `text` is the table that it belongs to."""

    table: SymbolTable = field(repr=False)
    name: str
    kind: SymbolKind
    type: Type | None = None
    columns: tuple[Column, ...] = ()
    binding: Span | None = None
    joined_at: Span | None = None
    uses: list[Span] = field(default_factory=list)

    def finished(self) -> Symbol:
        """Return the entry as a symbol."""
        uses = tuple(sorted(self.uses))
        return Symbol(self.name, self.kind, self.type, self.columns, self.binding, uses, self.joined_at)


class SymbolTable:
    """The table of one text, as it is filled."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._entries: list[Entry] = []
        self._taken: dict[Span, Entry] = {}
        self._shared: dict[tuple[SymbolKind, str], Entry] = {}
        self._adopted: dict[int, tuple[Entry, Entry]] = {}

    def entry(self, kind: SymbolKind, name: str, type_: Type | None = None, columns: tuple[Column, ...] = ()) -> Entry:
        """Make an entry that nothing in the text binds."""
        made = Entry(self, name, kind, type_, columns)
        self._entries.append(made)
        return made

    def bound(self, kind: SymbolKind, name: ast.Name, type_: Type | None = None) -> Entry:
        """Make an entry that a name in the text binds."""
        made = self.entry(kind, name.ident, type_)
        span = self.span_of(name)
        if span is not None and self._taken.setdefault(span, made) is made:
            made.binding = span
        return made

    def shared(self, kind: SymbolKind, name: str, type_: Type | None = None, *, within: str = "") -> Entry:
        """Return the one entry for something that is the same wherever it stands, such as a field of the model."""
        key = (kind, f"{within}/{name}")
        if key not in self._shared:
            self._shared[key] = self.entry(kind, name, type_)
        return self._shared[key]

    def use(self, entry: Entry, name: ast.Name) -> None:
        """Take note of a name that stands for an entry; only the first thing said of a place counts."""
        span = self.span_of(name)
        if span is not None and span not in self._taken:
            entry = self.adopted(entry)
            self._taken[span] = entry
            entry.uses.append(span)

    def adopted(self, entry: Entry) -> Entry:
        """Return the entry, or, of another text, one here that stands for it: places there mean nothing here."""
        if entry.table is self:
            return entry
        if id(entry) not in self._adopted:
            # The other entry is kept beside its stand-in, so that its id is not given to anything else meanwhile.
            self._adopted[id(entry)] = (entry, self.entry(entry.kind, entry.name, entry.type, entry.columns))
        return self._adopted[id(entry)][1]

    def finished(self) -> Symbols:
        """Return the symbols that have a place in the text."""
        symbols = [entry.finished() for entry in self._entries]
        placed = (symbol for symbol in symbols if symbol.spans)
        return Symbols(tuple(sorted(placed, key=lambda symbol: symbol.spans[0])))

    def span_of(self, name: ast.Name) -> Span | None:
        """Return where exactly a name stands, None where the text has another word there.

        Its node may span brackets, `[exe]`, `(p)`, and may have been made for a word that is not written.
        """
        span = name.span
        written = self._text[span.start : span.end]
        if written.split() == name.ident.split():
            return span
        if written.strip("()[] \t\r\n") != name.ident:
            return None
        start = span.start + written.index(name.ident)
        return Span(start, start + len(name.ident))
