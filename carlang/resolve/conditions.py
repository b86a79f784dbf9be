"""Conditions: their logic, comparisons by the types of what they compare, `in`, and the tests of text.

`condition` is the one way in, and comes back to itself for every branch; what stands in a comparison is a value.
"""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from carlang.diagnostics import codes
from carlang.model.types import Kind, Type
from carlang.resolve import choices
from carlang.resolve.bound import (
    Affix,
    AllOf,
    AnyOf,
    BoundExpr,
    Compare,
    Complement,
    Const,
    Contains,
    InBlock,
    Matches,
    OneOf,
    Pattern,
    Present,
    RegexTest,
    Truth,
    Wildcard,
)
from carlang.resolve.calls import is_regex
from carlang.resolve.literals import (
    alike,
    as_number,
    block,
    comparable,
    equals,
    in_block,
    is_plain,
    matches_any,
    patterns,
    plain_text,
    plain_value,
    value_as,
)
from carlang.resolve.membership import membership
from carlang.resolve.remarks import always_true, hardly_meant, never_together, null_in_list, text_for_list
from carlang.resolve.scope import Context, InputName, Row
from carlang.resolve.texts import asked_of_any
from carlang.resolve.values import DEEPEST, as_regex, too_deep, value, written_out
from carlang.source import Span
from carlang.syntax import ast

_MIRRORED = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "==": "=="}


def condition_or_value(ctx: Context, row: Row, expr: ast.Expr) -> BoundExpr | None:
    """Return what a column holds: a condition, where one is written, else a value."""
    return condition(ctx, row, expr) if isinstance(expr, ast.Condition) else value(ctx, row, expr)


def condition(ctx: Context, row: Row, expr: ast.Expr) -> BoundExpr | None:
    """Return an expression as a condition, or None after reporting what is wrong with it."""
    ctx.depth += 1
    try:
        if ctx.depth > DEEPEST:
            too_deep(ctx, expr.span)
            return None
        return _condition(ctx, row, expr)
    finally:
        ctx.depth -= 1


def _condition(ctx: Context, row: Row, expr: ast.Expr) -> BoundExpr | None:  # a case a form
    match expr:
        case ast.Or(operands):
            branches = _all(ctx, row, operands)
            always_true(ctx, branches or ())
            return AnyOf(branches, span=expr.span) if branches else None
        case ast.And(operands):
            branches = _all(ctx, row, operands)
            never_together(ctx, branches or ())
            return AllOf(branches, span=expr.span) if branches else None
        case ast.Not(operand):
            return _complement(condition(ctx, row, operand), expr.span)
        case ast.Comparison():
            return _chain(ctx, row, expr)
        case ast.In(negated=negated):
            test = _within(ctx, row, expr)
            return _complement(test, expr.span) if negated else test
        case ast.TextTest(negated=negated):
            test = _text_test(ctx, row, expr)
            return _complement(test, expr.span) if negated else test
        case ast.Between(negated=negated):
            test = _between(ctx, row, expr)
            return _complement(test, expr.span) if negated else test
        case ast.IfElse():
            return choices.chosen_truth(ctx, row, expr)
        case ast.Exists(operand, negated):
            inner = value(ctx, row, written_out(ctx, row, operand))
            test = Present(inner, span=expr.span) if inner else None
            return _complement(test, expr.span) if negated else test
        case (
            ast.Name()
            | ast.Member()
            | ast.Call()
            | ast.Arithmetic()
            | ast.Negative()
            | ast.Element()
            | ast.ListLit()
            | ast.StringLit()
            | ast.NumberLit()
            | ast.DurationLit()
            | ast.BoolLit()
            | ast.NullLit()
            | ast.NowLit()
            | ast.AddressLit()
        ):
            return _truth(ctx, row, expr)
        case _:
            assert_never(expr)


# ---- logic -----------------------------------------------------------------------------------------------------------


def _all(ctx: Context, row: Row, operands: tuple[ast.Expr, ...]) -> tuple[BoundExpr, ...] | None:
    # Every operand is looked at, so that the faults of all are reported.
    branches = [condition(ctx, row, operand) for operand in operands]
    valid = tuple(branch for branch in branches if branch is not None)
    return valid if len(valid) == len(branches) else None


def _complement(test: BoundExpr | None, span: Span) -> BoundExpr | None:
    return Complement(test, span=span) if test else None


def _any_of(tests: tuple[BoundExpr, ...], span: Span) -> BoundExpr:
    return tests[0] if len(tests) == 1 else AnyOf(tests, span=span)


def _truth(ctx: Context, row: Row, expr: ast.Expr) -> BoundExpr | None:
    written = written_out(ctx, row, expr)
    # `true` alone: a conjunction of nothing holds, a disjunction of nothing does not.
    if isinstance(written, ast.BoolLit):
        return AllOf((), span=written.span) if written.value else AnyOf((), span=written.span)
    operand = value(ctx, row, written)
    if operand is None:
        return None
    if operand.type.kind is not Kind.BOOLEAN:
        _not_a_condition(ctx, expr, operand.type)
        return None
    return Truth(operand, span=expr.span)


def _not_a_condition(ctx: Context, expr: ast.Expr, kind: Type) -> None:
    fault = ctx.report(codes.NOT_A_CONDITION, f"{kind.phrase} is not a condition", expr.span)
    if isinstance(expr, ast.StringLit):
        fault = fault.with_help(
            'compare a field with each text: `exe == "a.exe" or exe == "b.exe"`, `exe in ["a.exe", "b.exe"]`'
        )
    elif isinstance(expr, ast.Name | ast.Member):
        fault = fault.with_help(f"`{ctx.source.text[expr.span.start : expr.span.end]} exists` asks for its presence")
    ctx.add(fault)


# ---- comparisons -----------------------------------------------------------------------------------------------------


def _chain(ctx: Context, row: Row, expr: ast.Comparison) -> BoundExpr | None:
    """Resolve `a < b < c` as `a < b and b < c`."""
    tests = []
    for left, operator, right in zip(expr.operands, expr.operators, expr.operands[1:], strict=False):
        span = left.span.to(right.span)
        test = _compare(ctx, row, written_out(ctx, row, left), operator, written_out(ctx, row, right), span)
        tests.append(test)
    valid = tuple(test for test in tests if test is not None)
    if len(valid) < len(tests):
        return None
    return valid[0] if len(valid) == 1 else AllOf(valid, span=expr.span)


def _between(ctx: Context, row: Row, test: ast.Between) -> BoundExpr | None:
    """Resolve `a between b and c` as `a >= b and a <= c`."""
    above = ast.Comparison((test.subject, test.low), (">=",), test.subject.span.to(test.low.span))
    below = ast.Comparison((test.subject, test.high), ("<=",), test.subject.span.to(test.high.span))
    return condition(ctx, row, ast.And((above, below), test.span))


def _compare(ctx: Context, row: Row, left: ast.Expr, operator: str, right: ast.Expr, span: Span) -> BoundExpr | None:
    """Return the comparison of two operands; `!=` is the exact complement of `==`."""
    # What is missing does not equal anything, so `!=` is true of it: the complement, not a test of its own.
    if operator == "!=":
        return _complement(_compare(ctx, row, left, "==", right, span), span)
    if asked := asked_of_any(ctx, row, left, right):
        if operator != "==":
            fault = ctx.report(codes.BAD_OPERAND, f"`{operator}` does not compare `any`", span)
            ctx.add(fault.with_help('texts have no order that means something here: `any == "x*"`, `any contains "x"`'))
            return None
        return asked.some(_compare(ctx, asked.row, asked.operands[0], operator, asked.operands[1], span), span)
    if isinstance(left, ast.NullLit) or isinstance(right, ast.NullLit):
        return _with_null(ctx, row, right if isinstance(left, ast.NullLit) else left, operator, span)
    if isinstance(right, ast.ListLit) or isinstance(left, ast.ListLit):
        fault = ctx.report(codes.INCOMPARABLE, f"`{operator}` does not compare with a list", span)
        ctx.add(fault.with_help("`in` asks whether a value is in a list"))
        return None
    # A literal takes the type of the other side, so that side is resolved first.
    if isinstance(left, ast.Literal):
        if isinstance(right, ast.Literal):
            return _of_literals(ctx, left, operator, right, span)
        return _with_literal(ctx, row, right, _MIRRORED[operator], left, span, wildcards_apply=False)
    if isinstance(right, ast.Literal):
        return _with_literal(ctx, row, left, operator, right, span, wildcards_apply=True)
    # So does an input without a type.
    if _is_untyped_input(ctx, row, left):
        b = value(ctx, row, right)
        a = value(ctx, row, left, b.type if b else None)
    else:
        a = value(ctx, row, left)
        b = value(ctx, row, right, a.type if a else None)
    return _compared(ctx, a, operator, b, span) if a and b else None


def _of_literals(ctx: Context, left: ast.Literal, operator: str, right: ast.Literal, span: Span) -> BoundExpr | None:
    """Compare two literals: a text takes the other's type."""
    a, b = plain_value(left), plain_value(right)
    if isinstance(left, ast.StringLit):
        a = value_as(ctx, left, b.type) or a
    elif isinstance(right, ast.StringLit):
        b = value_as(ctx, right, a.type) or b
    return _compared(ctx, a, operator, b, span)


def _is_untyped_input(ctx: Context, row: Row, expr: ast.Expr) -> bool:
    if not isinstance(expr, ast.Name) or row.bare(expr.ident):
        return False
    meaning = ctx.names.get(expr.ident)
    return isinstance(meaning, InputName) and meaning.type is None


def _with_null(ctx: Context, row: Row, operand: ast.Expr, operator: str, span: Span) -> BoundExpr | None:
    if operator != "==":
        ctx.add(ctx.report(codes.BAD_OPERAND, f"`{operator}` does not compare with null", span))
        return None
    inner = value(ctx, row, operand)
    return _complement(Present(inner, span=span), span) if inner else None


def _with_literal(  # the parts of a comparison
    ctx: Context,
    row: Row,
    operand: ast.Expr,
    operator: str,
    literal: ast.Literal,
    span: Span,
    *,
    wildcards_apply: bool,
) -> BoundExpr | None:
    subject = value(ctx, row, operand)
    if subject is None:
        return None
    if operator == "==":
        return equals(ctx, subject, literal, span, wildcards_apply=wildcards_apply)
    if subject.type.kind is Kind.IP or isinstance(literal, ast.AddressLit):
        return _address_order(ctx, subject, operator, literal, span)
    if subject.type.kind in (Kind.BOOLEAN, Kind.RECORD, Kind.LIST):
        ctx.add(ctx.report(codes.BAD_OPERAND, f"`{operator}` does not order {subject.type.phrase}", operand.span))
        return None
    subject = as_number(subject) if isinstance(literal, ast.NumberLit) else subject
    constant = value_as(ctx, literal, subject.type)
    return Compare(operator, subject, constant, span=span) if constant else None


def _address_order(
    ctx: Context, subject: BoundExpr, operator: str, literal: ast.Literal, span: Span
) -> BoundExpr | None:
    text = literal.text if isinstance(literal, ast.AddressLit) else getattr(literal, "value", "")
    bounds = block(str(text))
    if bounds is None or bounds[0] != bounds[1]:
        ctx.add(ctx.report(codes.BAD_CIDR, "not a single IP address", literal.span))
        return None
    # Addresses are ordered as numbers, so a range of them is a block; as texts 10.0.0.9 comes behind 10.0.0.10.
    address = bounds[0]
    low, high = {
        "<": (0, address - 1),
        "<=": (0, address),
        ">": (address + 1, 2**128 - 1),
        ">=": (address, 2**128 - 1),
    }[operator]
    return InBlock(subject, low, high, span=span)


def _compared(ctx: Context, a: BoundExpr, operator: str, b: BoundExpr, span: Span) -> Compare | None:
    a, b = alike(a, operator, b)
    if comparable(a.type, operator, b.type):
        return Compare(operator, a, b, span=span)
    names = ["a text" if side.type.is_string else side.type.phrase for side in (a, b)]
    fault = ctx.report(codes.INCOMPARABLE, f"`{operator}` does not compare {names[0]} with {names[1]}", span)
    if a.type.is_string != b.type.is_string and (a.type.is_number or b.type.is_number):
        fault = fault.with_help("`to_string(number)` and `to_int(text)` convert one into the other")
    ctx.add(fault)
    return None


# ---- membership ------------------------------------------------------------------------------------------------------


def _within(ctx: Context, row: Row, test: ast.In) -> BoundExpr | None:
    """Return `item in container`: a value in a stream or a list, an address in a block, a text in a text."""
    if in_stream := membership(ctx, row, test):
        return in_stream.test
    if asked := asked_of_any(ctx, row, test.item, test.container):
        item, holder_or_list = asked.operands
        changed = replace(test, item=item, container=holder_or_list)
        return asked.some(_within(ctx, asked.row, changed), test.span)
    container = written_out(ctx, row, test.container)
    subject = value(ctx, row, written_out(ctx, row, test.item))
    if isinstance(container, ast.ListLit):
        return _in_list(ctx, row, subject, container, test.span)
    if subject is None:
        return None
    if isinstance(container, ast.StringLit) and subject.type.is_string:
        text_for_list(ctx, container)
    match container:
        case ast.AddressLit(text):
            return in_block(ctx, subject, text, container.span, test.span, single=False)
        case ast.StringLit(text) if subject.type.kind is Kind.IP and "*" not in text:
            return in_block(ctx, subject, text, container.span, test.span, single=False)
        # A text with a star is a pattern, as behind `==`; one without may contain the item.
        case ast.StringLit(text) if "*" in text and subject.type.is_string:
            return matches_any(subject, text, container.span, test.span)
    holder = value(ctx, row, container)
    if holder is None:
        return None
    items = holder.type.item if holder.type.kind is Kind.LIST else None
    if (items and items.is_number and subject.type.is_number) or (
        subject.type.is_string and (holder.type.is_string or holder.type.kind is Kind.LIST)
    ):
        return Contains(holder, subject, span=test.span)
    message = f"`in` does not look for {subject.type.phrase} in {holder.type.phrase}"
    ctx.add(ctx.report(codes.BAD_OPERAND, message, test.item.span.to(container.span)))
    return None


def _in_list(ctx: Context, row: Row, subject: BoundExpr | None, container: ast.ListLit, span: Span) -> BoundExpr | None:
    """Return the test that a value is one of a list: constants are compared at once, the other items one by one."""
    # By what is compared: a record's id is another value beside numbers than beside texts.
    constants: dict[BoundExpr, list[Const]] = {}
    others: list[BoundExpr] = []
    faulty = False
    null_in_list(ctx, container)
    for item in container.items:
        test = _item_test(ctx, row, subject, written_out(ctx, row, item))
        if test is None:
            faulty = True
        # One test for all constants, however many there are.
        elif isinstance(test, Compare) and isinstance(test.right, Const):
            constants.setdefault(test.left, []).append(test.right)
        else:
            others.append(test)
    if subject is None or faulty:
        return None
    tests = [OneOf(left, tuple(values), span=span) for left, values in constants.items()] + others
    return _any_of(tuple(tests), span)


def _item_test(ctx: Context, row: Row, subject: BoundExpr | None, item: ast.Expr) -> BoundExpr | None:
    if not isinstance(item, ast.Literal):
        other = value(ctx, row, item, subject.type if subject else None)
        if other is None or subject is None:
            return None
        subject, other = alike(subject, "==", other)
        if not comparable(subject.type, "==", other.type):
            message = f"{other.type.phrase} is not compared with {subject.type.phrase}"
            ctx.add(ctx.report(codes.INCOMPARABLE, message, item.span))
            return None
        # Wrapped, so that it is not taken for a constant where the item is a computed one.
        return AnyOf((Compare("==", subject, other, span=item.span),), span=item.span)
    if subject is None:
        return None
    if isinstance(item, ast.AddressLit):
        return in_block(ctx, subject, item.text, item.span, item.span, single=False)
    if isinstance(item, ast.StringLit) and subject.type.kind is Kind.IP and "*" not in item.value:
        return in_block(ctx, subject, item.value, item.span, item.span, single=False)
    return equals(ctx, subject, item, item.span)


# ---- tests of text ---------------------------------------------------------------------------------------------------


def _text_test(ctx: Context, row: Row, written: ast.TextTest) -> BoundExpr | None:
    """Return `subject contains pattern` and the like; a list of patterns means any of them."""
    if asked := asked_of_any(ctx, row, written.subject, written.pattern):
        changed = replace(written, subject=asked.operands[0], pattern=asked.operands[1])
        return asked.some(_text_test(ctx, asked.row, changed), written.span)
    subject = value(ctx, row, written_out(ctx, row, written.subject))
    # Only now, so that the faults of a test come in the order in which it is read.
    pattern = written_out(ctx, row, written.pattern)
    choices = pattern.items if isinstance(pattern, ast.ListLit) else (pattern,)
    if subject is not None and not _is_testable(ctx, written, subject):
        return None
    tests = [_choice_test(ctx, row, written, subject, written_out(ctx, row, choice)) for choice in choices]
    valid = tuple(test for test in tests if test is not None)
    if subject is None or len(valid) < len(tests):
        return None
    return _any_of(valid, written.span)


def _is_testable(ctx: Context, written: ast.TextTest, subject: BoundExpr) -> bool:
    if subject.type.is_string or (subject.type.kind is Kind.LIST and written.test == "contains"):
        return True
    message = f"`{written.test}` looks into a text, not into {subject.type.phrase}"
    fault = ctx.report(codes.BAD_OPERAND, message, written.subject.span)
    if subject.type.kind is Kind.RECORD:
        fault = fault.with_help("ask for one of its members, `record.member`")
    else:
        fault = fault.with_help("`to_string(value)` makes it a text")
    ctx.add(fault)
    return False


def _choice_test(
    ctx: Context, row: Row, written: ast.TextTest, subject: BoundExpr | None, choice: ast.Expr
) -> BoundExpr | None:
    test = written.test
    choice = as_regex(choice) if test == "match" else choice
    operand = plain_value(choice) if isinstance(choice, ast.Literal) else value(ctx, row, choice)
    if operand is None or subject is None:
        return None
    if test == "match":
        fits = is_regex(ctx, operand, choice.span)
        if fits and isinstance(operand, Const):
            hardly_meant(ctx, str(operand.value), choice.span)
        return (
            RegexTest(subject, str(operand.value), span=written.span) if fits and isinstance(operand, Const) else None
        )
    if not operand.type.is_string:
        ctx.add(ctx.report(codes.BAD_OPERAND, f"`{test}` looks for a text, not for {operand.type.phrase}", choice.span))
        return None
    # Stars are wildcards in literals alone, and beside texts alone: a list has an item or has it not.
    if not isinstance(operand, Const) or subject.type.kind is Kind.LIST:
        return _plain_test(test, subject, operand, written.span)
    texts = patterns(subject, str(operand.value))
    tests = (_pattern_test(test, subject, pattern, operand.span, written.span) for pattern in texts)
    return _any_of(tuple(tests), written.span)


def _pattern_test(test: str, subject: BoundExpr, pattern: Pattern, written_at: Span | None, span: Span) -> BoundExpr:
    if is_plain(pattern):
        return _plain_test(test, subject, Const(plain_text(pattern), subject.type, span=written_at), span)
    # `contains "a*b"` is the pattern `*a*b*`, `startswith "a*b"` is `a*b*`.
    before = (Wildcard.RUN,) if test != "startswith" else ()
    after = (Wildcard.RUN,) if test != "endswith" else ()
    pieces: list[str | Wildcard] = []
    for piece in (*before, *pattern, *after):
        if piece is not Wildcard.RUN or not pieces or pieces[-1] is not Wildcard.RUN:
            pieces.append(piece)
    match pieces:
        case [Wildcard.RUN, str(text), Wildcard.RUN] if test == "contains":
            return Contains(subject, Const(text, subject.type, span=written_at), span=span)
        case _:
            return Matches(subject, tuple(pieces), span=span)


def _plain_test(test: str, subject: BoundExpr, operand: BoundExpr, span: Span) -> BoundExpr:
    if test == "contains":
        return Contains(subject, operand, span=span)
    return Affix(test, subject, operand, span=span)
