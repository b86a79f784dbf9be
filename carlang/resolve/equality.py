"""Equality of a value with a literal: wildcards, Windows variables, IP addresses, and what can never be equal."""

from __future__ import annotations

from carlang.diagnostics import codes
from carlang.model.types import Kind, Type
from carlang.resolve.bound import AnyOf, BoundExpr, Compare, Complement, Const, InBlock, Matches, Pattern, Present
from carlang.resolve.literals import block, value_as
from carlang.resolve.patterns import is_plain, path_patterns, plain_text, wildcards
from carlang.resolve.scope import Context
from carlang.source import Span
from carlang.syntax import ast


def comparable(a: Type, operator: str, b: Type) -> bool:
    """Tell whether an operator compares two types."""
    if (a.is_string and b.is_string) or (a.is_number and b.is_number):
        return True
    ordered = a.kind in (Kind.TIME, Kind.DURATION)
    return a.kind is b.kind and (ordered or (a.kind is Kind.BOOLEAN and operator == "=="))


def equals(ctx: Context, subject: BoundExpr, literal: ast.Literal, *, wildcards_apply: bool = True) -> BoundExpr | None:
    """Return the test that a value equals a literal, or None after reporting that it cannot.

    `*` in a literal is a wildcard where it stands on the right of the operator or in a list.
    """
    if isinstance(literal, ast.NullLit):
        return Complement(Present(subject))
    if subject.type.kind in (Kind.RECORD, Kind.LIST):
        _many_valued(ctx, subject, literal)
        return None
    if subject.type.kind is Kind.IP or isinstance(literal, ast.AddressLit):
        return _address(ctx, subject, literal)
    if not (subject.type.is_string and isinstance(literal, ast.StringLit)):
        constant = value_as(ctx, literal, subject.type)
        return Compare("==", subject, constant) if constant else None
    _warn_of_the_impossible(ctx, subject, literal)
    if not wildcards_apply:
        return Compare("==", subject, Const(literal.value, subject.type))
    tests = tuple(matches(subject, pattern) for pattern in patterns(subject, literal.value))
    return tests[0] if len(tests) == 1 else AnyOf(tests)


def patterns(subject: BoundExpr, text: str) -> tuple[Pattern, ...]:
    """Return the patterns that a text stands for beside a value: several where a Windows variable heads a path."""
    return path_patterns(text) if subject.type.kind is Kind.PATH else (wildcards(text),)


def matches(subject: BoundExpr, pattern: Pattern) -> BoundExpr:
    """Return the test that a value matches a pattern as a whole."""
    if is_plain(pattern):
        return Compare("==", subject, Const(plain_text(pattern), subject.type))
    return Matches(subject, pattern)


def in_block(ctx: Context, subject: BoundExpr, text: str, span: Span, *, single: bool) -> BoundExpr | None:
    """Return the test that an IP address is the one, or lies in the block, that a text names."""
    if subject.type.kind not in (Kind.IP, Kind.STRING):
        ctx.add(ctx.report(codes.INCOMPARABLE, f"{subject.type.phrase} is not compared with an IP address", span))
        return None
    bounds = block(text)
    if bounds is None:
        fault = ctx.report(codes.BAD_CIDR, f'"{text}" is neither an IP address nor a block of them', span)
        ctx.add(fault.with_help("addresses are written 10.0.0.1 or fe80::1, blocks 10.0.0.0/8"))
        return None
    if single and bounds[0] != bounds[1]:
        fault = ctx.report(codes.BAD_CIDR, "an address lies in a block; it does not equal one", span)
        ctx.add(fault.with_help(f"`in {text}`"))
        return None
    return InBlock(subject, *bounds)


def _address(ctx: Context, subject: BoundExpr, literal: ast.Literal) -> BoundExpr | None:
    match literal:
        case ast.AddressLit(text):
            return in_block(ctx, subject, text, literal.span, single=True)
        case ast.StringLit(text) if "*" in text:
            return Matches(subject, wildcards(text))
        case ast.StringLit(text):
            return in_block(ctx, subject, text, literal.span, single=True)
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


def _warn_of_the_impossible(ctx: Context, subject: BoundExpr, literal: ast.StringLit) -> None:
    kind = subject.type
    text = literal.value
    if kind.kind is Kind.NAME and ("\\" in text or "/" in text):
        fault = ctx.report(codes.NEVER_TRUE, "a file name never equals a path", literal.span)
        fault = fault.with_label("this has a folder in it")
        ctx.add(fault.with_help("compare the path, such as `image_path` for `exe`, or the file's name alone"))
    elif kind.kind is Kind.ENUM and "*" not in text and text.casefold() not in kind.values:
        fault = ctx.report(codes.NEVER_TRUE, f'the field never has the value "{text}"', literal.span)
        ctx.add(fault.with_help(f"its values are {', '.join(kind.values)}"))
    elif kind.kind is Kind.PATH and text and not any(c in text for c in "\\/*%"):
        fault = ctx.report(codes.NEVER_TRUE, "a full path never equals a bare file name", literal.span)
        ctx.add(fault.with_help(f'`"*\\{text}"` matches the file in any folder'))
