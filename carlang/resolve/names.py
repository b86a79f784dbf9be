"""Names that mean nothing: what was probably meant, and what a repair may put in their place."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain

from carlang.diagnostics import Diagnostic, codes, unmistakable
from carlang.foreign import foreign_fields, is_foreign_field, objects_that_call
from carlang.model.types import STRING, Kind, field_of
from carlang.resolve.bound import BoundExpr, FieldRef, MemberRef
from carlang.resolve.processes import PROCESS, by_process
from carlang.resolve.scope import BrokenName, Context, Row, StreamName
from carlang.resolve.symbols import SymbolKind
from carlang.syntax import ast

_LISTED_OWNERS = 3
"""How many kinds of events a note lists at most: as many as read well in a sentence."""
_LOOK_BACK = 40
"""How many characters before a name are looked at: more than the longest operator has."""
_LONGEST_HEAD = 200
"""How many characters before the name of a filter's stream are looked at for that of its result."""
_FILTERED_INTO = re.compile(r"([^\W\d]\w*)\s*=\s*filter\s+\Z", re.IGNORECASE)
_DERIVED = re.compile(r"^[ \t]*([^\W\d]\w*)\.\w+\s*=\s*\Z", re.MULTILINE)
_BEFORE_A_VALUE = re.compile(
    r"(?:==|!=|<>|<=|>=|=|<|>|,|\[|\b(?:in|contains?|includes\s+one\s+of|startswith|endswith|match|matches))\s*\(?\s*\Z",
    re.IGNORECASE,
)
_FILE_NAME = re.compile(r"\w+\.(exe|dll|sys|bat|cmd|ps1|vbs|js|scr|com|msi|hta|py|sh)", re.IGNORECASE)


def unknown_name(ctx: Context, row: Row, name: ast.Name, *, is_stream: bool) -> BoundExpr | None:
    """Report a bare name that is no field and no value; in raw log records it may be a member of their data."""
    if is_stream:
        fault = ctx.report(codes.WRONG_NAME_KIND, f"`{name.ident}` is a stream, not a value", name.span)
        ctx.add(fault.with_label("a field, a constant or a literal is expected"))
        return None
    if name.ident.casefold() in row.broken:
        return None
    # A plain word behind an operator is a text without quotes sooner than a name of elsewhere.
    plain = _stands_for_a_value(ctx, name) and name.ident.islower() and "_" not in name.ident
    foreign = None if plain else foreign_field(ctx, row, name.ident)
    of_elsewhere = not plain and is_foreign_field(name.ident)
    near = None if of_elsewhere else ctx.nearest(name.ident, _known(ctx, row))
    # A near miss is more often a slip than a member of the same name, and so is another name for a field of the rows.
    if near is None and foreign is None and (record := _open_record(row)):
        fault = ctx.report(codes.MEMBER_BY_BARE_NAME, f"`{name.ident}` is read as `{record}.{name.ident}`", name.span)
        ctx.add(fault.repaired_by(f"{record}.{name.ident}"))
        ctx.symbols.use(ctx.symbols.shared(SymbolKind.MEMBER, name.ident, STRING, within=record), name)
        return MemberRef(FieldRef(record, row.columns[record], name.span), name.ident, span=name.span)
    if not row.columns:
        fault = ctx.report(codes.UNKNOWN_STREAM, f"nothing is called `{name.ident}` here", name.span)
    else:
        fault = ctx.report(codes.UNKNOWN_FIELD, f"{row.title} has no field `{name.ident}`", name.span)
    if foreign:
        fault = fault.with_label(f"`{foreign}` is what sensors call `{name.ident}`")
        fault = fault.repaired_by(foreign, certain=False)
    else:
        fault = _explained(ctx, row, name, fault, near)
    if row.origin:
        fault = fault.pointing_to(row.origin, "rows come from here")
    ctx.add(fault)
    return None


def _explained(ctx: Context, row: Row, name: ast.Name, fault: Diagnostic, near: str | None) -> Diagnostic:
    """Return a fault with the most probable explanation alone: a message with four guesses explains nothing."""
    word = name.ident
    if of_process := by_process(ctx, row, word):
        fault = fault.with_label(f"`{of_process}` is that of the process behind the event")
        return fault.repaired_by(of_process, certain=False)
    if near:
        sure = surely_field(ctx, word, near, _known(ctx, row))
        return fault.with_label(f"did you mean `{near}`?").repaired_by(near, certain=sure)
    if meant := _value_ending_in(ctx, word):
        return fault.with_label(f"`{meant}` is the one value of this name").repaired_by(meant)
    if row.members and (of_rows := row.members.exact(word)):
        fault = ctx.report(codes.UNKNOWN_FIELD, f"a group has no column `{word}`, each of its rows has", name.span)
        return fault.with_label(f"an aggregate is missing: `first({of_rows})`, `count(distinct {of_rows})`")
    if lost := _lost_column(row, word):
        fault = ctx.report(codes.UNKNOWN_FIELD, f"`{word}` is not a column of these rows any more", name.span)
        columns = ", ".join(f"`{column}`" for column in row.columns)
        return fault.with_label(f"a selection has left `{lost}` out").with_note(f"the columns are {columns}")
    if owners := [o.name for o in ctx.model.objects_with_field(word)]:
        return fault.with_note(f"{' and '.join(owners)} {'has' if len(owners) == 1 else 'have'} a field of this name")
    if elsewhere := _elsewhere(ctx, word):
        return fault.with_note(elsewhere)
    if _stands_for_a_value(ctx, name):
        return fault.with_label(f'a text is written in quotes: "{word}"')
    return fault


def foreign_field(ctx: Context, row: Row, name: str) -> str | None:
    """Return the field of a row that sensors or other data models call by a name, or None."""
    objects = [o.name for owners in row.owners.values() for o in owners]
    # `file_name` is a field of files here, though Defender calls so what is `exe` of processes.
    own_name = bool(list(ctx.model.objects_with_field(name)))
    return next((field for field in foreign_fields(objects, name, by_hand=own_name) if row.bare(field)), None)


def is_foreign(ctx: Context, row: Row, member: ast.Member) -> bool:
    """Tell whether a path is what sensors or other data models call a field of a row: ECS's `process.executable`."""
    return foreign_field(ctx, row, ctx.source.text[member.span.start : member.span.end]) is not None


def _value_ending_in(ctx: Context, name: str) -> str | None:
    """Return the one value of the program whose name ends in a word, `process_count_stdev` for `stdev`, or None."""
    if ctx.has_suggested_enough:
        return None
    values = [known for known in ctx.values() if known.casefold().endswith(f"_{name.casefold()}")]
    return values[0] if len(values) == 1 else None


def _elsewhere(ctx: Context, name: str) -> str:
    """Return a note on the classes of events that have the field that others call by a name, or nothing."""
    owners = [(ctx.model.object(owner), field) for owner, field in objects_that_call(name)]
    having = [f"`search {owner.title.replace(' ', '_')}` has `{field}`" for owner, field in owners if owner]
    if not having:
        fields = [field for owner, field in objects_that_call(name) if ctx.model.object(owner) is None]
        having = [
            f"`search {owner.title.replace(' ', '_')}` has `{field}`"
            for field in fields
            for owner in ctx.model.objects_with_field(field)
        ]
    return f"sensors call a field so: {', '.join(having[:_LISTED_OWNERS])}" if having else ""


def _stands_for_a_value(ctx: Context, name: ast.Name) -> bool:
    """Tell whether a name stands where a text would make sense: behind an operator or in a list, not before one."""
    before = ctx.source.text[max(0, name.span.start - _LOOK_BACK) : name.span.start]
    return _BEFORE_A_VALUE.search(before) is not None


def _known(ctx: Context, row: Row) -> Iterator[str]:
    """Yield what a bare name can stand for: the row's columns, without the parts they are in, and the values."""
    return chain((field_of(column) for column in row.columns), ctx.values())


def _lost_column(row: Row, name: str) -> str | None:
    """Return the field of the rows' object that a name stands for, where the rows have lost it."""
    fields = (o.field(name) or o.field_by_alias(name) for objects in row.owners.values() for o in objects)
    return next((field.name for field in fields if field and field.name not in row.columns), None)


def _open_record(row: Row) -> str | None:
    """Return the record of raw log events, whose members published programs ask for by bare name."""
    if not any(o.name == "event" for objects in row.owners.values() for o in objects):
        return None
    return next((c for c, kind in row.columns.items() if kind.kind is Kind.RECORD and c == "event_data"), None)


def unknown_base(ctx: Context, row: Row, member: ast.Member, base: ast.Name) -> None:
    """Report the first word of a path that is no part, no field and not the stream at hand."""
    meaning = ctx.names.get(base.ident)
    if isinstance(meaning, BrokenName) or base.ident.casefold() in row.broken:
        return
    text = ctx.source.text[member.span.start : member.span.end]
    if isinstance(meaning, StreamName):
        ctx.add(_other_stream(ctx, row, member, base))
        return
    if foreign := foreign_field(ctx, row, text):
        fault = ctx.report(codes.UNKNOWN_FIELD, f"{row.title} has no field `{text}`", member.span)
        label = f"`{foreign}` is what sensors call `{text}`"
        ctx.add(fault.with_label(label).repaired_by(foreign, certain=False))
        return
    # `svchost.exe` without quotes is read as member `exe` of `svchost`.
    if _FILE_NAME.fullmatch(text):
        fault = ctx.report(codes.UNKNOWN_STREAM, f"nothing is called `{text}` here", member.span)
        ctx.add(fault.with_label(f'a file name is written in quotes: "{text}"').repaired_by(f'"{text}"'))
        return
    fault = ctx.report(codes.UNKNOWN_STREAM, f"nothing is called `{base.ident}` here", base.span)
    if stream := _derived_from(ctx, row, member, base):
        ctx.add(fault.with_label(f"the rows are those of `{stream}`").repaired_by(stream))
        return
    known = [*row.names, *row.parts, *row.columns]
    if near := ctx.nearest(base.ident, known):
        sure = surely_field(ctx, base.ident, near, known)
        fault = fault.with_label(f"did you mean `{near}`?").repaired_by(near, certain=sure)
    elif elsewhere := _elsewhere(ctx, text):
        fault = fault.with_note(elsewhere)
    elif isinstance(member.base, ast.Name) and _stands_for_a_value(ctx, base):
        # Behind an operator a path whose first word is nothing can only be a text; in a join it may be a part's name.
        fault = replace(fault, span=member.span).with_label(f'a text is written in quotes: "{text}"')
        fault = fault.repaired_by(f'"{text}"', certain=not row.parts)
    ctx.add(fault)


def _other_stream(ctx: Context, row: Row, member: ast.Member, base: ast.Name) -> Diagnostic:
    """Return the fault of a path that begins with a stream whose rows are not at hand."""
    fault = ctx.report(codes.WRONG_NAME_KIND, f"the rows here are not those of `{base.ident}`", base.span)
    if row.origin:
        fault = fault.pointing_to(row.origin, "rows come from here")
    # A stream that is called so comes before the process behind the rows.
    stream = next(iter(row.names), None) if base.ident.casefold() == PROCESS else None
    if stream and by_process(ctx, row, member.name.ident):
        path = f"{stream}.{ctx.source.text[member.span.start : member.span.end]}"
        fault = fault.with_help(f"`{path}` is of the process behind them")
        return fault.repaired_by(path, member.span, certain=False)
    return fault.with_help(f"leave `{base.ident}.` out to ask for a field of the rows at hand")


def _derived_from(ctx: Context, row: Row, member: ast.Member, base: ast.Name) -> str | None:
    """Return the stream `s` of `s.f = x.proto_info.f` where `x` is nothing, and `proto_info` a record of its rows."""
    head = _DERIVED.search(ctx.source.text, max(0, base.span.start - _LONGEST_HEAD), base.span.start)
    column = member.base.name.ident if isinstance(member.base, ast.Member) else ""
    of_the_rows = column in row.columns and row.columns[column].kind is Kind.RECORD
    return head.group(1) if head and of_the_rows and head.group(1) in row.names else None


def surely_field(ctx: Context, word: str, near: str, candidates: Iterable[str]) -> bool:
    """Tell whether a field can only be the one that `near` names: a slip of one letter, and no field of elsewhere."""
    elsewhere = is_foreign_field(word) or list(ctx.model.objects_with_field(word))
    return unmistakable(word, candidates) == near and not elsewhere


def lone_stream(ctx: Context, name: ast.Name, *, output: bool) -> str | None:
    """Return the one stream that nothing has used, if an unknown name can only mean it.

    It must be the last one bound and not be named again below. Only the output of a program may have a name that has
    nothing in common with it.
    """
    if ctx.has_suggested_enough or any(isinstance(meaning, BrokenName) for meaning in ctx.names.values()):
        return None
    unused = [
        ident
        for ident, meaning in ctx.names.items()
        if isinstance(meaning, StreamName) and meaning.stream.key not in ctx.used
    ]
    if len(unused) != 1 or not ctx.named or ctx.named[-1].name != unused[0]:
        return None
    # A stream that is named below is used there, and so is not left over.
    below = ctx.source.text[name.span.end :]
    if re.search(rf"\b{re.escape(unused[0])}\b", below):
        return None
    # `scr_reg_events = filter processes …` can only filter `reg_events`.
    target = _FILTERED_INTO.search(ctx.source.text, max(0, name.span.start - _LONGEST_HEAD), name.span.start)
    into = target is not None and _words(unused[0]) < _words(target.group(1))
    return unused[0] if output or into or _words(name.ident) <= _words(unused[0]) else None


def stream_of_values(ctx: Context, name: ast.Name) -> str | None:
    """Return the one stream of distinct values of a column whose plural a name is, `users`, if nothing has used it."""
    unused = [
        (ident, meaning.flow.stream.columns)
        for ident, meaning in ctx.names.items()
        if isinstance(meaning, StreamName) and meaning.stream.key not in ctx.used
    ]
    meant = [ident for ident, columns in unused if len(columns) == 1 and name.ident == f"{columns[0].name}s"]
    return meant[0] if len(meant) == 1 else None


def _words(name: str) -> set[str]:
    return set(name.casefold().split("_"))
