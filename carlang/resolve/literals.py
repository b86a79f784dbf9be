"""Literals take the type of what they stand beside, where they can."""

from __future__ import annotations

import ipaddress
import re
from datetime import UTC, datetime

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
from carlang.resolve.bound import Const, Now
from carlang.resolve.scope import Context
from carlang.source import Span
from carlang.syntax import ast
from carlang.syntax.literal import duration_value

_TIME = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)([T ](\d\d):(\d\d)(:(\d\d)([.,](\d{1,9}))?)?)?\s*(Z|UTC|[+-]\d\d:?\d\d)?", re.IGNORECASE
)
_INTEGER = re.compile(r"[+-]?\d+|0x[0-9a-f]+", re.IGNORECASE)
_LARGEST = 2**63 - 1


def plain_value(literal: ast.Literal) -> Const | Now:
    """Return a literal as the value it is where nothing beside it asks for another type."""
    match literal:
        case ast.StringLit(value):
            return Const(value, STRING)
        case ast.NumberLit(value):
            return Const(value, FLOAT if isinstance(value, float) else INTEGER)
        case ast.DurationLit(microseconds):
            return Const(microseconds, DURATION)
        case ast.BoolLit(value):
            return Const(value, BOOLEAN)
        case ast.NullLit():
            return Const(None, NULL)
        case ast.NowLit():
            return Now()
        case ast.AddressLit(text):
            return Const(text, Type(Kind.IP))


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
        return Const(value.value, wanted) if value.type.is_string else value
    if isinstance(value.value, str):
        return _text_as(ctx, value.value, wanted, literal.span)
    if wanted.is_string and value.type.is_number:
        text = str(value.value)
        ctx.add(_converted(ctx, literal.span, f"the number is compared as the text {_quoted(text)}", _quoted(text)))
        return Const(text, wanted)
    _misfit(ctx, literal.span, f"{value.type.phrase} is not {wanted.phrase}")
    return None


def _text_as(ctx: Context, text: str, wanted: Type, span: Span) -> Const | None:
    if wanted.is_number:
        return _number(ctx, text, wanted, span)
    if wanted.kind is Kind.TIME:
        return _time(ctx, text, span)
    if wanted.kind is Kind.BOOLEAN and text.casefold() in ("true", "false"):
        ctx.add(_converted(ctx, span, "the text is compared as a truth value", text.casefold()))
        return Const(text.casefold() == "true", wanted)
    if wanted.kind is Kind.DURATION:
        try:
            return Const(duration_value(text.strip()), wanted)
        except ValueError:
            pass
    _misfit(ctx, span, f"{_quoted(text)} is not {wanted.phrase}")
    return None


def _number(ctx: Context, text: str, wanted: Type, span: Span) -> Const | None:
    stripped = text.strip()
    if _INTEGER.fullmatch(stripped):
        value = int(stripped, 16) if stripped.lower().startswith("0x") else int(stripped)
        if abs(value) > _LARGEST:
            _misfit(ctx, span, f"{_quoted(text)} is larger than any {wanted} can be")
            return None
        ctx.add(_converted(ctx, span, f"the text is compared as the number {value}", str(value)))
        return Const(value, wanted)
    if re.fullmatch(r"[+-]?\d+\.\d+", stripped):
        ctx.add(_converted(ctx, span, f"the text is compared as the number {stripped}", stripped))
        return Const(float(stripped), FLOAT)
    fault = ctx.report(codes.BAD_LITERAL, f"{_quoted(text)} is not {wanted.phrase}", span)
    if "*" in text:
        fault = fault.with_help("wildcards match texts; compare numbers with `<`, `>=` or `in [...]`")
    ctx.add(fault.with_label("a number is compared here"))
    return None


def _time(ctx: Context, text: str, span: Span) -> Const | None:
    value = time_value(text)
    if value is not None:
        return Const(value, TIME)
    fault = ctx.report(codes.BAD_LITERAL, f"{_quoted(text)} is not a time", span)
    ctx.add(fault.with_help('times are written "2020-09-01", "2020-09-01T12:00:00Z" or "2020-09-01 12:00:00.5+02:00"'))
    return None


def time_value(text: str) -> datetime | None:
    """Return the instant that an ISO 8601 text names, UTC where it has no zone, or None where it names none."""
    match = _TIME.fullmatch(text.strip())
    if match is None:
        return None
    year, month, day, _, hour, minute, _, second, _, fraction, zone = match.groups()
    micros = int((fraction or "0").ljust(6, "0")[:6])
    offset = "+00:00" if not zone or zone.upper() in ("Z", "UTC") else zone
    clock = f"{hour or '00'}:{minute or '00'}:{second or '00'}.{micros:06d}"
    try:
        return datetime.fromisoformat(f"{year}-{month}-{day}T{clock}{offset}").astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def block(text: str) -> tuple[int, int] | None:
    """Return the first and last address of a block or a single address, as 128-bit numbers, or None.

    IPv4 addresses are those of `::ffff:0:0/96`. A block may be written with any address in it.
    """
    try:
        network = ipaddress.ip_network(text.strip(), strict=False)
    except ValueError:
        return None
    base = 0xFFFF << 32 if network.version == 4 else 0  # noqa: PLR2004  # the version is a name, not a quantity
    return base + int(network.network_address), base + int(network.broadcast_address)


def _converted(ctx: Context, span: Span, message: str, repair: str) -> Diagnostic:
    return ctx.report(codes.LITERAL_CONVERTED, message, span).repaired_by(repair)


def _misfit(ctx: Context, span: Span, message: str) -> None:
    ctx.add(ctx.report(codes.BAD_LITERAL, message, span))


def _quoted(text: str) -> str:
    short = text if len(text) <= 60 else text[:59] + "…"  # noqa: PLR2004  # as much as reads well in a sentence
    return f'"{short}"'
