"""Processes: the trees that they are in, and the process behind an event of any class.

Both need to know which process a row is of. That is told by its columns: `guid`, or `hostname`, `pid` and `time`;
threads have `src_guid` and `src_pid` for them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from carlang.diagnostics import codes
from carlang.model.schema import Object
from carlang.model.types import INTEGER, Column, Kind, Type
from carlang.resolve.bound import Events, EventSet, FieldRef, Identity, Lives, ProcessField, Related
from carlang.resolve.scope import BrokenName, Context, Flow, Row, StreamName, column_types
from carlang.resolve.symbols import SymbolKind
from carlang.source import Span
from carlang.syntax import ast

PROCESS = "process"
_PARENT = "parent"
_GUIDS = ("guid", "src_guid")
_PIDS = ("pid", "src_pid")

MOST_GENERATIONS = 16
"""How many parents may stand in a path. Each is a join of its own in the query."""


@dataclass(frozen=True, slots=True)
class Path:
    """`a.process.parent.exe` taken apart: the part of a join before it, its words, and how many parents there are."""

    part: str
    words: tuple[ast.Name, ...]
    generation: int

    @property
    def prefix(self) -> str:
        """What the names of the part's columns begin with."""
        return f"{self.part}." if self.part else ""

    @property
    def called(self) -> str:
        """What a column has before its field's name where a program selects it: `process.parent.`."""
        return f"{self.prefix}{PROCESS}." + f"{_PARENT}." * self.generation


# ---- the process behind a row ----------------------------------------------------------------------------------------


def path_of(ctx: Context, row: Row, names: Sequence[ast.Name], *, qualified: bool) -> Path | None:
    """Return a path that asks for the process behind a row, or None where its words mean something else.

    `names` are its words without the name of the stream at hand, which stood before them where it is `qualified`. A
    part of a join, a column, and a stream of the program that are called `process` come first.
    """
    words = [name.ident.casefold() for name in names]
    at = next((i for i, word in enumerate(words[:-1]) if word == PROCESS), None)
    if at is None or any(word != _PARENT for word in words[at + 1 : -1]):
        return None
    part = ".".join(name.ident for name in names[:at])
    if part and part not in row.parts:
        return None
    # A column `process.exe` that a selection has made does not make `process` a part.
    if f"{part}.{names[at].ident}.".removeprefix(".") in row.entries or (row.part(part) if part else row).bare(PROCESS):
        return None
    # Broken too: what is wrong with it is said where it is bound.
    if not part and not qualified and isinstance(ctx.names.get(names[at].ident), StreamName | BrokenName):
        return None
    # A name of a process's own field in an open record is not looked for here: `event_data.process.x` is a member.
    return Path(part or row.own.removesuffix("."), tuple(names[at:]), len(words) - at - 2)


def process_row(ctx: Context, path: Path) -> Row:
    """Return the row of the process that a path leads to."""
    owner = ctx.model.objects[PROCESS]
    columns = {field.name: field.type for field in owner.fields.values()}
    return Row(columns, {"": (owner,)}, title=f"`{path.called.rstrip('.')}`")


def process_field(ctx: Context, row: Row, path: Path, field: FieldRef, span: Span) -> ProcessField | None:
    """Return a field of the process behind a row, or None after reporting that rows do not say which one that is."""
    # `parent` as well stands for a process.
    for word in path.words[:-1]:
        ctx.symbols.use(ctx.symbols.shared(SymbolKind.OBJECT, PROCESS), word)
    if path.generation > MOST_GENERATIONS:
        fault = ctx.report(codes.TOO_DEEP, f"more than {MOST_GENERATIONS} parents", span)
        ctx.add(fault.with_help("`ancestors of` gives all of them"))
        return None
    identity = identity_of(row.columns, path.prefix)
    if identity is None:
        _report_unknown(ctx, row.columns, path.prefix, span)
        return None
    return ProcessField(field.column, path.generation, identity, lives(ctx), field.type, span=span)


def identity_of(columns: Mapping[str, Type], prefix: str = "") -> Identity | None:
    """Return the columns that tell which process a row is of, or None where there are too few."""

    def column(name: str, fits: Kind) -> FieldRef | None:
        kind = columns.get(prefix + name)
        return FieldRef(prefix + name, kind) if kind is not None and kind.kind is fits else None

    guid = next((found for name in _GUIDS if (found := column(name, Kind.GUID))), None)
    pid = next((found for name in _PIDS if (found := column(name, Kind.INTEGER))), None)
    host, time = column("hostname", Kind.STRING), column("time", Kind.TIME)
    if pid is None or host is None or time is None:
        return Identity(guid, None, None, time) if guid else None
    return Identity(guid, host, pid, time)


def column_of(field: ProcessField) -> str:
    """Return the name of the column that a field of the process behind a row is where a program selects it."""
    of_row = (field.identity.guid or field.identity.pid or field.identity.fields[0]).column
    prefix = of_row[: of_row.rfind(".") + 1]
    return f"{prefix}{PROCESS}." + f"{_PARENT}." * field.generation + field.column


def _report_unknown(ctx: Context, columns: Mapping[str, Type], prefix: str, span: Span) -> None:
    needed = ("hostname", "pid", "time")
    *lacking, last = [f"`{name}`" for name in ("guid", *needed) if prefix + name not in columns] or ["`guid`"]
    fault = ctx.report(codes.NO_PROCESS, "these rows do not say which process they are of", span)
    label = f"they have no {', '.join(lacking)} or {last}" if lacking else f"they have no {last} of its type"
    ctx.add(fault.with_label(label).with_help("keep `guid`, or `hostname`, `pid` and `time`, in the selection above"))


def lives(ctx: Context) -> Lives:
    """Return the events that tell of the lives of processes, the same for the whole of a program."""
    if ctx.lives is None:
        owner = ctx.model.objects[PROCESS]
        ctx.lives = Lives(_events(owner, "create"), _events(owner, "terminate"))
    return ctx.lives


def _events(owner: Object, action: str) -> Events:
    columns = owner.columns
    return Events((EventSet(owner.name, (action,)),), columns)


# ---- trees -----------------------------------------------------------------------------------------------------------


def related(ctx: Context, flow: Flow, kin: str, span: Span) -> Flow | None:
    """Return the children, descendants or ancestors of the processes that the rows of a stream are of."""
    identity = identity_of(column_types(flow.stream.columns))
    if identity is None:
        _report_unknown(ctx, column_types(flow.stream.columns), "", span)
        return None
    owner = ctx.model.objects[PROCESS]
    found = lives(ctx)
    own = tree_columns(owner)
    columns = (*(c for c in found.starts.columns if c.name not in {each.name for each in own}), *own)
    entries = {c.name: ctx.symbols.entry(SymbolKind.COLUMN, c.name, c.type) for c in own}
    stream = Related(kin, flow.stream, identity, found, columns, span=span)
    return Flow(stream, {"": (owner,)}, span, entries=entries)


def tree_columns(owner: Object) -> tuple[Column, ...]:
    """Return the columns that the rows of trees have beside those of a process's start."""
    guid = owner.fields["guid"].type
    return (Column("depth", INTEGER), Column("root_guid", guid), Column("root_pid", INTEGER))


def by_process(ctx: Context, row: Row, name: str) -> str | None:
    """Return the form by which a field of the process behind a row is asked for, `process.command_line`, or None."""
    owner = ctx.model.objects.get(PROCESS)
    if owner is None or any(owner is o for owners in row.owners.values() for o in owners):
        return None
    if row.parts or identity_of(row.columns) is None:
        return None
    field = owner.field(name) or owner.field_by_alias(name)
    return f"{PROCESS}.{field.name}" if field else None
