"""Literals beside values: the types they take, the patterns they stand for, and what equals them."""

from __future__ import annotations

import ipaddress
import re

from carlang.deadline import check_time
from carlang.diagnostics import Diagnostic, codes
from carlang.model.types import (
    BOOLEAN,
    DURATION,
    FLOAT,
    INTEGER,
    NULL,
    STRING,
    TIME,
    Kind,
    Type,
)
from carlang.resolve.bound import (
    AnyOf,
    Apply,
    BoundExpr,
    Compare,
    Complement,
    Const,
    InBlock,
    Matches,
    Now,
    Pattern,
    Present,
    Wildcard,
)
from carlang.resolve.instants import time_value
from carlang.resolve.lints import never_equal
from carlang.resolve.scope import Context
from carlang.source import Span
from carlang.syntax import ast
from carlang.syntax.literal import duration_value

# ---- values ---------------------------------------------------------------------------------------------------------

_INTEGER = re.compile(r"[+-]?\d+|0x[0-9a-f]+", re.IGNORECASE)
_LARGEST = 2**63 - 1
"""The largest whole number: the engine's have 64 bits."""

_SHOWN = 60
"""How many characters of a text a message repeats: as many as read well in a sentence."""


def plain_value(literal: ast.Literal) -> Const | Now:
    """Return a literal as the value it is where nothing beside it asks for another type."""
    match literal:
        case ast.StringLit(value):
            return Const(value, STRING, literal.span)
        case ast.NumberLit(value):
            return Const(value, FLOAT if isinstance(value, float) else INTEGER, literal.span)
        case ast.DurationLit(microseconds):
            return Const(microseconds, DURATION, literal.span)
        case ast.BoolLit(value):
            return Const(value, BOOLEAN, literal.span)
        case ast.NullLit():
            return Const(None, NULL, literal.span)
        case ast.NowLit():
            return Now(span=literal.span)
        case ast.AddressLit(text):
            return Const(text, Type(Kind.IP), literal.span)


def value_as(ctx: Context, literal: ast.Literal, wanted: Type) -> Const | Now | None:
    """Return a literal as a value of the type `wanted`, with a hint where that changes its type.

    Reports an error and returns None where it cannot be one.
    """
    value = plain_value(literal)
    if value.type.kind is wanted.kind or value.type.kind is Kind.NULL:
        return value
    if isinstance(value, Now):
        _misfit(ctx, literal.span, f"`now` is a time, not {wanted.phrase}")
        return None
    if (value.type.is_number and wanted.is_number) or (value.type.is_string and wanted.is_string):
        return Const(value.value, wanted, literal.span) if value.type.is_string else value
    if isinstance(value.value, str):
        return _text_as(ctx, value.value, wanted, literal.span)
    # A hint, not an error: ids and event codes are texts in some logs and numbers in others.
    if wanted.is_string and value.type.is_number:
        text = str(value.value)
        ctx.add(_converted(ctx, literal.span, f"the number is compared as the text {_quoted(text)}", _quoted(text)))
        return Const(text, wanted, literal.span)
    _misfit(ctx, literal.span, f"{value.type.phrase} is not {wanted.phrase}")
    return None


def _text_as(ctx: Context, text: str, wanted: Type, span: Span) -> Const | None:
    if wanted.is_number:
        return _number(ctx, text, wanted, span)
    if wanted.kind is Kind.TIME:
        return _time(ctx, text, span)
    if wanted.kind is Kind.BOOLEAN and text.casefold() in ("true", "false"):
        ctx.add(_converted(ctx, span, "the text is compared as a truth value", text.casefold()))
        return Const(text.casefold() == "true", wanted, span)
    if wanted.kind is Kind.DURATION:
        try:
            return Const(duration_value(text.strip()), wanted, span)
        except ValueError:
            pass
    _misfit(ctx, span, f"{_quoted(text)} is not {wanted.phrase}")
    return None


def _number(ctx: Context, text: str, wanted: Type, span: Span) -> Const | None:
    stripped = text.strip()
    if _INTEGER.fullmatch(stripped):
        value = int(stripped, 16) if stripped.lower().startswith("0x") else int(stripped)
        # Python would compare it; the engine cannot hold it.
        if abs(value) > _LARGEST:
            _misfit(ctx, span, f"{_quoted(text)} is larger than any {wanted} can be")
            return None
        ctx.add(_converted(ctx, span, f"the text is compared as the number {value}", str(value)))
        return Const(value, wanted, span)
    if re.fullmatch(r"[+-]?\d+\.\d+", stripped):
        ctx.add(_converted(ctx, span, f"the text is compared as the number {stripped}", stripped))
        return Const(float(stripped), FLOAT, span)
    fault = ctx.report(codes.BAD_LITERAL, f"{_quoted(text)} is not {wanted.phrase}", span)
    if "*" in text:
        fault = fault.with_help("wildcards match texts; compare numbers with `<`, `>=` or `in [...]`")
    ctx.add(fault.with_label("a number is compared here"))
    return None


def _time(ctx: Context, text: str, span: Span) -> Const | None:
    value = time_value(text)
    if value is not None:
        return Const(value, TIME, span)
    fault = ctx.report(codes.BAD_LITERAL, f"{_quoted(text)} is not a time", span)
    ctx.add(fault.with_help('times are written "2020-09-01", "2020-09-01T12:00:00Z" or "2020-09-01 12:00:00.5+02:00"'))
    return None


def block(text: str) -> tuple[int, int] | None:
    """Return the first and last address of a block or a single address, as 128-bit numbers, or None.

    IPv4 addresses are those of `::ffff:0:0/96`. A block may be written with any address in it.
    """
    try:
        network = ipaddress.ip_network(text.strip(), strict=False)
    except ValueError:
        return None
    # The two families do not overlap in one row of numbers, so a block is always one range.
    base = 0xFFFF << 32 if network.version == 4 else 0  # noqa: PLR2004  # the version is a name, not a quantity
    return base + int(network.network_address), base + int(network.broadcast_address)


def _converted(ctx: Context, span: Span, message: str, repair: str) -> Diagnostic:
    return ctx.report(codes.LITERAL_CONVERTED, message, span).repaired_by(repair)


def _misfit(ctx: Context, span: Span, message: str) -> None:
    ctx.add(ctx.report(codes.BAD_LITERAL, message, span))


def _quoted(text: str) -> str:
    short = text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
    return f'"{short}"'


# ---- patterns -------------------------------------------------------------------------------------------------------

# Where a variable usually points: `?` stands for the drive's letter, `*` for a user's folder. An event has no
# environment to look it up in, so every usual place counts, and the unexpanded text as well.
_VARIABLES: dict[str, tuple[str, ...]] = {
    "allusersprofile": ("?:\\ProgramData",),
    "appdata": ("?:\\Users\\*\\AppData\\Roaming",),
    "commonprogramfiles": ("?:\\Program Files\\Common Files", "?:\\Program Files (x86)\\Common Files"),
    "commonprogramfiles(x86)": ("?:\\Program Files (x86)\\Common Files",),
    "comspec": ("?:\\Windows\\System32\\cmd.exe",),
    "homepath": ("?:\\Users\\*",),
    "localappdata": ("?:\\Users\\*\\AppData\\Local",),
    "programdata": ("?:\\ProgramData",),
    "programfiles": ("?:\\Program Files", "?:\\Program Files (x86)"),
    "programfiles(x86)": ("?:\\Program Files (x86)",),
    "programw6432": ("?:\\Program Files",),
    "public": ("?:\\Users\\Public",),
    "systemdrive": ("?:",),
    "systemroot": ("?:\\Windows",),
    "temp": ("?:\\Users\\*\\AppData\\Local\\Temp", "?:\\Windows\\Temp"),
    "tmp": ("?:\\Users\\*\\AppData\\Local\\Temp", "?:\\Windows\\Temp"),
    "userprofile": ("?:\\Users\\*",),
    "windir": ("?:\\Windows",),
}
_HEAD = re.compile(r"%([^%\\/]+)%")


def wildcards(text: str) -> Pattern:
    """Return the pattern of a literal: `*` is any run of characters, everything else stands for itself."""
    pieces: list[str | Wildcard] = []
    for index, piece in enumerate(text.split("*")):
        if index and (not pieces or pieces[-1] is not Wildcard.RUN):
            pieces.append(Wildcard.RUN)
        if piece:
            pieces.append(piece)
    return tuple(pieces)


def is_plain(pattern: Pattern) -> bool:
    """Tell whether a pattern has no wildcard: it is a text that must be there as a whole."""
    return all(isinstance(part, str) for part in pattern)


def plain_text(pattern: Pattern) -> str:
    """Return the text of a pattern without wildcards."""
    return "".join(part for part in pattern if isinstance(part, str))


def path_patterns(text: str) -> tuple[Pattern, ...]:
    """Return the patterns of a literal against a path: the literal, and what a variable at its head stands for."""
    head = _HEAD.match(text)
    folders = _VARIABLES.get(head.group(1).casefold(), ()) if head else ()
    rest = wildcards(text[head.end() :]) if head else ()
    return (wildcards(text), *(_joined(_folder_pattern(folder), rest) for folder in folders))


def _folder_pattern(text: str) -> Pattern:
    pieces: list[str | Wildcard] = []
    for part in re.split(r"([?*])", text):
        if part in ("?", "*"):
            pieces.append(Wildcard(part))
        elif part:
            pieces.append(part)
    return tuple(pieces)


def _joined(head: Pattern, tail: Pattern) -> Pattern:
    if head and tail:
        last, first = head[-1], tail[0]
        if isinstance(last, str) and isinstance(first, str):
            return (*head[:-1], last + first, *tail[1:])
        if last is Wildcard.RUN and first is Wildcard.RUN:
            return (*head, *tail[1:])
    return (*head, *tail)


# ---- equality -------------------------------------------------------------------------------------------------------


def comparable(a: Type, operator: str, b: Type) -> bool:
    """Tell whether an operator compares two types."""
    if (a.is_string and b.is_string) or (a.is_number and b.is_number):
        return True
    # Truth values are equal or not; no order of them means anything.
    ordered = a.kind in (Kind.TIME, Kind.DURATION)
    return a.kind is b.kind and (ordered or (a.kind is Kind.BOOLEAN and operator == "=="))


def as_number(value: BoundExpr) -> BoundExpr:
    """Return a record's id as the number that it is where it is all digits, else missing; other values as they are."""
    return Apply("to_int", (value,), INTEGER, span=value.span) if value.type.kind is Kind.ID else value


def alike(a: BoundExpr, operator: str, b: BoundExpr) -> tuple[BoundExpr, BoundExpr]:
    """Return the sides of a comparison, records' ids as numbers where they stand beside numbers or are put in order."""
    if a.type.is_number or b.type.is_number or (operator != "==" and a.type.kind is b.type.kind):
        return as_number(a), as_number(b)
    return a, b


def equals(
    ctx: Context, subject: BoundExpr, literal: ast.Literal, span: Span, *, wildcards_apply: bool = True
) -> BoundExpr | None:
    """Return the test that a value equals a literal, or None after reporting that it cannot.

    `*` in a literal is a wildcard where it stands on the right of the operator or in a list. `span` is the whole
    comparison's.
    """
    check_time()  # a list may have many thousands
    if isinstance(literal, ast.NullLit):
        return Complement(Present(subject, span=span), span=span)
    if subject.type.kind in (Kind.RECORD, Kind.LIST):
        _many_valued(ctx, subject, literal)
        return None
    if subject.type.kind is Kind.IP or isinstance(literal, ast.AddressLit):
        return _address(ctx, subject, literal, span, wildcards_apply=wildcards_apply)
    if not (subject.type.is_string and isinstance(literal, ast.StringLit)):
        subject = as_number(subject) if isinstance(literal, ast.NumberLit) else subject
        constant = value_as(ctx, literal, subject.type)
        return Compare("==", subject, constant, span=span) if constant else None
    if remark := never_equal(ctx, subject, literal):
        ctx.add(remark)
    # `"a*" == exe`: the field is the pattern's subject only where it stands on the left.
    if not wildcards_apply:
        return Compare("==", subject, Const(literal.value, subject.type, literal.span), span=span)
    return matches_any(subject, literal.value, literal.span, span)


def patterns(subject: BoundExpr, text: str) -> tuple[Pattern, ...]:
    """Return the patterns that a text stands for beside a value: several where a Windows variable heads a path."""
    # Variables point to folders, so they mean something in paths alone.
    return path_patterns(text) if subject.type.kind is Kind.PATH else (wildcards(text),)


def matches_any(subject: BoundExpr, text: str, written_at: Span, span: Span) -> BoundExpr:
    """Return the test that a value matches, as a whole, one of the patterns that a text stands for."""
    tests: list[BoundExpr] = []
    for pattern in patterns(subject, text):
        if is_plain(pattern):
            constant = Const(plain_text(pattern), subject.type, written_at)
            tests.append(Compare("==", subject, constant, span=span))
        else:
            tests.append(Matches(subject, pattern, span=span))
    return tests[0] if len(tests) == 1 else AnyOf(tuple(tests), span=span)


def in_block(
    ctx: Context, subject: BoundExpr, text: str, written_at: Span, span: Span, *, single: bool
) -> BoundExpr | None:
    """Return the test that an IP address is the one, or lies in the block, that a text names.

    `written_at` is where the text stands, `span` the whole test.
    """
    if subject.type.kind not in (Kind.IP, Kind.STRING):
        ctx.add(ctx.report(codes.INCOMPARABLE, f"{subject.type.phrase} is not compared with an IP address", written_at))
        return None
    bounds = block(text)
    if bounds is None:
        fault = ctx.report(codes.BAD_CIDR, f'"{text}" is neither an IP address nor a block of them', written_at)
        ctx.add(fault.with_help("addresses are written 10.0.0.1 or fe80::1, blocks 10.0.0.0/8"))
        return None
    if single and bounds[0] != bounds[1]:
        fault = ctx.report(codes.BAD_CIDR, "an address lies in a block; it does not equal one", written_at)
        ctx.add(fault.with_help(f"`in {text}`"))
        return None
    return InBlock(subject, *bounds, span=span)


def _address(
    ctx: Context, subject: BoundExpr, literal: ast.Literal, span: Span, *, wildcards_apply: bool
) -> BoundExpr | None:
    match literal:
        case ast.AddressLit(text):
            return in_block(ctx, subject, text, literal.span, span, single=True)
        case ast.StringLit(text) if "*" in text and wildcards_apply:
            return Matches(subject, wildcards(text), span=span)
        case ast.StringLit(text):
            return in_block(ctx, subject, text, literal.span, span, single=True)
        case _:
            ctx.add(ctx.report(codes.BAD_CIDR, "not an IP address", literal.span))
            return None


def _many_valued(ctx: Context, subject: BoundExpr, literal: ast.Literal) -> None:
    fault = ctx.report(codes.INCOMPARABLE, f"{subject.type.phrase} does not equal a single value", literal.span)
    if subject.type.kind is Kind.RECORD:
        fault = fault.with_help("ask for one of its members, `record.member`")
    else:
        fault = fault.with_help("`value in list` asks whether the list has it")
    ctx.add(fault)
