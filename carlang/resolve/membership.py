"""`in`, and the tests of text: `contains`, `startswith`, `endswith`, `match`."""

from __future__ import annotations

from carlang.diagnostics import codes
from carlang.model.types import Kind
from carlang.resolve.bound import (
    Affix,
    AnyOf,
    BoundExpr,
    Compare,
    Const,
    Contains,
    Matches,
    OneOf,
    Pattern,
    RegexTest,
    Wildcard,
)
from carlang.resolve.equality import comparable, equals, in_block, matches, patterns
from carlang.resolve.functions import is_regex
from carlang.resolve.literals import plain_value
from carlang.resolve.patterns import is_plain, plain_text
from carlang.resolve.row import Row
from carlang.resolve.scope import Context
from carlang.resolve.values import value, written_out
from carlang.syntax import ast


def within(ctx: Context, row: Row, item: ast.Expr, container: ast.Expr) -> BoundExpr | None:
    """Return `item in container`: a value in a list, an address in a block, a text in a text."""
    container = written_out(ctx, row, container)
    subject = value(ctx, row, written_out(ctx, row, item))
    if isinstance(container, ast.ListLit):
        return _in_list(ctx, row, subject, container)
    if subject is None:
        return None
    match container:
        case ast.AddressLit(text):
            return in_block(ctx, subject, text, container.span, single=False)
        case ast.StringLit(text) if subject.type.kind is Kind.IP and "*" not in text:
            return in_block(ctx, subject, text, container.span, single=False)
        case ast.StringLit(text) if "*" in text and subject.type.is_string:
            tests = tuple(matches(subject, pattern) for pattern in patterns(subject, text))
            return tests[0] if len(tests) == 1 else AnyOf(tests)
    whole = value(ctx, row, container)
    if whole is None:
        return None
    if whole.type.kind is Kind.LIST and whole.type.item and whole.type.item.is_number and subject.type.is_number:
        return Contains(whole, subject)
    if (subject.type.is_string and whole.type.is_string) or (subject.type.is_string and whole.type.kind is Kind.LIST):
        return Contains(whole, subject)
    message = f"`in` does not look for {subject.type.phrase} in {whole.type.phrase}"
    ctx.add(ctx.report(codes.BAD_OPERAND, message, item.span.to(container.span)))
    return None


def _in_list(ctx: Context, row: Row, subject: BoundExpr | None, container: ast.ListLit) -> BoundExpr | None:
    values: list[Const] = []
    others: list[BoundExpr] = []
    whole = subject is not None
    for written in container.items:
        test = _member_test(ctx, row, subject, written_out(ctx, row, written))
        if test is None:
            whole = False
        elif isinstance(test, Compare) and isinstance(test.right, Const):
            values.append(test.right)
        else:
            others.append(test)
    if subject is None or not whole:
        return None
    tests = ([OneOf(subject, tuple(values))] if values else []) + others
    return tests[0] if len(tests) == 1 else AnyOf(tuple(tests))


def _member_test(ctx: Context, row: Row, subject: BoundExpr | None, item: ast.Expr) -> BoundExpr | None:
    if not isinstance(item, ast.Literal):
        other = value(ctx, row, item, subject.type if subject else None)
        if other is None or subject is None:
            return None
        if not comparable(subject.type, "==", other.type):
            message = f"{other.type.phrase} is not compared with {subject.type.phrase}"
            ctx.add(ctx.report(codes.INCOMPARABLE, message, item.span))
            return None
        return AnyOf((Compare("==", subject, other),))
    if subject is None:
        return None
    if isinstance(item, ast.AddressLit):
        return in_block(ctx, subject, item.text, item.span, single=False)
    if isinstance(item, ast.StringLit) and subject.type.kind is Kind.IP and "*" not in item.value:
        return in_block(ctx, subject, item.value, item.span, single=False)
    return equals(ctx, subject, item)


def text_test(ctx: Context, row: Row, test: str, subject: ast.Expr, pattern: ast.Expr) -> BoundExpr | None:
    """Return `subject contains pattern` and the like; a list of patterns means any of them."""
    tested = value(ctx, row, written_out(ctx, row, subject))
    pattern = written_out(ctx, row, pattern)
    choices = pattern.items if isinstance(pattern, ast.ListLit) else (pattern,)
    if tested is not None and not _testable(ctx, test, tested, subject):
        return None
    tests = [_one_test(ctx, row, test, tested, written_out(ctx, row, choice)) for choice in choices]
    whole = tuple(t for t in tests if t is not None)
    if tested is None or len(whole) < len(tests):
        return None
    return whole[0] if len(whole) == 1 else AnyOf(whole)


def _testable(ctx: Context, test: str, tested: BoundExpr, subject: ast.Expr) -> bool:
    if tested.type.is_string or (tested.type.kind is Kind.LIST and test == "contains"):
        return True
    fault = ctx.report(codes.BAD_OPERAND, f"`{test}` looks into a text, not into {tested.type.phrase}", subject.span)
    if tested.type.kind is Kind.RECORD:
        fault = fault.with_help("ask for one of its members, `record.member`")
    else:
        fault = fault.with_help("`to_string(value)` makes it a text")
    ctx.add(fault)
    return False


def _one_test(ctx: Context, row: Row, test: str, tested: BoundExpr | None, choice: ast.Expr) -> BoundExpr | None:
    operand = plain_value(choice) if isinstance(choice, ast.Literal) else value(ctx, row, choice)
    if operand is None or tested is None:
        return None
    if test == "match":
        fits = is_regex(ctx, operand, choice.span)
        return RegexTest(tested, str(operand.value)) if fits and isinstance(operand, Const) else None
    if not operand.type.is_string:
        ctx.add(ctx.report(codes.BAD_OPERAND, f"`{test}` looks for a text, not for {operand.type.phrase}", choice.span))
        return None
    if not isinstance(operand, Const) or tested.type.kind is Kind.LIST:
        return _plain_test(test, tested, operand)
    found = tuple(_pattern_test(test, tested, pattern) for pattern in patterns(tested, str(operand.value)))
    return found[0] if len(found) == 1 else AnyOf(found)


def _pattern_test(test: str, tested: BoundExpr, pattern: Pattern) -> BoundExpr:
    if is_plain(pattern):
        return _plain_test(test, tested, Const(plain_text(pattern), tested.type))
    before = (Wildcard.RUN,) if test != "startswith" else ()
    after = (Wildcard.RUN,) if test != "endswith" else ()
    whole: list[str | Wildcard] = []
    for part in (*before, *pattern, *after):
        if part is not Wildcard.RUN or not whole or whole[-1] is not Wildcard.RUN:
            whole.append(part)
    texts = [part for part in whole if isinstance(part, str)]
    if test == "contains" and len(texts) == 1 and len(whole) == 3:  # noqa: PLR2004  # run, text, run
        return Contains(tested, Const(texts[0], tested.type))
    return Matches(tested, tuple(whole))


def _plain_test(test: str, tested: BoundExpr, operand: BoundExpr) -> BoundExpr:
    return Contains(tested, operand) if test == "contains" else Affix(test, tested, operand)
